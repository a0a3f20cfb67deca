// SPDX-License-Identifier: MIT OR Apache-2.0
//! One round after another: follow L1, choose, prove, submit, settle.

use super::costs::{Costs, Prices};
use super::dry_run::DryRun;
use super::error::AggregatorError;
use super::event::{Event, Report, Timings};
use super::feed::Feed;
use super::goals::known_only;
use super::journal::{Journal, JournalError};
use super::proofs::ProofSource;
use super::route::Routes;
use super::sender::{Fees, Sender};
use super::strategy::Strategy;
use super::submission::Rehearsed;
use crate::chain::{CheckpointRecord, Status};
use crate::l1::L1Client;
use crate::proving::{Goal, Id, Job, Progress};
use crate::store::{StoreError, View};
use crate::sync::Follower;
use alloy::primitives::Address;
use alloy::signers::local::PrivateKeySigner;
use std::collections::HashMap;
use std::time::Duration;

/// How long to wait before a job that failed for good is tried again, in rounds.
pub(crate) const RETRY_ROUNDS: u32 = 60;

/// What an aggregator is made of.
pub struct Parts<P, D> {
    /// Follows L1.
    pub follower: Follower,
    /// The L1 key that pays for gas.
    pub signer: PrivateKeySigner,
    /// The chain it signs for.
    pub chain_id: u64,
    /// Who is paid.
    pub beneficiary: Address,
    /// When to prove how much.
    pub strategy: Box<dyn Strategy>,
    /// Who proves.
    pub proofs: P,
    /// Who rehearses.
    pub dry_run: D,
    /// What must be remembered.
    pub journal: Journal,
    /// What things are worth.
    pub prices: Prices,
    /// Seconds of L1 after which a submission that is not mined is sent with a higher fee.
    pub resend_after: u64,
    /// Most wei to offer for a unit of gas, if there is a limit.
    pub max_gas_price: Option<u128>,
    /// Who hears of it.
    pub report: Report,
    /// Times of jobs.
    pub timings: Timings,
}

/// An aggregator.
pub struct Aggregator<P, D> {
    pub(super) parts: Parts<P, D>,
    pub(super) sender: Sender,
    pub(super) feed: Feed,
    /// The overlap that was told: newest checkpoint, last sequence.
    pub(super) overlapped: Option<(u64, u64)>,
    /// What was declined and for which reason, so that it is said once.
    declined: Option<(u64, String)>,
    /// Routes that were held against what is proven here.
    pub(super) routes: Routes,
    /// Most batches that one proof may cover.
    pub(super) most_batches: Option<u64>,
    /// The last rehearsal.
    pub(super) rehearsed: Option<Rehearsed>,
    /// Rounds in which the nonce of the submission was used and no receipt was to be had.
    pub(super) unseen: u32,
    missing: usize,
    /// Rounds that jobs which failed have been put off.
    waits: HashMap<Id, u32>,
    /// First batch of what was asked for ahead.
    ahead: Option<u64>,
    /// First batch that is kept.
    kept: u64,
}

impl<P: ProofSource, D: DryRun> Aggregator<P, D> {
    /// Of these parts.
    pub fn new(parts: Parts<P, D>) -> Self {
        let sender = Sender {
            signer: parts.signer.clone(),
            chain_id: parts.chain_id,
        };
        Self {
            parts,
            sender,
            feed: Feed::default(),
            overlapped: None,
            declined: None,
            routes: Routes::default(),
            most_batches: None,
            rehearsed: None,
            unseen: 0,
            missing: 0,
            waits: HashMap::new(),
            ahead: None,
            kept: 0,
        }
    }

    /// The L1 client.
    pub const fn client(&self) -> &L1Client {
        self.parts.follower.client()
    }

    /// What it remembers.
    pub const fn journal(&self) -> &Journal {
        &self.parts.journal
    }

    /// What it knows of L1.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    pub fn view(&self) -> Result<View, StoreError> {
        self.parts.follower.view()
    }

    pub(super) fn say(&self, event: &Event) {
        (self.parts.report)(event);
    }

    /// Takes rounds until `stop` completes. A provider that fails is asked again; any other error ends it.
    ///
    /// # Errors
    ///
    /// If the verifier in force stands for other circuits, if the store, the journal or the disk fails, or L1 contradicts itself.
    pub async fn run(&mut self, interval: Duration, stop: impl Future<Output = ()>) -> Result<(), AggregatorError> {
        tokio::pin!(stop);
        match self.check_circuits().await {
            Err(error) if !error.is_transient() => return Err(error),
            // Every range is held against its verifier before it is begun.
            Err(error) => tracing::warn!(%error, "the verifier was not asked yet"),
            Ok(()) => {}
        }
        loop {
            tokio::select! {
                // A round may be cut off anywhere: whatever matters is on disk before it is acted on.
                biased;
                () = &mut stop => return Ok(()),
                round = self.step() => match round {
                    Ok(()) => {}
                    Err(error) if error.is_transient() => tracing::warn!(%error, "trying again"),
                    Err(error) => return Err(error),
                },
            }
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(interval) => {}
            }
        }
    }

    /// One round.
    ///
    /// # Errors
    ///
    /// As [`Self::run`], and if the L1 provider fails.
    pub async fn step(&mut self) -> Result<(), AggregatorError> {
        for (work, ms) in self.parts.timings.drain() {
            self.parts.journal.took(&work, ms)?;
        }
        self.parts.follower.sync_once().await?;
        let view = self.parts.follower.view()?;
        if self.parts.journal.in_flight().is_some() {
            return self.wait_for_submission(&view).await;
        }
        if view.chain().status != Status::Running {
            return Ok(());
        }
        self.reconsider(&view).await?;
        self.shorten_if_settled(&view)?;
        let first = view.last_batch_of(view.chain().last_verified)? + 1;
        let first = self
            .parts
            .journal
            .goal()
            .map_or(first, |goal| first.min(goal.first_batch));
        self.feed
            .update(&view, first..=view.chain().batches, &self.parts.proofs)
            .await?;
        let costs = self.costs().await?;
        self.choose(&view, &costs).await?;
        self.work_ahead(&view).await?;
        self.pursue(&view, &costs).await?;
        self.forget_matured(&view).await
    }

    /// The machine need not be idle while a transaction waits.
    async fn wait_for_submission(&mut self, view: &View) -> Result<(), AggregatorError> {
        self.follow_submission(view).await?;
        if self.parts.journal.in_flight().is_none() || view.chain().status != Status::Running {
            return Ok(());
        }
        let first = view.last_batch_of(view.chain().last_verified)? + 1;
        self.feed
            .update(view, first..=view.chain().batches, &self.parts.proofs)
            .await?;
        self.work_ahead(view).await
    }

    pub(super) async fn costs(&self) -> Result<Costs, AggregatorError> {
        let suggested = Fees::suggested(self.client()).await?;
        Ok(self.costs_at(suggested.price(suggested)))
    }

    pub(super) fn costs_at(&self, gas_price: u128) -> Costs {
        Costs {
            prices: self.parts.prices,
            measured: self.parts.journal.measured(),
            gas_price,
        }
    }

    async fn work_ahead(&mut self, view: &View) -> Result<(), AggregatorError> {
        let first = view.last_batch_of(view.chain().last_verified)? + 1;
        self.drop_proven_work(first).await?;
        if !self.parts.strategy.works_ahead() {
            return Ok(());
        }
        let pending = self.pending(view).await?;
        let last = pending.last().map(|pending| view.sequence(pending.sequence));
        let Some(last) = last.transpose()?.flatten() else {
            return Ok(());
        };
        if self.route(last.rest.version).await?.is_none() {
            return Ok(());
        }
        self.ahead = Some(self.ahead.unwrap_or(first).min(first));
        let fold = Goal::Fold(first..last.last_batch() + 1);
        if let Progress::Failed { job, why } = self.parts.proofs.advance(&fold).await? {
            self.put_off(job, why).await?;
        }
        Ok(())
    }

    /// What was asked for ahead and somebody else has proven is nobody's work any more, unless the goal goes over it.
    async fn drop_proven_work(&mut self, first: u64) -> Result<(), AggregatorError> {
        let goal = self.parts.journal.goal();
        let needed = goal.map_or(first, |goal| first.min(goal.first_batch));
        if let Some(ahead) = self.ahead.filter(|ahead| *ahead < needed) {
            known_only(self.parts.proofs.cancel(&Goal::Fold(ahead..needed)).await)?;
            self.ahead = Some(needed);
        }
        Ok(())
    }

    /// Proves the goal; sends the proof when it is there.
    async fn pursue(&mut self, view: &View, costs: &Costs) -> Result<(), AggregatorError> {
        let Some(goal) = self.parts.journal.goal().copied() else {
            return Ok(());
        };
        match self.parts.proofs.advance(&self.contract_goal(&goal)).await? {
            Progress::Failed { job, why } => self.put_off(job, why).await,
            Progress::Proving { missing, .. } => {
                if missing.len() != self.missing {
                    self.missing = missing.len();
                    self.say(&Event::Proving {
                        last: goal.last,
                        missing: missing.len(),
                    });
                }
                self.weigh(view, goal, &missing, costs).await
            }
            Progress::Done(Some(id)) => {
                self.announce_overlap(view, &goal, true);
                self.submit(view, goal, id, costs).await
            }
            Progress::Done(None) => Ok(()),
        }
    }

    /// A job that failed for good is tried again after a while.
    async fn put_off(&mut self, job: Job, why: String) -> Result<(), AggregatorError> {
        let rounds = self.waits.entry(job.id()).or_default();
        *rounds += 1;
        let waited = *rounds;
        match waited {
            1 => self.say(&Event::Failed { job, why }),
            RETRY_ROUNDS.. => {
                self.waits.remove(&job.id());
                self.parts.proofs.retry(&job).await?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn decline(&mut self, last: u64, why: String) {
        self.decline_for(last, &why.clone(), why);
    }

    /// As [`Self::decline`], where the words change and the reason does not.
    pub(super) fn decline_for(&mut self, last: u64, reason: &str, why: String) {
        self.say_once(last, reason, &Event::Declined { last, why });
    }

    /// What it would do costs too much now, or its provider has no price for it that is not absurd.
    pub(super) fn wait_for_gas(&mut self, last: u64, doing: &'static str, why: String) {
        self.say_once(last, doing, &Event::WaitsForGas { last, doing, why });
    }

    fn say_once(&mut self, last: u64, reason: &str, event: &Event) {
        let declined = Some((last, reason.to_owned()));
        if self.declined != declined {
            self.declined = declined;
            self.say(event);
        }
    }

    pub(super) fn done_with_goal(&mut self) -> Result<(), JournalError> {
        (self.overlapped, self.declined) = (None, None);
        self.parts.journal.set_goal(None)
    }

    /// Proofs of what has matured are of no use to anybody: neither to be paid nor to contest.
    async fn forget_matured(&mut self, view: &View) -> Result<(), AggregatorError> {
        let now = view.tip()?.1.map_or(0, |block| block.timestamp);
        let Some(matured) = newest_matured(view, now)? else {
            return Ok(());
        };
        let mut next = view.last_batch_of(matured.number)? + 1;
        if let Some(goal) = self.parts.journal.goal() {
            next = next.min(goal.first_batch);
        }
        if next > self.kept {
            // Made that long before, it is of no checkpoint that could still be contested.
            let age = now.saturating_sub(matured.verified_at) + view.identity().exit_delay;
            self.parts.proofs.prune(next, Duration::from_secs(age)).await?;
            self.feed.prune(next);
            self.kept = next;
        }
        Ok(())
    }
}

/// The newest checkpoint that has matured.
fn newest_matured(view: &View, now: u64) -> Result<Option<CheckpointRecord>, StoreError> {
    let mut number = view.chain().last_verified;
    while let Some(checkpoint) = view.checkpoint(number)? {
        if view.matures_at(&checkpoint).is_some_and(|at| at <= now) {
            return Ok(Some(checkpoint));
        }
        number = checkpoint.tail.previous;
    }
    Ok(None)
}

/// What a proof that ends at a sequence earns now, tips on what it is the first to prove included.
pub(super) fn reward_of(view: &View, last: u64) -> Result<u128, StoreError> {
    let missing = StoreError::Missing {
        table: crate::store::Table::Sequences,
        key: last,
    };
    let sequence = view.sequence(last)?.ok_or(missing)?;
    let mut reward = view.reward(&sequence);
    for number in view.chain().last_verified + 1..=last {
        reward = reward.saturating_add(view.tips(number)?);
    }
    Ok(reward)
}
