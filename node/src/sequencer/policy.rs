// SPDX-License-Identifier: MIT OR Apache-2.0
//! When to post, and what a slot should pay.

use super::packer::{Packed, PackedBatch};
use poe_rollup::formats::Capacity;
use std::time::Duration;

const WEI_PER_GWEI: u128 = 1_000_000_000;
const TOKEN: u128 = 1_000_000_000_000_000_000;

/// Gas of a call without batches, of a batch, and of a slot (96 bytes of calldata, mostly not zero), rounded up. They serve
/// for decisions; what a transaction is given is estimated by the provider.
const GAS_OF_CALL: u128 = 110_000;
const GAS_OF_BATCH: u128 = 12_000;
const GAS_OF_SLOT: u128 = 3_000;

/// When to post. Whatever comes first: a batch that pays, a full one, or one that has waited long enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// How long the oldest slot or message may wait. What has waited that long is posted at a loss, if need be.
    pub max_age: Duration,
    /// How full a batch must be to be posted at once, at a loss if need be: in percent of the slots the route takes. Above
    /// 100, never.
    pub full_percent: u32,
    /// How much more than its cost a batch must earn to be posted before it is old or full, in percent.
    pub margin_percent: u32,
    /// What a whole fee token (1e18 base units) is worth, in gwei of ether.
    pub token_gwei: u64,
    /// Slots a batch is expected to have, for the estimate of fees, in percent of the slots the route takes.
    pub expected_percent: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(60),
            full_percent: 100,
            margin_percent: 10,
            token_gwei: 100_000,
            expected_percent: 25,
        }
    }
}

/// What L1 asks for at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// Of the next batch, in base units of the fee token.
    pub batch_fee: u128,
    /// Of gas, in wei.
    pub gas_price: u128,
}

/// What could be posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Slots whose turn it is.
    pub slots: usize,
    /// Those of them that leave the L2.
    pub withdraws: usize,
    /// Messages that wait on L1.
    pub messages: usize,
    /// Gwei that the slots and messages of one call would pay.
    pub fees: u64,
    /// Age of the oldest of them, in seconds.
    pub oldest: Option<u64>,
    /// What a batch takes.
    pub capacity: Capacity,
}

/// What a call costs, in gwei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Gas.
    pub gas: u64,
    /// Batch fees.
    pub batch_fees: u64,
}

/// What to do, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// There is nothing to post.
    Nothing,
    /// It is worth waiting.
    Wait,
    /// Slots pay for the batch.
    PostForValue,
    /// The batch is full.
    PostFull,
    /// Something has waited long enough.
    PostForAge,
}

impl Decision {
    /// Whether to post.
    pub const fn is_post(self) -> bool {
        !matches!(self, Self::Nothing | Self::Wait)
    }
}

impl Policy {
    /// What a call with so many slots and batches costs.
    pub fn costs(&self, slots: usize, batches: u32, prices: &Prices) -> Costs {
        let batches = u128::from(batches);
        let gas = GAS_OF_CALL + batches * GAS_OF_BATCH + slots as u128 * GAS_OF_SLOT;
        let gas = gas.saturating_mul(prices.gas_price).div_ceil(WEI_PER_GWEI);
        let fees = prices
            .batch_fee
            .saturating_mul(batches)
            .saturating_mul(self.token_gwei.into())
            .div_ceil(TOKEN);
        let clamp = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
        Costs {
            gas: clamp(gas),
            batch_fees: clamp(fees),
        }
    }

    /// Whether to post what is ready.
    pub fn decide(&self, ready: &Ready, prices: &Prices) -> Decision {
        let Some(oldest) = ready.oldest.filter(|_| ready.slots + ready.messages > 0) else {
            return Decision::Nothing;
        };
        let by = |count: usize, capacity: u32| count.div_ceil(capacity.max(1) as usize);
        let batches = by(ready.slots, ready.capacity.slots)
            .max(by(ready.withdraws, ready.capacity.exits))
            .max(by(ready.messages, ready.capacity.messages))
            .max(1);
        let cost = self.costs(ready.slots, u32::try_from(batches).unwrap_or(u32::MAX), prices);
        if u128::from(ready.fees) >= self.with_margin(cost.total()) {
            return Decision::PostForValue;
        }
        if self.is_full(ready.slots, ready.capacity.slots) {
            return Decision::PostFull;
        }
        if oldest >= self.max_age.as_secs() {
            Decision::PostForAge
        } else {
            Decision::Wait
        }
    }

    fn is_full(&self, slots: usize, capacity: u32) -> bool {
        slots > 0 && slots as u64 * 100 >= u64::from(capacity) * u64::from(self.full_percent)
    }

    /// Takes back the last batches of a call, as far as they are neither due nor full nor pay for what they add to its cost. What is in
    /// them waits for company.
    pub(super) fn trim(
        &self,
        packed: &mut Packed,
        capacity: &Capacity,
        prices: &Prices,
        is_due: impl Fn(&PackedBatch) -> bool,
    ) {
        let is_kept = |last: &PackedBatch| is_due(last) || self.is_worth_it(last, capacity, prices);
        while packed.batches.len() > 1 && !packed.batches.last().is_some_and(is_kept) {
            packed.batches.pop();
        }
    }

    fn is_worth_it(&self, batch: &PackedBatch, capacity: &Capacity, prices: &Prices) -> bool {
        let alone = self.costs(batch.slots.len(), 1, prices).total();
        let added = alone.saturating_sub(self.costs(0, 0, prices).total());
        self.is_full(batch.slots.len(), capacity.slots)
            || (batch.messages > 0 && batch.messages == capacity.messages)
            || u128::from(batch.fees) >= self.with_margin(added)
    }

    /// Gwei a slot should pay so that a batch as full as expected pays for itself.
    pub fn fee_estimate(&self, capacity: u32, waiting: usize, prices: &Prices) -> u64 {
        let expected = (u64::from(capacity) * u64::from(self.expected_percent) / 100).max(waiting as u64 + 1);
        let expected = expected.clamp(1, u64::from(capacity.max(1)));
        let cost = self.costs(expected as usize, 1, prices).total();
        u64::try_from(self.with_margin(cost).div_ceil(expected.into())).unwrap_or(u64::MAX)
    }

    fn with_margin(&self, gwei: u64) -> u128 {
        (u128::from(gwei) * (100 + u128::from(self.margin_percent))).div_ceil(100)
    }
}

impl Costs {
    /// All of it.
    pub const fn total(&self) -> u64 {
        self.gas.saturating_add(self.batch_fees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PRICES: Prices = Prices {
        batch_fee: TOKEN / 10,
        gas_price: 2 * WEI_PER_GWEI,
    };

    const CAPACITY: Capacity = Capacity {
        slots: 94,
        messages: 4,
        exits: 8,
    };

    fn ready(slots: usize, fee: u64, oldest: u64) -> Ready {
        let fees = slots as u64 * fee;
        Ready {
            slots,
            messages: 0,
            fees,
            oldest: Some(oldest),
            withdraws: 0,
            capacity: CAPACITY,
        }
    }

    #[test]
    fn value_fullness_and_age_each_suffice() {
        let policy = Policy::default();
        assert_eq!(
            policy.decide(
                &Ready {
                    oldest: None,
                    ..ready(0, 0, 0)
                },
                &PRICES
            ),
            Decision::Nothing
        );
        assert_eq!(policy.decide(&ready(10, 1, 59), &PRICES), Decision::Wait);
        assert_eq!(policy.decide(&ready(10, 1, 60), &PRICES), Decision::PostForAge);
        assert_eq!(policy.decide(&ready(94, 1, 0), &PRICES), Decision::PostFull);
        assert_eq!(policy.decide(&ready(10, 1_000_000, 0), &PRICES), Decision::PostForValue);
        let only_messages = Ready {
            slots: 0,
            messages: 1,
            ..ready(0, 0, 60)
        };
        assert_eq!(policy.decide(&only_messages, &PRICES), Decision::PostForAge);
        let never_full = Policy {
            full_percent: 101,
            ..policy
        };
        assert_eq!(never_full.decide(&ready(94, 1, 0), &PRICES), Decision::Wait);
    }

    #[test]
    fn costs_are_those_of_gas_and_of_the_token() {
        let costs = Policy::default().costs(10, 1, &PRICES);
        assert_eq!(
            costs,
            Costs {
                gas: 2 * (110_000 + 12_000 + 30_000),
                batch_fees: 10_000
            }
        );
    }

    #[test]
    fn withdraws_count_for_as_many_batches_as_their_exits_need() {
        let policy = Policy::default();
        let one = policy.costs(64, 1, &PRICES).total() * 2 / 64;
        assert_eq!(policy.decide(&ready(64, one, 0), &PRICES), Decision::PostForValue);
        let eight_batches = policy.costs(64, 8, &PRICES).total();
        let fee = eight_batches / 64;
        let withdraws = Ready {
            withdraws: 64,
            ..ready(64, fee, 0)
        };
        assert_eq!(policy.decide(&withdraws, &PRICES), Decision::Wait);
        let paid = Ready {
            withdraws: 64,
            ..ready(64, fee * 2, 0)
        };
        assert_eq!(policy.decide(&paid, &PRICES), Decision::PostForValue);
    }

    #[test]
    fn batches_that_are_not_due_and_neither_pay_nor_are_full_are_left_for_later() {
        let policy = Policy::default();
        let batch = |slots: usize, messages: u32, fees: u64| PackedBatch {
            slots: vec![poe_rollup::formats::Slot::default(); slots],
            messages,
            fees,
        };
        let left = |batches: Vec<PackedBatch>| {
            let mut packed = Packed {
                batches,
                hopeless: vec![],
            };
            policy.trim(&mut packed, &CAPACITY, &PRICES, |batch| batch.slots.len() == 5);
            packed.batches.len()
        };
        let added = policy.costs(8, 2, &PRICES).total() - policy.costs(0, 1, &PRICES).total();
        assert_eq!(left(vec![batch(1, 0, 0)]), 1);
        assert_eq!(left(vec![batch(8, 0, 0), batch(8, 0, added), batch(8, 0, added)]), 1);
        assert_eq!(
            left(vec![batch(8, 0, 0), batch(8, 0, 2 * added), batch(8, 0, added)]),
            2
        );
        assert_eq!(left(vec![batch(8, 0, 0), batch(8, 0, 0), batch(94, 0, 0)]), 3);
        assert_eq!(
            left(vec![batch(8, 0, 0), batch(8, 0, 0), batch(5, 0, 0), batch(8, 0, 0)]),
            3
        );
        assert_eq!(left(vec![batch(8, 4, 0), batch(0, 4, 0), batch(0, 1, 0)]), 2);
    }

    proptest! {
        #[test]
        fn a_batch_as_full_as_expected_is_posted_for_its_value_at_the_estimated_fee(
            capacity in 1u32..200, percent in 1u32..100, batch_fee in 0u128..10 * TOKEN, gas_price in 0u128..500 * WEI_PER_GWEI,
        ) {
            let policy = Policy { expected_percent: percent, ..Policy::default() };
            let prices = Prices { batch_fee, gas_price };
            let expected = ((capacity * percent / 100) as usize).max(1);
            let fee = policy.fee_estimate(capacity, 0, &prices);
            let ready = Ready { capacity: Capacity { slots: capacity, ..CAPACITY }, ..ready(expected, fee, 0) };
            prop_assert_eq!(policy.decide(&ready, &prices), Decision::PostForValue);
        }
    }
}
