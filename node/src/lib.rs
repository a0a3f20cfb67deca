// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod agent;
pub mod aggregator;
pub mod chain;
pub mod cli;
pub mod config;
pub mod demo;
pub mod exit;
pub mod l1;
#[allow(
    clippy::expect_used,
    reason = "each says which invariant of this module's own it relies on"
)]
pub mod proving;
pub mod sequencer;
pub mod store;
pub mod sync;
pub mod units;
pub mod wallet;
pub mod watcher;
