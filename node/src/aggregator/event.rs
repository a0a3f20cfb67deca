// SPDX-License-Identifier: MIT OR Apache-2.0

use super::journal::Aggregating;
use crate::agent::GoalRecord;
use crate::proving::Work;
use std::sync::{Arc, Mutex, PoisonError};

/// What happens at an aggregator. Its transactions are named by the last sequence of their range.
pub type Event = crate::agent::Event<Aggregating>;

/// What happens at an aggregator only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeEvent {
    /// It goes for a range.
    Chosen {
        /// The range.
        goal: GoalRecord,
        /// What it earns, tips included, base units of the fee token.
        reward: u128,
    },
    /// Somebody else has proven the beginning of the range.
    Overlapped {
        /// The range.
        goal: GoalRecord,
        /// The newest checkpoint.
        verified: u64,
        /// Whether the proof goes on as it is, to be paid for its tail; else it starts from the checkpoint.
        kept: bool,
    },
    /// Its proof was accepted on a fork.
    Rehearsed {
        /// Last sequence of the range.
        last: u64,
        /// Gas of the whole transaction there.
        gas: u64,
        /// What it earned there.
        reward: u128,
    },
}

/// Times of jobs that a worker of this process took, for the journal to learn from.
#[derive(Clone, Debug, Default)]
pub struct Timings(Arc<Mutex<Vec<(Work, u64)>>>);

impl Timings {
    /// Takes a job's time in milliseconds.
    pub fn took(&self, work: Work, ms: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((work, ms));
    }

    pub(super) fn drain(&self) -> Vec<(Work, u64)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
