// SPDX-License-Identifier: MIT OR Apache-2.0
//! L1 messages and their accumulator (FMT-10, FMT-11, FMT-12).

use super::{Address, Bytes32, read_u32, read_u64, sha256};
use crate::ecgfp5::{AffinePoint, Fp5};
use crate::schnorr::PublicKey;
use serde::{Deserialize, Serialize};

/// A message that registers an account and credits it.
pub const KIND_REGISTER: u32 = 1;

/// A message that credits an account.
pub const KIND_DEPOSIT: u32 = 2;

/// Something L1 tells the L2. Any 124 bytes are a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// [`KIND_REGISTER`], or a deposit.
    pub kind: u32,
    /// The account credited.
    pub index: u32,
    /// The ten coefficients of the key as found on L1, `x` first (FMT-12); zeros in a deposit.
    pub key: [u64; 10],
    /// The L1 address withdrawals go to; zeros in a deposit.
    pub l1_owner: Address,
    /// Gwei credited to `index`.
    pub amount: u64,
    /// Gwei credited to the fee recipient of the batch that takes the message.
    pub fee: u64,
}

impl Message {
    /// Length in bytes.
    pub const BYTES: usize = 124;

    /// Length in 32-bit words.
    pub const WORDS: usize = 31;

    /// Registration of `key` at `index`, with its first deposit.
    pub fn register(index: u32, key: &PublicKey, l1_owner: Address, amount: u64, fee: u64) -> Self {
        Self {
            kind: KIND_REGISTER,
            index,
            key: key.coefficients(),
            l1_owner,
            amount,
            fee,
        }
    }

    /// Deposit to `index`.
    pub fn deposit(index: u32, amount: u64, fee: u64) -> Self {
        Self {
            kind: KIND_DEPOSIT,
            index,
            amount,
            fee,
            ..Self::default()
        }
    }

    /// The key as the circuit sees it: coefficients modulo `p`. (L1 admits canonical ones only, so nothing is reduced.)
    pub fn key_point(&self) -> AffinePoint {
        let [x0, x1, x2, x3, x4, u0, u1, u2, u3, u4] = self.key;
        AffinePoint {
            x: Fp5::from_reduced([x0, x1, x2, x3, x4]),
            u: Fp5::from_reduced([u0, u1, u2, u3, u4]),
        }
    }

    /// The 124 bytes.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[0..4].copy_from_slice(&self.kind.to_be_bytes());
        out[4..8].copy_from_slice(&self.index.to_be_bytes());
        for (chunk, coefficient) in out[8..88].chunks_exact_mut(8).zip(self.key) {
            chunk.copy_from_slice(&coefficient.to_be_bytes());
        }
        out[88..108].copy_from_slice(&self.l1_owner);
        out[108..116].copy_from_slice(&self.amount.to_be_bytes());
        out[116..124].copy_from_slice(&self.fee.to_be_bytes());
        out
    }

    /// Reads any 124 bytes.
    pub fn decode(bytes: &[u8; Self::BYTES]) -> Self {
        Self {
            kind: read_u32(bytes, 0),
            index: read_u32(bytes, 4),
            key: core::array::from_fn(|i| read_u64(bytes, 8 + 8 * i)),
            l1_owner: core::array::from_fn(|i| bytes[88 + i]),
            amount: read_u64(bytes, 108),
            fee: read_u64(bytes, 116),
        }
    }

    /// `messageAcc'` of this message after `acc` (FMT-11).
    pub fn step(&self, acc: &Bytes32) -> Bytes32 {
        sha256(&[acc, &self.encode()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_deposit_says_what_it_is() {
        let deposit = Message::deposit(5, 6, 7);
        assert_eq!(
            (deposit.kind, deposit.index, deposit.amount, deposit.fee),
            (KIND_DEPOSIT, 5, 6, 7)
        );
        assert_eq!(Message::decode(&deposit.encode()), deposit);
    }

    proptest! {
        // REQ C12
        #[test]
        fn any_bytes_are_a_message_and_round_trip(bytes in prop::collection::vec(any::<u8>(), Message::BYTES)) {
            let bytes: [u8; Message::BYTES] = bytes.try_into().unwrap();
            let message = Message::decode(&bytes);
            prop_assert_eq!(message.encode(), bytes);
            let _ = message.key_point().check_key();
        }
    }

    #[test]
    fn fields_stand_at_the_specified_words() {
        let bytes: [u8; Message::BYTES] = core::array::from_fn(|i| if i % 4 == 3 { (i / 4) as u8 } else { 0 });
        let message = Message::decode(&bytes);
        assert_eq!((message.kind, message.index), (0, 1));
        assert_eq!(
            message.key,
            core::array::from_fn(|i| (2 * i as u64 + 2) << 32 | (2 * i as u64 + 3))
        );
        assert_eq!((message.l1_owner[3], message.l1_owner[19]), (22, 26));
        assert_eq!((message.amount, message.fee), (27 << 32 | 28, 29 << 32 | 30));
    }
}
