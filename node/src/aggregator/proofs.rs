// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where an aggregator has its proofs from.

use crate::proving::command::Opened;
use crate::proving::protocol::{Reply, Request};
use crate::proving::{ContractProof, Goal, Id, Progress, Proving, ProvingError, child::ChildError};
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::Statement;
use std::sync::Arc;

/// Who proves. The proving engine does; tests of L1 take one that writes what a mock verifier accepts.
pub trait ProofSource: Send + Sync {
    /// Keeps a batch's witness.
    fn add_batch(&self, number: u64, witness: &BatchWitness) -> impl Future<Output = Result<(), ProvingError>> + Send;
    /// Forgets batches from a number on.
    fn truncate(&self, number: u64);
    /// Brings a goal one step further.
    fn advance(&self, goal: &Goal) -> impl Future<Output = Result<Progress, ProvingError>> + Send;
    /// Gives a goal up.
    fn cancel(&self, goal: &Goal) -> impl Future<Output = Result<(), ProvingError>> + Send;
    /// Lets what failed be tried again.
    fn retry(&self, job: &crate::proving::Job) -> impl Future<Output = Result<(), ProvingError>> + Send;
    /// Forgets batches below a number, and their proofs.
    fn prune(&self, number: u64) -> impl Future<Output = Result<(), ProvingError>> + Send;
    /// The proof of a [`Goal::Contract`], verified natively.
    fn contract_proof(
        &self,
        id: Id,
        statement: &Statement,
    ) -> impl Future<Output = Result<ContractProof, ProvingError>> + Send;
}

/// The proving engine, as one of those who use it.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The plan of this aggregator.
    pub proving: Arc<Proving>,
    /// Circuits, keys, child process.
    pub opened: Arc<Opened>,
    /// Whether others push jobs into the same queue: then only what nobody else can want is taken out of it, and proofs are
    /// not removed.
    pub shared: bool,
    /// Whether to verify a proof once more before it is sent: where other machines prove. This machine's prover verifies what
    /// it makes before it writes it, and the file is checked whenever it is read.
    pub verify: bool,
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
        }
    }
}

impl ProofSource for Engine {
    async fn add_batch(&self, number: u64, witness: &BatchWitness) -> Result<(), ProvingError> {
        self.proving.add_batch(number, witness).await.map(drop)
    }

    fn truncate(&self, number: u64) {
        self.proving.truncate(number);
    }

    async fn advance(&self, goal: &Goal) -> Result<Progress, ProvingError> {
        self.proving.advance(goal).await
    }

    async fn cancel(&self, goal: &Goal) -> Result<(), ProvingError> {
        if !self.shared {
            return self.proving.cancel(goal).await;
        }
        // Which jobs are missing is known by asking; what that pushes is taken out again.
        if let Progress::Proving { missing, .. } = self.proving.advance(goal).await? {
            for job in missing.iter().filter(|job| job.work.is_for_one_beneficiary()) {
                self.proving.queue().remove(job.id()).await?;
            }
        }
        Ok(())
    }

    async fn retry(&self, job: &crate::proving::Job) -> Result<(), ProvingError> {
        self.proving.retry(job).await
    }

    async fn prune(&self, number: u64) -> Result<(), ProvingError> {
        if self.shared {
            return Ok(());
        }
        self.proving.prune(number).await
    }

    /// A proof that does not hold is removed, so that it is made again.
    async fn contract_proof(&self, id: Id, statement: &Statement) -> Result<ContractProof, ProvingError> {
        let proof = self.proving.contract_proof(id, statement).await?;
        if !self.verify {
            return Ok(proof);
        }
        let Some((job, _)) = self.proving.store().proof(id).await? else {
            return Err(ProvingError::NoProof(id));
        };
        let checked = self
            .opened
            .prover
            .ask(&self.opened.settings, &Request::Check(job), &|_: &Reply| ())
            .await;
        match checked {
            Ok(_) => Ok(proof),
            Err(error) => {
                if let ChildError::BadInput { .. } = error {
                    self.proving.store().discard(id).await?;
                }
                Err(error.into())
            }
        }
    }
}
