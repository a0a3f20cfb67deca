// SPDX-License-Identifier: MIT OR Apache-2.0
//! Predicates and conversions of words.
//!
//! A predicate is a bit that the prover cannot choose (CIR-3): both of its values are claims, and each is refused when
//! it is false. p = 2^64 - 2^32 + 1 throughout.

use super::hint::{Hint, hint};
use super::range::RangeChecks;
use crate::config::{Builder, F};
use crate::word::Word;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::iop::target::{BoolTarget, Target};

/// `2^32 high + low` mod p. Not injective: `(2^32 - 1, n)` and `(0, n - 1)` are the same element for n > 0, so compare
/// words, not elements, unless the high word is known to be below 2^32 - 1.
pub fn u64_from_words(builder: &mut Builder, high: Word, low: Word) -> Target {
    builder.mul_const_add(F::from_canonical_u64(1 << 32), high.target(), low.target())
}

/// The words `(high, low)` of an element's canonical representative.
///
/// Words with `2^32 high + low = element` are the representative or that plus p. The latter is at least p, which is
/// `2^32 (2^32 - 1) + 1`: exactly the pairs with `high = 2^32 - 1` and `low > 0`. They are excluded by
/// `(2^32 - 1 - high) low inverse = low`, which forces the first factor to be non-zero where low is. (Where low is zero
/// any inverse will do; it reaches nothing.) A quarter of a row and four arithmetic operations.
pub fn canonical_words(builder: &mut Builder, checks: &mut RangeChecks, element: Target) -> (Word, Word) {
    let (high, low) = checks.split(builder, element);
    let all_ones = builder.constant(F::from_canonical_u32(u32::MAX));
    let gap = builder.sub(all_ones, high.target());
    let inverse = hint::<Inverse>(builder, vec![gap], 1)[0];
    let product = builder.mul(gap, low.target());
    let recovered = builder.mul(product, inverse);
    builder.connect(recovered, low.target());
    (high, low)
}

/// Whether two lists of elements are equal, whatever the elements. Three arithmetic operations an element.
///
/// The bit e satisfies `e (a_i - b_i) = 0` for every i, and `1 - e = sum of inverse_i (a_i - b_i)` for hinted inverses.
/// If all differences are zero the sum is, and e = 1. If one is not, e = 0. So e is a bit, and the right one, without
/// further constraints; the inverses are not unique and reach nothing but e. No element is packed with another: for
/// any constant k there are words with `(a_0 - b_0) + k (a_1 - b_1) = 0` mod p and not both differences zero, since a
/// lattice of determinant p has a vector with coordinates below 2^32.
///
/// # Panics
///
/// If the lists differ in length.
pub fn are_equal(builder: &mut Builder, a: &[Target], b: &[Target]) -> BoolTarget {
    assert_eq!(a.len(), b.len(), "lists to compare");
    let hints = hint::<Differences>(builder, [a, b].concat(), a.len() + 1);
    let (&equal, inverses) = hints.split_last().expect("a bit");
    let zero = builder.zero();
    let mut sum = equal;
    for ((&a, &b), &inverse) in a.iter().zip(b).zip(inverses) {
        let difference = builder.sub(a, b);
        let excluded = builder.mul(equal, difference);
        builder.connect(excluded, zero);
        sum = builder.mul_add(inverse, difference, sum);
    }
    let one = builder.one();
    builder.connect(sum, one);
    BoolTarget::new_unsafe(equal)
}

/// Whether two lists of words are equal; see [`are_equal`].
///
/// # Panics
///
/// If the lists differ in length.
pub fn are_equal_words(builder: &mut Builder, a: &[Word], b: &[Word]) -> BoolTarget {
    let targets = |words: &[Word]| words.iter().map(|word| word.target()).collect::<Vec<_>>();
    are_equal(builder, &targets(a), &targets(b))
}

/// Whether an element is zero.
pub fn is_zero(builder: &mut Builder, element: Target) -> BoolTarget {
    let zero = builder.zero();
    are_equal(builder, &[element], &[zero])
}

/// Whether `a < b`. An eighth of a row and five arithmetic operations.
///
/// The distance of `at_least` is a word: its two images are `[0, 2^32)` and `[p - 2^32, p)` for words, and do not
/// meet.
pub fn less_than(builder: &mut Builder, checks: &mut RangeChecks, a: Word, b: Word) -> BoolTarget {
    let (at_least, distance) = at_least(builder, a.target(), b.target());
    checks.word(distance);
    builder.not(at_least)
}

/// Whether `word < 2^bits`.
///
/// # Panics
///
/// If `bits` is 32 or more, where the answer is known.
pub fn less_than_2_pow(builder: &mut Builder, checks: &mut RangeChecks, word: Word, bits: u32) -> BoolTarget {
    assert!(bits < 32, "every word is below 2^{bits}");
    let bound = Word::constant(builder, 1 << bits);
    less_than(builder, checks, word, bound)
}

/// Whether a balance covers a cost (CIR-5), given `balance < 2^61`, and `cost < 2^62` if `in_range`. If not `in_range`
/// the cost counts as zero and the answer is 1.
///
/// The caller multiplies the answer by `in_range` anyway: an amount out of range breaks an earlier rule of ST-7. What
/// is needed here is that there is a proof for every cost, also for sums that wrapped around p, and only one.
///
/// The `at_least` distance is below 2^62. With `balance - cost` between -2^62 and 2^61, the true side's distance is in
/// `[0, 2^62)` and the false side's is negative, that is above `p - 2^62 - 1` > 2^62.
pub fn enough(
    builder: &mut Builder,
    checks: &mut RangeChecks,
    balance: Target,
    cost: Target,
    in_range: BoolTarget,
) -> BoolTarget {
    let counted = builder.mul(in_range.target, cost);
    let (enough, distance) = at_least(builder, balance, counted);
    checks.check_62_bits(builder, distance);
    enough
}

/// The bit `b = (x >= y)` and `distance = b ? x - y : y - x - 1`, of which the caller must check that it is not
/// negative: the two images are `d` and `-d - 1`.
fn at_least(builder: &mut Builder, x: Target, y: Target) -> (BoolTarget, Target) {
    let bit = BoolTarget::new_unsafe(hint::<AtLeast>(builder, vec![x, y], 1)[0]);
    builder.assert_bool(bit);
    let difference = builder.sub(x, y);
    let minus_one = builder.neg_one();
    let sign = builder.mul_const_add(F::TWO, bit.target, minus_one);
    let signed = builder.mul_add(sign, difference, bit.target);
    (bit, builder.add(signed, minus_one))
}

/// `1 / x`, or zero.
#[derive(Clone, Debug, Default)]
struct Inverse;

impl Hint for Inverse {
    const ID: &'static str = "poe/inverse";

    fn compute(inputs: &[F]) -> Vec<F> {
        vec![inputs[0].try_inverse().unwrap_or(F::ZERO)]
    }
}

/// For lists a and b: the inverse of the first difference that has one at its place, zero elsewhere, and whether there
/// is none.
#[derive(Clone, Debug, Default)]
struct Differences;

impl Hint for Differences {
    const ID: &'static str = "poe/differences";

    fn compute(inputs: &[F]) -> Vec<F> {
        let (a, b) = inputs.split_at(inputs.len() / 2);
        let mut values = vec![F::ZERO; a.len() + 1];
        match a.iter().zip(b).position(|(a, b)| a != b) {
            Some(first) => values[first] = (a[first] - b[first]).inverse(),
            None => values[a.len()] = F::ONE,
        }
        values
    }
}

/// Whether `x >= y`, as integers.
#[derive(Clone, Debug, Default)]
struct AtLeast;

impl Hint for AtLeast {
    const ID: &'static str = "poe/at-least";

    fn compute(inputs: &[F]) -> Vec<F> {
        vec![F::from_bool(
            inputs[0].to_canonical_u64() >= inputs[1].to_canonical_u64(),
        )]
    }
}

#[cfg(test)]
mod tests;
