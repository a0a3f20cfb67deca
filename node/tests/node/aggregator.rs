// SPDX-License-Identifier: MIT OR Apache-2.0
//! Aggregators against anvil and the real contracts, with the verifier that accepts every statement that is named: who is paid, who
//! gives up, and what is never sent.

use crate::chain;
use crate::subject;

use alloy::primitives::{Bytes, aliases::U40};
use alloy::providers::ext::AnvilApi;
use chain::{ALICE, PROVER};
use poe_bindings::ContractError;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{LateProof, ProofOfEfficiencyErrors};
use poe_node::agent::{DryRun, ForkDryRun, Rehearsal, Verdict};
use poe_node::aggregator::{Costs, Eager, Event, Interval, Offer, Profit, RangeEvent, Situation, Strategy};
use poe_node::proving::Goal;
use std::sync::atomic::Ordering;
use subject::{Scribe, Subject, chain_with, fee_balance, fee_of, fork, nonce, send_unmined, submission};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_proof_is_paid_to_the_wei_after_a_rehearsal() {
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    subject.steps(2).await;
    let outcome = subject.heard.settled().unwrap();
    let view = subject.view();
    let fees = fee_of(&view, 1) + fee_of(&view, 2);
    assert!(outcome.accepted);
    assert_eq!(
        (outcome.last, outcome.reward, fee_balance(&chain, &subject).await),
        (2, fees, fees)
    );
    // The fork foretold it.
    let rehearsed = subject.heard.find(|event| match event {
        Event::Own(RangeEvent::Rehearsed { gas, reward, .. }) => Some((*gas, *reward)),
        _ => None,
    });
    let (gas, reward) = rehearsed.unwrap();
    assert_eq!(reward, outcome.reward);
    // The fee controller's work depends on the time that has passed.
    assert!(
        gas.abs_diff(outcome.gas) < outcome.gas / 20,
        "{gas} foretold, {} used",
        outcome.gas
    );
    assert_eq!(subject.aggregator.agent().journal().goal(), None);
    assert_eq!(nonce(&chain).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_a_range_that_somebody_else_has_proven_is_abandoned() {
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    let scribe = Scribe::new(false);
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), scribe.clone()).await;
    subject.steps(1).await;
    assert_eq!(subject.aggregator.agent().journal().goal().unwrap().last, 2);
    chain.verify(&subject.view(), 2, |_| ()).await;
    scribe.ready.store(true, Ordering::Relaxed);
    subject.steps(2).await;
    assert!(subject.heard.abandoned().unwrap().contains("is proven"));
    let cancelled = scribe.cancelled.lock().unwrap().clone();
    // Besides what was folded ahead.
    let goals = cancelled.iter().filter(|goal| !matches!(goal, Goal::Fold(_)));
    assert_eq!(goals.count(), 1, "{cancelled:?}");
    assert_eq!(nonce(&chain).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_proof_that_overlaps_is_sent_and_paid_for_its_tail() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    let scribe = Scribe::new(false);
    let mut subject = Subject::new(
        &chain,
        folder.path(),
        Box::new(Profit { margin_percent: 0 }),
        scribe.clone(),
    )
    .await;
    subject.steps(1).await;
    chain.verify(&subject.view(), 2, |_| ()).await;
    subject.steps(1).await;
    scribe.ready.store(true, Ordering::Relaxed);
    subject.steps(2).await;
    let kept = subject.heard.find(|event| match event {
        Event::Own(RangeEvent::Overlapped { goal, verified, kept }) => Some((goal.init, *verified, *kept)),
        _ => None,
    });
    assert_eq!(kept, Some((0, 2, true)));
    let outcome = subject.heard.settled().unwrap();
    assert!(outcome.accepted);
    assert_eq!(outcome.reward, fee_of(&subject.view(), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_whose_start_has_become_too_old_is_begun_anew_from_the_newest_checkpoint() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    let scribe = Scribe::new(false);
    let strategy = Box::new(Profit { margin_percent: 0 });
    let mut subject = Subject::new(&chain, folder.path(), strategy, scribe.clone()).await;
    subject.steps(1).await;
    chain
        .pass_time(subject.aggregator.agent().client().exit_delay().await.unwrap())
        .await;
    chain.verify(&subject.view(), 2, |_| ()).await;
    scribe.ready.store(true, Ordering::Relaxed);
    subject.steps(4).await;
    assert!(subject.heard.abandoned().unwrap().contains("StartTooOld"));
    let outcome = subject.heard.settled().unwrap();
    assert!(outcome.accepted);
    assert_eq!(outcome.reward, fee_of(&subject.view(), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_does_not_pay_is_abandoned_by_profit() {
    let (chain, folder) = (chain_with(3).await, tempfile::tempdir().unwrap());
    let strategy = AllOrNothing { all: 0 };
    let mut dear = Subject::new(&chain, folder.path(), Box::new(strategy), Scribe::new(false)).await;
    dear.steps(1).await;
    chain.verify(&dear.view(), 2, |_| ()).await;
    dear.steps(1).await;
    assert!(dear.heard.abandoned().unwrap().contains("does not pay"));
}

/// Wants three sequences, and what they earn, or nothing.
struct AllOrNothing {
    all: u128,
}

impl Strategy for AllOrNothing {
    fn name(&self) -> &'static str {
        "all or nothing"
    }

    fn target(&mut self, situation: &Situation<'_>) -> Option<u64> {
        let third = situation.pending.get(2)?;
        self.all = third.reward;
        Some(third.sequence)
    }

    fn least_reward(&self, offer: &Offer, _: &Costs) -> Option<u128> {
        (offer.reward >= self.all).then_some(1)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_waits_in_the_pool_is_seen_and_none_is_sent_behind_it() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let scribe = Scribe::new(false);
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), scribe.clone()).await;
    subject.steps(1).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    let other = submission(&chain, &subject.view(), 0, 1);
    send_unmined(&chain, &other, |_| ()).await;
    scribe.ready.store(true, Ordering::Relaxed);
    subject.steps(2).await;
    let why = subject.heard.declined().unwrap();
    assert!(why.contains("LateProof"), "{why}");
    chain.mine(1).await;
    assert_eq!(nonce(&chain).await, 0);
    subject.steps(1).await;
    assert!(subject.heard.abandoned().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_the_verifier_refuses_costs_no_gas() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let scribe = Scribe {
        honest: false,
        ..Scribe::new(true)
    };
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), scribe).await;
    subject.steps(3).await;
    assert!(subject.heard.declined().is_some());
    assert_eq!(nonce(&chain).await, 0);
    // It is said once, not in every round.
    assert_eq!(subject.heard.count(|event| matches!(event, Event::Declined { .. })), 1);
}

/// The journal knows the transaction before the provider does, so it is neither forgotten nor sent twice.
#[tokio::test(flavor = "multi_thread")]
async fn an_aggregator_killed_after_sending_goes_on_from_its_journal() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(1).await;
    let hash = subject.in_flight().hashes[0];
    drop(subject);
    let mut again = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    again.steps(2).await;
    assert_eq!(again.heard.settled(), None);
    chain.mine(1).await;
    again.steps(1).await;
    let outcome = again.heard.settled().unwrap();
    assert!(outcome.accepted);
    assert_eq!((outcome.transaction, nonce(&chain).await), (hash, 1));
}

/// Its nonce is taken by something cheaper.
#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_becomes_late_in_the_pool_is_cancelled() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(1).await;
    let hash = subject.in_flight().hashes[0];
    // The pool of the block's producer does not have it, but another proof.
    chain.provider.anvil_drop_transaction(hash).await.unwrap();
    let other = submission(&chain, &subject.view(), 0, 1);
    send_unmined(&chain, &other, |_| ()).await;
    chain.mine(1).await;
    subject.steps(1).await;
    assert!(subject.heard.cancelled().unwrap().contains("somebody else"));
    chain.mine(1).await;
    subject.steps(1).await;
    let outcome = subject.heard.settled().unwrap();
    assert_eq!((outcome.accepted, outcome.gas, outcome.reward), (false, 21_000, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_tells_what_would_happen_and_leaves_the_chain_alone() {
    let (chain, folder) = (chain_with(2).await, tempfile::tempdir().unwrap());
    let mut follower = chain.follower(folder.path()).await;
    follower.sync_once().await.unwrap();
    let view = follower.view().unwrap();
    let good = submission(&chain, &view, 0, 2);
    let accepted = fork(&chain).rehearse(&good).await.unwrap();
    let fees = fee_of(&view, 1) + fee_of(&view, 2);
    assert!(
        matches!(accepted, Verdict::Accepted { reward, gas } if reward == fees && gas > 50_000),
        "{accepted:?}"
    );
    let head = follower.client().core().head().call().await.unwrap();
    assert_eq!(head.lastVerified.to::<u64>(), 0);
    chain.verify(&view, 2, |_| ()).await;
    let late = LateProof {
        last: U40::from(2),
        lastVerified: U40::from(2),
    };
    let late = ContractError::Core(Box::new(ProofOfEfficiencyErrors::LateProof(late)));
    assert_eq!(fork(&chain).rehearse(&good).await.unwrap(), Verdict::Refused(late));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interval_aggregator_waits_its_time() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let strategy = Interval { seconds: 600 };
    let mut subject = Subject::new(&chain, folder.path(), Box::new(strategy), Scribe::new(true)).await;
    subject.steps(1).await;
    assert_eq!(subject.aggregator.agent().journal().goal(), None);
    chain.pass_time(601).await;
    subject.steps(2).await;
    assert!(subject.heard.settled().unwrap().accepted);
}

#[tokio::test]
async fn a_missing_anvil_is_named() {
    let dry_run = ForkDryRun {
        program: "no-such-anvil".into(),
        rpc: "http://127.0.0.1:1".into(),
    };
    let rehearsal = Rehearsal {
        from: ALICE,
        to: PROVER,
        data: Bytes::new(),
    };
    let error = dry_run.rehearse(&rehearsal).await.unwrap_err().to_string();
    assert!(error.contains("no-such-anvil") && error.contains("--anvil"), "{error}");
}
