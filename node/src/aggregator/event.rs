// SPDX-License-Identifier: MIT OR Apache-2.0

use super::journal::{GoalRecord, Outcome};
use crate::proving::{Job, Work};
use alloy::primitives::B256;
use std::sync::{Arc, Mutex, PoisonError};

/// What happens at an aggregator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It goes for a range.
    Chosen {
        /// The range.
        goal: GoalRecord,
        /// What it earns, tips included, base units of the fee token.
        reward: u128,
    },
    /// So many jobs of the range are missing.
    Proving {
        /// Last sequence of the range.
        last: u64,
        /// Jobs.
        missing: usize,
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
    /// It gives a range up.
    Abandoned {
        /// Last sequence of the range.
        last: u64,
        /// Why.
        why: String,
    },
    /// The proof is there and does not pay, or would not be accepted, as things are. It stays on disk.
    Declined {
        /// Last sequence of the range.
        last: u64,
        /// Why.
        why: String,
    },
    /// Gas costs more than it may offer: what was to be done waits until it costs less.
    WaitsForGas {
        /// Last sequence of the range.
        last: u64,
        /// What waits: sending, raising, cancelling.
        doing: &'static str,
        /// What gas costs, and what it may offer.
        why: String,
    },
    /// It was accepted on a fork.
    Rehearsed {
        /// Last sequence of the range.
        last: u64,
        /// Gas of the whole transaction there.
        gas: u64,
        /// What it earned there.
        reward: u128,
    },
    /// It was sent.
    Sent {
        /// Last sequence of the range.
        last: u64,
        /// The transaction.
        transaction: B256,
    },
    /// It could not be accepted any more, and another transaction takes its nonce.
    Cancelled {
        /// Last sequence of the range.
        last: u64,
        /// Why it could not.
        why: String,
    },
    /// It was mined.
    Settled(Outcome),
    /// The verifier of a route stands for other circuits than those that are proven here: no range of its versions is begun.
    OtherCircuits {
        /// Number of the route.
        route: u32,
        /// What differs.
        why: String,
    },
    /// A job failed for good; it is tried again later.
    Failed {
        /// Which.
        job: Job,
        /// Why.
        why: String,
    },
}

/// Told of events.
pub type Report = Arc<dyn Fn(&Event) + Send + Sync>;

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
