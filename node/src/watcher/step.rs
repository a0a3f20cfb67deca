// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transactions of a watcher: rehearsed, noted, sent, looked after.

use super::engine::Watcher;
use super::event::{ContestEvent, Event};
use super::journal::{Outcome, Step};
use crate::agent::{
    AgentError, DryRun, GoalRecord, JournalError, Mined, ProofSource, RETRY_ROUNDS, Rehearsal, Verdict,
};
use crate::l1::preimage;
use crate::proving::Id;
use crate::store::View;
use alloy::primitives::aliases::U40;
use alloy::primitives::{B256, Bytes, U256, keccak256};
use alloy::sol_types::SolCall as _;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{Conflict, haltOnConflictCall, rewindCall};

/// A call that a fork has accepted.
pub(super) struct Rehearsed {
    digest: B256,
    gas: u64,
    /// Rounds since.
    age: u32,
}

impl<P: ProofSource, D: DryRun> Watcher<P, D> {
    /// Halts the chain with the proof of a goal, if every rehearsal accepts it.
    pub(super) async fn halt(&mut self, view: &View, goal: GoalRecord, id: Id) -> Result<(), AgentError> {
        let Some((claim, proof)) = self.agent.proof(view, &goal, id, U256::ZERO).await? else {
            return Ok(());
        };
        self.agent.parts.proofs.check(id).await?;
        let call = haltOnConflictCall {
            last: U40::wrapping_from(goal.last),
            conflict: Conflict {
                start: claim.start,
                end: preimage::checkpoint_at(view, goal.last)?,
                beneficiary: claim.beneficiary,
                newStateRoot: claim.newStateRoot,
                newExitAcc: claim.newExitAcc,
            },
            proof,
        };
        let step = Step::Halt {
            start: goal.init,
            end: goal.last,
        };
        self.take(step, call.abi_encode().into()).await.map(drop)
    }

    /// Takes a halted chain back, as far as one transaction goes. `false` if nothing was sent.
    pub(super) async fn rewind(&mut self, view: &View, way: &[u64]) -> Result<bool, AgentError> {
        let piece = &way[..way.len().min(self.rewind_piece.max(2))];
        let (Some(&from), Some(&to)) = (piece.first(), piece.last()) else {
            return Ok(false);
        };
        let path = piece.iter().map(|number| preimage::checkpoint_at(view, *number));
        let path = path.collect::<Result<_, _>>()?;
        let data = rewindCall { path }.abi_encode();
        self.take(Step::Rewind { from, to }, data.into()).await
    }

    /// Sends a call of the contract that every rehearsal accepts. `false` if it was not sent.
    async fn take(&mut self, step: Step, data: Bytes) -> Result<bool, AgentError> {
        let rehearsal = self.agent.rehearsal(data);
        if let Some(error) = self.agent.refused_by_call(&rehearsal).await? {
            self.agent.decline(step, format!("a call says {error}"));
            return Ok(false);
        }
        let Some(gas) = self.rehearse(step, &rehearsal).await? else {
            return Ok(false);
        };
        self.agent.send(step, rehearsal, gas).await
    }

    /// The gas it takes on a fork; asked again after a while only if it was accepted.
    async fn rehearse(&mut self, step: Step, rehearsal: &Rehearsal) -> Result<Option<u64>, AgentError> {
        let digest = keccak256(&rehearsal.data);
        if let Some(known) = &mut self.rehearsed
            && known.digest == digest
            && known.age < RETRY_ROUNDS
        {
            known.age += 1;
            return Ok(Some(known.gas));
        }
        let gas = match self.agent.parts.dry_run.rehearse(rehearsal).await? {
            Verdict::Accepted { gas, .. } => gas,
            Verdict::Refused(error) => {
                self.agent.decline(step, format!("the fork says {error}"));
                return Ok(None);
            }
        };
        self.rehearsed = Some(Rehearsed { digest, gas, age: 0 });
        let event = Event::Own(ContestEvent::Rehearsed { step, gas });
        self.agent.say_once(format!("{step} rehearsed"), &event);
        Ok(Some(gas))
    }

    /// Looks after the transaction on its way, and settles it if it is mined.
    pub(super) async fn follow(&mut self, view: &View) -> Result<(), AgentError> {
        let Some((step, _)) = self.agent.journal().in_flight() else {
            return Ok(());
        };
        let lost = self.lost(view, *step)?;
        match self.agent.follow(lost, |_, _| Ok(true)).await? {
            Some(mined) => Ok(self.settle(&mined)?),
            None => Ok(()),
        }
    }

    fn settle(&mut self, mined: &Mined<Step>) -> Result<(), JournalError> {
        let outcome = Outcome {
            step: mined.step,
            transaction: mined.transaction,
            accepted: mined.accepted,
            gas: mined.gas,
            cost: mined.cost,
        };
        self.agent.parts.journal.settle(outcome)?;
        self.agent.forget_said();
        self.agent.say(&Event::Settled(outcome));
        Ok(())
    }
}
