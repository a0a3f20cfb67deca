// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a sequencer remembers.

use crate::chain::BlockId;
use poe_rollup::formats::{Bytes32, Slot, Transfer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Sender and nonce: of all slots with the same key at most one is ever applied.
pub type Key = (u32, u32);

/// Names a transfer of a deployment, whatever form its signature has.
pub type TransferId = Bytes32;

/// The key of a transfer.
pub(super) const fn key_of(transfer: &Transfer) -> Key {
    (transfer.from, transfer.nonce)
}

/// A slot in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The slot.
    pub slot: Slot,
    /// When it came, in seconds of Unix time.
    pub received_at: u64,
    /// Its place among all that ever came.
    pub order: u64,
    /// Where its nonce was used, in a block that L1 may still take back.
    pub included: Option<Inclusion>,
    /// The L1 block from which on it could not be applied for lack of money or of a registration.
    pub stalled_since: Option<u64>,
}

/// Where a nonce was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// The sequence.
    pub sequence: u64,
    /// The batch.
    pub batch: u64,
    /// Position of the slot in the batch, from 0.
    pub position: u32,
    /// The L1 block.
    pub block: BlockId,
    /// Whether it was this transfer, and not another one with the same nonce. `None`: the batch is settled and its slots are gone, so
    /// that cannot be told any more.
    pub same: Option<bool>,
}

/// What became of a slot that is not in the pool any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was applied, and L1 cannot take that back.
    Applied(Inclusion),
    /// It will not be included by this sequencer; why, in words.
    Dropped(String),
}

/// An [`Outcome`] and whose it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) key: Key,
    pub(super) outcome: Outcome,
}

/// An L1 nonce in use: at most one of its transactions is ever mined, so the slots in them are posted at most once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flight {
    pub(super) nonce: u64,
    /// What is to be mined now; `None`: nothing, the nonce is to be used up by a transfer of nothing to oneself.
    pub(super) call: Option<Call>,
    /// Every transaction that was ever sent with this nonce, oldest first.
    pub(super) sent: Vec<Sent>,
    /// The slots of all of them.
    pub(super) keys: BTreeSet<Key>,
    /// The one that was mined, while L1 may take it back.
    pub(super) landed: Option<Landed>,
}

/// A call of `sequenceBatches`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) data: Vec<u8>,
    pub(super) gas: u64,
    pub(super) batches: u32,
    pub(super) keys: BTreeSet<Key>,
    /// Last second it may be mined in.
    pub(super) deadline: u64,
    /// The newest sequence when it was built.
    pub(super) anchor: u64,
    pub(super) anchor_acc: Bytes32,
    /// Messages ever attached to a batch when it was built.
    pub(super) messages_from: u32,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) hash: Bytes32,
    pub(super) raw: Vec<u8>,
    pub(super) max_fee_per_gas: u128,
    pub(super) max_priority_fee_per_gas: u128,
    /// Unix time in seconds.
    pub(super) at: u64,
}

/// A transaction that was mined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Landed {
    pub(super) hash: Bytes32,
    pub(super) block: BlockId,
    /// The sequence it made; `None` if it reverted, or was only to use up its nonce.
    pub(super) sequence: Option<u64>,
    pub(super) gas_used: u64,
    /// Wei.
    pub(super) gas_price: u128,
}

impl Landed {
    /// Wei paid for gas.
    pub(super) const fn gas_cost(&self) -> u128 {
        self.gas_price.saturating_mul(self.gas_used as u128)
    }
}
