// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transactions of an agent, one at a time: noted, sent, looked after until they are mined, or cannot be any more.

use super::dry_run::{DryRun, Rehearsal};
use super::engine::Agent;
use super::event::Event;
use super::journal::{InFlight, JournalError};
use super::proofs::ProofSource;
use super::sender::{Fate, Fees, Sent, leaving_room, read_call};
use super::{AgentError, Role};
use crate::l1::{L1Error, Signed};
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, Bytes};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionReceipt;
use poe_bindings::ContractError;

/// Gas of a transaction that only takes a nonce.
const TAKE_NONCE_GAS: u64 = 21_000;

/// Rounds after which a nonce that is used counts as another transaction's, and one that nothing has as free. A provider may have a
/// block before its receipts, and a block taken back before its transactions.
const UNSEEN_ROUNDS: u32 = 10;

/// A transaction that was mined.
pub(crate) struct Mined<S> {
    /// What it was for.
    pub(crate) step: S,
    pub(crate) transaction: B256,
    /// Whether it called the contract; else it only took a nonce.
    pub(crate) is_call: bool,
    /// Whether the contract accepted it.
    pub(crate) accepted: bool,
    pub(crate) gas: u64,
    /// Wei paid for it.
    pub(crate) cost: u128,
    pub(crate) receipt: Box<TransactionReceipt>,
}

impl<S> Mined<S> {
    fn new(step: S, contract: Address, receipt: Box<TransactionReceipt>) -> Self {
        let is_call = receipt.to == Some(contract);
        Self {
            step,
            transaction: receipt.transaction_hash,
            is_call,
            accepted: is_call && receipt.status(),
            gas: receipt.gas_used,
            cost: u128::from(receipt.gas_used).saturating_mul(receipt.effective_gas_price),
            receipt,
        }
    }
}

impl<P: ProofSource, D: DryRun, R: Role> Agent<P, D, R> {
    /// A call of the contract.
    pub(crate) fn rehearsal(&self, data: Bytes) -> Rehearsal {
        Rehearsal {
            from: self.sender.address(),
            to: self.client().contracts().proof_of_efficiency,
            data,
        }
    }

    /// Why a call on top of what waits in the provider's pool, or of its newest block, reverts, if one does.
    pub(crate) async fn refused_by_call(&self, rehearsal: &Rehearsal) -> Result<Option<ContractError>, L1Error> {
        for block in [BlockId::pending(), BlockId::latest()] {
            match self.client().provider().call(rehearsal.request()).block(block).await {
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

    /// Sends a call that every rehearsal has accepted, with the gas it took. `false` if it is not sent as things are.
    pub(crate) async fn send(&mut self, step: R::Step, call: Rehearsal, gas: u64) -> Result<bool, AgentError> {
        let suggested = Fees::suggested(self.client()).await?;
        let fees = match suggested.first(self.parts.max_gas_price) {
            Ok(fees) => fees,
            Err(why) => {
                self.wait_for_gas(step, "sending", why);
                return Ok(false);
            }
        };
        // The state may change a little until it is mined: a fifth more, which is paid only if it is used.
        let limit = gas + gas / 5;
        let nonce = self.sender.nonce(self.client(), BlockId::latest()).await?;
        if self.sender.nonce(self.client(), BlockId::pending()).await? > nonce {
            let own = format!("give every {} a key of its own", R::KIND);
            self.decline(
                step,
                format!("a transaction of its key waits that it has not sent: {own}"),
            );
            return Ok(false);
        }
        if let Some(lack) = self.sender.lacks(self.client(), limit, fees).await? {
            self.decline_for(step, "ether", lack.of(self.sender.address()));
            return Ok(false);
        }
        let signed = self.sender.sign(nonce, call.to, call.data, limit, fees)?;
        let now = self.client().latest().await?.timestamp;
        let in_flight = InFlight::first(&signed, nonce, R::sequence(step), fees, now);
        self.unseen = 0;
        self.note_and_send(step, in_flight, &signed).await?;
        let transaction = signed.hash;
        self.say(&Event::Sent { step, transaction });
        Ok(true)
    }

    /// Looks after the transaction on its way: sends it again, with a higher fee if it waits long and `pays` says so of its gas and the
    /// price of that, or takes its nonce with something cheaper if it is `lost`. What it was, if it is mined.
    pub(crate) async fn follow(
        &mut self,
        lost: Option<&'static str>,
        pays: impl FnOnce(u64, u128) -> Result<bool, AgentError> + Send,
    ) -> Result<Option<Mined<R::Step>>, AgentError> {
        let Some((step, in_flight)) = self.parts.journal.in_flight().map(R::split) else {
            return Ok(None);
        };
        let in_flight = in_flight.clone();
        match self.sender.fate(self.client(), &in_flight).await? {
            Fate::Mined(receipt) => {
                let contract = self.client().contracts().proof_of_efficiency;
                return Ok(Some(Mined::new(step, contract, receipt)));
            }
            Fate::Used => {
                self.miss(step, "its nonce was used by another transaction")?;
                return Ok(None);
            }
            // What waits for it would wait for ever. The next one takes that nonce.
            Fate::Stranded => {
                if self.miss(
                    step,
                    "L1 has taken back a transaction before it, whose nonce nothing has now",
                )? {
                    return Ok(None);
                }
            }
            Fate::Waits => self.unseen = 0,
        }
        let now = self.client().latest().await?.timestamp;
        if let Some(why) = lost
            && !in_flight.cancelled
        {
            if self.take_nonce(step, in_flight, now).await? {
                let why = why.to_owned();
                self.say(&Event::Cancelled { step, why });
            }
            return Ok(None);
        }
        // The provider may have lost it.
        let sent = self.sender.send(self.client(), &in_flight.raw).await?;
        let waits = now.saturating_sub(in_flight.sent_at) < self.parts.resend_after;
        match (waits || sent == Sent::Refused, in_flight.cancelled) {
            (true, _) => {}
            (false, true) => {
                self.take_nonce(step, in_flight, now).await?;
            }
            (false, false) => self.raise(step, in_flight, now, pays).await?,
        }
        Ok(None)
    }

    /// The provider has nothing of the transaction. `true` if that has been so for long, and it is left to itself.
    fn miss(&mut self, step: R::Step, why: &str) -> Result<bool, JournalError> {
        self.unseen += 1;
        if self.unseen < UNSEEN_ROUNDS {
            return Ok(false);
        }
        self.unseen = 0;
        let why = why.to_owned();
        self.say(&Event::Forgotten { step, why });
        self.parts.journal.set_in_flight(None)?;
        Ok(true)
    }

    /// What it would do costs too much now, or its provider has no price for it that is not absurd.
    fn wait_for_gas(&mut self, step: R::Step, doing: &'static str, why: String) {
        self.say_once(format!("{step} {doing}"), &Event::WaitsForGas { step, doing, why });
    }

    /// A transaction to oneself costs less than one that reverts. `false` if its price has become absurd.
    async fn take_nonce(&mut self, step: R::Step, mut in_flight: InFlight, now: u64) -> Result<bool, AgentError> {
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
        in_flight.replaced(&signed, fees, now);
        self.note_and_send(step, in_flight, &signed).await?;
        Ok(true)
    }

    /// Offers more, if that still pays; else the old bid stands.
    async fn raise(
        &mut self,
        step: R::Step,
        mut in_flight: InFlight,
        now: u64,
        pays: impl FnOnce(u64, u128) -> Result<bool, AgentError>,
    ) -> Result<(), AgentError> {
        let Some((to, data, limit)) = read_call(&in_flight.raw) else {
            return Ok(self.parts.journal.set_in_flight(None)?);
        };
        let suggested = Fees::suggested(self.client()).await?;
        let (first, most) = (in_flight.hashes.len() == 1, self.parts.max_gas_price.map(leaving_room));
        let fees = match suggested.above(&in_flight, first, most) {
            Ok(fees) => fees,
            Err(why) => {
                self.wait_for_gas(step, "raising", why);
                return Ok(());
            }
        };
        // The limit is a fifth more than what was used on the fork.
        if !pays(limit / 6 * 5, fees.price(suggested))? {
            return Ok(());
        }
        let signed = self.sender.sign(in_flight.nonce, to, data, limit, fees)?;
        in_flight.replaced(&signed, fees, now);
        self.note_and_send(step, in_flight, &signed).await
    }

    async fn note_and_send(&mut self, step: R::Step, in_flight: InFlight, signed: &Signed) -> Result<(), AgentError> {
        self.parts.journal.set_in_flight(Some(R::in_flight(step, in_flight)))?;
        self.sender.send(self.client(), &signed.raw).await?;
        Ok(())
    }
}
