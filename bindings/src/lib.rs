// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod batch_fee;
pub mod contracts;
mod convert;
pub mod deployment;
pub mod error;
pub mod event;
pub mod formats;
pub mod preimages;
pub mod sequencing;
pub mod watch;

pub use deployment::Deployment;
pub use error::ContractError;
pub use event::Event;
pub use poe_rollup;
pub use preimages::Preimages;
