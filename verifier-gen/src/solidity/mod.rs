// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a verifying key to a Solidity contract that an auditor can read.
//!
//! The class of circuits: one phase, no challenges of the circuit's own, at most one column of public inputs, read where
//! they stand, a permutation argument, any gates, rotations and lookups.

mod bytecode;
mod constraints;
mod error;
mod format;
mod node;
mod protocol;
mod render;

pub use bytecode::{CompileError, compile, without_metadata};
pub use error::Unsupported;
pub use format::{FormatError, format};

use crate::srs;
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, G1Affine};
use halo2_base::halo2_proofs::plonk::VerifyingKey;
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use protocol::Protocol;
use serde::{Deserialize, Serialize};

/// The batch circuit a contract stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CircuitInfo {
    /// T, transaction slots of a batch.
    pub slots: u16,
    /// M, messages a batch can take.
    pub messages: u8,
    /// E, exits a batch can make.
    pub exits: u8,
    /// Hash of the lock entries of the circuits below.
    #[serde(with = "prefixed")]
    pub circuit_hash: [u8; 32],
}

/// Hexadecimal as Ethereum's tools read it.
mod prefixed {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text
            .strip_prefix("0x")
            .ok_or_else(|| D::Error::custom("a word begins with 0x"))?;
        let bytes = hex::decode(digits).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("a word has 32 bytes"))
    }
}

impl CircuitInfo {
    /// The hash in hexadecimal.
    pub fn hash_hex(&self) -> String {
        hex::encode(self.circuit_hash)
    }
}

/// What a contract is called and says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The contract's name.
    pub name: String,
    /// If it is a verifier of batches, with two public inputs: it implements `IVerifier` then.
    pub circuit: Option<CircuitInfo>,
    /// Path of `IVerifier.sol` from the contract's folder.
    pub interface_path: String,
}

/// Writes the contract for a key under a setup.
///
/// # Errors
///
/// If the circuit is outside the class, or the setup must not be used.
pub fn generate(
    params: &ParamsKZG<Bn256>,
    key: &VerifyingKey<G1Affine>,
    public_inputs: usize,
    description: &Description,
) -> Result<String, Unsupported> {
    let name = &description.name;
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
    if !begins || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(Unsupported::Name(name.clone()));
    }
    let tau = params.s_g2();
    let insecure = tau == srs::tau_g2();
    if insecure && !name.ends_with(INSECURE_SUFFIX) {
        return Err(Unsupported::Setup(
            "it is the development setup, so the contract's name must end in InsecureDev",
        ));
    }
    let protocol = Protocol::new(key, public_inputs)?;
    Ok(render::contract(&protocol, description, &tau, insecure))
}

/// What the name of a contract over the development setup ends in.
pub const INSECURE_SUFFIX: &str = "InsecureDev";

/// Says what a verifier of this key does: words of a proof, openings, curve operations.
///
/// # Errors
///
/// If the circuit is outside the class.
pub fn inspect(key: &VerifyingKey<G1Affine>, public_inputs: usize) -> Result<String, Unsupported> {
    Ok(Protocol::new(key, public_inputs)?.describe())
}
