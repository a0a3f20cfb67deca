// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keys that are kept between runs.
//!
//! Making them takes about a minute of two cores; reading them a few seconds. A file is named by everything its content
//! follows from: the sources of the circuit, the crates below it, the plonky2 circuit it verifies, its shape and the
//! setup. halo2's own reader trusts lengths, so it sees bytes only after their digest has been checked, and it checks
//! every element and every point.

use super::circuit::{Shape, WrapCircuit};
use super::key::{InnerCircuit, Key};
use super::prover::{Wrap, WrapError, circuit_without_values};
use halo2_base::gates::flex_gate::MultiPhaseThreadBreakPoints;
use halo2_base::halo2_proofs::SerdeFormat;
use halo2_base::halo2_proofs::halo2curves::bn256::{Bn256, G1Affine};
use halo2_base::halo2_proofs::halo2curves::group::GroupEncoding;
use halo2_base::halo2_proofs::plonk::{ProvingKey, keygen_pk, keygen_vk};
use halo2_base::halo2_proofs::poly::commitment::{Params, ParamsProver};
use halo2_base::halo2_proofs::poly::kzg::commitment::ParamsKZG;
use plonky2::plonk::config::GenericHashOut;
use poe_prover::cache::Cache;
use sha2::{Digest, Sha256};

/// Crates whose code decides what a key is.
const PINNED_CRATES: [&str; 3] = ["halo2-axiom", "halo2-base", "halo2curves-axiom"];

/// Digest of the code that decides what the circuit is: its sources, and the checksums of the crates below it.
pub fn code_digest() -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update("PoE/wrap code/1");
    hash.update(env!("POE_WRAP_SOURCES"));
    for name in PINNED_CRATES {
        hash.update(checksum_of(name));
    }
    hash.finalize().into()
}

/// The checksum of a crate in the workspace's lock file.
fn checksum_of(name: &str) -> &'static str {
    let lock = include_str!("../../../Cargo.lock");
    let header = format!("name = \"{name}\"\n");
    let package = lock.split("[[package]]\n").find(|package| package.starts_with(&header));
    package
        .and_then(|package| package.lines().find_map(|line| line.strip_prefix("checksum = ")))
        .unwrap_or_else(|| panic!("Cargo.lock has no checksum of {name}"))
}

/// Everything the keys follow from.
fn digest_of(params: &ParamsKZG<Bn256>, inner: &InnerCircuit, shape: Shape) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(code_digest());
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(format!("{shape:?}").as_bytes());
    part(format!("{:?}", inner.common).as_bytes());
    part(&inner.verifier_only.circuit_digest.to_bytes());
    for node in &inner.verifier_only.constants_sigmas_cap.0 {
        part(&node.to_bytes());
    }
    part(&params.k().to_be_bytes());
    part(params.s_g2().to_bytes().as_ref());
    // The same tau over another generator is another setup.
    for point in &params.get_g()[..2] {
        part(point.to_bytes().as_ref());
    }
    hash.finalize().into()
}

/// A proving key, and where its columns break.
type Keys = (ProvingKey<G1Affine>, MultiPhaseThreadBreakPoints);

fn encode((proving, break_points): &Keys) -> Vec<u8> {
    let breaks = serde_json::to_vec(break_points).expect("numbers");
    let length = u32::try_from(breaks.len()).expect("a few breaks");
    let mut bytes = [&length.to_be_bytes()[..], &breaks].concat();
    proving.write(&mut bytes, SerdeFormat::RawBytes).expect("a vector takes what it is given");
    bytes
}

fn decode(bytes: &[u8], shape: Shape) -> Option<Keys> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (breaks, mut key) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let break_points = serde_json::from_slice(breaks).ok()?;
    let proving = ProvingKey::read::<_, WrapCircuit>(&mut key, SerdeFormat::RawBytes, shape).ok()?;
    key.is_empty().then_some((proving, break_points))
}

impl<'p> Wrap<'p> {
    /// As [`Self::generate`], with keys from a cache; made and put there if they are not in it.
    ///
    /// # Errors
    ///
    /// As [`Self::generate`], or if the cache cannot be written to.
    pub fn generate_cached(
        params: &'p ParamsKZG<Bn256>,
        inner: InnerCircuit,
        shape: Shape,
        cache: &Cache,
    ) -> Result<Self, WrapError> {
        let key = Key::new(&inner)?;
        let digest = digest_of(params, &inner, shape);
        let make = || {
            let circuit = circuit_without_values(params, &key, shape)?;
            let verifying = keygen_vk(params, &circuit).map_err(WrapError::Keys)?;
            let proving = keygen_pk(params, verifying, &circuit).map_err(WrapError::Keys)?;
            let keys = (proving, circuit.break_points());
            let bytes = encode(&keys);
            Ok::<_, WrapError>((keys, bytes))
        };
        let (proving, break_points) = cache.get_or_try_make("wrap-key", &digest, |bytes| decode(bytes, shape), make)?;
        Ok(Self {
            params,
            inner,
            key,
            shape,
            proving,
            break_points,
        })
    }
}
