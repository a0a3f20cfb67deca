// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which circuits a deployment is proven with, and their digests.

use super::child::{ChildError, Prover};
use super::job::{CircuitIds, Id};
use super::protocol::{Reply, Request, Settings};
use poe_prover::cache::{Cache, CacheError};
use poe_prover::lock::LockEntry;
use poe_rollup::formats::Capacity;
use poe_verifier_gen::manifest::circuit_hash;
use poe_verifier_gen::srs;
use poe_verifier_gen::wrap::{Shape, code_digest};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of a setup's file that identify it: its header holds the digest of the rest.
const SETUP_HEADER_BYTES: usize = 40;

/// Where the trusted setup comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setup {
    /// The development setup. INSECURE: everybody knows its secret.
    InsecureDevelopment,
    /// A file that `verifier-gen srs import` wrote.
    File(PathBuf),
}

/// The circuits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuits {
    /// What a batch can hold.
    pub capacity: Capacity,
    /// The shape of the halo2 circuit.
    pub shape: Shape,
    /// The trusted setup.
    pub setup: Setup,
}

/// The circuits' digests cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CircuitsError {
    /// The setup's file cannot be read.
    #[error("the setup {path}: {source}")]
    Setup {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// This program cannot be read.
    #[error("the program {path}: {source}")]
    Program {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The circuits cannot be built.
    #[error("the circuits cannot be built: {0}")]
    Build(#[from] ChildError),
    /// The digests cannot be kept.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

impl Circuits {
    /// The digests. For the reference capacity they are committed; for others the circuits are built once for each
    /// version of this program, in a child process.
    ///
    /// # Errors
    ///
    /// If the setup cannot be read or the circuits cannot be built.
    pub async fn ids(&self, prover: &Prover, settings: &Settings) -> Result<CircuitIds, CircuitsError> {
        let setup = self.setup_digest()?;
        let batches = match committed(self.capacity) {
            Some(hash) => hash,
            None => self.built(prover, settings).await?,
        };
        Ok(self.with(batches, setup))
    }

    fn with(&self, batches: [u8; 32], setup: [u8; 32]) -> CircuitIds {
        let mut hash = Sha256::new();
        hash.update("PoE/wrap circuit/1");
        hash.update(batches);
        hash.update(code_digest());
        hash.update(format!("{:?}", self.shape));
        hash.update(setup);
        CircuitIds {
            batches: Id(batches),
            wrap: Id(hash.finalize().into()),
        }
    }

    fn setup_digest(&self) -> Result<[u8; 32], CircuitsError> {
        let Setup::File(path) = &self.setup else {
            return Ok(Sha256::digest(srs::SEED).into());
        };
        let mut header = [0; SETUP_HEADER_BYTES];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
        read.map_err(|source| CircuitsError::Setup {
            path: path.clone(),
            source,
        })?;
        Ok(Sha256::digest(header).into())
    }

    async fn built(&self, prover: &Prover, settings: &Settings) -> Result<[u8; 32], CircuitsError> {
        let Capacity { slots, messages, exits } = self.capacity;
        let name = format!("circuits-{slots}-{messages}-{exits}");
        let program = prover.program();
        let key = digest_of_file(program).map_err(|source| CircuitsError::Program {
            path: program.to_owned(),
            source,
        })?;
        let cache = Cache::new(&settings.cache);
        let read = |bytes: &[u8]| bytes.try_into().ok();
        struct NotKept;
        impl From<CacheError> for NotKept {
            fn from(_: CacheError) -> Self {
                Self
            }
        }
        if let Ok(found) = cache.get_or_try_make::<_, NotKept>(&name, &key, read, || Err(NotKept)) {
            return Ok(found);
        }
        let described = prover.ask(settings, &Request::Describe, &|_| ()).await?;
        let Reply::Circuits { batches } = described else {
            return Err(ChildError::Unexpected(format!("{described:?}")).into());
        };
        Ok(cache.get_or_make(&name, &key, read, || (batches.0, batches.0.to_vec()))?)
    }
}

/// The digest of the circuits of this capacity, if they are the reference's, whose entries are committed and held to by
/// the prover's tests.
fn committed(capacity: Capacity) -> Option<[u8; 32]> {
    let entries: Vec<LockEntry> =
        serde_json::from_str(include_str!("../../../prover/circuits.json")).expect("a committed file");
    let Capacity { slots, messages, exits } = capacity;
    let leaf = format!("leaf {slots}/{messages}/{exits}");
    (entries.first()?.circuit == leaf).then(|| circuit_hash(&entries))
}

fn digest_of_file(path: &Path) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_circuits_are_known_without_building_them() {
        let hash = committed(Capacity::REFERENCE).expect("committed");
        let manifest = include_str!("../../../contracts/verifiers/BatchVerifierInsecureDev.json");
        assert!(
            manifest.contains(&hex::encode(hash)),
            "the committed verifier stands for other circuits"
        );
        let other = Capacity {
            exits: 9,
            ..Capacity::REFERENCE
        };
        assert_eq!(committed(other), None);
    }

    #[test]
    fn shape_setup_and_batches_make_another_wrap() {
        let circuits = Circuits {
            capacity: Capacity::REFERENCE,
            shape: Shape::DEFAULT,
            setup: Setup::InsecureDevelopment,
        };
        let ids = circuits.with([1; 32], [2; 32]);
        assert_ne!(ids, circuits.with([1; 32], [3; 32]));
        assert_ne!(ids.wrap, circuits.with([2; 32], [2; 32]).wrap);
        let other = Circuits {
            shape: Shape::one_column(21),
            ..circuits
        };
        assert_ne!(ids.wrap, other.with([1; 32], [2; 32]).wrap);
        assert_eq!(ids.batches, Id([1; 32]));
    }
}
