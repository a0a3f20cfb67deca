// SPDX-License-Identifier: MIT OR Apache-2.0
//! Integers modulo `n`, the order of the ecGFp5 group.

use crypto_bigint::modular::constant_mod::ResidueParams;
use crypto_bigint::{Encoding, U320, impl_modulus};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeLess};
use zeroize::DefaultIsZeroes;

// n, from the ecGFp5 paper (ePrint 2022/274), section 3: a prime of 319 bits.
impl_modulus!(
    Order,
    U320,
    "7ffffffd800000077ffffff1000000167fffffe6cfb80639e8885c39d724a09ce80fd996948bffe1"
);

type Residue = crypto_bigint::modular::constant_mod::Residue<Order, { Order::LIMBS }>;

/// An integer modulo `n`, kept below `n`. Arithmetic is constant-time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scalar(U320);

impl DefaultIsZeroes for Scalar {}

impl ConditionallySelectable for Scalar {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(U320::conditional_select(&a.0, &b.0, choice))
    }
}

impl Scalar {
    /// Zero.
    pub const ZERO: Self = Self(U320::ZERO);

    /// One.
    pub const ONE: Self = Self(U320::ONE);

    /// Length of the byte encoding.
    pub const BYTES: usize = 40;

    /// The scalar with this big-endian encoding, or `None` if the integer is not below `n`.
    pub fn from_be_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let value = U320::from_be_slice(bytes);
        bool::from(value.ct_lt(&Order::MODULUS)).then_some(Self(value))
    }

    /// The big-endian encoding of the integer below `n`.
    pub fn to_be_bytes(&self) -> [u8; Self::BYTES] {
        self.0.to_be_bytes()
    }

    /// A 512-bit big-endian integer modulo `n`. Uniform input gives an output within `2^-193` of uniform.
    pub fn from_wide(bytes: &[u8; 64]) -> Self {
        let half = |bytes: &[u8]| {
            let mut wide = [0; Self::BYTES];
            wide[8..].copy_from_slice(bytes);
            Self(U320::from_be_slice(&wide))
        };
        let (high, low) = bytes.split_at(32);
        low_plus_shifted(half(low), half(high), 256)
    }

    /// The integer `sum(limbs[i] * 2^(30 i))` modulo `n`. Limbs must be below `2^30`.
    pub(crate) fn from_limbs<const L: usize>(limbs: &[u32; L]) -> Self {
        const { assert!(L <= 20, "each half must stay below n") };
        let half = |limbs: &[u32]| {
            let shifted = limbs
                .iter()
                .rev()
                .fold(U320::ZERO, |acc, &limb| acc.shl_vartime(30) | U320::from_u32(limb));
            Self(shifted)
        };
        let (low, high) = limbs.split_at(L / 2);
        low_plus_shifted(half(low), half(high), 30 * low.len())
    }

    /// The eleven 30-bit limbs of the integer below `n`, least significant first.
    pub(crate) fn to_limbs(self) -> [u32; 11] {
        core::array::from_fn(|i| (self.0.shr_vartime(30 * i).as_words()[0] & ((1 << 30) - 1)) as u32)
    }

    /// The 64-bit words of the integer below `n`, least significant first.
    pub(crate) fn to_words(self) -> [u64; 5] {
        self.0.to_words()
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> Choice {
        self.0.ct_eq(&U320::ZERO)
    }

    /// `self + other`.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        Self(Residue::new(&self.0).add(&Residue::new(&other.0)).retrieve())
    }

    /// `self - other`.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        Self(Residue::new(&self.0).sub(&Residue::new(&other.0)).retrieve())
    }

    /// `self * other`.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        Self(Residue::new(&self.0).mul(&Residue::new(&other.0)).retrieve())
    }
}

/// `low + 2^shift * high` for a public `shift < 319`.
fn low_plus_shifted(low: Scalar, high: Scalar, shift: usize) -> Scalar {
    low.add(&high.mul(&Scalar(U320::ONE.shl_vartime(shift))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reversed<const N: usize>(little_endian: [u8; N]) -> [u8; N] {
        let mut out = little_endian;
        out.reverse();
        out
    }

    /// pornin/ecgfp5, rust/src/scalar.rs: a random 512-bit integer, its residue, and its 256th power (little-endian).
    // REQ C6
    #[test]
    fn wide_reduction_and_powers_agree_with_the_reference_implementation() {
        let wide = reversed::<64>([
            0xB5, 0xDD, 0x28, 0xB8, 0xD2, 0x9B, 0x6F, 0xF8, 0x15, 0x65, 0x3F, 0x89, 0xDB, 0x7B, 0xA9, 0xDE, 0x33, 0x7D,
            0xA8, 0x27, 0x82, 0x26, 0xB4, 0xD6, 0x9E, 0x1F, 0xFA, 0x97, 0x3D, 0x9E, 0x01, 0x9C, 0x77, 0xC9, 0x63, 0x5C,
            0xB8, 0x34, 0xD8, 0x1A, 0x4D, 0xCB, 0x03, 0x48, 0x62, 0xCD, 0xEE, 0xC9, 0x8E, 0xC8, 0xC9, 0xA7, 0xB3, 0x6E,
            0xDA, 0xCE, 0x18, 0x75, 0x1B, 0xDD, 0x4F, 0x94, 0x67, 0xB5,
        ]);
        let reduced = reversed::<40>([
            0x89, 0x01, 0x7A, 0x52, 0xBD, 0xDF, 0x45, 0x60, 0xCE, 0x5B, 0xBA, 0xE5, 0x5D, 0x25, 0x96, 0x5A, 0x0A, 0x4F,
            0x0A, 0x27, 0x1A, 0x7A, 0xE8, 0x1D, 0x7D, 0xBF, 0xE3, 0xE3, 0xFA, 0x5E, 0x17, 0xE0, 0x44, 0xD9, 0xA5, 0x37,
            0x9B, 0xF8, 0x38, 0x74,
        ]);
        let power = reversed::<40>([
            0x27, 0x7E, 0x2C, 0xAB, 0x6D, 0xAD, 0x8D, 0xA0, 0x15, 0x44, 0x02, 0x0F, 0xFA, 0xD5, 0x4F, 0x15, 0xBF, 0x6D,
            0x1D, 0x76, 0x22, 0x73, 0xCD, 0xDA, 0x23, 0xFE, 0x5A, 0xED, 0xCA, 0x75, 0xD7, 0x04, 0x05, 0x66, 0x87, 0x3D,
            0x37, 0x5B, 0x24, 0x13,
        ]);
        let scalar = Scalar::from_wide(&wide);
        assert_eq!(scalar.to_be_bytes(), reduced);
        let raised = (0..8).fold(scalar, |s, _| s.mul(&s));
        assert_eq!(raised.to_be_bytes(), power);
    }

    #[test]
    fn decoding_accepts_the_largest_scalar_and_refuses_the_order() {
        let order = Order::MODULUS;
        assert!(Scalar::from_be_bytes(&order.wrapping_sub(&U320::ONE).to_be_bytes()).is_some());
        assert!(Scalar::from_be_bytes(&order.to_be_bytes()).is_none());
        assert!(Scalar::from_be_bytes(&[0xFF; 40]).is_none());
    }

    #[test]
    fn limbs_round_trip_and_are_read_as_an_integer_modulo_the_order() {
        let largest = Scalar::ZERO.sub(&Scalar::ONE);
        assert_eq!(Scalar::from_limbs(&largest.to_limbs()), largest);
        assert_eq!(largest.add(&Scalar::ONE), Scalar::ZERO);
        // 2^330 - 1, the largest integer eleven limbs can write.
        let two = Scalar::ONE.add(&Scalar::ONE);
        let mut expected = Scalar::ONE;
        for _ in 0..330 {
            expected = expected.mul(&two);
        }
        assert_eq!(Scalar::from_limbs(&[(1 << 30) - 1; 11]), expected.sub(&Scalar::ONE));
    }
}
