// SPDX-License-Identifier: MIT OR Apache-2.0
//! What L1 did with transactions: mined them, took them back, or can take them back no more.

use super::post::{Poster, Result};
use super::records::{Flight, Landed, Sent};
use super::report::Totals;
use super::revalidate::is_final;
use crate::chain::BlockId;
use crate::l1::L1Error;
use crate::store::View;
use alloy::primitives::B256;
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionReceipt;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::BatchesSequenced;

/// Rounds in a row in which the nonce must look used by a transaction of somebody else before that is believed: providers
/// behind one address do not all know the same.
const ROUNDS_UNTIL_FOREIGN: u32 = 5;

impl Poster {
    /// Notices what was mined and what L1 has taken back.
    pub(super) async fn track(&mut self, view: &View) -> Result<()> {
        let mut at = 0;
        while at < self.flights.len() {
            let is_over = self.track_one(view, at).await?;
            if is_over {
                self.flights.remove(at);
            } else {
                at += 1;
            }
        }
        self.drop_foreign().await
    }

    /// Whether the nonce is used for good.
    async fn track_one(&mut self, view: &View, at: usize) -> Result<bool> {
        let before = self.flights[at].landed;
        if let Some(landed) = before
            && stands(view, &landed.block)?
        {
            return Ok(false);
        }
        // Asked once more even if the block may be final by now: it can have been taken back while nobody looked.
        let found = self.landed(view, &self.flights[at]).await?;
        let flight = &mut self.flights[at];
        flight.landed = found;
        let Some(landed) = found else {
            if let Some(landed) = before {
                let (nonce, block) = (flight.nonce, landed.block.number);
                tracing::warn!(nonce, block, "L1 has taken a transaction back");
                self.service.journal.put_flight(flight)?;
            }
            return Ok(false);
        };
        self.foreign = 0;
        if before.is_none_or(|before| before.hash != landed.hash) {
            announce(flight, &landed);
        }
        if !is_final(view, &landed.block)? {
            self.service.journal.put_flight(flight)?;
            return Ok(false);
        }
        let share = Totals::of(view, &landed)?;
        self.service.journal.settle_flight(flight.nonce, &landed, &share)?;
        Ok(true)
    }

    /// The transaction of a flight that the store's chain holds.
    async fn landed(&self, view: &View, flight: &Flight) -> Result<Option<Landed>> {
        for sent in flight.sent.iter().rev() {
            let hash = B256::from(sent.hash);
            let receipt = self.client.provider().get_transaction_receipt(hash).await;
            let receipt = receipt.map_err(L1Error::rpc(format!("the receipt of {hash}")))?;
            let Some(receipt) = receipt else { continue };
            let Some(block) = block_of(&receipt) else { continue };
            // The follower comes to that block in the next round at the latest. Of final blocks it keeps none.
            if stands(view, &block)? || is_final(view, &block)? {
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
}

fn stands(view: &View, block: &BlockId) -> Result<bool> {
    Ok(view.block(block.number)?.is_some_and(|held| held.hash == block.hash))
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
