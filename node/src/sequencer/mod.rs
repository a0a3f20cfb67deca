// SPDX-License-Identifier: MIT OR Apache-2.0
//! A sequencer: takes transfers from users, and posts them to L1 in batches.
//!
//! - [`Pool`]: what users sent and L1 has not made final yet, judged by the executor against the virtual state.
//! - `Journal`: the pool, the transactions on their way and what they cost, on disk before anybody is told.
//! - [`pack`]: slots that are applied, chosen by fee.
//! - [`Policy`]: when a batch is worth its price, or overdue.
//! - `Poster`: one L1 nonce at a time, replaced with a higher fee until it is mined, taken up again after a reorganisation.
//! - [`Service`]: what users may ask; [`rpc`] serves it as JSON-RPC.
//!
//! [`Sequencer::step`] is one round of all of it, [`Sequencer::run`] goes on until it is stopped. A slot that was acknowledged is
//! never lost: it is forgotten only when L1 has made final what became of its nonce, or for a reason that can be asked for.

mod config;
mod error;
mod judge;
mod journal;
mod packer;
mod policy;
mod pool;
mod post;
mod records;
mod report;
pub mod rpc;
mod run;
mod service;
mod sign;

pub use config::{PoolLimits, PostingLimits, SequencerConfig};
pub use error::{SequencerError, SubmitError};
pub use judge::transfer_id;
pub use packer::{Packed, PackedBatch, pack};
pub use policy::{Costs, Decision, Policy, Prices, Ready};
pub use pool::{Admission, Pool, Removal};
pub use records::{Entry, Inclusion, Key, Outcome, TransferId};
pub use report::{Report, SequenceReport};
pub use run::{Round, Sequencer};
pub use service::{AccountReport, FeeEstimate, Info, Service, Status, Submitted};
