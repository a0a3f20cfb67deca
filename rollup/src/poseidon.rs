// SPDX-License-Identifier: MIT OR Apache-2.0
//! Poseidon over Goldilocks (FMT-1): plonky2's permutation, its overwrite-mode sponge and its two-to-one compression.

use crate::ecgfp5::GOLDILOCKS_PRIME;
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::hash::hash_types::HashOut;
use plonky2::hash::poseidon::Poseidon;
use serde::{Deserialize, Serialize};

/// Elements absorbed per permutation.
const RATE: usize = 8;

/// Elements of the state.
const WIDTH: usize = 12;

/// A Poseidon digest: four field elements, each below `p`.
///
/// Collisions cost about 2^128 permutations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "[u64; 4]", into = "[u64; 4]")]
pub struct Digest([u64; 4]);

/// Bytes that are no canonical digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("element {position} is {value:#018x}, not below the Goldilocks prime")]
pub struct NonCanonicalDigest {
    /// Position among the four elements.
    pub position: usize,
    /// The offending value.
    pub value: u64,
}

impl Digest {
    /// The four elements, each below `p`.
    pub const fn elements(&self) -> [u64; 4] {
        self.0
    }

    /// The digest as 32 bytes: element 0 first, each big-endian (FMT-2).
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, element) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&element.to_be_bytes());
        }
        bytes
    }

    /// Reads FMT-2. Fails if an element is not below `p`.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NonCanonicalDigest> {
        Self::try_from(core::array::from_fn(|i| crate::formats::read_u64(bytes, 8 * i)))
    }

    fn from_state(state: &[GoldilocksField; WIDTH]) -> Self {
        Self(core::array::from_fn(|i| state[i].to_canonical_u64()))
    }
}

impl TryFrom<[u64; 4]> for Digest {
    type Error = NonCanonicalDigest;

    fn try_from(elements: [u64; 4]) -> Result<Self, NonCanonicalDigest> {
        match elements.iter().position(|&e| e >= GOLDILOCKS_PRIME) {
            Some(position) => Err(NonCanonicalDigest {
                position,
                value: elements[position],
            }),
            None => Ok(Self(elements)),
        }
    }
}

impl From<Digest> for [u64; 4] {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl From<Digest> for HashOut<GoldilocksField> {
    fn from(digest: Digest) -> Self {
        Self {
            elements: digest.0.map(GoldilocksField::from_canonical_u64),
        }
    }
}

impl From<HashOut<GoldilocksField>> for Digest {
    fn from(hash: HashOut<GoldilocksField>) -> Self {
        Self(hash.elements.map(|e| e.to_canonical_u64()))
    }
}

/// `H(elements)`: the sponge without padding. Inputs are taken modulo `p`.
///
/// Injective only among inputs of one length: every use in this crate has a fixed one.
pub fn hash(elements: &[u64]) -> Digest {
    let mut state = [GoldilocksField::ZERO; WIDTH];
    for chunk in elements.chunks(RATE) {
        for (lane, &element) in state.iter_mut().zip(chunk) {
            *lane = GoldilocksField::from_noncanonical_u64(element);
        }
        state = GoldilocksField::poseidon(state);
    }
    Digest::from_state(&state)
}

/// `H2(left, right)`: one permutation of the two digests and four zeros.
pub fn two_to_one(left: &Digest, right: &Digest) -> Digest {
    let mut state = [GoldilocksField::ZERO; WIDTH];
    for (lane, &element) in state.iter_mut().zip(left.0.iter().chain(&right.0)) {
        *lane = GoldilocksField::from_canonical_u64(element);
    }
    Digest::from_state(&GoldilocksField::poseidon(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plonky2::hash::poseidon::PoseidonHash;
    use plonky2::plonk::config::Hasher;
    use proptest::prelude::*;

    /// hadeshash, as published in plonky2 1.1.0 src/hash/poseidon_goldilocks.rs: the permutation of 0, of 0..12 and of all -1.
    // REQ C6
    #[test]
    fn permutation_agrees_with_published_vectors() {
        let permute = |input: [u64; WIDTH]| {
            GoldilocksField::poseidon(input.map(GoldilocksField::from_canonical_u64)).map(|e| e.to_canonical_u64())
        };
        let zeros = [
            0x3c18a9786cb0b359,
            0xc4055e3364a246c3,
            0x7953db0ab48808f4,
            0xc71603f33a1144ca,
            0xd7709673896996dc,
            0x46a84e87642f44ed,
            0xd032648251ee0b3c,
            0x1c687363b207df62,
            0xdf8565563e8045fe,
            0x40f5b37ff4254dae,
            0xd070f637b431067c,
            0x1792b1c4342109d7,
        ];
        let counting = [
            0xd64e1e3efc5b8e9e,
            0x53666633020aaa47,
            0xd40285597c6a8825,
            0x613a4f81e81231d2,
            0x414754bfebd051f0,
            0xcb1f8980294a023f,
            0x6eb2a9e4d54a9d0f,
            0x1902bc3af467e056,
            0xf045d5eafdc6021f,
            0xe4150f77caaa3be5,
            0xc9bfd01d39b50cce,
            0x5c0a27fcb0e1459b,
        ];
        let minus_ones = [
            0xbe0085cfc57a8357,
            0xd95af71847d05c09,
            0xcf55a13d33c1c953,
            0x95803a74f4530e82,
            0xfcd99eb30a135df1,
            0xe095905e913a3029,
            0xde0392461b42919b,
            0x7d3260e24e81d031,
            0x10d3d0465d9deaa0,
            0xa87571083dfc2a47,
            0xe18263681e9958f8,
            0xe28e96f1ae5e60d3,
        ];
        assert_eq!(permute([0; WIDTH]), zeros);
        assert_eq!(permute(core::array::from_fn(|i| i as u64)), counting);
        assert_eq!(permute([GOLDILOCKS_PRIME - 1; WIDTH]), minus_ones);
    }

    proptest! {
        #[test]
        fn sponge_and_compression_are_those_of_plonky2(elements in prop::collection::vec(0..GOLDILOCKS_PRIME, 1..40)) {
            let fields: Vec<_> = elements.iter().map(|&e| GoldilocksField::from_canonical_u64(e)).collect();
            let digest = hash(&elements);
            prop_assert_eq!(digest, PoseidonHash::hash_no_pad(&fields).into());
            let other = hash(&[elements[0]]);
            prop_assert_eq!(two_to_one(&digest, &other), PoseidonHash::two_to_one(digest.into(), other.into()).into());
        }

        #[test]
        fn digests_round_trip(elements in prop::collection::vec(any::<u64>(), 1..8)) {
            let digest = hash(&elements);
            prop_assert_eq!(Digest::from_bytes(&digest.to_bytes()), Ok(digest));
        }

        // REQ C12
        #[test]
        fn any_bytes_are_a_digest_or_an_error(bytes: [u8; 32]) {
            if let Ok(digest) = Digest::from_bytes(&bytes) {
                prop_assert_eq!(digest.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn non_canonical_digests_are_refused() {
        let mut bytes = [0; 32];
        bytes[16..24].copy_from_slice(&GOLDILOCKS_PRIME.to_be_bytes());
        assert_eq!(
            Digest::from_bytes(&bytes),
            Err(NonCanonicalDigest {
                position: 2,
                value: GOLDILOCKS_PRIME
            })
        );
    }
}
