// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sequencers: those of `poe sequencer`, in this process, with users who send them transfers.

use super::actors::Entry;
use super::players::{MESSAGES, Player, Posted, Stage, settings};
use crate::sequencer::{Policy, Sequencer, SequencerConfig};
use crate::units::Tokens;
use alloy::primitives::{B256, U256};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionReceipt;
use anyhow::{Context as _, Result, bail};
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::BatchesSequenced;
use poe_rollup::formats::Slot;
use std::time::Duration;

/// A sequencer and who runs it.
pub(super) struct Desk {
    player: Player,
    sequencer: Sequencer,
}

impl Stage {
    /// Opens a sequencer that posts whatever it has as soon as it is asked to.
    pub(super) async fn open_desk(&mut self, player: &Player) -> Result<()> {
        let settings = settings(&self.chain, &self.folder, player.actor.name);
        let (_, follower) = settings.open("sequencer", None).await?;
        let config = SequencerConfig {
            policy: Policy {
                max_age: Duration::ZERO,
                ..Policy::default()
            },
            ..SequencerConfig::new(player.index)
        };
        let sequencer = Sequencer::open(follower, player.actor.signer.clone(), config).await?;
        self.desks.push(Desk {
            player: player.clone(),
            sequencer,
        });
        Ok(())
    }

    fn desk(&mut self, name: &str) -> Result<&mut Desk> {
        let desk = self.desks.iter_mut().find(|desk| desk.player.actor.name == name);
        desk.with_context(|| format!("{name} runs no sequencer"))
    }

    /// A user sends a transfer to a sequencer, which takes it.
    pub(super) fn submit(&mut self, name: &str, slot: &Slot) -> Result<()> {
        let submitted = self.desk(name)?.sequencer.service().submit(slot);
        submitted
            .map(drop)
            .with_context(|| format!("{name} was to take a transfer"))
    }

    /// A user sends something that a sequencer must not take.
    pub(super) fn refuse(&mut self, name: &'static str, what: &str, slot: &Slot) -> Result<()> {
        match self.desk(name)?.sequencer.service().submit(slot) {
            Ok(_) => bail!("{name} took {what}"),
            Err(error) => self.screen.say(name, format!("refuses {what}: {error}")),
        }
        Ok(())
    }

    /// Lets sequencers post what they have, all in one block. In the order of their sequences.
    pub(super) async fn round(&mut self, names: &[&'static str]) -> Result<Vec<Posted>> {
        // Each knows L1 as it is before any of them posts.
        self.chain.hold(true).await?;
        let mut sent = Vec::new();
        for name in names {
            let round = self.desk(name)?.sequencer.step().await?;
            let why = round.problem.unwrap_or_default();
            let hash = round
                .sent
                .with_context(|| format!("{name} posts nothing: {:?} {why}", round.decision))?;
            sent.push((*name, hash));
        }
        self.chain.hold(false).await?;
        let mut posted = Vec::new();
        for (name, hash) in sent {
            posted.push(self.posted(name, hash).await?);
            self.desk(name)?.sequencer.step().await?;
        }
        posted.sort_by_key(|one| one.sequence);
        self.follower.sync_once().await?;
        for one in &posted {
            self.tell(one)?;
        }
        Ok(posted)
    }

    async fn posted(&self, who: &'static str, hash: B256) -> Result<Posted> {
        let mined = self.chain.provider.get_transaction_receipt(hash).await?;
        let receipt: TransactionReceipt = mined.with_context(|| format!("{who}: {hash} was not mined"))?;
        self.chain.ledger.add(Entry {
            actor: who,
            what: "sequenceBatches",
            gas: receipt.gas_used,
            cost: U256::from(receipt.gas_used) * U256::from(receipt.effective_gas_price),
            value: U256::ZERO,
            accepted: receipt.status(),
        });
        let logs = receipt.inner.logs().iter();
        let event = logs.filter_map(|log| log.log_decode::<BatchesSequenced>().ok()).next();
        let event = event
            .with_context(|| format!("{who}: {hash} sequenced nothing"))?
            .inner
            .data;
        Ok(Posted {
            who,
            sequence: event.sequence.to(),
            fee: event.fee.to(),
            gas: receipt.gas_used,
        })
    }

    /// Says what was posted, and lets the books take the messages that its batches took.
    pub(super) fn tell(&mut self, posted: &Posted) -> Result<()> {
        let view = self.follower.view()?;
        let record = view.sequence(posted.sequence)?.context("the follower is behind")?;
        let (mut slots, mut batches) = (0, 0);
        for number in record.first_batch..=record.last_batch() {
            slots += view.batch(number)?.map_or(0, |batch| batch.slots);
            batches += 1;
            self.books.take_messages(record.fee_recipient, MESSAGES);
        }
        let (Posted { sequence, gas, .. }, fee) = (*posted, Tokens(posted.fee));
        self.screen.say(
            posted.who,
            format!("posts sequence {sequence}: {batches} batch, {slots} slots, {gas} gas, batch fee {fee} tokens"),
        );
        Ok(())
    }
}
