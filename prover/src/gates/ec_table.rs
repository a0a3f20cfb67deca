// SPDX-License-Identifier: MIT OR Apache-2.0
//! The constants of [`EcStep`](super::EcStep): multiples of half the generator.
//!
//! The order n is odd, so every group element has one half: `1/2 = (n + 1)/2` modulo n.

use core::array::from_fn;
use poe_rollup::ecgfp5::{AffinePoint, Fp5, Scalar, multiply_generator};
use std::sync::LazyLock;

/// Bits of one piece of `s`, and joint steps of a multiplication.
pub(super) const STEPS: usize = 120;

/// Multiples of half the generator.
#[derive(Debug)]
pub(super) struct Table {
    /// `1/2 (2^240 - 2^-120) G`: where the steps start from, so that they end without a correction.
    pub(super) start: AffinePoint,
    /// `1/2 (2^240 +- 2^120 +- 1) G` at `[2 r1 + r0]`, where `r1 = 1` and `r0 = 1` stand for plus.
    pub(super) addends: [AffinePoint; 4],
    /// Coefficients of `1, r0, r1, r1 r0` in the abscissas of the addends.
    pub(super) x: [Fp5; 4],
    /// The same in their `u`.
    pub(super) u: [Fp5; 4],
}

impl Table {
    /// The table, computed at first use.
    pub(super) fn get() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(Table::compute);
        &TABLE
    }

    fn compute() -> Self {
        let two = Scalar::ONE.add(&Scalar::ONE);
        let half = half();
        let shift = power(&two, STEPS);
        let top = shift.mul(&shift);
        let point = |scalar: Scalar| multiply_generator(&half.mul(&scalar)).to_affine();
        let signed = |plus: bool, value: &Scalar| if plus { *value } else { Scalar::ZERO.sub(value) };

        let addends = from_fn(|k| {
            let middle = signed(k & 2 != 0, &shift);
            let low = signed(k & 1 != 0, &Scalar::ONE);
            point(top.add(&middle).add(&low))
        });
        Self {
            start: point(top.sub(&power(&half, STEPS))),
            addends,
            x: interpolate(addends.map(|point| point.x)),
            u: interpolate(addends.map(|point| point.u)),
        }
    }
}

/// `1/2` modulo n: one more than half of `n - 1`.
fn half() -> Scalar {
    let mut bytes = Scalar::ZERO.sub(&Scalar::ONE).to_be_bytes();
    let mut carry = 0;
    for byte in &mut bytes {
        (*byte, carry) = (*byte >> 1 | carry, *byte << 7);
    }
    let floor = Scalar::from_be_bytes(&bytes).expect("below n");
    floor.add(&Scalar::ONE)
}

fn power(base: &Scalar, exponent: usize) -> Scalar {
    (0..exponent).fold(Scalar::ONE, |power, _| power.mul(base))
}

/// The bilinear function of two bits with the values `f` at `[2 r1 + r0]`: its coefficients of `1, r0, r1, r1 r0`.
fn interpolate(f: [Fp5; 4]) -> [Fp5; 4] {
    [f[0], f[1] - f[0], f[2] - f[0], f[3] - f[2] - f[1] + f[0]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use poe_rollup::ecgfp5::{Point, multiply_vartime};
    use sha2::{Digest, Sha256};

    fn double(point: Point, times: usize) -> Point {
        (0..times).fold(point, |point, _| point.double())
    }

    #[test]
    fn doubled_addends_are_signed_sums_of_the_shifted_generators() {
        let g0 = Point::from(AffinePoint::GENERATOR);
        let g1 = double(g0, STEPS);
        let g2 = double(g1, STEPS);
        let table = Table::get();
        for (k, addend) in table.addends.iter().enumerate() {
            let signed = |bit: usize, point: Point| if k & bit != 0 { point } else { -point };
            let expected = g2 + signed(2, g1) + signed(1, g0);
            assert!(Point::from(*addend).double() == expected, "entry {k}");
            assert!(addend.is_on_curve());
        }
        // 2^120 start = (2^120 - 1)/2 (G0 + G1 + G2)
        let sum = g0 + g1 + g2;
        let doubled = double(Point::from(table.start), STEPS + 1);
        assert!(doubled + sum == double(sum, STEPS));
    }

    #[test]
    fn interpolation_meets_the_addends() {
        let table = Table::get();
        for (k, addend) in table.addends.iter().enumerate() {
            let at = |c: &[Fp5; 4]| {
                let mut sum = c[0];
                for (bits, coefficient) in [(1, c[1]), (2, c[2]), (3, c[3])] {
                    if k & bits == bits {
                        sum = sum + coefficient;
                    }
                }
                sum
            };
            assert_eq!((at(&table.x), at(&table.u)), (addend.x, addend.u));
        }
    }

    #[test]
    fn half_is_half() {
        assert_eq!(half().add(&half()), Scalar::ONE);
        let half_generator = multiply_vartime(&half(), &AffinePoint::GENERATOR);
        assert_eq!(half_generator.double().to_affine(), AffinePoint::GENERATOR);
    }

    /// The constants are part of the circuit's identity: whoever changes them changes the verifying key.
    #[test]
    fn the_constants_are_pinned() {
        let table = Table::get();
        let mut hash = Sha256::new();
        for element in [table.start.x, table.start.u].iter().chain(&table.x).chain(&table.u) {
            for coefficient in element.coefficients() {
                hash.update(coefficient.to_be_bytes());
            }
        }
        let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "06f206e7c223576ad3a4ccc34a9f1706b053b9f663f88b28cc76489f3b843b30");
    }
}
