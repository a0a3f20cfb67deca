// SPDX-License-Identifier: MIT OR Apache-2.0
//! When to prove how much: one trait, four ways.

use super::Costs;

/// A sequence that waits for a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub sequence: u64,
    /// Batches of the pending sequences up to and with this one.
    pub batches: u64,
    /// When it was sequenced, seconds of L1.
    pub sequenced_at: u64,
    /// What a proof that ends here earns, tips included, base units of the fee token.
    pub reward: u128,
}

/// What a strategy decides on.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Time of the newest L1 block.
    pub now: u64,
    /// Time of the newest proof; 0 if there is none.
    pub last_proof_at: u64,
    /// What waits, oldest first, as far as one proof can reach. Not empty.
    pub pending: &'a [Pending],
    /// What proving costs.
    pub costs: &'a Costs,
}

/// A proof that could be finished or sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What it earns now, tips included, base units of the fee token.
    pub reward: u128,
    /// Milliseconds of proving that are still to be done.
    pub remaining_ms: u64,
    /// Gas of the submission.
    pub gas: u64,
}

impl Offer {
    /// What it still costs, in wei.
    pub fn cost(&self, costs: &Costs) -> u128 {
        costs.proving(self.remaining_ms).saturating_add(costs.gas(self.gas))
    }
}

/// Decides when to prove how much.
pub trait Strategy: Send + Sync {
    /// A word for people.
    fn name(&self) -> &'static str;

    /// The sequence up to which to prove and submit now, or nothing.
    fn target(&mut self, situation: &Situation<'_>) -> Option<u64>;

    /// Whether to prove and join batches before there is a target, so that they are ready when there is one.
    fn works_ahead(&self) -> bool {
        true
    }

    /// The least reward, base units of the fee token, for which to go on with a proof under way and to send it; L1 is told
    /// (`minReward`). What has been spent is spent: only what is still to come counts. `None`: it does not pay at all.
    fn least_reward(&self, offer: &Offer, costs: &Costs) -> Option<u128>;
}

fn newest(situation: &Situation<'_>) -> Option<u64> {
    situation.pending.last().map(|pending| pending.sequence)
}

/// Proves all there is, at once, for whatever it pays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Eager;

impl Strategy for Eager {
    fn name(&self) -> &'static str {
        "eager"
    }

    fn target(&mut self, situation: &Situation<'_>) -> Option<u64> {
        newest(situation)
    }

    /// Something: a proof that advances the final state and pays nothing is somebody else's to send.
    fn least_reward(&self, offer: &Offer, _: &Costs) -> Option<u128> {
        (offer.reward > 0).then_some(1)
    }
}

/// Proves what earns more than it costs.
#[derive(Clone, Copy, Debug)]
pub struct Profit {
    /// What must be left over, in percent of the cost.
    pub margin_percent: u32,
}

impl Profit {
    fn with_margin(self, cost: u128) -> u128 {
        cost.saturating_add(cost.saturating_mul(self.margin_percent.into()) / 100)
    }
}

impl Strategy for Profit {
    fn name(&self) -> &'static str {
        "profit"
    }

    /// The range that leaves most over, if any leaves enough.
    fn target(&mut self, situation: &Situation<'_>) -> Option<u64> {
        let costs = situation.costs;
        let left_over = |pending: &Pending| {
            let offer = Offer {
                reward: pending.reward,
                remaining_ms: costs.measured.range_ms(pending.batches),
                gas: costs.measured.gas,
            };
            let cost = offer.cost(costs);
            let worth = costs.worth(offer.reward);
            (worth >= self.with_margin(cost)).then(|| (worth - cost, pending.sequence))
        };
        situation
            .pending
            .iter()
            .filter_map(left_over)
            .max()
            .map(|(_, sequence)| sequence)
    }

    /// Until a range pays, its batches are work that may never be paid.
    fn works_ahead(&self) -> bool {
        false
    }

    fn least_reward(&self, offer: &Offer, costs: &Costs) -> Option<u128> {
        let least = costs.tokens_worth(self.with_margin(offer.cost(costs)))?.max(1);
        (offer.reward >= least).then_some(least)
    }
}

/// The post's boot aggregator: a proof at least every so many seconds, whatever it pays.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    /// Seconds.
    pub seconds: u64,
}

impl Strategy for Interval {
    fn name(&self) -> &'static str {
        "interval"
    }

    /// Counts from the last proof, or from when the oldest sequence came if that is later: while nothing waits nothing is due.
    fn target(&mut self, situation: &Situation<'_>) -> Option<u64> {
        let oldest = situation.pending.first()?.sequenced_at;
        let due = oldest.max(situation.last_proof_at).saturating_add(self.seconds);
        if situation.now >= due { newest(situation) } else { None }
    }

    /// It is there to keep the chain alive.
    fn least_reward(&self, _: &Offer, _: &Costs) -> Option<u128> {
        Some(0)
    }
}

/// Proves whenever so many batches wait.
#[derive(Clone, Copy, Debug)]
pub struct Batches {
    /// Batches.
    pub count: u64,
}

impl Strategy for Batches {
    fn name(&self) -> &'static str {
        "batches"
    }

    /// Up to the first sequence with which there are enough.
    fn target(&mut self, situation: &Situation<'_>) -> Option<u64> {
        let enough = situation.pending.iter().find(|pending| pending.batches >= self.count);
        enough.map(|pending| pending.sequence)
    }

    fn least_reward(&self, offer: &Offer, _: &Costs) -> Option<u128> {
        (offer.reward > 0).then_some(1)
    }
}

#[cfg(test)]
#[path = "strategy_tests.rs"]
mod tests;
