// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verdict on one signature: whether `e` is what the hash asks for, and all words are in range.
//!
//! Each of `h_0`, `h_1` is written in 32 digits of two bits, most significant last. An element below `2^64 - p` also has the
//! digits of itself plus p; those have the high word `2^32 - 1` and a low word that is not zero, while of the canonical
//! forms only p - 1 has that high word, with the low word zero. So digits are canonical, and unique, when a high word of
//! `2^32 - 1` implies a low word of zero (CIR-7).
//!
//! With `e_i` words, `e_0 + 2^30 e_1 < 2^63 < p`, so its equality with the low sixty bits of `h_0` in the field is one of
//! integers; for `e_i` below `2^30` it is equality limb by limb. If a word is out of range the verdict is 0 in any case.
//! Every wire is determined by the seven inputs: the verdict cannot be chosen (CIR-3).

use super::limbs::{ZERO_CONSTRAINTS, fill_is_zero, is_zero, two_bits};
use super::{Algebra, CustomGate, Row};
use crate::config::F;
use core::array::from_fn;
use core::ops::Range;
use plonky2::field::types::{Field, PrimeField64};

/// Elements of the hash that are used.
const ELEMENTS: usize = 2;

/// Digits of an element, two bits each.
const DIGITS: usize = 32;

/// Digits of one word of an element.
const WORD_DIGITS: usize = 16;

/// Digits that the challenge uses of an element: sixty bits.
const USED_DIGITS: usize = 30;

/// Bits of a limb of `e`.
const LIMB_BITS: u32 = 30;

/// The gate; see the module.
#[derive(Clone, Debug, Default)]
pub struct ChallengeMatch;

impl ChallengeMatch {
    /// Columns of `h_0` and `h_1`.
    pub const HASH: Range<usize> = 0..ELEMENTS;

    /// Columns of the four words of `e`.
    pub const E: Range<usize> = 2..6;

    /// Column of the bit that says that the words of the signature are in range.
    pub const IN_RANGE: usize = 6;

    /// Column of the verdict.
    pub const VALID: usize = 7;

    const PRIVATE: usize = 8;

    /// Digits, and an inverse and a bit each for "the high word is `2^32 - 1`" and "the sixty bits are those of e".
    const PRIVATE_PER_ELEMENT: usize = DIGITS + 4;

    pub(crate) const fn digit(element: usize, position: usize) -> usize {
        Self::PRIVATE + Self::PRIVATE_PER_ELEMENT * element + position
    }

    pub(crate) const fn top(element: usize) -> (usize, usize) {
        (Self::digit(element, DIGITS), Self::digit(element, DIGITS + 1))
    }

    pub(crate) const fn equal(element: usize) -> (usize, usize) {
        (Self::digit(element, DIGITS + 2), Self::digit(element, DIGITS + 3))
    }
}

impl CustomGate for ChallengeMatch {
    const ID: &'static str = "poe/challenge-match/1";
    const WIRES: usize = Self::PRIVATE + Self::PRIVATE_PER_ELEMENT * ELEMENTS;
    const CONSTANTS: usize = 0;
    const DEGREE: usize = 4;
    const CONSTRAINTS: usize = ELEMENTS * (DIGITS + 2 + 2 * ZERO_CONSTRAINTS) + 1;

    fn constrain<A: Algebra>(
        algebra: &mut A,
        _constants: &[A::Element],
        wires: &[A::Element],
        emit: &mut impl FnMut(A::Element),
    ) {
        let mut verdict = wires[Self::IN_RANGE];
        for element in 0..ELEMENTS {
            let digits: [A::Element; DIGITS] = from_fn(|i| wires[Self::digit(element, i)]);
            for digit in digits {
                emit(two_bits(algebra, digit));
            }
            let low = compose(algebra, &digits[..WORD_DIGITS]);
            let high = compose(algebra, &digits[WORD_DIGITS..]);
            let sum = algebra.add_scaled(1 << 32, high, low);
            emit(algebra.sub(sum, wires[Self::HASH.start + element]));

            let all_ones = algebra.constant(u64::from(u32::MAX));
            let below_top = algebra.sub(all_ones, high);
            let (inverse, top) = Self::top(element);
            is_zero(algebra, below_top, wires[inverse], wires[top], emit);
            emit(algebra.mul(wires[top], low));

            let used_of_high = compose(algebra, &digits[WORD_DIGITS..USED_DIGITS]);
            let used = algebra.add_scaled(1 << 32, used_of_high, low);
            let limb = Self::E.start + 2 * element;
            let claimed = algebra.add_scaled(1 << LIMB_BITS, wires[limb + 1], wires[limb]);
            let difference = algebra.sub(claimed, used);
            let (inverse, equal) = Self::equal(element);
            is_zero(algebra, difference, wires[inverse], wires[equal], emit);
            verdict = algebra.mul(verdict, wires[equal]);
        }
        emit(algebra.sub(wires[Self::VALID], verdict));
    }

    fn inputs() -> Vec<usize> {
        (Self::HASH.start..=Self::IN_RANGE).collect()
    }

    fn fill(row: &mut Row<'_>) -> anyhow::Result<()> {
        let mut verdict = row.get(Self::IN_RANGE);
        for element in 0..ELEMENTS {
            let hash = row.get(Self::HASH.start + element).to_canonical_u64();
            for position in 0..DIGITS {
                let digit = (hash >> (2 * position)) & 3;
                row.set(Self::digit(element, position), F::from_canonical_u64(digit))?;
            }
            let (inverse, top) = Self::top(element);
            let below_top = u64::from(u32::MAX) - (hash >> 32);
            fill_is_zero(row, F::from_canonical_u64(below_top), inverse, top)?;

            let limb = Self::E.start + 2 * element;
            let claimed = row.get(limb) + row.get(limb + 1) * F::from_canonical_u64(1 << LIMB_BITS);
            let used = F::from_canonical_u64(hash & ((1 << (2 * USED_DIGITS)) - 1));
            let (inverse, equal) = Self::equal(element);
            fill_is_zero(row, claimed - used, inverse, equal)?;
            verdict *= F::from_bool(claimed == used);
        }
        row.set(Self::VALID, verdict)
    }
}

/// `sum(4^i digits[i])`
fn compose<A: Algebra>(algebra: &mut A, digits: &[A::Element]) -> A::Element {
    let zero = algebra.constant(0);
    digits
        .iter()
        .rev()
        .fold(zero, |sum, &digit| algebra.add_scaled(4, sum, digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Checker, Violation};
    use crate::config::{Builder, C, Circuit, wide_config};
    use crate::gates::Custom;
    use crate::gates::testing::check_gate;
    use plonky2::field::types::Field64;
    use plonky2::iop::target::Target;
    use plonky2::iop::witness::{PartialWitness, WitnessWrite};

    const SIXTY_BITS: u64 = (1 << 60) - 1;

    /// Position of "a high word of `2^32 - 1` implies a low word of zero" among the constraints of `h_0`.
    const CANONICAL: usize = DIGITS + 1 + ZERO_CONSTRAINTS;

    // REQ C5
    #[test]
    fn evaluations_agree() {
        check_gate::<ChallengeMatch>();
    }

    fn row() -> (Circuit, usize) {
        let mut builder = Builder::new(wide_config());
        let row = Custom::<ChallengeMatch>::add_row(&mut builder, vec![]);
        (builder.build::<C>(), row)
    }

    /// `h_0`, `h_1`, the limbs of sixty bits each, 1.
    fn inputs(row: usize, hash: [u64; 2], sixty_bits: [u64; 2]) -> PartialWitness<F> {
        let limbs = sixty_bits
            .into_iter()
            .flat_map(|b| [b & ((1 << LIMB_BITS) - 1), b >> LIMB_BITS]);
        let mut witness = PartialWitness::new();
        for (column, value) in hash.into_iter().chain(limbs).chain([1]).enumerate() {
            let value = F::from_canonical_u64(value);
            witness.set_target(Target::wire(row, column), value).expect("set once");
        }
        witness
    }

    #[test]
    fn the_verdict_compares_the_sixty_low_bits_of_both_elements() {
        let (circuit, row) = row();
        let checker = Checker::new(&circuit);
        let top = u64::from(u32::MAX) << 32;
        for h in [0, 1, SIXTY_BITS, SIXTY_BITS + 1, top - 1, top, 0x0123_4567_89AB_CDEF] {
            for (hash, flips, expected) in [
                ([h, 77], [0, 0], F::ONE),
                ([77, h], [0, 0], F::ONE),
                ([h, 77], [1 << 59, 0], F::ZERO),
                ([77, h], [0, 1], F::ZERO),
                ([h, h], [1 << 30, 1 << 29], F::ZERO),
            ] {
                let sixty_bits = from_fn(|i| (hash[i] & SIXTY_BITS) ^ flips[i]);
                let trace = checker.honest(inputs(row, hash, sixty_bits)).expect("honest");
                assert_eq!(checker.violations(&trace), []);
                assert_eq!(
                    trace.get(Target::wire(row, ChallengeMatch::VALID)),
                    expected,
                    "{hash:x?}"
                );
            }
        }
    }

    /// `h + p` has digits too, and a challenge read from them would give each small h a second signature.
    // REQ C3
    #[test]
    fn digits_that_are_not_canonical_are_refused() {
        let (circuit, row) = row();
        let checker = Checker::new(&circuit);
        for h in [0, 5, u64::from(u32::MAX) - 1] {
            let other = h + F::ORDER;
            let digits = (0..DIGITS).map(|i| (ChallengeMatch::digit(0, i), (other >> (2 * i)) & 3));
            let ((top_inverse, top), (equal_inverse, equal)) = (ChallengeMatch::top(0), ChallengeMatch::equal(0));
            let follow_up = [(top_inverse, 0), (top, 1), (equal_inverse, 0), (equal, 1)];
            let valid = (ChallengeMatch::VALID, 1);
            let lies: Vec<_> = digits
                .chain(follow_up)
                .chain([valid])
                .map(|(column, value)| (Target::wire(row, column), F::from_canonical_u64(value)))
                .collect();
            let trace = checker
                .trace(inputs(row, [h, 77], [other & SIXTY_BITS, 77]), &lies)
                .expect("a trace");
            // All else is consistent: this constraint alone stands in the way.
            let only = Violation {
                row,
                gate: ChallengeMatch::ID.to_owned(),
                constraint: CANONICAL,
            };
            assert_eq!(checker.violations(&trace), [only], "{h}");

            // Denying that the high word is 2^32 - 1 does not help, whatever stands for the inverse.
            for inverse in [F::ZERO, F::ONE, F::NEG_ONE] {
                let mut denied = trace.clone();
                denied.lie(Target::wire(row, top), F::ZERO);
                denied.lie(Target::wire(row, top_inverse), inverse);
                assert!(!checker.accepts(&denied), "{h}");
            }
        }
    }
}
