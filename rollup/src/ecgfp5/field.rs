// SPDX-License-Identifier: MIT OR Apache-2.0
//! `GF(p^5) = GF(p)[z]/(z^5 - 3)`, the field of ecGFp5.

use super::base;
use core::ops::{Add, Mul, Neg, Sub};
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// `3^((p-1)/5)`: `z^p` is this times `z`.
const FROBENIUS: u64 = 1_041_288_259_238_279_555;

/// `FROBENIUS^i`, for the p-power map.
const FROBENIUS_1: [u64; 5] = powers(FROBENIUS);

/// `FROBENIUS^(2 i)`, for the p^2-power map.
const FROBENIUS_2: [u64; 5] = powers(base::mul(FROBENIUS, FROBENIUS));

const fn powers(a: u64) -> [u64; 5] {
    let mut out = [1; 5];
    let mut i = 1;
    while i < 5 {
        out[i] = base::mul(out[i - 1], a);
        i += 1;
    }
    out
}

/// A field element: the coefficients of `z^0 .. z^4`, each below `p`.
///
/// Arithmetic is constant-time: neither branches nor memory accesses depend on the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "[u64; 5]", into = "[u64; 5]")]
pub struct Fp5([u64; 5]);

/// Coefficients that are no field element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a coefficient of {0:x?} is not below the Goldilocks prime")]
pub struct NonCanonicalElement(pub [u64; 5]);

impl TryFrom<[u64; 5]> for Fp5 {
    type Error = NonCanonicalElement;

    fn try_from(coefficients: [u64; 5]) -> Result<Self, NonCanonicalElement> {
        Self::from_canonical(coefficients).ok_or(NonCanonicalElement(coefficients))
    }
}

impl From<Fp5> for [u64; 5] {
    fn from(element: Fp5) -> Self {
        element.0
    }
}

impl Fp5 {
    /// The additive neutral element.
    pub const ZERO: Self = Self([0; 5]);

    /// The multiplicative neutral element.
    pub const ONE: Self = Self([1, 0, 0, 0, 0]);

    /// The element with these coefficients, or `None` if one of them is not below `p`.
    pub const fn from_canonical(coefficients: [u64; 5]) -> Option<Self> {
        let mut i = 0;
        while i < 5 {
            if coefficients[i] >= base::P {
                return None;
            }
            i += 1;
        }
        Some(Self(coefficients))
    }

    /// The element with these coefficients, each taken modulo `p`.
    pub const fn from_reduced(coefficients: [u64; 5]) -> Self {
        let mut out = [0; 5];
        let mut i = 0;
        while i < 5 {
            out[i] = base::canonical(coefficients[i]);
            i += 1;
        }
        Self(out)
    }

    /// The coefficients of `z^0 .. z^4`, each below `p`.
    pub const fn coefficients(&self) -> [u64; 5] {
        self.0
    }

    /// `self * self`, cheaper than the product.
    #[inline]
    pub fn square(&self) -> Self {
        let [a0, a1, a2, a3, a4] = self.0;
        let d0 = base::add(a0, a0);
        let d1 = base::add(a1, a1);
        let d2 = base::add(a2, a2);
        let d3 = base::add(a3, a3);
        Self([
            Sum::of(a0, a0).plus_triple(Sum::of(d1, a4).plus(d2, a3)).reduce(),
            Sum::of(d0, a1).plus_triple(Sum::of(a3, a3).plus(d2, a4)).reduce(),
            Sum::of(a1, a1).plus(d0, a2).plus_triple(Sum::of(d3, a4)).reduce(),
            Sum::of(d0, a3).plus(d1, a2).plus_triple(Sum::of(a4, a4)).reduce(),
            Sum::of(a2, a2).plus(d0, a4).plus(d1, a3).reduce(),
        ])
    }

    /// `2 * self`.
    #[inline]
    pub fn double(&self) -> Self {
        *self + *self
    }

    /// `k * self` for a small public `k`.
    #[inline]
    pub fn scale(&self, k: u32) -> Self {
        Self(self.0.map(|a| base::mul(a, u64::from(k))))
    }

    /// `k * z * self` for a small public `k` (`3 k` must fit 32 bits).
    #[inline]
    pub fn scale_z(&self, k: u32) -> Self {
        let [a0, a1, a2, a3, a4] = self.0;
        let (k1, k3) = (u64::from(k), u64::from(3 * k));
        Self([
            base::mul(a4, k3),
            base::mul(a0, k1),
            base::mul(a1, k1),
            base::mul(a2, k1),
            base::mul(a3, k1),
        ])
    }

    /// `1/self`, and 0 for 0.
    ///
    /// With `r = 1 + p + p^2 + p^3 + p^4`, `self^r` lies in `GF(p)`, so `1/self = self^(r-1) / self^r` (Itoh, Tsujii).
    pub fn inverse(&self) -> Self {
        let (cofactor, norm) = self.norm_with_cofactor();
        let inverse = base::inverse(norm);
        Self(cofactor.0.map(|c| base::mul(c, inverse)))
    }

    /// The quadratic character: 1 for a non-zero square, `p - 1` for a non-square, 0 for 0.
    ///
    /// `(p^5 - 1)/2 = r (p - 1)/2`, so it is the character of the norm.
    pub fn legendre(&self) -> u64 {
        base::legendre(self.norm_with_cofactor().1)
    }

    /// `self^(r-1)` and the norm `self^r`, an element of `GF(p)`.
    fn norm_with_cofactor(&self) -> (Self, u64) {
        let t = self.frobenius(&FROBENIUS_1) * self.frobenius(&FROBENIUS_2);
        let cofactor = t * t.frobenius(&FROBENIUS_2);
        let [a0, a1, a2, a3, a4] = self.0;
        let [c0, c1, c2, c3, c4] = cofactor.0;
        let norm = Sum::of(a0, c0)
            .plus_triple(Sum::of(a1, c4).plus(a2, c3).plus(a3, c2).plus(a4, c1))
            .reduce();
        (cofactor, norm)
    }

    fn frobenius(&self, factors: &[u64; 5]) -> Self {
        Self(core::array::from_fn(|i| base::mul(self.0[i], factors[i])))
    }
}

/// A sum of a few products, not yet reduced: `low + 2^128 * high`.
#[derive(Clone, Copy)]
struct Sum {
    low: u128,
    high: u64,
}

impl Sum {
    #[inline(always)]
    const fn of(a: u64, b: u64) -> Self {
        Self {
            low: a as u128 * b as u128,
            high: 0,
        }
    }

    #[inline(always)]
    const fn plus(self, a: u64, b: u64) -> Self {
        self.plus_sum(Self::of(a, b))
    }

    #[inline(always)]
    const fn plus_sum(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        Self {
            low,
            high: self.high + other.high + carry as u64,
        }
    }

    #[inline(always)]
    const fn plus_triple(self, other: Self) -> Self {
        self.plus_sum(other).plus_sum(other).plus_sum(other)
    }

    #[inline(always)]
    const fn reduce(self) -> u64 {
        base::reduce_160(self.low, self.high)
    }
}

impl Mul for Fp5 {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        let [a0, a1, a2, a3, a4] = self.0;
        let [b0, b1, b2, b3, b4] = other.0;
        Self([
            Sum::of(a0, b0)
                .plus_triple(Sum::of(a1, b4).plus(a2, b3).plus(a3, b2).plus(a4, b1))
                .reduce(),
            Sum::of(a0, b1)
                .plus(a1, b0)
                .plus_triple(Sum::of(a2, b4).plus(a3, b3).plus(a4, b2))
                .reduce(),
            Sum::of(a0, b2)
                .plus(a1, b1)
                .plus(a2, b0)
                .plus_triple(Sum::of(a3, b4).plus(a4, b3))
                .reduce(),
            Sum::of(a0, b3)
                .plus(a1, b2)
                .plus(a2, b1)
                .plus(a3, b0)
                .plus_triple(Sum::of(a4, b4))
                .reduce(),
            Sum::of(a0, b4)
                .plus(a1, b3)
                .plus(a2, b2)
                .plus(a3, b1)
                .plus(a4, b0)
                .reduce(),
        ])
    }
}

impl Add for Fp5 {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| base::add(self.0[i], other.0[i])))
    }
}

impl Sub for Fp5 {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| base::sub(self.0[i], other.0[i])))
    }
}

impl Neg for Fp5 {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        Self(self.0.map(base::neg))
    }
}

impl ConditionallySelectable for Fp5 {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(core::array::from_fn(|i| {
            u64::conditional_select(&a.0[i], &b.0[i], choice)
        }))
    }
}

impl ConstantTimeEq for Fp5 {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use plonky2::field::extension::quintic::QuinticExtension;
    use plonky2::field::goldilocks_field::GoldilocksField;
    use plonky2::field::types::{Field, PrimeField64};
    use proptest::prelude::*;

    pub(crate) fn element() -> impl Strategy<Value = Fp5> {
        let coefficient = prop_oneof![4 => 0..base::P, 1 => prop::sample::select(vec![0, 1, base::P - 1])];
        prop::array::uniform5(coefficient).prop_map(Fp5)
    }

    /// plonky2's own quintic extension, the field the circuit's gate computes in.
    fn circuit(a: Fp5) -> QuinticExtension<GoldilocksField> {
        QuinticExtension(a.0.map(GoldilocksField::from_canonical_u64))
    }

    fn native(a: QuinticExtension<GoldilocksField>) -> Fp5 {
        Fp5(a.0.map(|c| c.to_canonical_u64()))
    }

    /// pornin/ecgfp5, rust/src/field.rs, made with Sage: a, b, a + b, a - b, a b, a / b.
    // REQ C6
    #[test]
    fn operations_agree_with_published_vectors() {
        let a = Fp5([
            9788683869780751860,
            18176307314149915536,
            17581807048943060475,
            16706651231658143014,
            424516324638612383,
        ]);
        let b = Fp5([
            1541862605911742196,
            5168181287870979863,
            10854086836664484156,
            11043707160649157424,
            943499178011708365,
        ]);
        let sum = [
            11330546475692494056,
            4897744532606311078,
            9989149816192960310,
            9303614322892716117,
            1368015502650320748,
        ];
        let difference = [
            8246821263869009664,
            13008126026278935673,
            6727720212278576319,
            5662944071008985590,
            17927761216041488339,
        ];
        let product = [
            5924286846078684570,
            12564682493825924142,
            17116577152380521223,
            5260948460973948760,
            15673927150284637712,
        ];
        let quotient = [
            6854214528917216670,
            4676163378868226016,
            7338977912708396522,
            9922012834063967541,
            11413717840889184601,
        ];
        assert_eq!((a + b).0, sum);
        assert_eq!((a - b).0, difference);
        assert_eq!((a * b).0, product);
        assert_eq!((a * b.inverse()).0, quotient);
    }

    #[test]
    fn zero_has_inverse_zero_and_character_zero() {
        assert_eq!(Fp5::ZERO.inverse(), Fp5::ZERO);
        assert_eq!(Fp5::ZERO.legendre(), 0);
    }

    #[test]
    fn coefficients_from_p_on_are_refused_or_reduced() {
        assert_eq!(Fp5::from_canonical([base::P, 0, 0, 0, 0]), None);
        assert_eq!(Fp5::from_canonical([0, 0, 0, 0, u64::MAX]), None);
        assert_eq!(Fp5::from_reduced([base::P, 0, 0, 0, base::P + 1]).0, [0, 0, 0, 0, 1]);
    }

    proptest! {
        #[test]
        fn arithmetic_agrees_with_plonky2(a in element(), b in element(), k in 0u32..1000) {
            prop_assert_eq!(a + b, native(circuit(a) + circuit(b)));
            prop_assert_eq!(a - b, native(circuit(a) - circuit(b)));
            prop_assert_eq!(-a, native(-circuit(a)));
            prop_assert_eq!(a * b, native(circuit(a) * circuit(b)));
            prop_assert_eq!(a.square(), a * a);
            prop_assert_eq!(a.double(), a + a);
            prop_assert_eq!(a.scale(k), a * Fp5([u64::from(k), 0, 0, 0, 0]));
            prop_assert_eq!(a.scale_z(k), a * Fp5([0, u64::from(k), 0, 0, 0]));
        }

        #[test]
        fn inverse_and_character_are_multiplicative(a in element(), b in element()) {
            let one = if a == Fp5::ZERO { Fp5::ZERO } else { Fp5::ONE };
            prop_assert_eq!(a * a.inverse(), one);
            prop_assert_eq!((a * b).legendre(), base::mul(a.legendre(), b.legendre()));
            prop_assert_eq!(a.square().legendre(), u64::from(a != Fp5::ZERO));
        }
    }
}
