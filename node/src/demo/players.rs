// SPDX-License-Identifier: MIT OR Apache-2.0
//! Users who register and pay, sequencers who post, a vandal who writes rubbish, aggregators who race.

use super::DemoOptions;
use super::actors::{Actor, Call, Entry};
use super::books::Books;
use super::chain::{Chain, tool};
use super::desks::Desk;
use super::screen::Screen;
use crate::agent::{self, AgentError, Engine, ForkDryRun};
use crate::aggregator::{Aggregator, Event, Journal, Outcome, Parts, Prices, Strategy, Timings};
use crate::config::Settings;
use crate::l1::preimage;
use crate::proving::command::Opened;
use crate::sync::Follower;
use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall as _;
use anyhow::{Context as _, Result, bail};
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::Limits;
use poe_bindings::contracts::test_token::TestToken;
use poe_bindings::formats::{limits_at_checkpoint, limits_at_sequence};
use poe_rollup::formats::{Slot, Transfer};
use poe_rollup::state::Account;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub(super) const GWEI: u128 = 1_000_000_000;
const TOKEN: u128 = 1_000_000_000_000_000_000;
/// What a sequencer pays in for batch fees.
pub(super) const FEE_DEPOSIT: u128 = 10 * TOKEN;
/// Messages a batch takes.
pub(super) const MESSAGES: usize = 4;
/// Between looks at L1.
const POLL: Duration = Duration::from_millis(400);

/// Somebody with an L2 account.
#[derive(Clone, Debug)]
pub(super) struct Player {
    pub(super) actor: Actor,
    pub(super) index: u32,
}

impl Player {
    fn identity(&self) -> Account {
        Account {
            key: *self.actor.key.public().point(),
            l1_owner: self.actor.address().into(),
            registered: true,
            ..Account::EMPTY
        }
    }
}

/// A sequence as the story knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Posted {
    pub(super) who: &'static str,
    pub(super) sequence: u64,
    pub(super) fee: u128,
    pub(super) gas: u64,
}

/// Everything on the stage.
pub(super) struct Stage {
    pub(super) chain: Chain,
    pub(super) screen: Screen,
    pub(super) books: Books,
    pub(super) players: Vec<Player>,
    pub(super) follower: Follower,
    pub(super) desks: Vec<Desk>,
    /// Who has paid in for batch fees.
    pub(super) funded: BTreeSet<&'static str>,
    pub(super) folder: PathBuf,
    anvil: PathBuf,
    /// Wei of ether in the vault.
    pub(super) vault_wei: U256,
}

impl Stage {
    pub(super) async fn new(options: &DemoOptions, chain: Chain, screen: Screen, folder: &Path) -> Result<Self> {
        let (_, follower) = settings(&chain, folder, "story").open("story", None).await?;
        Ok(Self {
            chain,
            screen,
            books: Books::default(),
            players: Vec::new(),
            desks: Vec::new(),
            funded: BTreeSet::new(),
            follower,
            folder: folder.to_owned(),
            anvil: tool(&options.root, "anvil"),
            vault_wei: U256::ZERO,
        })
    }

    pub(super) fn core(&self) -> Address {
        self.chain.deployment.contracts.proof_of_efficiency
    }

    pub(super) async fn send(
        &self,
        actor: &Actor,
        what: &'static str,
        to: Address,
        data: Vec<u8>,
        wei: u128,
    ) -> Result<()> {
        let call = Call {
            what,
            to,
            data,
            wei,
            gas: None,
            ledger: &self.chain.ledger,
        };
        actor.send(&self.chain.url, call).await.map(drop)
    }

    /// Registers somebody with a first deposit in gwei.
    pub(super) async fn register(&mut self, actor: &Actor, gwei: u64) -> Result<Player> {
        let core = self.follower.client().core();
        let fee: u64 = core.messageFeeGwei().call().await?.to();
        let call = ProofOfEfficiency::registerCall {
            publicKey: Bytes::copy_from_slice(&actor.key.public().to_bytes()),
            l1Owner: actor.address(),
            maxFeeGwei: U256::from(fee),
        };
        let wei = u128::from(gwei + fee) * GWEI;
        self.send(actor, "register", self.core(), call.abi_encode(), wei)
            .await?;
        let index = u32::try_from(self.players.len() + 1)?;
        let next: u64 = core.head().call().await?.nextIndex.to();
        if next != u64::from(index) + 1 {
            bail!("account {index} was to be given out, the contract goes on with {next}");
        }
        self.vault_wei += U256::from(wei);
        self.books.queue(index, gwei, fee);
        let player = Player {
            actor: actor.clone(),
            index,
        };
        self.players.push(player.clone());
        Ok(player)
    }

    /// Gives a sequencer test tokens, which it pays in.
    pub(super) async fn fund(&mut self, actor: &Actor) -> Result<()> {
        self.funded.insert(actor.name);
        let (token, core, amount) = (
            self.chain.deployment.contracts.fee_token,
            self.core(),
            U256::from(FEE_DEPOSIT),
        );
        let mint = TestToken::mintCall {
            account: actor.address(),
            amount,
        };
        self.send(actor, "mint test tokens", token, mint.abi_encode(), 0)
            .await?;
        let approve = TestToken::approveCall {
            spender: core,
            value: amount,
        };
        self.send(actor, "approve", token, approve.abi_encode(), 0).await?;
        let deposit = ProofOfEfficiency::depositFeesCall {
            account: actor.address(),
            amount,
        };
        self.send(actor, "depositFees", core, deposit.abi_encode(), 0).await
    }

    /// A signed slot. `nonce_ahead` of what the books say makes it a no-op.
    pub(super) fn slot(&self, from: &Player, to: Option<&Player>, amount: u64, fee: u64, nonce_ahead: u32) -> Slot {
        let transfer = Transfer {
            from: from.index,
            to: to.map_or(0, |to| to.index),
            amount,
            fee,
            nonce: self.books.nonce(from.index) + nonce_ahead,
            sequencer: 0,
        };
        let recipient = to.map_or(Account::EMPTY, Player::identity);
        let domain = self.chain.deployment.domain.0;
        from.actor
            .key
            .sign(&domain, &from.identity().id_hash(), &transfer, &recipient.id_hash())
    }

    /// A transfer that must be applied: signed, sent to a sequencer, and written into the books.
    pub(super) fn pay(&mut self, from: &Player, to: Option<&Player>, amount: u64, fee: u64, at: &Player) -> Result<()> {
        let slot = self.slot(from, to, amount, fee, 0);
        self.books.apply(&slot.transfer, at.index)?;
        self.submit(at.actor.name, &slot)
    }

    /// Posts a batch past every sequencer, as anybody may, anchored at what stands on L1.
    pub(super) async fn post(&mut self, who: &Player, slots: &[Slot]) -> Result<Posted> {
        let limits = self.limits().await?;
        let call = ProofOfEfficiency::sequenceBatchesCall {
            batches: vec![slots.iter().flat_map(Slot::encode).collect::<Vec<u8>>().into()],
            feeRecipient: who.index,
            limits,
        };
        let call = Call {
            what: "sequenceBatches",
            to: self.core(),
            data: call.abi_encode(),
            wei: 0,
            gas: None,
            ledger: &self.chain.ledger,
        };
        let receipt = who.actor.send(&self.chain.url, call).await?;
        let logs = receipt.inner.logs().iter();
        let event = logs
            .filter_map(|log| log.log_decode::<ProofOfEfficiency::BatchesSequenced>().ok())
            .next();
        let event = event.context("the call sequenced nothing")?.inner.data;
        let posted = Posted {
            who: who.actor.name,
            sequence: event.sequence.to(),
            fee: event.fee.to(),
            gas: receipt.gas_used,
        };
        self.follower.sync_once().await?;
        self.tell(&posted)?;
        Ok(posted)
    }

    async fn limits(&mut self) -> Result<Limits> {
        self.follower.sync_once().await?;
        let view = self.follower.view()?;
        let (last, verified) = (view.chain().last_sequence, view.chain().last_verified);
        let deadline = self.follower.client().latest().await?.timestamp + 3_600;
        let most = U256::from(TOKEN);
        Ok(if last > verified {
            let record = view.sequence(last)?.context("the newest sequence")?;
            limits_at_sequence(most, deadline, last, &preimage::sequence(&record))
        } else {
            limits_at_checkpoint(most, deadline, verified, &preimage::checkpoint_at(&view, verified)?)
        })
    }

    /// Bytes that no key has signed.
    pub(super) fn rubbish(count: u8) -> Vec<Slot> {
        let one = |seed: u8| {
            let bytes: Vec<u8> = (0..3u8)
                .flat_map(|part| alloy::primitives::keccak256([seed, part]).0)
                .collect();
            bytes
                .try_into()
                .map_or_else(|_| Slot::decode(&[seed; Slot::BYTES]), |bytes| Slot::decode(&bytes))
        };
        (0..count).map(one).collect()
    }

    /// Starts an aggregator; it goes on until it is stopped.
    pub(super) async fn aggregator(
        &self,
        actor: &Actor,
        strategy: Box<dyn Strategy>,
        opened: &Arc<Opened>,
        events: &mpsc::UnboundedSender<(&'static str, Event)>,
        timings: &Timings,
    ) -> Result<Running> {
        let settings = settings(&self.chain, &self.folder, actor.name);
        let (deployment, follower) = settings.open("aggregator", None).await?;
        let (name, events) = (actor.name, events.clone());
        let parts = Parts {
            agent: agent::Parts {
                follower,
                signer: actor.signer.clone(),
                chain_id: deployment.chain_id,
                beneficiary: actor.address(),
                proofs: Engine::new(Arc::clone(opened), true),
                dry_run: ForkDryRun {
                    program: self.anvil.clone(),
                    rpc: self.chain.url.clone(),
                },
                journal: Journal::open(&self.folder.join(name))?,
                resend_after: 60,
                max_gas_price: None,
                report: Arc::new(move |event: &Event| {
                    // Nobody may listen any more.
                    let _ = events.send((name, event.clone()));
                }),
            },
            strategy,
            // A token for an ether: every batch pays.
            prices: Prices {
                token_gwei: 1_000_000_000,
                proving_hour_gwei: 40_000,
            },
            timings: timings.clone(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let mut aggregator = Aggregator::new(parts);
            let stopped = async {
                let _ = stopped.await;
            };
            aggregator.run(POLL, stopped).await?;
            Ok(aggregator.agent().journal().outcomes().to_vec())
        });
        Ok(Running {
            actor: actor.clone(),
            stop,
            task,
        })
    }
}

/// An aggregator at work.
pub(super) struct Running {
    actor: Actor,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<Vec<Outcome>, AgentError>>,
}

impl Running {
    /// Whether it has ended by itself.
    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Stops it; what it had mined so far.
    pub(super) async fn stop(self) -> Result<Vec<Outcome>> {
        let _ = self.stop.send(());
        self.task.await?.with_context(|| self.actor.name)
    }
}

/// What an aggregator had mined since it was last asked, for the ledger.
pub(super) fn enter(stage: &Stage, name: &'static str, outcomes: &[Outcome]) {
    for outcome in outcomes {
        stage.chain.ledger.add(Entry {
            actor: name,
            what: "verifyBatches",
            gas: outcome.gas,
            cost: U256::from(outcome.cost),
            value: U256::ZERO,
            accepted: outcome.accepted,
        });
    }
}

pub(super) fn settings(chain: &Chain, folder: &Path, name: &str) -> Settings {
    Settings {
        rpc: chain.url.clone(),
        deployment: Some(chain.deployment_file.clone()),
        data_dir: Some(folder.join(name)),
        log_range: crate::l1::LARGEST_RANGE,
        poll: POLL,
        sequencer: None,
    }
}
