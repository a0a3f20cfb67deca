// SPDX-License-Identifier: MIT OR Apache-2.0
//! The domain and the accumulator of batches (FMT-5, FMT-8, FMT-9).

use super::{Address, Bytes32, sha256, tag, uint256};
use crate::poseidon::Digest;
use serde::{Deserialize, Serialize};

const TAG_DOMAIN: Bytes32 = tag("PoE/domain/1");
const TAG_GENESIS: Bytes32 = tag("PoE/genesis/1");

/// Batches of full slots with signatures, the only kind there is (FMT-9).
pub const KIND_FULL_SLOTS: u32 = 1;

/// The domain of a deployment (FMT-5).
pub fn domain(chain_id: u64, contract: &Address) -> Bytes32 {
    sha256(&[&TAG_DOMAIN, &uint256(chain_id.into()), contract])
}

/// `acc_0` of a deployment (FMT-8).
pub fn genesis_acc(chain_id: u64, contract: &Address, genesis_root: &Digest) -> Bytes32 {
    sha256(&[
        &TAG_GENESIS,
        &uint256(chain_id.into()),
        contract,
        &genesis_root.to_bytes(),
    ])
}

/// What L1 fixes about a batch besides its position: the input of one accumulator step (FMT-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BatchHeader {
    /// What the data means (FMT-9).
    pub kind: u32,
    /// Version of the route the batch is pinned to.
    pub version: u32,
    /// SHA-256 of the padded data (FMT-7).
    pub data_hash: Bytes32,
    /// The message accumulator after the messages attached to this batch, or zero if there are none: L1 then need not
    /// read the old one.
    pub messages: Bytes32,
    /// L2 account that receives the fees.
    pub fee_recipient: u32,
}

impl BatchHeader {
    /// `acc'` of this batch after `acc`.
    pub fn step(&self, acc: &Bytes32) -> Bytes32 {
        sha256(&[
            acc,
            &self.kind.to_be_bytes(),
            &self.version.to_be_bytes(),
            &self.data_hash,
            &self.messages,
            &self.fee_recipient.to_be_bytes(),
        ])
    }
}
