// SPDX-License-Identifier: MIT OR Apache-2.0
//! What users are answered.

use crate::chain::Status as ChainStatus;
use crate::units::Tokens;
use poe_rollup::formats::Capacity;
use serde::Serialize;

/// What became of a slot that was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Submitted {
    /// Names the transfer from now on.
    pub id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub status: Status,
}

/// Where a slot stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Status {
    /// This sequencer knows nothing of it.
    Unknown,
    /// It waits.
    Waiting {
        /// For what.
        waits_for: String,
    },
    /// It is in a transaction that is not mined yet.
    InFlight {
        /// The newest form of the transaction.
        transaction: Option<String>,
    },
    /// It was applied, in the virtual state.
    Sequenced {
        /// The sequence.
        sequence: u64,
        /// The batch.
        batch: u64,
        /// Position in the batch, from 0.
        position: u32,
        /// The L1 transaction.
        transaction: String,
        /// The L1 block.
        block: u64,
        /// Whether a proof has been accepted of it.
        proven: bool,
    },
    /// This sequencer will not include it.
    Dropped {
        /// Why.
        reason: String,
    },
}

/// What a slot should pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeEstimate {
    /// Gwei at which a batch as full as expected pays for itself, so that the slot is included soon.
    pub fee: u64,
    /// Gwei below which this sequencer takes no slot. Between the two, a slot waits for company, and at most `maxWait` seconds.
    pub minimum: u64,
    /// Seconds after which a slot is posted at a loss.
    pub max_wait: u64,
    /// What the next batch costs, in base units of the fee token.
    pub batch_fee: Tokens,
    /// The price of gas it reckons with, in wei.
    pub gas_price: u64,
}

/// An account in both states and in the pool. Amounts are gwei.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountReport {
    /// Its index.
    pub index: u32,
    /// Whether the virtual state has it.
    pub registered: bool,
    /// Its L1 owner.
    pub owner: Option<String>,
    /// Balance in the virtual state.
    pub balance: u64,
    /// Nonce in the virtual state.
    pub nonce: u64,
    /// Nonce to sign with next.
    pub next_nonce: u64,
    /// Its slots that wait here or are on their way.
    pub waiting: usize,
    /// What those move and pay.
    pub outgoing: u64,
    /// Balance in the final state.
    pub final_balance: u64,
    /// Nonce in the final state.
    pub final_nonce: u64,
}

/// The sequencer and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// L1 chain.
    pub chain_id: u64,
    /// The core contract.
    pub contract: String,
    /// L1 account that pays.
    pub sequencer: String,
    /// L2 account that earns the fees.
    pub fee_recipient: u32,
    /// Version new sequences are pinned to.
    pub version: u32,
    /// Slots, messages and exits of a batch.
    pub capacity: Option<Capacity>,
    /// Life of the deployment.
    pub status: ChainStatus,
    /// The last L1 block applied.
    pub l1_block: u64,
    /// Its hash.
    pub l1_block_hash: Option<String>,
    /// The newest sequence.
    pub last_sequence: u64,
    /// Batches ever.
    pub batches: u64,
    /// The newest checkpoint.
    pub last_verified: u64,
    /// Accumulator of the virtual state.
    pub acc: String,
    /// Root of the virtual state.
    pub virtual_root: String,
    /// Root of the final state.
    pub final_root: String,
    /// Gwei below which no slot is taken.
    pub min_fee: u64,
    /// Slots in the pool, those included counted.
    pub pool: usize,
    /// Most slots that wait in it.
    pub pool_limit: usize,
    /// Most slots of one account.
    pub account_limit: usize,
    /// The transaction on its way to L1.
    pub in_flight: Option<String>,
    /// Why nothing is posted although something should be.
    pub problem: Option<String>,
}
