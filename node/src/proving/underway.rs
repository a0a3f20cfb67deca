// SPDX-License-Identifier: MIT OR Apache-2.0
//! A proof under way, apart from the engine that leased its job: the engine drops what it drives when its database fails, and a
//! proof takes minutes.

use super::child::ChildError;
use super::job::{Id, Job};
use super::protocol::Reply;
use super::worker::{Event, Prove, Report};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Where a worker has its proof under way.
pub(super) type Bench = Arc<tokio::sync::Mutex<Option<Underway>>>;

/// A proof under way; dropped, it is given up.
#[derive(Debug)]
pub(super) struct Underway {
    pub(super) id: Id,
    task: JoinHandle<Result<Duration, ChildError>>,
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Underway {
    pub(super) fn begin(job: Job, prover: Arc<dyn Prove>, report: Report) -> Self {
        let task = tokio::spawn(async move { prove(&job, &*prover, &report).await });
        Self { id: job.id(), task }
    }

    /// Waits for the end. How long the proof took, without waiting for the machine where the prover tells that.
    pub(super) async fn proven(&mut self) -> Result<Duration, ChildError> {
        match (&mut self.task).await {
            Ok(proven) => proven,
            Err(error) => Err(ChildError::Transient(error.to_string())),
        }
    }
}

async fn prove(job: &Job, prover: &dyn Prove, report: &Report) -> Result<Duration, ChildError> {
    let begun = Instant::now();
    let told = Mutex::new(None);
    let listen = |reply: &Reply| {
        if let Reply::Done { seconds } = reply {
            let took = Duration::try_from_secs_f64(*seconds).ok();
            *told.lock().unwrap_or_else(PoisonError::into_inner) = took;
        }
        report(&Event::Child(*job, reply.clone()));
    };
    prover.prove(job, &listen).await?;
    let told = *told.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(told.unwrap_or_else(|| begun.elapsed()))
}

/// Gives up what nobody has leased again after a while.
pub(super) async fn clear_away(bench: Bench, after: Duration) -> Infallible {
    tokio::time::sleep(after).await;
    // Held, somebody has.
    if let Ok(mut bench) = bench.try_lock() {
        *bench = None;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::super::job::Work;
    use super::super::worker::Proof;
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Proves when it is let go, and counts proofs that are begun and given up.
    #[derive(Default)]
    struct Slow {
        go: tokio::sync::Notify,
        begun: AtomicUsize,
        given_up: AtomicUsize,
    }

    struct Counted<'a>(&'a Slow, bool);

    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            if self.1 {
                self.0.given_up.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    impl Prove for Slow {
        fn prove<'a>(&'a self, _: &'a Job, on_reply: &'a (dyn Fn(&Reply) + Send + Sync)) -> Proof<'a> {
            Box::pin(async move {
                self.begun.fetch_add(1, Ordering::SeqCst);
                let mut counted = Counted(self, true);
                self.go.notified().await;
                counted.1 = false;
                on_reply(&Reply::Done { seconds: 7.0 });
                Ok(())
            })
        }

        fn check<'a>(&'a self, _: &'a Job) -> Proof<'a> {
            Box::pin(async { Ok(()) })
        }
    }

    fn begin(slow: &Arc<Slow>) -> Underway {
        let job = Job {
            circuit: Id([1; 32]),
            work: Work::Leaf { witness: Id([2; 32]) },
        };
        Underway::begin(job, slow.clone(), Arc::new(|_: &Event| ()))
    }

    const SHORT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn a_proof_goes_on_while_nobody_waits_for_it() {
        let slow = Arc::<Slow>::default();
        let mut underway = begin(&slow);
        // As when the engine is dropped because its database fails.
        tokio::time::timeout(SHORT, underway.proven())
            .await
            .expect_err("it waits");
        slow.go.notify_one();
        // What the child says counts, not how long somebody waited.
        assert_eq!(underway.proven().await.expect("proven"), Duration::from_secs(7));
        assert_eq!(slow.begun.load(Ordering::SeqCst), 1);
        assert_eq!(slow.given_up.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn what_nobody_leases_again_is_given_up() {
        let slow = Arc::<Slow>::default();
        let bench = Bench::default();
        *bench.lock().await = Some(begin(&slow));
        tokio::time::sleep(SHORT).await;
        let held = bench.lock().await;
        tokio::time::timeout(2 * SHORT, clear_away(bench.clone(), SHORT))
            .await
            .expect_err("it never ends");
        assert!(held.is_some(), "a proof that somebody waits for was given up");
        drop(held);
        tokio::time::timeout(2 * SHORT, clear_away(bench.clone(), SHORT))
            .await
            .expect_err("it never ends");
        assert!(bench.lock().await.is_none());
        tokio::time::sleep(SHORT).await;
        assert_eq!(slow.given_up.load(Ordering::SeqCst), 1);
    }
}
