// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sequencers against anvil and the real contracts.

use crate::chain;
use crate::sequencing;

use alloy::primitives::U256;
use alloy::providers::ext::AnvilApi as _;
use chain::{ALICE, ALICE_KEY, DEPLOYER};
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::depositCall;
use poe_node::sequencer::rpc::{RpcServer, ServerLimits};
use poe_node::sequencer::{Decision, Sequencer, SequencerConfig, SequencerError, Status};
use poe_node::wallet::{TransferRequest, send_to_sequencer, sign_transfer};
use poe_rollup::formats::Slot;
use poe_rollup::state::StateReader as _;
use sequencing::{
    DEPLOYER_KEY, automine, count, eager, include_elsewhere, is_sequenced, key, mined, open, populated, sequences,
    slots_posted, started, step, transfer,
};
use std::path::Path;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_sent_to_two_sequencers_is_applied_once() {
    let chain = populated().await;
    let (folder_a, folder_b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut a = started(&chain, folder_a.path(), eager(1)).await;
    let mut b = open(&chain, folder_b.path(), ALICE_KEY, eager(2)).await;
    let serve = |sequencer: &Sequencer| RpcServer::bind("127.0.0.1:0", sequencer.service(), ServerLimits::default());
    let (server_a, server_b) = (serve(&a).await.unwrap(), serve(&b).await.unwrap());
    let urls = [server_a.url(), server_b.url()];
    tokio::spawn(server_a.run(std::future::pending()));
    tokio::spawn(server_b.run(std::future::pending()));

    // One after the other: the second sees that the first has included it.
    let first = transfer(&a, 1, 1_000);
    for url in &urls {
        let answer = send_to_sequencer(url, &first).await.unwrap();
        assert_eq!(answer["status"], "waiting", "{answer}");
    }
    mined(&chain, step(&chain, &mut a).await.sent.unwrap()).await;
    let round = step(&chain, &mut b).await;
    assert_eq!((round.decision, round.sent), (Some(Decision::Nothing), None));
    step(&chain, &mut a).await;
    assert!(is_sequenced(&a, &first) && is_sequenced(&b, &first));
    assert_eq!(slots_posted(&a), (1, 1));

    // In the same L1 block, where neither can know: posted twice, applied once.
    let second = transfer(&a, 1, 2_000);
    for url in &urls {
        send_to_sequencer(url, &second).await.unwrap();
    }
    automine(&chain, false).await;
    assert!(step(&chain, &mut a).await.sent.is_some());
    assert!(step(&chain, &mut b).await.sent.is_some());
    let in_flight = a.service().status_at(1, 1).unwrap();
    assert!(
        matches!(in_flight, Status::InFlight { transaction: Some(_) }),
        "{in_flight:?}"
    );
    chain.mine(1).await;
    automine(&chain, true).await;
    step(&chain, &mut a).await;
    step(&chain, &mut b).await;
    assert_eq!(slots_posted(&a), (3, 2));
    assert!(is_sequenced(&a, &second) && is_sequenced(&b, &second));
    let view = b.follower().view().unwrap();
    assert_eq!(view.account(1).unwrap().unwrap().nonce, 2);

    // Fees went where they were earned; both paid for their batches.
    let (report_a, report_b) = (a.report().unwrap(), b.report().unwrap());
    let slot_fees: u64 = report_a
        .sequences
        .iter()
        .chain(&report_b.sequences)
        .flat_map(|s| &s.batches)
        .map(|b| b.slot_fees.0)
        .sum();
    assert_eq!(slot_fees, 14);
    assert_eq!((report_a.sequences.len(), report_b.sequences.len()), (3, 1));
    assert!(report_b.gas_cost.0 > 0 && report_b.batch_fees.0 > 0);
    assert_eq!(report_a.sequences[0].batches[0].slots, 0);
    assert!(report_a.sequences[0].batches[0].message_fees.0 > 0, "{report_a:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_gives_slots_back_and_they_are_posted_again() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let mut sequencer = started(&chain, folder.path(), eager(1)).await;
    let post = async |sequencer: &mut Sequencer, slot: &Slot| {
        sequencer.service().submit(slot).unwrap();
        mined(&chain, step(&chain, sequencer).await.sent.unwrap()).await;
        step(&chain, sequencer).await;
        assert!(is_sequenced(sequencer, slot));
    };

    // The call still holds on the new chain: the same transaction again.
    let nonce = count(&chain, DEPLOYER).await;
    let snapshot = chain.snapshot().await;
    let slot = transfer(&sequencer, 1, 500);
    post(&mut sequencer, &slot).await;
    let before = sequencer.report().unwrap();
    chain.revert(snapshot).await;
    automine(&chain, false).await;
    chain.mine(2).await;
    step(&chain, &mut sequencer).await;
    let status = sequencer.service().status_at(1, 0).unwrap();
    assert!(matches!(status, Status::InFlight { .. }), "{status:?}");
    assert_eq!(slots_posted(&sequencer), (0, 0));
    assert_eq!(sequencer.report().unwrap().sequences.len(), before.sequences.len() - 1);
    chain.mine(1).await;
    automine(&chain, true).await;
    step(&chain, &mut sequencer).await;
    assert!(is_sequenced(&sequencer, &slot));
    assert_eq!(
        (slots_posted(&sequencer), count(&chain, DEPLOYER).await),
        ((1, 1), nonce + 1)
    );
    assert_eq!(sequencer.report().unwrap().sequences.len(), before.sequences.len());

    // What it was built on is gone: other contents, the same L1 nonce.
    let nonce = count(&chain, DEPLOYER).await;
    let snapshot = chain.snapshot().await;
    chain.sequence(ALICE, &[vec![]], 2).await;
    step(&chain, &mut sequencer).await;
    let slot = transfer(&sequencer, 2, 300);
    post(&mut sequencer, &slot).await;
    chain.revert(snapshot).await;
    chain.mine(3).await;
    for _ in 0..2 {
        step(&chain, &mut sequencer).await;
    }
    assert!(is_sequenced(&sequencer, &slot));
    assert_eq!(
        (slots_posted(&sequencer), count(&chain, DEPLOYER).await),
        ((2, 2), nonce + 1)
    );
    let view = sequencer.follower().view().unwrap();
    assert_eq!(view.sequence(3).unwrap().unwrap().rest.payer, DEPLOYER.into_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_followed_over_restarts_and_replaced_but_never_doubled() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let config = eager(1);
    let mut sequencer = started(&chain, folder.path(), config).await;
    let nonce = count(&chain, DEPLOYER).await;
    automine(&chain, false).await;

    // The process ends while a transaction is on its way, and another slot waits.
    let (first, second) = (transfer(&sequencer, 1, 10), transfer(&sequencer, 2, 20));
    sequencer.service().submit(&first).unwrap();
    let sent = step(&chain, &mut sequencer).await.sent.unwrap();
    sequencer.service().submit(&second).unwrap();
    drop(sequencer);
    // Lost on the way, as if it had ended before it was sent.
    chain.provider.anvil_drop_transaction(sent).await.unwrap();
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, config).await;
    let status = |sequencer: &Sequencer, from| sequencer.service().status_at(from, 0).unwrap();
    assert!(matches!(status(&sequencer, 1), Status::InFlight { .. }));
    assert!(matches!(status(&sequencer, 2), Status::Waiting { .. }));
    let round = step(&chain, &mut sequencer).await;
    assert_eq!((round.decision, round.sent), (None, None), "one transaction at a time");
    chain.mine(1).await;
    // The first is sequenced; the second goes out at once, and is not mined: the fee rises.
    let round = step(&chain, &mut sequencer).await;
    assert!(is_sequenced(&sequencer, &first) && round.sent.is_some());
    drop(sequencer);
    let mut impatient = config;
    impatient.posting.resubmit_after = Duration::ZERO;
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, impatient).await;
    let Status::InFlight { transaction: before } = status(&sequencer, 2) else {
        panic!("it is in flight")
    };
    step(&chain, &mut sequencer).await;
    let Status::InFlight { transaction: after } = status(&sequencer, 2) else {
        panic!("it is in flight")
    };
    assert_ne!(before, after);
    chain.mine(1).await;
    step(&chain, &mut sequencer).await;
    assert!(is_sequenced(&sequencer, &second));
    assert_eq!(
        (slots_posted(&sequencer), count(&chain, DEPLOYER).await),
        ((2, 2), nonce + 2)
    );
    assert_eq!(sequences(&sequencer), 3);

    // Another sequencer includes a slot that is on its way here: the transaction is taken back.
    let third = transfer(&sequencer, 1, 30);
    sequencer.service().submit(&third).unwrap();
    assert!(step(&chain, &mut sequencer).await.sent.is_some());
    include_elsewhere(&chain, &third).await;
    step(&chain, &mut sequencer).await;
    assert!(is_sequenced(&sequencer, &third));
    chain.mine(1).await;
    let round = step(&chain, &mut sequencer).await;
    assert_eq!((round.sent, round.problem), (None, None));
    assert_eq!((slots_posted(&sequencer), sequences(&sequencer)), ((3, 3), 4));
    assert_eq!(count(&chain, DEPLOYER).await, nonce + 3);
    let report = sequencer.report().unwrap();
    assert_eq!((report.failed, report.sequences.len()), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_posted_waits_and_says_why() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let refused = |recipient: u32, folder: &Path| {
        let folder = folder.to_owned();
        let chain = &chain;
        async move {
            let follower = chain.follower(&folder).await;
            Sequencer::open(follower, DEPLOYER_KEY.parse().unwrap(), eager(recipient))
                .await
                .unwrap_err()
        }
    };
    for recipient in [0, 3] {
        let error = refused(recipient, folder.path()).await;
        assert!(matches!(error, SequencerError::FeeRecipient { next: 3, .. }), "{error}");
    }
    let sequencer = started(&chain, folder.path(), eager(1)).await;
    let slot = transfer(&sequencer, 1, 10);
    drop(sequencer);

    // No fee balance.
    let poor = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";
    let another = chain.follower(folder.path()).await;
    let refused = Sequencer::open(another, poor.parse().unwrap(), eager(1)).await;
    assert!(matches!(refused, Err(SequencerError::AnotherKey { .. })), "{refused:?}");
    drop(refused);
    let apart = tempfile::tempdir().unwrap();
    let mut sequencer = open(&chain, apart.path(), poor, eager(1)).await;
    sequencer.service().submit(&slot).unwrap();
    let problem = step(&chain, &mut sequencer).await.problem.unwrap();
    assert!(problem.contains("poe wallet fees deposit --amount"), "{problem}");
    assert_eq!(sequencer.service().info().unwrap().problem, Some(problem));
    drop(sequencer);

    // Fee limits.
    let mut config = eager(1);
    config.posting.max_batch_fee = 1;
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, config).await;
    sequencer.service().submit(&slot).unwrap();
    let problem = step(&chain, &mut sequencer).await.problem.unwrap();
    assert!(problem.contains("--max-batch-fee"), "{problem}");
    drop(sequencer);
    let mut config = eager(1);
    config.posting.max_gas_price = 1;
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, config).await;
    let problem = step(&chain, &mut sequencer).await.problem.unwrap();
    assert!(problem.contains("more than the limit of 1"), "{problem}");
    drop(sequencer);

    // A patient policy waits for company, and takes a slot that pays for the batch alone at once.
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, SequencerConfig::new(1)).await;
    assert_eq!(step(&chain, &mut sequencer).await.decision, Some(Decision::Wait));
    let estimate = sequencer.service().estimate_fee().unwrap().unwrap();
    assert!(
        estimate.fee > estimate.minimum && estimate.batch_fee.0 > 0,
        "{estimate:?}"
    );
    let view = sequencer.follower().view().unwrap();
    let fee = estimate.fee * 94;
    chain
        .send(ALICE, chain.core(), deposit(&view, 2), 2 * fee + 10_000_000)
        .await;
    chain.sequence(ALICE, &[vec![]], 2).await;
    step(&chain, &mut sequencer).await;
    let request = TransferRequest {
        from: Some(2),
        to: 1,
        amount: 1,
        fee,
        nonce: None,
        sequencer: 1,
    };
    let rich = sign_transfer(&sequencer.follower().view().unwrap(), &key(2), &request).unwrap();
    sequencer.service().submit(&rich).unwrap();
    assert_eq!(
        step(&chain, &mut sequencer).await.decision,
        Some(Decision::PostForValue)
    );
    step(&chain, &mut sequencer).await;
    assert!(is_sequenced(&sequencer, &slot) && is_sequenced(&sequencer, &rich));
}

fn deposit(view: &poe_node::store::View, index: u32) -> depositCall {
    let record = view.registrations(|message| message.index == index).unwrap()[0].clone();
    let mut key = [0; 80];
    key.copy_from_slice(&record.message.encode()[8..88]);
    let identity = poe_rollup::formats::identity(index, &key, &record.message.l1_owner);
    depositCall {
        index,
        expectedIdentity: identity.into(),
        maxFeeGwei: U256::MAX,
    }
}
