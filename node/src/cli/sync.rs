// SPDX-License-Identifier: MIT OR Apache-2.0

use super::output::Output;
use crate::config::Settings;
use crate::store::View;
use crate::sync::Progress;
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::fmt;

/// Follow L1: execute every batch, keep both states, check what is proven
///
/// Rebuilds virtual and final state from L1 transactions and logs alone. Survives reorganisations and kill -9: it goes on from the
/// last whole block. Stops with exit code 6 if L1 has accepted a proof of something that the batches do not lead to.
#[derive(Args, Debug)]
pub(super) struct SyncArguments {
    /// Stop at the newest block instead of waiting for more
    #[arg(long)]
    once: bool,
    /// First block to look at when the store is new [default: that of the addresses file]
    #[arg(long, value_name = "BLOCK")]
    from: Option<u64>,
}

/// What a sync led to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    #[serde(flatten)]
    progress: Progress,
    sequences: u64,
    batches: u64,
    last_verified: u64,
    acc: String,
    virtual_root: String,
    final_root: String,
}

impl SyncArguments {
    pub(super) async fn run(self, settings: &Settings, output: Output) -> Result<()> {
        let (deployment, mut follower) = settings.open("node", self.from).await?;
        tracing::info!(chain = %deployment.name, contract = %deployment.contracts.proof_of_efficiency, "following");
        if !self.once {
            return Ok(follower.run(settings.poll, stop_signal()).await?);
        }
        let progress = follower.sync_once().await?;
        output.print(&Report::new(progress, &follower.view()?)?)
    }
}

/// Completes when the process is asked to end.
pub(super) async fn stop_signal() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

impl Report {
    fn new(progress: Progress, view: &View) -> Result<Self> {
        let chain = view.chain();
        Ok(Self {
            progress,
            sequences: chain.last_sequence,
            batches: chain.batches,
            last_verified: chain.last_verified,
            acc: format!("0x{}", hex::encode(chain.head.acc)),
            virtual_root: format!("0x{}", hex::encode(chain.head.state_root().to_bytes())),
            final_root: format!("0x{}", hex::encode(view.final_head()?.state_root().to_bytes())),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "synced to L1 block {}: {} blocks",
            self.progress.tip, self.progress.blocks
        )?;
        writeln!(f, "  sequences      {} ({} batches)", self.sequences, self.batches)?;
        writeln!(f, "  proven up to   {}", self.last_verified)?;
        writeln!(f, "  accumulator    {}", self.acc)?;
        writeln!(f, "  virtual root   {}", self.virtual_root)?;
        write!(f, "  final root     {}", self.final_root)
    }
}
