// SPDX-License-Identifier: MIT OR Apache-2.0
//! Following L1: catch up, notice reorganisations, tell others about new heads.
//!
//! A sequencer or an aggregator owns a [`Follower`], calls [`Follower::sync_once`] or lets [`Follower::run`] go on, watches
//! [`Follower::subscribe`] and reads from [`Follower::view`].

mod error;
mod follower;

pub use error::SyncError;
pub use follower::{Follower, Progress, Tip};
