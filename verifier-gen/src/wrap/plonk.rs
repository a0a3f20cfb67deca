// SPDX-License-Identifier: MIT OR Apache-2.0
//! plonky2's identity at zeta: gates, wiring and the quotient.

use super::arithmetic::Arithmetic;
use super::builder::Builder;
use super::extension::{Ext, Native};
use super::gates::Row;
use super::goldilocks::Lazy;
use super::key::{Key, Selected};
use super::proof::Openings;
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;

/// plonky2's mark of a row without a gate of the group, where there are several groups.
const UNUSED_SELECTOR: u64 = u32::MAX as u64;

/// Terms of the sums over powers of alpha: a power has 64 bits.
const TERM_BITS: u64 = 176;

/// What the transcript gave before the openings.
#[derive(Clone, Debug)]
pub(super) struct Challenges {
    pub(super) betas: Vec<Lazy>,
    pub(super) gammas: Vec<Lazy>,
    pub(super) alphas: Vec<Lazy>,
    pub(super) zeta: Ext,
}

/// Powers of every alpha.
struct Alphas(Vec<Vec<Ext>>);

impl Alphas {
    fn new(builder: &mut Builder, alphas: &[Lazy], n: usize) -> Self {
        let powers = |alpha: &Lazy| {
            let alpha = Ext::base(alpha.clone());
            let mut powers = vec![Ext::constant(Native::ONE)];
            while powers.len() < n {
                let last = powers.last().expect("it begins with 1");
                let next = builder.ext_mul(last, &alpha);
                powers.push(builder.ext_reduce(&next));
            }
            powers
        };
        Self(alphas.iter().map(powers).collect())
    }

    /// For every alpha, the sum of terms times its powers from `start` on.
    fn sums(&self, builder: &mut Builder, start: usize, terms: &[Ext]) -> Vec<Ext> {
        assert!(
            self.0.iter().all(|powers| start + terms.len() <= powers.len()),
            "a power for every term"
        );
        let terms: Vec<Ext> = terms.iter().map(|term| builder.ext_fit(term, TERM_BITS)).collect();
        let sum = |powers: &Vec<Ext>| {
            let products: Vec<_> = terms.iter().zip(&powers[start..]).collect();
            builder.ext_sum(&Ext::zero(), &products)
        };
        self.0.iter().map(sum).collect()
    }
}

impl Builder {
    /// `vanishing(zeta) = (zeta^n - 1) quotient(zeta)`, for every alpha.
    pub(super) fn check_quotient(&mut self, key: &Key, openings: &Openings, hash: &[Ext; 4], challenges: &Challenges) {
        let common = &key.common;
        let zeta_n = self.ext_power_of_two(&challenges.zeta, common.degree_bits());
        let vanishing = self.shift(&zeta_n, -GoldilocksField::ONE);
        let vanishing = self.ext_reduce(&vanishing);

        let mut terms = self.first_row(key, openings, challenges, &vanishing);
        for i in 0..common.config.num_challenges {
            terms.extend(self.wiring(key, openings, challenges, i));
        }
        self.end_section("wiring");
        let powers = terms.len() + common.num_gate_constraints;
        let alphas = Alphas::new(self, &challenges.alphas, powers);
        let mut sums = alphas.sums(self, 0, &terms);
        self.end_section("powers of alpha");
        for gate in &key.gates {
            self.add_gate(key, gate, openings, hash, &alphas, terms.len(), &mut sums);
        }
        self.end_section("gates");

        let chunks = openings.quotient.chunks(common.quotient_degree_factor);
        for (sum, chunk) in sums.iter().zip(chunks) {
            let mut quotient = Ext::zero();
            for part in chunk.iter().rev() {
                let quotient_so_far = self.ext_reduce(&quotient);
                quotient = self.ext_mul_add(&quotient_so_far, &zeta_n, part);
            }
            let right = self.ext_mul(&quotient, &vanishing);
            self.ext_assert_same(sum, &right);
        }
        self.end_section("quotient");
    }

    /// `L_0(zeta) (z - 1)` for every z, with `L_0 = (zeta^n - 1) / (n (zeta - 1))`.
    fn first_row(&mut self, key: &Key, openings: &Openings, challenges: &Challenges, vanishing: &Ext) -> Vec<Ext> {
        let n = GoldilocksField::from_canonical_usize(key.common.degree());
        let below = self.shift(&challenges.zeta, -GoldilocksField::ONE);
        let inverse = self.ext_inverse(&below);
        let first = self.ext_mul(vanishing, &inverse);
        let first = self.ext_linear(&Ext::zero(), &[(n.inverse(), &first)]);
        let first = self.ext_reduce(&first);
        let mut terms = vec![];
        for z in &openings.zs {
            let less = self.shift(z, -GoldilocksField::ONE);
            terms.push(self.ext_mul(&first, &less));
        }
        terms
    }

    /// `before * product of (wire + beta k zeta + gamma) - after * product of (wire + beta sigma + gamma)`, a chunk of
    /// wires at a time.
    fn wiring(&mut self, key: &Key, openings: &Openings, challenges: &Challenges, i: usize) -> Vec<Ext> {
        let common = &key.common;
        let beta = Ext::base(challenges.betas[i].clone());
        let gamma = Ext::base(challenges.gammas[i].clone());
        let beta_zeta = self.ext_mul(&challenges.zeta, &beta);
        let beta_zeta = self.ext_reduce(&beta_zeta);
        let routed = common.config.num_routed_wires;
        let size = common.quotient_degree_factor;

        let products = common.num_partial_products;
        let partial = &openings.partial_products[i * products..(i + 1) * products];
        let mut accumulators = vec![&openings.zs[i]];
        accumulators.extend(partial);
        accumulators.push(&openings.zs_next[i]);

        let mut terms = vec![];
        for (chunk, pair) in (0..routed).step_by(size).zip(accumulators.windows(2)) {
            let mut above = vec![];
            let mut below = vec![];
            for j in chunk..(chunk + size).min(routed) {
                let wire = self.ext_add(&openings.wires[j], &gamma);
                above.push(self.ext_linear(&wire, &[(common.k_is[j], &beta_zeta)]));
                below.push(self.ext_mul_add(&openings.sigmas[j], &beta, &wire));
            }
            let above = self.product(&above);
            let below = self.product(&below);
            let right = self.ext_mul(&below, pair[1]);
            let left = self.ext_mul(&above, pair[0]);
            terms.push(self.ext_sub(&left, &right));
        }
        terms
    }

    fn product(&mut self, factors: &[Ext]) -> Ext {
        let mut factors = factors.iter();
        let first = factors.next().expect("a product of at least one factor").clone();
        factors.fold(first, |product, factor| self.ext_mul(&product, factor))
    }

    /// Adds the gate's constraints, filtered by its selector.
    #[allow(clippy::too_many_arguments, reason = "the parts of one formula")]
    fn add_gate(
        &mut self,
        key: &Key,
        selected: &Selected,
        openings: &Openings,
        hash: &[Ext; 4],
        alphas: &Alphas,
        start: usize,
        sums: &mut [Ext],
    ) {
        let row = Row {
            constants: &openings.constants[key.selectors..],
            wires: &openings.wires,
            public_inputs_hash: hash,
        };
        let constraints = selected.gate.constraints(self, row);
        if constraints.is_empty() {
            return;
        }
        let filter = self.filter(key, selected, openings);
        for (sum, gate) in sums.iter_mut().zip(alphas.sums(self, start, &constraints)) {
            let gate = self.ext_reduce(&gate);
            *sum = self.ext_mul_add(&gate, &filter, sum);
        }
    }

    /// The product over the group's other numbers, of those minus the selector.
    fn filter(&mut self, key: &Key, selected: &Selected, openings: &Openings) -> Ext {
        let selector = &openings.constants[selected.selector];
        let others = selected
            .group
            .clone()
            .filter(|&row| row != selected.row)
            .map(|row| row as u64);
        let unused = (key.selectors > 1).then_some(UNUSED_SELECTOR);
        let factors: Vec<Ext> = others
            .chain(unused)
            .map(|number| {
                let number = Ext::constant(GoldilocksField::from_canonical_u64(number).into());
                self.ext_sub(&number, selector)
            })
            .collect();
        if factors.is_empty() {
            return Ext::constant(Native::ONE);
        }
        let product = self.product(&factors);
        self.ext_reduce(&product)
    }
}
