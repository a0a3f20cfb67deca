// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transactions to L1: one nonce at a time, until it is mined.
//!
//! A transaction is on disk before it is sent. Whatever is sent later with other contents or a higher fee has the same nonce, so
//! that L1 takes one of them at most; and after a reorganisation the nonce is taken up where it was.

use super::call::{Attempt, held, stale};
use super::config::PostingLimits;
use super::error::SequencerError;
use super::packer::Packed;
use super::policy::Prices;
use super::records::{Flight, Landed, Sent};
use super::revalidate::is_final;
use super::service::{Service, unix_now};
use super::sign::{Fees, sign};
use crate::chain::BlockId;
use crate::l1::{L1Client, L1Error};
use crate::store::View;
use alloy::primitives::{Address, B256};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionReceipt;
use alloy::signers::local::PrivateKeySigner;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::BatchesSequenced;
use std::sync::Arc;

/// Rounds in a row in which the nonce must look used by a transaction of somebody else before that is believed: providers
/// behind one address do not all know the same.
const ROUNDS_UNTIL_FOREIGN: u32 = 5;

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
    service: Arc<Service>,
    flights: Vec<Flight>,
    foreign: u32,
}

type Result<T> = std::result::Result<T, SequencerError>;

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

    /// Notices what was mined and what L1 has taken back.
    pub(super) async fn track(&mut self, view: &View) -> Result<()> {
        let mut kept = Vec::with_capacity(self.flights.len());
        // Copies: an error on the way must not lose one.
        for mut flight in self.flights.clone() {
            if let Some(landed) = flight.landed {
                if view
                    .block(landed.block.number)?
                    .is_some_and(|block| block.hash == landed.block.hash)
                {
                    kept.push(flight);
                    continue;
                }
                if is_final(view, &landed.block)? {
                    self.service.journal.remove_flight(flight.nonce)?;
                    continue;
                }
                tracing::warn!(
                    nonce = flight.nonce,
                    block = landed.block.number,
                    "L1 has taken a transaction back"
                );
                flight.landed = None;
                self.service.journal.put_flight(&flight)?;
            }
            if let Some(landed) = self.landed(view, &flight).await? {
                self.foreign = 0;
                flight.landed = Some(landed);
                self.service.journal.put_flight(&flight)?;
                announce(&flight, &landed);
            }
            kept.push(flight);
        }
        self.flights = kept;
        self.drop_foreign().await
    }

    /// The transaction of a flight that the store's chain holds.
    async fn landed(&self, view: &View, flight: &Flight) -> Result<Option<Landed>> {
        for sent in flight.sent.iter().rev() {
            let hash = B256::from(sent.hash);
            let receipt = self.client.provider().get_transaction_receipt(hash).await;
            let receipt = receipt.map_err(L1Error::rpc(format!("the receipt of {hash}")))?;
            let Some(receipt) = receipt else { continue };
            let Some(block) = block_of(&receipt) else { continue };
            // The follower comes to that block in the next round at the latest.
            if view.block(block.number)?.is_some_and(|held| held.hash == block.hash) {
                return Ok(Some(landed(sent, &receipt, block)));
            }
        }
        Ok(None)
    }

    /// Gives up a nonce that a transaction made elsewhere with the same key has used.
    async fn drop_foreign(&mut self) -> Result<()> {
        let Some(nonce) = self
            .flights
            .iter()
            .find(|flight| flight.landed.is_none())
            .map(|flight| flight.nonce)
        else {
            return Ok(());
        };
        if self.next_nonce().await? <= nonce {
            self.foreign = 0;
            return Ok(());
        }
        self.foreign += 1;
        if self.foreign < ROUNDS_UNTIL_FOREIGN {
            return Ok(());
        }
        self.foreign = 0;
        tracing::warn!(
            nonce,
            "another transaction has used this nonce: give the sequencer an L1 account of its own"
        );
        self.flights.retain(|flight| flight.nonce != nonce);
        self.service.journal.remove_flight(nonce)
    }

    async fn next_nonce(&self) -> Result<u64> {
        let count = self.client.provider().get_transaction_count(self.sender()).await;
        Ok(count.map_err(L1Error::rpc("the nonce of the sequencer"))?)
    }

    /// Posts batches in a new transaction. The caller sees to it that none is on its way.
    pub(super) async fn post(&mut self, view: &View, packed: &Packed, fees: Fees) -> Result<Attempt<B256>> {
        let call = match self.build(view, packed).await? {
            Attempt::Done(call) => call,
            Attempt::Held(reason) => return Ok(Attempt::Held(reason)),
        };
        let expected = fees.expected();
        if expected > self.limits.max_gas_price {
            held!(
                "gas costs {expected} wei, more than the limit of {}",
                self.limits.max_gas_price
            );
        }
        let fees = fees.capped(self.limits.max_gas_price);
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
        self.send(at, fees).await.map(Attempt::Done)
    }

    /// Sees to what is on its way: sends it again, with a higher fee, with other contents, or not at all.
    pub(super) async fn push(&mut self, view: &View, offered: Fees) -> Result<Option<String>> {
        let mut at = 0;
        while at < self.flights.len() {
            let before = self.flights.len();
            if self.flights[at].landed.is_none() {
                if let Attempt::Held(reason) = self.push_one(view, at, offered).await? {
                    return Ok(Some(reason));
                }
            }
            at += usize::from(self.flights.len() == before);
        }
        Ok(None)
    }

    async fn push_one(&mut self, view: &View, at: usize, offered: Fees) -> Result<Attempt<()>> {
        let flight = &self.flights[at];
        let Some(last) = flight.sent.last().cloned() else {
            return self.abandon(at).map(Attempt::Done);
        };
        let hash = B256::from(last.hash);
        let provider = self.client.provider();
        let found = provider
            .get_transaction_by_hash(hash)
            .await
            .map_err(L1Error::rpc(format!("transaction {hash}")))?;
        if found
            .as_ref()
            .is_some_and(|transaction| transaction.block_number.is_some())
        {
            // Mined, in a block that the store has not come to.
            return Ok(Attempt::Done(()));
        }
        let stale = match &flight.call {
            Some(call) => stale(view, call)?,
            None => None,
        };
        if let Some(reason) = stale {
            tracing::info!(
                nonce = flight.nonce,
                reason,
                "the transaction on its way is out of date"
            );
            return self.replace(view, at, &last, found.is_some(), offered).await;
        }
        if found.is_none() {
            tracing::info!(transaction = %hash, "the provider does not know the transaction; sending it again");
            return self.broadcast(&last.raw).await.map(Attempt::Done);
        }
        if unix_now().saturating_sub(last.at) < self.limits.resubmit_after.as_secs() {
            return Ok(Attempt::Done(()));
        }
        let Some(fees) = offered.above(&last).within(self.limits.max_gas_price) else {
            held!(
                "transaction {hash} is not mined, and a higher price of gas would exceed the limit of {} wei",
                self.limits.max_gas_price
            );
        };
        if let Some(call) = &self.flights[at].call {
            if let Attempt::Held(reason) = self.estimate(&call.data).await? {
                tracing::info!(reason, "the transaction on its way would revert");
                return self.replace(view, at, &last, true, offered).await;
            }
        }
        tracing::info!(transaction = %hash, max_fee_per_gas = fees.max, "not mined; sending it again with a higher fee");
        self.send(at, fees).await?;
        Ok(Attempt::Done(()))
    }

    /// Other contents for a nonce: what the pool has now, else nothing.
    async fn replace(
        &mut self,
        view: &View,
        at: usize,
        last: &Sent,
        known: bool,
        offered: Fees,
    ) -> Result<Attempt<()>> {
        let Some(fees) = offered.above(last).within(self.limits.max_gas_price) else {
            held!(
                "the transaction on its way is out of date, and replacing it would exceed the limit of {} wei for gas",
                self.limits.max_gas_price
            );
        };
        let packed = self.service.pack(view, &self.flights[at].keys)?;
        let call = if packed.slots().next().is_some() {
            self.build(view, &packed).await?
        } else {
            Attempt::Held("nothing waits".into())
        };
        let call = match call {
            Attempt::Done(call) => Some(call),
            // Nobody has it: there is nothing to replace.
            Attempt::Held(_) if !known => return self.abandon(at).map(Attempt::Done),
            Attempt::Held(_) => None,
        };
        let flight = &mut self.flights[at];
        flight
            .keys
            .extend(call.iter().flat_map(|call| call.keys.iter().copied()));
        flight.call = call;
        self.send(at, fees).await?;
        Ok(Attempt::Done(()))
    }

    fn abandon(&mut self, at: usize) -> Result<()> {
        let flight = self.flights.remove(at);
        self.service.journal.remove_flight(flight.nonce)
    }

    /// Signs what a flight holds, writes it down, sends it.
    async fn send(&mut self, at: usize, fees: Fees) -> Result<B256> {
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
        self.broadcast(&raw).await?;
        Ok(hash)
    }

    /// A provider that refuses is asked again in the next round: the transaction is on disk.
    async fn broadcast(&self, raw: &[u8]) -> Result<()> {
        if let Err(error) = self.client.provider().send_raw_transaction(raw).await {
            let text = error.to_string();
            if !text.contains("already known") && !text.contains("already imported") {
                tracing::warn!(%error, "the provider did not take the transaction");
            }
        }
        Ok(())
    }
}

fn block_of(receipt: &TransactionReceipt) -> Option<BlockId> {
    Some(BlockId {
        number: receipt.block_number?,
        hash: receipt.block_hash?.into(),
    })
}

fn landed(sent: &Sent, receipt: &TransactionReceipt, block: BlockId) -> Landed {
    let events = receipt
        .inner
        .logs()
        .iter()
        .filter_map(|log| log.log_decode::<BatchesSequenced>().ok());
    let sequence = events.map(|log| log.inner.sequence.to()).next();
    let (gas_used, gas_price) = (receipt.gas_used, receipt.effective_gas_price);
    Landed {
        hash: sent.hash,
        block,
        sequence,
        gas_used,
        gas_price,
    }
}

fn announce(flight: &Flight, landed: &Landed) {
    let (transaction, block) = (B256::from(landed.hash), landed.block.number);
    match landed.sequence {
        Some(sequence) => tracing::info!(%transaction, block, sequence, slots = flight.keys.len(), "sequenced"),
        None if flight.call.is_some() => {
            tracing::warn!(%transaction, block, "the transaction was mined and reverted; its slots wait again");
        }
        None => tracing::info!(%transaction, block, "the nonce is used up; nothing was sequenced"),
    }
}
