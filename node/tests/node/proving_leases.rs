// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who has a job: several workers, slow ones, some that are stopped and some that vanish.

use crate::machine;

use machine::books::Mood;
use machine::{Machine, on_postgres, on_sqlite, target, witnesses};
use poe_node::proving::queue::QueueUrl;
use poe_node::proving::{Goal, Job, Progress};
use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const THREE_LEASES: Duration = Duration::from_secs(6);

/// Two workers on one range: every job is done once, by one of them, and both have done some.
async fn two_workers_share_a_range(url: QueueUrl, scratch: &Path, folders: [&str; 2]) {
    let [one, other] = folders.map(|name| scratch.join(name));
    let (one, other) = (Machine::new(&url, &one).await, Machine::new(&url, &other).await);
    one.add(9).await;
    let working = [one.work(), other.work()];
    let done = one.complete(&Goal::Contract(target(0..9))).await;
    let Progress::Done(Some(id)) = done else {
        panic!("{done:?}")
    };
    assert_eq!(one.covered(id).await, witnesses(0..9));
    let jobs = [one.books.proven(), other.books.proven()];
    assert!(jobs.iter().all(|jobs| !jobs.is_empty()), "one did everything: {jobs:?}");
    let jobs = jobs.concat();
    assert_eq!(jobs.len(), 9 + 8 + 2);
    assert_eq!(jobs.iter().map(Job::id).collect::<HashSet<_>>().len(), jobs.len());
    for working in working {
        working.stop().await;
    }
    assert_eq!(one.proving.queue().load().await.expect("answers"), (0, 0));
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_a_range_on_sqlite() {
    on_sqlite(async |url, scratch: &Path| two_workers_share_a_range(url, scratch, ["proofs", "proofs"]).await).await;
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_a_range_on_postgres() {
    on_postgres(async |url, scratch: &Path| two_workers_share_a_range(url, scratch, ["one", "other"]).await).await;
}

/// A worker that is killed in the middle of a job: after the lease another one has it.
async fn a_worker_that_vanishes_loses_its_lease(url: QueueUrl, scratch: &Path) {
    let [lost, heir] = ["lost", "heir"].map(|name| scratch.join(name));
    let (lost, heir) = (Machine::new(&url, &lost).await, Machine::new(&url, &heir).await);
    for machine in [&lost, &heir] {
        machine.add(1).await;
    }
    let goal = Goal::Range(0..1);
    *lost.books.mood.lock().unwrap() = Mood::Stuck;
    let vanishing = lost.work();
    lost.proving.advance(&goal).await.expect("pushed");
    lost.until("the job", async || lost.books.begun.load(Ordering::SeqCst) == 1)
        .await;
    vanishing.vanish();
    let begun = Instant::now();
    let working = heir.work();
    let done = heir.complete(&goal).await;
    assert!(matches!(done, Progress::Done(Some(_))), "{done:?}");
    assert!(
        begun.elapsed() > Duration::from_millis(500),
        "the lease was not waited for"
    );
    assert_eq!(heir.books.proven().len(), 1);
    working.stop().await;
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_vanishes_loses_its_lease_on_sqlite() {
    on_sqlite(a_worker_that_vanishes_loses_its_lease).await;
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_vanishes_loses_its_lease_on_postgres() {
    on_postgres(a_worker_that_vanishes_loses_its_lease).await;
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_job_keeps_its_lease() {
    on_sqlite(async |url, scratch: &Path| {
        let [slow, idle] = ["slow", "idle"].map(|name| scratch.join(name));
        let slow = Machine::taking(THREE_LEASES, &url, &slow).await;
        let idle = Machine::new(&url, &idle).await;
        slow.add(1).await;
        let working = slow.work();
        slow.proving.advance(&Goal::Range(0..1)).await.expect("pushed");
        slow.until("the job", async || slow.books.begun.load(Ordering::SeqCst) == 1)
            .await;
        let idling = idle.work();
        slow.complete(&Goal::Range(0..1)).await;
        assert_eq!(idle.books.begun.load(Ordering::SeqCst), 0);
        for working in [working, idling] {
            working.stop().await;
        }
    })
    .await;
}

/// A worker that is told to stop finishes its job, three leases long, and nobody else takes it meanwhile.
async fn a_worker_that_is_stopped_keeps_its_lease(url: QueueUrl, scratch: &Path) {
    let [slow, idle] = ["slow", "idle"].map(|name| scratch.join(name));
    let slow = Machine::taking(THREE_LEASES, &url, &slow).await;
    let idle = Machine::new(&url, &idle).await;
    for machine in [&slow, &idle] {
        machine.add(2).await;
    }
    let stopping = slow.work();
    slow.proving.advance(&Goal::Range(0..1)).await.expect("pushed");
    slow.until("the job", async || slow.books.begun.load(Ordering::SeqCst) == 1)
        .await;
    let idling = idle.work();
    stopping.stop().await;
    assert_eq!(slow.books.proven().len(), 1);
    assert_eq!(idle.books.begun.load(Ordering::SeqCst), 0, "its lease was lost");
    // The queue has heard of it, and what comes then is the other one's.
    assert_eq!(slow.proving.queue().load().await.expect("answers"), (0, 0));
    idle.complete(&Goal::Fold(0..2)).await;
    assert_eq!(slow.books.begun.load(Ordering::SeqCst), 1, "it began another job");
    idling.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_stopped_keeps_its_lease_on_sqlite() {
    on_sqlite(a_worker_that_is_stopped_keeps_its_lease).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_stopped_keeps_its_lease_on_postgres() {
    on_postgres(a_worker_that_is_stopped_keeps_its_lease).await;
}
