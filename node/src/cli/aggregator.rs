// SPDX-License-Identifier: MIT OR Apache-2.0

use super::l1_key::L1Key;
use super::output::Output;
use super::prover::{beside_worker, engine};
use super::sync::stop_signal;
use crate::agent::{self, ForkDryRun};
use crate::aggregator::{Aggregator, AggregatorOptions, Event, Journal, Outcome, Parts, RangeEvent, Timings};
use crate::config::Settings;
use crate::l1::L1Client;
use crate::proving::ProvingOptions;
use crate::units::{Gwei, Tokens};
use alloy::primitives::U256;
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// Prove what is sequenced, and be paid for it if it is first
///
/// Anyone may. It needs an L1 account with ether for gas, and this machine's cores. A proof is verified natively and mined on a fork of
/// the chain (anvil) before gas is spent on it. Work on ranges that somebody else has proven is abandoned; a proof that reaches further is
/// sent all the same if its tail pays. Killed at any moment it loses the step under way. On exit it prints what it earned and paid.
#[derive(Args, Debug)]
pub(super) struct AggregatorArguments {
    #[command(flatten)]
    key: L1Key,
    #[command(flatten, next_help_heading = "Strategy")]
    options: AggregatorOptions,
    #[command(flatten, next_help_heading = "Proving")]
    proving: ProvingOptions,
    /// Print what was earned and paid so far, and exit
    #[arg(long)]
    report: bool,
}

/// What was earned and paid.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Earnings {
    strategy: &'static str,
    beneficiary: String,
    accepted: usize,
    reverted: usize,
    reward: Tokens,
    gas: u64,
    /// Gwei, rounded down.
    paid_for_gas: Gwei,
    fee_balance: Tokens,
}

impl fmt::Display for Earnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} aggregator for {}", self.strategy, self.beneficiary)?;
        writeln!(f, "  proofs accepted {}, reverted {}", self.accepted, self.reverted)?;
        writeln!(f, "  earned          {} tokens", self.reward)?;
        writeln!(f, "  gas             {} for {}", self.gas, self.paid_for_gas)?;
        write!(
            f,
            "  fee balance     {} tokens (poe wallet fees withdraw)",
            self.fee_balance
        )
    }
}

impl AggregatorArguments {
    pub(super) async fn run(self, settings: &Settings, output: Output) -> Result<()> {
        if self.report {
            return self.print_report(settings, output).await;
        }
        let (deployment, follower) = settings.open("aggregator", None).await?;
        let signer = self.key.signer(deployment.chain_id)?;
        let beneficiary = self.options.beneficiary.unwrap_or(signer.address());
        let journal = Journal::open(&settings.data_directory(&deployment, "aggregator")?)?;
        let strategy = self.options.strategy();
        let name = strategy.name();
        let core = follower.client().core();
        let (opened, proofs) = engine(&self.proving, self.options.shared_queue, follower.client()).await?;
        let timings = Timings::default();
        let parts = Parts {
            agent: agent::Parts {
                follower,
                signer,
                chain_id: deployment.chain_id,
                beneficiary,
                proofs,
                dry_run: ForkDryRun {
                    program: self.options.anvil.clone(),
                    rpc: settings.rpc.clone(),
                },
                journal,
                resend_after: self.options.resend_after,
                max_gas_price: Some(self.options.max_gas_price()),
                report: Arc::new(log),
            },
            strategy,
            prices: self.options.prices(),
            timings: timings.clone(),
        };
        tracing::info!(strategy = name, %beneficiary, contract = %deployment.contracts.proof_of_efficiency, "aggregating");
        let mut aggregator = Aggregator::new(parts);
        let running = aggregator.run(settings.poll, stop_signal());
        beside_worker(&opened, timings, self.options.no_worker, running).await?;
        output.print(&earnings(name, beneficiary, aggregator.agent().journal().outcomes(), &core).await?)
    }

    /// From the journal alone, so that it can be asked for while the aggregator runs.
    async fn print_report(&self, settings: &Settings, output: Output) -> Result<()> {
        let deployment = settings.read_deployment().await?;
        let beneficiary = match self.options.beneficiary {
            Some(beneficiary) => beneficiary,
            None => self.key.signer(deployment.chain_id)?.address(),
        };
        let journal = Journal::open(&settings.data_directory(&deployment, "aggregator")?)?;
        let client = L1Client::connect(&settings.rpc, deployment.chain_id, deployment.contracts.clone()).await?;
        let name = self.options.strategy().name();
        output.print(&earnings(name, beneficiary, journal.outcomes(), &client.core()).await?)
    }
}

async fn earnings(
    strategy: &'static str,
    beneficiary: alloy::primitives::Address,
    outcomes: &[Outcome],
    core: &poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::ProofOfEfficiencyInstance<
        alloy::providers::DynProvider,
    >,
) -> Result<Earnings> {
    let accepted = outcomes.iter().filter(|outcome| outcome.accepted).count();
    let wei: u128 = outcomes.iter().map(|outcome| outcome.cost).sum();
    Ok(Earnings {
        strategy,
        beneficiary: beneficiary.to_string(),
        accepted,
        reverted: outcomes.len() - accepted,
        reward: Tokens(outcomes.iter().map(|outcome| outcome.reward).sum()),
        gas: outcomes.iter().map(|outcome| outcome.gas).sum(),
        paid_for_gas: Gwei::of_wei(U256::from(wei)),
        fee_balance: Tokens(core.feeBalanceOf(beneficiary).call().await?.saturating_to()),
    })
}

fn log(event: &Event) {
    match event {
        Event::Own(event) => log_range(event),
        Event::Proving { last, missing } => tracing::info!(up_to = last, missing, "proving"),
        Event::Abandoned { last, why } => tracing::info!(up_to = last, %why, "abandoned"),
        Event::Declined { step, why } => tracing::info!(up_to = step, %why, "not sent; the proof is kept"),
        Event::WaitsForGas { step, doing, why } => tracing::warn!(up_to = step, doing, %why, "waiting for gas"),
        Event::Sent { step, transaction } => tracing::info!(up_to = step, %transaction, "sent"),
        Event::Cancelled { step, why } => {
            tracing::info!(up_to = step, %why, "its nonce is taken by another transaction");
        }
        Event::Forgotten { step, why } => tracing::info!(up_to = step, %why, "not looked after any more"),
        Event::OtherCircuits { route, why } => {
            tracing::warn!(route, %why, "its verifier does not take what is proven here");
        }
        Event::Settled(outcome) if outcome.accepted => {
            tracing::info!(up_to = outcome.last, gas = outcome.gas, reward = %Tokens(outcome.reward), "accepted on L1");
        }
        Event::Settled(outcome) => tracing::warn!(up_to = outcome.last, gas = outcome.gas, "reverted on L1"),
        Event::Failed { job, why } => {
            tracing::warn!(job = job.work.name(), %why, "a job failed; it is tried again later");
        }
    }
}

fn log_range(event: &RangeEvent) {
    match event {
        RangeEvent::Chosen { goal, reward } => {
            let reward = Tokens(*reward);
            tracing::info!(after = goal.init, up_to = goal.last, %reward, "proving a range");
        }
        RangeEvent::Overlapped { goal, verified, kept } => {
            tracing::info!(
                up_to = goal.last,
                verified,
                kept,
                "somebody else has proven the beginning of the range"
            );
        }
        RangeEvent::Rehearsed { last, gas, reward } => {
            tracing::info!(up_to = last, gas, reward = %Tokens(*reward), "accepted on a fork");
        }
    }
}
