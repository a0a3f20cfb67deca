// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrap (CIR-14): a leaf, whatever its gates and its degree, in the shape that nodes verify.

use super::error::{BuildError, Layer, LayerError};
use super::key::Key;
use super::public_inputs::{CarriedInputs, LEAF_INPUTS, RangeInputs};
use super::range::{Kind, RangeProof};
use super::{parameters, shape};
use crate::config::{Builder, C, Circuit, D, F, Proof};
use plonky2::hash::hash_types::{HashOut, HashOutTarget};
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::VerifierCircuitData;
use plonky2::plonk::proof::ProofWithPublicInputsTarget;

/// "There is a proof of *this* leaf circuit with these public inputs."
///
/// The leaf's key is a constant of the circuit. The node key is carried without meaning: any four elements.
#[derive(Debug)]
pub struct Wrap {
    circuit: Circuit,
    verifier: VerifierCircuitData<F, C, D>,
    leaf: VerifierCircuitData<F, C, D>,
    proof: ProofWithPublicInputsTarget<D>,
    node_key: HashOutTarget,
    rows: usize,
}

impl Wrap {
    /// Builds the circuit that verifies proofs of `leaf`.
    ///
    /// # Errors
    ///
    /// If the leaf does not expose the public inputs of CIR-1, or verifying it takes more rows than the shared shape has.
    pub fn build(leaf: VerifierCircuitData<F, C, D>) -> Result<Self, BuildError> {
        let got = leaf.common.num_public_inputs;
        if got != LEAF_INPUTS {
            return Err(BuildError::PublicInputs {
                layer: Layer::Leaf,
                expected: LEAF_INPUTS,
                got,
            });
        }
        let mut builder = Builder::new(parameters::recursion());
        let proof = builder.add_virtual_proof_with_pis(&leaf.common);
        let key = builder.constant_verifier_data::<C>(&leaf.verifier_only);
        builder.verify_proof::<C>(&proof, &key, &leaf.common);

        let node_key = builder.add_virtual_hash();
        builder.register_public_inputs(&proof.public_inputs);
        builder.register_public_inputs(&node_key.elements);
        let rows = builder.num_gates();
        let shared = shape::shared();
        shape::complete(&mut builder, &shared.gates);
        let circuit = shape::build_as(Layer::Wrap, builder, &shared)?;
        Ok(Self {
            verifier: circuit.verifier_data(),
            circuit,
            leaf,
            proof,
            node_key,
            rows,
        })
    }

    /// Proves that the leaf was proven, for use below the node whose key hashes to `node_key`.
    ///
    /// # Errors
    ///
    /// If the leaf proof is invalid.
    pub fn prove(&self, leaf: &Proof, node_key: HashOut<F>) -> Result<RangeProof, LayerError> {
        shape::verify(Layer::Leaf, &self.leaf, leaf)?;
        let prove_error = |error: anyhow::Error| LayerError::Prove {
            layer: Layer::Wrap,
            reason: error.to_string(),
        };
        let witness = self.witness(leaf, node_key).map_err(prove_error)?;
        let proof = self.circuit.prove(witness).map_err(prove_error)?;
        RangeProof::new(Kind::Wrap, proof)
    }

    /// The inputs of [`Self::prove`] as a witness. Nothing is checked.
    ///
    /// # Errors
    ///
    /// If the proof is of another shape.
    pub fn witness(&self, leaf: &Proof, node_key: HashOut<F>) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        witness.set_proof_with_pis_target(&self.proof, leaf)?;
        witness.set_hash_target(self.node_key, node_key)?;
        Ok(witness)
    }

    /// Checks a proof.
    ///
    /// # Errors
    ///
    /// If it is no valid proof of this circuit.
    pub fn verify(&self, proof: &Proof) -> Result<RangeInputs<F>, LayerError> {
        shape::verify(Layer::Wrap, &self.verifier, proof)?;
        let inputs = CarriedInputs::try_from(proof.public_inputs.as_slice()).map_err(|source| LayerError::Shape {
            layer: Layer::Wrap,
            source,
        })?;
        Ok(inputs.range)
    }

    /// The key that the node selects.
    pub fn key(&self) -> &Key {
        &self.verifier.verifier_only
    }

    /// plonky2's digest of the circuit. It does not cover gate constraints (CIR-20 does).
    pub fn digest(&self) -> HashOut<F> {
        self.key().circuit_digest
    }

    /// Rows before padding.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// What a verifier needs.
    pub fn verifier(&self) -> &VerifierCircuitData<F, C, D> {
        &self.verifier
    }
}
