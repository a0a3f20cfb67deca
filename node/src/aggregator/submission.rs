// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a proof to a transaction: no gas is spent on what can be known to fail.

use super::costs::Costs;
use super::engine::{Aggregator, reward_of};
use super::event::RangeEvent;
use super::strategy::Offer;
use crate::agent::{AgentError, DryRun, GoalRecord, ProofSource, RETRY_ROUNDS, Rehearsal, Verdict};
use crate::proving::Id;
use crate::store::View;
use alloy::primitives::U256;
use alloy::primitives::aliases::U40;
use alloy::sol_types::SolCall as _;
use poe_bindings::ContractError;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{ProofOfEfficiencyErrors, verifyBatchesCall};

/// How often L1 may revert submissions of a range before that is left to others.
const MOST_REVERTS: u32 = 2;

fn start_is_too_old(error: &ContractError) -> bool {
    matches!(error, ContractError::Core(error) if matches!(**error, ProofOfEfficiencyErrors::StartTooOld(_)))
}

/// How a rehearsal went. It holds while the proof and the newest checkpoint are the same.
#[derive(Debug)]
pub(super) struct Rehearsed {
    proof: Id,
    verified: u64,
    verdict: Verdict,
    /// Rounds since.
    age: u32,
}

impl<P: ProofSource, D: DryRun> Aggregator<P, D> {
    /// Sends the proof of the goal, if it pays and every rehearsal accepts it. One that does not pay makes way for a longer range.
    pub(super) async fn submit(
        &mut self,
        view: &View,
        goal: GoalRecord,
        id: Id,
        costs: &Costs,
    ) -> Result<(), AgentError> {
        let reverts = self.agent.journal().reverts(&goal);
        if reverts >= MOST_REVERTS {
            let why = format!("L1 has reverted it {reverts} times");
            self.agent.decline(goal.last, why);
            return self.reach_further(view, goal, costs).await;
        }
        let offer = Offer {
            reward: reward_of(view, goal.last)?,
            remaining_ms: 0,
            gas: costs.measured.gas,
        };
        let Some(least) = self.strategy.least_reward(&offer, costs) else {
            let why = "it earns less than its gas costs now";
            self.agent.decline(goal.last, why.into());
            return self.reach_further(view, goal, costs).await;
        };
        let Some(rehearsal) = self.rehearsal(view, &goal, id, least).await? else {
            return Ok(());
        };
        let Some(gas) = self.accepted(view, &goal, id, &rehearsal).await? else {
            return Ok(());
        };
        let offer = Offer { gas, ..offer };
        if self.strategy.least_reward(&offer, costs).is_none() {
            let why = format!("it takes {gas} gas, which costs more than it earns");
            self.agent.decline(goal.last, why);
            return self.reach_further(view, goal, costs).await;
        }
        // The rehearsal took its time: another proof may have come, on the chain or in the pool.
        if let Some(error) = self.agent.refused_by_call(&rehearsal).await? {
            self.agent.decline(goal.last, format!("a call says {error}"));
            return Ok(());
        }
        if self.agent.send(goal.last, rehearsal, gas).await? {
            self.agent.forget_said();
        }
        Ok(())
    }

    /// The transaction.
    async fn rehearsal(
        &self,
        view: &View,
        goal: &GoalRecord,
        id: Id,
        least: u128,
    ) -> Result<Option<Rehearsal>, AgentError> {
        // Tips are paid apart from the reward: L1 is asked for what batches must pay.
        let tips = reward_of(view, goal.last)?.saturating_sub(fees_of(view, goal.last)?);
        let min_reward = U256::from(least.saturating_sub(tips));
        let Some((claim, proof)) = self.agent.proof(view, goal, id, min_reward).await? else {
            return Ok(None);
        };
        let call = verifyBatchesCall {
            init: U40::wrapping_from(goal.init),
            last: U40::wrapping_from(goal.last),
            claim,
            proof,
        };
        Ok(Some(self.agent.rehearsal(call.abi_encode().into())))
    }

    /// Whether everybody who can be asked for nothing accepts it, the cheapest first; the gas it takes.
    async fn accepted(
        &mut self,
        view: &View,
        goal: &GoalRecord,
        id: Id,
        rehearsal: &Rehearsal,
    ) -> Result<Option<u64>, AgentError> {
        if let Some(error) = self.agent.refused_by_call(rehearsal).await? {
            if start_is_too_old(&error) {
                // It stays so (L1-23), but from the newest checkpoint on a proof is always in time.
                self.abandon(*goal, format!("a call says {error}")).await?;
            } else {
                self.agent.decline(goal.last, format!("a call says {error}"));
            }
            return Ok(None);
        }
        self.agent.parts.proofs.check(id).await?;
        match self.rehearse(view, goal, id, rehearsal).await? {
            Verdict::Accepted { gas, .. } => Ok(Some(gas)),
            Verdict::Refused(error) => {
                self.agent.decline(goal.last, format!("the fork says {error}"));
                Ok(None)
            }
        }
    }

    /// On a fork, unless that has been done lately and nothing has been proven since.
    async fn rehearse(
        &mut self,
        view: &View,
        goal: &GoalRecord,
        id: Id,
        rehearsal: &Rehearsal,
    ) -> Result<Verdict, AgentError> {
        let verified = view.chain().last_verified;
        if let Some(known) = &mut self.rehearsed
            && (known.proof, known.verified) == (id, verified)
            && known.age < RETRY_ROUNDS
        {
            known.age += 1;
            return Ok(known.verdict.clone());
        }
        let verdict = self.agent.parts.dry_run.rehearse(rehearsal).await?;
        if let Verdict::Accepted { gas, reward } = verdict {
            let last = goal.last;
            self.say(RangeEvent::Rehearsed { last, gas, reward });
        }
        self.rehearsed = Some(Rehearsed {
            proof: id,
            verified,
            verdict: verdict.clone(),
            age: 0,
        });
        Ok(verdict)
    }
}

/// Batch fees that a proof up to a sequence earns, without tips.
fn fees_of(view: &View, last: u64) -> Result<u128, AgentError> {
    Ok(view.sequence(last)?.map_or(0, |sequence| view.reward(&sequence)))
}
