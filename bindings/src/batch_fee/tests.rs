// SPDX-License-Identifier: MIT OR Apache-2.0
//! Against the vectors the Solidity tests read too; `tests/local_chain.rs` compares with the contract itself, to the wei.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn fixture() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test/fixtures/batch_fee.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn column(table: &Value, name: &str) -> Vec<U256> {
    let values = table[name].as_array().unwrap().iter();
    values
        .map(|value| match value {
            Value::String(text) => text.parse().unwrap(),
            Value::Bool(flag) => U256::from(u8::from(*flag)),
            other => U256::from(other.as_u64().unwrap()),
        })
        .collect()
}

fn small(table: &Value, name: &str) -> Vec<u64> {
    column(table, name).into_iter().map(|value| value.to()).collect()
}

fn sets() -> Vec<FeeParameters> {
    let table = &fixture()["parameters"];
    let [a, b, c, d, e, f, g] = [
        "minFeeGwei",
        "maxLogPrice",
        "lateLogPrice",
        "step",
        "decayPerSecond",
        "risePerSecond",
        "targetSeconds",
    ]
    .map(|name| small(table, name));
    (0..a.len())
        .map(|i| FeeParameters {
            min_fee_gwei: a[i],
            max_log_price: b[i],
            late_log_price: c[i],
            step: d[i],
            decay_per_second: e[i],
            rise_per_second: f[i],
            target_seconds: g[i],
        })
        .collect()
}

fn pack(p: &FeeParameters) -> U256 {
    [
        (p.min_fee_gwei, 0),
        (p.max_log_price, 40),
        (p.late_log_price, 88),
        (p.step, 136),
        (p.decay_per_second, 172),
        (p.rise_per_second, 204),
        (p.target_seconds, 236),
    ]
    .into_iter()
    .fold(U256::ZERO, |word, (value, at)| word | U256::from(value) << at)
}

#[test]
fn parameters_are_read_from_their_word() {
    let sets = sets();
    assert_eq!(sets.len(), 5);
    for set in sets {
        assert_eq!(FeeParameters::unpack(pack(&set)), set);
    }
    let full = FeeParameters::unpack(U256::MAX);
    assert_eq!((full.min_fee_gwei, full.target_seconds), ((1 << 40) - 1, (1 << 20) - 1));
}

#[test]
fn costs_and_prices_are_those_of_the_vectors() {
    let (table, sets) = (&fixture()["cost"], sets());
    let (set, x) = (small(table, "set"), small(table, "x"));
    let (cost, price) = (column(table, "cost"), column(table, "price"));
    for i in 0..set.len() {
        let set = &sets[set[i] as usize];
        // The vectors are exact; the exponential is not, by 2^-64 and 1e-18 of it (docs/spec/batch-fee.md, section 7).
        let near = |found: U256, exact: U256| {
            let relative: U256 = exact >> 63;
            // One unit of the exponential, in wei of the result.
            let unit = U256::from(set.min_fee_gwei) * U256::from(COST_SCALE) / U256::from(set.step);
            let allowed = relative + unit + U256::from(1);
            assert!(found.abs_diff(exact) <= allowed, "case {i}: {found} against {exact}");
        };
        near(set.cumulative_cost(x[i]), cost[i]);
        near(set.price(x[i]), price[i]);
    }
}

#[test]
fn time_moves_the_price_as_in_the_vectors() {
    let (table, sets) = (&fixture()["settle"], sets());
    let [set, x, from, to, oldest, pending, settled] =
        ["set", "x", "from", "to", "oldestPendingAt", "hasPending", "settled"].map(|name| small(table, name));
    assert!(!set.is_empty());
    for i in 0..set.len() {
        let oldest = (pending[i] == 1).then_some(oldest[i]);
        let found = sets[set[i] as usize].settle(x[i], from[i], to[i], oldest);
        assert_eq!(found, settled[i], "case {i}");
    }
}

#[test]
fn quotes_the_contract_would_refuse_are_errors() {
    let set = sets()[0];
    let most = MAX_BATCHES_PER_CHARGE;
    assert!(set.charge(0, most).is_ok());
    assert_eq!(
        set.charge(0, most + 1),
        Err(QuoteError::TooManyBatches { batches: most + 1 })
    );
    let cap = set.max_log_price;
    assert!(set.charge(cap, 1).is_ok());
    assert_eq!(
        set.charge(cap + 1, 1),
        Err(QuoteError::AboveCap {
            log_price: cap + 1,
            cap
        })
    );
    assert_eq!(FeeParameters::unpack(U256::ZERO).charge(0, 1), Err(QuoteError::NoStep));
}

#[test]
fn while_the_chain_stands_no_clock_runs() {
    let mut state = FeeState {
        parameters: sets()[0],
        log_price: 5_000_000_000_000,
        updated_at: 1_000,
        oldest_pending_at: None,
        running: true,
    };
    assert!(state.quote(1, 9_000).unwrap() < state.quote(1, 1_000).unwrap());
    state.running = false;
    assert_eq!(state.quote(1, 9_000), state.quote(1, 1_000));
}

proptest! {
    // REQ R23
    #[test]
    fn one_call_and_many_cost_the_same(set in 0usize..5, x: prop::sample::Index, a in 0u64..3_000, b in 0u64..3_000) {
        let set = sets()[set];
        let x = x.index(set.max_log_price as usize + 1) as u64;
        let once = set.charge(x, a + b).unwrap();
        let first = set.charge(x, a).unwrap();
        let second = set.charge(first.log_price, b).unwrap();
        // Where one of the calls reaches the cap its share beyond is rounded for itself.
        prop_assert!(once.fee.abs_diff(first.fee + second.fee) <= U256::from(1));
        prop_assert_eq!(once.log_price, second.log_price);
    }

    #[test]
    fn settling_is_total_and_stays_in_bounds(set in 0usize..5, x: prop::sample::Index, times: [u64; 3], pending: bool) {
        let set = sets()[set];
        let x = x.index(set.max_log_price as usize + 1) as u64;
        let settled = set.settle(x, times[0], times[1], pending.then_some(times[2]));
        prop_assert!(settled <= x.max(set.late_log_price));
    }

    #[test]
    fn any_word_and_any_log_price_are_quoted_without_panic(word: [u64; 4], x: u64, batches: u64) {
        let _ = FeeParameters::unpack(U256::from_limbs(word)).charge(x, batches);
    }
}
