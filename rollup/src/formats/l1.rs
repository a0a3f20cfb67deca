// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words that exist on L1 only (FMT-16, FMT-17, FMT-18). The state machine does not use them; those who follow L1 do.

use super::{Address, Bytes32, tag, uint256};
use serde::{Deserialize, Serialize};
use sha3::{Digest as _, Keccak256};

const TAG_SEQUENCE: Bytes32 = tag("PoE/sequence/1");
const TAG_CHECKPOINT: Bytes32 = tag("PoE/checkpoint/1");
const TAG_IDENTITY: Bytes32 = tag("PoE/identity/1");

/// What a sequence word commits to besides the accumulator and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SequenceRest {
    /// Sum of the batch fees of all sequences up to this one, in units of the fee token.
    pub cumulative_fee: u128,
    /// The batch fees of this sequence.
    pub fee: u128,
    /// Batches of all sequences up to this one.
    pub cumulative_batches: u64,
    /// Version the sequence is pinned to.
    pub version: u32,
    /// Who paid the fee.
    pub payer: Address,
}

/// What a checkpoint word commits to besides accumulator, roots and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CheckpointTail {
    /// What the sequence word held.
    pub sequence: SequenceRest,
    /// When the sequence was posted, in seconds.
    pub sequenced_at: u64,
    /// The checkpoint this one follows.
    pub previous: u64,
    /// Who was paid for the proof.
    pub beneficiary: Address,
    /// The route whose verifier accepted the proof.
    pub proven_by: u32,
}

/// The storage word of a pending sequence (FMT-16). `sequenced_at` is taken modulo `2^40`.
pub fn sequence_word(acc: &Bytes32, rest: &SequenceRest, sequenced_at: u64) -> Bytes32 {
    with_time(keccak(&[*acc, rest.hash()]), sequenced_at)
}

/// The storage word of a proven sequence (FMT-17). `verified_at` is taken modulo `2^40`.
pub fn checkpoint_word(
    acc: &Bytes32,
    state_root: &Bytes32,
    exit_acc: &Bytes32,
    tail: &CheckpointTail,
    verified_at: u64,
) -> Bytes32 {
    let rest = checkpoint_rest(state_root, exit_acc, &tail.hash());
    with_time(keccak(&[*acc, rest]), verified_at)
}

/// What a checkpoint word commits to besides the accumulator and the time, `tail` being [`CheckpointTail::hash`] (FMT-17).
pub fn checkpoint_rest(state_root: &Bytes32, exit_acc: &Bytes32, tail: &Bytes32) -> Bytes32 {
    keccak(&[TAG_CHECKPOINT, *state_root, *exit_acc, *tail])
}

/// The time a word carries in the clear: when its sequence was posted, or its checkpoint verified.
pub fn time_of(word: &Bytes32) -> u64 {
    word[27..].iter().fold(0, |time, &byte| time << 8 | u64::from(byte))
}

/// The identity of an account, which a depositor names (FMT-18). `key` is FMT-12.
pub fn identity(index: u32, key: &[u8; 80], l1_owner: &Address) -> Bytes32 {
    let key_hash = Keccak256::digest(key).into();
    keccak(&[TAG_IDENTITY, uint256(index.into()), key_hash, address(l1_owner)])
}

impl SequenceRest {
    /// What the word of the sequence holds of these fields (FMT-16).
    pub fn hash(&self) -> Bytes32 {
        let [cumulative_fee, fee, cumulative_batches, version, payer] = self.words();
        keccak(&[TAG_SEQUENCE, cumulative_fee, fee, cumulative_batches, version, payer])
    }

    fn words(&self) -> [Bytes32; 5] {
        [
            uint256(self.cumulative_fee),
            uint256(self.fee),
            uint256(self.cumulative_batches.into()),
            uint256(self.version.into()),
            address(&self.payer),
        ]
    }
}

impl CheckpointTail {
    /// What the word of the checkpoint holds of these fields: the `tail` of its opening (FMT-17).
    pub fn hash(&self) -> Bytes32 {
        let [cumulative_fee, fee, cumulative_batches, version, payer] = self.sequence.words();
        keccak(&[
            cumulative_fee,
            fee,
            cumulative_batches,
            version,
            payer,
            uint256(self.sequenced_at.into()),
            uint256(self.previous.into()),
            address(&self.beneficiary),
            uint256(self.proven_by.into()),
        ])
    }
}

/// An address as a Solidity word.
fn address(value: &Address) -> Bytes32 {
    let mut out = [0; 32];
    out[12..].copy_from_slice(value);
    out
}

/// Keccak-256 of `abi.encode` of static words.
fn keccak(words: &[Bytes32]) -> Bytes32 {
    Keccak256::digest(words.as_flattened()).into()
}

/// A hash with its low 40 bits replaced by a time in seconds.
fn with_time(mut hash: Bytes32, time: u64) -> Bytes32 {
    hash[27..].copy_from_slice(&time.to_be_bytes()[3..]);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_carries_its_time_in_forty_bits() {
        for time in [0, 1, 0x01_0203_0405, 0xff_ffff_ffff] {
            assert_eq!(time_of(&with_time([0xab; 32], time)), time);
        }
        assert_eq!(time_of(&with_time([0xab; 32], (1 << 40) + 7)), 7);
    }
}
