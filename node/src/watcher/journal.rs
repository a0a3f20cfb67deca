// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a watcher must remember: no more than every agent does.

use super::event::ContestEvent;
use crate::agent::{self, InFlight, JournalError, Role};
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a watcher must remember.
pub type Journal = agent::Journal<Watching>;

/// To contest what is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watching;

impl Role for Watching {
    const KIND: &'static str = "watcher";
    const ONE: &'static str = "a watcher";
    type Step = Step;
    type InFlight = (Step, InFlight);
    type Outcome = Outcome;
    type Memory = ();
    type Said = ContestEvent;

    fn sequence(step: Step) -> u64 {
        step.checkpoint()
    }

    fn in_flight(step: Step, in_flight: InFlight) -> (Step, InFlight) {
        (step, in_flight)
    }

    fn split((step, in_flight): &(Step, InFlight)) -> (Step, &InFlight) {
        (*step, in_flight)
    }
}

/// A transaction of a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// `haltOnConflict`.
    Halt {
        /// The checkpoint the true proof starts from.
        start: u64,
        /// The false checkpoint.
        end: u64,
    },
    /// `rewind`, or a piece of it.
    Rewind {
        /// The last checkpoint before.
        from: u64,
        /// The last checkpoint after.
        to: u64,
    },
}

impl Step {
    /// The checkpoint it is about: the one contested, or the last before a rewind.
    pub const fn checkpoint(&self) -> u64 {
        match *self {
            Self::Halt { end, .. } => end,
            Self::Rewind { from, .. } => from,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Halt { start, end } => write!(f, "haltOnConflict({end}), from checkpoint {start}"),
            Self::Rewind { from, to } => write!(f, "rewind({from} to {to})"),
        }
    }
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What it was for.
    #[serde(flatten)]
    pub step: Step,
    /// The transaction.
    pub transaction: B256,
    /// Whether L1 accepted it.
    pub accepted: bool,
    /// Gas used.
    pub gas: u64,
    /// Wei paid for it.
    pub cost: u128,
}

impl Journal {
    /// Remembers what became of the transaction in flight. A halt that was accepted is all that its goal was for.
    pub(super) fn settle(&mut self, outcome: Outcome) -> Result<(), JournalError> {
        self.change(|contents| {
            contents.in_flight = None;
            if outcome.accepted && matches!(outcome.step, Step::Halt { .. }) {
                contents.goal = None;
            }
            contents.outcomes.push(outcome);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::GOAL;

    #[test]
    fn a_halt_that_was_accepted_ends_its_goal_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.set_goal(Some(GOAL)).unwrap();
        let halt = Outcome {
            step: Step::Halt { start: 1, end: 3 },
            transaction: B256::ZERO,
            accepted: false,
            gas: 1,
            cost: 1,
        };
        let rewind = Outcome {
            step: Step::Rewind { from: 3, to: 1 },
            accepted: true,
            ..halt
        };
        for outcome in [halt, rewind] {
            journal.settle(outcome).unwrap();
            assert_eq!(Journal::open(folder.path()).unwrap().goal(), Some(&GOAL));
        }
        journal.settle(Outcome { accepted: true, ..halt }).unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!((journal.goal(), journal.outcomes().len()), (None, 3));
    }
}
