// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every byte string of the protocol, once: `docs/spec/formats.md`, whose ids (`FMT-7`) the items name.
//!
//! All integers are big-endian. Decoding a fixed-length format never fails; it is the state transition that judges.

mod acc;
mod batch;
mod exit;
mod l1;
mod message;
mod slot;
mod statement;

pub use acc::{BatchHeader, KIND_FULL_SLOTS, domain, genesis_acc};
pub use batch::{BatchData, BatchDataError, Capacity};
pub use exit::{Exit, TooManyExits, step_exit_acc};
pub use l1::{CheckpointTail, SequenceRest, checkpoint_rest, checkpoint_word, identity, sequence_word, time_of};
pub use message::{KIND_DEPOSIT, KIND_REGISTER, Message};
pub use slot::{Signature, Slot, Transfer};
pub use statement::Statement;

use sha2::{Digest as _, Sha256};

/// A SHA-256 or Keccak-256 value.
pub type Bytes32 = [u8; 32];

/// An L1 address.
pub type Address = [u8; 20];

/// A tag: ASCII text, left-aligned, zero-filled (FMT-4).
pub(crate) const fn tag(text: &str) -> Bytes32 {
    let text = text.as_bytes();
    let mut out = [0; 32];
    let mut i = 0;
    while i < text.len() {
        out[i] = text[i];
        i += 1;
    }
    out
}

/// SHA-256 of the concatenation of `parts`.
pub(crate) fn sha256(parts: &[&[u8]]) -> Bytes32 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The big-endian `u32` at `offset`. Callers pass offsets inside fixed-length arrays.
pub(crate) fn read_u32(bytes: &[u8], offset: usize) -> u32 {
    bytes[offset..offset + 4]
        .iter()
        .fold(0, |value, &byte| value << 8 | u32::from(byte))
}

/// The big-endian `u64` at `offset`.
pub(crate) fn read_u64(bytes: &[u8], offset: usize) -> u64 {
    u64::from(read_u32(bytes, offset)) << 32 | u64::from(read_u32(bytes, offset + 4))
}

/// A 32-byte value as eight field elements (FMT-3).
pub fn words_of(value: &Bytes32) -> [u64; 8] {
    core::array::from_fn(|i| u64::from(read_u32(value, 4 * i)))
}

/// A Solidity `uint` word.
fn uint256(value: u128) -> Bytes32 {
    let mut out = [0; 32];
    out[16..].copy_from_slice(&value.to_be_bytes());
    out
}
