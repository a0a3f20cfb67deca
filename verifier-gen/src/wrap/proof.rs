// SPDX-License-Identifier: MIT OR Apache-2.0
//! The proof that is verified, in cells: every element canonical where the transcript absorbs it, and of 64 bits where
//! only a leaf holds it.

use super::builder::{Builder, Hint};
use super::extension::Ext;
use super::goldilocks::Lazy;
use super::key::field;
use halo2_base::QuantumCell;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use plonky2::field::types::PrimeField64;
use plonky2::hash::merkle_tree::MerkleCap;
use plonky2::plonk::proof::{OpeningSet, ProofWithPublicInputs};
use poe_prover::bn254::{Bn254Config, Bn254Hash};
use poe_prover::config::{D, F};

/// The proof that is verified.
pub type InnerProof = ProofWithPublicInputs<F, Bn254Config, D>;

/// A cap in cells.
pub(super) type Cap = Vec<QuantumCell<Fr>>;

/// plonky2's `OpeningSet`.
#[derive(Clone, Debug)]
pub(super) struct Openings {
    pub(super) constants: Vec<Ext>,
    pub(super) sigmas: Vec<Ext>,
    pub(super) wires: Vec<Ext>,
    pub(super) zs: Vec<Ext>,
    pub(super) partial_products: Vec<Ext>,
    pub(super) quotient: Vec<Ext>,
    pub(super) zs_next: Vec<Ext>,
}

impl Openings {
    fn new(builder: &mut Builder, openings: &OpeningSet<F, D>) -> Self {
        let mut load = |values: &[_]| values.iter().map(|&value| builder.ext_canonical(value)).collect();
        Self {
            constants: load(&openings.constants),
            sigmas: load(&openings.plonk_sigmas),
            wires: load(&openings.wires),
            zs: load(&openings.plonk_zs),
            partial_products: load(&openings.partial_products),
            quotient: load(&openings.quotient_polys),
            zs_next: load(&openings.plonk_zs_next),
        }
    }

    /// What is opened at zeta, in the order of the oracles.
    pub(super) fn at_zeta(&self) -> impl Iterator<Item = &Ext> {
        [
            &self.constants,
            &self.sigmas,
            &self.wires,
            &self.zs,
            &self.partial_products,
            &self.quotient,
        ]
        .into_iter()
        .flatten()
    }
}

/// The parts of a proof that the transcript absorbs.
#[derive(Clone, Debug)]
pub(super) struct Absorbed {
    pub(super) public_inputs: Vec<Lazy>,
    pub(super) wires_cap: Cap,
    pub(super) zs_cap: Cap,
    pub(super) quotient_cap: Cap,
    pub(super) openings: Openings,
    pub(super) fold_caps: Vec<Cap>,
    pub(super) final_polynomial: Vec<Ext>,
    pub(super) pow_witness: Lazy,
}

impl Absorbed {
    /// Public inputs are checked to have 32 bits.
    pub(super) fn new(builder: &mut Builder, proof: &InnerProof) -> Self {
        let public_inputs = proof.public_inputs.iter().map(|input| {
            let cell = builder.witness(Hint::PublicInput, Fr::from(input.to_canonical_u64()));
            builder.check_bits(cell, 32);
            Lazy::trusted(cell.into(), 32)
        });
        let public_inputs = public_inputs.collect();
        let proof = &proof.proof;
        let opening = &proof.opening_proof;
        Self {
            public_inputs,
            wires_cap: cap(builder, &proof.wires_cap),
            zs_cap: cap(builder, &proof.plonk_zs_partial_products_cap),
            quotient_cap: cap(builder, &proof.quotient_polys_cap),
            openings: Openings::new(builder, &proof.openings),
            fold_caps: opening
                .commit_phase_merkle_caps
                .iter()
                .map(|c| cap(builder, c))
                .collect(),
            final_polynomial: opening
                .final_poly
                .coeffs
                .iter()
                .map(|&c| builder.ext_canonical(c))
                .collect(),
            pow_witness: builder.canonical_limb(opening.pow_witness),
        }
    }
}

fn cap(builder: &mut Builder, cap: &MerkleCap<F, Bn254Hash>) -> Cap {
    cap.0
        .iter()
        .map(|&digest| builder.witness(Hint::CapDigest, field(digest)).into())
        .collect()
}
