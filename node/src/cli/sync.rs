// SPDX-License-Identifier: MIT OR Apache-2.0

use super::output::Output;
use super::progress;
use crate::config::Settings;
use crate::store::{Store, View};
use crate::sync::{Follower, Progress, SyncError, Tip};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::fmt;
use tokio::sync::watch;

/// Follow L1: execute every batch, keep both states, check what is proven
///
/// Rebuilds virtual and final state from L1 transactions and logs alone. Survives reorganisations and kill -9: it goes on from the
/// last whole block. On a terminal a bar tells how far it is, elsewhere the log. Stops with exit code 6 if L1 has accepted a proof of something that the batches do not lead to. With --json it
/// prints a line for every new head.
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
    #[serde(flatten)]
    state: State,
}

/// A new head.
#[derive(Debug, Serialize)]
struct NewHead {
    tip: u64,
    #[serde(flatten)]
    state: State,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct State {
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
        let (client, shown) = (follower.client().clone(), follower.store());
        if self.once {
            let sync = follower.sync_once();
            let progress = match progress::is_wanted(output.json) {
                true => progress::with_bar(client, &shown, sync).await?,
                false => sync.await?,
            };
            let state = State::new(&follower.view()?)?;
            return output.print(&Report { progress, state });
        }
        let (tips, store) = (follower.subscribe(), follower.store());
        let follow = follower.run(settings.poll, stop_signal());
        if progress::is_wanted(output.json) {
            return Ok(progress::with_bar(client, &shown, follow).await?);
        }
        if !output.json {
            return Ok(follow.await?);
        }
        tokio::select! {
            followed = follow => Ok(followed?),
            printed = print_heads(tips, &store, output) => printed,
        }
    }
}

async fn print_heads(mut tips: watch::Receiver<Option<Tip>>, store: &Store, output: Output) -> Result<()> {
    while tips.changed().await.is_ok() {
        let view = store.view()?;
        let (tip, state) = (view.tip()?.0, State::new(&view)?);
        output.print(&NewHead { tip, state })?;
    }
    Ok(())
}

/// Syncs. That a wrong state was proven is handed back, for what can be shown or done all the same.
pub(super) async fn sync_despite_dispute(follower: &mut Follower) -> Result<Option<SyncError>> {
    match follower.sync_once().await {
        Ok(_) => Ok(None),
        Err(error) if error.is_dispute() => Ok(Some(error)),
        Err(error) => Err(error.into()),
    }
}

/// Ends a command that has shown what there is to show.
pub(super) fn end_with(dispute: Option<SyncError>) -> Result<()> {
    dispute.map_or(Ok(()), |error| Err(error.into()))
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

impl State {
    fn new(view: &View) -> Result<Self> {
        let chain = view.chain();
        Ok(Self {
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
        let Progress { blocks, tip, .. } = self.progress;
        writeln!(f, "synced to L1 block {tip}: {blocks} blocks")?;
        self.state.fmt(f)
    }
}

impl fmt::Display for NewHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "L1 block {}", self.tip)?;
        self.state.fmt(f)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  sequences      {} ({} batches)", self.sequences, self.batches)?;
        writeln!(f, "  proven up to   {}", self.last_verified)?;
        writeln!(f, "  accumulator    {}", self.acc)?;
        writeln!(f, "  virtual root   {}", self.virtual_root)?;
        write!(f, "  final root     {}", self.final_root)
    }
}
