// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transactions to L1: one nonce at a time, until it is mined. `track` notices what L1 did with them, `push` sees to those that are
//! not mined.
//!
//! A transaction is on disk before it is sent. Whatever is sent later with other contents or a higher fee has the same nonce, so
//! that L1 takes one of them at most; and after a reorganisation the nonce is taken up where it was.

use super::call::{Attempt, held};
use super::config::PostingLimits;
use super::error::SequencerError;
use super::packer::Packed;
use super::policy::Prices;
use super::records::Flight;
use super::service::Service;
use super::sign::{Fees, sign};
use crate::l1::{L1Client, L1Error};
use crate::store::View;
use alloy::primitives::{Address, B256};
use alloy::providers::Provider as _;
use alloy::signers::local::PrivateKeySigner;
use std::sync::Arc;

/// Gas of a transfer of nothing.
const GAS_OF_CANCELLATION: u64 = 21_000;

/// Sends transactions and follows them.
#[derive(Debug)]
pub(super) struct Poster {
    pub(super) client: L1Client,
    pub(super) signer: PrivateKeySigner,
    chain_id: u64,
    pub(super) limits: PostingLimits,
    pub(super) fee_recipient: u32,
    pub(super) service: Arc<Service>,
    /// Lowest nonce first.
    pub(super) flights: Vec<Flight>,
    /// Rounds in a row in which the lowest nonce looked used by somebody else.
    pub(super) foreign: u32,
}

pub(super) type Result<T> = std::result::Result<T, SequencerError>;

impl Poster {
    pub(super) fn open(
        client: L1Client,
        chain_id: u64,
        signer: PrivateKeySigner,
        service: Arc<Service>,
    ) -> Result<Self> {
        let flights = service.journal.flights()?;
        let (limits, fee_recipient) = (service.config.posting, service.config.fee_recipient);
        Ok(Self {
            client,
            signer,
            chain_id,
            limits,
            fee_recipient,
            service,
            flights,
            foreign: 0,
        })
    }

    pub(super) fn sender(&self) -> Address {
        self.signer.address()
    }

    pub(super) fn flights(&self) -> &[Flight] {
        &self.flights
    }

    /// Whether a transaction is on its way.
    pub(super) fn is_busy(&self) -> bool {
        self.flights.iter().any(|flight| flight.landed.is_none())
    }

    /// What L1 asks for at present, and the fees a transaction should offer.
    pub(super) async fn prices(&self) -> Result<(Prices, Fees)> {
        let batch_fee = self.client.fee(1).await?.saturating_to();
        let estimate = self
            .client
            .provider()
            .estimate_eip1559_fees()
            .await
            .map_err(L1Error::rpc("the price of gas"))?;
        let fees = Fees {
            max: estimate.max_fee_per_gas,
            priority: estimate.max_priority_fee_per_gas,
        };
        Ok((
            Prices {
                batch_fee,
                gas_price: fees.expected(),
            },
            fees,
        ))
    }

    pub(super) async fn next_nonce(&self) -> Result<u64> {
        let count = self.client.provider().get_transaction_count(self.sender()).await;
        Ok(count.map_err(L1Error::rpc("the nonce of the sequencer"))?)
    }

    /// Posts batches in a new transaction. The caller sees to it that none is on its way.
    pub(super) async fn post(&mut self, view: &View, packed: Packed, fees: Fees) -> Result<Attempt<B256>> {
        let call = match self.build(view, packed).await? {
            Attempt::Done(call) => call,
            Attempt::Held(reason) => return Ok(Attempt::Held(reason)),
        };
        let (expected, limit) = (fees.expected(), self.limits.max_gas_price);
        let fees = fees.capped_below(limit);
        if expected > fees.max {
            held!(
                "gas costs {expected} wei, more than the limit of {limit} allows: {} wei, and an eighth for a replacement",
                fees.max
            );
        }
        let nonce = self.next_nonce().await?;
        // A flight that has landed in a block the provider does not count yet.
        if self.flights.iter().any(|flight| flight.nonce >= nonce) {
            held!("the L1 provider is behind: it says that the next nonce is {nonce}");
        }
        let flight = Flight {
            nonce,
            keys: call.keys.clone(),
            call: Some(call),
            sent: Vec::new(),
            landed: None,
        };
        self.flights.push(flight);
        let at = self.flights.len() - 1;
        self.send(at, fees).await
    }

    /// Signs what a flight holds, writes it down, sends it.
    pub(super) async fn send(&mut self, at: usize, fees: Fees) -> Result<Attempt<B256>> {
        let flight = &mut self.flights[at];
        let core = self.client.contracts().proof_of_efficiency;
        let (to, data, gas) = match &flight.call {
            Some(call) => (core, call.data.clone(), call.gas),
            None => (self.signer.address(), Vec::new(), GAS_OF_CANCELLATION),
        };
        let sent = sign(&self.signer, self.chain_id, flight.nonce, to, data, gas, fees)?;
        let (hash, raw) = (B256::from(sent.hash), sent.raw.clone());
        flight.sent.push(sent);
        self.service.journal.put_flight(flight)?;
        let (batches, slots) = flight
            .call
            .as_ref()
            .map_or((0, 0), |call| (call.batches, call.keys.len()));
        tracing::info!(transaction = %hash, nonce = flight.nonce, batches, slots, "sending");
        Ok(match self.broadcast(&raw).await {
            Attempt::Done(()) => Attempt::Done(hash),
            Attempt::Held(reason) => Attempt::Held(reason),
        })
    }

    /// A provider that refuses is asked again in the next round: the transaction is on disk.
    pub(super) async fn broadcast(&self, raw: &[u8]) -> Attempt<()> {
        let Err(error) = self.client.provider().send_raw_transaction(raw).await else {
            return Attempt::Done(());
        };
        let text = error.to_string();
        let lower = text.to_lowercase();
        // It has it, or it has mined it or another one with its nonce.
        if ["already known", "already imported", "nonce too low"]
            .iter()
            .any(|known| lower.contains(known))
        {
            return Attempt::Done(());
        }
        Attempt::Held(format!("the L1 provider does not take the transaction: {text}"))
    }
}
