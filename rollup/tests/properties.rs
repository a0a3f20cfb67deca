// SPDX-License-Identifier: MIT OR Apache-2.0
//! Properties of the state transition over random chains of batches, good slots and bad ones mixed.

mod common;
mod observer;

use common::{CAPACITY, SEQUENCER, START, World, batch, key, register};
use poe_rollup::executor::{Batch, Mode, Outcome, Receipt, Rule, execute};
use poe_rollup::formats::{Exit, Message, Slot, Transfer};
use poe_rollup::state::{Account, CommitError, History, MemoryStore, RollbackError, StateReader, StateWriter};
use proptest::prelude::*;
use std::collections::HashMap;

const ACCOUNTS: u32 = 4;

/// Indices a test may name: registered ones, ones that can be registered, and 0.
const INDICES: u32 = 7;

/// What a random slot is made from; the harness turns it into bytes against the state at hand.
#[derive(Clone, Debug)]
struct Intent {
    from: u32,
    to: u32,
    amount: u64,
    fee: u64,
    sequencer: u32,
    damage: Damage,
}

#[derive(Clone, Debug)]
enum Damage {
    None,
    NonceOff(u32),
    OtherKey,
    FlipBit(usize),
    Replace([u8; 32]),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        8 => Just(Damage::None),
        1 => (1u32..3).prop_map(Damage::NonceOff),
        1 => Just(Damage::OtherKey),
        1 => (0usize..768).prop_map(Damage::FlipBit),
        1 => any::<[u8; 32]>().prop_map(Damage::Replace),
    ]
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..START, 1 => Just(START), 1 => any::<u64>(), 1 => Just((1 << 61) - 1)]
}

fn intent() -> impl Strategy<Value = Intent> {
    let sequencer = prop_oneof![6 => Just(0), 2 => Just(SEQUENCER), 1 => 2..INDICES];
    (
        0..INDICES,
        0..INDICES,
        amount(),
        prop_oneof![0..START / 10, amount()],
        sequencer,
        damage(),
    )
        .prop_map(|(from, to, amount, fee, sequencer, damage)| Intent {
            from,
            to,
            amount,
            fee,
            sequencer,
            damage,
        })
}

fn message() -> impl Strategy<Value = Message> {
    let register = (1..INDICES, 0..START, 0..100u64).prop_map(|(index, amount, fee)| register(index, amount, fee));
    let deposit =
        (1..INDICES, 0..START, 0..100u64).prop_map(|(index, amount, fee)| Message::deposit(index, amount, fee));
    prop_oneof![register, deposit]
}

type Plan = (Vec<Message>, Vec<Intent>, u32);

fn plan() -> impl Strategy<Value = Plan> {
    let messages = prop::collection::vec(message(), 0..=CAPACITY.messages as usize);
    let slots = prop::collection::vec(intent(), 0..=CAPACITY.slots as usize);
    (messages, slots, 1..INDICES)
}

/// Signs the intents of a plan against a state, counting nonces up inside the batch.
fn realize(world: &World, (messages, intents, fee_recipient): &Plan) -> Batch {
    let mut sent: HashMap<u32, u32> = HashMap::new();
    let slots = intents.iter().map(|intent| {
        let count = sent.entry(intent.from).or_default();
        let nonce = world.account(intent.from).nonce as u32 + *count;
        *count += 1;
        let transfer = Transfer {
            nonce,
            sequencer: intent.sequencer,
            ..world.transfer(intent.from, intent.to, intent.amount, intent.fee)
        };
        spoil(world, transfer, &intent.damage)
    });
    let slots = slots.collect();
    Batch {
        fee_recipient: *fee_recipient,
        ..batch(messages.clone(), slots)
    }
}

fn spoil(world: &World, transfer: Transfer, damage: &Damage) -> Slot {
    match damage {
        Damage::None => world.sign(transfer),
        Damage::NonceOff(by) => world.sign(Transfer {
            nonce: transfer.nonce.wrapping_add(*by),
            ..transfer
        }),
        Damage::OtherKey => world.sign_with(&key(99), transfer),
        Damage::FlipBit(bit) => {
            let mut bytes = world.sign(transfer).encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            Slot::decode(&bytes)
        }
        Damage::Replace(bytes) => Slot::decode(&core::array::from_fn(|i| bytes[i % 32] ^ (i / 32) as u8)),
    }
}

fn deposits(batch: &Batch) -> u64 {
    batch.messages.iter().map(|m| m.amount + m.fee).sum()
}

fn exited(outcome: &Outcome) -> u64 {
    outcome.exits.iter().map(|e| e.amount).sum()
}

fn nonces(store: &MemoryStore) -> HashMap<u32, u64> {
    store
        .accounts()
        .map(|(index, account)| (index, account.nonce))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// ST-13, and that nonces count the applied slots of their sender, over chains of batches. `World::run` also checks
    /// that following and recording agree and that the witness proves the batch.
    #[test]
    fn ether_is_conserved_and_nonces_count_applied_slots(plans in prop::collection::vec(plan(), 1..4)) {
        let mut world = World::new(ACCOUNTS);
        for plan in plans {
            let batch = realize(&world, &plan);
            let (before, total) = (nonces(&world.store), world.total_balance());
            let outcome = world.run(&batch);
            prop_assert_eq!(world.total_balance() + exited(&outcome), total + deposits(&batch));
            let mut expected = before;
            for (slot, receipt) in batch.slots.iter().zip(&outcome.receipts) {
                if receipt.is_applied() {
                    *expected.entry(slot.transfer.from).or_default() += 1;
                }
            }
            expected.retain(|_, nonce| *nonce > 0);
            let mut found = nonces(&world.store);
            found.retain(|_, nonce| *nonce > 0);
            prop_assert_eq!(found, expected);
        }
    }

    /// Leaving out the slots that were refused changes nothing but the accumulator of the data.
    #[test]
    fn refused_slots_have_no_effect(plan in plan()) {
        let world = World::new(ACCOUNTS);
        let batch = realize(&world, &plan);
        let outcome = world.try_batch(&batch);
        let kept = batch.slots.iter().zip(&outcome.receipts).filter(|(_, r)| r.is_applied()).map(|(s, _)| *s);
        let kept = world.try_batch(&Batch { slots: kept.collect(), ..batch.clone() });
        prop_assert!(kept.receipts.iter().all(|r| r.is_applied()));
        prop_assert_eq!(kept.new.state_root(), outcome.new.state_root());
        prop_assert_eq!(kept.new.exit_acc, outcome.new.exit_acc);
    }

    /// A chain of batches can be cut anywhere: going back and applying the rest again leads to the same heads.
    #[test]
    fn a_chain_can_be_cut_and_resumed_anywhere(plans in prop::collection::vec(plan(), 2..5), cut in any::<prop::sample::Index>()) {
        let mut world = World::new(ACCOUNTS);
        let mut history = History::new(world.store.clone(), 16);
        let mut batches = Vec::new();
        let mut stores = vec![world.store.clone()];
        for plan in plans {
            let batch = realize(&world, &plan);
            history.commit(world.run(&batch).changes).unwrap();
            stores.push(world.store.clone());
            batches.push(batch);
        }
        let cut = cut.index(batches.len());
        let target = stores[cut].head().unwrap();
        history.rollback(&target.acc).unwrap();
        prop_assert_eq!(history.store(), &stores[cut]);
        for (batch, expected) in batches[cut..].iter().zip(&stores[cut + 1..]) {
            let changes = execute(&world.params, history.store(), batch, Mode::Follow).unwrap().changes;
            history.commit(changes).unwrap();
            prop_assert_eq!(history.store(), expected);
        }
    }

    /// The same slots in two batches instead of one move the same money, if the exits fit either way and the one who is
    /// paid for them sends nothing.
    #[test]
    fn slots_can_be_spread_over_two_batches(plan in plan(), cut in 0usize..=8) {
        let mut world = World::new(ACCOUNTS);
        world.params.capacity.exits = CAPACITY.slots;
        let payee = INDICES + 1;
        let whole = Batch { fee_recipient: payee, ..realize(&world, &plan) };
        let cut = cut.min(whole.slots.len());
        let together = world.try_batch(&whole);
        let first = world.run(&Batch { slots: whole.slots[..cut].to_vec(), ..whole.clone() });
        let second = world.run(&Batch { slots: whole.slots[cut..].to_vec(), messages: vec![], ..whole.clone() });
        prop_assert_eq!([first.receipts, second.receipts].concat(), together.receipts);
        prop_assert_eq!(second.new.state_root(), together.new.state_root());
        prop_assert_ne!(second.new.acc, together.new.acc);
    }

    /// The order of slots matters through which of them are applied, and through nothing else: another order that applies the
    /// same ones leads to the same state and the same exits in another order. The accumulator tells any two orders apart.
    #[test]
    fn order_decides_only_which_slots_are_applied(
        plan in plan(),
        order in Just((0..CAPACITY.slots as usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let world = World::new(ACCOUNTS);
        let batch = realize(&world, &plan);
        let order: Vec<usize> = order.into_iter().filter(|&i| i < batch.slots.len()).collect();
        let shuffled = Batch { slots: order.iter().map(|&i| batch.slots[i]).collect(), ..batch.clone() };
        let (outcome, other) = (world.try_batch(&batch), world.try_batch(&shuffled));
        let applied = |i: usize| outcome.receipts[i].is_applied();
        if order.iter().zip(&other.receipts).all(|(&i, receipt)| receipt.is_applied() == applied(i)) {
            prop_assert_eq!(outcome.new.state_root(), other.new.state_root());
            let sorted = |outcome: &Outcome| {
                let mut exits: Vec<_> = outcome.exits.iter().map(Exit::encode).collect();
                exits.sort_unstable();
                exits
            };
            prop_assert_eq!(sorted(&outcome), sorted(&other));
        }
        prop_assert_eq!(outcome.new.acc == other.new.acc, batch.slots == shuffled.slots);
    }

    /// Any bytes are messages and slots with a result. (Amounts are cut to what L1 lets through, kinds to both sides of 1.)
    // REQ C2, C12
    #[test]
    fn any_bytes_can_be_executed(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), Message::BYTES), 0..=CAPACITY.messages as usize),
        slots in prop::collection::vec(any::<u8>(), CAPACITY.slots as usize * Slot::BYTES),
    ) {
        let world = World::new(2);
        let within_l1 = |bytes: Vec<u8>| {
            let message = Message::decode(&bytes.try_into().unwrap());
            Message { kind: message.kind % 3, amount: message.amount >> 8, fee: message.fee >> 8, ..message }
        };
        let messages: Vec<_> = messages.into_iter().map(within_l1).collect();
        let slots = slots.chunks_exact(Slot::BYTES).map(|c| Slot::decode(c.try_into().unwrap())).collect();
        let batch = batch(messages, slots);
        let outcome = world.try_batch(&batch);
        prop_assert!(outcome.receipts.iter().all(|r| !r.is_applied()));
        prop_assert_eq!(outcome.message_fees + outcome.slot_fees, batch.messages.iter().map(|m| m.fee).sum::<u64>());
    }
}

#[test]
fn the_order_of_slots_decides() {
    let world = World::new(3);
    let rich = world.sign(world.transfer(2, 3, START, 0));
    let spend = world.sign(world.transfer(3, 2, START + 1, 0));
    let in_order = world.try_batch(&batch(vec![], vec![rich, spend]));
    assert_eq!(in_order.receipts, [Receipt::Applied; 2]);
    let reversed = world.try_batch(&batch(vec![], vec![spend, rich]));
    assert_eq!(
        reversed.receipts,
        [Receipt::NoOp(Rule::InsufficientBalance), Receipt::Applied]
    );
    assert_ne!(in_order.new.state_root(), reversed.new.state_root());
}

// REQ R47
#[test]
fn history_refuses_states_it_does_not_have_and_forgets_old_ones() {
    let mut world = World::new(2);
    let mut history = History::new(world.store.clone(), 2);
    let start = world.head();
    for _ in 0..3 {
        let outcome = world.run(&batch(vec![], vec![world.pay(2, 1, 1, 0)]));
        history.commit(outcome.changes).unwrap();
    }
    let heads = history.heads().unwrap();
    assert_eq!(heads.len(), 3);
    let oldest = heads[0].acc;
    assert_eq!(
        history.rollback(&start.acc),
        Err(RollbackError::Unknown {
            wanted: start.acc,
            oldest
        })
    );
    assert_eq!(history.store(), &world.store, "a refused rollback changes nothing");
    history.rollback(&oldest).unwrap();
    assert_eq!(
        history.store().account(2).unwrap(),
        Some(Account {
            nonce: 1,
            balance: START - 1,
            ..world.account(2)
        })
    );
    assert_eq!(history.store().head().unwrap(), heads[0]);
}

/// Changes made on a state that has been rolled back since, or made twice, would leave a tree that no batch leads to.
// REQ R47
#[test]
fn history_refuses_changes_of_another_state() {
    let mut world = World::new(2);
    let mut history = History::new(world.store.clone(), 4);
    let start = world.head();
    let first = world.run(&batch(vec![], vec![world.pay(2, 1, 1, 0)]));
    let second = world.run(&batch(vec![], vec![world.pay(2, 1, 1, 0)]));
    let refused = |found: &Outcome, held| {
        Err(CommitError::AnotherState {
            expected: found.old.acc,
            held,
        })
    };
    assert_eq!(history.commit(second.changes.clone()), refused(&second, start.acc));
    history.commit(first.changes.clone()).unwrap();
    let before = history.store().clone();
    assert_eq!(history.commit(first.changes.clone()), refused(&first, first.new.acc));
    assert_eq!(history.store(), &before, "a refused change changes nothing");
    history.commit(second.changes.clone()).unwrap();
    history.rollback(&start.acc).unwrap();
    assert_eq!(history.commit(second.changes.clone()), refused(&second, start.acc));
}

/// Undoing a change restores the store exactly, whatever it created.
#[test]
fn undoing_a_registration_leaves_nothing_behind() {
    let mut world = World::new(2);
    let before = world.store.clone();
    let outcome = world.run(&batch(vec![register(5, 3, 0)], vec![]));
    assert_ne!(world.store, before);
    world.store.apply(&outcome.changes.inverse()).unwrap();
    assert_eq!(world.store, before);
}
