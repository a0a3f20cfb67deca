// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sequencers against anvil and the real contracts.

#[path = "support/chain.rs"]
mod chain;

use alloy::consensus::Transaction as _;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::{Provider as _, ext::AnvilApi as _};
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall as _;
use chain::{ALICE, ALICE_KEY, Chain, DEPLOYER, PROVER};
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::depositCall;
use poe_node::sequencer::rpc::{RpcServer, ServerLimits};
use poe_node::sequencer::{Decision, Sequencer, SequencerConfig, SequencerError, Status};
use poe_node::wallet::{TransferRequest, send_to_sequencer, sign_transfer};
use poe_rollup::formats::Slot;
use poe_rollup::schnorr::SecretKey;
use poe_rollup::state::StateReader as _;
use std::path::Path;
use std::time::Duration;

const DEPLOYER_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

/// Posts whatever waits, at once.
fn eager(fee_recipient: u32) -> SequencerConfig {
    let mut config = SequencerConfig::new(fee_recipient);
    config.policy.max_age = Duration::ZERO;
    config
}

async fn open(chain: &Chain, folder: &Path, key: &str, config: SequencerConfig) -> Sequencer {
    let follower = chain.follower(folder).await;
    Sequencer::open(follower, key.parse().unwrap(), config).await.unwrap()
}

/// Two accounts, of two sequencers that have fees to spend.
async fn populated() -> Chain {
    let chain = Chain::start().await;
    for account in [DEPLOYER, ALICE, PROVER] {
        chain.fund(account).await;
    }
    chain.register(DEPLOYER, &key(1), 1_000_000).await;
    chain.register(ALICE, &key(2), 1_000_000).await;
    chain
}

/// A sequencer that has brought the two accounts into the state.
async fn started(chain: &Chain, folder: &Path, config: SequencerConfig) -> Sequencer {
    let mut sequencer = open(chain, folder, DEPLOYER_KEY, config).await;
    let round = sequencer.step().await.unwrap();
    assert!(round.sent.is_some(), "messages wait: {round:?}");
    assert_eq!(sequencer.step().await.unwrap().decision, Some(Decision::Nothing));
    sequencer
}

fn transfer(sequencer: &Sequencer, from: u8, amount: u64) -> Slot {
    let nonce = sequencer.service().next_nonce(from.into()).unwrap() as u32;
    let (from_index, to) = (u32::from(from), u32::from(3 - from));
    let request = TransferRequest {
        from: Some(from_index),
        to,
        amount,
        fee: 7,
        nonce: Some(nonce),
        sequencer: 0,
    };
    sign_transfer(&sequencer.follower().view().unwrap(), &key(from), &request).unwrap()
}

fn slots_posted(sequencer: &Sequencer) -> (u32, u32) {
    let view = sequencer.follower().view().unwrap();
    let batches = (1..=view.chain().batches).map(|number| view.batch(number).unwrap().unwrap());
    batches.fold((0, 0), |(slots, applied), batch| {
        (slots + batch.slots, applied + batch.applied)
    })
}

fn sequences(sequencer: &Sequencer) -> u64 {
    sequencer.follower().view().unwrap().chain().last_sequence
}

fn is_sequenced(sequencer: &Sequencer, slot: &Slot) -> bool {
    let status = sequencer
        .service()
        .status_at(slot.transfer.from, slot.transfer.nonce)
        .unwrap();
    matches!(status, Status::Sequenced { .. })
}

async fn automine(chain: &Chain, on: bool) {
    chain.provider.anvil_set_auto_mine(on).await.unwrap();
}

async fn count(chain: &Chain, account: Address) -> u64 {
    chain.provider.get_transaction_count(account).await.unwrap()
}

/// The hash of the transaction on its way.
fn in_flight(sequencer: &Sequencer) -> Option<B256> {
    let hash = sequencer.service().info().unwrap().in_flight?;
    Some(hash.parse().unwrap())
}

/// Another sequencer includes a slot, at a price of gas that leaves whatever else waits in the provider's pool where it is.
async fn include_elsewhere(chain: &Chain, slot: &Slot) {
    chain
        .provider
        .anvil_set_next_block_base_fee_per_gas(50_000_000_000)
        .await
        .unwrap();
    let call = chain.sequence_call(&[slot.encode().to_vec()], 2).abi_encode();
    let request = TransactionRequest::default()
        .from(ALICE)
        .to(chain.core())
        .input(call.into());
    let request = TransactionRequest {
        gas_price: Some(100_000_000_000),
        gas: Some(2_000_000),
        ..request
    };
    let _ = chain.provider.send_transaction(request).await.unwrap();
    chain.mine(1).await;
}

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
    assert!(a.step().await.unwrap().sent.is_some());
    let round = b.step().await.unwrap();
    assert_eq!((round.decision, round.sent), (Some(Decision::Nothing), None));
    a.step().await.unwrap();
    assert!(is_sequenced(&a, &first) && is_sequenced(&b, &first));
    assert_eq!(slots_posted(&a), (1, 1));

    // In the same L1 block, where neither can know: posted twice, applied once.
    let second = transfer(&a, 1, 2_000);
    for url in &urls {
        send_to_sequencer(url, &second).await.unwrap();
    }
    automine(&chain, false).await;
    assert!(a.step().await.unwrap().sent.is_some());
    assert!(b.step().await.unwrap().sent.is_some());
    let in_flight = a.service().status_at(1, 1).unwrap();
    assert!(
        matches!(in_flight, Status::InFlight { transaction: Some(_) }),
        "{in_flight:?}"
    );
    chain.mine(1).await;
    automine(&chain, true).await;
    a.step().await.unwrap();
    b.step().await.unwrap();
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
        assert!(sequencer.step().await.unwrap().sent.is_some());
        sequencer.step().await.unwrap();
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
    sequencer.step().await.unwrap();
    let status = sequencer.service().status_at(1, 0).unwrap();
    assert!(matches!(status, Status::InFlight { .. }), "{status:?}");
    assert_eq!(slots_posted(&sequencer), (0, 0));
    assert_eq!(sequencer.report().unwrap().sequences.len(), before.sequences.len() - 1);
    chain.mine(1).await;
    automine(&chain, true).await;
    sequencer.step().await.unwrap();
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
    sequencer.step().await.unwrap();
    let slot = transfer(&sequencer, 2, 300);
    post(&mut sequencer, &slot).await;
    chain.revert(snapshot).await;
    chain.mine(3).await;
    for _ in 0..2 {
        sequencer.step().await.unwrap();
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
    let sent = sequencer.step().await.unwrap().sent.unwrap();
    sequencer.service().submit(&second).unwrap();
    drop(sequencer);
    // Lost on the way, as if it had ended before it was sent.
    chain.provider.anvil_drop_transaction(sent).await.unwrap();
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, config).await;
    let status = |sequencer: &Sequencer, from| sequencer.service().status_at(from, 0).unwrap();
    assert!(matches!(status(&sequencer, 1), Status::InFlight { .. }));
    assert!(matches!(status(&sequencer, 2), Status::Waiting { .. }));
    let round = sequencer.step().await.unwrap();
    assert_eq!((round.decision, round.sent), (None, None), "one transaction at a time");
    chain.mine(1).await;
    // The first is sequenced; the second goes out at once, and is not mined: the fee rises.
    let round = sequencer.step().await.unwrap();
    assert!(is_sequenced(&sequencer, &first) && round.sent.is_some());
    drop(sequencer);
    let mut impatient = config;
    impatient.posting.resubmit_after = Duration::ZERO;
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, impatient).await;
    let Status::InFlight { transaction: before } = status(&sequencer, 2) else {
        panic!("it is in flight")
    };
    sequencer.step().await.unwrap();
    let Status::InFlight { transaction: after } = status(&sequencer, 2) else {
        panic!("it is in flight")
    };
    assert_ne!(before, after);
    chain.mine(1).await;
    sequencer.step().await.unwrap();
    assert!(is_sequenced(&sequencer, &second));
    assert_eq!(
        (slots_posted(&sequencer), count(&chain, DEPLOYER).await),
        ((2, 2), nonce + 2)
    );
    assert_eq!(sequences(&sequencer), 3);

    // Another sequencer includes a slot that is on its way here: the transaction is taken back.
    let third = transfer(&sequencer, 1, 30);
    sequencer.service().submit(&third).unwrap();
    assert!(sequencer.step().await.unwrap().sent.is_some());
    include_elsewhere(&chain, &third).await;
    sequencer.step().await.unwrap();
    assert!(is_sequenced(&sequencer, &third));
    chain.mine(1).await;
    let round = sequencer.step().await.unwrap();
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
    let problem = sequencer.step().await.unwrap().problem.unwrap();
    assert!(problem.contains("poe wallet fees deposit --amount"), "{problem}");
    assert_eq!(sequencer.service().info().unwrap().problem, Some(problem));
    drop(sequencer);

    // Fee limits.
    let mut config = eager(1);
    config.posting.max_batch_fee = 1;
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, config).await;
    sequencer.service().submit(&slot).unwrap();
    let problem = sequencer.step().await.unwrap().problem.unwrap();
    assert!(problem.contains("--max-batch-fee"), "{problem}");
    drop(sequencer);
    let mut config = eager(1);
    config.posting.max_gas_price = 1;
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, config).await;
    let problem = sequencer.step().await.unwrap().problem.unwrap();
    assert!(problem.contains("more than the limit of 1"), "{problem}");
    drop(sequencer);

    // A patient policy waits for company, and takes a slot that pays for the batch alone at once.
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, SequencerConfig::new(1)).await;
    assert_eq!(sequencer.step().await.unwrap().decision, Some(Decision::Wait));
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
    sequencer.step().await.unwrap();
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
    assert_eq!(sequencer.step().await.unwrap().decision, Some(Decision::PostForValue));
    sequencer.step().await.unwrap();
    assert!(is_sequenced(&sequencer, &slot) && is_sequenced(&sequencer, &rich));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_transactions_reorganised_together_leave_no_nonce_unused() {
    let chain = populated().await;
    let folder = tempfile::tempdir().unwrap();
    let mut sequencer = started(&chain, folder.path(), eager(1)).await;
    let nonce = count(&chain, DEPLOYER).await;
    let snapshot = chain.snapshot().await;
    // Both are built on this sequence, which goes away.
    chain.sequence(ALICE, &[vec![]], 2).await;
    sequencer.step().await.unwrap();
    let mut slots = Vec::new();
    for from in [1, 2] {
        let slot = transfer(&sequencer, from, 100);
        sequencer.service().submit(&slot).unwrap();
        assert!(sequencer.step().await.unwrap().sent.is_some());
        sequencer.step().await.unwrap();
        assert!(is_sequenced(&sequencer, &slot));
        slots.push(slot);
    }
    assert_eq!(count(&chain, DEPLOYER).await, nonce + 2);

    // On the new chain the slot of the first is included by somebody else: its nonce is used for nothing, so that the second can be
    // mined.
    chain.revert(snapshot).await;
    chain.mine(4).await;
    chain.sequence(ALICE, &[slots[0].encode().to_vec()], 2).await;
    let round = sequencer.step().await.unwrap();
    assert_eq!((round.decision, round.problem), (None, None));
    for _ in 0..2 {
        sequencer.step().await.unwrap();
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
    let sent = sequencer.step().await.unwrap().sent.unwrap();
    include_elsewhere(&chain, &slot).await;
    sequencer.step().await.unwrap();
    let cancellation = in_flight(&sequencer).unwrap();
    assert_ne!(cancellation, sent);
    chain.provider.anvil_drop_transaction(cancellation).await.unwrap();
    sequencer.step().await.unwrap();
    assert_ne!(in_flight(&sequencer).unwrap(), cancellation);
    chain.mine(1).await;
    sequencer.step().await.unwrap();
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
    let first = sequencer.step().await.unwrap().sent.unwrap();
    let round = sequencer.step().await.unwrap();
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
    let problem = sequencer.step().await.unwrap().problem.unwrap();
    assert!(problem.contains("would exceed the limit"), "{problem}");
    chain.mine(1).await;
    sequencer.step().await.unwrap();
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
    assert!(sequencer.step().await.unwrap().sent.is_some());
    let round = sequencer.step().await.unwrap();
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
        let problem = sequencer.step().await.unwrap().problem.unwrap();
        assert!(problem.contains("the L1 provider does not"), "{problem}");
        assert_eq!(sequencer.service().info().unwrap().problem, Some(problem));
    }
    let ether = U256::from(10u64).pow(U256::from(20u64));
    chain.provider.anvil_set_balance(DEPLOYER, ether).await.unwrap();
    for _ in 0..2 {
        assert_eq!(sequencer.step().await.unwrap().problem, None);
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
    assert!(sequencer.step().await.unwrap().sent.is_some());
    drop(sequencer);
    // It is mined, and becomes final, before anybody asks for it.
    chain.mine(200).await;
    let mut sequencer = open(&chain, folder.path(), DEPLOYER_KEY, eager(1)).await;
    let round = sequencer.step().await.unwrap();
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
