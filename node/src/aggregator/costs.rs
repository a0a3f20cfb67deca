// SPDX-License-Identifier: MIT OR Apache-2.0
//! What proving costs: prices somebody set, times this machine took.

use crate::proving::Work;
use serde::{Deserialize, Serialize};

const WEI_PER_GWEI: u128 = 1_000_000_000;
const TOKEN: u128 = 1_000_000_000_000_000_000;
const MILLISECONDS_PER_HOUR: u128 = 3_600_000;

/// Prices, in gwei of ether.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// One whole fee token (10^18 base units).
    pub token_gwei: u64,
    /// One hour of the machine that proves.
    pub proving_hour_gwei: u64,
}

/// How long jobs take here, and how much gas a proof takes: averages in which the newest weighs a quarter. The first figures are
/// those of the reference machine of two cores (docs/circuits.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Milliseconds of a leaf with its wrap.
    pub leaf_ms: u64,
    /// Milliseconds of a join.
    pub join_ms: u64,
    /// Milliseconds from a range to the last plonky2 proof.
    pub finalize_ms: u64,
    /// Milliseconds of the KZG proof.
    pub wrap_ms: u64,
    /// Gas of `verifyBatches`, whole transaction.
    pub gas: u64,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            leaf_ms: 16_000,
            join_ms: 4_500,
            finalize_ms: 20_000,
            wrap_ms: 65_000,
            gas: 400_000,
        }
    }
}

impl Measured {
    /// Takes a job's time into the average.
    pub const fn took(&mut self, work: &Work, ms: u64) {
        let average = match work {
            Work::Leaf { .. } => &mut self.leaf_ms,
            Work::Join { .. } => &mut self.join_ms,
            Work::Finalize { .. } => &mut self.finalize_ms,
            Work::Wrap { .. } => &mut self.wrap_ms,
        };
        *average = (*average * 3 + ms) / 4;
    }

    /// Milliseconds to prove a range from nothing: leaves, joins, last proof, KZG.
    pub const fn range_ms(&self, batches: u64) -> u64 {
        batches * self.leaf_ms + batches.saturating_sub(1) * self.join_ms + self.finalize_ms + self.wrap_ms
    }

    /// Milliseconds of one job.
    pub const fn job_ms(&self, work: &Work) -> u64 {
        match work {
            Work::Leaf { .. } => self.leaf_ms,
            Work::Join { .. } => self.join_ms,
            Work::Finalize { .. } => self.finalize_ms,
            Work::Wrap { .. } => self.wrap_ms,
        }
    }
}

/// Prices and measurements, at the present price of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// The prices.
    pub prices: Prices,
    /// The measurements.
    pub measured: Measured,
    /// Wei per gas.
    pub gas_price: u128,
}

impl Costs {
    /// Wei that `ms` milliseconds of proving cost, rounded up.
    pub fn proving(&self, ms: u64) -> u128 {
        let price = u128::from(self.prices.proving_hour_gwei) * WEI_PER_GWEI;
        (price.saturating_mul(ms.into())).div_ceil(MILLISECONDS_PER_HOUR)
    }

    /// Wei that a submission costs.
    pub fn gas(&self, gas: u64) -> u128 {
        self.gas_price.saturating_mul(gas.into())
    }

    /// Wei that an amount of fee tokens is worth, rounded down.
    pub fn worth(&self, tokens: u128) -> u128 {
        let price = u128::from(self.prices.token_gwei) * WEI_PER_GWEI;
        // Whole tokens first: prices times amounts may not fit.
        let whole = (tokens / TOKEN).saturating_mul(price);
        whole.saturating_add((tokens % TOKEN).saturating_mul(price) / TOKEN)
    }

    /// The least amount of fee tokens that is worth so many wei; `None` if they are worth nothing.
    pub fn tokens_worth(&self, wei: u128) -> Option<u128> {
        let price = u128::from(self.prices.token_gwei) * WEI_PER_GWEI;
        let (whole, rest) = (wei.checked_div(price)?, wei.checked_rem(price)?);
        Some(
            whole
                .saturating_mul(TOKEN)
                .saturating_add(rest.saturating_mul(TOKEN).div_ceil(price)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn costs(token_gwei: u64, proving_hour_gwei: u64) -> Costs {
        Costs {
            prices: Prices {
                token_gwei,
                proving_hour_gwei,
            },
            measured: Measured::default(),
            gas_price: 7,
        }
    }

    #[test]
    fn an_hour_costs_its_price_and_gas_costs_its_own() {
        let costs = costs(70_000, 30_000);
        assert_eq!(costs.proving(3_600_000), 30_000 * WEI_PER_GWEI);
        assert_eq!(costs.gas(1_000), 7_000);
        assert_eq!(costs.worth(TOKEN / 2), 35_000 * WEI_PER_GWEI);
        assert_eq!(
            Costs {
                prices: Prices {
                    token_gwei: 0,
                    ..costs.prices
                },
                ..costs
            }
            .tokens_worth(1),
            None
        );
    }

    proptest! {
        #[test]
        fn tokens_worth_is_the_least_amount_that_is(wei in 0u128..1 << 90, price in 1u64..1 << 36) {
            let costs = costs(price, 1);
            let tokens = costs.tokens_worth(wei).unwrap();
            prop_assert!(costs.worth(tokens) >= wei);
            prop_assert!(tokens == 0 || costs.worth(tokens - 1) < wei);
        }

        // REQ C12
        #[test]
        fn no_price_and_no_amount_overflows(tokens: u128, wei: u128, ms: u64, price: u64, hour: u64) {
            let costs = costs(price, hour);
            let _ = (costs.worth(tokens), costs.tokens_worth(wei), costs.proving(ms));
        }
    }
}
