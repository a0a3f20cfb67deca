// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one shape of wrap and node (CIR-14), and the shape of any proof.
//!
//! A node verifies wraps and nodes by the same constraints, with only the key selected; so both circuits must agree in
//! everything but constants and wiring: gates, selectors, degree, number of public inputs.

use super::error::{BuildError, Layer, LayerError};
use super::parameters;
use super::public_inputs::CARRIED_INPUTS;
use crate::config::{Builder, C, Circuit, D, F};
use plonky2::fri::proof::{FriProof, FriQueryRound};
use plonky2::gates::gate::GateRef;
use plonky2::gates::noop::NoopGate;
use plonky2::plonk::circuit_data::{CommonCircuitData, VerifierCircuitData};
use plonky2::plonk::config::GenericConfig;
use plonky2::plonk::proof::ProofWithPublicInputs;

/// log2 of the rows of wrap and node.
pub const DEGREE_BITS: usize = 13;

/// What a node verifies: the gates of a recursive verifier of itself, 2^13 rows, the public inputs of a node.
///
/// Found by iteration, since which gates a verifier uses depends on the gates it verifies: a circuit that verifies
/// nothing, one that verifies it, and so on until the gates stay the same. No commitment is computed.
pub fn shared() -> CommonCircuitData<F, D> {
    let mut common = without_verifier(&[]);
    loop {
        let mut builder = Builder::new(parameters::recursion());
        let proof = builder.add_virtual_proof_with_pis(&common);
        let key = builder.add_virtual_verifier_data(common.config.fri_config.cap_height);
        builder.verify_proof::<C>(&proof, &key, &common);
        let gates = builder.build_with_options::<C>(false).common.gates;
        let next = without_verifier(&gates);
        if next == common {
            return common;
        }
        common = next;
    }
}

/// The shape of a circuit with these gates.
fn without_verifier(gates: &[GateRef<F, D>]) -> CommonCircuitData<F, D> {
    let mut builder = Builder::new(parameters::recursion());
    let inputs = builder.add_virtual_targets(CARRIED_INPUTS);
    builder.register_public_inputs(&inputs);
    complete(&mut builder, gates);
    builder.build_with_options::<C>(false).common
}

/// Gives a circuit the gates of the shared shape and more than half of its rows, so that it is padded to all of them.
pub(crate) fn complete(builder: &mut Builder, gates: &[GateRef<F, D>]) {
    for gate in gates {
        builder.add_gate_to_gate_set(gate.clone());
    }
    while builder.num_gates() <= 1 << (DEGREE_BITS - 1) {
        builder.add_gate(NoopGate, vec![]);
    }
}

/// Builds a circuit that must have the shape `expected`.
pub(crate) fn build_as(
    layer: Layer,
    builder: Builder,
    expected: &CommonCircuitData<F, D>,
) -> Result<Circuit, BuildError> {
    let limit = expected.degree();
    let rows = builder.num_gates();
    if rows > limit {
        return Err(BuildError::Rows { layer, rows, limit });
    }
    let circuit = builder.build::<C>();
    if circuit.common == *expected {
        Ok(circuit)
    } else {
        Err(BuildError::Shape { layer })
    }
}

/// A part of a proof that has another length than its circuit demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part} has length {got}, not {expected}")]
pub struct ShapeError {
    /// The part.
    pub part: &'static str,
    /// What the circuit demands.
    pub expected: usize,
    /// What is there.
    pub got: usize,
}

fn length(part: &'static str, expected: usize, got: usize) -> Result<(), ShapeError> {
    if expected == got {
        Ok(())
    } else {
        Err(ShapeError { part, expected, got })
    }
}

/// Compares every length in a proof with what its circuit demands.
///
/// plonky2's own check panics on caps whose length is no power of two and leaves the number of queries to the verifier;
/// feeding the targets of a circuit does not check at all.
///
/// # Errors
///
/// The first part of another length.
pub fn check<K: GenericConfig<D, F = F>>(
    proof: &ProofWithPublicInputs<F, K, D>,
    common: &CommonCircuitData<F, D>,
) -> Result<(), ShapeError> {
    let config = &common.config;
    let challenges = config.num_challenges;
    let caps = config.fri_config.num_cap_elements();
    let body = &proof.proof;
    let openings = &body.openings;
    length("public inputs", common.num_public_inputs, proof.public_inputs.len())?;
    length("wires cap", caps, body.wires_cap.len())?;
    length("permutation cap", caps, body.plonk_zs_partial_products_cap.len())?;
    length("quotient cap", caps, body.quotient_polys_cap.len())?;
    length("constants", common.num_constants, openings.constants.len())?;
    length("sigmas", config.num_routed_wires, openings.plonk_sigmas.len())?;
    length("wires", config.num_wires, openings.wires.len())?;
    length("permutation openings", challenges, openings.plonk_zs.len())?;
    length("next permutation openings", challenges, openings.plonk_zs_next.len())?;
    let partial_products = challenges * common.num_partial_products;
    length("partial products", partial_products, openings.partial_products.len())?;
    let quotients = challenges * common.quotient_degree_factor;
    length("quotient openings", quotients, openings.quotient_polys.len())?;
    length("lookup openings", 0, openings.lookup_zs.len())?;
    length("next lookup openings", 0, openings.lookup_zs_next.len())?;

    let leaves = [
        common.num_constants + config.num_routed_wires,
        config.num_wires,
        challenges + partial_products,
        quotients,
    ];
    check_fri::<K>(&body.opening_proof, common, leaves)
}

fn check_fri<K: GenericConfig<D, F = F>>(
    proof: &FriProof<F, K::Hasher, D>,
    common: &CommonCircuitData<F, D>,
    leaves: [usize; 4],
) -> Result<(), ShapeError> {
    let params = &common.fri_params;
    let config = &params.config;
    let foldings = params.reduction_arity_bits.len();
    length("folding caps", foldings, proof.commit_phase_merkle_caps.len())?;
    for cap in &proof.commit_phase_merkle_caps {
        length("folding cap", config.num_cap_elements(), cap.len())?;
    }
    length(
        "final polynomial",
        params.final_poly_len(),
        proof.final_poly.coeffs.len(),
    )?;
    length("queries", config.num_query_rounds, proof.query_round_proofs.len())?;
    for FriQueryRound {
        initial_trees_proof,
        steps,
    } in &proof.query_round_proofs
    {
        let opened = &initial_trees_proof.evals_proofs;
        length("opened oracles", leaves.len(), opened.len())?;
        let mut bits = params.lde_bits();
        for ((values, path), expected) in opened.iter().zip(leaves) {
            length("opened leaf", expected, values.len())?;
            length("Merkle path", bits - config.cap_height, path.siblings.len())?;
        }
        length("folding steps", foldings, steps.len())?;
        for (step, arity_bits) in steps.iter().zip(&params.reduction_arity_bits) {
            bits -= arity_bits;
            length("folded coset", 1 << arity_bits, step.evals.len())?;
            length(
                "folding path",
                bits - config.cap_height,
                step.merkle_proof.siblings.len(),
            )?;
        }
    }
    Ok(())
}

/// Checks shape and validity of a proof.
///
/// # Errors
///
/// If it is no valid proof of the circuit.
pub(crate) fn verify<K: GenericConfig<D, F = F>>(
    layer: Layer,
    circuit: &VerifierCircuitData<F, K, D>,
    proof: &ProofWithPublicInputs<F, K, D>,
) -> Result<(), LayerError> {
    check(proof, &circuit.common).map_err(|source| LayerError::Shape { layer, source })?;
    circuit.verify(proof.clone()).map_err(|error| LayerError::Invalid {
        layer,
        reason: error.to_string(),
    })
}
