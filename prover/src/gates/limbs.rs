// SPDX-License-Identifier: MIT OR Apache-2.0
//! The scalars of one signature: fifteen words, each cut into its low thirty bits and the rest.
//!
//! `word = low + 2^30 high` with `high` in `0..=3`. Both are unique once `low` is known to be below `2^30`, which this gate
//! does *not* check: [`EcStep`](super::EcStep) takes the low parts up bit by bit. `in_range` is 1 exactly when all high
//! parts are zero: their sum is at most 45, so it is zero in the field only if each of them is.

use super::{Algebra, CustomGate, Row};
use crate::config::F;
use core::ops::Range;
use plonky2::field::types::{Field, Field64, PrimeField64};

/// Words of a signature: four of `e`, eleven of `s`.
const WORDS: usize = 15;

/// Bits of a low part.
const LOW_BITS: u32 = 30;

/// The gate; see the module.
#[derive(Clone, Debug, Default)]
pub struct Limbs;

impl Limbs {
    /// Columns of the words.
    pub const WORDS: Range<usize> = 0..WORDS;

    /// Columns of their low thirty bits.
    pub const LOW: Range<usize> = WORDS..2 * WORDS;

    /// Column of the bit that is 1 when every word is below `2^30`.
    pub const IN_RANGE: usize = 2 * WORDS;

    pub(crate) const INVERSE: usize = Self::IN_RANGE + 1;

    const HIGH: usize = Self::INVERSE + 1;

    /// Column of the high part of a word.
    pub(crate) const fn high(word: usize) -> usize {
        Self::HIGH + word
    }

    /// Position of the constraint that cuts a word.
    #[cfg(test)]
    pub(crate) const fn word_constraint(word: usize) -> usize {
        2 * word + 1
    }
}

impl CustomGate for Limbs {
    const ID: &'static str = "poe/limbs/1";
    const WIRES: usize = Self::HIGH + WORDS;
    const CONSTANTS: usize = 0;
    const DEGREE: usize = 4;
    const CONSTRAINTS: usize = 2 * WORDS + ZERO_CONSTRAINTS;

    fn constrain<A: Algebra>(
        algebra: &mut A,
        _constants: &[A::Element],
        wires: &[A::Element],
        emit: &mut impl FnMut(A::Element),
    ) {
        let mut sum = algebra.constant(0);
        for i in 0..WORDS {
            let high = wires[Self::high(i)];
            emit(two_bits(algebra, high));
            let word = algebra.add_scaled(1 << LOW_BITS, high, wires[Self::LOW.start + i]);
            emit(algebra.sub(word, wires[Self::WORDS.start + i]));
            sum = algebra.add(sum, high);
        }
        let (inverse, in_range) = (wires[Self::INVERSE], wires[Self::IN_RANGE]);
        is_zero(algebra, sum, inverse, in_range, emit);
    }

    fn inputs() -> Vec<usize> {
        Self::WORDS.collect()
    }

    fn fill(row: &mut Row<'_>) -> anyhow::Result<()> {
        let mut sum = F::ZERO;
        for i in 0..WORDS {
            let word = row.get(Self::WORDS.start + i).to_canonical_u64();
            let high = F::from_canonical_u64(word >> LOW_BITS);
            row.set(Self::LOW.start + i, F::from_canonical_u64(word & ((1 << LOW_BITS) - 1)))?;
            row.set(Self::high(i), high)?;
            sum += high;
        }
        fill_is_zero(row, sum, Self::INVERSE, Self::IN_RANGE)
    }
}

/// Zero exactly for 0, 1, 2 and 3; of degree 4.
pub(super) fn two_bits<A: Algebra>(algebra: &mut A, digit: A::Element) -> A::Element {
    // d (d - 1) (d - 2) (d - 3) = t (t + 2) with t = d^2 - 3 d
    let square = algebra.mul(digit, digit);
    let t = algebra.add_scaled(F::ORDER - 3, digit, square);
    let doubled = algebra.add(t, t);
    algebra.mul_add(t, t, doubled)
}

/// Constraints that [`is_zero`] emits.
pub(super) const ZERO_CONSTRAINTS: usize = 3;

/// `bit` is 1 if `value` is zero and 0 if it is not; `inverse` is that of `value`, and 0 for 0. Both are unique.
pub(super) fn is_zero<A: Algebra>(
    algebra: &mut A,
    value: A::Element,
    inverse: A::Element,
    bit: A::Element,
    emit: &mut impl FnMut(A::Element),
) {
    let one = algebra.constant(1);
    let sum = algebra.mul_add(value, inverse, bit);
    emit(algebra.sub(sum, one));
    emit(algebra.mul(value, bit));
    emit(algebra.mul(inverse, bit));
}

/// Fills the columns that [`is_zero`] constrains.
pub(super) fn fill_is_zero(row: &mut Row<'_>, value: F, inverse: usize, bit: usize) -> anyhow::Result<()> {
    row.set(inverse, value.try_inverse().unwrap_or(F::ZERO))?;
    row.set(bit, F::from_bool(value == F::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::testing::check_gate;

    // REQ C5
    #[test]
    fn evaluations_agree() {
        check_gate::<Limbs>();
    }
}
