// SPDX-License-Identifier: MIT OR Apache-2.0
//! The batch fee, to the wei what the contract charges (`docs/spec/batch-fee.md`, `contracts/libraries/BatchFee.sol`).
//!
//! A *log price* is `ln(price / minFee)` in units of 1e-12 nat. Amounts are in wei of the fee token, times in seconds.

use crate::contracts::ProofOfEfficiency::ProofOfEfficiencyInstance;
use alloy::eips::BlockId;
use alloy::network::Network;
use alloy::primitives::{I256, U256};
use alloy::providers::Provider;

/// Most batches one charge covers.
pub const MAX_BATCHES_PER_CHARGE: u64 = 1 << 24;

/// Log units are 1e-12, the exponential takes 1e-18.
const WAD_PER_LOG_UNIT: u64 = 1_000_000;
/// Wei in a gwei of the token, times the log units in a nat, over the 1e18 of the exponential.
const COST_SCALE: u64 = 1_000;
const GWEI: u64 = 1_000_000_000;

/// A quote the contract would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteError {
    /// More batches than one charge covers.
    #[error("{batches} batches in one call, at most {MAX_BATCHES_PER_CHARGE} can be charged")]
    TooManyBatches {
        /// Batches asked for.
        batches: u64,
    },
    /// No parameters the contract accepts: `step` is never zero.
    #[error(
        "the fee parameters have a step of zero, which no deployment has: is the address that of ProofOfEfficiency?"
    )]
    NoStep,
    /// A log price above the cap of its parameters.
    #[error("the log price {log_price} exceeds the cap {cap} of the fee parameters: were both read at the same block?")]
    AboveCap {
        /// The log price.
        log_price: u64,
        /// Highest one under these parameters.
        cap: u64,
    },
}

/// The parameters of the batch fee, as the contract packs them into one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeeParameters {
    /// The lowest price of a batch, in gwei of the fee token.
    pub min_fee_gwei: u64,
    /// The highest log price.
    pub max_log_price: u64,
    /// The level to which lateness alone can raise the log price.
    pub late_log_price: u64,
    /// What each batch adds to the log price.
    pub step: u64,
    /// What each second takes from the log price while proofs are on time.
    pub decay_per_second: u64,
    /// What each second adds to a log price below the late level while proofs are late.
    pub rise_per_second: u64,
    /// Age, in seconds, from which on the oldest pending sequence is late.
    pub target_seconds: u64,
}

/// All a quote depends on, as of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeeState {
    /// The parameters in force.
    pub parameters: FeeParameters,
    /// The log price as of `updated_at`.
    pub log_price: u64,
    /// Block time up to which `log_price` is settled.
    pub updated_at: u64,
    /// Block time from which the oldest pending sequence counts as waiting; `None` if none is pending.
    pub oldest_pending_at: Option<u64>,
    /// Whether the chain is running. While it is not, no clock runs.
    pub running: bool,
}

/// What batches cost, and the log price after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Charge {
    /// The fee, in wei.
    pub fee: U256,
    /// The log price after the batches.
    pub log_price: u64,
}

impl FeeParameters {
    /// Reads the packed word of `feeParameters()`.
    pub fn unpack(word: U256) -> Self {
        let field = |at: usize, bits: usize| ((word >> at) & ((U256::from(1) << bits) - U256::from(1))).to::<u64>();
        Self {
            min_fee_gwei: field(0, 40),
            max_log_price: field(40, 48),
            late_log_price: field(88, 48),
            step: field(136, 36),
            decay_per_second: field(172, 32),
            rise_per_second: field(204, 32),
            target_seconds: field(236, 20),
        }
    }

    /// The log price at `to`, from the log price `x` at `from`. A clock that stands, or runs back, changes nothing.
    pub fn settle(&self, x: u64, from: u64, to: u64, oldest_pending_at: Option<u64>) -> u64 {
        if to <= from {
            return x;
        }
        let late_from = match oldest_pending_at {
            None => to,
            Some(at) => at.saturating_add(self.target_seconds).clamp(from, to),
        };
        let fall = u128::from(late_from - from) * u128::from(self.decay_per_second);
        let rise = u128::from(to - late_from) * u128::from(self.rise_per_second);
        let late_level = u128::from(self.late_log_price);
        let mut level = u128::from(x).saturating_sub(fall);
        // Load may have carried the price above the late level: lateness neither raises it further nor lets it fall.
        if level < late_level {
            level = (level + rise).min(late_level);
        }
        // At most the larger of `x` and the late level.
        u64::try_from(level).unwrap_or(u64::MAX)
    }

    /// What `batches` more batches cost at log price `x`.
    pub fn charge(&self, x: u64, batches: u64) -> Result<Charge, QuoteError> {
        if batches > MAX_BATCHES_PER_CHARGE {
            return Err(QuoteError::TooManyBatches { batches });
        }
        if self.step == 0 {
            return Err(QuoteError::NoStep);
        }
        let Some(room) = self.max_log_price.checked_sub(x) else {
            return Err(QuoteError::AboveCap {
                log_price: x,
                cap: self.max_log_price,
            });
        };
        // Below 2^24 * 2^36.
        let rise = batches * self.step;
        let log_price = x + rise.min(room);
        let below_cap = self.cumulative_cost(log_price) - self.cumulative_cost(x);
        let at_cap = self.max_fee() * U256::from(rise.saturating_sub(room)) / U256::from(self.step);
        Ok(Charge {
            fee: below_cap + at_cap,
            log_price,
        })
    }

    /// The marginal price at log price `x`, in wei. The next whole batch costs about half a step more.
    pub fn price(&self, x: u64) -> U256 {
        U256::from(self.min_fee_gwei) * exp_wad(x) / U256::from(GWEI)
    }

    /// The price at the cap, in wei.
    pub fn max_fee(&self) -> U256 {
        self.price(self.max_log_price)
    }

    /// F: what climbing from minus infinity to log price `x` costs, in wei. Only its differences have a meaning.
    pub fn cumulative_cost(&self, x: u64) -> U256 {
        U256::from(self.min_fee_gwei) * U256::from(COST_SCALE) * exp_wad(x) / U256::from(self.step.max(1))
    }
}

impl FeeState {
    /// Reads the state of a deployment, all of it at one block, so that the parts fit each other.
    pub async fn read<P: Provider<N>, N: Network>(
        poe: &ProofOfEfficiencyInstance<P, N>,
        block: BlockId,
    ) -> Result<Self, alloy::contract::Error> {
        let parameters = poe.feeParameters().block(block).call().await?;
        let sequenced = poe.sequenced().block(block).call().await?;
        let head = poe.head().block(block).call().await?;
        Ok(Self {
            parameters: FeeParameters::unpack(parameters),
            log_price: sequenced.logPrice.to(),
            updated_at: sequenced.updatedAt.to(),
            oldest_pending_at: (sequenced.lastSequence > head.lastVerified).then(|| head.oldestPendingAt.to()),
            running: head.status == 0,
        })
    }

    /// The log price at block time `at`, if nothing but time changes until then.
    pub fn log_price_at(&self, at: u64) -> u64 {
        if !self.running {
            return self.log_price;
        }
        self.parameters
            .settle(self.log_price, self.updated_at, at, self.oldest_pending_at)
    }

    /// What `batches` batches in one call cost at block time `at`, in wei, if nothing but time changes until then.
    pub fn quote(&self, batches: u64, at: u64) -> Result<U256, QuoteError> {
        let charge = self.parameters.charge(self.log_price_at(at), batches)?;
        Ok(charge.fee)
    }

    /// The marginal price of a batch at block time `at`, in wei.
    pub fn price(&self, at: u64) -> U256 {
        self.parameters.price(self.log_price_at(at))
    }
}

/// e^x with 18 decimals, for a log price `x`: digit for digit what the contract computes, whose rounding is part of the price.
///
/// The contract calls `expWad` of solady (MIT): e^x = 2^k * e^r with `r` in `[-ln(2)/2, ln(2)/2]`, e^r by Remco Bloemen's (6, 7)-term
/// rational approximation, whose coefficients these are, with 96 fractional bits (<https://xn--2-umb.com/22/exp-ln/>).
fn exp_wad(x: u64) -> U256 {
    // The largest log price of any parameters is below 49 nats; above 2^48 there is none.
    let x = x.min((1 << 48) - 1);
    let wad = I256::from_raw(U256::from(x) * U256::from(WAD_PER_LOG_UNIT));
    // 1e18 / 2^96 = 5^18 / 2^78: to binary fixed point.
    let x = shifted(wad, 78) / int(3_814_697_265_625);
    let ln2 = int(54_916_777_467_707_473_351_141_471_128);
    let half: I256 = I256::ONE << 95;
    let k = (shifted(x, 96) / ln2 + half).asr(96);
    let r = x - k * ln2;

    let y = r + int(1_346_386_616_545_796_478_920_950_773_328);
    let y = (y * r).asr(96) + int(57_155_421_227_552_351_082_224_309_758_442);
    let p = y + r - int(94_201_549_194_550_492_254_356_042_504_812);
    let p = (p * y).asr(96) + int(28_719_021_644_029_726_153_956_944_680_412_240);
    // Kept with 192 fractional bits, so that the division below needs no scaling.
    let p = p * r + shifted(int(4_385_272_521_454_847_904_659_076_985_693_276), 96);

    let coefficients = [
        50_020_603_652_535_783_019_961_831_881_945,
        -533_845_033_583_426_703_283_633_433_725_380,
        3_604_857_256_930_695_427_073_651_918_091_429,
        -14_423_608_567_350_463_180_887_372_962_807_573,
        26_449_188_498_355_588_339_934_803_723_976_023,
    ];
    let mut q = r - int(2_855_989_394_907_223_263_936_484_059_900);
    for coefficient in coefficients {
        q = (q * r).asr(96) + int(coefficient);
    }
    // The scale of the approximation, 1e18 and 2^-96 in one factor with 213 fractional bits.
    let scale = U256::from_limbs(SCALE);
    let k = usize::try_from(k.as_i64()).unwrap_or(0);
    ((p / q).into_raw() * scale) >> (195 - k)
}

/// 3822833074963236453042738258902158003155416615667, limbs of 64 bits, the least significant first.
const SCALE: [u64; 4] = [
    0xee70ef65f9978af3,
    0x63c32e5c2f6dc192,
    0x000000029d9dc385,
    0x0000000000000000,
];

/// `value * 2^bits`; what is shifted here stays far below 2^255.
fn shifted(value: I256, bits: usize) -> I256 {
    value << bits
}

fn int(value: i128) -> I256 {
    I256::unchecked_from(value)
}

#[cfg(test)]
mod tests;
