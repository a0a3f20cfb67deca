// SPDX-License-Identifier: MIT OR Apache-2.0
//! Slots (FMT-6).

use super::{read_u32, read_u64};
use serde::{Deserialize, Serialize};

/// Limbs of signatures are below `2^30`.
const LIMB_BITS: u32 = 30;

/// The signed part of a slot: its first 32 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transfer {
    /// Index of the paying account.
    pub from: u32,
    /// Index of the receiving account; 0 withdraws to the L1 owner of `from`.
    pub to: u32,
    /// Gwei moved.
    pub amount: u64,
    /// Gwei paid to the fee recipient of the batch.
    pub fee: u64,
    /// Must equal the nonce of `from`.
    pub nonce: u32,
    /// Fee recipient whose batches may include this; 0 = any.
    pub sequencer: u32,
}

/// A Schnorr signature as limbs, least significant first.
///
/// `s` is an integer, not reduced: a signature has other forms (`s` plus multiples of the group order), so nothing may use a
/// signature, or the bytes of a slot, as an identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signature {
    /// The challenge: four 30-bit limbs.
    pub e: [u32; 4],
    /// The response: eleven 30-bit limbs.
    pub s: [u32; 11],
}

/// One transaction as it stands in a batch. Any 96 bytes are a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// What is moved.
    pub transfer: Transfer,
    /// The sender's signature.
    pub signature: Signature,
    /// Must be zero.
    pub spare: u32,
}

impl Transfer {
    /// Length in bytes.
    pub const BYTES: usize = 32;

    /// The first eight words of a slot.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[0..4].copy_from_slice(&self.from.to_be_bytes());
        out[4..8].copy_from_slice(&self.to.to_be_bytes());
        out[8..16].copy_from_slice(&self.amount.to_be_bytes());
        out[16..24].copy_from_slice(&self.fee.to_be_bytes());
        out[24..28].copy_from_slice(&self.nonce.to_be_bytes());
        out[28..32].copy_from_slice(&self.sequencer.to_be_bytes());
        out
    }

    /// Reads the first eight words of a slot.
    pub fn decode(bytes: &[u8; Self::BYTES]) -> Self {
        Self {
            from: read_u32(bytes, 0),
            to: read_u32(bytes, 4),
            amount: read_u64(bytes, 8),
            fee: read_u64(bytes, 16),
            nonce: read_u32(bytes, 24),
            sequencer: read_u32(bytes, 28),
        }
    }

    /// Whether this leaves for L1.
    pub const fn is_withdraw(&self) -> bool {
        self.to == 0
    }
}

impl Signature {
    /// Whether every limb is below `2^30`.
    pub fn is_in_range(&self) -> bool {
        self.e.iter().chain(&self.s).all(|limb| limb >> LIMB_BITS == 0)
    }
}

impl Slot {
    /// Length in bytes.
    pub const BYTES: usize = 96;

    /// Length in 32-bit words.
    pub const WORDS: usize = 24;

    /// The 96 bytes.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[..Transfer::BYTES].copy_from_slice(&self.transfer.encode());
        let limbs = self.signature.e.iter().chain(&self.signature.s).chain([&self.spare]);
        for (chunk, word) in out[Transfer::BYTES..].chunks_exact_mut(4).zip(limbs) {
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        out
    }

    /// Reads any 96 bytes.
    pub fn decode(bytes: &[u8; Self::BYTES]) -> Self {
        let mut head = [0; Transfer::BYTES];
        head.copy_from_slice(&bytes[..Transfer::BYTES]);
        Self {
            transfer: Transfer::decode(&head),
            signature: Signature {
                e: core::array::from_fn(|i| read_u32(bytes, 32 + 4 * i)),
                s: core::array::from_fn(|i| read_u32(bytes, 48 + 4 * i)),
            },
            spare: read_u32(bytes, 92),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // REQ C12
        #[test]
        fn any_bytes_are_a_slot_and_round_trip(bytes in prop::array::uniform32(any::<[u8; 3]>())) {
            let bytes: [u8; 96] = core::array::from_fn(|i| bytes[i / 3][i % 3]);
            prop_assert_eq!(Slot::decode(&bytes).encode(), bytes);
        }
    }

    #[test]
    fn fields_stand_at_the_specified_words() {
        let bytes: [u8; 96] = core::array::from_fn(|i| if i % 4 == 3 { (i / 4) as u8 } else { 0 });
        let slot = Slot::decode(&bytes);
        let expected = Transfer {
            from: 0,
            to: 1,
            amount: 2 << 32 | 3,
            fee: 4 << 32 | 5,
            nonce: 6,
            sequencer: 7,
        };
        assert_eq!(slot.transfer, expected);
        assert_eq!(slot.signature.e, [8, 9, 10, 11]);
        assert_eq!(slot.signature.s, [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
        assert_eq!(slot.spare, 23);
    }

    #[test]
    fn a_limb_of_31_bits_is_out_of_range() {
        let mut signature = Signature {
            e: [(1 << 30) - 1; 4],
            s: [(1 << 30) - 1; 11],
        };
        assert!(signature.is_in_range());
        signature.e[3] = 1 << 30;
        assert!(!signature.is_in_range());
        signature.e[3] = 0;
        signature.s[10] = u32::MAX;
        assert!(!signature.is_in_range());
    }
}
