// SPDX-License-Identifier: MIT OR Apache-2.0
//! The watcher: what nobody is paid for. It executes every batch, as every node does, and when a checkpoint stands that its
//! batches do not lead to, it proves the true result, halts the chain with that (`haltOnConflict`) and takes the state back
//! (`rewind`).
//!
//! ```text
//! Follower --> Findings --> false checkpoint --> ProofSource --> native check, eth_call, anvil fork --> haltOnConflict
//!                  |                                                            |
//!                  +------> halted, not rewound ------------------------------> + --> rewind, piece by piece
//! ```
//!
//! It is an [`Agent`](crate::agent::Agent). Each step is decided anew from what L1 says, and a transaction is in the [`Journal`] before
//! it is sent: killed at any moment, it goes on where it was. Whoever else halts or rewinds first has done its work.

mod engine;
mod event;
mod findings;
mod journal;
mod step;

pub use engine::{Parts, Standing, Watcher};
pub use event::{ContestEvent, Event};
pub use findings::{Findings, Obstacle, Untrue};
pub use journal::{Journal, Outcome, Step, Watching};

/// Checkpoints in one call of `rewind`: 384 bytes and some 16,000 gas each, so a call stays below what pools (128 KiB) and
/// blocks (2^24 gas) take of one transaction.
pub const REWIND_PIECE: usize = 256;
