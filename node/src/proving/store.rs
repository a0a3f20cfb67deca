// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where witnesses and proofs are kept.
//!
//! A folder of files named by id is the truth on one machine. For several machines a table of PostgreSQL is, the same
//! database the queue is in, and each machine's folder holds copies: one service to run and back up, and nothing that
//! could be reachable when the queue is not. The files are small: a proof of a range has about 150 kB, a witness of
//! the reference circuit about 1 MB.
//!
//! A file is written beside its place, synced, and renamed, so a crash leaves whole files only. It is checked on every
//! reading, and whoever finds it spoiled removes it: the job is run again.

use super::file::{self, FileError, HEADER_BYTES};
use super::folder::{BEGINNING_BYTES, proof_name, proofs_in, witness_name};
use super::job::{Id, Job};
use poe_rollup::executor::BatchWitness;
use sqlx::{PgPool, Row};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use super::folder::Folder;

/// The store cannot be used, or what it holds is spoiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The shared database does not do what it should.
    #[error("the database of proofs: {0}")]
    Database(#[from] sqlx::Error),
    /// A proof's file is spoiled.
    #[error("the proof {id}: {source}")]
    Proof {
        /// Which.
        id: Id,
        /// Why.
        source: FileError,
    },
    /// A witness is spoiled.
    #[error("the witness {id} is damaged: {why}")]
    Witness {
        /// Which.
        id: Id,
        /// Why.
        why: String,
    },
}

/// A folder, and the table it copies if there are several machines.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Folder,
    shared: Option<PgPool>,
    index: Arc<Mutex<HashMap<Id, Job>>>,
}

impl Store {
    /// A store of one machine.
    pub fn local(folder: Folder) -> Self {
        Self {
            folder,
            shared: None,
            index: Arc::default(),
        }
    }

    /// A store shared through a database, with a folder for copies.
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    pub async fn shared(folder: Folder, pool: PgPool) -> Result<Self, StoreError> {
        let mut transaction = pool.begin().await?;
        // Two machines that start at once must not both make the table.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtext('poe_proving_files_v1'))")
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS poe_proving_files_v1 (name TEXT PRIMARY KEY, body BYTEA NOT NULL, \
             made_at TIMESTAMPTZ NOT NULL DEFAULT now())",
        )
        .execute(&mut *transaction)
        .await?;
        // Uncompressed, so that beginnings can be read alone.
        sqlx::query("ALTER TABLE poe_proving_files_v1 ALTER COLUMN body SET STORAGE EXTERNAL")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Self {
            shared: Some(pool),
            ..Self::local(folder)
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    async fn download(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(pool) = &self.shared else {
            return Ok(None);
        };
        let row = sqlx::query("SELECT body FROM poe_proving_files_v1 WHERE name = $1")
            .bind(name)
            .fetch_optional(pool)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    async fn upload(&self, name: &str) -> Result<(), StoreError> {
        let (Some(pool), Some(bytes)) = (&self.shared, self.folder.read(name)?) else {
            return Ok(());
        };
        sqlx::query(
            "INSERT INTO poe_proving_files_v1 (name, body) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET body = EXCLUDED.body",
        )
        .bind(name)
        .bind(bytes)
        .execute(pool)
        .await?;
        Ok(())
    }

    /// Keeps a witness.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub async fn put_witness(&self, witness: &BatchWitness) -> Result<Id, StoreError> {
        let id = self.folder.put_witness(witness)?;
        self.upload(&witness_name(id)).await?;
        Ok(id)
    }

    /// Brings a witness into the folder. `false` if there is none that is whole.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    pub async fn fetch_witness(&self, id: Id) -> Result<bool, StoreError> {
        if self.folder.witness(id).is_ok_and(|found| found.is_some()) {
            return Ok(true);
        }
        self.folder.remove(&witness_name(id))?;
        let Some(bytes) = self.download(&witness_name(id)).await? else {
            return Ok(false);
        };
        self.folder.write(&witness_name(id), &bytes)?;
        Ok(self.folder.witness(id).is_ok_and(|found| found.is_some()))
    }

    /// Shares a proof that has been written to the folder.
    ///
    /// # Errors
    ///
    /// If the database does not take it.
    pub async fn publish(&self, id: Id) -> Result<(), StoreError> {
        self.upload(&proof_name(id)).await
    }

    /// Reads a proof, and brings it into the folder. A file that is spoiled is removed, as if it had never been.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    pub async fn proof(&self, id: Id) -> Result<Option<(Job, Vec<u8>)>, StoreError> {
        match self.folder.proof(id) {
            Ok(Some(found)) => return Ok(Some(found)),
            Err(StoreError::Proof { .. }) => self.folder.discard_proof(id)?,
            Err(error) => return Err(error),
            Ok(None) => {}
        }
        let name = proof_name(id);
        let Some(bytes) = self.download(&name).await? else {
            return Ok(None);
        };
        let Ok((job, proof)) = file::decode(id, &bytes) else {
            self.forget(&name).await?;
            return Ok(None);
        };
        self.folder.write(&name, &bytes)?;
        Ok(Some((job, proof.to_vec())))
    }

    /// Removes a proof that does not hold. A shared one is removed if it is the same; else only this machine's copy is
    /// bad.
    ///
    /// # Errors
    ///
    /// If it cannot be removed.
    pub async fn discard(&self, id: Id) -> Result<(), StoreError> {
        let name = proof_name(id);
        let (local, shared) = (self.folder.read(&name)?, self.download(&name).await?);
        if shared.is_some_and(|shared| local.is_none_or(|local| local == shared)) {
            self.forget(&name).await?;
        }
        self.folder.discard_proof(id)
    }

    /// Removes a witness or a proof that nobody needs any more.
    ///
    /// # Errors
    ///
    /// If it cannot be removed.
    pub async fn prune(&self, id: Id) -> Result<(), StoreError> {
        for name in [proof_name(id), witness_name(id)] {
            self.forget(&name).await?;
            self.folder.remove(&name)?;
        }
        Ok(())
    }

    /// Of these proofs, those that were made longer ago than this.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    pub async fn older_than(&self, age: Duration, mut ids: Vec<Id>) -> Result<Vec<Id>, StoreError> {
        let Some(pool) = &self.shared else {
            let old = |id: &Id| self.folder.age(&proof_name(*id)).is_some_and(|found| found > age);
            ids.retain(old);
            return Ok(ids);
        };
        let query = "SELECT name FROM poe_proving_files_v1 WHERE name LIKE '%.proof' \
                     AND made_at < now() - make_interval(secs => $1)";
        let names: Vec<String> = sqlx::query_scalar(query)
            .bind(age.as_secs_f64())
            .fetch_all(pool)
            .await?;
        let old: HashSet<Id> = proofs_in(&names).collect();
        ids.retain(|id| old.contains(id));
        Ok(ids)
    }

    async fn forget(&self, name: &str) -> Result<(), StoreError> {
        if let Some(pool) = &self.shared {
            sqlx::query("DELETE FROM poe_proving_files_v1 WHERE name = $1")
                .bind(name)
                .execute(pool)
                .await?;
        }
        Ok(())
    }

    /// All proofs there are, and what they prove. Bodies are not read.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    pub async fn index(&self) -> Result<HashMap<Id, Job>, StoreError> {
        let names = match &self.shared {
            Some(pool) => {
                let query = sqlx::query_scalar("SELECT name FROM poe_proving_files_v1 WHERE name LIKE '%.proof'");
                query.fetch_all(pool).await?
            }
            None => self.folder.names()?,
        };
        let known = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut found = HashMap::new();
        for id in proofs_in(&names) {
            let job = match (known.get(&id), &self.shared) {
                (Some(job), _) => Some(*job),
                (None, None) => self.folder.job(id),
                (None, Some(pool)) => beginning_of(pool, id).await?,
            };
            found.extend(job.map(|job| (id, job)));
        }
        self.index
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&found);
        Ok(found)
    }
}

/// The job of a shared proof.
async fn beginning_of(pool: &PgPool, id: Id) -> Result<Option<Job>, StoreError> {
    let length = i32::try_from(BEGINNING_BYTES).expect("a kilobyte");
    let query = "SELECT substring(body FROM 1 FOR $2), octet_length(body)::bigint FROM poe_proving_files_v1 \
                 WHERE name = $1";
    let row = sqlx::query(query)
        .bind(proof_name(id))
        .bind(length)
        .fetch_optional(pool)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (beginning, length): (Vec<u8>, i64) = (row.try_get(0)?, row.try_get(1)?);
    debug_assert!(beginning.len() <= HEADER_BYTES + 0xffff);
    Ok(file::decode_job(id, &beginning, length.unsigned_abs()).ok())
}

#[cfg(test)]
mod tests {
    use super::super::job::Work;
    use super::*;
    use std::fs;

    fn job(byte: u8) -> Job {
        Job {
            circuit: Id([1; 32]),
            work: Work::Leaf {
                witness: Id([byte; 32]),
            },
        }
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(work)
    }

    // REQ C12
    #[test]
    fn a_spoiled_proof_is_removed_and_missing_then() {
        let scratch = tempfile::tempdir().expect("a folder");
        let store = Store::local(Folder::open(scratch.path().join("proofs")).expect("made"));
        let (job, id) = (job(1), job(1).id());
        block_on(async {
            store.folder().put_proof(&job, b"a proof").expect("written");
            assert_eq!(store.proof(id).await.expect("read"), Some((job, b"a proof".to_vec())));
            assert_eq!(store.index().await.expect("read"), HashMap::from([(id, job)]));
            let path = scratch.path().join("proofs").join(proof_name(id));
            let mut bytes = fs::read(&path).expect("there");
            *bytes.last_mut().expect("bytes") ^= 1;
            fs::write(&path, bytes).expect("written");
            assert!(matches!(store.folder().proof(id), Err(StoreError::Proof { .. })));
            assert_eq!(store.proof(id).await.expect("no error"), None);
            assert!(!path.exists());
            assert!(store.index().await.expect("read").is_empty());
        });
    }

    // REQ C12
    #[test]
    fn half_a_file_is_not_in_the_index() {
        let scratch = tempfile::tempdir().expect("a folder");
        let store = Store::local(Folder::open(scratch.path()).expect("made"));
        let id = job(1).id();
        fs::write(
            scratch.path().join(proof_name(id)),
            &file::encode(&job(1), &[0; 9])[..60],
        )
        .expect("written");
        fs::write(scratch.path().join("rubbish.proof"), b"").expect("written");
        fs::write(scratch.path().join(".part-x"), b"").expect("written");
        assert!(block_on(store.index()).expect("read").is_empty());
    }
}
