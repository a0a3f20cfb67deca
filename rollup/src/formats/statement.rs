// SPDX-License-Identifier: MIT OR Apache-2.0
//! The statement a proof proves (FMT-14, FMT-15).

use super::{Address, Bytes32, sha256, tag};
use crate::poseidon::Digest;
use serde::{Deserialize, Serialize};

const TAG_STATEMENT: Bytes32 = tag("PoE/statement/1");

/// "Applying the batches between `old_acc` and `new_acc` to the old state gives the new one."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Statement {
    /// The deployment (FMT-5).
    pub domain: Bytes32,
    /// Version of the route whose verifier checks the proof.
    pub version: u32,
    /// L1 address that is paid.
    pub beneficiary: Address,
    /// Accumulator before the first batch.
    pub old_acc: Bytes32,
    /// Accumulator after the last batch.
    pub new_acc: Bytes32,
    /// State root before the first batch.
    pub old_root: Digest,
    /// State root after the last batch.
    pub new_root: Digest,
    /// Exit accumulator before the first batch.
    pub old_exit_acc: Bytes32,
    /// Exit accumulator after the last batch.
    pub new_exit_acc: Bytes32,
}

impl Statement {
    /// The statement hash (FMT-14).
    pub fn hash(&self) -> Bytes32 {
        sha256(&[
            &TAG_STATEMENT,
            &self.domain,
            &self.version.to_be_bytes(),
            &self.beneficiary,
            &self.old_acc,
            &self.new_acc,
            &self.old_root.to_bytes(),
            &self.new_root.to_bytes(),
            &self.old_exit_acc,
            &self.new_exit_acc,
        ])
    }

    /// What the verifier takes: the high and the low half of the hash (FMT-15).
    pub fn public_inputs(&self) -> [u128; 2] {
        let hash = self.hash();
        let half = |bytes: &[u8]| bytes.iter().fold(0, |value, &byte| value << 8 | u128::from(byte));
        [half(&hash[..16]), half(&hash[16..])]
    }
}
