// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Fiat-Shamir transcript over BN254, behind plonky2's interface of Goldilocks elements.

use super::hasher::{ELEMENTS_PER_LANE, RATE, digits, pack};
use super::poseidon::permute;
use crate::config::F;
use ark_bn254::Fr;
use plonky2::field::types::Field;
use plonky2::hash::hashing::PlonkyPermutation;

/// The capacity lane of a transcript starts here: apart from every leaf, whose length is below 2^32.
pub const TRANSCRIPT_TAG: u64 = 2 << 32;

/// A duplex sponge whose six visible elements are limbs of lanes 1 and 2; lane 0 never leaves.
///
/// A permutation packs the visible elements into the lanes and afterwards shows the three least significant base-p
/// digits of each. What the caller does not overwrite stays as shown; the digits above are dropped. A digit differs
/// from uniform by less than 2^-60, since `r / p^3` is about 2^62.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transcript {
    capacity: Fr,
    visible: [F; RATE],
}

impl Default for Transcript {
    fn default() -> Self {
        Self {
            capacity: Fr::from(TRANSCRIPT_TAG),
            visible: [F::ZERO; RATE],
        }
    }
}

impl AsRef<[F]> for Transcript {
    fn as_ref(&self) -> &[F] {
        &self.visible
    }
}

impl PlonkyPermutation<F> for Transcript {
    const RATE: usize = RATE;
    const WIDTH: usize = RATE;

    fn new<I: IntoIterator<Item = F>>(elements: I) -> Self {
        let mut transcript = Self::default();
        transcript.set_from_iter(elements, 0);
        transcript
    }

    fn set_elt(&mut self, element: F, index: usize) {
        self.visible[index] = element;
    }

    fn set_from_iter<I: IntoIterator<Item = F>>(&mut self, elements: I, start: usize) {
        for (slot, element) in self.visible[start..].iter_mut().zip(elements) {
            *slot = element;
        }
    }

    fn set_from_slice(&mut self, elements: &[F], start: usize) {
        self.set_from_iter(elements.iter().copied(), start);
    }

    fn permute(&mut self) {
        let (low, high) = self.visible.split_at(ELEMENTS_PER_LANE);
        let mut state = [self.capacity, pack(low), pack(high)];
        permute(&mut state);
        self.capacity = state[0];
        let (low, high) = self.visible.split_at_mut(ELEMENTS_PER_LANE);
        low.copy_from_slice(&digits::<ELEMENTS_PER_LANE>(state[1]));
        high.copy_from_slice(&digits::<ELEMENTS_PER_LANE>(state[2]));
    }

    fn squeeze(&self) -> &[F] {
        &self.visible
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bn254::{Bn254Digest, Bn254Hash};
    use plonky2::iop::challenger::Challenger;
    use proptest::prelude::*;

    fn challenges(elements: &[F]) -> Vec<F> {
        let mut challenger = Challenger::<F, Bn254Hash>::new();
        challenger.observe_elements(elements);
        challenger.get_n_challenges(8)
    }

    #[test]
    fn a_permutation_shows_the_low_digits_of_the_rate_lanes() {
        let mut transcript = Transcript::new((1..=6).map(F::from_canonical_u64));
        let expected = |transcript: &Transcript| {
            let mut state = [
                transcript.capacity,
                pack(&transcript.visible[..3]),
                pack(&transcript.visible[3..]),
            ];
            permute(&mut state);
            (state[0], [digits::<3>(state[1]), digits::<3>(state[2])].concat())
        };
        assert_eq!(transcript.capacity, Fr::from(1u64 << 33));
        let (capacity, shown) = expected(&transcript);
        transcript.permute();
        assert_eq!(
            (transcript.capacity, transcript.squeeze().to_vec()),
            (capacity, shown.clone())
        );

        // One element is overwritten, five stay as they were shown.
        transcript.set_elt(F::ONE, 0);
        assert_eq!(transcript.visible[1..], shown[1..]);
        let (capacity, _) = expected(&transcript);
        transcript.permute();
        assert_eq!(transcript.capacity, capacity);
    }

    #[test]
    fn a_transcript_is_not_a_leaf() {
        let block: Vec<F> = (1..=6).map(F::from_canonical_u64).collect();
        let mut transcript = Transcript::new(block.iter().copied());
        transcript.permute();
        let leaf = <Bn254Hash as plonky2::plonk::config::Hasher<F>>::hash_no_pad(&block);
        assert_ne!(Bn254Digest(transcript.capacity), leaf);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_absorbed_element_counts(values in prop::collection::vec(any::<u32>(), 1..30), at: prop::sample::Index) {
            let original: Vec<F> = values.iter().map(|&v| F::from_canonical_u32(v)).collect();
            let mut changed = original.clone();
            changed[at.index(values.len())] += F::ONE;
            let (before, after) = (challenges(&original), challenges(&changed));
            prop_assert!(before.iter().zip(&after).all(|(a, b)| a != b));
        }
    }
}
