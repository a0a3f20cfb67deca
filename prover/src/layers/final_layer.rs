// SPDX-License-Identifier: MIT OR Apache-2.0
//! The last plonky2 layer (CIR-18): verifies a bind, hashed over BN254 for the KZG circuit above.

use super::bind::{Bind, STATEMENT_INPUTS, statement_hash};
use super::error::{BuildError, Layer, LayerError};
use super::{parameters, shape};
use crate::bn254::{Bn254Config, Bn254Digest};
use crate::cache::Cache;
use crate::config::{Builder, C, D, F, Proof};
use plonky2::gates::noop::NoopGate;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::{CircuitData, VerifierCircuitData};
use plonky2::plonk::config::GenericHashOut;
use plonky2::plonk::proof::{ProofWithPublicInputs, ProofWithPublicInputsTarget};
use plonky2::util::serialization::{DefaultGateSerializer, DefaultGeneratorSerializer};
use poe_rollup::formats::Bytes32;
use sha2::{Digest, Sha256};

/// log2 of the rows.
pub const DEGREE_BITS: usize = 12;

/// Reads and writes the generators of stock gates.
fn generators() -> DefaultGeneratorSerializer<C, D> {
    DefaultGeneratorSerializer::default()
}

/// Everything that decides the circuit: the bind it verifies, the parameters, the code.
fn cache_key(bind: &Bind) -> [u8; 32] {
    let verifier = &bind.verifier().verifier_only;
    let mut hash = Sha256::new();
    hash.update(format!("PoE/final/1/{}/", env!("CARGO_PKG_VERSION")));
    hash.update(crate::lock::crate_checksums());
    hash.update(serde_json::to_string(&parameters::last()).expect("plain data"));
    hash.update(verifier.circuit_digest.to_bytes());
    for node in &verifier.constants_sigmas_cap.0 {
        hash.update(node.to_bytes());
    }
    hash.finalize().into()
}

/// A proof of the last layer.
pub type FinalProof = ProofWithPublicInputs<F, Bn254Config, D>;

/// "There is a proof of *this* bind circuit with these eight words": nothing is added, nothing hidden.
#[derive(Debug)]
pub struct Final {
    circuit: CircuitData<F, Bn254Config, D>,
    verifier: VerifierCircuitData<F, Bn254Config, D>,
    bind: VerifierCircuitData<F, C, D>,
    proof: ProofWithPublicInputsTarget<D>,
    rows: usize,
}

impl Final {
    /// Builds the circuit that verifies `bind`.
    ///
    /// # Errors
    ///
    /// If it takes more than 2^12 rows.
    pub fn build(bind: &Bind) -> Result<Self, BuildError> {
        Self::build_with(bind, |builder| Ok(builder.build::<Bn254Config>()))
    }

    /// The same, with the built circuit kept in a cache: its Merkle tree over BN254 is what takes long to build.
    ///
    /// # Errors
    ///
    /// As [`Self::build`], and if the cache cannot be written to.
    pub fn build_cached(bind: &Bind, cache: &Cache) -> Result<Self, BuildError> {
        let key = cache_key(bind);
        Self::build_with(bind, |builder| {
            let make = || {
                let circuit = builder.build::<Bn254Config>();
                let bytes = circuit.to_bytes(&DefaultGateSerializer, &generators());
                (circuit, bytes.expect("stock gates and generators can be written"))
            };
            // Whole bytes under this key were written here by the same code: plonky2 can read them.
            let read = |bytes: &[u8]| {
                CircuitData::<F, Bn254Config, D>::from_bytes(bytes, &DefaultGateSerializer, &generators()).ok()
            };
            Ok(cache.get_or_make("final", &key, read, make)?)
        })
    }

    fn build_with(
        bind: &Bind,
        build: impl FnOnce(Builder) -> Result<CircuitData<F, Bn254Config, D>, BuildError>,
    ) -> Result<Self, BuildError> {
        let bind = bind.verifier().clone();
        let mut builder = Builder::new(parameters::last());
        let proof = builder.add_virtual_proof_with_pis(&bind.common);
        let key = builder.constant_verifier_data::<C>(&bind.verifier_only);
        builder.verify_proof::<C>(&proof, &key, &bind.common);
        builder.register_public_inputs(&proof.public_inputs);
        debug_assert_eq!(proof.public_inputs.len(), STATEMENT_INPUTS);

        let (rows, limit) = (builder.num_gates(), 1 << DEGREE_BITS);
        if rows > limit {
            return Err(BuildError::Rows {
                layer: Layer::Final,
                rows,
                limit,
            });
        }
        while builder.num_gates() <= limit / 2 {
            builder.add_gate(NoopGate, vec![]);
        }
        let circuit = build(builder)?;
        if circuit.common.degree_bits() != DEGREE_BITS {
            return Err(BuildError::Shape { layer: Layer::Final });
        }
        Ok(Self {
            verifier: circuit.verifier_data(),
            circuit,
            bind,
            proof,
            rows,
        })
    }

    /// Proves that the bind was proven.
    ///
    /// # Errors
    ///
    /// If the bind's proof is invalid.
    pub fn prove(&self, bound: &Proof) -> Result<FinalProof, LayerError> {
        shape::verify(Layer::Bind, &self.bind, bound)?;
        let prove_error = |error: anyhow::Error| LayerError::Prove {
            layer: Layer::Final,
            reason: error.to_string(),
        };
        let witness = self.witness(bound).map_err(prove_error)?;
        self.circuit.prove(witness).map_err(prove_error)
    }

    /// The inputs of [`Self::prove`] as a witness. Nothing is checked.
    ///
    /// # Errors
    ///
    /// If the proof is of another shape.
    pub fn witness(&self, bound: &Proof) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        witness.set_proof_with_pis_target(&self.proof, bound)?;
        Ok(witness)
    }

    /// Checks a proof, and returns the statement's hash.
    ///
    /// # Errors
    ///
    /// If it is no valid proof of this circuit.
    pub fn verify(&self, proof: &FinalProof) -> Result<Bytes32, LayerError> {
        shape::verify(Layer::Final, &self.verifier, proof)?;
        Ok(statement_hash(&proof.public_inputs)?)
    }

    /// plonky2's digest of the circuit. It does not cover gate constraints (CIR-20 does).
    pub fn digest(&self) -> Bn254Digest {
        self.verifier.verifier_only.circuit_digest
    }

    /// Rows before padding.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The circuit.
    pub fn circuit(&self) -> &CircuitData<F, Bn254Config, D> {
        &self.circuit
    }

    /// What a verifier needs.
    pub fn verifier(&self) -> &VerifierCircuitData<F, Bn254Config, D> {
        &self.verifier
    }
}
