// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transactions that are not mined: sent again, with a higher fee, with other contents, or made into nothing.

use super::call::{Attempt, Estimate, held, stale};
use super::post::{Poster, Result};
use super::records::{Call, Flight, Sent};
use super::service::{seconds_since, unix_now};
use super::sign::Fees;
use crate::l1::L1Error;
use crate::store::View;
use alloy::primitives::B256;
use alloy::providers::Provider as _;
use std::collections::BTreeSet;

/// What the provider knows of the transactions of a flight.
#[derive(Clone, Copy, Debug, Default)]
struct Whereabouts {
    /// One is mined, in a block that the store has not come to.
    is_mined: bool,
    /// One waits to be mined.
    is_known: bool,
    /// The last one does.
    is_last_known: bool,
}

impl Poster {
    /// Sees to what is on its way. Returns why it does not get on, if so.
    pub(super) async fn push(&mut self, view: &View, offered: Fees) -> Result<Option<String>> {
        if let Attempt::Held(reason) = self.close_gap(offered).await? {
            return Ok(Some(reason));
        }
        let mut at = 0;
        while at < self.flights.len() {
            let before = self.flights.len();
            if self.flights[at].landed.is_none()
                && let Attempt::Held(reason) = self.push_one(view, at, offered).await?
            {
                return Ok(Some(reason));
            }
            at += usize::from(self.flights.len() == before);
        }
        Ok(None)
    }

    /// Uses up a nonce that nothing has, when something with a higher one is on its way: L1 takes no nonce before the one below it.
    async fn close_gap(&mut self, offered: Fees) -> Result<Attempt<()>> {
        if !self.is_busy() {
            return Ok(Attempt::Done(()));
        }
        let nonce = self.next_nonce().await?;
        let is_behind = |flight: &Flight| flight.landed.is_none() && flight.nonce > nonce;
        if self.flights.iter().any(|flight| flight.nonce == nonce) || !self.flights.iter().any(is_behind) {
            return Ok(Attempt::Done(()));
        }
        tracing::warn!(nonce, "nothing has this nonce, and later ones wait for it; using it up");
        let at = self.flights.partition_point(|flight| flight.nonce < nonce);
        let nothing = Flight {
            nonce,
            call: None,
            sent: Vec::new(),
            keys: BTreeSet::new(),
            landed: None,
        };
        self.flights.insert(at, nothing);
        let fees = offered.capped_below(self.limits.max_gas_price);
        self.send_at(at, fees).await
    }

    async fn send_at(&mut self, at: usize, fees: Fees) -> Result<Attempt<()>> {
        Ok(match self.send(at, fees).await? {
            Attempt::Done(_) => Attempt::Done(()),
            Attempt::Held(reason) => Attempt::Held(reason),
        })
    }

    async fn whereabouts(&self, sent: &[Sent]) -> Result<Whereabouts> {
        let mut found = Whereabouts::default();
        for (from_last, sent) in sent.iter().rev().enumerate() {
            let hash = B256::from(sent.hash);
            let transaction = self.client.provider().get_transaction_by_hash(hash).await;
            let transaction = transaction.map_err(L1Error::rpc(format!("transaction {hash}")))?;
            let Some(transaction) = transaction else { continue };
            found.is_mined |= transaction.block_number.is_some();
            found.is_known = true;
            found.is_last_known |= from_last == 0;
        }
        Ok(found)
    }

    async fn push_one(&mut self, view: &View, at: usize, offered: Fees) -> Result<Attempt<()>> {
        let flight = &self.flights[at];
        let Some(last) = flight.sent.last().cloned() else {
            return self.give_up(at, offered.capped_below(self.limits.max_gas_price)).await;
        };
        let found = self.whereabouts(&flight.sent).await?;
        if found.is_mined {
            return Ok(Attempt::Done(()));
        }
        let stale = match &flight.call {
            Some(call) => stale(view, call)?,
            None => None,
        };
        let (nonce, hash) = (flight.nonce, B256::from(last.hash));
        if let Some(reason) = stale {
            tracing::info!(nonce, reason, "the transaction on its way is out of date");
            return self.replace(view, at, &last, found.is_known, offered).await;
        }
        let is_overdue = seconds_since(last.at, unix_now()) >= self.limits.resubmit_after.as_secs();
        if !is_overdue && found.is_last_known {
            return Ok(Attempt::Done(()));
        }
        let raised = offered.replacing(&last, self.limits.max_gas_price);
        let Some(fees) = raised.filter(|_| is_overdue) else {
            if !found.is_last_known {
                tracing::info!(transaction = %hash, "the provider does not know the transaction; sending it again");
                return Ok(self.broadcast(&last.raw).await);
            }
            held!(
                "transaction {hash} is not mined, and a higher price of gas would exceed the limit of {} wei",
                self.limits.max_gas_price
            );
        };
        if let Some(call) = &self.flights[at].call
            && let Estimate::Reverts(reason) = self.estimate(&call.data).await?
        {
            tracing::info!(reason, "the transaction on its way would revert");
            return self.replace(view, at, &last, found.is_known, offered).await;
        }
        tracing::info!(transaction = %hash, max_fee_per_gas = fees.max, "not mined; sending it again with a higher fee");
        self.send_at(at, fees).await
    }

    /// Other contents for a nonce: what the pool has now, else nothing.
    async fn replace(
        &mut self,
        view: &View,
        at: usize,
        last: &Sent,
        is_known: bool,
        offered: Fees,
    ) -> Result<Attempt<()>> {
        let fees = offered.replacing(last, self.limits.max_gas_price);
        let Some(fees) = fees else {
            // Nobody has it: there is nothing to replace.
            if !is_known && self.is_highest(at) {
                return self.abandon(at).map(Attempt::Done);
            }
            held!(
                "the transaction on its way is out of date, and replacing it would exceed the limit of {} wei for gas",
                self.limits.max_gas_price
            );
        };
        let Some(call) = self.other_call(view, at).await? else {
            if is_known {
                return self.use_up(at, fees).await;
            }
            return self.give_up(at, fees).await;
        };
        let flight = &mut self.flights[at];
        flight.keys.extend(call.keys.iter().copied());
        flight.call = Some(call);
        self.send_at(at, fees).await
    }

    async fn other_call(&self, view: &View, at: usize) -> Result<Option<Call>> {
        let packed = self.service.pack(view, &self.flights[at].keys)?;
        if packed.slots().next().is_none() {
            return Ok(None);
        }
        Ok(match self.build(view, packed).await? {
            Attempt::Done(call) => Some(call),
            Attempt::Held(_) => None,
        })
    }

    /// Has nothing mined with a nonce that nobody has heard of: no transaction at all if none waits for it to be used.
    async fn give_up(&mut self, at: usize, fees: Fees) -> Result<Attempt<()>> {
        if self.is_highest(at) {
            return self.abandon(at).map(Attempt::Done);
        }
        self.use_up(at, fees).await
    }

    async fn use_up(&mut self, at: usize, fees: Fees) -> Result<Attempt<()>> {
        self.flights[at].call = None;
        self.send_at(at, fees).await
    }

    fn is_highest(&self, at: usize) -> bool {
        let nonce = self.flights[at].nonce;
        self.flights.iter().all(|flight| flight.nonce <= nonce)
    }

    fn abandon(&mut self, at: usize) -> Result<()> {
        let flight = self.flights.remove(at);
        self.service.journal.remove_flight(flight.nonce)
    }
}
