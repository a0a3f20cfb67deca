// SPDX-License-Identifier: MIT OR Apache-2.0

use super::l1_key::L1Key;
use super::output::Output;
use super::prover::{beside_worker, engine};
use super::sync::{end_with, stop_signal, sync_despite_dispute};
use crate::agent::{self, AgentError, ForkDryRun, anvil};
use crate::aggregator::Timings;
use crate::chain::Status;
use crate::config::Settings;
use crate::proving::ProvingOptions;
use crate::proving::queue::QueueUrl;
use crate::store::View;
use crate::units::Gwei;
use crate::watcher::{
    ContestEvent, Event, Findings, Journal, Obstacle, Outcome, Parts, REWIND_PIECE, Step, Untrue, Watcher,
};
use alloy::primitives::{Address, U256};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Watch what is proven, and halt the chain with a proof if something false is
///
/// Executes every batch and compares every checkpoint with the result. If L1 has accepted a proof of something that the batches do
/// not lead to, it proves what they do lead to, halts the chain with that (haltOnConflict), and takes the state back (rewind). Anyone may,
/// and nobody is paid for it: it needs an L1 account with ether for gas, and a machine that can prove within the exit delay. Killed at any
/// moment it goes on where it was. It ends with exit code 6 when a false checkpoint stands that nothing takes back any more. By default it
/// keeps jobs and proofs in its data directory, apart from those of an aggregator on this machine, and removes there what has matured;
/// where --queue or --proofs is given it removes nothing.
#[derive(Args, Debug)]
pub(super) struct WatchArguments {
    #[command(flatten)]
    key: L1Key,
    /// Do what there is to do, and exit
    #[arg(long)]
    once: bool,
    /// Say what would be proven and sent, and exit; needs no key. Exit code 6 if a false checkpoint stands
    #[arg(long)]
    dry_run: bool,
    /// Account that proofs are made for; a conflict pays nobody [default: the account that pays for gas]
    #[arg(long, value_name = "ADDRESS")]
    beneficiary: Option<Address>,
    /// Highest price of gas to offer, in gwei [default: none, since a false checkpoint costs more]
    #[arg(long, value_name = "GWEI")]
    max_gas_price: Option<u64>,
    /// Seconds after which a transaction that is not mined is sent with a higher fee
    #[arg(long, value_name = "SECONDS", default_value_t = 36)]
    resend_after: u64,
    /// The program that forks the chain for dry runs
    #[arg(long, env = "POE_ANVIL", value_name = "PROGRAM", default_value = "anvil")]
    anvil: PathBuf,
    /// Others push jobs into the same queue: leave them alone, and remove no proofs
    #[arg(long)]
    shared_queue: bool,
    /// Leave proving to `poe worker` processes
    #[arg(long)]
    no_worker: bool,
    #[command(flatten, next_help_heading = "Proving")]
    proving: ProvingOptions,
}

/// How the chain stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Standing {
    status: Status,
    last_verified: u64,
}

/// What a watcher finds, and would do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Plan {
    #[serde(flatten)]
    standing: Standing,
    #[serde(rename = "false")]
    untrue: Vec<Contest>,
    /// The way back: the last checkpoint first, where it ends last.
    rewind: Vec<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Contest {
    checkpoint: u64,
    /// The checkpoint the true proof starts from.
    start: u64,
    first_batch: u64,
    last_batch: u64,
    route: u32,
    proven_state_root: String,
    true_state_root: String,
    /// When it matures, seconds of L1.
    matures_at: Option<u64>,
    /// Why it is not contested.
    obstacle: Option<&'static str>,
}

/// What a watcher has done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    #[serde(flatten)]
    standing: Standing,
    transactions: Vec<Outcome>,
    /// Gwei, rounded down.
    paid_for_gas: Gwei,
}

impl WatchArguments {
    pub(super) async fn run(mut self, settings: &Settings, output: Output) -> Result<()> {
        let (deployment, mut follower) = settings.open("watcher", None).await?;
        if self.dry_run {
            let dispute = sync_despite_dispute(&mut follower).await?;
            let now = follower.client().latest().await?.timestamp;
            output.print(&Plan::new(&follower.view()?, now)?)?;
            return end_with(dispute);
        }
        let signer = self.key.signer(deployment.chain_id)?;
        let beneficiary = self.beneficiary.unwrap_or(signer.address());
        // An emergency is no time to find out.
        anvil::require(&self.anvil).map_err(AgentError::from)?;
        let folder = settings.data_directory(&deployment, "watcher")?;
        let shared = self.keep_apart(&folder);
        let journal = Journal::open(&folder)?;
        let (opened, proofs) = engine(&self.proving, shared, follower.client()).await?;
        tracing::info!(account = %signer.address(), contract = %deployment.contracts.proof_of_efficiency, "watching");
        let mut watcher = Watcher::new(Parts {
            agent: agent::Parts {
                follower,
                signer,
                chain_id: deployment.chain_id,
                beneficiary,
                proofs,
                dry_run: ForkDryRun {
                    program: self.anvil.clone(),
                    rpc: settings.rpc.clone(),
                },
                journal,
                resend_after: self.resend_after,
                max_gas_price: self.max_gas_price.map(|gwei| u128::from(gwei) * 1_000_000_000),
                report: Arc::new(log),
            },
            rewind_piece: REWIND_PIECE,
        });
        let running = watcher.run(settings.poll, self.once, stop_signal());
        beside_worker(&opened, Timings::default(), self.no_worker, running).await?;
        let agent = watcher.agent();
        output.print(&Done::new(&agent.view()?, agent.journal().outcomes()))
    }

    /// An aggregator with the same queue and folder would take out the jobs, and remove the proofs, that it does not need. Whether this
    /// watcher has to leave those of others alone: where a queue or folder is named, whose else it is cannot be known.
    fn keep_apart(&mut self, folder: &Path) -> bool {
        let proving = &mut self.proving;
        let named = proving.queue.is_some() || proving.proofs.is_some();
        proving
            .queue
            .get_or_insert_with(|| QueueUrl::Sqlite(folder.join("jobs.db")));
        proving.proofs.get_or_insert_with(|| folder.join("proofs"));
        self.shared_queue || named
    }
}

impl Standing {
    const fn of(view: &View) -> Self {
        Self {
            status: view.chain().status,
            last_verified: view.chain().last_verified,
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = format!("{:?}", self.status).to_lowercase();
        let last = self.last_verified;
        write!(f, "the chain is {status}, its last checkpoint is {last}")
    }
}

impl Plan {
    fn new(view: &View, now: u64) -> Result<Self> {
        let findings = Findings::of(view, now)?;
        let untrue = findings.untrue.iter().map(|untrue| Contest::new(view, untrue));
        Ok(Self {
            standing: Standing::of(view),
            untrue: untrue.collect::<Result<_>>()?,
            rewind: findings.rewind,
        })
    }
}

impl Contest {
    fn new(view: &View, untrue: &Untrue) -> Result<Self> {
        let checkpoint = &untrue.checkpoint;
        Ok(Self {
            checkpoint: checkpoint.number,
            start: checkpoint.tail.previous,
            first_batch: view.last_batch_of(checkpoint.tail.previous)? + 1,
            last_batch: checkpoint.tail.sequence.cumulative_batches,
            route: checkpoint.tail.proven_by,
            proven_state_root: format!("0x{}", hex::encode(checkpoint.state_root)),
            true_state_root: format!("0x{}", hex::encode(untrue.computed.state_root)),
            matures_at: view.matures_at(checkpoint),
            obstacle: untrue.obstacle.map(Obstacle::reason),
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.standing.fmt(f)?;
        if self.untrue.is_empty() {
            write!(
                f,
                "\nevery checkpoint that could be contested is what its batches lead to"
            )?;
        }
        for contest in &self.untrue {
            let Contest {
                checkpoint,
                start,
                first_batch,
                last_batch,
                route,
                ..
            } = contest;
            write!(
                f,
                "\ncheckpoint {checkpoint} is FALSE: route {route} accepted state root {}, its batches lead to {}",
                contest.proven_state_root, contest.true_state_root
            )?;
            match contest.obstacle {
                Some(obstacle) => write!(f, "\n  it is not contested: {obstacle}")?,
                None => write!(
                    f,
                    "\n  would prove batches {first_batch} to {last_batch}, and send haltOnConflict({checkpoint}), from checkpoint {start}, then rewind"
                )?,
            }
        }
        if let (Some(from), Some(to)) = (self.rewind.first(), self.rewind.last()) {
            let pieces = (self.rewind.len() - 1).div_ceil(REWIND_PIECE - 1);
            write!(
                f,
                "\nwould rewind from checkpoint {from} to {to}, in {pieces} transactions"
            )?;
        }
        Ok(())
    }
}

impl Done {
    fn new(view: &View, outcomes: &[Outcome]) -> Self {
        let wei: u128 = outcomes.iter().map(|outcome| outcome.cost).sum();
        Self {
            standing: Standing::of(view),
            transactions: outcomes.to_vec(),
            paid_for_gas: Gwei::of_wei(U256::from(wei)),
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.standing.fmt(f)?;
        for outcome in &self.transactions {
            let accepted = if outcome.accepted { "accepted" } else { "not accepted" };
            write!(
                f,
                "\n  {} {accepted}, {} gas, {}",
                outcome.step, outcome.gas, outcome.transaction
            )?;
        }
        write!(f, "\n  paid {} for gas", self.paid_for_gas)
    }
}

fn log(event: &Event) {
    match event {
        Event::Own(event) => log_contest(event),
        Event::Proving { last, missing } => tracing::info!(checkpoint = last, missing, "proving"),
        Event::Abandoned { last, why } => tracing::info!(checkpoint = last, %why, "not contested any more"),
        Event::Declined { step, why } => tracing::warn!(%step, %why, "not sent"),
        Event::WaitsForGas { step, doing, why } => tracing::warn!(%step, doing, %why, "waiting for gas"),
        Event::Sent { step, transaction } => tracing::warn!(%step, %transaction, "sent"),
        Event::Cancelled { step, why } => {
            tracing::info!(%step, %why, "its nonce is taken by another transaction");
        }
        Event::Forgotten { step, why } => tracing::warn!(%step, %why, "not looked after any more"),
        Event::Settled(outcome) => settled(outcome),
        Event::OtherCircuits { route, why } => {
            tracing::error!(route, %why, "its verifier does not take what is proven here: somebody else must contest");
        }
        Event::Failed { job, why } => {
            tracing::warn!(job = job.work.name(), %why, "a job failed; it is tried again later");
        }
    }
}

fn log_contest(event: &ContestEvent) {
    match event {
        ContestEvent::Found(untrue) => found(untrue),
        ContestEvent::Chosen(goal) => {
            let (start, end) = (goal.init, goal.last);
            let (first_batch, last_batch) = (goal.first_batch, goal.last_batch);
            tracing::warn!(start, end, first_batch, last_batch, "proving the true result");
        }
        ContestEvent::Rehearsed { step, gas } => tracing::info!(%step, gas, "accepted on a fork"),
        ContestEvent::Rewound { last_verified } => tracing::warn!(
            last_verified,
            "the chain is halted and rewound; its owner must freeze the route that was wrong, and resume"
        ),
    }
}

fn found(untrue: &Untrue) {
    let checkpoint = &untrue.checkpoint;
    let obstacle = untrue.obstacle.map_or("", Obstacle::reason);
    tracing::error!(
        checkpoint = checkpoint.number,
        route = checkpoint.tail.proven_by,
        proven = %hex::encode(checkpoint.state_root),
        computed = %hex::encode(untrue.computed.state_root),
        obstacle,
        "PROVEN STATE IS WRONG"
    );
}

fn settled(outcome: &Outcome) {
    let Outcome {
        step, transaction, gas, ..
    } = outcome;
    match (outcome.accepted, step) {
        (true, Step::Halt { .. }) => tracing::warn!(%step, %transaction, gas, "the chain is halted"),
        (true, Step::Rewind { .. }) => tracing::warn!(%step, %transaction, gas, "taken back"),
        (false, _) => tracing::warn!(%step, %transaction, gas, "mined without effect"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        watch: WatchArguments,
    }

    // REQ C12
    #[test]
    fn only_what_is_surely_its_own_is_not_shared() {
        let shared = |more: &[&str]| {
            let line = ["watch", "--dev-key", "0", "--insecure-dev-srs"];
            let mut watch = Line::parse_from(line.iter().chain(more)).watch;
            watch.keep_apart(Path::new("own"))
        };
        assert!(!shared(&[]));
        for more in [
            &["--shared-queue"][..],
            &["--proofs", "others/proofs"],
            &["--queue", "sqlite:others/jobs.db"],
            &["--proofs", "others/proofs", "--queue", "sqlite:others/jobs.db"],
        ] {
            assert!(shared(more), "{more:?}");
        }
    }
}
