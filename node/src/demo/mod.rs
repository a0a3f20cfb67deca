// SPDX-License-Identifier: MIT OR Apache-2.0
//! The protocol from end to end on a private chain of this machine: real contracts, real proofs, real rejections.

mod actors;
mod books;
mod chain;
mod desks;
mod pay;
mod players;
mod screen;
mod story;
mod workshop;

use alloy::signers::local::PrivateKeySigner;
use anyhow::Result;
use std::path::PathBuf;

pub use story::Summary;

/// How to run the demonstration.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// One sequencer, two aggregators, one proof on L1.
    pub quick: bool,
    /// The repository: forge deploys its contracts.
    pub root: PathBuf,
    /// Folder of circuits, keys and the development setup.
    pub cache: PathBuf,
    /// Print for machines: no bars.
    pub plain: bool,
    /// Ten keys that have ether on the private chain.
    pub keys: Vec<PrivateKeySigner>,
}

/// Runs the demonstration; fails if any balance is not what the books say, to the wei.
///
/// # Errors
///
/// If a tool is missing, a step does not work, or a check fails.
pub async fn run(options: &DemoOptions) -> Result<Summary> {
    story::run(options).await
}
