// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transactions of a watcher: rehearsed, noted, sent, looked after.

use super::engine::{FOUND, REWOUND, Watcher};
use super::event::Event;
use super::journal::{Outcome, Step};
use crate::aggregator::following::{TAKE_NONCE_GAS, UNSEEN_ROUNDS};
use crate::aggregator::sender::{Fate, Fees, Sent, Signed, leaving_room, read_call};
use crate::aggregator::submission::refused_by_call;
use crate::aggregator::{AggregatorError, DryRun, GoalRecord, InFlight, ProofSource, RETRY_ROUNDS, Rehearsal, Verdict};
use crate::l1::preimage;
use crate::proving::{Id, ProvingError};
use crate::store::View;
use alloy::eips::BlockId;
use alloy::primitives::aliases::U40;
use alloy::primitives::{B256, Bytes, U256, keccak256};
use alloy::rpc::types::TransactionReceipt;
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
    pub(super) async fn halt(&mut self, view: &View, goal: GoalRecord, id: Id) -> Result<(), AggregatorError> {
        let claim = preimage::claim(view, goal.init, goal.last, self.parts.beneficiary, U256::ZERO)?;
        let route = u16::try_from(goal.route).unwrap_or(u16::MAX);
        let statement = poe_bindings::formats::statement(view.domain().into(), route, &claim)
            .map_err(|_| AggregatorError::Root { checkpoint: goal.init })?;
        let proof = match self.parts.proofs.contract_proof(id, &statement).await {
            Ok(proof) => proof,
            // It is made again.
            Err(ProvingError::NoProof(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        self.parts.proofs.check(id).await?;
        let call = haltOnConflictCall {
            last: U40::wrapping_from(goal.last),
            conflict: Conflict {
                start: claim.start,
                end: preimage::checkpoint_at(view, goal.last)?,
                beneficiary: claim.beneficiary,
                newStateRoot: claim.newStateRoot,
                newExitAcc: claim.newExitAcc,
            },
            proof: proof.bytes.into(),
        };
        let step = Step::Halt {
            start: goal.init,
            end: goal.last,
        };
        self.take(step, call.abi_encode().into()).await.map(drop)
    }

    /// Takes a halted chain back, as far as one transaction goes. `false` if nothing was sent.
    pub(super) async fn rewind(&mut self, view: &View, way: &[u64]) -> Result<bool, AggregatorError> {
        let piece = &way[..way.len().min(self.parts.rewind_piece.max(2))];
        let (Some(&from), Some(&to)) = (piece.first(), piece.last()) else {
            return Ok(false);
        };
        let path = piece.iter().map(|number| preimage::checkpoint_at(view, *number));
        let path = path.collect::<Result<_, _>>()?;
        let data = rewindCall { path }.abi_encode();
        self.take(Step::Rewind { from, to }, data.into()).await
    }

    /// Sends a call of the contract that every rehearsal accepts. `false` if it was not sent.
    async fn take(&mut self, step: Step, data: Bytes) -> Result<bool, AggregatorError> {
        let rehearsal = Rehearsal {
            from: self.sender.address(),
            to: self.client().contracts().proof_of_efficiency,
            data,
        };
        if let Some(error) = refused_by_call(self.client(), &rehearsal).await? {
            return Ok(self.decline(step, format!("a call says {error}")));
        }
        let Some(gas) = self.rehearse(step, &rehearsal).await? else {
            return Ok(false);
        };
        let suggested = Fees::suggested(self.client()).await?;
        let fees = match suggested.first(self.parts.max_gas_price) {
            Ok(fees) => fees,
            Err(why) => {
                self.wait_for_gas(step, "sending", why);
                return Ok(false);
            }
        };
        self.send(step, rehearsal, gas, fees).await
    }

    /// The gas it takes on a fork; asked again after a while only if it was accepted.
    async fn rehearse(&mut self, step: Step, rehearsal: &Rehearsal) -> Result<Option<u64>, AggregatorError> {
        let digest = keccak256(&rehearsal.data);
        if let Some(known) = &mut self.rehearsed
            && known.digest == digest
            && known.age < RETRY_ROUNDS
        {
            known.age += 1;
            return Ok(Some(known.gas));
        }
        let gas = match self.parts.dry_run.rehearse(rehearsal).await? {
            Verdict::Accepted { gas, .. } => gas,
            Verdict::Refused(error) => {
                self.decline(step, format!("the fork says {error}"));
                return Ok(None);
            }
        };
        self.rehearsed = Some(Rehearsed { digest, gas, age: 0 });
        self.say_once(format!("rehearsed {step}"), &Event::Rehearsed { step, gas });
        Ok(Some(gas))
    }

    async fn send(&mut self, step: Step, rehearsal: Rehearsal, gas: u64, fees: Fees) -> Result<bool, AggregatorError> {
        // The state may change a little until it is mined: a fifth more, which is paid only if it is used.
        let limit = gas + gas / 5;
        let nonce = self.sender.nonce(self.client(), BlockId::latest()).await?;
        if self.sender.nonce(self.client(), BlockId::pending()).await? > nonce {
            let why = "a transaction of its key waits that it has not sent: give every watcher a key of its own";
            return Ok(self.decline(step, why.into()));
        }
        if let Some(lack) = self.sender.lacks(self.client(), limit, fees).await? {
            let why = lack.of(self.sender.address());
            self.say_once(format!("ether for {step}"), &Event::Declined { step, why });
            return Ok(false);
        }
        let signed = self.sender.sign(nonce, rehearsal.to, rehearsal.data, limit, fees)?;
        let now = self.client().latest().await?.timestamp;
        let in_flight = InFlight::first(&signed, nonce, step.checkpoint(), fees, now);
        self.parts.journal.set_in_flight(Some((step, in_flight)))?;
        self.unseen = 0;
        self.sender.send(self.client(), &signed.raw).await?;
        let transaction = signed.hash;
        self.say(&Event::Sent { step, transaction });
        Ok(true)
    }

    fn decline(&mut self, step: Step, why: String) -> bool {
        self.say_once(format!("declined {step} {why}"), &Event::Declined { step, why });
        false
    }

    fn wait_for_gas(&mut self, step: Step, doing: &'static str, why: String) {
        self.say_once(format!("{doing} {step}"), &Event::WaitsForGas { step, doing, why });
    }

    /// Looks after a transaction until it is mined: settles it, sends it again, with a higher fee if it waits long, or takes its nonce
    /// with something cheaper if it is of no use any more.
    pub(super) async fn follow(&mut self, view: &View) -> Result<(), AggregatorError> {
        let Some((step, in_flight)) = self.parts.journal.in_flight().cloned() else {
            return Ok(());
        };
        match self.sender.fate(self.client(), &in_flight).await? {
            Fate::Mined(receipt) => return self.settle(step, &receipt),
            Fate::Used => return self.miss_receipt(step),
            Fate::Stranded if self.miss_predecessor(step)? => return Ok(()),
            Fate::Stranded => {}
            Fate::Waits => self.unseen = 0,
        }
        let now = self.client().latest().await?.timestamp;
        if let Some(why) = self.lost(view, step)?
            && !in_flight.cancelled
        {
            if self.take_nonce(step, in_flight, now).await? {
                let why = why.to_owned();
                self.say(&Event::Cancelled { step, why });
            }
            return Ok(());
        }
        // The provider may have lost it.
        let sent = self.sender.send(self.client(), &in_flight.raw).await?;
        let waits = now.saturating_sub(in_flight.sent_at) < self.parts.resend_after;
        match (waits || sent == Sent::Refused, in_flight.cancelled) {
            (true, _) => Ok(()),
            (false, true) => self.take_nonce(step, in_flight, now).await.map(drop),
            (false, false) => self.raise(step, in_flight, now).await,
        }
    }

    fn settle(&mut self, step: Step, receipt: &TransactionReceipt) -> Result<(), AggregatorError> {
        let of_contract = receipt.to == Some(self.client().contracts().proof_of_efficiency);
        let outcome = Outcome {
            step,
            transaction: receipt.transaction_hash,
            accepted: of_contract && receipt.status(),
            gas: receipt.gas_used,
            cost: u128::from(receipt.gas_used).saturating_mul(receipt.effective_gas_price),
        };
        self.parts.journal.settle(outcome)?;
        // The next one may have the same reasons.
        self.said
            .retain(|key| key.starts_with(FOUND) || key.starts_with(REWOUND));
        self.say(&Event::Settled(outcome));
        Ok(())
    }

    /// The nonce is used, and the provider has no receipt of what was sent with it.
    fn miss_receipt(&mut self, step: Step) -> Result<(), AggregatorError> {
        self.unseen += 1;
        if self.unseen >= UNSEEN_ROUNDS {
            let why = "its nonce was used by another transaction".to_owned();
            self.say(&Event::Declined { step, why });
            self.parts.journal.set_in_flight(None)?;
        }
        Ok(())
    }

    /// A transaction before it has been taken back by L1, and nobody has it any more. `true` if this one is left to itself, so that the
    /// next one takes that nonce.
    fn miss_predecessor(&mut self, step: Step) -> Result<bool, AggregatorError> {
        self.unseen += 1;
        if self.unseen < UNSEEN_ROUNDS {
            return Ok(false);
        }
        self.unseen = 0;
        let why = "L1 has taken back a transaction before it, whose nonce nothing has now".to_owned();
        self.say(&Event::Declined { step, why });
        self.parts.journal.set_in_flight(None)?;
        Ok(true)
    }

    /// A transaction to oneself costs less than one that reverts. `false` if that costs too much.
    async fn take_nonce(&mut self, step: Step, mut in_flight: InFlight, now: u64) -> Result<bool, AggregatorError> {
        let suggested = Fees::suggested(self.client()).await?;
        let fees = match suggested.above(&in_flight, !in_flight.cancelled, self.parts.max_gas_price) {
            Ok(fees) => fees,
            Err(why) => {
                self.wait_for_gas(step, "cancelling", why);
                return Ok(false);
            }
        };
        let own = self.sender.address();
        let signed = self
            .sender
            .sign(in_flight.nonce, own, Bytes::new(), TAKE_NONCE_GAS, fees)?;
        in_flight.cancelled = true;
        self.replace(step, in_flight, &signed, fees, now).await?;
        Ok(true)
    }

    async fn raise(&mut self, step: Step, in_flight: InFlight, now: u64) -> Result<(), AggregatorError> {
        let Some((to, data, limit)) = read_call(&in_flight.raw) else {
            return Ok(self.parts.journal.set_in_flight(None)?);
        };
        let suggested = Fees::suggested(self.client()).await?;
        let first = in_flight.hashes.len() == 1;
        let most = self.parts.max_gas_price.map(leaving_room);
        match suggested.above(&in_flight, first, most) {
            Ok(fees) => {
                let signed = self.sender.sign(in_flight.nonce, to, data, limit, fees)?;
                self.replace(step, in_flight, &signed, fees, now).await
            }
            Err(why) => {
                self.wait_for_gas(step, "raising", why);
                Ok(())
            }
        }
    }

    async fn replace(
        &mut self,
        step: Step,
        mut in_flight: InFlight,
        signed: &Signed,
        fees: Fees,
        now: u64,
    ) -> Result<(), AggregatorError> {
        in_flight.replaced(signed, fees, now);
        self.parts.journal.set_in_flight(Some((step, in_flight)))?;
        self.sender.send(self.client(), &signed.raw).await?;
        Ok(())
    }
}
