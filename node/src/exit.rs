// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exit codes of `poe`. Scripts and service managers rely on them: they are only ever added to.

use crate::config::{ConfigError, OpenError};
use crate::l1::L1Error;
use crate::proving::ProvingError;
use crate::proving::child::ChildError;
use crate::proving::queue::QueueError;
use crate::proving::worker::Trouble;
use crate::sequencer::SequencerError;
use crate::store::StoreError;
use crate::sync::SyncError;
use crate::wallet::{ClaimError, TransferError};
use std::io;

/// What the commands say about exit codes in their help.
pub const HELP: &str = "\
Exit codes:
  0  success
  1  any other failure
  2  wrong usage of the command line
  3  configuration: file, addresses file, URL, address to listen on, or a provider of another chain
  4  the L1 provider does not answer or fails
  5  the data directory: in use, of another schema or deployment, or damaged
  6  PROVEN STATE IS WRONG: L1 accepted a proof of something the batches do not lead to
  7  L1 data that cannot be followed: events left out, or a reorganisation of final blocks
  8  the command is refused: not enough funds, unknown account, wrong password, nothing to claim, or by contract or sequencer
  9  the disk is full, over a quota or limit, or read-only: make room and start again, nothing is lost";

/// A command that cannot do what it is asked, for a reason the person who asks can remove.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// The exit code of an error.
pub fn code(error: &anyhow::Error) -> u8 {
    if is_of_full_disk(&**error) {
        return 9;
    }
    error.chain().find_map(one).unwrap_or(1)
}

/// Whether an error comes of a disk that did not take what was to be written.
pub(crate) fn is_of_full_disk(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(says_full)
}

fn says_full(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(ChildError::Full(_)) = error.downcast_ref() {
        return true;
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return is_full(error.kind());
    }
    if let Some(error) = error.downcast_ref::<Box<redb::Error>>() {
        return matches!(&**error, redb::Error::Io(error) if is_full(error.kind()));
    }
    // SQLite's codes, the lower byte of which is the family: 13 is a full disk, 778 a write that failed.
    let Some(error) = error
        .downcast_ref::<sqlx::Error>()
        .and_then(sqlx::Error::as_database_error)
    else {
        return false;
    };
    matches!(error.code().as_deref(), Some("13" | "778"))
}

const fn is_full(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(kind, StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem)
}

fn one(error: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if let Some(error) = error.downcast_ref::<SyncError>() {
        return Some(of_sync(error));
    }
    if let Some(error) = error.downcast_ref::<SequencerError>() {
        return of_sequencer(error);
    }
    if let Some(error) = error.downcast_ref::<OpenError>() {
        return Some(match error {
            OpenError::Config(_) => 3,
            OpenError::L1(error) => of_l1(error),
            OpenError::Store(_) => 5,
        });
    }
    if let Some(error) = error.downcast_ref::<L1Error>() {
        return Some(of_l1(error));
    }
    if let Some(error) = error.downcast_ref::<ClaimError>() {
        return Some(of_claim(error));
    }
    if let Some(error) = error.downcast_ref::<TransferError>() {
        return of_transfer(error);
    }
    let queue = match (error.downcast_ref(), error.downcast_ref()) {
        (Some(ProvingError::Queue(error)), _) | (_, Some(Trouble::Queue(error))) => Some(error),
        _ => error.downcast_ref(),
    };
    if let Some(QueueError::Damaged { .. } | QueueError::NotADatabase { .. }) = queue {
        return Some(5);
    }
    if error.is::<ConfigError>() {
        return Some(3);
    }
    if error.is::<StoreError>() {
        return Some(5);
    }
    error.is::<Refusal>().then_some(8)
}

const fn of_sequencer(error: &SequencerError) -> Option<u8> {
    match error {
        SequencerError::Sync(error) => Some(of_sync(error)),
        SequencerError::L1(error) => Some(of_l1(error)),
        SequencerError::Store(_)
        | SequencerError::Schema { .. }
        | SequencerError::Damaged { .. }
        | SequencerError::AnotherKey { .. }
        | SequencerError::Unwritten { .. } => Some(5),
        SequencerError::FeeRecipient { .. } => Some(8),
        SequencerError::Listen { .. } => Some(3),
        SequencerError::Signing { .. } => None,
    }
}

const fn of_sync(error: &SyncError) -> u8 {
    match error {
        SyncError::L1(error) => of_l1(error),
        SyncError::Store(_) => 5,
        SyncError::ProvenStateDiffers { .. } => 6,
        SyncError::Apply { .. } | SyncError::TooDeep { .. } | SyncError::Incomplete { .. } => 7,
        SyncError::Unstable { .. } => 4,
    }
}

const fn of_l1(error: &L1Error) -> u8 {
    match error {
        L1Error::Url { .. } | L1Error::WrongChain { .. } | L1Error::NoContract { .. } => 3,
        L1Error::Malformed { .. } => 7,
        _ => 4,
    }
}

const fn of_claim(error: &ClaimError) -> u8 {
    match error {
        ClaimError::Store(_) => 5,
        ClaimError::L1(error) => of_l1(error),
        ClaimError::Nothing { .. } => 8,
    }
}

/// A sequencer that cannot be reached is no refusal, and no failure of L1.
fn of_transfer(error: &TransferError) -> Option<u8> {
    match error {
        TransferError::Store(_) => Some(5),
        TransferError::Url { .. } | TransferError::SeveralAccounts { .. } => Some(3),
        TransferError::NoAccount | TransferError::NotYours { .. } | TransferError::Void { .. } => Some(8),
        TransferError::Sequencer { source, .. } => source.is_error_resp().then_some(8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::transports::{TransportError, TransportErrorKind};
    use anyhow::Context as _;

    #[test]
    fn a_code_is_found_under_any_context() {
        let wrong_chain = L1Error::WrongChain { found: 1, expected: 2 };
        let error = Err::<(), _>(SyncError::L1(wrong_chain)).context("syncing").unwrap_err();
        assert_eq!(code(&error), 3);
        assert_eq!(code(&Refusal("no".into()).into()), 8);
        assert_eq!(code(&anyhow::anyhow!("anything")), 1);
        assert_eq!(code(&SyncError::TooDeep { oldest: 1 }.into()), 7);
    }

    #[test]
    fn a_full_disk_has_a_code_of_its_own_wherever_it_is_met() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let store = || StoreError::Database(Box::new(redb::Error::Io(full())));
        assert_eq!(code(&SyncError::Store(store()).into()), 9);
        assert_eq!(code(&SequencerError::Store(store()).into()), 9);
        let damaged = StoreError::Database(Box::new(redb::Error::Corrupted("a page".into())));
        assert_eq!(code(&SyncError::Store(damaged).into()), 5);
        assert_eq!(code(&anyhow::Error::from(full()).context("writing")), 9);
        assert_eq!(code(&anyhow::Error::from(io::Error::from(io::ErrorKind::NotFound))), 1);
    }

    // REQ C12
    #[test]
    fn a_damaged_queue_is_damage_of_the_data_directory_wherever_it_is_met() {
        let path = || std::path::PathBuf::from("jobs.db");
        let damaged = || QueueError::Damaged {
            path: path(),
            what: "a page".into(),
        };
        assert_eq!(code(&damaged().into()), 5);
        assert_eq!(code(&QueueError::NotADatabase { path: path() }.into()), 5);
        assert_eq!(code(&ProvingError::Queue(damaged()).into()), 5);
        assert_eq!(
            code(&anyhow::Error::from(Trouble::Queue(damaged())).context("working")),
            5
        );
        assert_eq!(code(&QueueError::Engine("gone".into()).into()), 1);
    }

    #[test]
    fn what_a_wallet_error_wraps_decides() {
        let missing = || L1Error::gone("block 7");
        assert_eq!(code(&ClaimError::L1(missing()).into()), 4);
        let damaged = StoreError::NoJournal { block: 1 };
        assert_eq!(code(&ClaimError::Store(damaged).into()), 5);
        assert_eq!(code(&TransferError::NoAccount.into()), 8);
        let sequencer = |source| TransferError::Sequencer {
            url: "http://sequencer.example".into(),
            source: Box::new(source),
        };
        let refused = TransportError::ErrorResp(serde_json::from_str(r#"{"code":-32000,"message":"no"}"#).unwrap());
        assert_eq!(code(&sequencer(refused).into()), 8);
        let unreachable = TransportErrorKind::custom_str("connection refused");
        assert_eq!(code(&sequencer(unreachable).into()), 1);
    }
}
