// SPDX-License-Identifier: MIT OR Apache-2.0
//! One round after another: follow L1, choose, prove, submit, settle.

use super::costs::{Costs, Prices};
use super::event::{Event, Timings};
use super::journal::Aggregating;
use super::strategy::Strategy;
use super::submission::Rehearsed;
use crate::agent::{self, Agent, AgentError, DryRun, Fees, ProofSource, known_only};
use crate::chain::Status;
use crate::proving::{Goal, Progress};
use crate::store::{StoreError, View};
use std::time::Duration;

/// What an aggregator is made of.
pub struct Parts<P, D> {
    /// What every agent is made of. Its beneficiary is paid.
    pub agent: agent::Parts<P, D, Aggregating>,
    /// When to prove how much.
    pub strategy: Box<dyn Strategy>,
    /// What things are worth.
    pub prices: Prices,
    /// Times of jobs.
    pub timings: Timings,
}

/// An aggregator.
pub struct Aggregator<P, D> {
    pub(super) agent: Agent<P, D, Aggregating>,
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) prices: Prices,
    timings: Timings,
    /// The overlap that was told: newest checkpoint, last sequence.
    pub(super) overlapped: Option<(u64, u64)>,
    /// Most batches that one proof may cover.
    pub(super) most_batches: Option<u64>,
    /// The last rehearsal.
    pub(super) rehearsed: Option<Rehearsed>,
    /// First batch of what was asked for ahead.
    ahead: Option<u64>,
}

impl<P: ProofSource, D: DryRun> Aggregator<P, D> {
    /// Of these parts.
    pub fn new(parts: Parts<P, D>) -> Self {
        Self {
            agent: Agent::new(parts.agent),
            strategy: parts.strategy,
            prices: parts.prices,
            timings: parts.timings,
            overlapped: None,
            most_batches: None,
            rehearsed: None,
            ahead: None,
        }
    }

    /// What every agent has: its client, its journal, its view of L1.
    pub const fn agent(&self) -> &Agent<P, D, Aggregating> {
        &self.agent
    }

    pub(super) fn say(&self, event: super::RangeEvent) {
        self.agent.say(&Event::Own(event));
    }

    /// Takes rounds until `stop` completes. A provider that fails is asked again; any other error ends it.
    ///
    /// # Errors
    ///
    /// If the verifier in force stands for other circuits, if the store, the journal or the disk fails, or L1 contradicts itself.
    pub async fn run(&mut self, interval: Duration, stop: impl Future<Output = ()>) -> Result<(), AgentError> {
        tokio::pin!(stop);
        match self.agent.check_circuits().await {
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
    pub async fn step(&mut self) -> Result<(), AgentError> {
        for (work, ms) in self.timings.drain() {
            self.agent.parts.journal.took(&work, ms)?;
        }
        self.agent.parts.follower.sync_once().await?;
        let view = self.agent.view()?;
        if self.agent.journal().in_flight().is_some() {
            return self.wait_for_submission(&view).await;
        }
        if view.chain().status != Status::Running {
            return Ok(());
        }
        self.reconsider(&view).await?;
        self.shorten_if_settled(&view)?;
        let first = view.last_batch_of(view.chain().last_verified)? + 1;
        let goal = self.agent.journal().goal();
        let first = goal.map_or(first, |goal| first.min(goal.first_batch));
        self.agent.feed(&view, first..=view.chain().batches).await?;
        let costs = self.costs().await?;
        self.choose(&view, &costs).await?;
        self.work_ahead(&view).await?;
        self.pursue(&view, &costs).await?;
        self.agent.forget_matured(&view).await
    }

    /// The machine need not be idle while a transaction waits.
    async fn wait_for_submission(&mut self, view: &View) -> Result<(), AgentError> {
        self.follow_submission(view).await?;
        if self.agent.journal().in_flight().is_none() || view.chain().status != Status::Running {
            return Ok(());
        }
        let first = view.last_batch_of(view.chain().last_verified)? + 1;
        self.agent.feed(view, first..=view.chain().batches).await?;
        self.work_ahead(view).await
    }

    async fn costs(&self) -> Result<Costs, AgentError> {
        let suggested = Fees::suggested(self.agent.client()).await?;
        Ok(Costs {
            prices: self.prices,
            measured: self.agent.journal().measured(),
            gas_price: suggested.price(suggested),
        })
    }

    async fn work_ahead(&mut self, view: &View) -> Result<(), AgentError> {
        let first = view.last_batch_of(view.chain().last_verified)? + 1;
        self.drop_proven_work(first).await?;
        if !self.strategy.works_ahead() {
            return Ok(());
        }
        let pending = self.pending(view).await?;
        let last = pending.last().map(|pending| view.sequence(pending.sequence));
        let Some(last) = last.transpose()?.flatten() else {
            return Ok(());
        };
        if self.agent.route(last.rest.version).await?.is_err() {
            return Ok(());
        }
        self.ahead = Some(self.ahead.unwrap_or(first).min(first));
        let fold = Goal::Fold(first..last.last_batch() + 1);
        if let Progress::Failed { job, why } = self.agent.parts.proofs.advance(&fold).await? {
            self.agent.put_off(&job, &why).await?;
        }
        Ok(())
    }

    /// What was asked for ahead and somebody else has proven is nobody's work any more, unless the goal goes over it.
    async fn drop_proven_work(&mut self, first: u64) -> Result<(), AgentError> {
        let goal = self.agent.journal().goal();
        let needed = goal.map_or(first, |goal| first.min(goal.first_batch));
        if let Some(ahead) = self.ahead.filter(|ahead| *ahead < needed) {
            known_only(self.agent.parts.proofs.cancel(&Goal::Fold(ahead..needed)).await)?;
            self.ahead = Some(needed);
        }
        Ok(())
    }

    /// Proves the goal; sends the proof when it is there.
    async fn pursue(&mut self, view: &View, costs: &Costs) -> Result<(), AgentError> {
        let Some(goal) = self.agent.journal().goal().copied() else {
            return Ok(());
        };
        match self.agent.prove(&goal).await? {
            Progress::Proving { missing, .. } => self.weigh(view, goal, &missing, costs).await,
            Progress::Done(Some(id)) => {
                self.announce_overlap(view, &goal, true);
                self.submit(view, goal, id, costs).await
            }
            Progress::Failed { .. } | Progress::Done(None) => Ok(()),
        }
    }

    /// What comes now is another range.
    pub(super) fn forget_goal(&mut self) {
        self.overlapped = None;
        self.agent.forget_said();
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
