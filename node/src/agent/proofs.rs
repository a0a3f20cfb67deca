// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where an agent has its proofs from.

use super::route::CircuitsOnL1;
use crate::proving::command::Opened;
use crate::proving::protocol::{Reply, Request};
use crate::proving::{
    ContractProof, Goal, Id, Job, KeyOnL1, Progress, Proving, ProvingError, Setup, child::ChildError,
};
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::Statement;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Who proves. The proving engine does; tests of L1 take one that writes what a mock verifier accepts.
pub trait ProofSource: Send + Sync {
    /// The circuits that proofs are made with.
    fn circuits(&self) -> CircuitsOnL1;
    /// Keeps a batch's witness.
    fn add_batch(&self, number: u64, witness: &BatchWitness) -> impl Future<Output = Result<(), ProvingError>> + Send;
    /// Forgets batches from a number on.
    fn truncate(&self, number: u64);
    /// Brings a goal one step further.
    fn advance(&self, goal: &Goal) -> impl Future<Output = Result<Progress, ProvingError>> + Send;
    /// The jobs that are missing for a goal; none is begun.
    fn missing(&self, goal: &Goal) -> impl Future<Output = Result<Vec<Job>, ProvingError>> + Send;
    /// Gives a goal up.
    fn cancel(&self, goal: &Goal) -> impl Future<Output = Result<(), ProvingError>> + Send;
    /// Gives up what a goal needs and another, which takes its place, does not.
    fn replace(&self, goal: &Goal, by: &Goal) -> impl Future<Output = Result<(), ProvingError>> + Send;
    /// Lets what failed be tried again.
    fn retry(&self, job: &Job) -> impl Future<Output = Result<(), ProvingError>> + Send;
    /// Forgets batches below a number, and their proofs; also whatever is of no use to the others and older than this.
    fn prune(&self, number: u64, age: Duration) -> impl Future<Output = Result<(), ProvingError>> + Send;
    /// The proof of a [`Goal::Contract`].
    fn contract_proof(
        &self,
        id: Id,
        statement: &Statement,
    ) -> impl Future<Output = Result<ContractProof, ProvingError>> + Send;
    /// Verifies a proof natively, where that has not been done on this machine.
    fn check(&self, id: Id) -> impl Future<Output = Result<(), ProvingError>> + Send;
}

/// The proving engine, as one of those who use it.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The plan of this agent.
    pub proving: Arc<Proving>,
    /// Circuits, keys, child process.
    pub opened: Arc<Opened>,
    /// Whether others push jobs into the same queue: then only what nobody else can want is taken out of it, and proofs are
    /// not removed.
    pub shared: bool,
    /// Whether to verify a proof once more before it is sent: where other machines prove. This machine's prover verifies what
    /// it makes before it writes it, and the file is checked whenever it is read.
    pub verify: bool,
    /// The key of the halo2 circuit, where it was asked for.
    key: Option<KeyOnL1>,
    /// Proofs that have been verified once more.
    checked: Arc<Mutex<HashSet<Id>>>,
}

impl Engine {
    /// Over what `poe worker` works on.
    pub fn new(opened: Arc<Opened>, shared: bool) -> Self {
        let verify = opened.queue.postgres().is_some();
        Self {
            proving: Arc::new(opened.proving()),
            opened,
            shared,
            verify,
            key: None,
            checked: Arc::default(),
        }
    }

    /// With the key of its halo2 circuit, to be held against the verifier's.
    #[must_use]
    pub const fn with_key(mut self, key: KeyOnL1) -> Self {
        self.key = Some(key);
        self
    }

    /// Takes jobs out of the queue, as far as they are this agent's alone.
    async fn withdraw(&self, jobs: Vec<Job>) -> Result<(), ProvingError> {
        let own = |job: &&Job| !self.shared || job.work.is_for_one_beneficiary();
        for job in jobs.iter().filter(own) {
            self.proving.queue().remove(job.id()).await?;
        }
        Ok(())
    }

    async fn verify_natively(&self, id: Id) -> Result<(), ProvingError> {
        let Some((job, _)) = self.proving.store().proof(id).await? else {
            return Err(ProvingError::NoProof(id));
        };
        let request = Request::Check(job);
        let asked = self.opened.prover.ask(&self.opened.settings, &request, &|_: &Reply| ());
        match asked.await {
            Ok(_) => Ok(()),
            Err(error) => {
                if let ChildError::BadInput { .. } = error {
                    self.proving.store().discard(id).await?;
                }
                Err(error.into())
            }
        }
    }
}

impl ProofSource for Engine {
    fn circuits(&self) -> CircuitsOnL1 {
        let circuits = &self.opened.settings.circuits;
        CircuitsOnL1 {
            capacity: circuits.capacity,
            circuit_hash: self.opened.ids.batches.0,
            insecure_setup: circuits.setup == Setup::InsecureDevelopment,
            key: self.key,
        }
    }

    async fn add_batch(&self, number: u64, witness: &BatchWitness) -> Result<(), ProvingError> {
        self.proving.add_batch(number, witness).await.map(drop)
    }

    fn truncate(&self, number: u64) {
        self.proving.truncate(number);
    }

    async fn advance(&self, goal: &Goal) -> Result<Progress, ProvingError> {
        self.proving.advance(goal).await
    }

    async fn missing(&self, goal: &Goal) -> Result<Vec<Job>, ProvingError> {
        self.proving.missing(goal).await
    }

    async fn cancel(&self, goal: &Goal) -> Result<(), ProvingError> {
        self.withdraw(self.proving.missing(goal).await?).await
    }

    async fn replace(&self, goal: &Goal, by: &Goal) -> Result<(), ProvingError> {
        let kept: HashSet<Id> = self.proving.missing(by).await?.iter().map(Job::id).collect();
        let mut given_up = self.proving.missing(goal).await?;
        given_up.retain(|job| !kept.contains(&job.id()));
        self.withdraw(given_up).await
    }

    async fn retry(&self, job: &Job) -> Result<(), ProvingError> {
        self.proving.retry(job).await
    }

    async fn prune(&self, number: u64, age: Duration) -> Result<(), ProvingError> {
        if self.shared {
            return Ok(());
        }
        self.proving.prune(number, age).await
    }

    async fn contract_proof(&self, id: Id, statement: &Statement) -> Result<ContractProof, ProvingError> {
        self.proving.contract_proof(id, statement).await
    }

    /// A proof that does not hold is removed, so that it is made again.
    async fn check(&self, id: Id) -> Result<(), ProvingError> {
        let checked = || self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.verify || checked().contains(&id) {
            return Ok(());
        }
        self.verify_natively(id).await?;
        checked().insert(id);
        Ok(())
    }
}
