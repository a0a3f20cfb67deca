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
    proving
        .write(&mut bytes, SerdeFormat::RawBytes)
        .expect("a vector takes what it is given");
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

#[cfg(test)]
mod tests {
    use super::super::tests::small;
    use super::super::{WrapFormatError, WrapProof};
    use super::*;
    use crate::srs;

    // REQ C12
    #[test]
    fn keys_from_the_cache_prove_and_verify() {
        let folder = std::env::temp_dir().join(format!("poe-wrap-key-{}", std::process::id()));
        let cache = Cache::new(&folder);
        let (circuit, _, proof) = small();
        let shape = Shape::one_column(18);
        let params = srs::development(shape.k, &|_| ());
        let keys = || Wrap::generate_cached(&params, circuit.verifier_data(), shape, &cache).expect("stock gates");
        let files = || {
            let entries = std::fs::read_dir(&folder)
                .expect("made by the cache")
                .map(|entry| entry.expect("readable"));
            let keys = entries.filter(|entry| entry.path().extension().is_none());
            keys.map(|entry| {
                (
                    entry.path(),
                    entry.metadata().and_then(|data| data.modified()).expect("readable"),
                )
            })
            .collect::<Vec<_>>()
        };
        let made = keys();
        let written = files();
        assert_eq!(written.len(), 1);
        let read = keys();
        assert_eq!(files(), written, "read, not made again");
        assert_eq!(
            read.verifying_key().transcript_repr(),
            made.verifying_key().transcript_repr()
        );

        let wrapped = read.prove(&proof).expect("a valid proof");
        let bytes = read.encode(&wrapped);
        assert_eq!(made.decode(&bytes).expect("it holds"), wrapped);
        let mut spoiled = bytes.clone();
        *spoiled.last_mut().expect("bytes") ^= 1;
        assert!(matches!(made.decode(&spoiled), Err(WrapError::Proof(_))));
        let mut other = bytes.clone();
        other[40] ^= 1;
        assert!(
            matches!(made.decode(&other), Err(WrapError::Proof(_))),
            "another statement"
        );
        let mut foreign = bytes;
        foreign[8] ^= 1;
        assert!(matches!(
            made.decode(&foreign),
            Err(WrapError::Format(WrapFormatError::WrongKey))
        ));
        assert!(WrapProof::decode(&foreign).is_ok(), "that is the key's to say");

        // A damaged file is a reason to make keys again, not to prove with them.
        let (path, _) = &written[0];
        let mut damaged = std::fs::read(path).expect("there");
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        std::fs::write(path, damaged).expect("written");
        assert_eq!(
            keys().verifying_key().transcript_repr(),
            made.verifying_key().transcript_repr()
        );
        assert_ne!(files(), written);
        std::fs::remove_dir_all(&folder).expect("there");
    }

    #[test]
    fn another_setup_or_shape_is_another_file() {
        let (circuit, ..) = small();
        let inner = circuit.verifier_data();
        let params = srs::development(4, &|_| ());
        let digest = digest_of(&params, &inner, Shape::one_column(18));
        assert_ne!(digest, digest_of(&params, &inner, Shape::one_column(19)));
        assert_ne!(
            digest,
            digest_of(&srs::development(5, &|_| ()), &inner, Shape::one_column(18))
        );
        let mut other = inner.clone();
        other.verifier_only.circuit_digest = other.verifier_only.constants_sigmas_cap.0[0];
        assert_ne!(digest, digest_of(&params, &other, Shape::one_column(18)));
        assert_eq!(digest, digest_of(&params, &inner, Shape::one_column(18)));
    }
}
