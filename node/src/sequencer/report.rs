// SPDX-License-Identifier: MIT OR Apache-2.0
//! What sequencing earned and cost.

use super::error::SequencerError;
use super::journal::Books;
use super::records::Landed;
use crate::store::View;
use crate::units::{Gwei, Tokens};
use serde::{Deserialize, Serialize};
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

/// What this sequencer earned and paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its newest sequences that stand on L1, oldest first.
    pub sequences: Vec<SequenceReport>,
    /// Sequences before those. The sums below include them.
    pub earlier: u64,
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

/// Sums over transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Totals {
    /// Gwei.
    pub(super) earned: u64,
    /// Gwei.
    pub(super) gas_cost: u64,
    /// Base units of the fee token.
    pub(super) batch_fees: u128,
    pub(super) sequences: u64,
    /// Transactions that made no sequence.
    pub(super) failed: u64,
}

impl Totals {
    /// What one transaction adds.
    pub(super) fn of(view: &View, landed: &Landed) -> Result<Self, SequencerError> {
        let sequence = SequenceReport::new(view, landed)?;
        Ok(Self::share(landed, sequence.as_ref()))
    }

    fn share(landed: &Landed, sequence: Option<&SequenceReport>) -> Self {
        Self {
            earned: sequence.map_or(0, |sequence| sequence.earned.0),
            gas_cost: gwei(landed.gas_cost()),
            batch_fees: sequence.map_or(0, |sequence| sequence.batch_fee.0),
            sequences: sequence.is_some().into(),
            failed: sequence.is_none().into(),
        }
    }

    pub(super) const fn add(&mut self, other: &Self) {
        self.earned = self.earned.saturating_add(other.earned);
        self.gas_cost = self.gas_cost.saturating_add(other.gas_cost);
        self.batch_fees = self.batch_fees.saturating_add(other.batch_fees);
        self.sequences = self.sequences.saturating_add(other.sequences);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

impl Report {
    pub(super) fn new(view: &View, books: &Books, token_gwei: u64) -> Result<Self, SequencerError> {
        let mut sequences = Vec::new();
        for landed in &books.settled {
            sequences.extend(SequenceReport::new(view, landed)?);
        }
        let listed = sequences.len() as u64;
        let mut totals = books.totals;
        for landed in &books.open {
            let sequence = SequenceReport::new(view, landed)?;
            totals.add(&Totals::share(landed, sequence.as_ref()));
            sequences.extend(sequence);
        }
        let worth = totals.batch_fees.saturating_mul(token_gwei.into()) / 10u128.pow(18);
        let worth = u64::try_from(worth).unwrap_or(u64::MAX);
        let paid = i128::from(totals.gas_cost) + i128::from(worth);
        Ok(Self {
            sequences,
            earlier: books.totals.sequences.saturating_sub(listed),
            earned: Gwei(totals.earned),
            gas_cost: Gwei(totals.gas_cost),
            batch_fees: Tokens(totals.batch_fees),
            failed: totals.failed,
            batch_fees_worth: Gwei(worth),
            profit: i128::from(totals.earned) - paid,
        })
    }
}

impl SequenceReport {
    fn new(view: &View, landed: &Landed) -> Result<Option<Self>, SequencerError> {
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
            gas_cost: Gwei(gwei(landed.gas_cost())),
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
        if self.earlier > 0 {
            writeln!(f, "{} earlier ones are left out of the list", self.earlier)?;
        }
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
