// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an agent must remember, in one file that is written whole or not at all.

use super::sender::Fees;
use super::{Role, whole_file};
use crate::l1::Signed;
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

/// A transaction that may or may not have been mined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// Hash of every transaction sent with this nonce, newest last.
    pub hashes: Vec<B256>,
    /// The newest, signed.
    pub raw: Bytes,
    /// Its nonce.
    pub nonce: u64,
    /// The sequence it is about.
    pub last: u64,
    /// Most wei per gas.
    pub max_fee: u128,
    /// Of that for the block's producer.
    pub priority_fee: u128,
    /// When it was sent, seconds of L1.
    pub sent_at: u64,
    /// Whether the newest one only takes the nonce, so that what has become late is not mined.
    pub cancelled: bool,
}

impl InFlight {
    /// The first transaction with a nonce, about to be sent.
    pub(super) fn first(signed: &Signed, nonce: u64, last: u64, fees: Fees, now: u64) -> Self {
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
    pub(super) fn replaced(&mut self, signed: &Signed, fees: Fees, now: u64) {
        self.hashes.push(signed.hash);
        self.raw = signed.raw.clone();
        (self.max_fee, self.priority_fee, self.sent_at) = (fees.max, fees.priority, now);
    }
}

/// The digest of the file is of these fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Contents<R: Role> {
    schema: u32,
    pub(crate) goal: Option<GoalRecord>,
    pub(crate) in_flight: Option<R::InFlight>,
    pub(crate) outcomes: Vec<R::Outcome>,
    #[serde(flatten)]
    pub(crate) memory: R::Memory,
}

impl<R: Role> Default for Contents<R> {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            goal: None,
            in_flight: None,
            outcomes: Vec::new(),
            memory: R::Memory::default(),
        }
    }
}

/// What an agent must remember.
#[derive(Debug)]
pub struct Journal<R: Role> {
    path: PathBuf,
    contents: Contents<R>,
}

impl<R: Role> Journal<R> {
    /// Opens the journal in a folder, or begins one.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be understood.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(R::KIND).with_extension("json");
        let contents: Contents<R> = whole_file::read(&path, R::ONE)?.unwrap_or_default();
        match contents.schema {
            SCHEMA => Ok(Self { path, contents }),
            found => Err(JournalError::Schema {
                path,
                found,
                known: SCHEMA,
            }),
        }
    }

    /// Changes what is remembered.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Contents<R>)) -> Result<(), JournalError> {
        change(&mut self.contents);
        whole_file::write(&self.path, &self.contents)
    }

    /// The range under way.
    pub const fn goal(&self) -> Option<&GoalRecord> {
        self.contents.goal.as_ref()
    }

    /// The transaction that waits to be mined, and what it is for.
    pub const fn in_flight(&self) -> Option<&R::InFlight> {
        self.contents.in_flight.as_ref()
    }

    /// Everything that was mined, oldest first.
    pub fn outcomes(&self) -> &[R::Outcome] {
        &self.contents.outcomes
    }

    /// What else is remembered.
    pub(crate) const fn memory(&self) -> &R::Memory {
        &self.contents.memory
    }

    /// Remembers another range, or none.
    pub(crate) fn set_goal(&mut self, goal: Option<GoalRecord>) -> Result<(), JournalError> {
        self.change(|contents| contents.goal = goal)
    }

    /// Remembers a transaction: before it is sent.
    pub(crate) fn set_in_flight(&mut self, in_flight: Option<R::InFlight>) -> Result<(), JournalError> {
        self.change(|contents| contents.in_flight = in_flight)
    }
}

/// A range that tests remember.
#[cfg(test)]
pub(crate) const GOAL: GoalRecord = GoalRecord {
    init: 1,
    last: 3,
    acc: B256::repeat_byte(7),
    first_batch: 2,
    last_batch: 5,
    version: 1,
    route: 1,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregator::Aggregating;
    use crate::watcher::Watching;

    fn no_changed_bit_is_believed_of<R: Role>() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::<R>::open(folder.path()).unwrap();
        journal.set_goal(Some(GOAL)).unwrap();
        let path = journal.path.clone();
        let good = std::fs::read(&path).unwrap();
        for place in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[place / 8] ^= 1 << (place % 8);
            std::fs::write(&path, &bad).unwrap();
            match Journal::<R>::open(folder.path()) {
                // White space, or the case of a digit.
                Ok(opened) => assert_eq!(opened.goal(), Some(&GOAL), "bit {place}"),
                Err(JournalError::Format { .. } | JournalError::Damaged { .. } | JournalError::Schema { .. }) => {}
                Err(error) => panic!("bit {place}: {error}"),
            }
        }
        for length in 0..good.len() {
            std::fs::write(&path, &good[..length]).unwrap();
            Journal::<R>::open(folder.path()).unwrap_err();
        }
    }

    #[test]
    fn no_changed_bit_is_believed() {
        no_changed_bit_is_believed_of::<Aggregating>();
        no_changed_bit_is_believed_of::<Watching>();
    }

    fn is_refused_by_name<R: Role>() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{}.json", R::KIND));
        std::fs::write(&path, "[]").unwrap();
        let error = Journal::<R>::open(folder.path()).unwrap_err();
        assert!(matches!(error, JournalError::Format { .. }));
        assert!(
            error.to_string().contains(&format!("no journal of {}", R::ONE)),
            "{error}"
        );
        let other = Contents::<R> {
            schema: 9,
            ..Contents::default()
        };
        whole_file::write(&path, &other).unwrap();
        let error = Journal::<R>::open(folder.path()).unwrap_err();
        let (found, known) = (9, SCHEMA);
        assert_eq!(
            error.to_string(),
            format!("{} has schema {found}, this program knows {known}", path.display())
        );
    }

    #[test]
    fn rubbish_and_other_versions_are_refused_by_name() {
        is_refused_by_name::<Aggregating>();
        is_refused_by_name::<Watching>();
    }

    /// Writes what the journals of a folder say once more; what is there then.
    fn written_again<R: Role>(file: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{}.json", R::KIND));
        std::fs::write(&path, file).unwrap();
        let mut journal = Journal::<R>::open(folder.path()).unwrap();
        assert_eq!((journal.goal(), journal.outcomes().len()), (Some(&GOAL), 1));
        assert!(journal.in_flight().is_some());
        journal.change(|_| ()).unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    /// The files are as the first version of this program wrote them.
    #[test]
    fn the_format_of_a_journal_stays() {
        let aggregator = include_str!("../../tests/journals/aggregator.json");
        assert_eq!(written_again::<Aggregating>(aggregator), aggregator);
        let watcher = include_str!("../../tests/journals/watcher.json");
        assert_eq!(written_again::<Watching>(watcher), watcher);
    }
}
