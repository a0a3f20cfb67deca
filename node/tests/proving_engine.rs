// SPDX-License-Identifier: MIT OR Apache-2.0
//! Queue, store, plan and workers together, on SQLite and on PostgreSQL, with a prover that only keeps books.

mod books;
#[path = "../../rollup/tests/observer/mod.rs"]
mod observer;
mod postgres;

use books::{Books, Mood, batches};
use poe_node::proving::queue::{JobState, Queue, QueueUrl};
use poe_node::proving::store::{Folder, Store};
use poe_node::proving::worker::{Leasing, Worker};
use poe_node::proving::{CircuitIds, Event, Goal, Id, Job, Progress, Proving, ProvingError, Target, Work};
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const CIRCUITS: CircuitIds = CircuitIds {
    batches: Id([1; 32]),
    wrap: Id([2; 32]),
};

/// A lease of two seconds.
const SHORT: Leasing = Leasing {
    heartbeat: Duration::from_secs(1),
    missed: 2,
    poll: Duration::from_millis(50),
};

const LOOK: Duration = Duration::from_millis(50);

/// A machine: a folder, a prover, and a hold on queue and store.
struct Machine {
    proving: Proving,
    books: Arc<Books>,
    worker: Worker,
    events: Arc<Mutex<Vec<String>>>,
}

impl Machine {
    async fn new(url: &QueueUrl, folder: &Path) -> Self {
        let queue = Queue::open(url, &CIRCUITS).await.expect("opened");
        let folder = Folder::open(folder).expect("opened");
        let store = match queue.postgres() {
            Some(pool) => Store::shared(folder.clone(), pool.clone()).await.expect("shared"),
            None => Store::local(folder.clone()),
        };
        let books = Arc::new(Books::new(folder));
        let events = Arc::<Mutex<Vec<String>>>::default();
        let heard = events.clone();
        Self {
            proving: Proving::new(CIRCUITS, store.clone(), queue.clone()),
            worker: Worker {
                queue,
                store,
                prover: books.clone(),
                leasing: SHORT,
                report: Arc::new(move |event: &Event| heard.lock().unwrap().push(format!("{event:?}"))),
            },
            books,
            events,
        }
    }

    async fn add(&self, count: usize) {
        for (position, batch) in batches(count).iter().enumerate() {
            self.proving.add_batch(position as u64, batch).await.expect("kept");
        }
    }

    fn work(&self) -> Working {
        let (stop, stopped) = watch::channel(false);
        let worker = self.worker.clone();
        let running = tokio::spawn(async move { worker.run(stopped).await.expect("it works") });
        Working { stop, running }
    }

    async fn complete(&self, goal: &Goal) -> Progress {
        let done = self.proving.complete(goal, LOOK, |_| ());
        let done = tokio::time::timeout(Duration::from_secs(60), done).await;
        done.unwrap_or_else(|_| panic!("{goal:?} is stuck: {:?}", self.events.lock().unwrap()))
            .expect("planned")
    }

    async fn covered(&self, id: Id) -> Vec<Id> {
        let (_, proof) = self.proving.store().proof(id).await.expect("answers").expect("there");
        serde_json::from_slice(&proof).expect("books")
    }

    async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !is_so().await {
            let events = self.events.lock().unwrap().join("\n");
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{what} does not come:\n{events}"
            );
            tokio::time::sleep(LOOK).await;
        }
    }
}

struct Working {
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Working {
    async fn stop(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(10), self.running)
            .await
            .expect("it stops")
            .expect("no panic");
    }

    /// As if the machine lost power: no sign of life, nothing given back.
    fn vanish(self) {
        self.running.abort();
    }
}

/// The witnesses of the first batches.
fn witnesses(range: Range<usize>) -> Vec<Id> {
    let bytes = |batch| serde_json::to_vec(batch).expect("plain data");
    batches(range.end)[range]
        .iter()
        .map(|batch| Id::of_bytes(&bytes(batch)))
        .collect()
}

fn target(range: Range<u64>) -> Target {
    Target {
        range,
        version: 1,
        beneficiary: [7; 20],
    }
}

fn sqlite(folder: &Path) -> QueueUrl {
    QueueUrl::Sqlite(folder.join("jobs.db"))
}

/// Runs a test over SQLite.
async fn on_sqlite<T>(test: impl AsyncFnOnce(QueueUrl, &Path) -> T) -> T {
    let scratch = tempfile::tempdir().expect("a folder");
    test(sqlite(scratch.path()), scratch.path()).await
}

/// Runs a test over PostgreSQL, if it is installed.
async fn on_postgres(test: impl AsyncFnOnce(QueueUrl, &Path)) {
    let Some(cluster) = postgres::Cluster::start() else {
        return;
    };
    let scratch = tempfile::tempdir().expect("a folder");
    test(QueueUrl::Postgres(cluster.url()), scratch.path()).await;
}

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
        let (mut slow, idle) = (Machine::new(&url, &slow).await, Machine::new(&url, &idle).await);
        // Three leases long.
        let mut books = Books::new(slow.books.folder.clone());
        books.takes = Duration::from_secs(6);
        slow.books = Arc::new(books);
        slow.worker.prover = slow.books.clone();
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

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_cancelled_stops_and_can_be_wanted_again() {
    on_sqlite(async |url, scratch: &Path| {
        let machine = Machine::new(&url, &scratch.join("proofs")).await;
        machine.add(2).await;
        let working = machine.work();
        *machine.books.mood.lock().unwrap() = Mood::Stuck;
        let goal = Goal::Range(0..2);
        machine.proving.advance(&goal).await.expect("pushed");
        machine
            .until("the job", async || machine.books.begun.load(Ordering::SeqCst) == 1)
            .await;
        machine.proving.cancel(&goal).await.expect("cancelled");
        machine
            .until("the end", async || machine.books.given_up.load(Ordering::SeqCst) == 1)
            .await;
        assert_eq!(machine.proving.queue().load().await.expect("answers"), (0, 0));
        *machine.books.mood.lock().unwrap() = Mood::Willing;
        let done = machine.complete(&goal).await;
        assert!(matches!(done, Progress::Done(Some(_))), "{done:?}");
        working.stop().await;
    })
    .await;
}

/// A file that is damaged, and one that is whole and proves nothing.
// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn spoiled_proofs_are_made_again() {
    on_sqlite(spoiled_proofs).await;
    on_postgres(spoiled_proofs).await;
}

async fn spoiled_proofs(url: QueueUrl, scratch: &Path) {
    let folder = scratch.join("proofs");
    let machine = Machine::new(&url, &folder).await;
    machine.add(2).await;
    let working = machine.work();
    for range in [0..1, 1..2] {
        machine.complete(&Goal::Range(range)).await;
    }
    let proven = machine.proving.proven().await.expect("answers");
    let [(_, first), (_, second)] = proven[..] else {
        panic!("{proven:?}")
    };
    let path = folder.join(format!("{first}.proof"));
    let mut bytes = std::fs::read(&path).expect("there");
    *bytes.last_mut().expect("bytes") ^= 1;
    std::fs::write(&path, &bytes).expect("written");
    let (job, _) = machine.books.folder.proof(second).expect("whole").expect("there");
    machine.books.folder.put_proof(&job, b"rubbish").expect("written");
    machine.proving.store().publish(second).await.expect("shared");
    let done = machine.complete(&Goal::Range(0..2)).await;
    let Progress::Done(Some(id)) = done else {
        panic!("{done:?}")
    };
    assert_eq!(machine.covered(id).await, witnesses(0..2));
    let again = |id: Id| machine.books.proven().iter().filter(|job| job.id() == id).count();
    // With a database the first file was only a copy.
    let copies = machine.proving.queue().postgres().is_some();
    assert_eq!((again(first), again(second)), (if copies { 1 } else { 2 }, 2));
    working.stop().await;
}

// REQ C12
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_retried_or_told() {
    on_sqlite(async |url, scratch: &Path| {
        let machine = Machine::new(&url, &scratch.join("proofs")).await;
        machine.add(1).await;
        let working = machine.work();
        let goal = Goal::Range(0..1);
        *machine.books.mood.lock().unwrap() = Mood::Refusing;
        let failed = machine.complete(&goal).await;
        let Progress::Failed { job, why } = failed else {
            panic!("{failed:?}")
        };
        assert!(why.contains("no such proof"), "{why}");
        *machine.books.mood.lock().unwrap() = Mood::Tired;
        let still = machine.proving.advance(&goal).await.expect("answers");
        assert!(matches!(still, Progress::Failed { .. }), "{still:?}");
        machine.proving.retry(&job).await.expect("answers");
        let done = machine.complete(&goal).await;
        assert!(matches!(done, Progress::Done(Some(_))), "{done:?}");
        // It refused once, was tired once, and proved.
        assert_eq!(machine.books.begun.load(Ordering::SeqCst), 3);
        working.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_is_there_after_a_restart() {
    on_sqlite(async |url, scratch: &Path| {
        let folder = scratch.join("proofs");
        let machine = Machine::new(&url, &folder).await;
        machine.add(4).await;
        let working = machine.work();
        machine.complete(&Goal::Fold(0..4)).await;
        working.stop().await;
        drop(machine);
        let machine = Machine::new(&url, &folder).await;
        assert_eq!(
            machine.proving.proven().await.expect("answers"),
            vec![],
            "batches are L1's to tell"
        );
        machine.add(4).await;
        let done = machine.proving.advance(&Goal::Range(0..4)).await.expect("answers");
        let Progress::Done(Some(id)) = done else {
            panic!("{done:?}")
        };
        machine.not_for_the_contract(id).await;
        machine.proving.prune(2).await.expect("pruned");
        let left = machine.proving.proven().await.expect("answers");
        assert!(
            left.iter().all(|(range, _)| range.start >= 2) && !left.is_empty(),
            "{left:?}"
        );
    })
    .await;
}

impl Machine {
    async fn not_for_the_contract(&self, id: Id) {
        let batch = &batches(1)[0];
        let statement = poe_rollup::formats::Statement {
            domain: batch.params.domain,
            version: 1,
            beneficiary: [7; 20],
            old_acc: batch.old.acc,
            new_acc: batch.new.acc,
            old_root: batch.old.state_root(),
            new_root: batch.new.state_root(),
            old_exit_acc: batch.old.exit_acc,
            new_exit_acc: batch.new.exit_acc,
        };
        let refused = self.proving.contract_proof(id, &statement).await.expect_err("a join");
        assert!(matches!(refused, ProvingError::NotForContract(_, "join")), "{refused}");
        let refused = self
            .proving
            .contract_proof(Id([9; 32]), &statement)
            .await
            .expect_err("nothing");
        assert!(matches!(refused, ProvingError::NoProof(_)), "{refused}");
        // A bookkeeper's wrap is none.
        let job = CIRCUITS.job(Work::Wrap { last: id });
        self.books.folder.put_proof(&job, b"rubbish").expect("written");
        let refused = self
            .proving
            .contract_proof(job.id(), &statement)
            .await
            .expect_err("rubbish");
        assert!(matches!(refused, ProvingError::Format { .. }), "{refused}");
        let state = self.proving.queue().state(job.id()).await.expect("answers");
        assert_eq!(state, None::<JobState>);
    }
}
