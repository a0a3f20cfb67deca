// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exits and their accumulator (FMT-13).

use super::{Address, Bytes32, read_u32, read_u64, sha256};
use serde::{Deserialize, Serialize};

/// A withdrawal, as L1 pays it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exit {
    /// The L1 address that is paid.
    pub l1_owner: Address,
    /// The L2 account that withdrew.
    pub index: u32,
    /// Gwei.
    pub amount: u64,
}

/// More exits than the route takes per batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{exits} exits in a batch, the route takes {capacity}")]
pub struct TooManyExits {
    /// Exits given.
    pub exits: usize,
    /// Exits the route takes.
    pub capacity: u32,
}

impl Exit {
    /// Length in bytes.
    pub const BYTES: usize = 32;

    /// The 32 bytes.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[0..20].copy_from_slice(&self.l1_owner);
        out[20..24].copy_from_slice(&self.index.to_be_bytes());
        out[24..32].copy_from_slice(&self.amount.to_be_bytes());
        out
    }

    /// Reads any 32 bytes.
    pub fn decode(bytes: &[u8; Self::BYTES]) -> Self {
        Self {
            l1_owner: core::array::from_fn(|i| bytes[i]),
            index: read_u32(bytes, 20),
            amount: read_u64(bytes, 24),
        }
    }
}

/// `exitAcc'` after a batch with these exits, under a route of `capacity` exits. A batch without exits leaves it.
pub fn step_exit_acc(acc: &Bytes32, exits: &[Exit], capacity: u32) -> Result<Bytes32, TooManyExits> {
    if exits.len() > capacity as usize {
        return Err(TooManyExits {
            exits: exits.len(),
            capacity,
        });
    }
    if exits.is_empty() {
        return Ok(*acc);
    }
    let mut records: Vec<u8> = exits.iter().flat_map(Exit::encode).collect();
    records.resize(capacity as usize * Exit::BYTES, 0);
    Ok(sha256(&[acc, &records]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // REQ C12
        #[test]
        fn any_bytes_are_an_exit_and_round_trip(bytes: [u8; 32]) {
            prop_assert_eq!(Exit::decode(&bytes).encode(), bytes);
        }
    }

    #[test]
    fn no_exit_leaves_the_accumulator_and_too_many_are_refused() {
        let exit = Exit {
            l1_owner: [1; 20],
            index: 2,
            amount: 3,
        };
        assert_eq!(step_exit_acc(&[7; 32], &[], 2), Ok([7; 32]));
        assert_ne!(step_exit_acc(&[7; 32], &[exit], 2), step_exit_acc(&[7; 32], &[exit], 3));
        assert_eq!(
            step_exit_acc(&[7; 32], &[exit; 3], 2),
            Err(TooManyExits { exits: 3, capacity: 2 })
        );
    }
}
