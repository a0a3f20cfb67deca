// SPDX-License-Identifier: MIT OR Apache-2.0
//! Three joint steps of `s*G + e*P` on ecGFp5 a row.
//!
//! # Statement
//!
//! A row takes a point `A`, a key `P` and four remainders, and gives a point and four remainders. Each of its three steps
//! is `A <- 2 A`, `A <- A + T`, `A <- A + b P` with one bit `b` of `e` and one bit each of three pieces of `s`; the latter
//! choose `T = 1/2 (d2 G2 + d1 G1 + d0 G0)`, `G_j = 2^(120 j) G`, where the bit 1 is the digit `d = 1` and the bit 0 is
//! `d = -1`. A remainder `r` becomes `8 r - 2^30 (4 b + 2 b' + b'')`.
//!
//! # Why forty rows give `s*G + e*P`
//!
//! `sum(b_i 2^i) = 1/2 sum(d_i 2^i) + 1/2 (2^120 - 1)`, so the signed digits of a piece, on half points, fall short of the
//! piece by the constant `1/2 (2^120 - 1)`. The starting point `1/2 (2^240 - 2^-120) G` of [`EcStep::start`], doubled 120
//! times, is `1/2 (2^120 - 1) (G0 + G1 + G2)`, exactly what is missing. Signed digits save the case "add nothing", and a
//! common sign leaves a table of four points; digits of `e` are plain bits because the halves of `P` are not at hand.
//!
//! # Why remainders bound the words
//!
//! Ten rows that start from the remainder `w` and end in 0 show `8^10 w = 2^30 sum(b_i 2^i)`, that is, `w` is the integer
//! with the thirty bits of those rows, most significant first: below `2^30` (the sum does not reach p) and of one
//! decomposition. Whoever connects rows has to start each word at the word and end it at zero.
//!
//! # Why no witness is free
//!
//! Points are constrained by `numerator = result * denominator`, so a vanishing denominator would leave the result to the
//! prover. For elements of the group, the neutral `(0, 0)` included, none vanishes:
//! - Addition uses the complete formulas of ePrint 2022/274, section 4, in affine coordinates.
//! - Doubling uses those of the same section. With the curve equation `x = u^2 (x^2 + 2x + b)` its first denominator is the
//!   square of `(b - x^2)/(x^2 + 2x + b)`, and `b` is no square; its second is, up to squares, `q^2 + 4xq + 4bx^2` at
//!   `q = x^2 + b`, with discriminant `16 x^2 (1 - b)`, and `1 - b` is no square either (`x^2 + 2x + b` has no root).
//!
//! The start, the table and, by L1's check of keys (FMT-12) or as the zero key of an empty account, `P` are elements of the
//! group; so by induction is every `A`, and every point of the row is determined by the ones before.
//! Outside the group (no state has such a key) nothing is claimed.

use super::ec_table::{STEPS, Table};
use super::quintic::{self, Quintic, add_constant, add_scaled_z, minus};
use super::{Algebra, CustomGate, Row};
use crate::config::F;
use core::array::from_fn;
use core::ops::Range;
use plonky2::field::types::{Field, PrimeField64};
use poe_rollup::ecgfp5::{AffinePoint, Fp5, Point};

/// The curve is `y^2 = x (x^2 + 2 x + B z)`.
const B: i64 = 263;

/// `b`, up to the factor `z`.
const B_CONSTANT: u64 = B.unsigned_abs();

/// Bits of a word that enters as a remainder.
const WORD_BITS: usize = 30;

/// Steps of a row.
const STEPS_PER_ROW: usize = 3;

/// Coefficients of a point.
const POINT: usize = 10;

/// `e` and the three pieces of `s`, least significant first.
const SCALARS: usize = 4;

/// Bits of a step: of `e`; of the top piece of `s` (the sign of the addend); whether the middle and the low piece have the
/// same sign; the product of these two.
const STEP_BITS: usize = 5;

/// The gate; see the module.
#[derive(Clone, Debug, Default)]
pub struct EcStep;

impl EcStep {
    /// Rows of one multiplication.
    pub const ROWS: usize = STEPS / STEPS_PER_ROW;

    /// Rows that take up one 30-bit word of each scalar.
    pub const ROWS_PER_WORD: usize = WORD_BITS / STEPS_PER_ROW;

    /// Columns of the point before the row, `x` first.
    pub const POINT_IN: Range<usize> = 0..10;

    /// Columns of the key, `x` first.
    pub const KEY: Range<usize> = 10..20;

    /// Columns of the remainders before the row: of `e`, of the low, the middle and the top piece of `s`.
    pub const REMAINDERS_IN: Range<usize> = 20..24;

    /// Columns of the remainders after the row.
    pub const REMAINDERS_OUT: Range<usize> = 24..28;

    /// Columns of the point after the row, `x` first.
    pub const POINT_OUT: Range<usize> = 28..38;

    const BITS: usize = 38;

    const INNER_POINTS: usize = Self::BITS + STEPS_PER_ROW * STEP_BITS;

    /// The point to start from: the ten coefficients, `x` first.
    pub fn start() -> [u64; POINT] {
        coefficients(&Table::get().start)
    }

    /// First column of the point that addition `which` (0: doubling, 1: of the table, 2: of the key) of `step` makes.
    pub(crate) const fn point(step: usize, which: usize) -> usize {
        if step == STEPS_PER_ROW - 1 && which == 2 {
            return Self::POINT_OUT.start;
        }
        Self::INNER_POINTS + POINT * (3 * step + which)
    }
}

impl CustomGate for EcStep {
    const ID: &'static str = "poe/ec-step/1";
    const WIRES: usize = Self::INNER_POINTS + POINT * (3 * STEPS_PER_ROW - 1);
    const CONSTANTS: usize = 0;
    const DEGREE: usize = 7;
    const CONSTRAINTS: usize = STEPS_PER_ROW * (STEP_BITS + 3 * POINT) + SCALARS;

    fn constrain<A: Algebra>(
        algebra: &mut A,
        _constants: &[A::Element],
        wires: &[A::Element],
        emit: &mut impl FnMut(A::Element),
    ) {
        let zero = algebra.constant(0);
        let key = Coordinates::read(wires, Self::KEY.start);
        let mut point = Coordinates::read(wires, Self::POINT_IN.start);
        let mut digits = [zero; SCALARS];
        for step in 0..STEPS_PER_ROW {
            let bits = StepBits::read(wires, Self::BITS + STEP_BITS * step);
            bits.constrain(algebra, emit);
            for (digits, bit) in digits.iter_mut().zip(bits.of_scalars(algebra)) {
                *digits = algebra.add_scaled(2, *digits, bit);
            }
            let [doubled, shifted, result] = from_fn(|which| Coordinates::read(wires, Self::point(step, which)));
            constrain_double(algebra, &point, &doubled, emit);
            let addend = bits.addend(algebra);
            constrain_sum(algebra, &doubled, &addend, &shifted, emit);
            let addend = bits.multiple(algebra, &key);
            constrain_sum(algebra, &shifted, &addend, &result, emit);
            point = result;
        }
        for (scalar, digits) in digits.into_iter().enumerate() {
            let (before, after) = (Self::REMAINDERS_IN.start + scalar, Self::REMAINDERS_OUT.start + scalar);
            let sum = algebra.add_scaled(1 << WORD_BITS, digits, wires[after]);
            emit(algebra.add_scaled(minus(1 << STEPS_PER_ROW), wires[before], sum));
        }
    }

    fn inputs() -> Vec<usize> {
        (Self::POINT_IN.start..Self::REMAINDERS_IN.end).collect()
    }

    fn fill(row: &mut Row<'_>) -> anyhow::Result<()> {
        let table = Table::get();
        let key = read_point(row, Self::KEY.start);
        let mut point = Point::from(read_point(row, Self::POINT_IN.start));
        let remainders: [u64; SCALARS] = from_fn(|i| row.get(Self::REMAINDERS_IN.start + i).to_canonical_u64());
        for step in 0..STEPS_PER_ROW {
            let [e, low, middle, top] = remainders.map(|r| (r >> (WORD_BITS - 1 - step)) & 1);
            let (same_middle, same_low) = (u64::from(middle == top), u64::from(low == top));
            let bits = [e, top, same_middle, same_low, same_middle * same_low];
            for (position, bit) in bits.into_iter().enumerate() {
                row.set(Self::BITS + STEP_BITS * step + position, F::from_canonical_u64(bit))?;
            }

            point = point.double();
            set_point(row, Self::point(step, 0), &point)?;
            let addend = table.addends[usize::from(same_middle == 1) * 2 + usize::from(same_low == 1)];
            point = point + if top == 1 { addend } else { -addend };
            set_point(row, Self::point(step, 1), &point)?;
            point = point + if e == 1 { key } else { AffinePoint::NEUTRAL };
            set_point(row, Self::point(step, 2), &point)?;
        }
        for (scalar, remainder) in remainders.into_iter().enumerate() {
            let digits = (remainder >> (WORD_BITS - STEPS_PER_ROW)) & ((1 << STEPS_PER_ROW) - 1);
            let after = F::from_canonical_u64(remainder) * F::from_canonical_u64(1 << STEPS_PER_ROW)
                - F::from_canonical_u64(digits << WORD_BITS);
            row.set(Self::REMAINDERS_OUT.start + scalar, after)?;
        }
        Ok(())
    }
}

/// The bits of one step.
struct StepBits<E> {
    /// Of `e`.
    key: E,
    /// Of the top piece of `s`.
    top: E,
    /// Whether the bit of the middle piece equals that of the top one.
    same_middle: E,
    /// Whether the bit of the low piece equals that of the top one.
    same_low: E,
    /// `same_middle * same_low`, on a wire of its own to keep the degree at 7.
    both: E,
}

impl<E: Copy> StepBits<E> {
    fn read(wires: &[E], column: usize) -> Self {
        let [key, top, same_middle, same_low, both] = from_fn(|i| wires[column + i]);
        Self {
            key,
            top,
            same_middle,
            same_low,
            both,
        }
    }

    fn constrain<A: Algebra<Element = E>>(&self, algebra: &mut A, emit: &mut impl FnMut(E)) {
        for bit in [self.key, self.top, self.same_middle, self.same_low] {
            emit(algebra.boolean(bit));
        }
        let product = algebra.mul(self.same_middle, self.same_low);
        emit(algebra.sub(self.both, product));
    }

    /// The bits of `e` and of the low, the middle and the top piece of `s`.
    fn of_scalars<A: Algebra<Element = E>>(&self, algebra: &mut A) -> [E; SCALARS] {
        let one = algebra.constant(1);
        let not_top = algebra.sub(one, self.top);
        // Equality of bits undone: 1 - top - same + 2 top same.
        let mut other = |same| {
            let sum = algebra.sub(not_top, same);
            algebra.mul_add_scaled(2, self.top, same, sum)
        };
        [self.key, other(self.same_low), other(self.same_middle), self.top]
    }

    /// The point of the table that the pieces of `s` choose; `x` of degree 1, `u` of degree 2.
    fn addend<A: Algebra<Element = E>>(&self, algebra: &mut A) -> Coordinates<E> {
        let table = Table::get();
        let one = algebra.constant(1);
        let double = algebra.add(self.top, self.top);
        let sign = algebra.sub(double, one);
        let u = self.interpolate(algebra, &table.u);
        Coordinates {
            x: self.interpolate(algebra, &table.x),
            u: quintic::scale(algebra, &u, sign),
        }
    }

    fn interpolate<A: Algebra<Element = E>>(&self, algebra: &mut A, coefficients: &[Fp5; 4]) -> Quintic<E> {
        let [constant, low, middle, both] = coefficients.map(|c| c.coefficients());
        from_fn(|i| {
            let sum = algebra.constant(constant[i]);
            let sum = algebra.add_scaled(low[i], self.same_low, sum);
            let sum = algebra.add_scaled(middle[i], self.same_middle, sum);
            algebra.add_scaled(both[i], self.both, sum)
        })
    }

    /// `P` or, for the bit 0, the neutral element `(0, 0)`.
    fn multiple<A: Algebra<Element = E>>(&self, algebra: &mut A, key: &Coordinates<E>) -> Coordinates<E> {
        Coordinates {
            x: quintic::scale(algebra, &key.x, self.key),
            u: quintic::scale(algebra, &key.u, self.key),
        }
    }
}

/// A point `(x, u)`.
struct Coordinates<E> {
    x: Quintic<E>,
    u: Quintic<E>,
}

impl<E: Copy> Coordinates<E> {
    fn read(wires: &[E], column: usize) -> Self {
        Self {
            x: from_fn(|i| wires[column + i]),
            u: from_fn(|i| wires[column + 5 + i]),
        }
    }
}

/// `result = 2 point`: with `w = 1 - 2 u^2 (x + 1)`, `x' w^2 = 4 b u^2` and `u' (2 - 4 u^2 - w^2) = 2 w u`.
fn constrain_double<A: Algebra>(
    algebra: &mut A,
    point: &Coordinates<A::Element>,
    result: &Coordinates<A::Element>,
    emit: &mut impl FnMut(A::Element),
) {
    let u_squared = quintic::square(algebra, &point.u);
    let x_plus_one = add_constant(algebra, &point.x, 0, 1);
    let product = quintic::mul(algebra, &u_squared, &x_plus_one);
    let double = quintic::add(algebra, &product, &product);
    let minus_w = add_constant(algebra, &double, 0, minus(1));
    let w_squared = quintic::square(algebra, &minus_w);

    let scaled = quintic::mul(algebra, &result.x, &w_squared);
    add_scaled_z(algebra, -4 * B, &u_squared, &scaled)
        .into_iter()
        .for_each(&mut *emit);

    let sum = from_fn(|i| algebra.add_scaled(4, u_squared[i], w_squared[i]));
    let minus_denominator = add_constant(algebra, &sum, 0, minus(2));
    let minus_wu = quintic::mul(algebra, &minus_w, &point.u);
    let scaled = quintic::mul(algebra, &result.u, &minus_denominator);
    for (minus_wu, scaled) in minus_wu.into_iter().zip(scaled) {
        emit(algebra.add_scaled(minus(2), minus_wu, scaled));
    }
}

/// `result = a + c`: with `t = x_a x_c + b`, `v = 2 u_a u_c`, `m = x_a + x_c` and `d = v (b m + t)`,
/// `x' (t - d) = b (m + v (m + t))` and `u' (t + d) = (u_a + u_c) (b - x_a x_c)`.
fn constrain_sum<A: Algebra>(
    algebra: &mut A,
    a: &Coordinates<A::Element>,
    c: &Coordinates<A::Element>,
    result: &Coordinates<A::Element>,
    emit: &mut impl FnMut(A::Element),
) {
    let xx = quintic::mul(algebra, &a.x, &c.x);
    let t = add_constant(algebra, &xx, 1, B_CONSTANT);
    let uu = quintic::mul(algebra, &a.u, &c.u);
    let v = quintic::add(algebra, &uu, &uu);
    let m = quintic::add(algebra, &a.x, &c.x);
    let bm_plus_t = add_scaled_z(algebra, B, &m, &t);
    let d = quintic::mul(algebra, &v, &bm_plus_t);

    let m_plus_t = quintic::add(algebra, &m, &t);
    let numerator = quintic::mul_add(algebra, &v, &m_plus_t, &m);
    let denominator = quintic::sub(algebra, &t, &d);
    let scaled = quintic::mul(algebra, &result.x, &denominator);
    add_scaled_z(algebra, -B, &numerator, &scaled)
        .into_iter()
        .for_each(&mut *emit);

    let u_sum = quintic::add(algebra, &a.u, &c.u);
    let xx_minus_b = add_constant(algebra, &xx, 1, minus(B_CONSTANT));
    let denominator = quintic::add(algebra, &t, &d);
    let scaled = quintic::mul(algebra, &result.u, &denominator);
    quintic::mul_add(algebra, &u_sum, &xx_minus_b, &scaled)
        .into_iter()
        .for_each(&mut *emit);
}

fn coefficients(point: &AffinePoint) -> [u64; POINT] {
    let (x, u) = (point.x.coefficients(), point.u.coefficients());
    from_fn(|i| if i < 5 { x[i] } else { u[i - 5] })
}

fn read_point(row: &Row<'_>, column: usize) -> AffinePoint {
    let element = |first: usize| Fp5::from_reduced(from_fn(|i| row.get(first + i).to_canonical_u64()));
    AffinePoint {
        x: element(column),
        u: element(column + 5),
    }
}

fn set_point(row: &mut Row<'_>, column: usize, point: &Point) -> anyhow::Result<()> {
    for (i, coefficient) in coefficients(&point.to_affine()).into_iter().enumerate() {
        row.set(column + i, F::from_canonical_u64(coefficient))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::testing::check_gate;

    // REQ C5
    #[test]
    fn evaluations_agree() {
        check_gate::<EcStep>();
    }

    /// What the module's argument for doubling rests on.
    #[test]
    fn neither_b_nor_one_minus_b_is_a_square() {
        const NON_SQUARE: u64 = poe_rollup::ecgfp5::GOLDILOCKS_PRIME - 1;
        let b = Fp5::ONE.scale_z(B as u32);
        assert_eq!(b.legendre(), NON_SQUARE);
        assert_eq!((Fp5::ONE - b).legendre(), NON_SQUARE);
    }
}
