// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sums of two words modulo 2^32, eight in a row; the one gate that range-checks.
//!
//! For each of the eight: given elements `left` and `right`, `sum` is below 2^32 and `left + right` is `sum` or
//! `sum + 2^32`.
//!
//! `sum` is sixteen digits in base 4. Fifteen are wires; the lowest is what remains, `sum - 4 * (the others)`, and is
//! never a wire of its own. Each is constrained to `{0, 1, 2, 3}`, so `sum` is an integer below 2^32, and as 2^32 < p
//! has no second decomposition. `left + right - sum` is constrained to `{0, 2^32}`. When `left` and `right` are words,
//! their sum is below 2^33 < p, the equation holds in the integers, and `sum` is `(left + right) mod 2^32`: nothing in
//! the row is free. With `right = 0` and `sum` connected to `left`, the row says that `left` is below 2^32 and nothing
//! else.

use super::{Algebra, CustomGate, Row};
use crate::config::F;
use plonky2::field::types::{Field, PrimeField64};

/// Sums in a row.
pub const SUMS: usize = 8;

/// Digits that are wires: all but the lowest.
const DIGITS: usize = 15;

const LEFT: usize = 0;
const RIGHT: usize = SUMS;
const SUM: usize = 2 * SUMS;
const FIRST_DIGIT: usize = 3 * SUMS;

/// Column of the left addend of sum `k`.
pub const fn left(k: usize) -> usize {
    LEFT + k
}

/// Column of the right addend of sum `k`.
pub const fn right(k: usize) -> usize {
    RIGHT + k
}

/// Column of sum `k`.
pub const fn sum(k: usize) -> usize {
    SUM + k
}

const fn digits(k: usize) -> core::ops::Range<usize> {
    FIRST_DIGIT + DIGITS * k..FIRST_DIGIT + DIGITS * (k + 1)
}

/// The gate: see the [module](self).
#[derive(Clone, Debug, Default)]
pub struct WordSums;

impl CustomGate for WordSums {
    const ID: &'static str = "poe/word-sums/1";
    const WIRES: usize = FIRST_DIGIT + DIGITS * SUMS;
    const CONSTANTS: usize = 0;
    const DEGREE: usize = 4;
    const CONSTRAINTS: usize = (1 + DIGITS + 1) * SUMS;

    fn constrain<A: Algebra>(
        algebra: &mut A,
        _constants: &[A::Element],
        wires: &[A::Element],
        emit: &mut impl FnMut(A::Element),
    ) {
        let (two_32, zero) = (algebra.constant(1 << 32), algebra.constant(0));
        for k in 0..SUMS {
            let (digits, sum) = (&wires[digits(k)], wires[sum(k)]);
            let high = algebra.horner(4, digits);
            let high = algebra.add_scaled(4, high, zero);
            let lowest = algebra.sub(sum, high);
            for &digit in [lowest].iter().chain(digits) {
                emit(algebra.below(digit, 4));
            }
            let total = algebra.add(wires[left(k)], wires[right(k)]);
            let over = algebra.sub(total, sum);
            let less = algebra.sub(over, two_32);
            emit(algebra.mul(over, less));
        }
    }

    fn inputs() -> Vec<usize> {
        (LEFT..SUM).collect()
    }

    fn fill(row: &mut Row<'_>) -> anyhow::Result<()> {
        for k in 0..SUMS {
            let total = (row.get(left(k)) + row.get(right(k))).to_canonical_u64();
            let word = total & u64::from(u32::MAX);
            row.set(sum(k), F::from_canonical_u64(word))?;
            for (position, column) in digits(k).enumerate() {
                row.set(column, F::from_canonical_u64((word >> (2 * (position + 1))) & 3))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::testing::check_gate;

    // REQ C5
    #[test]
    fn the_gate_is_what_it_says() {
        check_gate::<WordSums>();
    }
}
