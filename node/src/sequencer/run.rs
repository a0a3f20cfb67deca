// SPDX-License-Identifier: MIT OR Apache-2.0

use super::call::{Attempt, short_of_fees};
use super::config::SequencerConfig;
use super::error::SequencerError;
use super::packer::Packed;
use super::policy::{Decision, Prices, Ready};
use super::post::Poster;
use super::report::Report;
use super::service::Service;
use super::sign::Fees;
use crate::l1::L1Error;
use crate::store::View;
use crate::sync::Follower;
use alloy::primitives::B256;
use alloy::signers::local::PrivateKeySigner;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait between rounds when L1 cannot be read.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A sequencer: a follower, a pool, and an L1 account that posts.
#[derive(Debug)]
pub struct Sequencer {
    follower: Follower,
    service: Arc<Service>,
    poster: Poster,
}

/// What one round did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// L1 blocks applied.
    pub blocks: u64,
    /// What was decided; `None` while a transaction is on its way.
    pub decision: Option<Decision>,
    /// The transaction that was sent.
    pub sent: Option<B256>,
    /// Why nothing was sent although it should have been.
    pub problem: Option<String>,
}

impl Sequencer {
    /// Opens the pool in the data directory of the follower's store, and takes up what was on its way. Checks that the fee recipient is
    /// registered. The L1 account must be this sequencer's own.
    pub async fn open(
        mut follower: Follower,
        signer: PrivateKeySigner,
        config: SequencerConfig,
    ) -> Result<Self, SequencerError> {
        let client = follower.client().clone();
        let head = client.core().head().call().await.map_err(L1Error::call("the head"))?;
        let (index, next) = (config.fee_recipient, head.nextIndex.to());
        if index == 0 || u64::from(index) >= next {
            return Err(SequencerError::FeeRecipient { index, next });
        }
        let sender = signer.address();
        let balance = client
            .core()
            .feeBalanceOf(sender)
            .call()
            .await
            .map_err(L1Error::call("the fee balance"))?;
        let (balance, fee) = (balance.saturating_to(), client.fee(1).await?.saturating_to());
        if balance < fee {
            tracing::warn!("{}", short_of_fees(sender, balance, fee));
        }
        follower.sync_once().await?;
        let store = follower.store();
        let chain_id = store.identity().chain_id;
        let service = Arc::new(Service::open(config, store, sender)?);
        let poster = Poster::open(client, chain_id, signer, Arc::clone(&service))?;
        service.set_flights(poster.flights());
        service.revalidate(&follower.view()?)?;
        Ok(Self {
            follower,
            service,
            poster,
        })
    }

    /// What users may ask of it.
    pub fn service(&self) -> Arc<Service> {
        Arc::clone(&self.service)
    }

    /// The follower it sequences on.
    pub const fn follower(&self) -> &Follower {
        &self.follower
    }

    /// What it earned and paid so far, with all its sequences.
    pub fn report(&self) -> Result<Report, SequencerError> {
        self.service.report_of(usize::MAX)
    }

    /// One round: reads L1, holds the pool and what is on its way against it, posts if that is due. May be cut off anywhere.
    pub async fn step(&mut self) -> Result<Round, SequencerError> {
        let progress = self.follower.sync_once().await?;
        let view = self.follower.view()?;
        self.poster.track(&view).await?;
        self.service.set_flights(self.poster.flights());
        self.service.revalidate(&view)?;
        let (prices, fees) = self.poster.prices().await?;
        let mut round = Round {
            blocks: progress.blocks,
            ..Round::default()
        };
        let pushed = self.poster.push(&view, fees).await;
        self.service.set_flights(self.poster.flights());
        round.problem = pushed?;
        let ready = self.look(&view, prices)?;
        if !self.poster.is_busy() && view.chain().status == crate::chain::Status::Running {
            let policy = &self.service.config.policy;
            let decision = ready.map_or(Decision::Nothing, |ready| policy.decide(&ready, &prices));
            round.decision = Some(decision);
            if let Some(ready) = ready.filter(|_| decision.is_post()) {
                let packed = self.packed(&view, decision, &ready, &prices)?;
                let sent = self.post(&view, packed, fees).await;
                self.service.set_flights(self.poster.flights());
                (round.sent, round.problem) = sent?;
            }
        }
        self.set_problem(round.problem.as_deref());
        Ok(round)
    }

    /// Notes what users ask for, as of this round.
    fn look(&self, view: &View, prices: Prices) -> Result<Option<Ready>, SequencerError> {
        let ready = self.service.ready(view)?;
        let entrance_fee = self.service.pool().entrance_fee();
        let mut outlook = self.service.outlook();
        outlook.prices = Some(prices);
        outlook.ready = ready.map_or(0, |ready| ready.slots);
        outlook.entrance_fee = entrance_fee;
        Ok(ready)
    }

    /// Batches that are worth posting; `None` if there is nothing in them.
    fn packed(
        &self,
        view: &View,
        decision: Decision,
        ready: &Ready,
        prices: &Prices,
    ) -> Result<Option<Packed>, SequencerError> {
        let mut packed = self.service.pack(view, &BTreeSet::new())?;
        let is_due = self.service.due(ready);
        let policy = &self.service.config.policy;
        policy.trim(&mut packed, &ready.capacity, prices, is_due);
        let messages: u32 = packed.batches.iter().map(|batch| batch.messages).sum();
        let slots = packed.slots().count();
        if slots == 0 && messages == 0 {
            return Ok(None);
        }
        let (batches, fees) = (packed.batches.len(), packed.fees());
        tracing::info!(?decision, batches, slots, messages, fees, "posting");
        Ok(Some(packed))
    }

    async fn post(
        &mut self,
        view: &View,
        packed: Option<Packed>,
        fees: Fees,
    ) -> Result<(Option<B256>, Option<String>), SequencerError> {
        let Some(packed) = packed else {
            return Ok((None, None));
        };
        Ok(match self.poster.post(view, packed, fees).await? {
            Attempt::Done(hash) => (Some(hash), None),
            Attempt::Held(reason) => (None, Some(reason)),
        })
    }

    /// Said once, not in every round.
    fn set_problem(&self, problem: Option<&str>) {
        let mut outlook = self.service.outlook();
        if outlook.problem.as_deref() != problem {
            match problem {
                Some(problem) => tracing::warn!(problem, "not posting"),
                None => tracing::info!("posting is possible again"),
            }
            outlook.problem = problem.map(str::to_owned);
        }
    }

    /// Goes on until `stop` completes, with `interval` between rounds. When L1 cannot be read it tries again, less and less often; any
    /// other error ends it.
    pub async fn run(&mut self, interval: Duration, stop: impl Future<Output = ()>) -> Result<(), SequencerError> {
        tokio::pin!(stop);
        let mut wait = interval;
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                round = self.step() => match round {
                    Ok(_) => wait = interval,
                    Err(error) if error.is_transient() => {
                        wait = (wait * 2).min(LONGEST_WAIT).max(interval);
                        tracing::warn!(%error, retry_in = ?wait, "L1 cannot be read");
                    }
                    Err(error) => return Err(error),
                },
            }
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}
