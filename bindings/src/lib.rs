// SPDX-License-Identifier: MIT OR Apache-2.0
//! Typed access to the contracts of Proof of Efficiency, for alloy.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod contracts;
