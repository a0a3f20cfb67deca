// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a proof to a transaction: no gas is spent on what can be known to fail.

use super::costs::Costs;
use super::dry_run::{DryRun, Rehearsal, Verdict};
use super::engine::{Aggregator, RETRY_ROUNDS, reward_of};
use super::error::AggregatorError;
use super::event::Event;
use super::journal::{GoalRecord, InFlight};
use super::proofs::ProofSource;
use super::sender::Fees;
use super::strategy::Offer;
use crate::l1::{L1Client, L1Error, preimage};
use crate::proving::{Id, ProvingError};
use crate::store::View;
use alloy::eips::BlockId;
use alloy::primitives::U256;
use alloy::primitives::aliases::U40;
use alloy::providers::Provider as _;
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
    ) -> Result<(), AggregatorError> {
        let reverts = self.parts.journal.reverts(&goal);
        if reverts >= MOST_REVERTS {
            self.decline(goal.last, format!("L1 has reverted it {reverts} times"));
            return self.reach_further(view, goal, costs).await;
        }
        let offer = Offer {
            reward: reward_of(view, goal.last)?,
            remaining_ms: 0,
            gas: costs.measured.gas,
        };
        let Some(least) = self.parts.strategy.least_reward(&offer, costs) else {
            self.decline(goal.last, "it earns less than its gas costs now".into());
            return self.reach_further(view, goal, costs).await;
        };
        let Some(rehearsal) = self.rehearsal(view, &goal, id, least).await? else {
            return Ok(());
        };
        let Some(gas) = self.accepted(view, &goal, id, &rehearsal).await? else {
            return Ok(());
        };
        let offer = Offer { gas, ..offer };
        if self.parts.strategy.least_reward(&offer, costs).is_none() {
            let why = format!("it takes {gas} gas, which costs more than it earns");
            self.decline(goal.last, why);
            return self.reach_further(view, goal, costs).await;
        }
        // The rehearsal took its time: another proof may have come, on the chain or in the pool.
        if let Some(error) = self.refused_by_call(&rehearsal).await? {
            self.decline(goal.last, format!("a call says {error}"));
            return Ok(());
        }
        self.send_submission(goal, rehearsal, gas).await
    }

    /// The transaction.
    async fn rehearsal(
        &mut self,
        view: &View,
        goal: &GoalRecord,
        id: Id,
        least: u128,
    ) -> Result<Option<Rehearsal>, AggregatorError> {
        // Tips are paid apart from the reward: L1 is asked for what batches must pay.
        let tips = reward_of(view, goal.last)?.saturating_sub(fees_of(view, goal.last)?);
        let min_reward = U256::from(least.saturating_sub(tips));
        let claim = preimage::claim(view, goal.init, goal.last, self.parts.beneficiary, min_reward)?;
        let route = u16::try_from(goal.route).unwrap_or(u16::MAX);
        let statement = poe_bindings::formats::statement(view.domain().into(), route, &claim)
            .map_err(|_| AggregatorError::Root { checkpoint: goal.init })?;
        let proof = match self.parts.proofs.contract_proof(id, &statement).await {
            Ok(proof) => proof,
            // It is made again.
            Err(ProvingError::NoProof(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let call = verifyBatchesCall {
            init: U40::wrapping_from(goal.init),
            last: U40::wrapping_from(goal.last),
            claim,
            proof: proof.bytes.into(),
        };
        let to = self.client().contracts().proof_of_efficiency;
        Ok(Some(Rehearsal {
            from: self.sender.address(),
            to,
            data: call.abi_encode().into(),
        }))
    }

    /// Whether everybody who can be asked for nothing accepts it, the cheapest first; the gas it takes.
    async fn accepted(
        &mut self,
        view: &View,
        goal: &GoalRecord,
        id: Id,
        rehearsal: &Rehearsal,
    ) -> Result<Option<u64>, AggregatorError> {
        if let Some(error) = self.refused_by_call(rehearsal).await? {
            if start_is_too_old(&error) {
                // It stays so (L1-23), but from the newest checkpoint on a proof is always in time.
                self.abandon(*goal, format!("a call says {error}")).await?;
            } else {
                self.decline(goal.last, format!("a call says {error}"));
            }
            return Ok(None);
        }
        self.parts.proofs.check(id).await?;
        match self.rehearse(view, goal, id, rehearsal).await? {
            Verdict::Accepted { gas, .. } => Ok(Some(gas)),
            Verdict::Refused(error) => {
                self.decline(goal.last, format!("the fork says {error}"));
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
    ) -> Result<Verdict, AggregatorError> {
        let verified = view.chain().last_verified;
        if let Some(known) = &mut self.rehearsed
            && (known.proof, known.verified) == (id, verified)
            && known.age < RETRY_ROUNDS
        {
            known.age += 1;
            return Ok(known.verdict.clone());
        }
        let verdict = self.parts.dry_run.rehearse(rehearsal).await?;
        if let Verdict::Accepted { gas, reward } = verdict {
            self.say(&Event::Rehearsed {
                last: goal.last,
                gas,
                reward,
            });
        }
        self.rehearsed = Some(Rehearsed {
            proof: id,
            verified,
            verdict: verdict.clone(),
            age: 0,
        });
        Ok(verdict)
    }

    /// The cheap check: a call, where another proof may be seen coming.
    async fn refused_by_call(&self, rehearsal: &Rehearsal) -> Result<Option<ContractError>, AggregatorError> {
        Ok(refused_by_call(self.client(), rehearsal).await?)
    }

    async fn send_submission(
        &mut self,
        goal: GoalRecord,
        rehearsal: Rehearsal,
        gas: u64,
    ) -> Result<(), AggregatorError> {
        let suggested = Fees::suggested(self.client()).await?;
        let fees = match suggested.first(self.parts.max_gas_price) {
            Ok(fees) => fees,
            Err(why) => {
                self.wait_for_gas(goal.last, "sending", why);
                return Ok(());
            }
        };
        // The state may change a little until it is mined: a fifth more, which is paid only if it is used.
        let limit = gas + gas / 5;
        let nonce = self.sender.nonce(self.client(), BlockId::latest()).await?;
        if self.sender.nonce(self.client(), BlockId::pending()).await? > nonce {
            let why = "a transaction of its key waits that it has not sent: give every aggregator a key of its own";
            self.decline(goal.last, why.into());
            return Ok(());
        }
        if let Some(lack) = self.sender.lacks(self.client(), limit, fees).await? {
            self.decline_for(goal.last, "ether", lack.of(self.sender.address()));
            return Ok(());
        }
        let signed = self.sender.sign(nonce, rehearsal.to, rehearsal.data, limit, fees)?;
        let sent_at = self.client().latest().await?.timestamp;
        let in_flight = InFlight::first(&signed, nonce, goal.last, fees, sent_at);
        self.parts.journal.set_in_flight(Some(in_flight))?;
        self.unseen = 0;
        self.sender.send(self.client(), &signed.raw).await?;
        self.say(&Event::Sent {
            last: goal.last,
            transaction: signed.hash,
        });
        Ok(())
    }
}

/// Batch fees that a proof up to a sequence earns, without tips.
fn fees_of(view: &View, last: u64) -> Result<u128, AggregatorError> {
    Ok(view.sequence(last)?.map_or(0, |sequence| view.reward(&sequence)))
}

/// Why a call on top of what waits in the provider's pool, or of its newest block, reverts, if one does.
pub(crate) async fn refused_by_call(
    client: &L1Client,
    rehearsal: &Rehearsal,
) -> Result<Option<ContractError>, L1Error> {
    for block in [BlockId::pending(), BlockId::latest()] {
        match client.provider().call(rehearsal.request()).block(block).await {
            Ok(_) => {}
            Err(error) => match ContractError::of_transport(&error) {
                Some(refused) => return Ok(Some(refused)),
                // Not every provider knows a pending block.
                None if block == BlockId::pending() => {}
                None => return Err(L1Error::rpc("a call of what would be sent")(error)),
            },
        }
    }
    Ok(None)
}
