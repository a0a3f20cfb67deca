// SPDX-License-Identifier: MIT OR Apache-2.0

use super::findings::Untrue;
use super::journal::{Step, Watching};
use crate::agent::GoalRecord;

/// What happens at a watcher.
pub type Event = crate::agent::Event<Watching>;

/// What happens at a watcher only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContestEvent {
    /// A checkpoint stands that its batches do not lead to.
    Found(Box<Untrue>),
    /// It proves the true result of an interval.
    Chosen(GoalRecord),
    /// A transaction was accepted on a fork.
    Rehearsed {
        /// What it is for.
        step: Step,
        /// Gas of the whole transaction there.
        gas: u64,
    },
    /// The chain is halted and taken back as far as the contract wants.
    Rewound {
        /// The last checkpoint.
        last_verified: u64,
    },
}
