// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod chain;
pub mod cli;
pub mod config;
pub mod exit;
pub mod l1;
pub mod sequencer;
pub mod store;
pub mod sync;
pub mod units;
pub mod wallet;
