// SPDX-License-Identifier: MIT OR Apache-2.0

use super::findings::Untrue;
use super::journal::{Outcome, Step};
use crate::aggregator::GoalRecord;
use crate::proving::Job;
use alloy::primitives::B256;
use std::sync::Arc;

/// What happens at a watcher.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A checkpoint stands that its batches do not lead to.
    Found(Box<Untrue>),
    /// It proves the true result of an interval.
    Chosen(GoalRecord),
    /// So many jobs are missing.
    Proving {
        /// The false checkpoint.
        checkpoint: u64,
        /// Jobs.
        missing: usize,
    },
    /// There is nothing to contest any more.
    Abandoned {
        /// The checkpoint that was false.
        checkpoint: u64,
        /// Why.
        why: String,
    },
    /// A transaction is not sent as things are.
    Declined {
        /// What it is for.
        step: Step,
        /// Why.
        why: String,
    },
    /// Gas costs more than may be offered.
    WaitsForGas {
        /// What the transaction is for.
        step: Step,
        /// What waits: sending, raising, cancelling.
        doing: &'static str,
        /// What gas costs, and what may be offered.
        why: String,
    },
    /// It was accepted on a fork.
    Rehearsed {
        /// What it is for.
        step: Step,
        /// Gas of the whole transaction there.
        gas: u64,
    },
    /// It was sent.
    Sent {
        /// What it is for.
        step: Step,
        /// The transaction.
        transaction: B256,
    },
    /// It is of no use any more, and another transaction takes its nonce.
    Cancelled {
        /// What it was for.
        step: Step,
        /// Why.
        why: String,
    },
    /// It was mined.
    Settled(Outcome),
    /// The chain is halted and taken back as far as the contract wants.
    Rewound {
        /// The last checkpoint.
        last_verified: u64,
    },
    /// The verifier in force for a false checkpoint stands for other circuits: this watcher cannot contest it.
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
