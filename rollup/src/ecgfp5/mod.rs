// SPDX-License-Identifier: MIT OR Apache-2.0
//! ecGFp5: a prime-order group on an elliptic curve over `GF(p^5)` (Thomas Pornin, ePrint 2022/274).
//!
//! The curve is `y^2 = x (x^2 + 2 x + 263 z)`; a point is written `(x, u)` with `u = x/y`. The group is the coset of points
//! that are *not* in `E[n]`, its neutral element is `(0, 0)`, its order is the 319-bit prime `n`. The best known attack on
//! discrete logarithms costs about `2^159` group operations. For group elements the formulas have no exceptional case.

pub(crate) mod base;
mod curve;
mod field;
mod multiply;
mod scalar;
#[cfg(test)]
mod tests;

pub use base::P as GOLDILOCKS_PRIME;
pub use curve::{AffinePoint, Point, PointError};
pub use field::{Fp5, NonCanonicalElement};
pub(crate) use multiply::joint_multiply_vartime;
pub use multiply::{multiply_generator, multiply_vartime};
pub use scalar::Scalar;
