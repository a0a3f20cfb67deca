// SPDX-License-Identifier: MIT OR Apache-2.0
//! Machines that prove: queue, store and worker, with a prover that only keeps books.

pub(crate) use crate::books;
use crate::postgres;

use books::{Books, batches};
use poe_node::proving::queue::{Queue, QueueUrl};
use poe_node::proving::store::{Folder, Store};
use poe_node::proving::worker::{Leasing, Worker};
use poe_node::proving::{CircuitIds, Event, Goal, Id, Progress, Proving, Target};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const CIRCUITS: CircuitIds = CircuitIds {
    batches: Id([1; 32]),
    wrap: Id([2; 32]),
};

/// A lease of two seconds.
pub(crate) const SHORT: Leasing = Leasing {
    heartbeat: Duration::from_secs(1),
    missed: 2,
    poll: Duration::from_millis(50),
};

pub(crate) const LOOK: Duration = Duration::from_millis(50);

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A machine: a folder, a prover, and a hold on queue and store.
pub(crate) struct Machine {
    pub(crate) proving: Proving,
    pub(crate) books: Arc<Books>,
    pub(crate) worker: Worker,
    pub(crate) events: Arc<Mutex<Vec<String>>>,
}

impl Machine {
    pub(crate) async fn new(url: &QueueUrl, folder: &Path) -> Self {
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

    /// One whose jobs take so long.
    pub(crate) async fn taking(time: Duration, url: &QueueUrl, folder: &Path) -> Self {
        let mut machine = Self::new(url, folder).await;
        let mut books = Books::new(machine.books.folder.clone());
        books.takes = time;
        machine.books = Arc::new(books);
        machine.worker.prover = machine.books.clone();
        machine
    }

    pub(crate) async fn add(&self, count: usize) {
        for (position, batch) in batches(count).iter().enumerate() {
            self.proving.add_batch(position as u64, batch).await.expect("kept");
        }
    }

    pub(crate) fn work(&self) -> Working {
        let (stop, stopped) = watch::channel(false);
        let worker = self.worker.clone();
        let running = tokio::spawn(async move { worker.run(stopped).await.expect("it works") });
        Working { stop, running }
    }

    pub(crate) async fn complete(&self, goal: &Goal) -> Progress {
        let done = self.proving.complete(goal, LOOK, |_| ());
        let done = tokio::time::timeout(Duration::from_secs(60), done).await;
        done.unwrap_or_else(|_| panic!("{goal:?} is stuck: {:?}", self.events.lock().unwrap()))
            .expect("planned")
    }

    pub(crate) async fn covered(&self, id: Id) -> Vec<Id> {
        let (_, proof) = self.proving.store().proof(id).await.expect("answers").expect("there");
        serde_json::from_slice(&proof).expect("books")
    }

    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
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

pub(crate) struct Working {
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Working {
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(10), self.running)
            .await
            .expect("it stops")
            .expect("no panic");
    }

    /// As if the machine lost power: no sign of life, nothing given back.
    pub(crate) fn vanish(self) {
        self.running.abort();
    }
}

/// The witnesses of the first batches.
pub(crate) fn witnesses(range: Range<usize>) -> Vec<Id> {
    let bytes = |batch| serde_json::to_vec(batch).expect("plain data");
    batches(range.end)[range]
        .iter()
        .map(|batch| Id::of_bytes(&bytes(batch)))
        .collect()
}

pub(crate) fn target(range: Range<u64>) -> Target {
    Target {
        range,
        version: 1,
        beneficiary: [7; 20],
    }
}

pub(crate) fn sqlite(folder: &Path) -> QueueUrl {
    QueueUrl::Sqlite(folder.join("jobs.db"))
}

/// Runs a test over SQLite.
pub(crate) async fn on_sqlite<T>(test: impl AsyncFnOnce(QueueUrl, &Path) -> T) -> T {
    let scratch = tempfile::tempdir().expect("a folder");
    test(sqlite(scratch.path()), scratch.path()).await
}

/// Runs a test over PostgreSQL, if it is installed.
pub(crate) async fn on_postgres(test: impl AsyncFnOnce(QueueUrl, &Path)) {
    let Some(cluster) = postgres::Cluster::start() else {
        return;
    };
    let scratch = tempfile::tempdir().expect("a folder");
    test(QueueUrl::Postgres(cluster.url()), scratch.path()).await;
}
