// SPDX-License-Identifier: MIT OR Apache-2.0

use super::costs::Prices;
use super::strategy::{Batches, Eager, Interval, Profit, Strategy};
use crate::units::Gwei;
use alloy::primitives::Address;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// When to prove how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StrategyName {
    /// All there is, at once, for whatever it pays
    Eager,
    /// What earns more than proving and gas cost
    Profit,
    /// A proof at least every --every seconds, whatever it pays
    Interval,
    /// Whenever --count batches wait
    Batches,
}

/// What an aggregator is told.
#[derive(Args, Clone, Debug)]
pub struct AggregatorOptions {
    /// When to prove how much
    #[arg(long, value_enum, default_value = "profit")]
    pub strategy: StrategyName,
    /// Who is paid [default: the account that pays for gas]
    #[arg(long, value_name = "ADDRESS")]
    pub beneficiary: Option<Address>,
    /// interval: seconds that may pass without a proof while something waits
    #[arg(long, value_name = "SECONDS", default_value_t = 1_800)]
    pub every: u64,
    /// batches: how many must wait
    #[arg(long, value_name = "BATCHES", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    /// profit: what must be left over, in percent of the cost
    #[arg(long, value_name = "PERCENT", default_value_t = 10)]
    pub margin: u32,
    /// Price of one whole fee token, in ether
    #[arg(long, env = "POE_TOKEN_PRICE", value_name = "ETHER", default_value = "100000gwei")]
    pub token_price: Gwei,
    /// Price of one hour of the machine that proves, in ether
    #[arg(long, env = "POE_PROVING_PRICE", value_name = "ETHER", default_value = "40000gwei")]
    pub proving_price: Gwei,
    /// Seconds after which a submission that is not mined is sent with a higher fee
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub resend_after: u64,
    /// Highest price of gas to offer, in gwei; what costs more waits, taking back a submission that has become late included
    #[arg(long, value_name = "GWEI", default_value_t = 200)]
    pub max_gas_price: u64,
    /// The program that forks the chain for dry runs
    #[arg(long, env = "POE_ANVIL", value_name = "PROGRAM", default_value = "anvil")]
    pub anvil: PathBuf,
    /// Others push jobs into the same queue: leave them alone, and remove no proofs
    #[arg(long)]
    pub shared_queue: bool,
    /// Leave proving to `poe worker` processes
    #[arg(long)]
    pub no_worker: bool,
}

impl AggregatorOptions {
    /// The strategy.
    pub fn strategy(&self) -> Box<dyn Strategy> {
        match self.strategy {
            StrategyName::Eager => Box::new(Eager),
            StrategyName::Profit => Box::new(Profit {
                margin_percent: self.margin,
            }),
            StrategyName::Interval => Box::new(Interval { seconds: self.every }),
            StrategyName::Batches => Box::new(Batches { count: self.count }),
        }
    }

    /// The highest price of gas, in wei.
    pub fn max_gas_price(&self) -> u128 {
        u128::from(self.max_gas_price) * 1_000_000_000
    }

    /// The prices.
    pub const fn prices(&self) -> Prices {
        Prices {
            token_gwei: self.token_price.0,
            proving_hour_gwei: self.proving_price.0,
        }
    }
}
