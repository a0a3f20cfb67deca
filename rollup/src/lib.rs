// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod ecgfp5;
pub mod executor;
pub mod formats;
pub mod keys;
pub mod poseidon;
pub mod schnorr;
pub mod state;
