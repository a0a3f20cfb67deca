// SPDX-License-Identifier: MIT OR Apache-2.0
//! What operators do wrong: two services on one key, and clocks that jump.

use crate::campaign::Campaign;
use crate::campaign_kill::{SEQUENCER, User};
use crate::chain::{ALICE, DEPLOYER};
use crate::clock::Clock;
use crate::process::{self, Process, ask, rpc_of};
use crate::sequencing::{
    DEPLOYER_KEY, automine, eager, in_flight, inhabited, is_sequenced, open, populated, slots_posted, started, step,
    transfer,
};
use crate::subject::{Scribe, Subject, chain_with};
use poe_node::aggregator::Eager;
use poe_node::sequencer::Sequencer;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn two_sequencers_on_one_key_lose_no_slot_and_apply_none_twice() {
    let name = "two_sequencers_on_one_key_lose_no_slot_and_apply_none_twice";
    let mut draw = Campaign::begin(name, 12);
    let chain = populated().await;
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut both = [
        started(&chain, one.path(), eager(1)).await,
        open(&chain, other.path(), DEPLOYER_KEY, eager(2)).await,
    ];
    let mut submitted = [vec![], vec![]];
    for _ in 0..draw.rounds {
        automine(&chain, true).await;
        step(&chain, &mut both[0]).await;
        chain.verify_backlog(&both[0].follower().view().unwrap()).await;
        let mines = draw.chance(2);
        automine(&chain, mines).await;
        for _ in 0..1 + draw.below(4) {
            let at = draw.below(2) as usize;
            if draw.chance(2) {
                // Each has users of its own.
                let slot = transfer(&both[at], at as u8 + 1, 1 + draw.below(1_000));
                both[at].service().submit(&slot).unwrap();
                submitted[at].push(slot);
            }
            // A nonce that the other has used is no reason to end.
            step(&chain, &mut both[at]).await;
        }
        chain.mine(draw.below(2)).await;
    }
    automine(&chain, true).await;
    let is_done = |both: &[Sequencer; 2]| {
        let is_idle = |sequencer: &Sequencer| in_flight(sequencer).is_none();
        let sequenced = |at: usize| submitted[at].iter().all(|slot| is_sequenced(&both[at], slot));
        both.iter().all(is_idle) && sequenced(0) && sequenced(1)
    };
    for round in 0.. {
        chain.mine(1).await;
        for sequencer in &mut both {
            step(&chain, sequencer).await;
        }
        if is_done(&both) {
            break;
        }
        let infos = both.each_ref().map(|sequencer| sequencer.service().info().unwrap());
        assert!(round < 60, "they do not settle: {infos:?}");
    }
    let count = submitted.iter().map(Vec::len).sum::<usize>() as u32;
    let (posted, applied) = slots_posted(&both[0]);
    let (sent, reverted) = chain.transactions_of(DEPLOYER).await;
    eprintln!("{count} slots, {posted} posted, {sent} transactions, {reverted} reverted");
    assert_eq!((posted, applied), (count, count));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_aggregators_on_one_key_prove_all_and_waste_little() {
    let name = "two_aggregators_on_one_key_prove_all_and_waste_little";
    let mut draw = Campaign::begin(name, 8);
    let chain = chain_with(1).await;
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut both = [
        Subject::resending_after(1, &chain, one.path(), Box::new(Eager), Scribe::new(true)).await,
        Subject::resending_after(1, &chain, other.path(), Box::new(Eager), Scribe::new(true)).await,
    ];
    for _ in 0..draw.rounds {
        let mines = draw.chance(2);
        automine(&chain, mines).await;
        if mines {
            chain.sequence(DEPLOYER, &[vec![]], 1).await;
        }
        for _ in 0..1 + draw.below(3) {
            both[draw.below(2) as usize].steps(1).await;
        }
        chain.mine(draw.below(2)).await;
    }
    automine(&chain, true).await;
    for round in 0.. {
        chain.pass_time(2).await;
        for subject in &mut both {
            subject.steps(1).await;
        }
        let is_idle = both
            .iter()
            .all(|subject| subject.aggregator.agent().journal().in_flight().is_none());
        let view = both[0].view();
        if is_idle && view.chain().last_verified == view.chain().last_sequence {
            break;
        }
        assert!(
            round < 60,
            "they do not settle: {:?}",
            both.each_ref().map(|subject| subject.heard.all().clone())
        );
    }
    let (sent, reverted) = chain.transactions_of(ALICE).await;
    let accepted = both[0].view().checkpoints(usize::MAX).unwrap().len() as u64;
    eprintln!("{accepted} proofs accepted, {sent} transactions, {reverted} reverted");
    assert!(reverted <= 1, "{reverted} of {sent} reverted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_goes_on_whatever_the_clocks_of_machine_and_l1_do() {
    let name = "a_sequencer_goes_on_whatever_the_clocks_of_machine_and_l1_do";
    let mut draw = Campaign::begin(name, 6);
    let (folder, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(clock) = Clock::build(own.path()) else {
        return;
    };
    let (chain, mut follower) = inhabited(&own.path().join("store")).await;
    let mut user = User::new(follower.view().unwrap());
    let mut arguments = SEQUENCER.to_vec();
    // Slots wait for a second, and for ever.
    arguments[5] = "1";
    arguments.extend(["--expiry", "1000000000", "--margin", "1000000"]);
    let start = || {
        let mut usual = process::sequencer(&chain, folder.path(), &arguments);
        clock.wind(&mut usual);
        let (process, started) = Process::start(&mut usual);
        (process, rpc_of(&started))
    };
    let (mut process, mut rpc) = start();
    for round in 0..draw.rounds {
        automine(&chain, false).await;
        for _ in 0..1 + draw.below(3) {
            let from = 1 + draw.below(2) as u8;
            user.send(&rpc, from).await;
        }
        // Before anything is posted, or while it waits in the pool of L1.
        tokio::time::sleep(Duration::from_millis(draw.below(2_500))).await;
        let reach = 1 << draw.below(18);
        let ahead = draw.below(2 * reach) as i64 - reach as i64;
        clock.set(ahead);
        if draw.chance(3) {
            drop(process);
            (process, rpc) = start();
        }
        automine(&chain, true).await;
        chain.pass_time(1 + draw.below(300)).await;
        let begun = Instant::now();
        for (from, slots) in (1..).zip(&user.acknowledged) {
            for slot in slots {
                loop {
                    let status = ask(&rpc, "poe_status", json!([from, slot.transfer.nonce]))
                        .await
                        .unwrap();
                    if status["status"] == "sequenced" {
                        break;
                    }
                    let info = ask(&rpc, "poe_info", json!([])).await;
                    assert!(
                        begun.elapsed() < Duration::from_secs(20),
                        "round {round}: the clock is {ahead} s ahead, and {from}/{} is {status}: {info:?}",
                        slot.transfer.nonce
                    );
                    chain.mine(1).await;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        // The price of batches rises while provers are late.
        follower.sync_once().await.unwrap();
        let view = follower.view().unwrap();
        chain.verify(&view, view.chain().last_sequence, |_| ()).await;
    }
    follower.sync_once().await.unwrap();
    let view = follower.view().unwrap();
    let applied: u32 = (1..=view.chain().batches)
        .map(|number| view.batch(number).unwrap().unwrap().applied)
        .sum();
    let (sent, reverted) = chain.transactions_of(DEPLOYER).await;
    eprintln!("{} slots, {sent} transactions, {reverted} reverted", user.count());
    assert_eq!(applied as usize, user.count());
    assert_eq!(reverted, 0);
}
