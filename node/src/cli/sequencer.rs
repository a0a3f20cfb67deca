// SPDX-License-Identifier: MIT OR Apache-2.0

use super::l1_key::L1Key;
use super::output::Output;
use super::sync::stop_signal;
use crate::config::Settings;
use crate::sequencer::rpc::{RpcServer, ServerLimits};
use crate::sequencer::{Policy, PoolLimits, PostingLimits, Report, Sequencer, SequencerConfig, SequencerError};
use crate::units::{Gwei, Tokens};
use anyhow::Result;
use clap::Args;
use poe_bindings::sequencing::MAX_BATCHES_PER_SEQUENCE;
use serde::Serialize;
use std::fmt;
use std::time::Duration;
use tokio::sync::watch;

/// Take transfers from users over JSON-RPC and post them to L1 in batches
///
/// Anyone may. It needs an L1 account of its own with ether for gas and a fee balance (poe wallet fees deposit), and a
/// registered L2 account that earns the fees (poe wallet register). What was acknowledged is on disk: it survives kill -9, and comes
/// back when L1 takes a block back. On exit it prints what it earned and paid.
#[derive(Args, Debug)]
pub(super) struct SequencerArguments {
    #[command(flatten)]
    key: L1Key,
    /// Registered L2 account that earns the fees
    #[arg(long, env = "POE_FEE_RECIPIENT", value_name = "INDEX")]
    fee_recipient: u32,
    /// Address of the JSON-RPC server
    #[arg(long, env = "POE_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8645")]
    listen: String,
    /// Print what was earned and paid so far, and exit
    #[arg(long)]
    report: bool,
    /// Write a line of JSON to stdout for each sequence of this sequencer
    #[arg(long)]
    report_lines: bool,
    #[command(flatten)]
    pool: Pool,
    #[command(flatten)]
    batching: Batching,
    #[command(flatten)]
    posting: Posting,
    #[command(flatten)]
    server: Server,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Pool")]
struct Pool {
    /// Lowest fee of a slot
    #[arg(long, default_value = "1gwei")]
    min_fee: Gwei,
    /// Most slots that wait in the pool
    #[arg(long, value_name = "SLOTS", default_value_t = PoolLimits::default().slots)]
    pool_slots: usize,
    /// Most slots of one account
    #[arg(long, value_name = "SLOTS", default_value_t = PoolLimits::default().account_slots)]
    account_slots: usize,
    /// Seconds a slot may wait before it is dropped
    #[arg(long, value_name = "SECONDS", default_value_t = PoolLimits::default().expiry.as_secs())]
    expiry: u64,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Batching")]
struct Batching {
    /// Seconds the oldest slot or message may wait until it is posted, at a loss if need be
    #[arg(long, value_name = "SECONDS", default_value_t = Policy::default().max_age.as_secs())]
    max_age: u64,
    /// Post at once when so many percent of a batch are full, at a loss if need be; above 100: never
    #[arg(long, value_name = "PERCENT", default_value_t = Policy::default().full_percent)]
    full: u32,
    /// Post at once when fees exceed costs by so many percent
    #[arg(long, value_name = "PERCENT", default_value_t = Policy::default().margin_percent)]
    margin: u32,
    /// What a whole fee token is worth in ether
    #[arg(long, value_name = "AMOUNT", default_value = "100000gwei")]
    token_price: Gwei,
    /// How full batches are expected to be, for the estimate of fees
    #[arg(long, value_name = "PERCENT", default_value_t = Policy::default().expected_percent)]
    expected_fullness: u32,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Posting")]
struct Posting {
    /// Most batches in one call
    #[arg(long, value_name = "BATCHES", default_value_t = PostingLimits::default().max_batches, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_BATCHES_PER_SEQUENCE)))]
    max_batches: u32,
    /// Most to pay for a batch, in tokens
    #[arg(long, value_name = "TOKENS", default_value = "100")]
    max_batch_fee: Tokens,
    /// Percent the batch fee may rise until a call is mined
    #[arg(long, value_name = "PERCENT", default_value_t = PostingLimits::default().fee_headroom)]
    fee_headroom: u32,
    /// Seconds a call may take to be mined
    #[arg(long, value_name = "SECONDS", default_value_t = PostingLimits::default().deadline.as_secs())]
    deadline: u64,
    /// Highest price of gas, in gwei
    #[arg(long, value_name = "GWEI", default_value_t = 200)]
    max_gas_price: u64,
    /// Seconds after which a transaction that is not mined is sent again with a higher price of gas
    #[arg(long, value_name = "SECONDS", default_value_t = PostingLimits::default().resubmit_after.as_secs())]
    resubmit_after: u64,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Server")]
struct Server {
    /// Most connections at once
    #[arg(long, default_value_t = ServerLimits::default().connections)]
    max_connections: usize,
    /// Most requests worked on at once
    #[arg(long, value_name = "REQUESTS", default_value_t = ServerLimits::default().work)]
    max_work: usize,
    /// Longest body of a request, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = ServerLimits::default().body)]
    max_body: usize,
}

/// What a sequencer that has started says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    url: String,
    fee_recipient: u32,
    sequencer: String,
    chain_id: u64,
    contract: String,
}

impl fmt::Display for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sequencer {} for account {}", self.sequencer, self.fee_recipient)?;
        writeln!(f, "contract {} on chain {}", self.contract, self.chain_id)?;
        write!(f, "users: poe wallet --sequencer {} transfer ...", self.url)
    }
}

impl SequencerArguments {
    fn config(&self) -> SequencerConfig {
        let (pool, batching, posting) = (&self.pool, &self.batching, &self.posting);
        SequencerConfig {
            fee_recipient: self.fee_recipient,
            pool: PoolLimits {
                min_fee: pool.min_fee.0,
                slots: pool.pool_slots,
                account_slots: pool.account_slots,
                expiry: Duration::from_secs(pool.expiry),
                ..PoolLimits::default()
            },
            policy: Policy {
                max_age: Duration::from_secs(batching.max_age),
                full_percent: batching.full,
                margin_percent: batching.margin,
                token_gwei: batching.token_price.0,
                expected_percent: batching.expected_fullness,
            },
            posting: PostingLimits {
                max_batches: posting.max_batches,
                max_batch_fee: posting.max_batch_fee.0,
                fee_headroom: posting.fee_headroom,
                deadline: Duration::from_secs(posting.deadline),
                max_gas_price: u128::from(posting.max_gas_price) * 1_000_000_000,
                resubmit_after: Duration::from_secs(posting.resubmit_after),
            },
        }
    }

    pub(super) async fn run(self, settings: &Settings, output: Output) -> Result<()> {
        let (deployment, follower) = settings.open("sequencer", None).await?;
        let signer = self.key.signer(deployment.chain_id)?;
        let address = signer.address();
        let mut sequencer = Sequencer::open(follower, signer, self.config()).await?;
        if self.report {
            return output.print(&sequencer.report()?);
        }
        let service = sequencer.service();
        let limits = ServerLimits {
            connections: self.server.max_connections,
            body: self.server.max_body,
            work: self.server.max_work,
            ..ServerLimits::default()
        };
        let server = RpcServer::bind(&self.listen, service, limits).await?;
        output.print(&Started {
            url: server.url(),
            fee_recipient: self.fee_recipient,
            sequencer: address.to_string(),
            chain_id: deployment.chain_id,
            contract: deployment.contracts.proof_of_efficiency.to_string(),
        })?;
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(server.run(until(stopped.clone())));
        let lines = self
            .report_lines
            .then(|| tokio::spawn(report_lines(sequencer.service(), settings.poll, stopped)));
        let ended = sequencer.run(settings.poll, stop_signal()).await;
        let _ = stop.send(true);
        let _ = serving.await;
        if let Some(lines) = lines {
            let _ = lines.await;
        }
        match sequencer.report() {
            Ok(report) => output.print(&report)?,
            // Why it ended comes first: a disk that has failed may not be read either.
            Err(error) => {
                ended?;
                return Err(error.into());
            }
        }
        Ok(ended?)
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is the end too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// A line of JSON for each sequence, once it is in the virtual state.
async fn report_lines(
    service: std::sync::Arc<crate::sequencer::Service>,
    interval: Duration,
    stopped: watch::Receiver<bool>,
) -> Result<(), SequencerError> {
    let stop = until(stopped);
    tokio::pin!(stop);
    let mut last = service
        .report()?
        .sequences
        .last()
        .map_or(0, |sequence| sequence.sequence);
    loop {
        let ended = tokio::select! {
            () = &mut stop => true,
            () = tokio::time::sleep(interval) => false,
        };
        let Report { sequences, .. } = service.report()?;
        for sequence in sequences.iter().filter(|sequence| sequence.sequence > last) {
            if let Ok(line) = serde_json::to_string(sequence) {
                println!("{line}");
            }
        }
        last = sequences.last().map_or(last, |sequence| last.max(sequence.sequence));
        if ended {
            return Ok(());
        }
    }
}
