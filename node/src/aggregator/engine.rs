// SPDX-License-Identifier: MIT OR Apache-2.0
//! One round after another: follow L1, choose, prove, submit, settle.

use super::costs::{Costs, Measured, Prices};
use super::dry_run::DryRun;
use super::error::AggregatorError;
use super::event::{Event, Report, Timings};
use super::feed::Feed;
use super::journal::{GoalRecord, Journal, JournalError};
use super::proofs::ProofSource;
use super::sender::{Fees, Sender};
use super::strategy::{Offer, Pending, Situation, Strategy};
use crate::chain::Status;
use crate::l1::{L1Client, L1Error};
use crate::proving::{Goal, Job, Progress, ProvingError, Target, Work};
use crate::store::{StoreError, View};
use crate::sync::Follower;
use alloy::primitives::{Address, B256};
use alloy::signers::local::PrivateKeySigner;
use std::time::Duration;

/// How long to wait before a job that failed for good is tried again, in rounds.
const RETRY_ROUNDS: u32 = 60;

/// Newest checkpoints among which to look for one that has matured.
const CHECKPOINTS: usize = 256;

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
    /// Who hears of it.
    pub report: Report,
    /// Times of jobs.
    pub timings: Timings,
}

/// An aggregator.
pub struct Aggregator<P, D> {
    pub(super) parts: Parts<P, D>,
    pub(super) sender: Sender,
    feed: Feed,
    /// The overlap that was told: newest checkpoint, last sequence.
    overlapped: Option<(u64, u64)>,
    /// What was declined, so that it is said once.
    declined: Option<(u64, String)>,
    missing: usize,
    wait: u32,
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
            missing: 0,
            wait: 0,
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
    /// If the store, the journal or the disk fails, or L1 contradicts itself.
    pub async fn run(&mut self, interval: Duration, stop: impl Future<Output = ()>) -> Result<(), AggregatorError> {
        tokio::pin!(stop);
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
            return self.follow_submission(&view).await;
        }
        if view.chain().status != Status::Running {
            return Ok(());
        }
        self.reconsider(&view).await?;
        let first = view.last_batch_of(view.chain().last_verified)? + 1;
        let first = self
            .parts
            .journal
            .goal()
            .map_or(first, |goal| first.min(goal.first_batch));
        self.feed.update(&view, first, &self.parts.proofs).await?;
        let costs = self.costs().await?;
        self.choose(&view, &costs).await?;
        self.work_ahead(&view).await?;
        self.pursue(&view, &costs).await?;
        self.forget_matured(&view).await
    }

    pub(super) async fn costs(&self) -> Result<Costs, AggregatorError> {
        let fees = Fees::suggested(self.client()).await?;
        // The estimate offers twice the base fee, so that it holds while that rises.
        let gas_price = fees.max.saturating_sub(fees.priority) / 2 + fees.priority;
        Ok(Costs {
            prices: self.parts.prices,
            measured: self.measured(),
            gas_price,
        })
    }

    fn measured(&self) -> Measured {
        self.parts.journal.measured()
    }

    /// Gives the goal up if it is lost, and takes another start if that is less work.
    async fn reconsider(&mut self, view: &View) -> Result<(), AggregatorError> {
        let Some(goal) = self.parts.journal.goal().copied() else {
            return Ok(());
        };
        let verified = view.chain().last_verified;
        let same = view
            .sequence(goal.last)?
            .is_some_and(|sequence| B256::from(sequence.acc) == goal.acc);
        let start_stands = goal.init == 0 || (goal.init <= verified && view.checkpoint(goal.init)?.is_some());
        if goal.last <= verified {
            return self
                .abandon(goal, format!("everything up to sequence {verified} is proven"))
                .await;
        }
        if !same || !start_stands {
            return self
                .abandon(goal, "L1 was reorganised or rewound under it".into())
                .await;
        }
        let route = self.route(goal.version).await?;
        if route != goal.route {
            self.parts.journal.set_goal(Some(GoalRecord { route, ..goal }))?;
        }
        Ok(())
    }

    pub(super) async fn abandon(&mut self, goal: GoalRecord, why: String) -> Result<(), AggregatorError> {
        // Batches the engine does not know, after a restart say, have no jobs either.
        match self.parts.proofs.cancel(&self.contract_goal(&goal)).await {
            Ok(()) | Err(ProvingError::Plan(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.parts.journal.set_goal(None)?;
        (self.overlapped, self.declined) = (None, None);
        self.say(&Event::Abandoned { last: goal.last, why });
        Ok(())
    }

    /// What waits, as far as one proof can reach: sequences of one version.
    pub(super) fn pending(view: &View) -> Result<Vec<Pending>, StoreError> {
        let sequences = view.pending_sequences()?;
        let version = sequences.first().map(|sequence| sequence.rest.version);
        let verified_batches = view.last_batch_of(view.chain().last_verified)?;
        let mut tips = 0u128;
        let mut pending = Vec::new();
        for sequence in sequences
            .iter()
            .take_while(|sequence| Some(sequence.rest.version) == version)
        {
            tips = tips.saturating_add(view.tips(sequence.number)?);
            pending.push(Pending {
                sequence: sequence.number,
                batches: sequence.last_batch() - verified_batches,
                sequenced_at: sequence.sequenced_at,
                reward: view.reward(sequence).saturating_add(tips),
            });
        }
        Ok(pending)
    }

    async fn choose(&mut self, view: &View, costs: &Costs) -> Result<(), AggregatorError> {
        if self.parts.journal.goal().is_some() {
            return Ok(());
        }
        let pending = Self::pending(view)?;
        let last_proof_at = view
            .checkpoints(1)?
            .first()
            .map_or(0, |checkpoint| checkpoint.verified_at);
        let now = view.tip()?.1.map_or(0, |block| block.timestamp);
        // A block may be long ago where nothing happens.
        let now = self
            .client()
            .latest()
            .await
            .map_or(now, |header| header.timestamp.max(now));
        if pending.is_empty() {
            return Ok(());
        }
        let situation = Situation {
            now,
            last_proof_at,
            pending: &pending,
            costs,
        };
        let Some(last) = self.parts.strategy.target(&situation) else {
            return Ok(());
        };
        let Some(target) = pending.iter().find(|pending| pending.sequence == last) else {
            return Ok(());
        };
        let Some(sequence) = view.sequence(last)? else {
            return Ok(());
        };
        let init = view.chain().last_verified;
        let version = sequence.rest.version;
        let goal = GoalRecord {
            init,
            last,
            acc: sequence.acc.into(),
            first_batch: view.last_batch_of(init)? + 1,
            last_batch: sequence.last_batch(),
            version,
            route: self.route(version).await?,
        };
        self.parts.journal.set_goal(Some(goal))?;
        self.say(&Event::Chosen {
            goal,
            reward: target.reward,
        });
        Ok(())
    }

    async fn route(&self, version: u32) -> Result<u32, AggregatorError> {
        let core = *self.client().core().address();
        let number = u16::try_from(version).unwrap_or(u16::MAX);
        let route = self.client().lens().routeInForce(core, number).call().await;
        Ok(route.map_err(L1Error::call("routeInForce"))?.resolvedVersion.into())
    }

    async fn work_ahead(&mut self, view: &View) -> Result<(), AggregatorError> {
        let first = view.last_batch_of(view.chain().last_verified)? + 1;
        let end = view.chain().batches + 1;
        if first == end || !self.parts.strategy.works_ahead() {
            return Ok(());
        }
        if let Progress::Failed { job, why } = self.parts.proofs.advance(&Goal::Fold(first..end)).await? {
            self.put_off(job, why).await?;
        }
        Ok(())
    }

    pub(super) fn contract_goal(&self, goal: &GoalRecord) -> Goal {
        Goal::Contract(Target {
            range: goal.first_batch..goal.last_batch + 1,
            version: goal.route,
            beneficiary: self.parts.beneficiary.into(),
        })
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

    /// Whether a range whose beginning somebody else has proven is still worth it, and from where.
    async fn weigh(
        &mut self,
        view: &View,
        goal: GoalRecord,
        missing: &[Job],
        costs: &Costs,
    ) -> Result<(), AggregatorError> {
        let verified = view.chain().last_verified;
        if goal.init >= verified {
            return Ok(());
        }
        let offer = Offer {
            reward: reward_of(view, goal.last)?,
            remaining_ms: missing.iter().map(|job| costs.measured.job_ms(&job.work)).sum(),
            gas: costs.measured.gas,
        };
        if self.parts.strategy.least_reward(&offer, costs).is_none() {
            return self
                .abandon(goal, format!("what is left after sequence {verified} does not pay"))
                .await;
        }
        // Nothing is bound to a beneficiary yet, and joins of the shorter range are no more than of the longer.
        let unbound = missing.iter().filter(|job| !job.work.is_for_one_beneficiary()).count();
        let shorter = GoalRecord {
            init: verified,
            first_batch: view.last_batch_of(verified)? + 1,
            ..goal
        };
        let range = Goal::Range(shorter.first_batch..shorter.last_batch + 1);
        let instead = match self.parts.proofs.advance(&range).await? {
            Progress::Proving { missing, .. } => missing.len(),
            _ => 0,
        };
        let finalized = !missing.iter().any(|job| matches!(job.work, Work::Finalize { .. }));
        let kept = finalized || unbound <= instead;
        self.announce_overlap(view, &goal, kept);
        if !kept {
            self.parts.journal.set_goal(Some(shorter))?;
        }
        Ok(())
    }

    fn announce_overlap(&mut self, view: &View, goal: &GoalRecord, kept: bool) {
        let verified = view.chain().last_verified;
        let overlap = Some((verified, goal.last));
        if goal.init < verified && self.overlapped != overlap {
            self.overlapped = overlap;
            self.say(&Event::Overlapped {
                goal: *goal,
                verified,
                kept,
            });
        }
    }

    async fn put_off(&mut self, job: Job, why: String) -> Result<(), AggregatorError> {
        if self.wait == 0 {
            self.say(&Event::Failed { job, why });
        }
        self.wait += 1;
        if self.wait >= RETRY_ROUNDS {
            self.wait = 0;
            self.parts.proofs.retry(&job).await?;
        }
        Ok(())
    }

    pub(super) fn decline(&mut self, last: u64, why: String) {
        let key = (last, why);
        if self.declined.as_ref() != Some(&key) {
            self.say(&Event::Declined {
                last,
                why: key.1.clone(),
            });
            self.declined = Some(key);
        }
    }

    pub(super) fn done_with_goal(&mut self) -> Result<(), JournalError> {
        (self.overlapped, self.declined) = (None, None);
        self.parts.journal.set_goal(None)
    }

    /// Proofs of what has matured are of no use to anybody: neither to be paid nor to contest.
    async fn forget_matured(&mut self, view: &View) -> Result<(), AggregatorError> {
        let now = view.tip()?.1.map_or(0, |block| block.timestamp);
        let matured =
            |checkpoint: &crate::chain::CheckpointRecord| view.matures_at(checkpoint).is_some_and(|at| at <= now);
        let Some(checkpoint) = view.checkpoints(CHECKPOINTS)?.into_iter().find(matured) else {
            return Ok(());
        };
        let mut next = view.last_batch_of(checkpoint.number)? + 1;
        if let Some(goal) = self.parts.journal.goal() {
            next = next.min(goal.first_batch);
        }
        if next > self.kept {
            self.parts.proofs.prune(next).await?;
            self.feed.prune(next);
            self.kept = next;
        }
        Ok(())
    }
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
