// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;
use crate::aggregator::{Measured, Prices};

const TOKEN: u128 = 1_000_000_000_000_000_000;

fn costs() -> Costs {
    // A token is an ether, an hour of proving 0.36 ether: a second 0.0001.
    let prices = Prices {
        token_gwei: 1_000_000_000,
        proving_hour_gwei: 360_000_000,
    };
    let measured = Measured {
        leaf_ms: 10_000,
        join_ms: 1_000,
        finalize_ms: 20_000,
        wrap_ms: 70_000,
        gas: 400_000,
    };
    Costs {
        prices,
        measured,
        gas_price: 1_000_000_000,
    }
}

/// One batch each, 0.004 tokens each, ten seconds apart.
fn pending(count: u64) -> Vec<Pending> {
    let one = |sequence: u64| Pending {
        sequence,
        batches: sequence,
        sequenced_at: 1_000 + 10 * sequence,
        reward: TOKEN / 250 * u128::from(sequence),
    };
    (1..=count).map(one).collect()
}

fn situation<'a>(pending: &'a [Pending], costs: &'a Costs, now: u64, last_proof_at: u64) -> Situation<'a> {
    Situation {
        now,
        last_proof_at,
        pending,
        costs,
    }
}

#[test]
fn eager_takes_all_there_is_but_nothing_for_nothing() {
    let (pending, costs) = (pending(3), costs());
    assert_eq!(Eager.target(&situation(&pending, &costs, 0, 0)), Some(3));
    let offer = Offer {
        reward: 1,
        remaining_ms: u64::MAX,
        gas: u64::MAX,
    };
    assert_eq!(Eager.least_reward(&offer, &costs), Some(1));
    assert_eq!(Eager.least_reward(&Offer { reward: 0, ..offer }, &costs), None);
}

#[test]
fn profit_waits_until_the_fixed_cost_is_covered() {
    // Fixed: 90 s = 0.009 ether, and gas 0.0004. Each batch adds 0.0011 and earns 0.004: the fourth tips the scale.
    let costs = costs();
    let mut profit = Profit { margin_percent: 10 };
    for (count, wanted) in [(1, None), (3, None), (4, Some(4)), (9, Some(9))] {
        assert_eq!(
            profit.target(&situation(&pending(count), &costs, 0, 0)),
            wanted,
            "{count} batches"
        );
    }
    assert!(!profit.works_ahead());
}

#[test]
fn profit_stops_before_sequences_that_cost_more_than_they_pay() {
    let costs = costs();
    let mut waiting = pending(6);
    // Twenty batches for almost nothing.
    waiting.push(Pending {
        sequence: 7,
        batches: 26,
        sequenced_at: 2_000,
        reward: waiting[5].reward + 1,
    });
    assert_eq!(
        Profit { margin_percent: 0 }.target(&situation(&waiting, &costs, 0, 0)),
        Some(6)
    );
}

#[test]
fn profit_counts_only_what_is_still_to_be_spent() {
    let costs = costs();
    let profit = Profit { margin_percent: 0 };
    // Gas alone: 0.0004 ether, a ten-thousandth of four tokens.
    let sent = Offer {
        reward: TOKEN / 2_500,
        remaining_ms: 0,
        gas: 400_000,
    };
    assert_eq!(profit.least_reward(&sent, &costs), Some(TOKEN / 2_500));
    assert_eq!(
        profit.least_reward(
            &Offer {
                reward: sent.reward - 1,
                ..sent
            },
            &costs
        ),
        None
    );
    // The same reward does not pay for a proof that is still to be wrapped.
    assert_eq!(
        profit.least_reward(
            &Offer {
                remaining_ms: 70_000,
                ..sent
            },
            &costs
        ),
        None
    );
    let worthless = Costs {
        prices: Prices {
            token_gwei: 0,
            ..costs.prices
        },
        ..costs
    };
    assert_eq!(profit.least_reward(&sent, &worthless), None);
}

#[test]
fn gas_that_rises_makes_profit_wait() {
    let (pending, cheap) = (pending(4), costs());
    let dear = Costs {
        gas_price: 100 * cheap.gas_price,
        ..cheap
    };
    assert_eq!(
        Profit { margin_percent: 10 }.target(&situation(&pending, &dear, 0, 0)),
        None
    );
}

#[test]
fn interval_proves_when_nobody_else_has_for_long_enough() {
    let (pending, costs) = (pending(2), costs());
    let mut interval = Interval { seconds: 60 };
    // The oldest came at 1,010.
    assert_eq!(interval.target(&situation(&pending, &costs, 1_069, 0)), None);
    assert_eq!(interval.target(&situation(&pending, &costs, 1_070, 0)), Some(2));
    // Somebody proved at 1,050.
    assert_eq!(interval.target(&situation(&pending, &costs, 1_109, 1_050)), None);
    assert_eq!(interval.target(&situation(&pending, &costs, 1_110, 1_050)), Some(2));
    // It is not there for money.
    assert_eq!(
        interval.least_reward(
            &Offer {
                reward: 0,
                remaining_ms: 0,
                gas: 1
            },
            &costs
        ),
        Some(0)
    );
}

#[test]
fn batches_waits_for_so_many_and_takes_no_more() {
    let (pending, costs) = (pending(5), costs());
    assert_eq!(Batches { count: 6 }.target(&situation(&pending, &costs, 0, 0)), None);
    assert_eq!(Batches { count: 3 }.target(&situation(&pending, &costs, 0, 0)), Some(3));
}
