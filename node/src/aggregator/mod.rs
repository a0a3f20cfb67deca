// SPDX-License-Identifier: MIT OR Apache-2.0
//! The aggregator: proves what is sequenced and is paid for it, if it is first.
//!
//! ```text
//! Follower --> Situation --> Strategy --> Goal --> ProofSource (leaf, join, finalize, wrap)
//!                               |                        |
//!                             Costs                 native check, eth_call, anvil fork --> verifyBatches
//! ```
//!
//! An [`Aggregator`] takes one [`step`](Aggregator::step) after another: it is an [`Agent`](crate::agent::Agent) with a strategy. All it
//! must remember is in its [`Journal`] and on L1, and every proof is a file, so a process that is killed goes on where it was.

mod costs;
mod engine;
mod event;
mod following;
mod goals;
mod journal;
mod options;
mod strategy;
mod submission;

pub use costs::{Costs, Measured, Prices};
pub use engine::{Aggregator, Parts};
pub use event::{Event, RangeEvent, Timings};
pub use journal::{Aggregating, Journal, Memory, Outcome};
pub use options::{AggregatorOptions, StrategyName};
pub use strategy::{Batches, Eager, Interval, Offer, Pending, Profit, Situation, Strategy};
