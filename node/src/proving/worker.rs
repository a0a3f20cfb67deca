// SPDX-License-Identifier: MIT OR Apache-2.0
//! A worker: leases jobs, has them proven by a child process, and shares the proofs.
//!
//! Nothing of value is in a worker. Killed at any moment it loses the step under way: its child ends with it, its lease
//! runs out, and another worker, or the same one started again, takes the job. A proof is in the store before the queue
//! hears that the job is done; if the news is lost, whoever takes the job finds the proof.

use super::child::{ChildError, Prover};
use super::job::{CircuitIds, Id, Job, Work};
use super::protocol::{Reply, Request, Settings};
use super::queue::{Backend, JobState, Queue, QueueError};
use super::store::{Store, StoreError};
use super::underway::{Bench, Underway, clear_away};
use crate::exit::is_of_full_disk;
use apalis::prelude::{AbortError, BackendExt, BoxDynError, Data, WorkerBuilder, WorkerBuilderExt, WorkerContext};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};

pub use apalis::prelude::WorkerError;

/// How often a worker asks whether its job is still wanted.
const STILL_WANTED: Duration = Duration::from_secs(1);

/// How long a worker rests before a job that failed can be leased again, for each attempt.
const REST: Duration = Duration::from_secs(2);

/// How long after a lease a proof under way waits to be leased again, when the database has failed meanwhile.
const REJOIN: Duration = Duration::from_secs(60);

/// How long a worker waits for a database that does not answer.
const RECONNECT: Duration = Duration::from_secs(5);

/// How often a worker that is to stop looks whether its job is done.
const BREATH: Duration = Duration::from_millis(50);

/// How a worker leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leasing {
    /// Seconds between signs of life.
    pub heartbeat: Duration,
    /// Signs of life that may fail to come before others take the job.
    pub missed: usize,
    /// How often to ask for a job when there is none.
    pub poll: Duration,
}

impl Default for Leasing {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(5),
            missed: 6,
            poll: Duration::from_millis(500),
        }
    }
}

impl Leasing {
    /// How long after its last sign of life a worker's job is anybody's.
    fn lease(&self) -> Duration {
        let missed = u32::try_from(self.missed).unwrap_or(u32::MAX);
        self.heartbeat.saturating_mul(missed)
    }
}

/// What happens at a worker.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A job is begun.
    Leased(Job),
    /// The child says something.
    Child(Job, Reply),
    /// The proof is in the store.
    Done {
        /// The job.
        job: Job,
        /// How long it took here; nothing if the proof was there.
        took: Option<Duration>,
    },
    /// The job is put off or given up.
    Failed {
        /// The job.
        job: Job,
        /// Why.
        why: String,
    },
    /// Nobody wants the job any more, or another worker has it.
    GivenUp(Job),
    /// The queue does not answer; the worker goes on trying.
    Disconnected(String),
}

/// Told of events.
pub type Report = Arc<dyn Fn(&Event) + Send + Sync>;

/// The worker cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The child.
    #[error(transparent)]
    Child(#[from] ChildError),
}

impl Trouble {
    /// Whether a disk is full.
    fn is_of_full_disk(&self) -> bool {
        // The child's error itself is not in the chain of one that shows it.
        matches!(self, Self::Child(ChildError::Full(_))) || is_of_full_disk(self)
    }
}

/// A proof under way; dropped, it is given up.
pub type Proof<'a> = Pin<Box<dyn Future<Output = Result<(), ChildError>> + Send + 'a>>;

/// Who proves for a worker: takes inputs from the folder and puts the proof there.
pub trait Prove: Send + Sync {
    /// Proves a job whose inputs are in the folder.
    fn prove<'a>(&'a self, job: &'a Job, on_reply: &'a (dyn Fn(&Reply) + Send + Sync)) -> Proof<'a>;
    /// Verifies the proof of a job in the folder.
    fn check<'a>(&'a self, job: &'a Job) -> Proof<'a>;
}

/// A child process and what it must know.
#[derive(Debug)]
pub struct ChildProver {
    /// Starts it.
    pub prover: Arc<Prover>,
    /// Its settings.
    pub settings: Settings,
    /// Digests of the circuits in them.
    pub ids: CircuitIds,
}

impl Prove for ChildProver {
    fn prove<'a>(&'a self, job: &'a Job, on_reply: &'a (dyn Fn(&Reply) + Send + Sync)) -> Proof<'a> {
        let own = self.ids.of(&job.work);
        Box::pin(async move {
            if job.circuit != own {
                let why = format!("the job is for circuits {}, this worker has {own}", job.circuit);
                return Err(ChildError::Permanent(why));
            }
            self.prover.prove(&self.settings, job, on_reply).await.map(drop)
        })
    }

    fn check<'a>(&'a self, job: &'a Job) -> Proof<'a> {
        Box::pin(async move {
            let request = Request::Check(*job);
            self.prover
                .ask(&self.settings, &request, &|_: &Reply| ())
                .await
                .map(drop)
        })
    }
}

/// A worker.
#[derive(Clone)]
pub struct Worker {
    /// Where jobs come from.
    pub queue: Queue,
    /// Where proofs go.
    pub store: Store,
    /// Who proves.
    pub prover: Arc<dyn Prove>,
    /// How it leases.
    pub leasing: Leasing,
    /// Who hears of it.
    pub report: Report,
}

/// What became of a job that was leased.
enum Outcome {
    Done(Option<Duration>),
    /// The row is gone or is to be removed: the job comes again when its inputs are there.
    GivenUp,
}

/// A worker in the engine's hands.
#[derive(Clone)]
struct Named {
    worker: Worker,
    name: String,
    bench: Bench,
    full: mpsc::UnboundedSender<String>,
}

impl Worker {
    /// Works until told to stop; a job under way is finished first, and its lease kept. A database that fails does not end a proof
    /// that is under way: it is gone on with when its job is leased again. Dropped, the worker gives the job up at once.
    ///
    /// # Errors
    ///
    /// If a disk is full: the job under way is given back. If the engine fails for another reason than a database that does not answer.
    pub async fn run(&self, stop: watch::Receiver<bool>) -> Result<(), WorkerError> {
        let bench = Bench::default();
        let (full, mut is_full) = mpsc::unbounded_channel();
        loop {
            let connected = tokio::select! {
                connected = self.run_connected(stop.clone(), bench.clone(), full.clone()) => connected,
                Some(why) = is_full.recv() => {
                    return Err(WorkerError::IoError(io::Error::new(io::ErrorKind::StorageFull, why)));
                }
                never = clear_away(bench.clone(), self.leasing.lease().saturating_mul(2) + REJOIN) => match never {},
            };
            let error = match connected {
                Ok(()) => return Ok(()),
                Err(error @ WorkerError::BackendError(_)) => error,
                Err(error) => return Err(error),
            };
            (self.report)(&Event::Disconnected(error.to_string()));
            tokio::time::sleep(RECONNECT).await;
            if *stop.borrow() {
                return Ok(());
            }
        }
    }

    async fn run_connected(
        &self,
        stop: watch::Receiver<bool>,
        bench: Bench,
        full: mpsc::UnboundedSender<String>,
    ) -> Result<(), WorkerError> {
        let name = unique_name();
        let named = Named {
            worker: self.clone(),
            name: name.clone(),
            bench,
            full,
        };
        let Leasing {
            heartbeat,
            missed,
            poll,
        } = self.leasing;
        // One after the other: a proof uses all cores.
        macro_rules! run {
            ($storage:ident, $config:path, $pool:expr) => {{
                let config = <$config>::default()
                    .queue(&self.queue.name)
                    .batch_size(1)
                    .heartbeat_interval(heartbeat)
                    .missed_heartbeats(missed);
                let backend = $storage::<Job>::new($pool)
                    .with_config(config)
                    .poll_with_interval(poll);
                let worker = WorkerBuilder::new(name)
                    .backend(backend)
                    .concurrency(1)
                    .data(named)
                    .build(handle);
                worker
                    .run_with_ctx(move |context| finish(context, stop.clone()))
                    .await
            }};
        }
        match &self.queue.backend {
            Backend::Sqlite(pool) => run!(SqliteStorage, apalis_sqlite::Config, pool),
            Backend::Postgres(pool) => run!(PostgresStorage, apalis_postgres::Config, pool),
        }
    }

    /// Brings the inputs into the folder; the first that is not to be had.
    async fn missing_input(&self, job: &Job) -> Result<Option<Id>, StoreError> {
        if let Work::Leaf { witness } = job.work {
            let found = self.store.fetch_witness(witness).await?;
            return Ok((!found).then_some(witness));
        }
        for input in job.work.inputs() {
            if self.store.proof(input).await?.is_none() {
                return Ok(Some(input));
            }
        }
        Ok(None)
    }

    async fn carry_out(&self, job: &Job, name: &str, bench: &Bench) -> Result<Outcome, Trouble> {
        let id = job.id();
        if self.is_proven(job).await? {
            self.store.publish(id).await?;
            return Ok(Outcome::Done(None));
        }
        if let Some(input) = self.missing_input(job).await? {
            self.report_failure(job, format!("input {input} is missing"));
            self.queue.remove(id).await?;
            return Ok(Outcome::GivenUp);
        }
        match self.prove(job, name, bench).await {
            None => Ok(Outcome::GivenUp),
            Some(Ok(took)) => {
                self.store.publish(id).await?;
                Ok(Outcome::Done(Some(took)))
            }
            Some(Err(ChildError::BadInput { id: input, why })) => {
                self.report_failure(job, format!("input {input}: {why}"));
                self.store.discard(input).await?;
                self.queue.remove(id).await?;
                Ok(Outcome::GivenUp)
            }
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// Whether the proof is there. What others are given is verified first: it may have lain in the folder for long.
    async fn is_proven(&self, job: &Job) -> Result<bool, Trouble> {
        let id = job.id();
        if self.store.proof(id).await?.is_none() {
            return Ok(false);
        }
        if self.queue.postgres().is_none() {
            return Ok(true);
        }
        match self.prover.check(job).await {
            Ok(()) => Ok(true),
            Err(ChildError::BadInput { why, .. }) => {
                self.report_failure(job, format!("the proof in the store: {why}"));
                self.store.discard(id).await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Proves, or goes on with what is under way; nothing if the job is not wanted any more.
    async fn prove(&self, job: &Job, name: &str, bench: &Bench) -> Option<Result<Duration, ChildError>> {
        let mut bench = bench.lock().await;
        let underway = match bench.take() {
            Some(underway) if underway.id == job.id() => underway,
            _ => Underway::begin(*job, self.prover.clone(), self.report.clone()),
        };
        let underway = bench.insert(underway);
        let proven = tokio::select! {
            proven = underway.proven() => Some(proven),
            () = self.unwanted(job.id(), name) => None,
        };
        // Dropped in the middle, it is given up, and the child killed.
        *bench = None;
        proven
    }

    fn report_failure(&self, job: &Job, why: String) {
        (self.report)(&Event::Failed { job: *job, why });
    }

    /// Returns when the job's row is gone, or is another worker's.
    async fn unwanted(&self, id: Id, name: &str) {
        loop {
            tokio::time::sleep(STILL_WANTED).await;
            match self.queue.state(id).await {
                Ok(Some(JobState::Leased { worker })) if worker == name => {}
                // A database that does not answer says nothing about the job.
                Err(_) => {}
                Ok(_) => return,
            }
        }
    }
}

/// Ends a worker that is told to stop, with its job done: paused, it still gives signs of life, and another worker does not take
/// the job; stopped, it would not.
async fn finish(context: WorkerContext, mut stop: watch::Receiver<bool>) -> Result<(), WorkerError> {
    // An error means that nobody can tell it to stop any more.
    let _ = stop.wait_for(|stop| *stop).await;
    // It may not have started yet.
    while context.pause().is_err() && !context.is_stopped() {
        tokio::time::sleep(BREATH).await;
    }
    while context.has_pending_tasks() {
        tokio::time::sleep(BREATH).await;
    }
    context.stop()
}

/// A name no other worker has or had.
fn unique_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}-{}", host.trim(), std::process::id(), since.as_nanos())
}

/// What the engine calls.
async fn handle(job: Job, named: Data<Named>) -> Result<(), BoxDynError> {
    let Named {
        worker,
        name,
        bench,
        full,
    } = &*named;
    (worker.report)(&Event::Leased(job));
    match worker.carry_out(&job, name, bench).await {
        Ok(Outcome::Done(took)) => {
            (worker.report)(&Event::Done { job, took });
            Ok(())
        }
        Ok(Outcome::GivenUp) => {
            (worker.report)(&Event::GivenUp(job));
            Ok(())
        }
        Err(trouble) => {
            worker.report_failure(&job, trouble.to_string());
            if trouble.is_of_full_disk() {
                // No attempt of the job's: whoever wants it pushes it again. The queue may be on the same disk.
                let _ = worker.queue.remove(job.id()).await;
                let _ = full.send(trouble.to_string());
                return Err(trouble.into());
            }
            if let Trouble::Child(ChildError::Permanent(_)) = trouble {
                return Err(AbortError::new(trouble).into());
            }
            // The engine offers a job that failed again at once.
            tokio::time::sleep(REST).await;
            Err(trouble.into())
        }
    }
}
