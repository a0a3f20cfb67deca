// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a watcher must remember.

use crate::aggregator::{GoalRecord, InFlight, JournalError, whole_file};
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// Version of the file's contents.
const SCHEMA: u32 = 1;

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

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Contents {
    schema: u32,
    goal: Option<GoalRecord>,
    in_flight: Option<(Step, InFlight)>,
    outcomes: Vec<Outcome>,
}

/// What a watcher must remember, in one file that is written whole or not at all.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    contents: Contents,
}

impl Journal {
    /// Opens the journal in a folder, or begins one.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be understood.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join("watcher.json");
        let contents = whole_file::read(&path, "a watcher")?.unwrap_or_else(|| Contents {
            schema: SCHEMA,
            ..Contents::default()
        });
        match contents.schema {
            SCHEMA => Ok(Self { path, contents }),
            found => Err(JournalError::Schema {
                path,
                found,
                known: SCHEMA,
            }),
        }
    }

    fn save(&self) -> Result<(), JournalError> {
        whole_file::write(&self.path, &self.contents)
    }

    /// The interval whose true result is being proven.
    pub const fn goal(&self) -> Option<&GoalRecord> {
        self.contents.goal.as_ref()
    }

    /// The transaction that waits to be mined.
    pub const fn in_flight(&self) -> Option<&(Step, InFlight)> {
        self.contents.in_flight.as_ref()
    }

    /// Everything that was mined, oldest first.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.contents.outcomes
    }

    pub(super) fn set_goal(&mut self, goal: Option<GoalRecord>) -> Result<(), JournalError> {
        self.contents.goal = goal;
        self.save()
    }

    /// Remembers a transaction: before it is sent.
    pub(super) fn set_in_flight(&mut self, in_flight: Option<(Step, InFlight)>) -> Result<(), JournalError> {
        self.contents.in_flight = in_flight;
        self.save()
    }

    /// Remembers what became of the transaction in flight. A halt that was accepted is all that its goal was for.
    pub(super) fn settle(&mut self, outcome: Outcome) -> Result<(), JournalError> {
        self.contents.in_flight = None;
        if outcome.accepted && matches!(outcome.step, Step::Halt { .. }) {
            self.contents.goal = None;
        }
        self.contents.outcomes.push(outcome);
        self.save()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOAL: GoalRecord = GoalRecord {
        init: 1,
        last: 3,
        acc: B256::repeat_byte(7),
        first_batch: 2,
        last_batch: 5,
        version: 1,
        route: 1,
    };

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

    #[test]
    fn a_file_of_another_kind_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("watcher.json"), "[]").unwrap();
        let error = Journal::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("no journal of a watcher"), "{error}");
        let other = Contents {
            schema: 9,
            ..Contents::default()
        };
        whole_file::write(&folder.path().join("watcher.json"), &other).unwrap();
        let error = Journal::open(folder.path()).unwrap_err();
        assert!(matches!(
            error,
            JournalError::Schema {
                found: 9,
                known: SCHEMA,
                ..
            }
        ));
    }
}
