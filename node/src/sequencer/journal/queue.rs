// SPDX-License-Identifier: MIT OR Apache-2.0
//! Changes of the pool on their way to the disk. Whoever comes first writes what all others have waiting, so that many slots
//! share one sync of the disk.

use super::{Journal, Result};
use crate::sequencer::error::SequencerError;
use crate::sequencer::pool::Removal;
use crate::sequencer::records::Entry;
use crate::store::StoreError;
use std::io::ErrorKind;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a new slot or a new head does to the pool.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) new: Option<Entry>,
    pub(super) leaving: Vec<Removal>,
}

/// Place of a change among all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing is on disk before it is flushed"]
pub(in crate::sequencer) struct Ticket(u64);

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Waiting {
    changes: Vec<Change>,
    last: u64,
}

#[derive(Debug, Default)]
struct Written {
    last: u64,
    failed: Option<ErrorKind>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kind_of(error: &SequencerError) -> ErrorKind {
    match error {
        SequencerError::Store(StoreError::Database(error)) => match &**error {
            redb::Error::Io(error) => error.kind(),
            _ => ErrorKind::Other,
        },
        _ => ErrorKind::Other,
    }
}

impl Journal {
    /// Takes a change of the pool. Called with the pool locked, so that changes reach the disk in the order they were made.
    pub(in crate::sequencer) fn enqueue(&self, new: Option<Entry>, leaving: Vec<Removal>) -> Ticket {
        let mut waiting = lock(&self.queue.waiting);
        if new.is_some() || !leaving.is_empty() {
            waiting.last += 1;
            waiting.changes.push(Change { new, leaving });
        }
        Ticket(waiting.last)
    }

    /// Returns when a change, and every earlier one, is on disk.
    pub(in crate::sequencer) fn flush(&self, ticket: Ticket) -> Result<()> {
        let mut written = lock(&self.queue.written);
        if written.last >= ticket.0 {
            return Ok(());
        }
        if let Some(kind) = written.failed {
            return Err(SequencerError::Unwritten {
                path: self.path.display().to_string(),
                source: kind.into(),
            });
        }
        let (changes, last) = {
            let mut waiting = lock(&self.queue.waiting);
            (std::mem::take(&mut waiting.changes), waiting.last)
        };
        let outcome = self.write(|transaction| changes.iter().try_for_each(|change| self.apply(transaction, change)));
        match &outcome {
            Ok(()) => written.last = last,
            Err(error) => written.failed = Some(kind_of(error)),
        }
        outcome
    }
}
