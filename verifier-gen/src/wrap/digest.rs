// SPDX-License-Identifier: MIT OR Apache-2.0
//! Elements of BN254 as digits to base p, and Goldilocks elements packed into lanes, as
//! [`poe_prover::bn254`] defines both.

use super::builder::{Builder, Hint};
use super::goldilocks::{Lazy, P};
use halo2_base::QuantumCell;
use halo2_base::gates::GateInstructions;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::utils::{biguint_to_fe, fe_to_biguint, modulus};
use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::One;
use poe_prover::bn254::ELEMENTS_PER_LANE;

/// Digits of an element.
pub(super) const DIGITS: usize = 4;

/// The digits of r - 1, least significant first.
fn digits_of_largest() -> [BigUint; DIGITS] {
    let mut rest = modulus::<Fr>() - BigUint::one();
    core::array::from_fn(|_| {
        let (quotient, digit) = rest.div_rem(&BigUint::from(P));
        rest = quotient;
        digit
    })
}

fn power_of_p(n: u32) -> BigUint {
    BigUint::from(P).pow(n)
}

impl Builder {
    /// The four digits to base p of a lane, least significant first, each below p.
    ///
    /// They are those of the one representative in `0..r`: with T the top digit of r - 1, digits below T make an
    /// integer below r whatever they are; under T itself the lower three are compared with those of r - 1.
    pub(super) fn digits(&mut self, lane: QuantumCell<Fr>) -> [Lazy; DIGITS] {
        let mut rest = fe_to_biguint(lane.value());
        let values: [BigUint; DIGITS] = core::array::from_fn(|_| {
            let (quotient, digit) = rest.div_rem(&BigUint::from(P));
            rest = quotient;
            digit
        });
        if matches!(lane, QuantumCell::Constant(_)) {
            return values.map(|digit| Lazy::integer(digit.into()));
        }
        let digits = values.map(|digit| {
            let cell = self.witness(Hint::Digit, biguint_to_fe(&digit));
            self.check_bits(cell, 64);
            Lazy::trusted(cell.into(), 64)
        });
        let [r0, r1, r2, largest_top] = digits_of_largest();
        let largest_low = r0 + r1 * power_of_p(1) + r2 * power_of_p(2);

        let [d0, d1, d2, top] = &digits;
        let [d0, d1, d2] = [d0, d1, d2].map(|digit| self.canonicalize(digit));
        let constant = |value: &BigUint| QuantumCell::Constant(biguint_to_fe::<Fr>(value));
        let low = self.sum_of_products(
            d0.cell(),
            &[
                (d1.cell(), constant(&power_of_p(1))),
                (d2.cell(), constant(&power_of_p(2))),
            ],
        );
        let sum = self.sum_of_products(low.into(), &[(top.cell(), constant(&power_of_p(3)))]);
        self.equal(sum.into(), lane);

        let minus_one = QuantumCell::Constant(-Fr::one());
        let below = self.sum_of_products(constant(&largest_top), &[(top.cell(), minus_one)]);
        self.check_bits(below, 64);
        let gate = halo2_base::gates::GateChip::<Fr>::default();
        let at_top = gate.is_zero(self.context(), below);
        let room = self.sum_of_products(constant(&largest_low), &[(low.into(), minus_one)]);
        let zero = QuantumCell::Constant(Fr::zero());
        let room = self.sum_of_products(zero, &[(at_top.into(), room.into())]);
        self.check_bits(room, power_of_p(3).bits() as usize);
        // `below` and `room` have shown it to be at most T.
        [d0, d1, d2, top.clone().at_most(largest_top.into())]
    }

    /// Up to three limbs of 64 bits as one lane, least significant first.
    pub(super) fn pack(&mut self, limbs: &[Lazy]) -> QuantumCell<Fr> {
        assert!(
            limbs.len() <= ELEMENTS_PER_LANE,
            "a lane holds {ELEMENTS_PER_LANE} limbs, not {}",
            limbs.len()
        );
        assert!(limbs.iter().all(Lazy::is_limb), "limbs of 64 bits are packed");
        let weights: Vec<Lazy> = (0..limbs.len())
            .map(|i| Lazy::integer(BigInt::one() << (64 * i)))
            .collect();
        let products: Vec<_> = limbs.iter().zip(&weights).skip(1).collect();
        let Some(first) = limbs.first() else {
            return QuantumCell::Constant(Fr::zero());
        };
        self.lazy_sum(first, &products).cell()
    }
}
