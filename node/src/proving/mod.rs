// SPDX-License-Identifier: MIT OR Apache-2.0
//! Proving: jobs named by their content, a queue that leases them, workers that prove in child processes, and the
//! graph that says which jobs a range needs.
//!
//! ```text
//! add_batch, advance(goal)
//!        |
//!     Proving --- Plan: what is missing, worked out anew from the store's index
//!      |    \
//!   Store   Queue (apalis: SQLite, or PostgreSQL for several machines)
//!      |    /
//!     Worker --- child process `poe prove-job`: circuits and keys stay warm, kill = cancel
//! ```
//!
//! There are four kinds of jobs: a batch is proven and wrapped, two ranges that meet are joined, a range is bound to a
//! version and a beneficiary, and the last plonky2 proof is wrapped for the contract. The first two depend on the
//! chain alone and are anybody's to reuse.

pub mod child;
pub mod circuits;
pub mod command;
pub mod driver;
pub mod file;
mod folder;
pub mod job;
mod key;
pub mod plan;
pub mod protocol;
pub mod queue;
pub mod serve;
pub mod store;
mod underway;
pub mod worker;

pub use circuits::{Circuits, Setup};
pub use command::{ProvingOptions, WorkerCommand};
pub use driver::{ContractProof, Progress, Proving, ProvingError};
pub use job::{CircuitIds, Id, Job, Work};
pub use key::KeyOnL1;
pub use plan::{Goal, Target};
pub use worker::{Event, Worker};
