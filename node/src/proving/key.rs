// SPDX-License-Identifier: MIT OR Apache-2.0
//! What tells the halo2 circuit and its setup from others, as a contract of verifier-gen's says it.

use super::child::ChildError;
use super::circuits::CircuitsError;
use super::command::Opened;
use super::protocol::{Reply, Request};
use halo2_proofs::halo2curves::bn256::{Fq, Fr, G2Affine};
use halo2_proofs::halo2curves::ff::PrimeField as _;
use poe_prover::cache::{Cache, CacheError};
use poe_rollup::formats::Bytes32;
use serde::{Deserialize, Serialize};

/// Parts of `[tau]_2`.
const PARTS: usize = 4;

/// The verifying key and the trusted setup of the halo2 circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyOnL1 {
    /// `vkDigest`: halo2's digest of the verifying key, which depends on circuit, shape and setup.
    #[serde(with = "hex::serde")]
    pub vk_digest: Bytes32,
    /// `srsTauG2`: the secret of the setup times the generator of G2; the parts of x, then those of y, the real part first.
    pub tau_g2: [Bytes32; PARTS],
}

impl KeyOnL1 {
    pub(super) fn new(vk_digest: Fr, tau: &G2Affine) -> Self {
        Self {
            vk_digest: big_endian(vk_digest.to_repr()),
            tau_g2: [tau.x.c0, tau.x.c1, tau.y.c0, tau.y.c1].map(|part: Fq| big_endian(part.to_repr())),
        }
    }

    fn to_bytes(self) -> Vec<u8> {
        [&self.vk_digest[..], self.tau_g2.as_flattened()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks() else { return None };
        let [vk_digest, tau @ ..] = words else { return None };
        Some(Self {
            vk_digest: *vk_digest,
            tau_g2: tau.try_into().ok()?,
        })
    }
}

fn big_endian(mut bytes: Bytes32) -> Bytes32 {
    bytes.reverse();
    bytes
}

/// It is not in the cache.
struct NotKept;

impl From<CacheError> for NotKept {
    fn from(_: CacheError) -> Self {
        Self
    }
}

impl Opened {
    /// The key of the halo2 circuit. The first time a child process makes circuits and keys for it, which takes minutes; they
    /// are kept for the proofs.
    ///
    /// # Errors
    ///
    /// If they cannot be made.
    pub async fn key(&self) -> Result<KeyOnL1, CircuitsError> {
        let (cache, name, id) = (Cache::new(&self.settings.cache), "wrap-key-on-l1", self.ids.wrap.0);
        if let Ok(found) = cache.get_or_try_make::<_, NotKept>(name, &id, KeyOnL1::from_bytes, || Err(NotKept)) {
            return Ok(found);
        }
        tracing::info!("making circuits and keys, to compare them with the verifier: this takes minutes, once");
        let asked = self.prover.ask(&self.settings, &Request::Key, &|_| ()).await?;
        let Reply::Key(key) = asked else {
            return Err(ChildError::Unexpected(format!("{asked:?}")).into());
        };
        // Batches are proven without these keys, and they are large.
        self.prover.rest().await;
        Ok(cache.get_or_make(name, &id, KeyOnL1::from_bytes, || (key, key.to_bytes()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poe_verifier_gen::srs;

    #[test]
    fn it_is_what_the_committed_verifier_says_of_itself() {
        let manifest = include_str!("../../../contracts/verifiers/BatchVerifierInsecureDev.json");
        let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
        let word = |value: &serde_json::Value| -> Bytes32 {
            let text = value.as_str().unwrap().trim_start_matches("0x");
            hex::decode(text).unwrap().try_into().unwrap()
        };
        let digest = word(&manifest["vkDigest"]);
        let mut repr = digest;
        repr.reverse();
        let key = KeyOnL1::new(Fr::from_repr(repr).unwrap(), &srs::tau_g2());
        assert_eq!(key.vk_digest, digest);
        for (part, said) in key.tau_g2.iter().zip(manifest["srsTauG2"].as_array().unwrap()) {
            assert_eq!(*part, word(said));
        }
    }

    #[test]
    fn it_comes_back_from_its_bytes_and_nothing_else_is_one() {
        let key = KeyOnL1 {
            vk_digest: [1; 32],
            tau_g2: [[2; 32], [3; 32], [4; 32], [5; 32]],
        };
        let bytes = key.to_bytes();
        assert_eq!(KeyOnL1::from_bytes(&bytes), Some(key));
        for length in [0, 32, bytes.len() - 1, bytes.len() - 32] {
            assert_eq!(KeyOnL1::from_bytes(&bytes[..length]), None, "{length}");
        }
        assert_eq!(KeyOnL1::from_bytes(&[bytes, vec![0; 32]].concat()), None);
    }
}
