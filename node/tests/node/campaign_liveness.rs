// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whatever the contract takes is provable: batches of all kinds go through it, are rebuilt from L1, executed, and put through the
//! leaf circuit, all constraints of it.

use crate::campaign::Campaign;
use crate::chain::{ALICE, Chain, DEPLOYER};
use crate::history::batch;
use crate::sequencing::key;
use alloy::primitives::{B256, U256};
use alloy::sol_types::SolCall as _;
use poe_node::store::{StoreError, View};
use poe_node::sync::Follower;
use poe_prover::check::Checker;
use poe_prover::layers::public_inputs::RangeInputs;
use poe_prover::leaf::LeafCircuit;
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::{Capacity, Statement};
use std::collections::BTreeMap;

/// The smallest circuit that has everything, unless `POE_CAMPAIGN_CAPACITY` names another: slots, messages and exits, as in 94,4,8.
fn capacity() -> Capacity {
    let text = std::env::var("POE_CAMPAIGN_CAPACITY").unwrap_or_else(|_| "2,1,1".to_owned());
    let numbers: Vec<u32> = text
        .split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect();
    let [slots, messages, exits] = numbers[..] else {
        panic!("POE_CAMPAIGN_CAPACITY is {text:?}; it must be three numbers: slots, messages, exits")
    };
    Capacity { slots, messages, exits }
}

/// A sequencer of all kinds.
struct Anybody {
    chain: Chain,
    follower: Follower,
    capacity: Capacity,
    /// Kinds of calls, and how many of them the contract took.
    tally: BTreeMap<&'static str, (u32, u32)>,
}

impl Anybody {
    async fn view(&mut self) -> View {
        self.follower.sync_once().await.unwrap();
        self.follower.view().unwrap()
    }

    /// Bytes that may be a batch: transfers, broken ones, anything; mostly of a length that the contract takes.
    fn bytes(&self, view: &View, draw: &mut Campaign) -> Vec<u8> {
        let most = self.capacity.slots as usize * 96;
        match draw.below(8) {
            0 => {
                let length = draw.below(most as u64 + 200) as usize;
                draw.bytes(length)
            }
            1 => {
                let slots = 1 + draw.below(u64::from(self.capacity.slots)) as usize;
                draw.bytes(96 * slots)
            }
            2 => vec![*draw.pick(&[0, 0xFF]); most],
            3 => vec![],
            _ => {
                let exits = draw.chance(3);
                let mut bytes = batch(view, draw, exits);
                bytes.truncate(most);
                bytes
            }
        }
    }

    /// One call, and whether the contract decides as its rules say.
    async fn call(&mut self, draw: &mut Campaign) {
        let view = self.view().await;
        let batches: Vec<Vec<u8>> = (0..draw.below(4)).map(|_| self.bytes(&view, draw)).collect();
        let mut call = self.chain.sequence_call(&batches, 1 + draw.below(2) as u32);
        let most = self.capacity.slots as usize * 96;
        let is_whole = |batch: &Vec<u8>| batch.len().is_multiple_of(96) && batch.len() <= most;
        let mut expected = !batches.is_empty() && batches.iter().all(is_whole);
        let mut kind = if expected { "of whole slots" } else { "of another shape" };
        let mut is_odd = false;
        match draw.below(10) {
            0 => (kind, expected, call.feeRecipient) = ("for nobody", false, *draw.pick(&[0, 1_000_000])),
            1 => (kind, expected, call.limits.deadline) = ("too late", false, U256::from(1)),
            2 => (kind, expected, call.limits.maxFee) = ("too dear", false, U256::ZERO),
            3 => (kind, expected, call.limits.anchorAcc) = ("on another chain", false, B256::repeat_byte(7)),
            4 => is_odd = true,
            _ => {}
        }
        let mut data = call.abi_encode();
        if is_odd {
            // Not plain: the contract logs the batches.
            data.extend(draw.bytes(5));
        }
        let sender = *draw.pick(&[DEPLOYER, ALICE]);
        let taken = self.chain.takes(sender, data).await;
        let lengths: Vec<usize> = batches.iter().map(Vec::len).collect();
        assert_eq!(taken, expected, "a call {kind} with batches of {lengths:?} bytes");
        let (of, calls) = self.tally.entry(kind).or_default();
        *of += u32::from(taken);
        *calls += 1;
    }

    async fn message(&mut self, draw: &mut Campaign) {
        let account = 3 + draw.below(100) as u8;
        let amount = 2_000_000 + draw.below(1_000);
        self.chain.register(ALICE, &key(account), amount).await;
    }

    async fn prove(&mut self) {
        let view = self.view().await;
        let last = view.chain().last_sequence;
        if view.chain().last_verified < last {
            self.chain.verify(&view, last, |_| ()).await;
        }
    }
}

fn statement(witness: &BatchWitness) -> Statement {
    Statement {
        domain: witness.params.domain,
        version: witness.version,
        beneficiary: [0; 20],
        old_acc: witness.old.acc,
        new_acc: witness.new.acc,
        old_root: witness.old.state_root(),
        new_root: witness.new.state_root(),
        old_exit_acc: witness.old.exit_acc,
        new_exit_acc: witness.new.exit_acc,
    }
}

/// All batches through the circuit; how many.
fn check_all(view: &View, capacity: Capacity) -> u64 {
    let leaf = LeafCircuit::build(capacity);
    let checker = Checker::new(leaf.circuit());
    let mut checked = 0;
    let checking = view.witnesses(1..=view.chain().batches, |number, witness| {
        witness.check().unwrap();
        let inputs = leaf
            .inputs(&witness)
            .unwrap_or_else(|error| panic!("batch {number}: {error}"));
        let trace = checker
            .honest(inputs)
            .unwrap_or_else(|error| panic!("batch {number}: {error}"));
        assert_eq!(checker.violations(&trace), [], "batch {number} is not provable");
        let expected = RangeInputs::from(&statement(&witness));
        assert_eq!(checker.public_inputs(&trace), expected.elements(), "batch {number}");
        // What the follower has executed is what is proven.
        assert_eq!(view.batch(number)?.unwrap().head, witness.new, "batch {number}");
        checked += 1;
        Ok::<_, StoreError>(())
    });
    checking.unwrap();
    checked
}

// REQ C1, C2, R39
#[tokio::test(flavor = "multi_thread")]
async fn every_batch_that_the_contract_takes_is_provable() {
    let mut draw = Campaign::begin("every_batch_that_the_contract_takes_is_provable", 12);
    let capacity = capacity();
    let chain = Chain::start_with(Some(capacity)).await;
    for account in [DEPLOYER, ALICE] {
        chain.fund(account).await;
    }
    for number in 1..=2 {
        chain.register(DEPLOYER, &key(number), 3_000_000).await;
    }
    chain.sequence(DEPLOYER, &[vec![], vec![]], 1).await;
    let folder = tempfile::tempdir().unwrap();
    let follower = chain.follower(folder.path()).await;
    let mut anybody = Anybody {
        chain,
        follower,
        capacity,
        tally: BTreeMap::new(),
    };
    while anybody.view().await.chain().batches < draw.rounds {
        match draw.below(6) {
            0 => anybody.message(&mut draw).await,
            1 => anybody.prove().await,
            _ => anybody.call(&mut draw).await,
        }
        let view = anybody.view().await;
        if view.chain().batches - view.last_batch_of(view.chain().last_verified).unwrap() > 60 {
            anybody.prove().await;
        }
    }
    // The verifier of the tests takes what is the statement: the executor's and the contract's are one.
    anybody.prove().await;
    let view = anybody.view().await;
    assert_eq!(view.chain().last_verified, view.chain().last_sequence);
    let core = anybody.follower.client().core();
    let acc = core.lastAcc().call().await.unwrap();
    assert_eq!(acc, view.chain().head.acc);
    let checked = tokio::task::block_in_place(|| check_all(&view, capacity));
    let batches = (1..=checked).map(|number| view.batch(number).unwrap().unwrap());
    let (slots, applied, messages) = batches.fold((0, 0, 0), |(slots, applied, messages), batch| {
        (slots + batch.slots, applied + batch.applied, messages + batch.messages)
    });
    eprintln!(
        "{checked} batches of {} sequences are provable: {slots} slots, {applied} applied, {messages} messages, {} batches with exits",
        view.chain().last_sequence,
        view.exit_links().unwrap().len()
    );
    eprintln!("calls taken, of: {:?}", anybody.tally);
}
