// SPDX-License-Identifier: MIT OR Apache-2.0
//! A submission that waits to be mined: looked after until it is, or cannot be any more.

use super::dry_run::{DryRun, reward_in};
use super::engine::{Aggregator, reward_of};
use super::error::AggregatorError;
use super::event::Event;
use super::goals::stands;
use super::journal::{InFlight, JournalError, Outcome};
use super::proofs::ProofSource;
use super::sender::{Fate, Fees, Sent, Signed, leaving_room, read_call};
use super::strategy::Offer;
use crate::chain::Status;
use crate::store::{StoreError, View};
use alloy::primitives::Bytes;
use alloy::rpc::types::TransactionReceipt;

/// Gas of a transaction that only takes a nonce.
pub(crate) const TAKE_NONCE_GAS: u64 = 21_000;

/// Rounds after which a nonce that is used counts as another transaction's, and one that nothing has as free. A provider may have a
/// block before its receipts, and a block taken back before its transactions.
pub(crate) const UNSEEN_ROUNDS: u32 = 10;

impl<P: ProofSource, D: DryRun> Aggregator<P, D> {
    /// Looks after a submission until it is mined: settles it, sends it again, with a higher fee if it waits long and that pays, or
    /// takes its nonce with something cheaper if it can no longer be accepted.
    pub(super) async fn follow_submission(&mut self, view: &View) -> Result<(), AggregatorError> {
        let Some(in_flight) = self.parts.journal.in_flight().cloned() else {
            return Ok(());
        };
        match self.sender.fate(self.client(), &in_flight).await? {
            Fate::Mined(receipt) => return Ok(self.settle(&in_flight, &receipt)?),
            Fate::Used => return Ok(self.miss_receipt(&in_flight)?),
            Fate::Stranded if self.miss_predecessor(&in_flight)? => return Ok(()),
            Fate::Stranded => {}
            Fate::Waits => self.unseen = 0,
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
        let limit = self.parts.max_gas_price;
        let fees = match suggested.above(&in_flight, !in_flight.cancelled, limit) {
            Ok(fees) => fees,
            Err(why) => {
                self.wait_for_gas(in_flight.last, "cancelling", why);
                return Ok(false);
            }
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
        let Some((to, data, limit)) = read_call(&in_flight.raw) else {
            return Ok(self.parts.journal.set_in_flight(None)?);
        };
        let suggested = Fees::suggested(self.client()).await?;
        let (first, most) = (in_flight.hashes.len() == 1, self.parts.max_gas_price.map(leaving_room));
        let fees = match suggested.above(&in_flight, first, most) {
            Ok(fees) => fees,
            Err(why) => {
                self.wait_for_gas(in_flight.last, "raising", why);
                return Ok(());
            }
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
        in_flight.replaced(&signed, fees, now);
        self.parts.journal.set_in_flight(Some(in_flight))?;
        self.sender.send(self.client(), &signed.raw).await?;
        Ok(())
    }
}
