// SPDX-License-Identifier: MIT OR Apache-2.0
//! Batches to prove, and a prover that only keeps books: a proof is the list of the batches it covers. It checks what the
//! circuits would: that inputs are proofs and that ranges meet.

#[path = "../../../../rollup/tests/common/mod.rs"]
mod common;

use common::{World, batch};
use poe_node::proving::child::ChildError;
use poe_node::proving::protocol::Reply;
use poe_node::proving::store::Folder;
use poe_node::proving::worker::{Proof, Prove};
use poe_node::proving::{Id, Job, Work};
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::{Capacity, Message};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The smallest circuit that has everything.
pub(crate) const SMALL: Capacity = Capacity {
    slots: 2,
    messages: 1,
    exits: 1,
};

/// Batches that follow each other.
pub(crate) fn batches(count: usize) -> Vec<BatchWitness> {
    let mut world = World::with_capacity(4, SMALL);
    (0..count)
        .map(|number| {
            let slots = vec![world.pay(2, 3, 10 + number as u64, 1), world.pay(4, 2, 20, 2)];
            let messages = if number % 2 == 0 {
                vec![Message::deposit(3, 5, 1)]
            } else {
                vec![]
            };
            world.run(&batch(messages, slots)).witness.expect("recorded")
        })
        .collect()
}

/// What the bookkeeper does with the next jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Proves.
    Willing,
    /// Never comes to an end.
    Stuck,
    /// Fails for good.
    Refusing,
    /// Fails this once.
    Tired,
    /// Has no room on the disk.
    Cramped,
}

/// The prover.
pub(crate) struct Books {
    pub(crate) folder: Folder,
    pub(crate) mood: Mutex<Mood>,
    /// Jobs it has proven, in order.
    pub(crate) proven: Mutex<Vec<Job>>,
    pub(crate) begun: AtomicUsize,
    pub(crate) given_up: AtomicUsize,
    pub(crate) takes: Duration,
}

/// Counts a proof that is dropped in the middle.
struct Guard<'a>(&'a AtomicUsize, bool);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if self.1 {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Books {
    pub(crate) fn new(folder: Folder) -> Self {
        Self {
            folder,
            mood: Mutex::new(Mood::Willing),
            proven: Mutex::default(),
            begun: AtomicUsize::new(0),
            given_up: AtomicUsize::new(0),
            takes: Duration::from_millis(20),
        }
    }

    pub(crate) fn proven(&self) -> Vec<Job> {
        self.proven.lock().unwrap().clone()
    }

    /// What a proof covers.
    fn read(&self, id: Id) -> Result<Vec<Id>, ChildError> {
        let bad = |why: &str| ChildError::BadInput { id, why: why.into() };
        let (_, proof) = self.folder.proof(id).ok().flatten().ok_or_else(|| bad("no file"))?;
        let covered = serde_json::from_slice(&proof);
        covered.map_err(|_| bad("it proves nothing"))
    }

    fn cover(&self, job: &Job) -> Result<Vec<Id>, ChildError> {
        match job.work {
            Work::Leaf { witness } => {
                let found = self.folder.witness(witness).ok().flatten();
                let found = found.expect("the worker has fetched it");
                found.check().expect("a true witness");
                Ok(vec![witness])
            }
            work => {
                let inputs = work.inputs().into_iter().map(|input| self.read(input));
                Ok(inputs.collect::<Result<Vec<_>, _>>()?.concat())
            }
        }
    }
}

impl Prove for Books {
    fn prove<'a>(&'a self, job: &'a Job, on_reply: &'a (dyn Fn(&Reply) + Send + Sync)) -> Proof<'a> {
        Box::pin(async move {
            self.begun.fetch_add(1, Ordering::SeqCst);
            let mut guard = Guard(&self.given_up, true);
            on_reply(&Reply::Begun { step: "book".into() });
            tokio::time::sleep(self.takes).await;
            let mood = *self.mood.lock().unwrap();
            match mood {
                Mood::Stuck => std::future::pending().await,
                Mood::Willing => {}
                Mood::Cramped => return Err(ChildError::Full("No space left on device".into())),
                Mood::Refusing => return Err(ChildError::Permanent("no such proof".into())),
                Mood::Tired => {
                    *self.mood.lock().unwrap() = Mood::Willing;
                    return Err(ChildError::Transient("not today".into()));
                }
            }
            guard.1 = false;
            let covered = serde_json::to_vec(&self.cover(job)?).unwrap();
            // Who waits for the proof looks here when it is there.
            self.proven.lock().unwrap().push(*job);
            self.folder.put_proof(job, &covered).unwrap();
            Ok(())
        })
    }

    fn check<'a>(&'a self, job: &'a Job) -> Proof<'a> {
        Box::pin(async move { self.read(job.id()).map(drop) })
    }
}
