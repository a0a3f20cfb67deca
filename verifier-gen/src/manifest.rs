// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a generated contract stands for, for machines.

use crate::solidity::{CircuitInfo, Description};
use crate::srs;
use crate::wrap::Shape;
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, G1Affine};
use halo2_base::halo2_proofs::plonk::VerifyingKey;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use poe_prover::lock::LockEntry;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The manifest beside a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Name of the contract.
    pub name: String,
    /// Version of the generator.
    pub generator_version: String,
    /// The batch circuit.
    pub circuit: Option<CircuitInfo>,
    /// Shape of the halo2 circuit.
    pub shape: Shape,
    /// halo2's digest of the verifying key, a word in hexadecimal.
    pub vk_digest: String,
    /// `[tau]_2`: the parts of x, then of y, the real part first.
    pub srs_tau_g2: [String; 4],
    /// What is known of the setup.
    pub srs_standing: String,
    /// SHA-256 of the contract's source.
    pub source_sha256: String,
}

impl Manifest {
    /// Describes a contract.
    pub fn new(
        description: &Description,
        shape: Shape,
        params: &ParamsKZG<Bn256>,
        key: &VerifyingKey<G1Affine>,
        source: &str,
    ) -> Self {
        let tau = params.s_g2();
        Self {
            name: description.name.clone(),
            generator_version: env!("CARGO_PKG_VERSION").to_string(),
            circuit: description.circuit.clone(),
            shape,
            vk_digest: format!("{:?}", key.transcript_repr()),
            srs_tau_g2: [tau.x.c0, tau.x.c1, tau.y.c0, tau.y.c1].map(|part| format!("{part:?}")),
            srs_standing: srs::standing(&tau).to_string(),
            source_sha256: hex::encode(Sha256::digest(source)),
        }
    }

    /// As a file.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data") + "\n"
    }
}

/// The hash of the circuits a contract stands for: SHA-256 of a tag and of the digests of their lock entries, in order.
pub fn circuit_hash(entries: &[LockEntry]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update("PoE/circuits/1");
    for entry in entries {
        hash.update(&entry.digest);
    }
    hash.finalize().into()
}
