// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the store keeps.

use super::events::BlockId;
use poe_rollup::executor::Receipt;
use poe_rollup::formats::{Address, Bytes32, Capacity, CheckpointTail, Exit, Message, SequenceRest, checkpoint_word};
use poe_rollup::state::Head;
use serde::{Deserialize, Serialize};

/// Life of the deployment (`L1-4`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything works.
    Running,
    /// Two proofs contradicted each other.
    Halted,
    /// Closed for good.
    Closed,
}

/// Where the chain stands, as of the last block applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRecord {
    /// The virtual state: after all sequenced batches.
    pub head: Head,
    /// Life of the deployment.
    pub status: Status,
    /// Number of the newest sequence.
    pub last_sequence: u64,
    /// Batches ever sequenced.
    pub batches: u64,
    /// Batch fees ever charged, token wei.
    pub cumulative_fee: u128,
    /// Batch fees ever paid to provers, token wei.
    pub paid_cumulative_fee: u128,
    /// Number of the newest checkpoint; 0 is genesis.
    pub last_verified: u64,
    /// Messages ever queued.
    pub messages: u32,
    /// Message accumulator after all queued ones.
    pub queued_message_acc: Bytes32,
    /// Messages bound to a batch.
    pub attached_messages: u32,
    /// Route new sequences are pinned to; 0 before the deployment.
    pub version: u32,
    /// What halts have left behind.
    pub halt: HaltRecord,
}

/// What halts have left behind; zeros if there was none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HaltRecord {
    /// Checkpoints proven at or before this time had matured at the last halt.
    pub matured_before: u64,
    /// Time of the last resume.
    pub resumed_at: u64,
    /// Checkpoint from which the conflict starts.
    pub conflict_start: u64,
    /// L1 block of the last halt, resume or closing.
    pub block: u64,
}

/// A version from a sequence on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// First sequence pinned to it.
    pub first_sequence: u64,
    /// Capacities of its route.
    pub capacity: Capacity,
}

/// A sequence: the preimage of its word (FMT-16) and what it led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceRecord {
    /// Its number.
    pub number: u64,
    /// Accumulator after it.
    pub acc: Bytes32,
    /// The rest of the preimage.
    pub rest: SequenceRest,
    /// Block time.
    pub sequenced_at: u64,
    /// L2 account that earns the fees.
    pub fee_recipient: u32,
    /// Number of its first batch; batches are numbered from 1.
    pub first_batch: u64,
    /// The virtual state after it.
    pub head: Head,
    /// Block it was mined in.
    pub block: BlockId,
    /// Transaction that posted it.
    pub transaction: Bytes32,
}

impl SequenceRecord {
    /// Number of its last batch.
    pub const fn last_batch(&self) -> u64 {
        self.rest.cumulative_batches
    }
}

/// A batch without its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRecord {
    /// Its number, from 1.
    pub number: u64,
    /// The sequence it is part of.
    pub sequence: u64,
    /// Version it is pinned to.
    pub version: u32,
    /// L2 account that earns the fees.
    pub fee_recipient: u32,
    /// Number of the first message it takes, if it takes any.
    pub first_message: u32,
    /// Messages it takes.
    pub messages: u32,
    /// Slots posted.
    pub slots: u32,
    /// Slots that took effect.
    pub applied: u32,
    /// Gwei of L2 fees paid by slots.
    pub slot_fees: u64,
    /// Gwei paid with messages.
    pub message_fees: u64,
    /// The head after it.
    pub head: Head,
}

/// The exits of a batch that has any: one link of the exit chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitLinkRecord {
    /// Number of the batch.
    pub batch: u64,
    /// The sequence it is part of.
    pub sequence: u64,
    /// Exit accumulator before it.
    pub previous_acc: Bytes32,
    /// Exit accumulator after it.
    pub acc: Bytes32,
    /// Exit capacity of the route: the records are padded to it.
    pub capacity: u32,
    /// The exits.
    pub exits: Vec<Exit>,
}

impl ExitLinkRecord {
    /// The padded records, as L1 takes them.
    pub fn records(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.exits.iter().flat_map(Exit::encode).collect();
        bytes.resize(self.capacity as usize * Exit::BYTES, 0);
        bytes
    }
}

/// A checkpoint: the preimage of its word (FMT-17) and what the proof earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointRecord {
    /// Its number, that of its last sequence.
    pub number: u64,
    /// Accumulator.
    pub acc: Bytes32,
    /// State root as L1 has it.
    pub state_root: Bytes32,
    /// Exit accumulator as L1 has it.
    pub exit_acc: Bytes32,
    /// The rest of the preimage.
    pub tail: CheckpointTail,
    /// Block time of the proof.
    pub verified_at: u64,
    /// Token wei the proof earned.
    pub reward: u128,
    /// Block it was mined in.
    pub block: BlockId,
    /// Transaction that brought the proof.
    pub transaction: Bytes32,
    /// What the batches lead to, if that is not what was proven.
    pub disputed: Option<Computed>,
}

impl CheckpointRecord {
    /// The word that L1 keeps of it.
    pub fn word(&self) -> Bytes32 {
        checkpoint_word(
            &self.acc,
            &self.state_root,
            &self.exit_acc,
            &self.tail,
            self.verified_at,
        )
    }
}

/// What executing the batches natively leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computed {
    /// State root.
    pub state_root: Bytes32,
    /// Exit accumulator.
    pub exit_acc: Bytes32,
}

/// A message and when it was queued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRecord {
    /// The message.
    pub message: Message,
    /// Message accumulator after it.
    pub acc: Bytes32,
    /// Block time.
    pub queued_at: u64,
    /// Transaction that queued it.
    pub transaction: Bytes32,
}

/// What became of the slot of an account with a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRecord {
    /// The batch.
    pub batch: u64,
    /// The sequence the batch is part of.
    pub sequence: u64,
    /// Position of the slot in the batch, from 0.
    pub position: u32,
    /// The verdict. Anybody can post a slot in anybody's name: only `Applied` says something about the owner.
    pub receipt: Receipt,
}

/// A block applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRecord {
    /// Its hash.
    pub hash: Bytes32,
    /// Block time.
    pub timestamp: u64,
}

/// A sequencer that said where it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncementRecord {
    /// The sequencer.
    pub sequencer: Address,
    /// Its address on the net; not judged by anybody.
    pub url: String,
    /// Block time.
    pub announced_at: u64,
}
