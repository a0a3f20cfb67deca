// SPDX-License-Identifier: MIT OR Apache-2.0
//! A submission that waits to be mined: looked after until it is, or cannot be any more.

use super::dry_run::{DryRun, reward_in};
use super::engine::{Aggregator, reward_of};
use super::error::AggregatorError;
use super::event::Event;
use super::goals::stands;
use super::journal::{InFlight, JournalError, Outcome};
use super::proofs::ProofSource;
use super::sender::{Fees, Sent, Signed};
use super::strategy::Offer;
use crate::chain::Status;
use crate::l1::L1Error;
use crate::store::{StoreError, View};
use alloy::eips::BlockId;
use alloy::primitives::{Address, Bytes};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionReceipt;

/// Gas of a transaction that only takes a nonce.
const TAKE_NONCE_GAS: u64 = 21_000;

/// Rounds after which a nonce that is used counts as another transaction's, and one that nothing has as free. A provider may have a
/// block before its receipts, and a block taken back before its transactions.
const UNSEEN_ROUNDS: u32 = 10;

impl<P: ProofSource, D: DryRun> Aggregator<P, D> {
    /// Looks after a submission until it is mined: settles it, sends it again, with a higher fee if it waits long and that pays, or
    /// takes its nonce with something cheaper if it can no longer be accepted.
    pub(super) async fn follow_submission(&mut self, view: &View) -> Result<(), AggregatorError> {
        let Some(in_flight) = self.parts.journal.in_flight().cloned() else {
            return Ok(());
        };
        // Before the receipts: what is mined between the two questions has one.
        let mined = self.nonce(BlockId::latest()).await?;
        for hash in &in_flight.hashes {
            let receipt = self.client().provider().get_transaction_receipt(*hash).await;
            if let Some(receipt) = receipt.map_err(L1Error::rpc("the receipt of the submission"))? {
                return Ok(self.settle(&in_flight, &receipt)?);
            }
        }
        if mined > in_flight.nonce {
            return Ok(self.miss_receipt(&in_flight)?);
        }
        if mined == in_flight.nonce || self.nonce(BlockId::pending()).await? > mined {
            self.unseen = 0;
        } else if self.miss_predecessor(&in_flight)? {
            return Ok(());
        }
        let now = self.client().latest().await?.timestamp;
        if let Some(why) = self.lost(view, &in_flight)?
            && !in_flight.cancelled
        {
            return self.cancel_submission(in_flight, now, why).await;
        }
        // The provider may have lost it.
        let sent = self.sender.send(self.client(), &in_flight.raw).await?;
        let waits = now.saturating_sub(in_flight.sent_at) < self.parts.resend_after;
        match (waits || sent == Sent::Refused, in_flight.cancelled) {
            (true, _) => Ok(()),
            (false, true) => self.take_nonce(in_flight, now).await.map(drop),
            (false, false) => self.raise(view, in_flight, now).await,
        }
    }

    fn settle(&mut self, in_flight: &InFlight, receipt: &TransactionReceipt) -> Result<(), JournalError> {
        let of_contract = receipt.to == Some(self.client().contracts().proof_of_efficiency);
        let outcome = Outcome {
            transaction: receipt.transaction_hash,
            last: in_flight.last,
            accepted: of_contract && receipt.status(),
            reward: reward_in(receipt),
            gas: receipt.gas_used,
            cost: u128::from(receipt.gas_used).saturating_mul(receipt.effective_gas_price),
        };
        let goal = self.parts.journal.goal().copied();
        let reverted = goal.filter(|goal| of_contract && !receipt.status() && goal.last == in_flight.last);
        self.parts.journal.settle(outcome, reverted.as_ref())?;
        self.rehearsed = None;
        if outcome.accepted {
            self.done_with_goal()?;
        }
        self.say(&Event::Settled(outcome));
        Ok(())
    }

    /// The nonce is used, and the provider has no receipt of what was sent with it.
    fn miss_receipt(&mut self, in_flight: &InFlight) -> Result<(), JournalError> {
        self.unseen += 1;
        if self.unseen < UNSEEN_ROUNDS {
            return Ok(());
        }
        self.say(&Event::Abandoned {
            last: in_flight.last,
            why: "its nonce was used by another transaction".into(),
        });
        self.parts.journal.set_in_flight(None)
    }

    /// L1 has taken back a transaction with a nonce before the submission's, and nobody has it any more: what waits for it would wait
    /// for ever. `true` if the submission is left to itself, so that the next one takes that nonce.
    fn miss_predecessor(&mut self, in_flight: &InFlight) -> Result<bool, JournalError> {
        self.unseen += 1;
        if self.unseen < UNSEEN_ROUNDS {
            return Ok(false);
        }
        self.unseen = 0;
        self.say(&Event::Abandoned {
            last: in_flight.last,
            why: "L1 has taken back a transaction before it, whose nonce nothing has now".into(),
        });
        self.parts.journal.set_in_flight(None)?;
        Ok(true)
    }

    /// Why a submission cannot be accepted any more, if it cannot.
    fn lost(&self, view: &View, in_flight: &InFlight) -> Result<Option<&'static str>, StoreError> {
        if view.chain().last_verified >= in_flight.last {
            return Ok(Some("somebody else was first"));
        }
        if view.chain().status != Status::Running {
            return Ok(Some("the contract has been halted"));
        }
        match self.parts.journal.goal() {
            Some(goal) if goal.last == in_flight.last && !stands(view, goal)? => {
                Ok(Some("L1 was reorganised or rewound under it"))
            }
            _ => Ok(None),
        }
    }

    async fn cancel_submission(
        &mut self,
        in_flight: InFlight,
        now: u64,
        why: &'static str,
    ) -> Result<(), AggregatorError> {
        let last = in_flight.last;
        if self.take_nonce(in_flight, now).await? {
            let why = why.to_owned();
            self.say(&Event::Cancelled { last, why });
        }
        Ok(())
    }

    /// A transaction to oneself costs less than a proof that is refused. `false` if its price has become absurd.
    async fn take_nonce(&mut self, mut in_flight: InFlight, now: u64) -> Result<bool, AggregatorError> {
        let suggested = Fees::suggested(self.client()).await?;
        let Some(fees) = suggested.above(&in_flight, !in_flight.cancelled) else {
            return Ok(false);
        };
        let own = self.sender.address();
        let signed = self
            .sender
            .sign(in_flight.nonce, own, Bytes::new(), TAKE_NONCE_GAS, fees)?;
        in_flight.cancelled = true;
        self.replace(in_flight, signed, fees, now).await?;
        Ok(true)
    }

    /// Offers more, if the strategy still wants it at that price; else the old bid stands.
    async fn raise(&mut self, view: &View, in_flight: InFlight, now: u64) -> Result<(), AggregatorError> {
        let Some((to, data, limit)) = read(&in_flight.raw) else {
            return Ok(self.parts.journal.set_in_flight(None)?);
        };
        let suggested = Fees::suggested(self.client()).await?;
        let Some(fees) = suggested.above(&in_flight, in_flight.hashes.len() == 1) else {
            return Ok(());
        };
        let offer = Offer {
            reward: reward_of(view, in_flight.last)?,
            remaining_ms: 0,
            // The limit is a fifth more than what was used on the fork.
            gas: limit / 6 * 5,
        };
        let costs = self.costs_at(fees.price(suggested));
        if self.parts.strategy.least_reward(&offer, &costs).is_none() {
            return Ok(());
        }
        let signed = self.sender.sign(in_flight.nonce, to, data, limit, fees)?;
        self.replace(in_flight, signed, fees, now).await
    }

    async fn replace(
        &mut self,
        mut in_flight: InFlight,
        signed: Signed,
        fees: Fees,
        now: u64,
    ) -> Result<(), AggregatorError> {
        in_flight.hashes.push(signed.hash);
        in_flight.raw = signed.raw.clone();
        (in_flight.max_fee, in_flight.priority_fee, in_flight.sent_at) = (fees.max, fees.priority, now);
        self.parts.journal.set_in_flight(Some(in_flight))?;
        self.sender.send(self.client(), &signed.raw).await?;
        Ok(())
    }
}

fn read(raw: &Bytes) -> Option<(Address, Bytes, u64)> {
    use alloy::consensus::{Transaction as _, TxEnvelope};
    use alloy::eips::eip2718::Decodable2718 as _;
    let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).ok()?;
    Some((transaction.to()?, transaction.input().clone(), transaction.gas_limit()))
}
