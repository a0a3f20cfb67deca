// SPDX-License-Identifier: MIT OR Apache-2.0

use super::output::Output;
use super::sync::{end_with, sync_despite_dispute};
use crate::chain::{CheckpointRecord, SequenceRecord, Status};
use crate::config::Settings;
use crate::l1::Overview;
use crate::store::View;
use crate::units::{Tokens, ago, short};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::fmt;

/// Show on one screen what is sequenced, proven and pending, what it pays, and who won
#[derive(Args, Debug)]
pub(super) struct StatusArguments {
    /// Sequences and proofs to list
    #[arg(long, default_value_t = 8)]
    limit: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    chain: String,
    contract: String,
    block: u64,
    time: u64,
    status: Status,
    insecure: bool,
    disputed: Option<u64>,
    sequences: u64,
    batches: u64,
    proven: u64,
    pending_batches: u64,
    late: bool,
    oldest_pending_seconds: u64,
    next_batch_fee: Tokens,
    backlog_reward: Tokens,
    backlog_tips: Tokens,
    waiting_messages: u64,
    next_message_fee_gwei: u64,
    accounts: u64,
    version: u32,
    rewind_needed: bool,
    pending: Vec<Pending>,
    proofs: Vec<Proof>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Pending {
    sequence: u64,
    batches: u64,
    payer: String,
    age: u64,
    fee: Tokens,
    reward_up_to_here: Tokens,
    tips: Tokens,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    first: u64,
    last: u64,
    batches: u64,
    winner: String,
    reward: Tokens,
    age: u64,
    matures_in: Option<u64>,
}

impl StatusArguments {
    pub(super) async fn run(self, settings: &Settings, output: Output) -> Result<()> {
        let (deployment, mut follower) = settings.open("status", None).await?;
        let dispute = sync_despite_dispute(&mut follower).await?;
        let overview = follower.client().overview().await?;
        let view = follower.view()?;
        let mut report = Report::new(&view, &overview, self.limit)?;
        report.chain = deployment.name.clone();
        report.insecure = deployment.insecure_setup || deployment.mock_verifier;
        output.print(&report)?;
        end_with(dispute)
    }
}

impl Report {
    fn new(view: &View, overview: &Overview, limit: usize) -> Result<Self> {
        let (block, record) = view.tip()?;
        let time = record.map_or(0, |record| record.timestamp);
        let chain = view.chain();
        let all_pending = view.pending_sequences()?;
        let mut tips = 0u128;
        for sequence in &all_pending {
            tips = tips.saturating_add(view.tips(sequence.number)?);
        }
        let pending = all_pending
            .iter()
            .take(limit)
            .map(|sequence| Pending::new(view, sequence, time));
        let proofs = view.checkpoints(limit)?;
        Ok(Self {
            chain: String::new(),
            contract: format!("0x{}", hex::encode(view.identity().contract)),
            block,
            time,
            status: chain.status,
            insecure: false,
            disputed: view.disputed()?.map(|checkpoint| checkpoint.number),
            sequences: chain.last_sequence,
            batches: chain.batches,
            proven: chain.last_verified,
            pending_batches: chain.batches - view.last_batch_of(chain.last_verified)?,
            late: overview.late,
            oldest_pending_seconds: overview.oldestAge.saturating_to(),
            next_batch_fee: Tokens(overview.nextBatchFee.saturating_to()),
            backlog_reward: Tokens(overview.backlogReward.saturating_to()),
            backlog_tips: Tokens(tips),
            waiting_messages: overview.waitingMessages.saturating_to(),
            next_message_fee_gwei: overview.nextMessageFeeGwei.saturating_to(),
            accounts: overview.nextIndex.to::<u64>().saturating_sub(1),
            version: chain.version,
            rewind_needed: overview.rewindNeeded,
            pending: pending.collect::<Result<_>>()?,
            proofs: proofs
                .iter()
                .map(|proof| Proof::new(view, proof, time))
                .collect::<Result<_>>()?,
        })
    }
}

impl Pending {
    fn new(view: &View, sequence: &SequenceRecord, now: u64) -> Result<Self> {
        Ok(Self {
            sequence: sequence.number,
            batches: sequence.last_batch() + 1 - sequence.first_batch,
            payer: format!("0x{}", hex::encode(sequence.rest.payer)),
            age: now.saturating_sub(sequence.sequenced_at),
            fee: Tokens(sequence.rest.fee),
            reward_up_to_here: Tokens(view.reward(sequence)),
            tips: Tokens(view.tips(sequence.number)?),
        })
    }
}

impl Proof {
    fn new(view: &View, checkpoint: &CheckpointRecord, now: u64) -> Result<Self> {
        let before = view.last_batch_of(checkpoint.tail.previous)?;
        Ok(Self {
            first: checkpoint.tail.previous + 1,
            last: checkpoint.number,
            batches: checkpoint.tail.sequence.cumulative_batches - before,
            winner: format!("0x{}", hex::encode(checkpoint.tail.beneficiary)),
            reward: Tokens(checkpoint.reward),
            age: now.saturating_sub(checkpoint.verified_at),
            matures_in: view.matures_at(checkpoint).map(|at| at.saturating_sub(now)),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match (self.status, self.rewind_needed) {
            (Status::Running, _) => "running",
            (Status::Halted, true) => {
                "HALTED: two proofs contradict each other; the state must be rewound (poe watch --once)"
            }
            (Status::Halted, false) => "HALTED: rewound, waits for the owner to resume",
            (Status::Closed, _) => "CLOSED: accounts leave through the vault",
        };
        writeln!(
            f,
            "{} at {}, L1 block {}: {status}",
            self.chain, self.contract, self.block
        )?;
        if self.insecure {
            writeln!(
                f,
                "INSECURE: the verifier of this deployment is for development; proofs can be forged"
            )?;
        }
        if let Some(checkpoint) = self.disputed {
            writeln!(
                f,
                "DISPUTED: checkpoint {checkpoint} was proven to be what its batches do not lead to; trust nothing that rests on it"
            )?;
        }
        writeln!(f)?;
        let late = if self.late { ", LATE: the price rises" } else { "" };
        writeln!(f, "sequenced   {} sequences, {} batches", self.sequences, self.batches)?;
        writeln!(f, "proven      up to sequence {}", self.proven)?;
        let oldest = ago(self.oldest_pending_seconds);
        writeln!(
            f,
            "pending     {} batches, the oldest for {oldest}{late}",
            self.pending_batches
        )?;
        writeln!(
            f,
            "pays        {} tokens for proving all that is pending, and {} of tips",
            self.backlog_reward, self.backlog_tips
        )?;
        writeln!(f, "costs       {} tokens for the next batch", self.next_batch_fee)?;
        let (waiting, fee) = (self.waiting_messages, self.next_message_fee_gwei);
        writeln!(f, "messages    {waiting} waiting, the next costs {fee} gwei")?;
        write!(f, "accounts    {} registered; route {}", self.accounts, self.version)?;
        self.write_pending(f)?;
        self.write_proofs(f)
    }
}

impl Report {
    fn write_pending(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pending.is_empty() {
            return Ok(());
        }
        write!(
            f,
            "\n\npending    batches  by           for      fee           reward so far   tips"
        )?;
        for p in &self.pending {
            let (payer, age) = (short(&p.payer), ago(p.age));
            let (fee, reward, tips) = (p.fee.to_string(), p.reward_up_to_here.to_string(), &p.tips);
            write!(
                f,
                "\n{:<10} {:<8} {payer:<12} {age:<8} {fee:<13} {reward:<15} {tips}",
                p.sequence, p.batches
            )?;
        }
        let shown = self.pending.len() as u64;
        let all = self.sequences - self.proven;
        if shown < all {
            write!(f, "\n... and {} more", all - shown)
        } else {
            Ok(())
        }
    }

    fn write_proofs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.proofs.is_empty() {
            return Ok(());
        }
        write!(
            f,
            "\n\nproven     batches  won by       ago      reward        exits payable"
        )?;
        for p in &self.proofs {
            let range = format!("{}..{}", p.first, p.last);
            let (winner, age, reward) = (short(&p.winner), ago(p.age), p.reward.to_string());
            let exits = match p.matures_in {
                Some(0) => "now".to_owned(),
                Some(seconds) => format!("in {}", ago(seconds)),
                None => "not while halted".to_owned(),
            };
            write!(
                f,
                "\n{range:<10} {:<8} {winner:<12} {age:<8} {reward:<13} {exits}",
                p.batches
            )?;
        }
        Ok(())
    }
}
