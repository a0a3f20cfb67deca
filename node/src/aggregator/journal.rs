// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an aggregator must remember besides what every agent does.

use super::Measured;
use super::event::RangeEvent;
use crate::agent::{self, GoalRecord, InFlight, JournalError, Role};
use crate::proving::Work;
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

/// What an aggregator must remember.
pub type Journal = agent::Journal<Aggregating>;

/// To prove what is sequenced. A transaction is named by the last sequence of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregating;

impl Role for Aggregating {
    const KIND: &'static str = "aggregator";
    const ONE: &'static str = "an aggregator";
    type Step = u64;
    type InFlight = InFlight;
    type Outcome = Outcome;
    type Memory = Memory;
    type Said = RangeEvent;

    fn sequence(last: u64) -> u64 {
        last
    }

    fn in_flight(_: u64, in_flight: InFlight) -> InFlight {
        in_flight
    }

    fn split(in_flight: &InFlight) -> (u64, &InFlight) {
        (in_flight.last, in_flight)
    }
}

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The transaction.
    pub transaction: B256,
    /// The sequence the proof ends at.
    pub last: u64,
    /// Whether it was accepted.
    pub accepted: bool,
    /// Batch fees earned, base units of the fee token, without tips.
    pub reward: u128,
    /// Gas used.
    pub gas: u64,
    /// Wei paid for it.
    pub cost: u128,
}

/// Submissions of one range that were mined and reverted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reverts {
    last: u64,
    acc: B256,
    count: u32,
}

/// What it has learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    measured: Measured,
    reverts: Option<Reverts>,
}

impl Journal {
    /// How often L1 has reverted a submission of what a range ends at.
    pub fn reverts(&self, goal: &GoalRecord) -> u32 {
        let same = |reverts: &Reverts| (reverts.last, reverts.acc) == (goal.last, goal.acc);
        let reverts = self.memory().reverts.filter(same);
        reverts.map_or(0, |reverts| reverts.count)
    }

    /// Remembers what became of the submission in flight, and the range that L1 `reverted` if it did.
    pub(super) fn settle(&mut self, outcome: Outcome, reverted: Option<&GoalRecord>) -> Result<(), JournalError> {
        let reverted = reverted.map(|goal| Reverts {
            last: goal.last,
            acc: goal.acc,
            count: self.reverts(goal) + 1,
        });
        self.change(|contents| {
            contents.in_flight = None;
            contents.outcomes.push(outcome);
            let Memory { measured, reverts } = &mut contents.memory;
            *reverts = reverted.or(*reverts);
            if outcome.accepted {
                measured.gas = (measured.gas * 3 + outcome.gas) / 4;
            }
        })
    }

    /// The measurements.
    pub const fn measured(&self) -> Measured {
        self.memory().measured
    }

    /// Takes a job's time into the measurements.
    pub(super) fn took(&mut self, work: &Work, ms: u64) -> Result<(), JournalError> {
        self.change(|contents| contents.memory.measured.took(work, ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::GOAL;

    #[test]
    fn what_is_remembered_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let goal = GOAL;
        let mut journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.goal(), None);
        journal.set_goal(Some(goal)).unwrap();
        journal
            .took(
                &Work::Wrap {
                    last: crate::proving::Id([0; 32]),
                },
                0,
            )
            .unwrap();
        drop(journal);
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.goal(), Some(&goal));
        assert!(journal.measured().wrap_ms < Measured::default().wrap_ms);
        // One file, whatever was under way.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn reverts_are_counted_for_one_end_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let outcome = Outcome {
            transaction: B256::ZERO,
            last: GOAL.last,
            accepted: false,
            reward: 0,
            gas: 50_000,
            cost: 1,
        };
        let mut journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.reverts(&GOAL), 0);
        journal.settle(outcome, Some(&GOAL)).unwrap();
        // A submission that was cancelled.
        journal.settle(outcome, None).unwrap();
        drop(journal);
        let mut journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.reverts(&GOAL), 1);
        // Another beginning of the same range does not begin to count anew, another end does.
        let shorter = GoalRecord { init: 2, ..GOAL };
        journal.settle(outcome, Some(&shorter)).unwrap();
        assert_eq!(journal.reverts(&GOAL), 2);
        let other = GoalRecord {
            acc: B256::repeat_byte(8),
            ..GOAL
        };
        assert_eq!(journal.reverts(&other), 0);
    }
}
