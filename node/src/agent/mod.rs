// SPDX-License-Identifier: MIT OR Apache-2.0
//! What aggregators and watchers have in common: an [`Agent`] follows L1, has something proven, and sends that from a key of its own.
//!
//! ```text
//! Follower --> Feed --> ProofSource --> native check, eth_call, anvil fork --> transaction, looked after until it is mined
//! ```
//!
//! All it must remember is in its [`Journal`] and on L1: a transaction is in the journal before it is sent. What makes an aggregator
//! or a watcher of it is a [`Role`]: what its transactions are for, what it remembers besides, and what it says besides.

pub(crate) mod anvil;
mod dry_run;
mod engine;
mod error;
mod event;
mod feed;
mod journal;
mod proofs;
mod role;
mod route;
mod sender;
mod transactions;
mod whole_file;

pub(crate) use dry_run::reward_in;
pub use dry_run::{DryRun, ForkDryRun, ForkError, Rehearsal, Verdict};
pub use engine::{Agent, Parts};
pub(crate) use engine::{RETRY_ROUNDS, known_only};
pub use error::AgentError;
pub use event::{Event, Report};
#[cfg(test)]
pub(crate) use journal::GOAL;
pub use journal::{GoalRecord, InFlight, Journal, JournalError};
pub use proofs::{Engine, ProofSource};
pub use role::Role;
pub(crate) use route::require_same;
pub use route::{CircuitsOnL1, key_of};
pub(crate) use sender::Fees;
pub(crate) use transactions::Mined;
