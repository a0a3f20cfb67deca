// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Role;
use crate::proving::Job;
use alloy::primitives::B256;
use std::sync::Arc;

/// What happens at an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<R: Role> {
    /// So many jobs of a range are missing.
    Proving {
        /// Last sequence of the range.
        last: u64,
        /// Jobs.
        missing: usize,
    },
    /// It gives a range up.
    Abandoned {
        /// Last sequence of the range.
        last: u64,
        /// Why.
        why: String,
    },
    /// A transaction is not sent as things are: it does not pay, or would not be accepted. The proof stays on disk.
    Declined {
        /// What it is for.
        step: R::Step,
        /// Why.
        why: String,
    },
    /// Gas costs more than may be offered: what was to be done waits until it costs less.
    WaitsForGas {
        /// What the transaction is for.
        step: R::Step,
        /// What waits: sending, raising, cancelling.
        doing: &'static str,
        /// What gas costs, and what may be offered.
        why: String,
    },
    /// It was sent.
    Sent {
        /// What it is for.
        step: R::Step,
        /// The transaction.
        transaction: B256,
    },
    /// It is of no use any more, and another transaction takes its nonce.
    Cancelled {
        /// What it was for.
        step: R::Step,
        /// Why.
        why: String,
    },
    /// It cannot be mined as it is, and is looked after no longer.
    Forgotten {
        /// What it was for.
        step: R::Step,
        /// Why.
        why: String,
    },
    /// It was mined.
    Settled(R::Outcome),
    /// The verifier of a route stands for other circuits than those that are proven here: nothing of its versions is proven.
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
    /// What only an agent of its role says.
    Own(R::Said),
}

/// Told of events.
pub type Report<R> = Arc<dyn Fn(&Event<R>) + Send + Sync>;
