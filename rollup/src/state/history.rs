// SPDX-License-Identifier: MIT OR Apache-2.0
//! Undoing batches, for L1 reorganisations and rewinds.

use super::store::{ChangeSet, Head, StateWriter};
use crate::formats::Bytes32;
use std::collections::VecDeque;

/// Why a state cannot go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RollbackError<E> {
    /// No batch kept ends or starts at this accumulator.
    #[error(
        "no kept state has accumulator {}; the oldest kept has {}",
        hex::encode(wanted),
        hex::encode(oldest)
    )]
    Unknown {
        /// The accumulator asked for.
        wanted: Bytes32,
        /// Accumulator of the oldest state that can be restored.
        oldest: Bytes32,
    },
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] E),
}

/// Why changes cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError<E> {
    /// The changes were made on another state than the one held.
    #[error(
        "changes of the state with accumulator {}, the state held has {}",
        hex::encode(expected),
        hex::encode(held)
    )]
    AnotherState {
        /// Accumulator of the state the changes were made on.
        expected: Bytes32,
        /// Accumulator of the state held.
        held: Bytes32,
    },
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] E),
}

/// A store with the changes of its latest batches, so that they can be undone.
///
/// The virtual state (ST-14) is a function of L1, which can take back its latest blocks. States are named by their batch
/// accumulator: a root can come back, an accumulator cannot.
#[derive(Clone, Debug)]
pub struct History<S> {
    store: S,
    changes: VecDeque<ChangeSet>,
    limit: usize,
}

impl<S: StateWriter> History<S> {
    /// Keeps the changes of the latest `limit` batches.
    pub const fn new(store: S, limit: usize) -> Self {
        Self {
            store,
            changes: VecDeque::new(),
            limit,
        }
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The store, without its history.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Stores the changes of a batch, if they were made on the state held.
    pub fn commit(&mut self, changes: ChangeSet) -> Result<(), CommitError<S::Error>> {
        let held = self.store.head()?;
        if changes.old != held {
            return Err(CommitError::AnotherState {
                expected: changes.old.acc,
                held: held.acc,
            });
        }
        self.store.apply(&changes)?;
        self.changes.push_back(changes);
        while self.changes.len() > self.limit {
            self.changes.pop_front();
        }
        Ok(())
    }

    /// The heads that can be restored, oldest first, the present one last.
    pub fn heads(&self) -> Result<Vec<Head>, S::Error> {
        let mut heads: Vec<Head> = self.changes.iter().map(|c| c.old).collect();
        heads.push(self.store.head()?);
        Ok(heads)
    }

    /// Goes back to the state whose batch accumulator is `acc`. Changes nothing if there is none.
    pub fn rollback(&mut self, acc: &Bytes32) -> Result<(), RollbackError<S::Error>> {
        let heads = self.heads()?;
        let Some(keep) = heads.iter().position(|h| h.acc == *acc) else {
            let oldest = heads.first().map_or(*acc, |h| h.acc);
            return Err(RollbackError::Unknown { wanted: *acc, oldest });
        };
        while self.changes.len() > keep {
            if let Some(last) = self.changes.back() {
                self.store.apply(&last.inverse())?;
            }
            self.changes.pop_back();
        }
        Ok(())
    }
}
