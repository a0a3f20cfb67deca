// SPDX-License-Identifier: MIT OR Apache-2.0
//! What L1 says, as the node understands it: blocks with the events of the deployment, calldata already resolved.

use poe_rollup::formats::{Address, Bytes32, Capacity, Message};
use serde::{Deserialize, Serialize};

/// A block of L1, as far as it concerns the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct L1Block {
    /// Which block.
    pub id: BlockId,
    /// Hash of the block before it.
    pub parent: Bytes32,
    /// Block time in seconds.
    pub timestamp: u64,
    /// The events of the deployment in it, in order.
    pub events: Vec<L1Event>,
}

/// A block by number and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlockId {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Bytes32,
}

/// An event and the transaction that caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct L1Event {
    /// Hash of the transaction.
    pub transaction: Bytes32,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)]
pub enum EventKind {
    /// A registration or a deposit was queued.
    MessageQueued {
        /// Position in the queue, from 1.
        number: u32,
        /// The message.
        message: Message,
    },
    /// Sequences from `first_sequence` on are pinned to `version`.
    VersionActivated {
        /// Number of the route.
        version: u32,
        /// First sequence pinned to it.
        first_sequence: u64,
        /// Capacities of the route, from the router.
        capacity: Capacity,
    },
    /// Batches were sequenced.
    Sequenced(Sequenced),
    /// The final state advanced.
    Verified(Verified),
    /// The tripwire halted the chain.
    Halted {
        /// Checkpoint from which the conflicting proofs start.
        start: u64,
        /// The contested checkpoint.
        end: u64,
    },
    /// A checkpoint was taken back.
    Voided {
        /// The void checkpoint.
        voided: u64,
        /// The last checkpoint now.
        last_verified: u64,
    },
    /// The chain runs again.
    Resumed,
    /// The chain was closed for good.
    Closed,
    /// Somebody added to what proving a sequence earns.
    Tipped {
        /// The sequence.
        sequence: u64,
        /// Token wei.
        amount: u128,
    },
    /// Tips left a sequence: claimed or refunded.
    TipsRemoved {
        /// The sequence.
        sequence: u64,
        /// Token wei.
        amount: u128,
    },
    /// A sequencer said where it answers.
    Announced {
        /// The sequencer.
        sequencer: Address,
        /// Its address on the net; not judged.
        url: String,
    },
}

/// A call of `sequenceBatches`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequenced {
    /// Number of the sequence.
    pub number: u64,
    /// Who paid.
    pub payer: Address,
    /// Accumulator after it.
    pub acc: Bytes32,
    /// L2 account that earns the fees.
    pub fee_recipient: u32,
    /// Token wei.
    pub fee: u128,
    /// L1 messages ever attached to a batch.
    pub attached_messages: u32,
    /// Raw slots of each batch.
    pub batches: Vec<Vec<u8>>,
}

/// A proof that L1 accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Number of the new checkpoint.
    pub last: u64,
    /// Who was paid.
    pub beneficiary: Address,
    /// Route whose verifier accepted the proof.
    pub proven_by: u32,
    /// State root, as 32 bytes (FMT-2).
    pub state_root: Bytes32,
    /// Exit accumulator.
    pub exit_acc: Bytes32,
    /// Token wei.
    pub reward: u128,
}
