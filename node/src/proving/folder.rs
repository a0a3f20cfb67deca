// SPDX-License-Identifier: MIT OR Apache-2.0
//! A folder of witnesses and proofs: files named by id, whole or not there.

use super::file;
use super::job::{Id, Job};
use super::store::StoreError;
use poe_rollup::executor::BatchWitness;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Names of files that are being written.
const UNFINISHED: &str = ".part-";

/// How old a file that nobody finished must be to be removed.
const STALE: Duration = Duration::from_secs(3600);

/// Bytes of a file that hold its header and its job.
pub(super) const BEGINNING_BYTES: u64 = 1024;

/// A folder of witnesses and proofs.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

pub(super) fn proof_name(id: Id) -> String {
    format!("{id}.proof")
}

pub(super) fn witness_name(id: Id) -> String {
    format!("{id}.witness")
}

impl Folder {
    /// The folder at `path`, made if it is not there. What a crash left unfinished is removed.
    ///
    /// # Errors
    ///
    /// If it cannot be made or read.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let folder = Self { path: path.into() };
        fs::create_dir_all(&folder.path).map_err(|source| folder.error("", source))?;
        for name in folder.names()? {
            if name.starts_with(UNFINISHED) && folder.age(&name).is_some_and(|age| age > STALE) {
                // Somebody else may have removed it meanwhile.
                let _ = fs::remove_file(folder.path.join(&name));
            }
        }
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, name: &str, source: io::Error) -> StoreError {
        StoreError::Io {
            path: self.path.join(name),
            source,
        }
    }

    pub(super) fn names(&self) -> Result<Vec<String>, StoreError> {
        let failed = |source| self.error("", source);
        let entries = fs::read_dir(&self.path).map_err(failed)?;
        entries
            .map(|entry| Ok(entry.map_err(failed)?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    /// How long ago a file was written.
    pub(super) fn age(&self, name: &str) -> Option<Duration> {
        let written = fs::metadata(self.path.join(name))
            .and_then(|data| data.modified())
            .ok()?;
        SystemTime::now().duration_since(written).ok()
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(name, error)),
        }
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let write = || {
            let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.path)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(self.path.join(name))?;
            // The name is durable when the folder is.
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|source| self.error(name, source))
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), StoreError> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.error(name, error)),
            _ => Ok(()),
        }
    }

    /// Writes a proof.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn put_proof(&self, job: &Job, proof: &[u8]) -> Result<(), StoreError> {
        self.write(&proof_name(job.id()), &file::encode(job, proof))
    }

    /// Reads a proof; `None` if there is none. Whether it holds is not known.
    ///
    /// # Errors
    ///
    /// If the file is spoiled or cannot be read.
    pub fn proof(&self, id: Id) -> Result<Option<(Job, Vec<u8>)>, StoreError> {
        let Some(bytes) = self.read(&proof_name(id))? else {
            return Ok(None);
        };
        let (job, proof) = file::decode(id, &bytes).map_err(|source| StoreError::Proof { id, source })?;
        Ok(Some((job, proof.to_vec())))
    }

    /// Writes a witness.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn put_witness(&self, witness: &BatchWitness) -> Result<Id, StoreError> {
        let bytes = serde_json::to_vec(witness).expect("plain data");
        let id = Id::of_bytes(&bytes);
        if self.read(&witness_name(id))?.as_ref() != Some(&bytes) {
            self.write(&witness_name(id), &bytes)?;
        }
        Ok(id)
    }

    /// Reads a witness; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If the file is spoiled or cannot be read.
    pub fn witness(&self, id: Id) -> Result<Option<BatchWitness>, StoreError> {
        let Some(bytes) = self.read(&witness_name(id))? else {
            return Ok(None);
        };
        let damaged = |why: String| StoreError::Witness { id, why };
        if Id::of_bytes(&bytes) != id {
            return Err(damaged("its digest is not its name".to_owned()));
        }
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| damaged(error.to_string()))
    }

    /// Removes a proof, if it is there.
    ///
    /// # Errors
    ///
    /// If it cannot be removed.
    pub fn discard_proof(&self, id: Id) -> Result<(), StoreError> {
        self.remove(&proof_name(id))
    }

    /// The job of a proof's file, from its beginning.
    pub(super) fn job(&self, id: Id) -> Option<Job> {
        let file = File::open(self.path.join(proof_name(id))).ok()?;
        let length = file.metadata().ok()?.len();
        let mut beginning = vec![];
        (&file).take(BEGINNING_BYTES).read_to_end(&mut beginning).ok()?;
        file::decode_job(id, &beginning, length).ok()
    }
}

/// The ids in a list of names of files.
pub(super) fn proofs_in(names: &[String]) -> impl Iterator<Item = Id> {
    names
        .iter()
        .filter_map(|name| name.strip_suffix(".proof")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_left_is_removed_when_it_is_old() {
        let scratch = tempfile::tempdir().expect("a folder");
        let [old, young] = ["old", "young"].map(|name| scratch.path().join(format!("{UNFINISHED}{name}")));
        for path in [&old, &young] {
            fs::write(path, b"half").expect("written");
        }
        let long_ago = SystemTime::now() - 2 * STALE;
        File::options()
            .write(true)
            .open(&old)
            .and_then(|file| file.set_modified(long_ago))
            .expect("set");
        Folder::open(scratch.path()).expect("opened");
        assert!(!old.exists() && young.exists());
    }
}
