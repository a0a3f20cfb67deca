// SPDX-License-Identifier: MIT OR Apache-2.0
//! Points of ecGFp5 and their addition.
//!
//! Formulas from ePrint 2022/274, section 4: addition in 10 multiplications (8 with an affine operand), doubling in
//! 4 multiplications and 5 squarings. They are complete on the group.

use super::field::Fp5;
use core::ops::{Add, Neg};
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConditionallySelectable};

/// The curve's `b` is `263 z`.
const B: u32 = 263;

/// Why two coordinates are not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PointError {
    /// A coefficient is not below the Goldilocks prime.
    #[error("coefficient {position} is {value:#018x}, not below the Goldilocks prime")]
    NonCanonical {
        /// Position among the ten coefficients, `x` first.
        position: usize,
        /// The offending value.
        value: u64,
    },
    /// `x` or `u` is zero: the neutral element, under which every response verifies, or no point at all.
    #[error("a coordinate is zero")]
    ZeroCoordinate,
    /// The curve equation does not hold.
    #[error("the point is not on the curve")]
    NotOnCurve,
    /// The point lies in `E[n]`, for which the addition formulas have exceptional cases.
    #[error("the point is on the curve but not in the group")]
    NotInGroup,
}

/// A point as `(x, u)`. The neutral element is `(0, 0)`.
///
/// Any pair of coordinates can be represented; [`AffinePoint::check_key`] tells whether it is a usable public key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AffinePoint {
    /// The abscissa.
    pub x: Fp5,
    /// `x/y`.
    pub u: Fp5,
}

impl AffinePoint {
    /// The neutral element.
    pub const NEUTRAL: Self = Self {
        x: Fp5::ZERO,
        u: Fp5::ZERO,
    };

    /// The conventional generator: the point with `u = 1/4` (ePrint 2022/274, section 3).
    pub const GENERATOR: Self = Self {
        x: Fp5::from_reduced([
            12883135586176881569,
            4356519642755055268,
            5248930565894896907,
            2165973894480315022,
            2448410071095648785,
        ]),
        u: Fp5::from_reduced([13835058052060938241, 0, 0, 0, 0]),
    };

    /// Checks what the L1 contract checks before it queues a registration: both coordinates non-zero,
    /// `x = u^2 (x^2 + 2 x + b)`, and `b x` a square. (`b` is not a square, and group elements have non-square `x`.)
    pub fn check_key(&self) -> Result<(), PointError> {
        if self.x == Fp5::ZERO || self.u == Fp5::ZERO {
            return Err(PointError::ZeroCoordinate);
        }
        if !self.is_on_curve() {
            return Err(PointError::NotOnCurve);
        }
        if self.x.scale_z(B).legendre() != 1 {
            return Err(PointError::NotInGroup);
        }
        Ok(())
    }

    /// Whether `x = u^2 (x^2 + 2 x + b)`. True for the neutral element.
    pub fn is_on_curve(&self) -> bool {
        let cubic = self.x.square() + self.x.double() + b();
        self.x == self.u.square() * cubic
    }
}

impl Neg for AffinePoint {
    type Output = Self;

    fn neg(self) -> Self {
        Self { x: self.x, u: -self.u }
    }
}

impl ConditionallySelectable for AffinePoint {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self {
            x: Fp5::conditional_select(&a.x, &b.x, choice),
            u: Fp5::conditional_select(&a.u, &b.u, choice),
        }
    }
}

/// A point in fractional coordinates: `x = X/Z`, `u = U/T`.
///
/// Additions and doublings are constant-time.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    x: Fp5,
    z: Fp5,
    u: Fp5,
    t: Fp5,
}

impl Point {
    /// The neutral element.
    pub const NEUTRAL: Self = Self {
        x: Fp5::ZERO,
        z: Fp5::ONE,
        u: Fp5::ZERO,
        t: Fp5::ONE,
    };

    /// `2 * self`.
    #[must_use]
    pub fn double(&self) -> Self {
        let zt = self.z * self.t;
        let ztt = zt * self.t;
        let ztt_squared = ztt.square();
        let ztu = zt * self.u;
        let u_squared = self.u.square();
        let w = ztt - ((self.x + self.z) * u_squared).double();
        let ztu_squared = ztu.square();
        let z = w.square();
        Self {
            x: ztu_squared.scale_z(4 * B),
            z,
            u: (w + ztu).square() - ztu_squared - z,
            t: ztt_squared.double() - ztu_squared.scale(4) - z,
        }
    }

    /// The affine coordinates. One inversion.
    ///
    /// Outside the group (a state no contract of this protocol produces) a denominator can vanish; the coordinate is 0 then.
    pub fn to_affine(&self) -> AffinePoint {
        let inverse = (self.z * self.t).inverse();
        AffinePoint {
            x: self.x * inverse * self.t,
            u: self.u * inverse * self.z,
        }
    }

    /// Affine coordinates of many group elements with one inversion (Montgomery's trick).
    pub(crate) fn to_affine_batch(points: &[Self]) -> Vec<AffinePoint> {
        let mut product = Fp5::ONE;
        let mut prefixes = Vec::with_capacity(points.len());
        for point in points {
            prefixes.push(product);
            product = product * point.z * point.t;
        }
        let mut inverse = product.inverse();
        let mut affine = vec![AffinePoint::NEUTRAL; points.len()];
        for ((point, prefix), out) in points.iter().zip(prefixes).zip(&mut affine).rev() {
            let own = inverse * prefix;
            *out = AffinePoint {
                x: point.x * own * point.t,
                u: point.u * own * point.z,
            };
            inverse = inverse * point.z * point.t;
        }
        affine
    }

    /// The common end of both additions: `x1 x2`, `z1 z2`, `u1 u2`, `t1 t2` and the cross sums `x1 z2 + x2 z1`, `u1 t2 + u2 t1`.
    #[inline(always)]
    fn finish_addition(xx: Fp5, zz: Fp5, uu: Fp5, tt: Fp5, xz: Fp5, ut: Fp5) -> Self {
        let bzz = zz.scale_z(B);
        let t7 = xx + bzz;
        let t8 = tt * t7;
        let t9 = uu * (xz.scale_z(2 * B) + t7.double());
        let t10 = (tt + uu.double()) * (xz + t7);
        Self {
            x: (t10 - t8).scale_z(B),
            z: t8 - t9,
            u: ut * (bzz - xx),
            t: t8 + t9,
        }
    }
}

impl From<AffinePoint> for Point {
    fn from(point: AffinePoint) -> Self {
        Self {
            x: point.x,
            z: Fp5::ONE,
            u: point.u,
            t: Fp5::ONE,
        }
    }
}

impl Add for Point {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        let (xx, zz) = (self.x * other.x, self.z * other.z);
        let (uu, tt) = (self.u * other.u, self.t * other.t);
        let xz = (self.x + self.z) * (other.x + other.z) - xx - zz;
        let ut = (self.u + self.t) * (other.u + other.t) - uu - tt;
        Self::finish_addition(xx, zz, uu, tt, xz, ut)
    }
}

impl Add<AffinePoint> for Point {
    type Output = Self;

    #[inline]
    fn add(self, other: AffinePoint) -> Self {
        let (xx, uu) = (self.x * other.x, self.u * other.u);
        let xz = self.x + self.z * other.x;
        let ut = self.u + self.t * other.u;
        Self::finish_addition(xx, self.z, uu, self.t, xz, ut)
    }
}

impl Neg for Point {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        Self { u: -self.u, ..self }
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        // u determines a group element.
        self.u * other.t == other.u * self.t
    }
}

impl Eq for Point {}

/// `263 z` as an element.
fn b() -> Fp5 {
    Fp5::ONE.scale_z(B)
}
