// SPDX-License-Identifier: MIT OR Apache-2.0
//! What sequencing earned and cost.

use super::error::SequencerError;
use super::records::Landed;
use crate::store::View;
use crate::units::{Gwei, Tokens};
use serde::Serialize;
use std::fmt;

/// One sequence of this sequencer. The accounts are in two coins: fees and gas in ether, batch fees in the fee token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SequenceReport {
    /// Its number.
    pub sequence: u64,
    /// The L1 transaction.
    pub transaction: String,
    /// Its batches.
    pub batches: Vec<BatchReport>,
    /// What the fee recipient earned, in gwei.
    pub earned: Gwei,
    /// Batch fees.
    pub batch_fee: Tokens,
    /// Gas.
    pub gas_used: u64,
    /// What the gas cost, in gwei, rounded up.
    pub gas_cost: Gwei,
}

/// One batch, after its execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchReport {
    /// Its number.
    pub batch: u64,
    /// Slots posted.
    pub slots: u32,
    /// Slots that took effect.
    pub applied: u32,
    /// Fees of slots, in gwei.
    pub slot_fees: Gwei,
    /// Fees of messages, in gwei.
    pub message_fees: Gwei,
}

/// All sequences of this sequencer that stand on L1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The sequences, oldest first.
    pub sequences: Vec<SequenceReport>,
    /// Fees earned, in gwei.
    pub earned: Gwei,
    /// Gas paid, in gwei, that of transactions which reverted or only used up a nonce included.
    pub gas_cost: Gwei,
    /// Batch fees paid.
    pub batch_fees: Tokens,
    /// Transactions that made no sequence.
    pub failed: u64,
    /// What batch fees are worth, in gwei, at the price of the token that the operator named.
    pub batch_fees_worth: Gwei,
    /// Earned less gas and batch fees, in gwei; negative for a loss.
    pub profit: i128,
}

impl Report {
    pub(super) fn new(view: &View, costs: &[Landed], token_gwei: u64) -> Result<Self, SequencerError> {
        let mut report = Self::default();
        for landed in costs {
            let gas_cost = gwei(landed.gas_cost());
            report.gas_cost.0 += gas_cost;
            match SequenceReport::new(view, landed, gas_cost)? {
                Some(sequence) => {
                    report.earned.0 += sequence.earned.0;
                    report.batch_fees.0 += sequence.batch_fee.0;
                    report.sequences.push(sequence);
                }
                None => report.failed += 1,
            }
        }
        let worth = report.batch_fees.0.saturating_mul(token_gwei.into()) / 10u128.pow(18);
        report.batch_fees_worth = Gwei(u64::try_from(worth).unwrap_or(u64::MAX));
        let paid = i128::from(report.gas_cost.0) + i128::from(report.batch_fees_worth.0);
        report.profit = i128::from(report.earned.0) - paid;
        Ok(report)
    }
}

impl SequenceReport {
    fn new(view: &View, landed: &Landed, gas_cost: u64) -> Result<Option<Self>, SequencerError> {
        let Some(number) = landed.sequence else { return Ok(None) };
        let record = view
            .sequence(number)?
            .filter(|record| record.transaction == landed.hash);
        let Some(record) = record else { return Ok(None) };
        let mut batches = Vec::new();
        for batch in record.first_batch..=record.last_batch() {
            let Some(batch) = view.batch(batch)? else { continue };
            batches.push(BatchReport {
                batch: batch.number,
                slots: batch.slots,
                applied: batch.applied,
                slot_fees: Gwei(batch.slot_fees),
                message_fees: Gwei(batch.message_fees),
            });
        }
        Ok(Some(Self {
            sequence: number,
            transaction: format!("0x{}", hex::encode(landed.hash)),
            earned: Gwei(
                batches
                    .iter()
                    .map(|batch| batch.slot_fees.0 + batch.message_fees.0)
                    .sum(),
            ),
            batches,
            batch_fee: Tokens(record.rest.fee),
            gas_used: landed.gas_used,
            gas_cost: Gwei(gas_cost),
        }))
    }
}

fn gwei(wei: u128) -> u64 {
    u64::try_from(wei.div_ceil(1_000_000_000)).unwrap_or(u64::MAX)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "sequence   batches  slots    applied  earned               gas                  batch fee (tokens)"
        )?;
        for s in &self.sequences {
            let slots: u32 = s.batches.iter().map(|batch| batch.slots).sum();
            let applied: u32 = s.batches.iter().map(|batch| batch.applied).sum();
            let batches = s.batches.len();
            write!(f, "{:<10} {batches:<8} {slots:<8} {applied:<8} ", s.sequence)?;
            writeln!(f, "{:<20} {:<20} {}", s.earned, s.gas_cost, s.batch_fee)?;
        }
        let (earned, gas, fees, worth) = (self.earned, self.gas_cost, self.batch_fees, self.batch_fees_worth);
        writeln!(
            f,
            "earned {earned}, paid {gas} for gas and {fees} tokens (worth {worth}) for batches"
        )?;
        write!(
            f,
            "{} gwei {}",
            self.profit.abs(),
            if self.profit < 0 { "of loss" } else { "of profit" }
        )?;
        if self.failed > 0 {
            write!(f, "; {} transactions made no sequence", self.failed)
        } else {
            Ok(())
        }
    }
}
