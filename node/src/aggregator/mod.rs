// SPDX-License-Identifier: MIT OR Apache-2.0
//! The aggregator: proves what is sequenced and is paid for it, if it is first.
//!
//! ```text
//! Follower --> Situation --> Strategy --> Goal --> ProofSource (leaf, join, finalize, wrap)
//!                               |                        |
//!                             Costs                 native check, eth_call, anvil fork --> verifyBatches
//! ```
//!
//! An [`Aggregator`] takes one [`step`](Aggregator::step) after another. All it must remember is in its [`Journal`] and on
//! L1, and every proof is a file, so a process that is killed goes on where it was.

pub(crate) mod anvil;
mod costs;
mod dry_run;
mod engine;
mod error;
mod event;
pub(crate) mod feed;
pub(crate) mod following;
mod goals;
mod journal;
mod options;
mod proofs;
pub(crate) mod route;
pub(crate) mod sender;
mod strategy;
pub(crate) mod submission;
pub(crate) mod whole_file;

pub use costs::{Costs, Measured, Prices};
pub use dry_run::{DryRun, ForkDryRun, ForkError, Rehearsal, Verdict};
pub(crate) use engine::RETRY_ROUNDS;
pub use engine::{Aggregator, Parts};
pub use error::AggregatorError;
pub use event::{Event, Report, Timings};
pub use journal::{GoalRecord, InFlight, Journal, JournalError, Outcome};
pub use options::{AggregatorOptions, StrategyName};
pub use proofs::{Engine, ProofSource};
pub use route::{CircuitsOnL1, key_of};
pub use strategy::{Batches, Eager, Interval, Offer, Pending, Profit, Situation, Strategy};
