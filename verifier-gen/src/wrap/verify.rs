// SPDX-License-Identifier: MIT OR Apache-2.0
//! plonky2's verifier, in plonky2's order.

use super::builder::Builder;
#[cfg(test)]
use super::builder::Moment;
use super::extension::Ext;
use super::fri::Fri;
use super::gates;
use super::goldilocks::Lazy;
use super::key::Key;
use super::plonk::Challenges;
use super::proof::{Absorbed, InnerProof};
use super::sponge::Challenger;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::{AssignedValue, QuantumCell};
use num_bigint::BigInt;
use num_traits::{One, Zero};
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;
use plonky2::fri::FriParams;

/// Elements of Goldilocks that Poseidon absorbs at once.
const GOLDILOCKS_RATE: usize = 8;

impl Builder {
    /// Constrains `proof` to be one of `key`'s circuit. Returns its public inputs, each below 2^32.
    ///
    /// The proof must be of the circuit's shape (plonky2's verifier and [`poe_prover::format`] check that); values may
    /// be any.
    pub(super) fn verify(&mut self, key: &Key, proof: &InnerProof) -> Vec<Lazy> {
        let absorbed = Absorbed::new(self, proof);
        self.end_section("proof, canonical");
        let hash = self.hash_public_inputs(&absorbed.public_inputs);
        self.end_section("hash of public inputs");

        let mut challenger = Challenger::new();
        observe_parameters(self, &mut challenger, &key.common.fri_params);
        challenger.observe_digest(self, QuantumCell::Constant(key.digest));
        for element in &hash {
            challenger.observe(self, &element.0[0]);
        }
        challenger.observe_cap(self, &absorbed.wires_cap);
        let n = key.common.config.num_challenges;
        let betas = challenger.challenges(self, n);
        let gammas = challenger.challenges(self, n);
        challenger.observe_cap(self, &absorbed.zs_cap);
        let alphas = challenger.challenges(self, n);
        challenger.observe_cap(self, &absorbed.quotient_cap);
        let zeta = challenger.extension_challenge(self);
        for opening in absorbed.openings.at_zeta().chain(&absorbed.openings.zs_next) {
            challenger.observe_extension(self, opening);
        }
        self.end_section("transcript");
        let challenges = Challenges {
            betas,
            gammas,
            alphas,
            zeta,
        };
        let inputs = absorbed.public_inputs.clone();
        #[cfg(test)]
        let absorbed = self.tampered(Moment::Quotient, absorbed);
        self.check_quotient(key, &absorbed.openings, &hash, &challenges);
        self.check_openings(key, &absorbed, &challenges.zeta, challenger, proof);
        inputs
    }

    /// FRI: challenges, proof of work, queries.
    fn check_openings(
        &mut self,
        key: &Key,
        absorbed: &Absorbed,
        zeta: &Ext,
        mut challenger: Challenger,
        proof: &InnerProof,
    ) {
        let alpha = challenger.extension_challenge(self);
        let mut betas = vec![];
        for cap in &absorbed.fold_caps {
            challenger.observe_cap(self, cap);
            betas.push(challenger.extension_challenge(self));
        }
        for coefficient in &absorbed.final_polynomial {
            challenger.observe_extension(self, coefficient);
        }
        challenger.observe(self, &absorbed.pow_witness);
        let response = challenger.challenge(self);
        let config = &key.common.fri_params.config;
        let work = config.proof_of_work_bits;
        #[cfg(test)]
        let work = work + self.more_work;
        self.check_challenge_bits(&response, 64 - work as usize);

        let queries = challenger.challenges(self, config.num_query_rounds);
        self.end_section("transcript");
        #[cfg(test)]
        let absorbed = &self.tampered(Moment::Queries, absorbed.clone());
        let fri = Fri::new(self, key, absorbed, zeta, &alpha, betas);
        self.end_section("FRI: claims");
        let rounds = &proof.proof.opening_proof.query_round_proofs;
        assert_eq!(rounds.len(), queries.len(), "one round a query");
        for (challenge, round) in queries.iter().zip(rounds) {
            fri.query(self, challenge, round);
        }
    }

    #[cfg(test)]
    fn tampered(&self, moment: Moment, mut absorbed: Absorbed) -> Absorbed {
        for (_, tamper) in self.tamper.iter().filter(|(when, _)| *when == moment) {
            tamper(&mut absorbed);
        }
        absorbed
    }

    fn check_challenge_bits(&mut self, challenge: &Lazy, bits: usize) {
        let QuantumCell::Existing(cell) = challenge.cell() else {
            unreachable!("a challenge is a digit of a permutation's output")
        };
        self.check_bits(cell, bits);
    }

    /// plonky2's `hash_no_pad` over Goldilocks, canonical.
    fn hash_public_inputs(&mut self, inputs: &[Lazy]) -> [Ext; 4] {
        let mut state: [Ext; 12] = core::array::from_fn(|_| Ext::zero());
        for block in inputs.chunks(GOLDILOCKS_RATE) {
            for (lane, input) in state.iter_mut().zip(block) {
                *lane = Ext::base(input.clone());
            }
            state = gates::permute(self, state);
        }
        core::array::from_fn(|i| {
            let limb = self.reduce(&state[i].0[0]);
            Ext::base(self.canonicalize(&limb))
        })
    }

    /// Eight words of 32 bits, most significant first, as two of 128.
    pub(super) fn pack_words(&mut self, words: &[Lazy]) -> Vec<AssignedValue<Fr>> {
        let pack = |words: &[Lazy]| {
            let weights: Vec<Lazy> = (0..words.len())
                .rev()
                .map(|i| Lazy::integer(BigInt::one() << (32 * i)))
                .collect();
            let terms: Vec<_> = words.iter().zip(&weights).collect();
            let QuantumCell::Existing(cell) = self.lazy_sum(&Lazy::integer(BigInt::zero()), &terms).cell() else {
                unreachable!("words are witnesses")
            };
            cell
        };
        words.chunks(4).map(pack).collect()
    }
}

/// `FriParams::observe`.
fn observe_parameters(builder: &mut Builder, challenger: &mut Challenger, params: &FriParams) {
    let config = &params.config;
    let number = GoldilocksField::from_canonical_usize;
    let mut elements = vec![
        number(config.rate_bits),
        number(config.cap_height),
        number(config.proof_of_work_bits as usize),
    ];
    elements.extend(config.reduction_strategy.serialize::<GoldilocksField>());
    elements.push(number(config.num_query_rounds));
    elements.push(GoldilocksField::from_bool(params.hiding));
    elements.push(number(params.degree_bits));
    elements.extend(params.reduction_arity_bits.iter().map(|&bits| number(bits)));
    for element in elements {
        challenger.observe_constant(builder, element);
    }
}
