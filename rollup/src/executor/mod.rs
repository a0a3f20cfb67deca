// SPDX-License-Identifier: MIT OR Apache-2.0
//! Applies batches to a state: `docs/spec/state-transition.md`, natively.
//!
//! A pure function of the stored state and of L1 data. [`execute`] applies a batch as L1 fixed it; a sequencer that is still
//! choosing slots feeds an [`Execution`] one by one. Nothing is stored: the [`Outcome`] holds the changes.

mod execution;
mod rules;
mod witness;

pub use execution::Execution;
pub use rules::{Receipt, Rule};
pub use witness::{BatchWitness, MessageWitness, Opening, SlotWitness, WitnessError};

use crate::formats::{BatchHeader, Bytes32, Capacity, Exit, Message, Slot};
use crate::state::{ChangeSet, Head, StateReader};
use serde::{Deserialize, Serialize};

/// What is the same for all batches of a deployment under one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Params {
    /// The deployment (FMT-5).
    pub domain: Bytes32,
    /// What the route's circuit takes.
    pub capacity: Capacity,
}

/// A batch as L1 fixed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Version of the route the batch is pinned to.
    pub version: u32,
    /// L2 account that receives the fees.
    pub fee_recipient: u32,
    /// The messages L1 attached.
    pub messages: Vec<Message>,
    /// The slots the sequencer posted.
    pub slots: Vec<Slot>,
}

/// Input that L1 does not let through, or a store that fails. No batch L1 accepts leads here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutionError<E> {
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] E),
    /// More messages than the route takes.
    #[error("more than the {capacity} messages the route takes")]
    TooManyMessages {
        /// Messages the route takes.
        capacity: u32,
    },
    /// More slots than the route takes.
    #[error("more than the {capacity} slots the route takes")]
    TooManySlots {
        /// Slots the route takes.
        capacity: u32,
    },
    /// A message after a slot: messages come first.
    #[error("a message after a slot")]
    MessageAfterSlot,
    /// A credit that leaves the range of balances: these are not messages of a contract that keeps ST-5.
    #[error("a credit of {amount} gwei to account {index} leaves the range of balances")]
    ImpossibleCredit {
        /// The account.
        index: u32,
        /// Gwei.
        amount: u64,
    },
}

/// What a batch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The head before.
    pub old: Head,
    /// The head after.
    pub new: Head,
    /// What was hashed into the accumulator.
    pub header: BatchHeader,
    /// One receipt per slot.
    pub receipts: Vec<Receipt>,
    /// The exits, in slot order.
    pub exits: Vec<Exit>,
    /// Gwei of fees paid by slots.
    pub slot_fees: u64,
    /// Gwei of fees paid with messages.
    pub message_fees: u64,
    /// What to store.
    pub changes: ChangeSet,
    /// What to prove it from, if it was recorded.
    pub witness: Option<BatchWitness>,
}

/// Whether to record the witness: paths per slot instead of one hashing of the tree per batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Follow the state.
    Follow,
    /// Follow the state and record the witness.
    Record,
}

/// Applies a batch. With the feature `parallel`, its signatures are checked on all cores.
pub fn execute<S: StateReader>(
    params: &Params,
    store: &S,
    batch: &Batch,
    mode: Mode,
) -> Result<Outcome, ExecutionError<S::Error>> {
    let mut execution = Execution::begin(params, store, batch.version, batch.fee_recipient, mode)?;
    for message in &batch.messages {
        execution.apply_message(message)?;
    }
    execution.apply_slots(&batch.slots)?;
    execution.finish()
}
