// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which range to go for, and when to go for another.

use super::costs::Costs;
use super::engine::{Aggregator, reward_of};
use super::event::RangeEvent;
use super::strategy::{Offer, Pending, Situation};
use crate::agent::{AgentError, DryRun, GoalRecord, ProofSource};
use crate::l1::L1Error;
use crate::proving::{Goal, Job, Work};
use crate::store::{StoreError, View};
use alloy::primitives::B256;

impl<P: ProofSource, D: DryRun> Aggregator<P, D> {
    /// Gives the goal up if it is lost, and takes the route that judges its proof now.
    pub(super) async fn reconsider(&mut self, view: &View) -> Result<(), AgentError> {
        let Some(goal) = self.agent.journal().goal().copied() else {
            return Ok(());
        };
        let verified = view.chain().last_verified;
        if goal.last <= verified {
            return self
                .abandon(goal, format!("everything up to sequence {verified} is proven"))
                .await;
        }
        if !stands(view, &goal)? {
            return self
                .abandon(goal, "L1 was reorganised or rewound under it".into())
                .await;
        }
        if !self.agent.take_route_in_force(goal).await? {
            let why = "the verifier in force stands for other circuits";
            self.abandon(goal, why.into()).await?;
        }
        Ok(())
    }

    pub(super) async fn abandon(&mut self, goal: GoalRecord, why: String) -> Result<(), AgentError> {
        self.agent.abandon(goal, why).await?;
        self.forget_goal();
        Ok(())
    }

    /// What waits, as far as one proof can reach: sequences of one version, and no more batches than L1 takes at once (L1-22).
    pub(super) async fn pending(&mut self, view: &View) -> Result<Vec<Pending>, AgentError> {
        let most = self.most_batches().await?;
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
        Ok(within(pending, most))
    }

    /// Most batches that one proof may cover; the contract's constant.
    async fn most_batches(&mut self) -> Result<u64, AgentError> {
        if let Some(most) = self.most_batches {
            return Ok(most);
        }
        let most = self.agent.client().core().maxPendingBatches().call().await;
        let most = most.map_err(L1Error::call("maxPendingBatches"))?.to();
        self.most_batches = Some(most);
        Ok(most)
    }

    pub(super) async fn choose(&mut self, view: &View, costs: &Costs) -> Result<(), AgentError> {
        if self.agent.journal().goal().is_some() {
            return Ok(());
        }
        match self.pick(view, costs).await? {
            Some((goal, reward)) => self.go_for(goal, reward),
            None => Ok(()),
        }
    }

    fn go_for(&mut self, goal: GoalRecord, reward: u128) -> Result<(), AgentError> {
        self.agent.parts.journal.set_goal(Some(goal))?;
        self.say(RangeEvent::Chosen { goal, reward });
        Ok(())
    }

    /// The range that the strategy wants now, and what it earns. None that would not be sent: it would only be in the way.
    async fn pick(&mut self, view: &View, costs: &Costs) -> Result<Option<(GoalRecord, u128)>, AgentError> {
        let pending = self.pending(view).await?;
        if pending.is_empty() {
            return Ok(None);
        }
        let newest = view.checkpoints(1)?;
        let situation = Situation {
            now: self.agent.now(view).await?,
            last_proof_at: newest.first().map_or(0, |checkpoint| checkpoint.verified_at),
            pending: &pending,
            costs,
        };
        let last = self.strategy.target(&situation);
        let Some(target) = pending.iter().find(|pending| Some(pending.sequence) == last) else {
            return Ok(None);
        };
        let offer = Offer {
            reward: target.reward,
            remaining_ms: costs.measured.range_ms(target.batches),
            gas: costs.measured.gas,
        };
        if self.strategy.least_reward(&offer, costs).is_none() {
            return Ok(None);
        }
        let Some(sequence) = view.sequence(target.sequence)? else {
            return Ok(None);
        };
        let version = sequence.rest.version;
        let Ok(route) = self.agent.route(version).await? else {
            return Ok(None);
        };
        let init = view.chain().last_verified;
        let goal = GoalRecord {
            init,
            last: target.sequence,
            acc: sequence.acc.into(),
            first_batch: view.last_batch_of(init)? + 1,
            last_batch: sequence.last_batch(),
            version,
            route,
        };
        Ok(Some((goal, target.reward)))
    }

    /// A range whose proof is there and is not sent must not keep the aggregator from a longer one that pays.
    pub(super) async fn reach_further(
        &mut self,
        view: &View,
        goal: GoalRecord,
        costs: &Costs,
    ) -> Result<(), AgentError> {
        match self.pick(view, costs).await? {
            Some((longer, reward)) if longer.last > goal.last => {
                self.abandon(goal, format!("the range up to sequence {} pays", longer.last))
                    .await?;
                self.go_for(longer, reward)
            }
            _ => Ok(()),
        }
    }

    /// Whether a range whose beginning somebody else has proven is still worth it, and from where.
    pub(super) async fn weigh(
        &mut self,
        view: &View,
        goal: GoalRecord,
        missing: &[Job],
        costs: &Costs,
    ) -> Result<(), AgentError> {
        let verified = view.chain().last_verified;
        if goal.init >= verified {
            return Ok(());
        }
        let offer = Offer {
            reward: reward_of(view, goal.last)?,
            remaining_ms: missing.iter().map(|job| costs.measured.job_ms(&job.work)).sum(),
            gas: costs.measured.gas,
        };
        if self.strategy.least_reward(&offer, costs).is_none() {
            return self
                .abandon(goal, format!("what is left after sequence {verified} does not pay"))
                .await;
        }
        let shorter = from_checkpoint(view, goal)?;
        // Nothing is bound to a beneficiary yet, and joins of the shorter range are no more than of the longer.
        let unbound = missing.iter().filter(|job| !job.work.is_for_one_beneficiary()).count();
        let range = Goal::Range(shorter.first_batch..shorter.last_batch + 1);
        let instead = self.agent.parts.proofs.missing(&range).await?.len();
        let finalized = !missing.iter().any(|job| matches!(job.work, Work::Finalize { .. }));
        let kept = finalized || unbound <= instead;
        self.announce_overlap(view, &goal, kept);
        if kept {
            return Ok(());
        }
        let (longer, by) = (self.agent.contract_goal(&goal), self.agent.contract_goal(&shorter));
        self.agent.parts.proofs.replace(&longer, &by).await?;
        Ok(self.agent.parts.journal.set_goal(Some(shorter))?)
    }

    pub(super) fn announce_overlap(&mut self, view: &View, goal: &GoalRecord, kept: bool) {
        let verified = view.chain().last_verified;
        let overlap = Some((verified, goal.last));
        if goal.init < verified && self.overlapped != overlap {
            self.overlapped = overlap;
            let goal = *goal;
            self.say(RangeEvent::Overlapped { goal, verified, kept });
        }
    }

    /// Starts from the newest checkpoint if the beginning of the range has settled meanwhile: the store does not have its batches
    /// any more, and after a restart nobody else here does.
    pub(super) fn shorten_if_settled(&mut self, view: &View) -> Result<(), AgentError> {
        let Some(goal) = self.agent.journal().goal().copied() else {
            return Ok(());
        };
        let shorter = from_checkpoint(view, goal)?;
        let lost = (goal.first_batch..shorter.first_batch).find(|batch| !self.agent.feed.has(*batch));
        let Some(lost) = lost else { return Ok(()) };
        match view.batch_contents(lost) {
            Err(StoreError::Settled { .. }) => {
                self.announce_overlap(view, &goal, false);
                Ok(self.agent.parts.journal.set_goal(Some(shorter))?)
            }
            Err(error) => Err(error.into()),
            Ok(_) => Ok(()),
        }
    }
}

/// Whether L1 still has the end of a range and the checkpoint it starts from.
pub(super) fn stands(view: &View, goal: &GoalRecord) -> Result<bool, StoreError> {
    let same_end = view
        .sequence(goal.last)?
        .is_some_and(|sequence| B256::from(sequence.acc) == goal.acc);
    let verified = view.chain().last_verified;
    let start_stands = goal.init == 0 || (goal.init <= verified && view.checkpoint(goal.init)?.is_some());
    Ok(same_end && start_stands)
}

/// The same range from the newest checkpoint on.
fn from_checkpoint(view: &View, goal: GoalRecord) -> Result<GoalRecord, StoreError> {
    let init = view.chain().last_verified;
    Ok(GoalRecord {
        init,
        first_batch: view.last_batch_of(init)? + 1,
        ..goal
    })
}

/// As far as one proof may reach. What is pending may be more after a rewind.
fn within(mut pending: Vec<Pending>, most: u64) -> Vec<Pending> {
    pending.retain(|pending| pending.batches <= most);
    pending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_reaches_no_further_than_l1_takes_at_once() {
        let pending: Vec<Pending> = [30, 64, 65, 90]
            .iter()
            .zip(1..)
            .map(|(&batches, sequence)| Pending {
                sequence,
                batches,
                sequenced_at: 0,
                reward: 0,
            })
            .collect();
        let reached = |most| within(pending.clone(), most).last().map(|pending| pending.sequence);
        assert_eq!(
            [90, 89, 64, 30, 29].map(reached),
            [Some(4), Some(3), Some(2), Some(1), None]
        );
    }
}
