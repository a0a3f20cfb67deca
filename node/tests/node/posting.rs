// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transactions of a sequencer, whatever L1, its provider and its prices do to them.

use crate::chain;
use crate::sequencing;

use alloy::consensus::Transaction as _;
use alloy::primitives::U256;
use alloy::providers::{Provider as _, ext::AnvilApi as _};
use chain::{ALICE, ALICE_KEY, DEPLOYER};
use poe_node::sequencer::Decision;
use sequencing::{
    DEPLOYER_KEY, automine, count, eager, in_flight, include_elsewhere, is_sequenced, key, mined, open, populated,
    sequences, slots_posted, started, step, transfer,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn two_transactions_reorganised_together_leave_no_nonce_unused() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let mut sequencer = started(&chain, folder.path(), eager(1)).await;
    let nonce = count(&chain, DEPLOYER).await;
    let snapshot = chain.snapshot().await;
    // Both are built on this sequence, which goes away.
    chain.sequence(ALICE, &[vec![]], 2).await;
    step(&chain, &mut sequencer).await;
    let mut slots = Vec::new();
    for from in [1, 2] {
        let slot = transfer(&sequencer, from, 100);
        sequencer.service().submit(&slot).unwrap();
        mined(&chain, step(&chain, &mut sequencer).await.sent.unwrap()).await;
        step(&chain, &mut sequencer).await;
        assert!(is_sequenced(&sequencer, &slot));
        slots.push(slot);
    }
    assert_eq!(count(&chain, DEPLOYER).await, nonce + 2);

    // On the new chain the slot of the first is included by somebody else: its nonce is used for nothing, so that the second can be
    // mined.
    chain.revert(snapshot).await;
    chain.mine(4).await;
    chain.sequence(ALICE, &[slots[0].encode().to_vec()], 2).await;
    let round = step(&chain, &mut sequencer).await;
    assert_eq!((round.decision, round.problem), (None, None));
    for _ in 0..2 {
        if let Some(transaction) = in_flight(&sequencer) {
            mined(&chain, transaction).await;
        }
        step(&chain, &mut sequencer).await;
    }
    assert!(slots.iter().all(|slot| is_sequenced(&sequencer, slot)));
    assert_eq!(
        (slots_posted(&sequencer), count(&chain, DEPLOYER).await),
        ((2, 2), nonce + 2)
    );
    assert_eq!(sequencer.report().unwrap().failed, 1);
    assert_eq!(in_flight(&sequencer), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_that_the_provider_forgets_is_sent_again_with_a_higher_fee() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = eager(1);
    config.posting.resubmit_after = Duration::ZERO;
    let mut sequencer = started(&chain, folder.path(), config).await;
    let nonce = count(&chain, DEPLOYER).await;
    automine(&chain, false).await;
    let slot = transfer(&sequencer, 1, 10);
    sequencer.service().submit(&slot).unwrap();
    let sent = step(&chain, &mut sequencer).await.sent.unwrap();
    include_elsewhere(&chain, &slot).await;
    let round = step(&chain, &mut sequencer).await;
    let cancellation = in_flight(&sequencer).unwrap_or_else(|| panic!("{round:?}"));
    assert_ne!(cancellation, sent);
    chain.provider.anvil_drop_transaction(cancellation).await.unwrap();
    step(&chain, &mut sequencer).await;
    assert_ne!(in_flight(&sequencer).unwrap(), cancellation);
    chain.mine(1).await;
    step(&chain, &mut sequencer).await;
    assert_eq!(
        (in_flight(&sequencer), count(&chain, DEPLOYER).await),
        (None, nonce + 1)
    );
    assert_eq!((slots_posted(&sequencer), sequences(&sequencer)), ((1, 1), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_fee_above_half_the_limit_leaves_room_for_a_replacement() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = eager(1);
    config.posting.resubmit_after = Duration::ZERO;
    config.posting.max_gas_price = 100_000_000_000;
    let mut sequencer = started(&chain, folder.path(), config).await;
    automine(&chain, false).await;
    let slot = transfer(&sequencer, 1, 10);
    sequencer.service().submit(&slot).unwrap();
    let base_fee = 70_000_000_000;
    chain
        .provider
        .anvil_set_next_block_base_fee_per_gas(base_fee)
        .await
        .unwrap();
    chain.mine(1).await;
    let first = step(&chain, &mut sequencer).await.sent.unwrap();
    let round = step(&chain, &mut sequencer).await;
    assert_eq!(round.problem, None);
    let second = in_flight(&sequencer).unwrap();
    assert_ne!(first, second);
    let offered = chain
        .provider
        .get_transaction_by_hash(second)
        .await
        .unwrap()
        .unwrap()
        .max_fee_per_gas();
    assert!(
        offered > base_fee && offered <= config.posting.max_gas_price,
        "{offered}"
    );
    let problem = step(&chain, &mut sequencer).await.problem.unwrap();
    assert!(problem.contains("would exceed the limit"), "{problem}");
    chain.mine(1).await;
    step(&chain, &mut sequencer).await;
    assert!(is_sequenced(&sequencer, &slot));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_as_large_as_the_room_for_batches() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let mut sequencer = started(&chain, folder.path(), eager(1)).await;
    let info = sequencer.service().info().unwrap();
    let core = sequencer.follower().client().core();
    let most: u64 = core.maxPendingBatches().call().await.unwrap().to();
    let room = most - info.batches;
    chain.sequence(ALICE, &vec![vec![]; room as usize - 1], 2).await;
    // Two full batches of messages, and room for one.
    let messages = 2 * info.capacity.unwrap().messages as u8;
    for number in 0..messages {
        chain.register(ALICE, &key(10 + number), 1_000_000).await;
    }
    let sent = step(&chain, &mut sequencer).await.sent.unwrap();
    mined(&chain, sent).await;
    let round = step(&chain, &mut sequencer).await;
    assert_eq!((sequencer.service().info().unwrap().batches, round.sent), (most, None));
    let problem = round.problem.unwrap();
    assert!(problem.contains("provers are behind"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_ether_the_refusal_of_the_provider_is_the_problem() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let mut sequencer = started(&chain, folder.path(), eager(1)).await;
    let slot = transfer(&sequencer, 1, 10);
    sequencer.service().submit(&slot).unwrap();
    chain.provider.anvil_set_balance(DEPLOYER, U256::ZERO).await.unwrap();
    for _ in 0..2 {
        let problem = step(&chain, &mut sequencer).await.problem.unwrap();
        assert!(problem.contains("the L1 provider does not"), "{problem}");
        assert_eq!(sequencer.service().info().unwrap().problem, Some(problem));
    }
    let ether = U256::from(10u64).pow(U256::from(20u64));
    chain.provider.anvil_set_balance(DEPLOYER, ether).await.unwrap();
    for _ in 0..2 {
        assert_eq!(step(&chain, &mut sequencer).await.problem, None);
    }
    assert!(is_sequenced(&sequencer, &slot));
    assert_eq!(slots_posted(&sequencer), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_final_while_nobody_looked_is_in_the_books() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let mut sequencer = started(&chain, folder.path(), eager(1)).await;
    let slot = transfer(&sequencer, 1, 10);
    sequencer.service().submit(&slot).unwrap();
    mined(&chain, step(&chain, &mut sequencer).await.sent.unwrap()).await;
    drop(sequencer);
    // It becomes final before anybody asks for it.
    chain.mine(200).await;
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, eager(1)).await;
    let round = step(&chain, &mut sequencer).await;
    assert_eq!((round.decision, in_flight(&sequencer)), (Some(Decision::Nothing), None));
    assert!(is_sequenced(&sequencer, &slot));
    let report = sequencer.report().unwrap();
    let slots: u32 = report
        .sequences
        .iter()
        .flat_map(|sequence| &sequence.batches)
        .map(|batch| batch.slots)
        .sum();
    assert_eq!((report.sequences.len(), report.failed, slots), (2, 0, 1));
    assert!(
        report.earned.0 > 7 && report.gas_cost.0 > 0 && report.batch_fees.0 > 0,
        "{report:?}"
    );
    drop(sequencer);
    // Nothing of the old key is on its way, so another one may go on, and the books go on with it.
    let sequencer = open(&chain, folder.path(), ALICE_KEY, eager(1)).await;
    assert_eq!(sequencer.report().unwrap(), report);
}
