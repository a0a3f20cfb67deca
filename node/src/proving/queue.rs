// SPDX-License-Identifier: MIT OR Apache-2.0
//! The queue of jobs: apalis, in SQLite on one machine and in PostgreSQL for several.
//!
//! The engine leases: it hands a job to one worker, hears its heartbeat, and hands it to another when that stops. It knows
//! nothing of the graph, and no job is in it before its inputs exist. A row is named by the job's id, so a job is in the
//! queue once however many ask for it. A job without a row is one that nobody wants: its worker stops.

use super::job::{CircuitIds, Id, Job, Work};
use apalis::prelude::{TaskBuilder, TaskId, TaskSink};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{FromRow, Row};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// How often a job that fails is tried.
pub const MAX_ATTEMPTS: usize = 5;

/// How long a statement waits for another process that writes to the same file.
const BUSY: Duration = Duration::from_secs(30);

/// Where the queue is.
#[derive(Clone, PartialEq, Eq)]
pub enum QueueUrl {
    /// A file of this machine: `sqlite:PATH`.
    Sqlite(PathBuf),
    /// A database for several machines: `postgres://USER:PASSWORD@HOST/DATABASE`.
    Postgres(String),
}

/// Text that names no queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a queue is sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE, not {0:?}")]
pub struct NotAQueue(String);

impl FromStr for QueueUrl {
    type Err = NotAQueue;

    fn from_str(text: &str) -> Result<Self, NotAQueue> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::Sqlite(path.into()));
            }
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        // It may hold a password.
        Err(NotAQueue(
            text.split_once(':').map_or(text, |(scheme, _)| scheme).to_owned(),
        ))
    }
}

impl fmt::Debug for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            // Passwords stay out of logs.
            Self::Postgres(url) => write!(f, "postgres://...@{}", url.rsplit('@').next().unwrap_or_default()),
        }
    }
}

/// The queue cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The database does not do what it should.
    #[error("the database of the queue: {0}")]
    Database(#[from] sqlx::Error),
    /// The engine does not.
    #[error("the job engine: {0}")]
    Engine(String),
    /// The file of the database is no whole one.
    #[error(
        "{path} is damaged: {what}; end every process that uses it, and remove it with {path}-wal and {path}-shm: what is wanted is \
         pushed again"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file does not begin as a database does.
    #[error(
        "{path} is no SQLite database: --queue is for a file that poe makes. Of a damaged queue, end every process that uses it, and remove it"
    )]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The folder of the database cannot be made.
    #[error("{path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn engine(error: impl fmt::Display) -> QueueError {
    QueueError::Engine(error.to_string())
}

/// What has become of a job in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It waits for a worker.
    Waiting,
    /// A worker has it.
    Leased {
        /// Name of the worker.
        worker: String,
    },
    /// It has been done; if its proof is missing it can be pushed again.
    Done,
    /// It failed for good.
    Failed {
        /// Why, as the worker said it.
        why: String,
    },
}

/// A row of the engine's table.
#[derive(FromRow)]
struct JobRow {
    status: String,
    attempts: i64,
    max_attempts: i64,
    lock_by: Option<String>,
    last_result: Option<String>,
}

impl JobRow {
    fn state(self) -> JobState {
        let retried = self.attempts < self.max_attempts;
        match (self.status.as_str(), self.lock_by) {
            ("Done", _) => JobState::Done,
            ("Failed", _) if retried => JobState::Waiting,
            ("Failed" | "Killed", _) => JobState::Failed {
                why: reason(self.last_result.as_deref().unwrap_or_default()),
            },
            ("Queued" | "Running", Some(worker)) => JobState::Leased { worker },
            _ => JobState::Waiting,
        }
    }
}

/// What a worker said, out of the engine's `{"Err": "..."}`.
fn reason(result: &str) -> String {
    let parsed: Option<serde_json::Value> = serde_json::from_str(result).ok();
    let error = parsed.as_ref().and_then(|value| value.get("Err")?.as_str());
    let error = error.unwrap_or(result);
    // Its word for "do not try again".
    error.strip_prefix("AbortError: ").unwrap_or(error).to_owned()
}

/// The database.
#[derive(Clone, Debug)]
pub(super) enum Backend {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A queue of jobs of certain circuits.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(super) backend: Backend,
    /// The engine's name of it: jobs of other circuits are other workers' business.
    pub(super) name: String,
}

impl Queue {
    /// Opens a queue, and makes its tables if they are not there.
    ///
    /// # Errors
    ///
    /// If the database does not answer or is of another version.
    pub async fn open(url: &QueueUrl, circuits: &CircuitIds) -> Result<Self, QueueError> {
        let backend = match url {
            QueueUrl::Sqlite(path) => Backend::Sqlite(open_sqlite(path.clone()).await?),
            QueueUrl::Postgres(url) => {
                let pool = PgPoolOptions::new().max_connections(5).connect(url).await?;
                PostgresStorage::setup(&pool).await.map_err(engine)?;
                Backend::Postgres(pool)
            }
        };
        let both = Id::of_bytes(&[circuits.batches.0, circuits.wrap.0].concat());
        let name = format!("poe-{}", &both.to_string()[..16]);
        Ok(Self { backend, name })
    }

    /// The database, if it is one that several machines share.
    pub fn postgres(&self) -> Option<&PgPool> {
        match &self.backend {
            Backend::Postgres(pool) => Some(pool),
            Backend::Sqlite(_) => None,
        }
    }

    /// Puts a job into the queue, if it is not in it. One that has been done is done again: whoever pushes it misses
    /// the proof. One that failed for good stays as it is until [`Self::remove`].
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    pub async fn push(&self, job: &Job) -> Result<JobState, QueueError> {
        let id = job.id();
        match self.state(id).await? {
            None => {}
            Some(JobState::Done) => {
                self.remove(id).await?;
            }
            Some(state) => return Ok(state),
        }
        let task = TaskBuilder::new(*job)
            .task_id(TaskId::from_string(row_id(id)))
            .idempotency_key(id.to_string())
            .max_attempts(MAX_ATTEMPTS)
            .priority(priority(&job.work))
            // The engine compares whole seconds, some of them with `<`.
            .run_at_timestamp(0)
            .build();
        let pushed = match &self.backend {
            Backend::Sqlite(pool) => {
                let config = apalis_sqlite::Config::default().queue(&self.name);
                let mut sink = SqliteStorage::<Job>::new(pool).with_config(config);
                sink.push_task(task).await.map_err(engine)
            }
            Backend::Postgres(pool) => {
                let config = apalis_postgres::Config::default().queue(&self.name);
                let mut sink = PostgresStorage::<Job>::new(pool).with_config(config);
                sink.push_task(task).await.map_err(engine)
            }
        };
        match (pushed, self.state(id).await?) {
            // Somebody else may have been faster.
            (_, Some(state)) => Ok(state),
            (Err(error), None) => Err(error),
            // It has been done and removed meanwhile.
            (Ok(()), None) => Ok(JobState::Waiting),
        }
    }

    /// What has become of a job; `None` if it is not in the queue.
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    pub async fn state(&self, id: Id) -> Result<Option<JobState>, QueueError> {
        let id = row_id(id);
        let row: Option<JobRow> = match &self.backend {
            Backend::Sqlite(pool) => {
                let query = "SELECT status, attempts, max_attempts, lock_by, last_result FROM Jobs WHERE id = ?1";
                sqlx::query_as(query).bind(id).fetch_optional(pool).await?
            }
            Backend::Postgres(pool) => {
                let query = "SELECT status, attempts::bigint AS attempts, max_attempts::bigint AS max_attempts, \
                             lock_by, last_result::text AS last_result FROM apalis.jobs WHERE id = $1";
                sqlx::query_as(query).bind(id).fetch_optional(pool).await?
            }
        };
        Ok(row.map(JobRow::state))
    }

    /// Takes a job out of the queue. A worker that has it stops within a second or two.
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    pub async fn remove(&self, id: Id) -> Result<bool, QueueError> {
        let id = row_id(id);
        let rows = match &self.backend {
            Backend::Sqlite(pool) => {
                let query = sqlx::query("DELETE FROM Jobs WHERE id = ?1").bind(id);
                query.execute(pool).await?.rows_affected()
            }
            Backend::Postgres(pool) => {
                let query = sqlx::query("DELETE FROM apalis.jobs WHERE id = $1").bind(id);
                query.execute(pool).await?.rows_affected()
            }
        };
        Ok(rows > 0)
    }

    /// Takes out what nobody has begun and what is done: for whoever pushes all there is, and knows of nothing after a restart. What
    /// is wanted is pushed again.
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    pub async fn tidy(&self) -> Result<u64, QueueError> {
        let rows = match &self.backend {
            Backend::Sqlite(pool) => {
                let query = "DELETE FROM Jobs WHERE job_type = ?1 AND status IN ('Pending', 'Done')";
                sqlx::query(query).bind(&self.name).execute(pool).await?.rows_affected()
            }
            Backend::Postgres(pool) => {
                let query = "DELETE FROM apalis.jobs WHERE job_type = $1 AND status IN ('Pending', 'Done')";
                sqlx::query(query).bind(&self.name).execute(pool).await?.rows_affected()
            }
        };
        Ok(rows)
    }

    /// How many jobs wait, and how many are leased.
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    pub async fn load(&self) -> Result<(u64, u64), QueueError> {
        let counts: (i64, i64) = match &self.backend {
            Backend::Sqlite(pool) => {
                let query = "SELECT COUNT(*) FILTER (WHERE status = 'Pending'), \
                             COUNT(*) FILTER (WHERE status IN ('Queued', 'Running')) FROM Jobs WHERE job_type = ?1";
                let row = sqlx::query(query).bind(&self.name).fetch_one(pool).await?;
                (row.try_get(0)?, row.try_get(1)?)
            }
            Backend::Postgres(pool) => {
                let query = "SELECT COUNT(*) FILTER (WHERE status = 'Pending'), \
                             COUNT(*) FILTER (WHERE status IN ('Queued', 'Running')) FROM apalis.jobs \
                             WHERE job_type = $1";
                let row = sqlx::query(query).bind(&self.name).fetch_one(pool).await?;
                (row.try_get(0)?, row.try_get(1)?)
            }
        };
        Ok((counts.0.unsigned_abs(), counts.1.unsigned_abs()))
    }
}

/// Name of a job's row. The engine reads it as a ULID, of 128 bits: enough of the job's own name to tell jobs apart.
fn row_id(id: Id) -> String {
    let bytes = id.0.first_chunk().expect("an id has 32 bytes");
    ulid::Ulid::from_bytes(*bytes).to_string()
}

/// What is nearer to being paid goes first.
const fn priority(work: &Work) -> usize {
    match work {
        Work::Leaf { .. } => 0,
        Work::Join { .. } => 1,
        Work::Finalize { .. } => 2,
        Work::Wrap { .. } => 3,
    }
}

async fn open_sqlite(path: PathBuf) -> Result<SqlitePool, QueueError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| QueueError::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // The engine's own set-up would turn this off, and a power cut could spoil the file.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY);
    let opened = SqlitePoolOptions::new().max_connections(4).connect_with(options).await;
    let pool = opened.map_err(|error| damaged_or(&path, error))?;
    require_whole(&pool, &path).await?;
    SqliteStorage::migrations().run(&pool).await.map_err(engine)?;
    Ok(pool)
}

/// SQLite keeps no checksums, but what tables and indices say must agree. The file is small: this takes milliseconds.
async fn require_whole(pool: &SqlitePool, path: &Path) -> Result<(), QueueError> {
    let found = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(pool).await;
    let found: String = found.map_err(|error| damaged_or(path, error))?;
    match found.as_str() {
        "ok" => Ok(()),
        what => Err(QueueError::Damaged {
            path: path.to_owned(),
            what: what.to_owned(),
        }),
    }
}

/// SQLITE_CORRUPT and SQLITE_NOTADB are about the file.
fn damaged_or(path: &Path, error: sqlx::Error) -> QueueError {
    let code = error.as_database_error().and_then(DatabaseError::code);
    // The lower byte; the others say more exactly where.
    let code = code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xFF);
    match code {
        Some(11) => QueueError::Damaged {
            path: path.to_owned(),
            what: error.to_string(),
        },
        Some(26) => QueueError::NotADatabase { path: path.to_owned() },
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIRCUITS: CircuitIds = CircuitIds {
        batches: Id([1; 32]),
        wrap: Id([2; 32]),
    };

    #[test]
    fn a_queue_is_named_by_a_url() {
        let sqlite = |path: &str| Ok(QueueUrl::Sqlite(path.into()));
        assert_eq!("sqlite:jobs.db".parse(), sqlite("jobs.db"));
        assert_eq!("sqlite:///data/jobs.db".parse(), sqlite("/data/jobs.db"));
        let url = "postgres://poe:secret@host/db";
        let postgres: QueueUrl = url.parse().expect("a queue");
        assert_eq!(postgres, QueueUrl::Postgres(url.to_owned()));
        assert!(!format!("{postgres:?}").contains("secret"), "{postgres:?}");
        for text in ["", "sqlite:", "jobs.db", "mysql://poe:secret@host/db"] {
            let error = text.parse::<QueueUrl>().expect_err("no queue");
            assert!(!error.to_string().contains("secret@"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_job_is_in_the_queue_once_and_again_when_its_proof_is_lost() {
        let scratch = tempfile::tempdir().expect("a folder");
        let path = scratch.path().join("deep").join("jobs.db");
        let queue = Queue::open(&QueueUrl::Sqlite(path), &CIRCUITS).await.expect("opened");
        let job = CIRCUITS.job(Work::Leaf { witness: Id([3; 32]) });
        assert_eq!(queue.state(job.id()).await.expect("answers"), None);
        for _ in 0..3 {
            assert_eq!(queue.push(&job).await.expect("pushed"), JobState::Waiting);
        }
        assert_eq!(queue.load().await.expect("answers"), (1, 0));
        let Backend::Sqlite(pool) = &queue.backend else {
            panic!("it was opened as SQLite")
        };
        let set = async |assignment: &'static str| {
            sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE Jobs SET {assignment}")))
                .execute(pool)
                .await
                .expect("updated");
            queue.state(job.id()).await.expect("answers").expect("there")
        };
        assert_eq!(set("status = 'Failed', attempts = 4").await, JobState::Waiting);
        let why = "it cannot be proven".to_owned();
        let failed = set("attempts = 5, last_result = '{\"Err\":\"it cannot be proven\"}'").await;
        assert_eq!(failed, JobState::Failed { why });
        assert_eq!(queue.push(&job).await.expect("answers"), failed);
        assert_eq!(set("status = 'Done'").await, JobState::Done);
        assert_eq!(queue.push(&job).await.expect("pushed"), JobState::Waiting);
        assert!(queue.remove(job.id()).await.expect("answers"));
        assert!(!queue.remove(job.id()).await.expect("answers"));
        queue.push(&job).await.expect("pushed");
        set("status = 'Running'").await;
        assert_eq!(queue.tidy().await.expect("answers"), 0, "it is somebody's");
        set("status = 'Pending'").await;
        assert_eq!(queue.tidy().await.expect("answers"), 1);
        assert_eq!(queue.state(job.id()).await.expect("answers"), None);
    }

    async fn open(path: &Path) -> Result<Queue, QueueError> {
        Queue::open(&QueueUrl::Sqlite(path.to_owned()), &CIRCUITS).await
    }

    /// A file with jobs, and nothing beside it.
    async fn filled(path: &Path) -> Vec<u8> {
        let queue = open(path).await.expect("opened");
        for number in 0..40 {
            let witness = Id([number; 32]);
            queue.push(&CIRCUITS.job(Work::Leaf { witness })).await.expect("pushed");
        }
        let Backend::Sqlite(pool) = &queue.backend else {
            panic!("it was opened as SQLite")
        };
        pool.close().await;
        std::fs::read(path).expect("written")
    }

    #[tokio::test]
    async fn a_damaged_file_is_named_with_what_to_do() {
        const PAGE: usize = 4_096;
        let scratch = tempfile::tempdir().expect("a folder");
        let good = filled(&scratch.path().join("jobs.db")).await;
        let written = |name: String, bytes: &[u8]| {
            let path = scratch.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            path
        };
        let mut refused = 0;
        for at in (PAGE..good.len()).step_by(PAGE) {
            let mut bad = good.clone();
            bad[at..at + PAGE].fill(0xFF);
            let path = written(format!("{at}.db"), &bad);
            match open(&path).await {
                Err(QueueError::Damaged { path: named, .. }) => {
                    assert_eq!(named, path);
                    refused += 1;
                }
                Err(error) => panic!("page at {at}: {error}"),
                // Nothing was on that page.
                Ok(_) => {}
            }
        }
        assert!(refused > 5, "{refused}");
        let path = written("other.db".into(), &[7; 2 * PAGE]);
        let error = open(&path).await.expect_err("no database");
        assert!(
            matches!(&error, QueueError::NotADatabase { path: named } if *named == path),
            "{error}"
        );
        open(&written("good.db".into(), &good)).await.expect("whole");
    }
}
