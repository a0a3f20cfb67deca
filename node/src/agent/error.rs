// SPDX-License-Identifier: MIT OR Apache-2.0

use super::dry_run::ForkError;
use super::journal::JournalError;
use crate::exit::is_of_full_disk;
use crate::l1::L1Error;
use crate::proving::ProvingError;
use crate::store::StoreError;
use crate::sync::SyncError;

/// An agent cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// Following L1.
    #[error(transparent)]
    Sync(Box<SyncError>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reading L1.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// Proving.
    #[error(transparent)]
    Proving(#[from] ProvingError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The dry run.
    #[error("dry run: {0}")]
    Fork(#[from] ForkError),
    /// The key does not sign.
    #[error("the transaction cannot be signed: {reason}")]
    Signing {
        /// Why.
        reason: String,
    },
    /// The verifier in force stands for other circuits.
    #[error(
        "the verifier of route {route}, which is in force, does not take what is proven here: {why}; give the --slots, --messages, \
         --exits, --shape and the setup (--srs or --insecure-dev-srs) of the deployment"
    )]
    OtherCircuits {
        /// Number of the route.
        route: u32,
        /// What differs.
        why: String,
    },
    /// A root that no proof can be about.
    #[error("checkpoint {checkpoint} has a root that is not canonical")]
    Root {
        /// Its number.
        checkpoint: u64,
    },
}

impl From<SyncError> for AgentError {
    fn from(error: SyncError) -> Self {
        Self::Sync(Box::new(error))
    }
}

impl AgentError {
    /// Whether the next round may do better.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Sync(error) => error.is_transient(),
            Self::L1(error) => error.is_transient(),
            Self::Proving(error) => !is_of_full_disk(error),
            Self::Fork(ForkError::Rpc { .. } | ForkError::NotMined | ForkError::Silent { .. }) => true,
            _ => false,
        }
    }
}
