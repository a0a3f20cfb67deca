// SPDX-License-Identifier: MIT OR Apache-2.0
//! L1 takes back up to 64 blocks, whatever was in them.

use crate::campaign::{Campaign, assert_same};
use crate::chain::{ALICE, Chain, DEPLOYER};
use crate::history::{History, STAGES, Stage};
use crate::sequencing::{
    automine, count, eager, in_flight, is_sequenced, populated, slots_posted, started, step, transfer,
};
use crate::subject::{Scribe, Subject};
use poe_node::aggregator::{Eager, Event};
use poe_node::sequencer::{Decision, Sequencer};
use poe_rollup::formats::Slot;

/// As deep as L1 goes: a block is final 64 blocks later.
const DEEPEST: u64 = 64;

/// Blocks of one stage, and of others as far as there is room.
async fn fill(history: &mut History, draw: &mut Campaign, stage: Stage, blocks: u64) {
    let end = history.number().await + blocks;
    if blocks < 3 {
        let short = if stage == Stage::Exits {
            Stage::Sequencing
        } else {
            stage
        };
        history.happen(short, draw).await;
    } else {
        history.happen(stage, draw).await;
    }
    while history.number().await + 3 <= end && !draw.chance(3) {
        let quiet = draw.below(1 + (end - history.number().await) / 4);
        history.chain.mine(quiet).await;
        if history.number().await + 3 <= end {
            let stage = *draw.pick(&STAGES);
            history.happen(stage, draw).await;
        }
    }
    let left = end.saturating_sub(history.number().await);
    history.chain.mine(left).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_reorganisations_of_any_depth_at_any_stage_the_store_is_that_of_a_clean_sync() {
    let mut draw = Campaign::begin(
        "after_reorganisations_of_any_depth_at_any_stage_the_store_is_that_of_a_clean_sync",
        10,
    );
    let mut history = History::begin().await;
    let folder = tempfile::tempdir().unwrap();
    let mut follower = history.chain.follower(folder.path()).await;
    follower.sync_once().await.unwrap();
    let mut undone = 0;
    for round in 0..draw.rounds {
        let depth = match round {
            0 => 1,
            1 => DEEPEST,
            _ => 1 + draw.below(DEEPEST),
        };
        let stage = STAGES[round as usize % STAGES.len()];
        let when = format!("round {round}, {depth} blocks, {stage:?}");
        let snapshot = history.chain.snapshot().await;
        let start = history.number().await;
        fill(&mut history, &mut draw, stage, depth).await;
        assert_eq!(history.number().await, start + depth, "{when}");
        follower.sync_once().await.unwrap();
        history.chain.revert(snapshot).await;
        assert_eq!(history.number().await, start, "{when}");
        // Another chain in its place, shorter or longer.
        history.chain.pass_time(13 + draw.below(50)).await;
        let length = 1 + draw.below(depth + 4);
        let stage = *draw.pick(&STAGES);
        fill(&mut history, &mut draw, stage, length).await;
        let progress = follower
            .sync_once()
            .await
            .unwrap_or_else(|error| panic!("{when}: {error}"));
        assert_eq!(progress.undone, depth, "{when}");
        undone += progress.undone;
        if draw.chance(4) {
            drop(follower);
            follower = history.chain.follower(folder.path()).await;
            follower.sync_once().await.unwrap();
        }
        assert_same(follower.store().dump().unwrap(), history.clean().await, &when);
    }
    eprintln!("{undone} blocks were taken back");
}

/// A sequencer and an aggregator on one chain.
struct Services {
    chain: Chain,
    sequencer: Sequencer,
    aggregator: Subject,
    submitted: Vec<Slot>,
}

impl Services {
    async fn round(&mut self) {
        step(&self.chain, &mut self.sequencer).await;
        self.aggregator.steps(1).await;
    }

    fn submit(&mut self, from: u8) {
        let amount = 1 + self.submitted.len() as u64;
        let slot = transfer(&self.sequencer, from, amount);
        self.sequencer.service().submit(&slot).unwrap();
        self.submitted.push(slot);
    }

    /// Everything is mined that can be.
    async fn settle(&mut self) {
        automine(&self.chain, true).await;
        for _ in 0..40 {
            self.chain.mine(1).await;
            let round = step(&self.chain, &mut self.sequencer).await;
            self.aggregator.steps(1).await;
            let journal = self.aggregator.aggregator.agent().journal();
            let proven = self.aggregator.view().chain().last_verified;
            let is_proven = proven == self.sequencer.follower().view().unwrap().chain().last_sequence;
            let is_idle = in_flight(&self.sequencer).is_none() && journal.in_flight().is_none();
            if round.decision == Some(Decision::Nothing) && is_idle && is_proven {
                return;
            }
        }
        panic!(
            "it does not settle: {:?} {:?}",
            self.sequencer.service().info().unwrap(),
            self.aggregator.heard.all()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_in_flight_survive_reorganisations_and_are_never_doubled() {
    let mut draw = Campaign::begin(
        "transactions_in_flight_survive_reorganisations_and_are_never_doubled",
        6,
    );
    let chain = populated().await;
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sequencer = started(&chain, folder.path(), eager(1)).await;
    let aggregator = Subject::new(&chain, other.path(), Box::new(Eager), Scribe::new(true)).await;
    let mut services = Services {
        chain,
        sequencer,
        aggregator,
        submitted: vec![],
    };
    for round in 0..draw.rounds {
        let snapshot = services.chain.snapshot().await;
        let depth = 1 + draw.below(DEEPEST);
        automine(&services.chain, false).await;
        for _ in 0..1 + draw.below(4) {
            if draw.chance(2) {
                let from = 1 + draw.below(2) as u8;
                services.submit(from);
            }
            services.round().await;
            let blocks = draw.below(1 + depth / 4);
            services.chain.mine(blocks).await;
        }
        if draw.chance(2) {
            services.settle().await;
        }
        services.chain.revert(snapshot).await;
        let blocks = 1 + draw.below(depth);
        services.chain.mine(blocks).await;
        services.round().await;
        services.settle().await;
        let missing: Vec<&Slot> = services
            .submitted
            .iter()
            .filter(|slot| !is_sequenced(&services.sequencer, slot))
            .collect();
        assert!(missing.is_empty(), "round {round}: {missing:?}");
        let (posted, applied) = slots_posted(&services.sequencer);
        assert_eq!(applied as usize, services.submitted.len(), "round {round}");
        assert_eq!(posted, applied, "round {round}: a slot is doubled");
    }
    // One transaction a nonce by L1's rules; none of them reverted but for proofs that had become late.
    // A proof that was left to itself may be mined late.
    let is_left = |event: &Event| matches!(event, Event::Forgotten { why, .. } if why.contains("taken back"));
    let left = services.aggregator.heard.count(is_left) as u64;
    for (key, most) in [(DEPLOYER, 0), (ALICE, left)] {
        let (sent, reverted) = services.chain.transactions_of(key).await;
        assert!(reverted <= most, "{reverted} of {sent} transactions by {key} reverted");
        assert_eq!(count(&services.chain, key).await, sent);
        eprintln!(
            "{} slots, {sent} transactions by {key}, {reverted} reverted",
            services.submitted.len()
        );
    }
}
