// SPDX-License-Identifier: MIT OR Apache-2.0
//! Merkle trees over BN254.

use super::poseidon::{State, permute};
use super::transcript::Transcript;
use crate::config::F;
use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField, Zero};
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::{Field, Field64, PrimeField64};
use plonky2::plonk::config::{GenericHashOut, Hasher};
use serde::{Deserialize, Serialize};

/// Goldilocks elements in one lane: 3 * 64 bits, below the modulus of BN254 whatever they are.
pub const ELEMENTS_PER_LANE: usize = 3;

/// Goldilocks elements absorbed by one permutation.
pub const RATE: usize = 2 * ELEMENTS_PER_LANE;

/// A hash of n elements starts from capacity `LEAF_TAG + n`. (A compression of two digests starts from 0.)
pub const LEAF_TAG: u64 = 1 << 32;

/// Goldilocks digits of a digest.
const DIGITS: usize = 4;

/// An element of BN254's scalar field as a plonky2 hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "[u64; 4]", into = "[u64; 4]")]
pub struct Bn254Digest(pub Fr);

/// Limbs that are not below the modulus of BN254's scalar field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:016x?}, least significant limb first, is not below the modulus of BN254's scalar field")]
pub struct NonCanonicalFr(pub [u64; 4]);

impl TryFrom<[u64; 4]> for Bn254Digest {
    type Error = NonCanonicalFr;

    /// Limbs, least significant first.
    fn try_from(limbs: [u64; 4]) -> Result<Self, NonCanonicalFr> {
        Fr::from_bigint(BigInt(limbs)).map(Self).ok_or(NonCanonicalFr(limbs))
    }
}

impl From<Bn254Digest> for [u64; 4] {
    fn from(digest: Bn254Digest) -> Self {
        digest.0.into_bigint().0
    }
}

impl GenericHashOut<F> for Bn254Digest {
    /// 32 bytes, little-endian.
    fn to_bytes(&self) -> Vec<u8> {
        <[u64; 4]>::from(*self).into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// Little-endian, modulo the field: plonky2 asks for a total function. Proofs from outside go through a decoder
    /// that has refused non-canonical bytes before (CIR-22).
    fn from_bytes(bytes: &[u8]) -> Self {
        Self(Fr::from_le_bytes_mod_order(bytes))
    }

    /// What the transcript absorbs: the four digits to base p, least significant first. Injective, since `p^4 > r`.
    fn to_vec(&self) -> Vec<F> {
        digits::<DIGITS>(self.0).to_vec()
    }
}

/// Up to three elements as 64-bit limbs of one lane, least significant first, missing ones zero.
pub(super) fn pack(elements: &[F]) -> Fr {
    debug_assert!(elements.len() <= ELEMENTS_PER_LANE);
    let mut limbs = [0; 4];
    for (limb, element) in limbs.iter_mut().zip(elements) {
        *limb = element.to_canonical_u64();
    }
    Fr::from_bigint(BigInt(limbs)).expect("192 bits are below the modulus")
}

/// The N least significant digits to base p.
pub(super) fn digits<const N: usize>(value: Fr) -> [F; N] {
    let mut limbs = value.into_bigint().0;
    core::array::from_fn(|_| GoldilocksField::from_canonical_u64(divide(&mut limbs)))
}

/// Divides by p, returns the remainder.
fn divide(limbs: &mut [u64; 4]) -> u64 {
    let p = u128::from(GoldilocksField::ORDER);
    let mut remainder = 0;
    for limb in limbs.iter_mut().rev() {
        let dividend = remainder << 64 | u128::from(*limb);
        // Both fit: the remainder so far is below p.
        *limb = (dividend / p) as u64;
        remainder = dividend % p;
    }
    remainder as u64
}

/// Poseidon over BN254 as a plonky2 hasher (CIR-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bn254Hash;

impl Hasher<F> for Bn254Hash {
    const HASH_SIZE: usize = 32;

    type Hash = Bn254Digest;
    type Permutation = Transcript;

    /// From capacity `LEAF_TAG + n`, each permutation takes six elements in place of lanes 1 and 2, the last of them
    /// filled up with zeros, and leaves lane 0 for the next; the digest is the last lane 0.
    ///
    /// The length in the capacity makes inputs of different lengths, and compressions, different inputs.
    fn hash_no_pad(input: &[F]) -> Bn254Digest {
        let mut chain = Fr::from(LEAF_TAG + input.len() as u64);
        for block in input.chunks(RATE) {
            let (low, high) = block.split_at(block.len().min(ELEMENTS_PER_LANE));
            let mut state: State = [chain, pack(low), pack(high)];
            permute(&mut state);
            chain = state[0];
        }
        Bn254Digest(chain)
    }

    /// Hashes: the default would pack four elements into 256 bits, which a 254-bit field does not hold.
    fn hash_or_noop(inputs: &[F]) -> Bn254Digest {
        Self::hash_no_pad(inputs)
    }

    /// `permute(0, left, right)[0]`, circomlib's Poseidon of two.
    fn two_to_one(left: Bn254Digest, right: Bn254Digest) -> Bn254Digest {
        let mut state = [Fr::zero(), left.0, right.0];
        permute(&mut state);
        Bn254Digest(state[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::str::FromStr;
    use proptest::prelude::*;

    const P: u64 = GoldilocksField::ORDER;

    fn elements(values: &[u64]) -> Vec<F> {
        values.iter().map(|&v| F::from_canonical_u64(v)).collect()
    }

    // REQ C6
    #[test]
    fn compression_is_that_of_circomlib() {
        let hash = Bn254Hash::two_to_one(Bn254Digest(1u64.into()), Bn254Digest(2u64.into()));
        let expected = "7853200120776062878684798364095072458815029376092732009249414926327459813530";
        assert_eq!(hash.0, Fr::from_str(expected).expect("decimal"));
    }

    #[test]
    fn leaves_are_the_documented_chain() {
        let input = elements(&[1, 2, 3, 4, 5, 6, 7, 8]);
        let lane = |low: u64, middle: u64, high: u64| {
            let base = Fr::from(1u128 << 64);
            Fr::from(low) + base * (Fr::from(middle) + base * Fr::from(high))
        };
        let mut first = [Fr::from((1u64 << 32) + 8), lane(1, 2, 3), lane(4, 5, 6)];
        permute(&mut first);
        let mut second = [first[0], lane(7, 8, 0), Fr::zero()];
        permute(&mut second);
        assert_eq!(Bn254Hash::hash_no_pad(&input), Bn254Digest(second[0]));
    }

    #[test]
    fn short_leaves_are_hashed_too() {
        for length in 0..=4 {
            let input = elements(&vec![7; length]);
            assert_eq!(Bn254Hash::hash_or_noop(&input), Bn254Hash::hash_no_pad(&input));
            let packed = if length <= 3 { pack(&input) } else { Fr::zero() };
            assert!(length == 0 || Bn254Hash::hash_or_noop(&input).0 != packed);
        }
    }

    #[test]
    fn trailing_zeros_change_a_leaf() {
        let hashes: Vec<_> = (1..20)
            .map(|n| Bn254Hash::hash_no_pad(&elements(&vec![0; n])))
            .collect();
        for (i, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..i].contains(hash), "length {}", i + 1);
        }
    }

    #[test]
    fn non_canonical_limbs_are_refused() {
        let limbs = <Fr as PrimeField>::MODULUS.0;
        assert_eq!(Bn254Digest::try_from(limbs), Err(NonCanonicalFr(limbs)));
        let largest = [limbs[0] - 1, limbs[1], limbs[2], limbs[3]];
        assert_eq!(Bn254Digest::try_from(largest), Ok(Bn254Digest(-Fr::from(1u64))));
    }

    proptest! {
        #[test]
        fn digits_determine_the_digest(limbs: [u64; 4]) {
            let digest = Bn254Digest(Fr::from_le_bytes_mod_order(
                &limbs.into_iter().flat_map(u64::to_le_bytes).collect::<Vec<_>>(),
            ));
            let base = Fr::from(P);
            let rebuilt = digest.to_vec().into_iter().rev().fold(Fr::zero(), |value, digit| {
                value * base + Fr::from(digit.to_canonical_u64())
            });
            prop_assert_eq!(rebuilt, digest.0);
            // As integers too: the top digit is too small for the sum to wrap around the modulus.
            let top = digest.to_vec()[3].to_canonical_u64();
            prop_assert!(top <= <Fr as PrimeField>::MODULUS.0[3] + 1);
            prop_assert_eq!(Bn254Digest::from_bytes(&digest.to_bytes()), digest);
        }

        #[test]
        fn every_element_of_a_leaf_counts(values in prop::collection::vec(0..P, 1..20), at: prop::sample::Index, other in 0..P) {
            let mut changed = values.clone();
            changed[at.index(values.len())] = other;
            prop_assert_eq!(
                Bn254Hash::hash_no_pad(&elements(&values)) == Bn254Hash::hash_no_pad(&elements(&changed)),
                values == changed
            );
        }
    }
}
