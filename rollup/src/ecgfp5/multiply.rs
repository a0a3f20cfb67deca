// SPDX-License-Identifier: MIT OR Apache-2.0
//! Scalar multiplication: constant-time for secrets, windowed and variable-time for verification.

use super::curve::{AffinePoint, Point};
use super::scalar::Scalar;
use std::sync::OnceLock;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// Digits of [`multiply_generator`]: 80 windows of 4 bits.
const WINDOWS: usize = 80;

/// Width of the signed windows of the generator and its two shifts in [`joint_multiply_vartime`].
const GENERATOR_WIDTH: u32 = 8;

/// Width of the signed windows of the variable point in [`joint_multiply_vartime`].
const POINT_WIDTH: u32 = 4;

/// The scalar of the generator is cut in three pieces of this many bits, so that 120 doublings serve everything.
const PIECE_BITS: u32 = 107;

/// Positions of the signed digits: the longest operand has 120 bits, plus a carry.
const POSITIONS: usize = 121;

/// `d * 16^w * G` at `[w][d]`: 100 KiB, computed once.
fn window_table() -> &'static [[AffinePoint; 16]] {
    static TABLE: OnceLock<Vec<[AffinePoint; 16]>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut points = Vec::with_capacity(WINDOWS * 16);
        let mut base = Point::from(AffinePoint::GENERATOR);
        for _ in 0..WINDOWS {
            let mut multiple = Point::NEUTRAL;
            for _ in 0..16 {
                points.push(multiple);
                multiple = multiple + base;
            }
            base = multiple;
        }
        let affine = Point::to_affine_batch(&points);
        affine
            .chunks_exact(16)
            .map(|row| core::array::from_fn(|d| row[d]))
            .collect()
    })
}

/// The odd multiples `1, 3, .., 127` of `G`, `2^107 G` and `2^214 G`: 15 KiB, computed once.
fn odd_multiples() -> &'static [Vec<AffinePoint>; 3] {
    static TABLE: OnceLock<[Vec<AffinePoint>; 3]> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut base = Point::from(AffinePoint::GENERATOR);
        core::array::from_fn(|_| {
            let row = Point::to_affine_batch(&odd_multiples_of::<{ 1 << (GENERATOR_WIDTH - 2) }>(base));
            base = (0..PIECE_BITS).fold(base, |point, _| point.double());
            row
        })
    })
}

/// `1 P, 3 P, .., (2 N - 1) P`.
fn odd_multiples_of<const N: usize>(point: Point) -> [Point; N] {
    let twice = point.double();
    let mut out = [point; N];
    for i in 1..N {
        out[i] = out[i - 1] + twice;
    }
    out
}

/// `scalar * G`, constant-time: every window scans its sixteen entries and makes one addition.
pub fn multiply_generator(scalar: &Scalar) -> Point {
    let words = Zeroizing::new(scalar.to_words());
    let mut sum = Point::NEUTRAL;
    for (window, row) in window_table().iter().enumerate() {
        let digit = (words[window / 16] >> (4 * (window % 16))) & 15;
        let mut term = AffinePoint::NEUTRAL;
        for (value, entry) in (0u64..).zip(row) {
            term.conditional_assign(entry, value.ct_eq(&digit));
        }
        sum = sum + term;
    }
    sum
}

/// `scalar * point` for public operands, by double-and-add. For tests and tools; nothing hot uses it.
pub fn multiply_vartime(scalar: &Scalar, point: &AffinePoint) -> Point {
    let words = scalar.to_words();
    (0..320).rev().fold(Point::NEUTRAL, |sum, bit| {
        let sum = sum.double();
        if (words[bit / 64] >> (bit % 64)) & 1 == 1 {
            sum + *point
        } else {
            sum
        }
    })
}

/// `s * G + e * point` for public operands and `e < 2^120`: the verification of a signature.
///
/// Straus' method: 120 doublings shared by the signed digits of `e` and of three pieces of `s`.
pub(crate) fn joint_multiply_vartime(s: &Scalar, e: u128, point: &AffinePoint) -> Point {
    debug_assert!(e < 1 << 120);
    let multiples = odd_multiples_of::<{ 1 << (POINT_WIDTH - 2) }>(Point::from(*point));
    let e_digits = signed_digits(e, POINT_WIDTH);
    let s_digits = pieces(s).map(|piece| signed_digits(piece, GENERATOR_WIDTH));
    let generator = odd_multiples();

    let mut sum = Point::NEUTRAL;
    for position in (0..POSITIONS).rev() {
        sum = sum.double();
        match e_digits[position] {
            0 => {}
            d if d > 0 => sum = sum + multiples[usize::from(d.unsigned_abs() / 2)],
            d => sum = sum + -multiples[usize::from(d.unsigned_abs() / 2)],
        }
        for (digits, row) in s_digits.iter().zip(generator) {
            match digits[position] {
                0 => {}
                d if d > 0 => sum = sum + row[usize::from(d.unsigned_abs() / 2)],
                d => sum = sum + -row[usize::from(d.unsigned_abs() / 2)],
            }
        }
    }
    sum
}

/// The three 107-bit pieces of a scalar, least significant first.
fn pieces(scalar: &Scalar) -> [u128; 3] {
    let words = scalar.to_words();
    core::array::from_fn(|i| {
        let start = i * PIECE_BITS as usize;
        let word = |k: usize| words.get(k).map_or(0, |&w| u128::from(w));
        let (index, shift) = (start / 64, start % 64);
        let low = (word(index) | word(index + 1) << 64) >> shift;
        let high = if shift == 0 {
            0
        } else {
            word(index + 2) << (128 - shift)
        };
        (low | high) & ((1 << PIECE_BITS) - 1)
    })
}

/// Non-adjacent form: digits are zero or odd and below `2^(width-1)` in absolute value, `sum(d_i 2^i) = value`.
/// `value < 2^120` and `width <= 8`.
fn signed_digits(mut value: u128, width: u32) -> [i8; POSITIONS] {
    let mut digits = [0i8; POSITIONS];
    let mut position = 0;
    while value != 0 {
        let zeros = value.trailing_zeros();
        value >>= zeros;
        position += zeros as usize;
        let low = (value & ((1 << width) - 1)) as i16;
        let digit = if low >= 1 << (width - 1) {
            low - (1 << width)
        } else {
            low
        };
        value = value.wrapping_sub(i128::from(digit) as u128);
        digits[position] = digit as i8;
    }
    digits
}
