// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keys of the circuit, and proofs by them.

use super::builder::Stage;
use super::circuit::{Shape, WrapCircuit};
use super::file::WrapFormatError;
use super::key::{InnerCircuit, Key, Unsupported};
use super::proof::InnerProof;
use crate::kzg::{self, ProofError};
use halo2_base::gates::flex_gate::MultiPhaseThreadBreakPoints;
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_base::halo2_proofs::plonk::{Error, ProvingKey, VerifyingKey, keygen_pk, keygen_vk};
use halo2_base::halo2_proofs::poly::commitment::Params;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use poe_prover::cache::CacheError;
use poe_prover::layers::LayerError;
use rand_core::OsRng;

/// Why there are no keys, or no proof.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The plonky2 circuit is outside the class.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The setup is for another number of rows.
    #[error("the setup is for 2^{found} rows, the circuit has 2^{expected}")]
    Setup {
        /// log2 of the setup's.
        found: u32,
        /// log2 of the circuit's.
        expected: u32,
    },
    /// halo2 made no keys.
    #[error("halo2 cannot make keys: {0}")]
    Keys(#[source] Error),
    /// The plonky2 proof is not valid.
    #[error("the plonky2 proof is not valid: {0}")]
    Inner(String),
    /// The proof did not come out.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A layer of plonky2 failed.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// Keys cannot be kept.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// Bytes that are no proof.
    #[error(transparent)]
    Format(#[from] WrapFormatError),
}

/// A proof for the EVM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapProof {
    /// The statement's hash as two words of 128 bits, the more significant first.
    pub statement: [Fr; 2],
    /// What the contract takes as `proof`.
    pub bytes: Vec<u8>,
}

/// The circuit with its keys.
#[derive(Debug)]
pub struct Wrap<'p> {
    pub(super) params: &'p ParamsKZG<Bn256>,
    pub(super) inner: InnerCircuit,
    pub(super) key: Key,
    pub(super) shape: Shape,
    pub(super) proving: ProvingKey<G1Affine>,
    pub(super) break_points: MultiPhaseThreadBreakPoints,
}

impl<'p> Wrap<'p> {
    /// Makes keys for proofs of `inner`.
    ///
    /// # Errors
    ///
    /// If the circuit is outside the class, or the setup is of another size.
    pub fn generate(params: &'p ParamsKZG<Bn256>, inner: InnerCircuit, shape: Shape) -> Result<Self, WrapError> {
        let key = Key::new(&inner)?;
        let circuit = circuit_without_values(params, &key, shape)?;
        let verifying = keygen_vk(params, &circuit).map_err(WrapError::Keys)?;
        let proving = keygen_pk(params, verifying, &circuit).map_err(WrapError::Keys)?;
        Ok(Self {
            params,
            inner,
            key,
            shape,
            proving,
            break_points: circuit.break_points(),
        })
    }

    /// The verifying key alone, which is what a contract is written from.
    ///
    /// # Errors
    ///
    /// As [`Self::generate`].
    pub fn verifying_key_of(
        params: &ParamsKZG<Bn256>,
        inner: &InnerCircuit,
        shape: Shape,
    ) -> Result<VerifyingKey<G1Affine>, WrapError> {
        let circuit = circuit_without_values(params, &Key::new(inner)?, shape)?;
        keygen_vk(params, &circuit).map_err(WrapError::Keys)
    }

    /// Proves that `inner` is valid.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn prove(&self, inner: &InnerProof) -> Result<WrapProof, WrapError> {
        // A proof that plonky2 rejects, for its shape or its values, must not reach a circuit that assumes the shape.
        self.inner
            .verify(inner.clone())
            .map_err(|error| WrapError::Inner(format!("{error:#}")))?;
        let mut circuit = WrapCircuit::new(Stage::Prover, self.shape, &self.key, inner);
        circuit.set_break_points(self.break_points.clone());
        let instances = circuit.instances();
        let bytes = kzg::prove(self.params, &self.proving, circuit, &[&instances], OsRng)?;
        kzg::verify(self.params, self.proving.get_vk(), &[&instances], &bytes)?;
        let statement = instances.try_into().expect("eight words of 32 bits are two of 128");
        Ok(WrapProof { statement, bytes })
    }

    /// The verifying key.
    pub fn verifying_key(&self) -> &VerifyingKey<G1Affine> {
        self.proving.get_vk()
    }
}

pub(super) fn circuit_without_values(
    params: &ParamsKZG<Bn256>,
    key: &Key,
    shape: Shape,
) -> Result<WrapCircuit, WrapError> {
    if params.k() != shape.k {
        return Err(WrapError::Setup {
            found: params.k(),
            expected: shape.k,
        });
    }
    Ok(WrapCircuit::new(Stage::Keygen, shape, key, &key.zero_proof()))
}
