// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the commands that prove have in common.

use crate::agent::{AgentError, Engine, ProofSource as _, require_same};
use crate::aggregator::Timings;
use crate::l1::L1Client;
use crate::proving::command::Opened;
use crate::proving::worker::{Leasing, WorkerError};
use crate::proving::{Event as WorkerEvent, ProvingOptions};
use anyhow::Result;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Opens the proving engine, and holds its circuits, the halo2 key and the setup against the verifier in force. What is known at once
/// is compared first: keys take minutes to make.
pub(super) async fn engine(
    options: &ProvingOptions,
    shared_queue: bool,
    client: &L1Client,
) -> Result<(Arc<Opened>, Engine)> {
    let opened = Arc::new(options.open().await?);
    if !shared_queue {
        opened.queue.tidy().await?;
    }
    let engine = Engine::new(Arc::clone(&opened), shared_queue);
    require(client, &engine).await?;
    let engine = engine.with_key(opened.key().await?);
    require(client, &engine).await?;
    Ok((opened, engine))
}

async fn require(client: &L1Client, engine: &Engine) -> Result<()> {
    match require_same(client, &engine.circuits()).await {
        // Every range is held against its verifier again before it is begun.
        Err(error) if error.is_transient() => {
            tracing::warn!(%error, "the verifier was not asked yet");
            Ok(())
        }
        asked => asked.map_err(plain),
    }
}

/// Lets an agent run with a worker of this process beside it, unless that is `idle`.
pub(super) async fn beside_worker(
    opened: &Opened,
    timings: Timings,
    idle: bool,
    agent: impl Future<Output = Result<(), AgentError>>,
) -> Result<()> {
    let (stop, mut working) = start_worker(opened, timings, idle);
    let ended = tokio::select! {
        ended = agent => ended.map_err(plain),
        // Only an engine that fails for good ends by itself.
        ended = &mut working => match ended {
            Ok(ended) => ended.map_err(Into::into),
            Err(error) => Err(error.into()),
        },
    };
    working.abort();
    drop(stop);
    ended
}

/// A worker on a task of its own.
type Working = JoinHandle<Result<(), WorkerError>>;

/// On a task of its own: whatever else is waited for, the worker's signs of life come on time.
fn start_worker(opened: &Opened, timings: Timings, idle: bool) -> (watch::Sender<bool>, Working) {
    let (stop, stopped) = watch::channel(false);
    let report = Arc::new(move |event: &WorkerEvent| heard(&timings, event));
    let worker = opened.worker(Leasing::default(), report);
    let working = tokio::spawn(async move {
        if idle {
            std::future::pending::<()>().await;
        }
        worker.run(stopped).await
    });
    (stop, working)
}

/// Lets the costs learn from a worker of this process.
fn heard(timings: &Timings, event: &WorkerEvent) {
    match event {
        WorkerEvent::Done { job, took: Some(took) } => {
            timings.took(job.work, u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
            tracing::info!(job = job.work.name(), seconds = took.as_secs_f64(), "proven");
        }
        WorkerEvent::Failed { job, why } => tracing::warn!(job = job.work.name(), %why, "not proven"),
        WorkerEvent::Disconnected(why) => tracing::warn!(%why, "the queue does not answer"),
        _ => {}
    }
}

/// The error inside, where the exit code depends on that.
fn plain(error: AgentError) -> anyhow::Error {
    match error {
        AgentError::Sync(error) => (*error).into(),
        AgentError::Store(error) => error.into(),
        AgentError::L1(error) => error.into(),
        error => error.into(),
    }
}
