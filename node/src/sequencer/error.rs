// SPDX-License-Identifier: MIT OR Apache-2.0

use super::records::Key;
use crate::chain::Status;
use crate::l1::L1Error;
use crate::store::StoreError;
use crate::sync::SyncError;
use poe_rollup::executor::Rule;

/// Why a sequencer cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SequencerError {
    /// Following L1 failed.
    #[error(transparent)]
    Sync(Box<SyncError>),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// L1 cannot be asked.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The journal is of another version of this program.
    #[error(
        "{path} has schema {found}, this program reads schema {expected}; use the release that wrote it, or remove it and with it the waiting transfers"
    )]
    Schema {
        /// The file.
        path: String,
        /// Schema of the file.
        found: u32,
        /// Schema of this program.
        expected: u32,
    },
    /// The journal cannot be read.
    #[error("{path} is damaged: {what} cannot be read; remove it, and with it the waiting transfers")]
    Damaged {
        /// The file.
        path: String,
        /// What cannot be read.
        what: &'static str,
    },
    /// The journal holds transactions of another L1 account.
    #[error(
        "{path} holds transactions of L1 account {found} that are not final yet, and {given} cannot go on with them; start with that account until they are, or give another --data-dir"
    )]
    AnotherKey {
        /// The file.
        path: String,
        /// The account it is bound to.
        found: String,
        /// The account given.
        given: String,
    },
    /// An earlier write to the journal failed.
    #[error("an earlier write to {path} failed ({source}); see to the disk and start again")]
    Unwritten {
        /// The file.
        path: String,
        /// What kind of failure it was.
        source: std::io::Error,
    },
    /// The fee recipient is not registered.
    #[error(
        "the fee recipient {index} is not a registered account: {next} is the first index not given out; register one (poe wallet register) and name it with --fee-recipient"
    )]
    FeeRecipient {
        /// What was given.
        index: u32,
        /// The next index.
        next: u64,
    },
    /// A transaction cannot be signed.
    #[error("cannot sign an L1 transaction: {reason}")]
    Signing {
        /// Why.
        reason: String,
    },
    /// The address for JSON-RPC cannot be used.
    #[error("cannot listen on {address}: {source}; give another --listen")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
}

impl SequencerError {
    /// Whether trying again later may help.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Sync(error) => error.is_transient(),
            Self::L1(error) => error.is_transient(),
            _ => false,
        }
    }
}

/// Why a slot is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The state transition would make it a no-op.
    #[error("{rule} (account {from} holds {balance} gwei and has nonce {nonce})")]
    Rule {
        /// The rule of ST-7 it breaks.
        rule: Rule,
        /// The sender.
        from: u32,
        /// Its balance in gwei.
        balance: u64,
        /// Its nonce.
        nonce: u64,
    },
    /// Only the batches of somebody else may include it.
    #[error(
        "the slot names sequencer {named}; this one has account {ours}: sign for that one or for any (0), or send it to the other"
    )]
    AnotherSequencer {
        /// The sequencer named.
        named: u32,
        /// This one.
        ours: u32,
    },
    /// The nonce was used.
    #[error("nonce {found} of account {from} was used; the next one is {next}")]
    NonceUsed {
        /// The sender.
        from: u32,
        /// The nonce given.
        found: u32,
        /// The next one, waiting slots counted.
        next: u64,
    },
    /// The nonce leaves a gap, or too many slots wait before it.
    #[error(
        "nonce {found} of account {from} is too far ahead: the account has nonce {nonce}, its slots come without a gap, and {limit} of them may wait; the next free one is {next}"
    )]
    NonceTooFar {
        /// The sender.
        from: u32,
        /// The nonce given.
        found: u32,
        /// The account's.
        nonce: u64,
        /// Most slots of an account.
        limit: usize,
        /// The next one, waiting slots counted.
        next: u64,
    },
    /// The money is already spoken for.
    #[error(
        "account {from} holds {balance} gwei, of which {pending} are spoken for by waiting slots; this one needs {cost}"
    )]
    Overspent {
        /// The sender.
        from: u32,
        /// Its balance in gwei.
        balance: u64,
        /// What its other waiting slots move and pay, in gwei.
        pending: u128,
        /// Amount and fee, in gwei.
        cost: u128,
    },
    /// The fee is below this sequencer's minimum.
    #[error(
        "the fee of {fee} gwei is below the minimum of this sequencer, {minimum}; poe_estimateFee says what is included soon"
    )]
    FeeTooLow {
        /// Gwei given.
        fee: u64,
        /// Gwei needed.
        minimum: u64,
    },
    /// Another slot with this nonce waits, and pays as much.
    #[error(
        "another slot with nonce {nonce} of account {from} waits; to replace it the fee must be at least {minimum} gwei, not {fee}"
    )]
    Underpriced {
        /// The sender.
        from: u32,
        /// The nonce.
        nonce: u32,
        /// Gwei given.
        fee: u64,
        /// Gwei needed.
        minimum: u64,
    },
    /// Another slot with this nonce is on its way to L1.
    #[error("another slot with nonce {} of account {} is on its way to L1 and cannot be replaced", key.1, key.0)]
    InFlight {
        /// Sender and nonce.
        key: Key,
    },
    /// The pool is full.
    #[error("the pool is full with {slots} slots that wait; {}", room(*minimum))]
    Full {
        /// Slots that wait.
        slots: usize,
        /// Gwei that would make room; `None` if nothing would.
        minimum: Option<u64>,
    },
    /// Nothing can be sequenced.
    #[error("the deployment is {}: nothing can be sequenced", match status { Status::Halted => "halted", Status::Closed => "closed", Status::Running => "running" })]
    NotRunning {
        /// Its status.
        status: Status,
    },
    /// The sequencer has not synced yet.
    #[error("this sequencer has not read L1 yet; try again in a moment")]
    NotSynced,
    /// The store or the journal failed.
    #[error("the sequencer failed: {0}")]
    Internal(#[from] Box<SequencerError>),
}

fn room(minimum: Option<u64>) -> String {
    minimum.map_or_else(
        || "none of them makes room now, try again later".into(),
        |minimum| format!("a fee of at least {minimum} gwei would make room"),
    )
}

impl From<SyncError> for SequencerError {
    fn from(error: SyncError) -> Self {
        Self::Sync(Box::new(error))
    }
}

impl From<StoreError> for SubmitError {
    fn from(error: StoreError) -> Self {
        Self::Internal(Box::new(error.into()))
    }
}

impl From<SequencerError> for SubmitError {
    fn from(error: SequencerError) -> Self {
        Self::Internal(Box::new(error))
    }
}
