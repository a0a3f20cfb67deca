// SPDX-License-Identifier: MIT OR Apache-2.0
//! plonky2's FRI: opened leaves combine into one value, which folds down to the final polynomial.

use super::builder::{Builder, Hint};
use super::extension::{Ext, Native};
use super::goldilocks::Lazy;
use super::index::Index;
use super::key::{Key, field};
use super::proof::{Absorbed, Cap};
use halo2_base::QuantumCell;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use num_bigint::BigInt;
use num_traits::Zero;
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::fri::proof::{FriInitialTreeProof, FriQueryRound, FriQueryStep};
use plonky2::hash::merkle_proofs::MerkleProof;
use poe_prover::bn254::Bn254Hash;
use poe_prover::config::{D, F};

/// What every query shares.
pub(super) struct Fri<'a> {
    key: &'a Key,
    /// Caps of the four oracles: constants and permutation, wires, accumulators, quotient.
    oracles: [Cap; 4],
    fold_caps: &'a [Cap],
    betas: Vec<Ext>,
    final_polynomial: &'a [Ext],
    /// Powers of alpha, as many as there are polynomials.
    powers: Vec<Ext>,
    /// Where polynomials are opened: zeta and its neighbour.
    points: [Ext; 2],
    /// What is claimed at each point, combined by powers of alpha.
    claims: [Ext; 2],
    /// Polynomials opened at the second point, and where in the third oracle they begin and end.
    neighbours: usize,
}

impl<'a> Fri<'a> {
    /// Combines the claims.
    pub(super) fn new(
        builder: &mut Builder,
        key: &'a Key,
        proof: &'a Absorbed,
        zeta: &Ext,
        alpha: &Ext,
        betas: Vec<Ext>,
    ) -> Self {
        let openings: Vec<&Ext> = proof.openings.at_zeta().collect();
        let mut powers = vec![Ext::constant(Native::ONE)];
        while powers.len() < openings.len() {
            let next = builder.ext_mul(&powers[powers.len() - 1], alpha);
            powers.push(builder.ext_reduce(&next));
        }
        let neighbours: Vec<&Ext> = proof.openings.zs_next.iter().collect();
        let claims = [&openings, &neighbours].map(|values| {
            let products: Vec<_> = values.iter().copied().zip(&powers).collect();
            let sum = builder.ext_sum(&Ext::zero(), &products);
            builder.ext_reduce(&sum)
        });
        let generator = GoldilocksField::primitive_root_of_unity(key.common.degree_bits());
        let next = builder.ext_linear(&Ext::zero(), &[(generator, zeta)]);
        let points = [zeta.clone(), builder.ext_reduce(&next)];
        let constants = key.cap.iter().map(|&digest| QuantumCell::Constant(digest)).collect();
        Self {
            key,
            oracles: [
                constants,
                proof.wires_cap.clone(),
                proof.zs_cap.clone(),
                proof.quotient_cap.clone(),
            ],
            fold_caps: &proof.fold_caps,
            betas,
            final_polynomial: &proof.final_polynomial,
            powers,
            points,
            claims,
            neighbours: neighbours.len(),
        }
    }

    /// The generator of the domain codewords live on.
    fn root(&self) -> GoldilocksField {
        GoldilocksField::primitive_root_of_unity(self.key.index_bits())
    }

    /// What bit i of an index, which is reversed, multiplies the point by.
    fn bit_root(&self, i: usize) -> GoldilocksField {
        self.root().exp_power_of_2(self.key.index_bits() - 1 - i)
    }

    fn cap_height(&self) -> usize {
        self.key.common.fri_params.config.cap_height
    }

    /// One query, at the index that a canonical challenge gives.
    pub(super) fn query(&self, builder: &mut Builder, challenge: &Lazy, round: &FriQueryRound<F, Bn254Hash, D>) {
        let arities = &self.key.common.fri_params.reduction_arity_bits;
        let mut borders: Vec<usize> = arities
            .iter()
            .scan(0, |end, arity| {
                *end += arity;
                Some(*end)
            })
            .collect();
        borders.push(self.key.index_bits() - self.cap_height());
        let index = Index::new(builder, challenge, self.key.index_bits(), &borders);
        builder.end_section("FRI: index");

        let mut value = self.combine(builder, &index, &round.initial_trees_proof);
        let mut start = 0;
        for (i, (&arity, step)) in arities.iter().zip(&round.steps).enumerate() {
            value = self.fold(builder, &index, i, start, arity, step, &value);
            start += arity;
        }
        let generator = GoldilocksField::MULTIPLICATIVE_GROUP_GENERATOR;
        let point = index.product(builder, start, generator.exp_power_of_2(start), |bit| {
            self.bit_root(bit).exp_power_of_2(start)
        });
        let expected = self.evaluate(builder, &point);
        builder.ext_assert_same(&value, &expected);
        builder.end_section("FRI: folding");
    }

    /// The final polynomial at a point of the base field.
    fn evaluate(&self, builder: &mut Builder, point: &Lazy) -> Ext {
        let mut power = Lazy::constant(GoldilocksField::ONE);
        let mut powers = vec![];
        for _ in self.final_polynomial {
            powers.push(Ext::base(power.clone()));
            let next = builder.lazy_sum(&Lazy::integer(BigInt::zero()), &[(&power, point)]);
            power = builder.reduce(&next);
        }
        let products: Vec<_> = self.final_polynomial.iter().zip(&powers).collect();
        builder.ext_sum(&Ext::zero(), &products)
    }

    /// Opens the four oracles and combines what they hold:
    /// `alpha^m (sum alpha^i p_i(x) - claim) / (x - zeta) + (sum alpha^i z_i(x) - claim') / (x - g zeta)`.
    fn combine(&self, builder: &mut Builder, index: &Index, proof: &FriInitialTreeProof<F, Bn254Hash>) -> Ext {
        let mut leaves = vec![];
        for ((values, path), cap) in proof.evals_proofs.iter().zip(&self.oracles) {
            let leaf: Vec<Lazy> = values
                .iter()
                .map(|value| builder.limb(Hint::LeafLimb, value.to_canonical_u64()))
                .collect();
            builder.end_section("FRI: limbs of leaves");
            self.open(builder, index, 0, &leaf, path, cap);
            leaves.push(leaf);
        }
        builder.end_section("FRI: Merkle paths");
        let neighbours = leaves[2][..self.neighbours].to_vec();
        let all: Vec<Lazy> = leaves.concat();
        assert_eq!(
            all.len(),
            self.powers.len(),
            "one polynomial is opened for each value of the leaves"
        );
        let generator = GoldilocksField::MULTIPLICATIVE_GROUP_GENERATOR;
        let x = index.product(builder, 0, generator, |bit| self.bit_root(bit));
        let x = Ext::base(x);
        let opened = [all, neighbours];
        let quotients = opened
            .iter()
            .zip(&self.points)
            .zip(&self.claims)
            .map(|((values, point), claim)| {
                let sum = Ext(core::array::from_fn(|coordinate| {
                    let products: Vec<_> = values
                        .iter()
                        .zip(&self.powers)
                        .map(|(v, p)| (v, &p.0[coordinate]))
                        .collect();
                    builder.lazy_sum(&Lazy::integer(BigInt::zero()), &products)
                }));
                let numerator = builder.ext_sub(&sum, claim);
                let denominator = builder.ext_sub(&x, point);
                let inverse = builder.ext_inverse(&denominator);
                builder.ext_mul(&numerator, &inverse)
            });
        let quotients: Vec<Ext> = quotients.collect();
        let combined = builder.ext_mul_add(&quotients[0], &self.powers[self.neighbours], &quotients[1]);
        builder.end_section("FRI: combination");
        combined
    }

    /// Checks that a cap holds the leaf at the index, whose bits begin at `start`.
    fn open(
        &self,
        builder: &mut Builder,
        index: &Index,
        start: usize,
        leaf: &[Lazy],
        path: &MerkleProof<F, Bn254Hash>,
        cap: &[QuantumCell<Fr>],
    ) {
        let digest = builder.hash_leaf(leaf);
        let siblings: Vec<Fr> = path.siblings.iter().copied().map(field).collect();
        let end = self.key.index_bits() - self.cap_height();
        let root = builder.climb(digest, &index.bits[start..end], &siblings);
        let expected = index.select_digest(builder, self.cap_height(), cap);
        builder.equal(root, expected);
    }

    /// One step: the opened coset holds `value` at its place; returns its polynomial at beta.
    #[allow(clippy::too_many_arguments, reason = "a step is a step")]
    fn fold(
        &self,
        builder: &mut Builder,
        index: &Index,
        step: usize,
        start: usize,
        arity: usize,
        opened: &FriQueryStep<F, Bn254Hash, D>,
        value: &Ext,
    ) -> Ext {
        let values: Vec<Ext> = opened
            .evals
            .iter()
            .map(|value| {
                Ext(value
                    .0
                    .map(|coordinate| builder.limb(Hint::LeafLimb, coordinate.to_canonical_u64())))
            })
            .collect();
        builder.end_section("FRI: limbs of leaves");
        let limbs: Vec<Lazy> = values.iter().flat_map(|value| value.0.clone()).collect();
        self.open(
            builder,
            index,
            start + arity,
            &limbs,
            &opened.merkle_proof,
            &self.fold_caps[step],
        );
        builder.end_section("FRI: Merkle paths");
        let own = index.select_extension(builder, start, &values);
        builder.ext_assert_same(&own, value);

        // The coset begins where the step's own bits are zero. One over that point:
        let generator = GoldilocksField::MULTIPLICATIVE_GROUP_GENERATOR.inverse();
        let inverse = index.product(builder, start + arity, generator.exp_power_of_2(start), |bit| {
            self.bit_root(bit).inverse().exp_power_of_2(start)
        });
        let ratio = builder.ext_mul(&self.betas[step], &Ext::base(inverse));
        self.interpolate(builder, arity, values, &ratio)
    }

    /// The polynomial through `values`, in bit-reversed order, at `ratio` times where they begin: even and odd part
    /// again and again, `f(b) = (f(y) + f(-y)) / 2 + (b / y) (f(y) - f(-y)) / 2`.
    fn interpolate(&self, builder: &mut Builder, arity: usize, mut values: Vec<Ext>, ratio: &Ext) -> Ext {
        let mut ratio = builder.ext_reduce(ratio);
        for bits in (1..=arity).rev() {
            let root = GoldilocksField::primitive_root_of_unity(bits).inverse();
            let half = bits - 1;
            let mut folded = vec![];
            for (j, pair) in values.chunks_exact(2).enumerate() {
                let place = reverse_bits(j, half);
                let factor = builder.ext_linear(&Ext::zero(), &[(root.exp_u64(place as u64), &ratio)]);
                let even = builder.ext_add(&pair[0], &pair[1]);
                let odd = builder.ext_sub(&pair[0], &pair[1]);
                folded.push(builder.ext_mul_add(&odd, &factor, &even));
            }
            values = folded;
            if half > 0 {
                let square = builder.ext_mul(&ratio, &ratio);
                ratio = builder.ext_reduce(&square);
            }
        }
        let scale = GoldilocksField::from_canonical_usize(1 << arity).inverse();
        builder.ext_linear(&Ext::zero(), &[(scale, &values[0])])
    }
}

/// The lowest `bits` of `n` in reverse order.
fn reverse_bits(n: usize, bits: usize) -> usize {
    (0..bits).fold(0, |reversed, i| reversed << 1 | (n >> i & 1))
}
