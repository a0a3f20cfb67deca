// SPDX-License-Identifier: MIT OR Apache-2.0
//! Halo2 proofs as the EVM reads them: KZG over BN254, opened by SHPLONK, with [`KeccakTranscript`].

mod transcript;

pub use transcript::{Challenge, KeccakTranscript, WORD_BYTES};

use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_base::halo2_proofs::plonk::{Circuit, Error, ProvingKey, VerifyingKey, create_proof, verify_proof};
use halo2_base::halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_base::halo2_proofs::poly::kzg::multiopen::{ProverSHPLONK, VerifierSHPLONK};
use halo2_base::halo2_proofs::poly::kzg::strategy::SingleStrategy;
use rand_core::RngCore;

/// Why there is no proof, or why it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The prover gave up.
    #[error("halo2 cannot prove this: {0}")]
    Prove(#[source] Error),
    /// The verifier said no.
    #[error("halo2 rejects the proof: {0}")]
    Rejected(#[source] Error),
    /// There are bytes behind the proof.
    #[error("the proof is followed by {0} bytes that do not belong to it")]
    TrailingBytes(usize),
}

/// Proves that `circuit` is satisfied with `instances`, a list for each instance column.
///
/// # Errors
///
/// If keys and circuit do not belong together. An unsatisfied circuit may give a proof that no verifier accepts.
pub fn prove<K: Circuit<Fr>>(
    params: &ParamsKZG<Bn256>,
    key: &ProvingKey<G1Affine>,
    circuit: K,
    instances: &[&[Fr]],
    rng: impl RngCore,
) -> Result<Vec<u8>, ProofError> {
    let mut transcript = KeccakTranscript::new(vec![]);
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        params,
        key,
        &[circuit],
        &[instances],
        rng,
        &mut transcript,
    )
    .map_err(ProofError::Prove)?;
    Ok(transcript.into_stream())
}

/// Checks a proof of exactly this length. Returns the challenges, in order.
///
/// # Errors
///
/// If it is not valid.
pub fn verify(
    params: &ParamsKZG<Bn256>,
    key: &VerifyingKey<G1Affine>,
    instances: &[&[Fr]],
    proof: &[u8],
) -> Result<Vec<Fr>, ProofError> {
    let mut transcript = KeccakTranscript::new(proof);
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        params,
        key,
        SingleStrategy::new(params),
        &[instances],
        &mut transcript,
    )
    .map_err(ProofError::Rejected)?;
    let challenges = transcript.challenges().to_vec();
    match transcript.into_stream().len() {
        0 => Ok(challenges),
        rest => Err(ProofError::TrailingBytes(rest)),
    }
}
