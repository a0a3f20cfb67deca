// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a proof to a transaction: no gas is spent on what can be known to fail.

use super::costs::Costs;
use super::dry_run::{DryRun, Rehearsal, Verdict, reward_in};
use super::engine::{Aggregator, reward_of};
use super::error::AggregatorError;
use super::event::Event;
use super::journal::{GoalRecord, InFlight, Outcome};
use super::proofs::ProofSource;
use super::sender::Fees;
use super::strategy::Offer;
use crate::l1::{L1Error, preimage};
use crate::proving::{Id, ProvingError};
use crate::store::View;
use alloy::eips::BlockId;
use alloy::primitives::aliases::U40;
use alloy::primitives::{Bytes, U256};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionReceipt;
use alloy::sol_types::SolCall as _;
use poe_bindings::ContractError;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::verifyBatchesCall;

/// Gas of a transaction that only takes a nonce.
const TAKE_NONCE_GAS: u64 = 21_000;

impl<P: ProofSource, D: DryRun> Aggregator<P, D> {
    /// Sends the proof of the goal, if it pays and every rehearsal accepts it.
    pub(super) async fn submit(
        &mut self,
        view: &View,
        goal: GoalRecord,
        id: Id,
        costs: &Costs,
    ) -> Result<(), AggregatorError> {
        let reward = reward_of(view, goal.last)?;
        let offer = Offer {
            reward,
            remaining_ms: 0,
            gas: costs.measured.gas,
        };
        let Some(least) = self.parts.strategy.least_reward(&offer, costs) else {
            self.decline(goal.last, "it earns less than its gas costs now".into());
            return Ok(());
        };
        let Some(rehearsal) = self.rehearsal(view, &goal, id, least).await? else {
            return Ok(());
        };
        if let Some(error) = self.refused_by_call(&rehearsal).await? {
            self.decline(goal.last, format!("a call says {error}"));
            return Ok(());
        }
        let (gas, earned) = match self.parts.dry_run.rehearse(&rehearsal).await? {
            Verdict::Accepted { gas, reward } => (gas, reward),
            Verdict::Refused(error) => {
                self.decline(goal.last, format!("the fork says {error}"));
                return Ok(());
            }
        };
        self.say(&Event::Rehearsed {
            last: goal.last,
            gas,
            reward: earned,
        });
        if self
            .parts
            .strategy
            .least_reward(&Offer { gas, ..offer }, costs)
            .is_none()
        {
            self.decline(goal.last, format!("it takes {gas} gas, which costs more than it earns"));
            return Ok(());
        }
        // The rehearsal took its time.
        if self.verified_now().await? >= goal.last {
            return Ok(());
        }
        self.send_submission(goal, rehearsal, gas).await
    }

    /// The transaction, with a proof that was verified natively.
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

    /// The cheap check: a call on top of what waits in the provider's pool, where another proof may be seen coming.
    async fn refused_by_call(&self, rehearsal: &Rehearsal) -> Result<Option<ContractError>, AggregatorError> {
        for block in [BlockId::pending(), BlockId::latest()] {
            match self.client().provider().call(rehearsal.request()).block(block).await {
                Ok(_) => {}
                Err(error) => match ContractError::of_transport(&error) {
                    Some(refused) => return Ok(Some(refused)),
                    // Not every provider knows a pending block.
                    None if block == BlockId::pending() => {}
                    None => return Err(L1Error::rpc("a call of verifyBatches")(error).into()),
                },
            }
        }
        Ok(None)
    }

    async fn verified_now(&self) -> Result<u64, AggregatorError> {
        let head = self
            .client()
            .core()
            .head()
            .call()
            .await
            .map_err(L1Error::call("head"))?;
        Ok(head.lastVerified.to())
    }

    async fn send_submission(
        &mut self,
        goal: GoalRecord,
        rehearsal: Rehearsal,
        gas: u64,
    ) -> Result<(), AggregatorError> {
        let fees = Fees::suggested(self.client()).await?;
        let nonce = self
            .client()
            .provider()
            .get_transaction_count(self.sender.address())
            .await;
        let nonce = nonce.map_err(L1Error::rpc("asking for the nonce"))?;
        // The state may change a little until it is mined: a fifth more, which is paid only if it is used.
        let signed = self
            .sender
            .sign(nonce, rehearsal.to, rehearsal.data, gas + gas / 5, fees)?;
        let sent_at = self.client().latest().await?.timestamp;
        self.parts.journal.set_in_flight(Some(InFlight {
            hashes: vec![signed.hash],
            raw: signed.raw.clone(),
            nonce,
            last: goal.last,
            max_fee: fees.max,
            priority_fee: fees.priority,
            sent_at,
            cancelled: false,
        }))?;
        self.sender.send(self.client(), &signed.raw).await?;
        self.say(&Event::Sent {
            last: goal.last,
            transaction: signed.hash,
        });
        Ok(())
    }

    /// Looks after a submission until it is mined: settles it, sends it again, with a higher fee if it waits long, or takes its
    /// nonce with something cheaper if it has become late.
    pub(super) async fn follow_submission(&mut self, view: &View) -> Result<(), AggregatorError> {
        let Some(in_flight) = self.parts.journal.in_flight().cloned() else {
            return Ok(());
        };
        for hash in &in_flight.hashes {
            let receipt = self.client().provider().get_transaction_receipt(*hash).await;
            if let Some(receipt) = receipt.map_err(L1Error::rpc("the receipt of the submission"))? {
                return self.settle(&in_flight, &receipt);
            }
        }
        let nonce = self
            .client()
            .provider()
            .get_transaction_count(self.sender.address())
            .await;
        if nonce.map_err(L1Error::rpc("asking for the nonce"))? > in_flight.nonce {
            // Something else of this key was mined: the submission cannot be any more.
            self.say(&Event::Abandoned {
                last: in_flight.last,
                why: "its nonce was used by another transaction".into(),
            });
            return Ok(self.parts.journal.set_in_flight(None)?);
        }
        let late = view.chain().last_verified >= in_flight.last;
        let now = self.client().latest().await?.timestamp;
        if late && !in_flight.cancelled {
            return self.cancel_submission(in_flight, now).await;
        }
        if now.saturating_sub(in_flight.sent_at) < self.parts.resend_after {
            // The provider may have lost it.
            return Ok(self.sender.send(self.client(), &in_flight.raw).await?);
        }
        if in_flight.cancelled {
            return self.cancel_submission(in_flight, now).await;
        }
        self.raise(in_flight, now).await
    }

    fn settle(&mut self, in_flight: &InFlight, receipt: &TransactionReceipt) -> Result<(), AggregatorError> {
        let of_contract = receipt.to == Some(self.client().contracts().proof_of_efficiency);
        let outcome = Outcome {
            transaction: receipt.transaction_hash,
            last: in_flight.last,
            accepted: of_contract && receipt.status(),
            reward: reward_in(receipt),
            gas: receipt.gas_used,
            cost: u128::from(receipt.gas_used).saturating_mul(receipt.effective_gas_price),
        };
        self.parts.journal.settle(outcome)?;
        if outcome.accepted {
            self.done_with_goal()?;
        }
        self.say(&Event::Settled(outcome));
        Ok(())
    }

    /// A transaction to oneself costs less than a late proof.
    async fn cancel_submission(&mut self, mut in_flight: InFlight, now: u64) -> Result<(), AggregatorError> {
        let fees = Fees::suggested(self.client()).await?.above(&in_flight);
        let own = self.sender.address();
        let signed = self
            .sender
            .sign(in_flight.nonce, own, Bytes::new(), TAKE_NONCE_GAS, fees)?;
        let last = in_flight.last;
        in_flight.cancelled = true;
        self.replace(in_flight, signed, fees, now).await?;
        self.say(&Event::Cancelled { last });
        Ok(())
    }

    async fn raise(&mut self, in_flight: InFlight, now: u64) -> Result<(), AggregatorError> {
        let sent = read(&in_flight.raw);
        let Some((to, data, gas)) = sent else {
            return Ok(self.parts.journal.set_in_flight(None)?);
        };
        let fees = Fees::suggested(self.client()).await?.above(&in_flight);
        let signed = self.sender.sign(in_flight.nonce, to, data, gas, fees)?;
        self.replace(in_flight, signed, fees, now).await
    }

    async fn replace(
        &mut self,
        mut in_flight: InFlight,
        signed: super::sender::Signed,
        fees: Fees,
        now: u64,
    ) -> Result<(), AggregatorError> {
        in_flight.hashes.push(signed.hash);
        in_flight.raw = signed.raw.clone();
        (in_flight.max_fee, in_flight.priority_fee, in_flight.sent_at) = (fees.max, fees.priority, now);
        self.parts.journal.set_in_flight(Some(in_flight))?;
        Ok(self.sender.send(self.client(), &signed.raw).await?)
    }
}

/// Batch fees that a proof up to a sequence earns, without tips.
fn fees_of(view: &View, last: u64) -> Result<u128, AggregatorError> {
    Ok(view.sequence(last)?.map_or(0, |sequence| view.reward(&sequence)))
}

fn read(raw: &Bytes) -> Option<(alloy::primitives::Address, Bytes, u64)> {
    use alloy::consensus::{Transaction as _, TxEnvelope};
    use alloy::eips::eip2718::Decodable2718 as _;
    let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).ok()?;
    Some((transaction.to()?, transaction.input().clone(), transaction.gas_limit()))
}
