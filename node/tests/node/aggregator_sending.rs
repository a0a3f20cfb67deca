// SPDX-License-Identifier: MIT OR Apache-2.0
//! When an aggregator begins and sends something, what it bids for it, and when it takes that back.

use crate::chain;
use crate::subject;

use alloy::primitives::U256;
use alloy::providers::{Provider, ext::AnvilApi};
use alloy::rpc::types::TransactionRequest;
use chain::{ALICE, DEPLOYER, PROVER};
use poe_node::agent::{AgentError, CircuitsOnL1, key_of};
use poe_node::aggregator::{Costs, Eager, Event, Offer, RangeEvent, Situation, Strategy};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use subject::{Scribe, Subject, chain_with, fee_of, nonce, send_unmined, submission};

/// Wants all there is, for no less than it is told, while gas costs no more than it is told.
#[derive(Clone)]
struct Demanding {
    reward: Arc<Mutex<u128>>,
    gas_price: Arc<Mutex<u128>>,
}

impl Demanding {
    fn nothing() -> Self {
        Self {
            reward: Arc::default(),
            gas_price: Arc::new(Mutex::new(u128::MAX)),
        }
    }
}

impl Strategy for Demanding {
    fn name(&self) -> &'static str {
        "demanding"
    }

    fn target(&mut self, situation: &Situation<'_>) -> Option<u64> {
        Eager.target(situation)
    }

    fn least_reward(&self, offer: &Offer, costs: &Costs) -> Option<u128> {
        let least = *self.reward.lock().unwrap();
        (offer.reward >= least && costs.gas_price <= *self.gas_price.lock().unwrap()).then_some(least)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_stops_paying_makes_way_for_a_longer_one() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let (strategy, scribe) = (Demanding::nothing(), Scribe::new(false));
    let mut subject = Subject::new(&chain, folder.path(), Box::new(strategy.clone()), scribe.clone()).await;
    subject.steps(1).await;
    let goal = |subject: &Subject| subject.aggregator.agent().journal().goal().map(|goal| goal.last);
    assert_eq!(goal(&subject), Some(1));
    *strategy.reward.lock().unwrap() = fee_of(&subject.view(), 1) + 1;
    scribe.ready.store(true, Ordering::Relaxed);
    subject.steps(2).await;
    assert!(subject.heard.declined().unwrap().contains("earns less"));
    assert_eq!(goal(&subject), Some(1));
    chain.sequence(DEPLOYER, &[vec![]], 1).await;
    subject.steps(1).await;
    assert!(subject.heard.abandoned().unwrap().contains("up to sequence 2"));
    assert_eq!(goal(&subject), Some(2));
    subject.steps(2).await;
    let outcome = subject.heard.settled().unwrap();
    assert!(outcome.accepted);
    assert_eq!(outcome.last, 2);
}

/// It would only keep the aggregator from one that does.
#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_does_not_pay_is_not_begun() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let strategy = Demanding::nothing();
    *strategy.reward.lock().unwrap() = u128::MAX;
    let mut subject = Subject::new(&chain, folder.path(), Box::new(strategy), Scribe::new(true)).await;
    subject.steps(2).await;
    assert_eq!(subject.aggregator.agent().journal().goal(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bid_is_raised_while_the_strategy_wants_it_and_not_without_end() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let strategy = Demanding::nothing();
    let chosen = Box::new(strategy.clone());
    let mut subject = Subject::resending_after(0, &chain, folder.path(), chosen, Scribe::new(true)).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(3).await;
    assert_eq!(subject.in_flight().hashes.len(), 3);
    *strategy.gas_price.lock().unwrap() = 0;
    subject.steps(2).await;
    assert_eq!(subject.in_flight().hashes.len(), 3, "nobody asked the strategy");
    *strategy.gas_price.lock().unwrap() = u128::MAX;
    subject.steps(40).await;
    let bid = subject.in_flight();
    let suggested = chain.provider.estimate_eip1559_fees().await.unwrap().max_fee_per_gas;
    assert!(
        bid.max_fee > 8 * suggested && bid.max_fee <= 10 * suggested,
        "{bid:?}, {suggested} is suggested"
    );
    subject.steps(2).await;
    assert_eq!(subject.in_flight(), bid);
    chain.mine(1).await;
    subject.steps(1).await;
    assert!(subject.heard.settled().unwrap().accepted);
    assert_eq!(nonce(&chain).await, 1);
}

/// It is kept within, raised bids and the taking of a nonce included, and what does not fit waits.
#[tokio::test(flavor = "multi_thread")]
async fn no_bid_exceeds_the_highest_price_of_gas_and_what_costs_more_waits() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let waits = |subject: &Subject, what: &str| {
        subject
            .heard
            .count(|event| matches!(event, Event::WaitsForGas { doing, .. } if *doing == what))
    };
    let start = async |limit: u128| {
        let proofs = Scribe::new(true);
        Subject::bidding((0, Some(limit)), &chain, folder.path(), Box::new(Eager), proofs).await
    };
    let mut poor = start(18).await;
    poor.steps(3).await;
    assert_eq!(poor.aggregator.agent().journal().in_flight(), None);
    assert_eq!(waits(&poor, "sending"), 1, "it is said once");
    drop(poor);

    let suggested = chain.provider.estimate_eip1559_fees().await.unwrap();
    let limit = 2 * suggested.max_fee_per_gas;
    let mut subject = start(limit).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(20).await;
    let bid = subject.in_flight();
    assert!(
        bid.hashes.len() > 2 && bid.max_fee <= limit / 9 * 8,
        "{bid:?}, the limit is {limit}"
    );
    assert_eq!(waits(&subject, "raising"), 1);
    // An eighth was kept for this.
    for hash in &bid.hashes {
        chain.provider.anvil_drop_transaction(*hash).await.unwrap();
    }
    let other = submission(&chain, &subject.view(), 0, 1);
    send_unmined(&chain, &other, |_| ()).await;
    chain.mine(1).await;
    subject.steps(3).await;
    assert!(subject.heard.cancelled().unwrap().contains("somebody else"));
    let bid = subject.in_flight();
    assert!(bid.cancelled && bid.max_fee <= limit, "{bid:?}, the limit is {limit}");
    chain.mine(1).await;
    subject.steps(1).await;
    assert!(!subject.heard.settled().unwrap().accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_without_ether_rehearses_once_and_is_told_what_it_lacks() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    chain.provider.anvil_set_balance(ALICE, U256::ZERO).await.unwrap();
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    subject.steps(3).await;
    let why = subject.heard.declined().unwrap();
    assert!(why.contains("lacks ether"), "{why}");
    assert_eq!(subject.heard.count(|event| matches!(event, Event::Declined { .. })), 1);
    assert_eq!(subject.aggregator.agent().journal().in_flight(), None);
    let ten = U256::from(10u64).pow(U256::from(19u64));
    chain.provider.anvil_set_balance(ALICE, ten).await.unwrap();
    subject.steps(2).await;
    assert!(subject.heard.settled().unwrap().accepted);
    assert_eq!(
        subject
            .heard
            .count(|event| matches!(event, Event::Own(RangeEvent::Rehearsed { .. }))),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn circuits_that_the_verifier_does_not_stand_for_prove_nothing() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let same = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    same.aggregator.agent().check_circuits().await.unwrap();
    drop(same);
    let others: [fn(&mut CircuitsOnL1); 3] = [
        |circuits| circuits.capacity.slots = 93,
        |circuits| circuits.circuit_hash[0] ^= 1,
        |circuits| circuits.insecure_setup = false,
    ];
    for change in others {
        let mut scribe = Scribe::new(true);
        change(&mut scribe.circuits);
        let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), scribe.clone()).await;
        let error = subject.aggregator.agent().check_circuits().await.unwrap_err();
        assert!(matches!(error, AgentError::OtherCircuits { route: 1, .. }), "{error}");
        subject.steps(2).await;
        assert_eq!(subject.aggregator.agent().journal().goal(), None);
        assert_eq!(
            subject
                .heard
                .count(|event| matches!(event, Event::OtherCircuits { .. })),
            1
        );
        assert_eq!(scribe.folds.load(Ordering::Relaxed), 0);
    }
    assert_eq!(nonce(&chain).await, 0);
}

/// Hours of proving for another ceremony or shape would end in a refused proof.
#[tokio::test(flavor = "multi_thread")]
async fn a_generated_verifier_tells_its_key_and_the_mock_has_none() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let same = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    let artifact = "BatchVerifierInsecureDev.sol/BatchVerifierInsecureDev.json";
    let generated = chain.create(artifact).await;
    let client = same.aggregator.agent().client();
    let key = key_of(client, generated).await.unwrap().unwrap();
    let manifest = include_str!("../../../contracts/verifiers/BatchVerifierInsecureDev.json");
    for word in key.tau_g2.iter().chain([&key.vk_digest]) {
        assert!(manifest.contains(&format!("0x{}", hex::encode(word))), "{key:?}");
    }
    let core = client.core();
    let route = client
        .lens()
        .routeInForce(*core.address(), 1)
        .call()
        .await
        .unwrap()
        .route;
    assert_eq!(key_of(client, route.verifier).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_behind_a_transaction_of_the_key_that_somebody_else_has_sent() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    let other = TransactionRequest::default().from(ALICE).to(PROVER);
    let _ = chain.provider.send_transaction(other).await.unwrap();
    subject.steps(2).await;
    assert!(subject.heard.declined().unwrap().contains("a key of its own"));
    assert_eq!(subject.aggregator.agent().journal().in_flight(), None);
    chain.mine(1).await;
    subject.steps(1).await;
    assert_eq!(subject.in_flight().nonce, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_proven_ahead_while_a_submission_waits() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let scribe = Scribe::new(true);
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), scribe.clone()).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(1).await;
    let before = scribe.folds.load(Ordering::Relaxed);
    subject.steps(1).await;
    assert_eq!(subject.in_flight().last, 1);
    assert_eq!(scribe.folds.load(Ordering::Relaxed), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_sequence_is_reorganised_away_is_cancelled() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let snapshot = chain.snapshot().await;
    chain.sequence(DEPLOYER, &[vec![]], 1).await;
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(1).await;
    let sent = subject.in_flight();
    assert_eq!(sent.last, 2);
    chain.provider.anvil_drop_transaction(sent.hashes[0]).await.unwrap();
    chain.revert(snapshot).await;
    chain.mine(3).await;
    subject.steps(1).await;
    assert!(subject.heard.cancelled().unwrap().contains("reorganised"));
    chain.mine(1).await;
    subject.steps(1).await;
    let outcome = subject.heard.settled().unwrap();
    assert_eq!((outcome.accepted, outcome.gas), (false, 21_000));
    // What is left is gone for anew.
    subject.steps(1).await;
    assert!(subject.heard.abandoned().is_some());
}

/// As when L1 takes back a block and its transactions with it, and no provider has them any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_submission_behind_a_transaction_that_is_gone_makes_way_for_one_that_can_be_mined() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let snapshot = chain.snapshot().await;
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    subject.steps(2).await;
    assert_eq!((subject.heard.settled().unwrap().last, nonce(&chain).await), (1, 1));
    chain.sequence(DEPLOYER, &[vec![]], 1).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(1).await;
    assert_eq!(subject.in_flight().nonce, 1);
    chain.revert(snapshot).await;
    chain.provider.anvil_set_auto_mine(true).await.unwrap();
    chain.mine(1).await;
    assert_eq!(nonce(&chain).await, 0);
    subject.steps(16).await;
    assert_eq!(subject.view().chain().last_verified, 1, "{:?}", subject.heard.all());
}

/// It costs the gas of a revert, which is counted against the range and not against the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_is_overtaken_in_its_block_is_counted_as_a_revert() {
    let (chain, folder) = (chain_with(1).await, tempfile::tempdir().unwrap());
    let mut subject = Subject::new(&chain, folder.path(), Box::new(Eager), Scribe::new(true)).await;
    chain.provider.anvil_set_auto_mine(false).await.unwrap();
    subject.steps(1).await;
    let goal = *subject.aggregator.agent().journal().goal().unwrap();
    let other = submission(&chain, &subject.view(), 0, 1);
    send_unmined(&chain, &other, |hasty| {
        hasty.max_fee_per_gas = Some(100_000_000_000);
        hasty.max_priority_fee_per_gas = Some(50_000_000_000);
    })
    .await;
    chain.mine(1).await;
    subject.steps(1).await;
    let outcome = subject.heard.settled().unwrap();
    assert!(!outcome.accepted && outcome.gas > 21_000, "{outcome:?}");
    assert_eq!(outcome.reward, 0);
    assert_eq!(subject.aggregator.agent().journal().reverts(&goal), 1);
    subject.steps(1).await;
    assert!(subject.heard.abandoned().unwrap().contains("is proven"));
    assert_eq!(nonce(&chain).await, 1);
}
