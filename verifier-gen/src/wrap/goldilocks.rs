// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arithmetic modulo p = 2^64 - 2^32 + 1 in the scalar field of BN254, reduced as late as possible.
//!
//! A [`Lazy`] is an integer, congruent to the element it stands for, that lies between two bounds known when the
//! circuit is written. Sums and products are exact as long as bounds stay below 2^252, which is asserted; only a
//! reduction costs range checks.

use super::builder::{Builder, Hint};
use halo2_base::QuantumCell;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::utils::{bigint_to_fe, biguint_to_fe, fe_to_biguint, modulus};
use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::{Field, Field64, PrimeField64};

/// p.
pub(crate) const P: u64 = GoldilocksField::ORDER;

/// No integer reaches 2^252, a quarter of the field.
const LIMIT_BITS: u64 = 252;

/// An integer within bounds, in a cell or known to the circuit.
#[derive(Clone, Debug)]
pub(crate) struct Lazy {
    cell: QuantumCell<Fr>,
    low: BigInt,
    high: BigInt,
}

impl Lazy {
    /// A constant of the circuit.
    pub(crate) fn constant(value: GoldilocksField) -> Self {
        Self::integer(value.to_canonical_u64().into())
    }

    /// A constant integer, perhaps negative.
    pub(super) fn integer(value: BigInt) -> Self {
        Self {
            cell: QuantumCell::Constant(bigint_to_fe(&value)),
            low: value.clone(),
            high: value,
        }
    }

    /// A cell that is constrained to `0..2^bits` elsewhere.
    pub(super) fn trusted(cell: QuantumCell<Fr>, bits: u64) -> Self {
        Self {
            cell,
            low: BigInt::zero(),
            high: (BigInt::one() << bits) - 1,
        }
    }

    /// The cell.
    pub(super) fn cell(&self) -> QuantumCell<Fr> {
        self.cell
    }

    /// The constant, if it is one.
    pub(super) fn known(&self) -> Option<&BigInt> {
        (self.low == self.high).then_some(&self.low)
    }

    fn is_zero(&self) -> bool {
        self.known().is_some_and(Zero::is_zero)
    }

    /// Bits of the largest magnitude.
    pub(super) fn bits(&self) -> u64 {
        self.low.bits().max(self.high.bits())
    }

    /// It lies in `0..2^64`.
    pub(super) fn is_limb(&self) -> bool {
        !self.low.is_negative() && self.high.bits() <= 64
    }

    /// It lies in `0..p`.
    pub(super) fn is_canonical(&self) -> bool {
        !self.low.is_negative() && self.high < BigInt::from(P)
    }

    /// The same cell, which is constrained to be no larger elsewhere.
    pub(super) fn at_most(self, high: BigInt) -> Self {
        Self { high, ..self }
    }

    /// The element it stands for.
    pub(super) fn element(&self) -> GoldilocksField {
        let (remainder, _) = self.split();
        GoldilocksField::from_canonical_u64(remainder)
    }

    /// The multiple of p that makes it nonnegative.
    fn offset(&self) -> BigInt {
        if self.low.is_negative() {
            let p = BigInt::from(P);
            (-&self.low).div_ceil(&p) * p
        } else {
            BigInt::zero()
        }
    }

    /// Remainder modulo p, and the quotient of the value with its offset.
    fn split(&self) -> (u64, BigUint) {
        let shifted = fe_to_biguint(&(self.cell.value() + bigint_to_fe::<Fr>(&self.offset())));
        let (quotient, remainder) = shifted.div_rem(&BigUint::from(P));
        (remainder.to_u64().expect("a remainder of p"), quotient)
    }
}

/// Bits a quotient is checked for: whole limbs, if the product with p still cannot wrap around the field.
fn quotient_bits(largest: &BigInt) -> usize {
    let exact = (largest / P).bits().max(1);
    let limbs = exact.next_multiple_of(super::builder::LOOKUP_BITS as u64);
    let fits = |bits: u64| ((BigUint::from(P) << bits) + (BigUint::one() << 64u32)) < modulus::<Fr>();
    let bits = if fits(limbs) { limbs } else { exact };
    assert!(fits(bits), "a quotient of {bits} bits may wrap around the field");
    bits as usize
}

impl Builder {
    /// `start + sum of products`.
    ///
    /// # Panics
    ///
    /// If the result may reach 2^252.
    pub(super) fn lazy_sum(&mut self, start: &Lazy, products: &[(&Lazy, &Lazy)]) -> Lazy {
        let one = Lazy::integer(BigInt::one());
        let mut start = start.clone();
        let (mut low, mut high) = (BigInt::zero(), BigInt::zero());
        let mut terms = Vec::with_capacity(products.len());
        for &(a, b) in products {
            if a.is_zero() || b.is_zero() {
                continue;
            }
            let corners = [&a.low * &b.low, &a.low * &b.high, &a.high * &b.low, &a.high * &b.high];
            let product = (
                corners.iter().min().expect("four").clone(),
                corners.iter().max().expect("four").clone(),
            );
            if let (Some(a), Some(b)) = (a.known(), b.known()) {
                let product = Lazy::integer(a * b);
                match start.known() {
                    Some(known) => start = Lazy::integer(known + a * b),
                    None => {
                        low += &product.low;
                        high += &product.high;
                        terms.push((product.cell, one.cell));
                    }
                }
                continue;
            }
            low += product.0;
            high += product.1;
            terms.push((a.cell, b.cell));
        }
        if terms.is_empty() {
            return start;
        }
        low += &start.low;
        high += &start.high;
        assert!(
            low.bits().max(high.bits()) <= LIMIT_BITS,
            "a sum between {low} and {high} may wrap around the field"
        );
        let cell = self.sum_of_products(start.cell, &terms);
        Lazy {
            cell: cell.into(),
            low,
            high,
        }
    }

    /// `a - b`.
    pub(super) fn lazy_sub(&mut self, a: &Lazy, b: &Lazy) -> Lazy {
        let minus_one = Lazy::integer(-BigInt::one());
        self.lazy_sum(a, &[(b, &minus_one)])
    }

    /// A new cell of 64 bits.
    pub(super) fn limb(&mut self, hint: Hint, value: u64) -> Lazy {
        let cell = self.witness(hint, Fr::from(value));
        self.check_bits(cell, 64);
        Lazy::trusted(cell.into(), 64)
    }

    /// A new cell below p.
    pub(super) fn canonical_limb(&mut self, value: GoldilocksField) -> Lazy {
        let limb = self.limb(Hint::Element, value.to_canonical_u64());
        self.canonicalize(&limb)
    }

    /// `limb < p`, for a limb of 64 bits.
    pub(super) fn canonicalize(&mut self, limb: &Lazy) -> Lazy {
        if limb.is_canonical() {
            return limb.clone();
        }
        assert!(limb.is_limb(), "not a limb of 64 bits: {limb:?}");
        let largest = Lazy::integer(BigInt::from(P - 1));
        let room = self.lazy_sub(&largest, limb);
        let QuantumCell::Existing(cell) = room.cell else {
            unreachable!("the difference of a constant and a cell is a cell")
        };
        self.check_bits(cell, 64);
        limb.clone().at_most(BigInt::from(P - 1))
    }

    /// The same element in 64 bits, not canonical.
    pub(super) fn reduce(&mut self, a: &Lazy) -> Lazy {
        if a.known().is_some() {
            return Lazy::constant(a.element());
        }
        if a.is_limb() {
            return a.clone();
        }
        let (remainder, _) = a.split();
        let limb = self.limb(Hint::Remainder, remainder);
        self.multiple_of_p_apart(a, &limb);
        limb
    }

    /// The element is zero.
    pub(super) fn assert_zero(&mut self, a: &Lazy) {
        if a.known().is_some() {
            assert!(
                a.element().is_zero(),
                "a constant of the circuit that must be zero is not"
            );
            return;
        }
        self.multiple_of_p_apart(a, &Lazy::integer(BigInt::zero()));
    }

    /// `a + offset = limb + p * quotient` over the integers, the quotient checked to be as small as bounds allow.
    fn multiple_of_p_apart(&mut self, a: &Lazy, limb: &Lazy) {
        let offset = a.offset();
        let bits = quotient_bits(&(&a.high + &offset));
        let (_, quotient) = a.split();
        let quotient = self.witness(Hint::Quotient, biguint_to_fe(&quotient));
        self.check_bits(quotient, bits);
        let p = QuantumCell::Constant(Fr::from(P));
        let right = self.sum_of_products(limb.cell, &[(p, quotient.into())]);
        if offset.is_zero() {
            self.equal(right.into(), a.cell);
        } else {
            let one = QuantumCell::Constant(Fr::one());
            let left = self.sum_of_products(a.cell, &[(one, QuantumCell::Constant(bigint_to_fe(&offset)))]);
            self.equal(left.into(), right.into());
        }
    }
}
