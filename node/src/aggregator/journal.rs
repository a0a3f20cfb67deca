// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an aggregator must remember, in one file that is written whole or not at all.

use super::Measured;
use super::sender::{Fees, Signed};
use super::whole_file;
use alloy::primitives::{B256, Bytes};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Version of the file's contents.
const SCHEMA: u32 = 1;

/// The journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The disk.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The contents.
    #[error("{path} is no journal of {of}: {source}; move it away to start anew")]
    Format {
        /// The file.
        path: PathBuf,
        /// Whose it should be.
        of: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// A bit of it has changed since it was written.
    #[error("{path} is damaged: its SHA-256 is not the one it names; move it away to start anew")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Another version.
    #[error("{path} has schema {found}, this program knows {known}")]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it has.
        found: u32,
        /// What this program knows.
        known: u32,
    },
}

/// A range on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoalRecord {
    /// The checkpoint it starts from.
    pub init: u64,
    /// The sequence it ends at.
    pub last: u64,
    /// Accumulator of that: tells a reorganisation of L1.
    pub acc: B256,
    /// First batch.
    pub first_batch: u64,
    /// Last batch.
    pub last_batch: u64,
    /// Version of the sequences.
    pub version: u32,
    /// Route that checks the proof.
    pub route: u32,
}

/// A submission that may or may not have been mined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// Hash of every transaction sent with this nonce, newest last.
    pub hashes: Vec<B256>,
    /// The newest, signed.
    pub raw: Bytes,
    /// Its nonce.
    pub nonce: u64,
    /// The sequence the proof ends at.
    pub last: u64,
    /// Most wei per gas.
    pub max_fee: u128,
    /// Of that for the block's producer.
    pub priority_fee: u128,
    /// When it was sent, seconds of L1.
    pub sent_at: u64,
    /// Whether the newest one only takes the nonce, so that a proof that has become late is not mined.
    pub cancelled: bool,
}

impl InFlight {
    /// The first transaction with a nonce, about to be sent.
    pub(crate) fn first(signed: &Signed, nonce: u64, last: u64, fees: Fees, now: u64) -> Self {
        Self {
            hashes: vec![signed.hash],
            raw: signed.raw.clone(),
            nonce,
            last,
            max_fee: fees.max,
            priority_fee: fees.priority,
            sent_at: now,
            cancelled: false,
        }
    }

    /// Takes another transaction with the same nonce, about to be sent.
    pub(crate) fn replaced(&mut self, signed: &Signed, fees: Fees, now: u64) {
        self.hashes.push(signed.hash);
        self.raw = signed.raw.clone();
        (self.max_fee, self.priority_fee, self.sent_at) = (fees.max, fees.priority, now);
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

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    schema: u32,
    goal: Option<GoalRecord>,
    in_flight: Option<InFlight>,
    outcomes: Vec<Outcome>,
    measured: Measured,
    reverts: Option<Reverts>,
}

/// What an aggregator must remember.
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
        let path = folder.join("aggregator.json");
        let contents = whole_file::read(&path, "an aggregator")?.unwrap_or_else(|| Contents {
            schema: SCHEMA,
            ..Contents::default()
        });
        if contents.schema != SCHEMA {
            return Err(JournalError::Schema {
                path,
                found: contents.schema,
                known: SCHEMA,
            });
        }
        Ok(Self { path, contents })
    }

    fn save(&self) -> Result<(), JournalError> {
        whole_file::write(&self.path, &self.contents)
    }

    /// The range under way.
    pub const fn goal(&self) -> Option<&GoalRecord> {
        self.contents.goal.as_ref()
    }

    /// Remembers another range, or none.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn set_goal(&mut self, goal: Option<GoalRecord>) -> Result<(), JournalError> {
        self.contents.goal = goal;
        self.save()
    }

    /// The submission that waits to be mined.
    pub const fn in_flight(&self) -> Option<&InFlight> {
        self.contents.in_flight.as_ref()
    }

    /// Remembers a submission: before it is sent.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn set_in_flight(&mut self, in_flight: Option<InFlight>) -> Result<(), JournalError> {
        self.contents.in_flight = in_flight;
        self.save()
    }

    /// Everything that was mined, oldest first.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.contents.outcomes
    }

    /// How often L1 has reverted a submission of what a range ends at.
    pub fn reverts(&self, goal: &GoalRecord) -> u32 {
        let same = |reverts: &&Reverts| (reverts.last, reverts.acc) == (goal.last, goal.acc);
        self.contents
            .reverts
            .as_ref()
            .filter(same)
            .map_or(0, |reverts| reverts.count)
    }

    /// Remembers what became of the submission in flight, and the range that L1 `reverted` if it did.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn settle(&mut self, outcome: Outcome, reverted: Option<&GoalRecord>) -> Result<(), JournalError> {
        if let Some(goal) = reverted {
            self.contents.reverts = Some(Reverts {
                last: goal.last,
                acc: goal.acc,
                count: self.reverts(goal) + 1,
            });
        }
        self.contents.in_flight = None;
        self.contents.outcomes.push(outcome);
        if outcome.accepted {
            let measured = &mut self.contents.measured;
            measured.gas = (measured.gas * 3 + outcome.gas) / 4;
        }
        self.save()
    }

    /// The measurements.
    pub const fn measured(&self) -> Measured {
        self.contents.measured
    }

    /// Takes a job's time into the measurements.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn took(&mut self, work: &crate::proving::Work, ms: u64) -> Result<(), JournalError> {
        self.contents.measured.took(work, ms);
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
    fn what_is_remembered_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let goal = GOAL;
        let mut journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.goal(), None);
        journal.set_goal(Some(goal)).unwrap();
        journal
            .took(
                &crate::proving::Work::Wrap {
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

    #[test]
    fn no_changed_bit_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.set_goal(Some(GOAL)).unwrap();
        let path = folder.path().join("aggregator.json");
        let good = std::fs::read(&path).unwrap();
        for place in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[place / 8] ^= 1 << (place % 8);
            std::fs::write(&path, &bad).unwrap();
            match Journal::open(folder.path()) {
                // White space, or the case of a digit.
                Ok(opened) => assert_eq!(opened.goal(), Some(&GOAL), "bit {place}"),
                Err(JournalError::Format { .. } | JournalError::Damaged { .. } | JournalError::Schema { .. }) => {}
                Err(error) => panic!("bit {place}: {error}"),
            }
        }
        for length in 0..good.len() {
            std::fs::write(&path, &good[..length]).unwrap();
            Journal::open(folder.path()).unwrap_err();
        }
    }

    #[test]
    fn rubbish_and_other_versions_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aggregator.json");
        std::fs::write(&path, "{").unwrap();
        assert!(matches!(Journal::open(folder.path()), Err(JournalError::Format { .. })));
        let contents = Contents {
            schema: 9,
            ..Contents::default()
        };
        whole_file::write(&path, &contents).unwrap();
        assert!(matches!(
            Journal::open(folder.path()),
            Err(JournalError::Schema {
                found: 9,
                known: SCHEMA,
                ..
            })
        ));
    }
}
