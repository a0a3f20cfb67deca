// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an aggregator holds: tells it batches and goals, and it keeps the queue supplied with the jobs they need.

use super::circuits::CircuitsError;
use super::job::{CircuitIds, Id, Job, Work};
use super::plan::{Goal, Plan, PlanError};
use super::queue::{JobState, Queue, QueueError};
use super::store::{Store, StoreError};
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::{Bytes32, Statement};
use poe_verifier_gen::wrap::{WrapFormatError, WrapProof};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Proving does not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProvingError {
    /// The circuits.
    #[error(transparent)]
    Circuits(#[from] CircuitsError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The goal.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A proof was verified, and does not hold or could not be verified.
    #[error("verifying a proof: {0}")]
    Check(#[from] super::child::ChildError),
    /// A proof for the contract is none.
    #[error("the proof {id}: {source}")]
    Format {
        /// Which.
        id: Id,
        /// Why.
        source: WrapFormatError,
    },
    /// There is no proof of this id.
    #[error("there is no proof {0}")]
    NoProof(Id),
    /// A proof that is not for the contract.
    #[error("the proof {0} is of a {1} job: the contract takes those of wrap jobs")]
    NotForContract(Id, &'static str),
    /// A proof of something else.
    #[error(
        "the proof {id} shows the statement 0x{}, wanted is 0x{}",
        hex::encode(found),
        hex::encode(wanted)
    )]
    OtherStatement {
        /// Which.
        id: Id,
        /// Hash of what is wanted.
        wanted: Bytes32,
        /// Hash of what it shows.
        found: Bytes32,
    },
}

/// How far a goal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Everything is proven; the id of the proof, if the goal has one.
    Done(Option<Id>),
    /// Jobs are missing.
    Proving {
        /// Jobs that are not done, each after those it needs.
        missing: Vec<Job>,
        /// Those a worker has.
        leased: Vec<Job>,
    },
    /// A job failed for good. Nothing happens to it until [`Proving::retry`].
    Failed {
        /// Which.
        job: Job,
        /// Why.
        why: String,
    },
}

/// What `verifyBatches` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractProof {
    /// The hash of the statement it shows.
    pub statement: Bytes32,
    /// halo2's digest of the verifying key: `vkDigest` of the contract's manifest.
    pub key: Bytes32,
    /// The argument `proof`.
    pub bytes: Vec<u8>,
}

/// The proving side of a node.
#[derive(Debug)]
pub struct Proving {
    store: Store,
    queue: Queue,
    plan: Mutex<Plan>,
}

impl Proving {
    /// Over a store and a queue, without batches.
    pub fn new(circuits: CircuitIds, store: Store, queue: Queue) -> Self {
        Self {
            store,
            queue,
            plan: Mutex::new(Plan::new(circuits)),
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The queue.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Keeps a batch's witness and puts the batch in its place; nothing is proven before a goal needs it. Adding it
    /// again changes nothing. Batches must be added anew after a restart: their place is L1's to tell.
    ///
    /// # Errors
    ///
    /// If the store does not take it.
    pub async fn add_batch(&self, position: u64, witness: &BatchWitness) -> Result<Id, ProvingError> {
        let id = self.store.put_witness(witness).await?;
        let mut plan = self.plan();
        plan.insert(position, id);
        Ok(plan.leaf(id).id())
    }

    /// Forgets the batches from a position on: L1 has been reorganised. Proofs stay, and count again if the same
    /// batches come back.
    pub fn truncate(&self, position: u64) {
        self.plan().truncate(position);
    }

    /// Forgets the batches below a position, and removes their witnesses, the proofs of ranges that end by it, and every proof of
    /// these circuits older than `age` that is of no range of the batches left; from the queue too.
    ///
    /// # Errors
    ///
    /// If store or queue do not let go.
    pub async fn prune(&self, position: u64, age: Duration) -> Result<(), ProvingError> {
        let index = self.store.index().await?;
        let (useless, unplaced) = {
            let mut plan = self.plan();
            let mut ranges = plan.proven(&index);
            ranges.retain(|(range, _)| range.end <= position);
            let witnesses = plan.prune(position);
            let leaves: Vec<Id> = witnesses.iter().map(|witness| plan.leaf(*witness).id()).collect();
            let ranges = ranges.into_iter().map(|(_, id)| id);
            let useless: Vec<Id> = witnesses.into_iter().chain(leaves).chain(ranges).collect();
            (useless, plan.unplaced(&index))
        };
        let old = self.store.older_than(age, unplaced).await?;
        for id in useless.into_iter().chain(old) {
            self.store.prune(id).await?;
            self.queue.remove(id).await?;
        }
        Ok(())
    }

    /// Proofs of ranges there are.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    pub async fn proven(&self) -> Result<Vec<(Range<u64>, Id)>, ProvingError> {
        let index = self.store.index().await?;
        Ok(self.plan().proven(&index))
    }

    /// Brings a goal one step further: pushes every job that can be done now, and tells how far it is. To be called
    /// again and again; calling it too often costs some reading, and not calling it stops nothing that is under way.
    ///
    /// # Errors
    ///
    /// If a batch is not known, or store or queue do not answer.
    pub async fn advance(&self, goal: &Goal) -> Result<Progress, ProvingError> {
        loop {
            let index = self.store.index().await?;
            let missing = self.plan().missing(goal, &index)?;
            if missing.jobs.is_empty() {
                match missing.result {
                    // The index has seen its beginning only.
                    Some(id) if self.store.proof(id).await?.is_none() => continue,
                    result => return Ok(Progress::Done(result)),
                }
            }
            let mut leased = vec![];
            for job in missing.ready(&index) {
                match self.queue.push(job).await? {
                    JobState::Leased { .. } => leased.push(*job),
                    JobState::Failed { why } => return Ok(Progress::Failed { job: *job, why }),
                    JobState::Waiting | JobState::Done => {}
                }
            }
            let missing = missing.jobs;
            return Ok(Progress::Proving { missing, leased });
        }
    }

    /// Advances a goal until it is done or has failed; `on_progress` hears of each look at it.
    ///
    /// # Errors
    ///
    /// As [`Self::advance`].
    pub async fn complete(
        &self,
        goal: &Goal,
        every: Duration,
        mut on_progress: impl FnMut(&Progress),
    ) -> Result<Progress, ProvingError> {
        loop {
            let progress = self.advance(goal).await?;
            on_progress(&progress);
            if !matches!(progress, Progress::Proving { .. }) {
                return Ok(progress);
            }
            tokio::time::sleep(every).await;
        }
    }

    /// The jobs that are missing for a goal, each after those it needs. None is pushed.
    ///
    /// # Errors
    ///
    /// If a batch is not known, or the store does not answer.
    pub async fn missing(&self, goal: &Goal) -> Result<Vec<Job>, ProvingError> {
        let index = self.store.index().await?;
        Ok(self.plan().missing(goal, &index)?.jobs)
    }

    /// Takes all jobs of a goal that are not done out of the queue; workers that have one stop. A job that another goal
    /// needs is pushed again when that is advanced.
    ///
    /// # Errors
    ///
    /// If store or queue do not answer.
    pub async fn cancel(&self, goal: &Goal) -> Result<(), ProvingError> {
        for job in self.missing(goal).await? {
            self.queue.remove(job.id()).await?;
        }
        Ok(())
    }

    /// Lets a job that failed for good be tried again.
    ///
    /// # Errors
    ///
    /// If the queue does not answer.
    pub async fn retry(&self, job: &Job) -> Result<(), ProvingError> {
        if let Some(JobState::Failed { .. }) = self.queue.state(job.id()).await? {
            self.queue.remove(job.id()).await?;
        }
        Ok(())
    }

    /// The proof of a [`Goal::Contract`], which must show `statement`. It was verified when it was made, and the file has
    /// been checked since; the chain decides, so dry-run it before paying gas.
    ///
    /// # Errors
    ///
    /// If there is none, or it shows something else.
    pub async fn contract_proof(&self, id: Id, statement: &Statement) -> Result<ContractProof, ProvingError> {
        let Some((job, bytes)) = self.store.proof(id).await? else {
            return Err(ProvingError::NoProof(id));
        };
        let Work::Wrap { .. } = job.work else {
            return Err(ProvingError::NotForContract(id, job.work.name()));
        };
        let (key, proof) = WrapProof::decode(&bytes).map_err(|source| ProvingError::Format { id, source })?;
        let (wanted, found) = (statement.hash(), proof.statement_hash());
        if wanted != found {
            return Err(ProvingError::OtherStatement { id, wanted, found });
        }
        Ok(ContractProof {
            statement: found,
            key,
            bytes: proof.bytes,
        })
    }
}
