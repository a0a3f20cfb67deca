// SPDX-License-Identifier: MIT OR Apache-2.0
//! A witness that claims anything else than the executor found is refused, and so is input that L1 does not let through.

mod common;
mod observer;

use common::{CAPACITY, START, World, batch, register};
use poe_rollup::ecgfp5::GOLDILOCKS_PRIME as P;
use poe_rollup::executor::{BatchWitness, Execution, ExecutionError, Mode, Receipt, Rule, WitnessError, execute};
use poe_rollup::formats::{Message, Slot};
use poe_rollup::poseidon::hash;
use poe_rollup::state::{Account, prove};

/// A batch with a message, applied and refused slots, and an exit.
fn witness() -> BatchWitness {
    let world = World::new(4);
    let slots = vec![world.pay(2, 3, 10, 1), world.pay(3, 9, 1, 1), world.pay(4, 0, 5, 2)];
    world
        .try_batch(&batch(vec![register(5, 40, 3)], slots))
        .witness
        .unwrap()
}

fn check(alter: impl Fn(&mut BatchWitness)) -> Result<(), WitnessError> {
    let mut altered = witness();
    alter(&mut altered);
    altered.check()
}

#[test]
fn an_honest_witness_holds() {
    assert_eq!(check(|_| ()), Ok(()));
}

#[test]
fn a_receipt_that_claims_the_opposite_is_refused() {
    let applied = Receipt::Applied;
    let refused = Receipt::NoOp(Rule::RecipientNotRegistered);
    let found = check(|w| w.slots[1].receipt = applied);
    assert!(matches!(found, Err(WitnessError::WrongOpening { .. })), "{found:?}");
    let found = check(|w| w.slots[0].receipt = Receipt::NoOp(Rule::BadSignature));
    assert!(matches!(found, Err(WitnessError::WrongOpening { .. })), "{found:?}");
    let found = check(|w| w.slots[1].receipt = Receipt::NoOp(Rule::BadSignature));
    let expected = WitnessError::WrongReceipt {
        position: 1,
        claimed: Receipt::NoOp(Rule::BadSignature),
        found: refused,
    };
    assert_eq!(found, Err(expected));
}

#[test]
fn every_opening_is_bound_to_its_root_and_index() {
    let balance = |w: &mut BatchWitness| w.slots[0].sender.account.balance += 1;
    assert_eq!(check(balance), Err(WitnessError::WrongOpening { index: 2 }));
    assert_eq!(
        check(|w| w.slots[0].recipient.path[31] = hash(&[1])),
        Err(WitnessError::WrongOpening { index: 3 })
    );
    assert_eq!(
        check(|w| w.messages[0].account.account.nonce = 1),
        Err(WitnessError::WrongOpening { index: 5 })
    );
    assert_eq!(
        check(|w| w.fee_payout.account.registered = false),
        Err(WitnessError::WrongOpening { index: 1 })
    );
    let found = check(|w| w.slots[0].sender = w.slots[0].recipient.clone());
    assert_eq!(found, Err(WitnessError::WrongAccount { found: 3, expected: 2 }));
}

#[test]
fn every_part_of_the_head_is_bound() {
    let alterations: [fn(&mut BatchWitness); 12] = [
        |w| w.new.accounts_root = hash(&[1]),
        |w| w.new.message_acc[0] ^= 1,
        |w| w.new.acc[0] ^= 1,
        |w| w.new.exit_acc[0] ^= 1,
        |w| w.old.message_acc[0] ^= 1,
        |w| w.old.acc[0] ^= 1,
        |w| w.old.exit_acc[0] ^= 1,
        |w| w.version += 1,
        |w| w.exits[0].amount += 1,
        |w| w.exits.clear(),
        |w| w.messages[0].message.fee += 1,
        |w| w.slots[7].slot.transfer.amount = 1,
    ];
    for (number, alter) in alterations.into_iter().enumerate() {
        assert_eq!(check(alter), Err(WitnessError::WrongHead), "alteration {number}");
    }
    assert!(check(|w| w.old.accounts_root = hash(&[1])).is_err());
    assert!(check(|w| w.fee_recipient = 2).is_err());
    assert!(check(|w| w.params.domain[0] ^= 1).is_err());
}

/// Adds one to the `number`-th integer of a JSON value, or takes the last element from the `number`-th list.
fn tamper(value: &mut serde_json::Value, number: &mut usize) -> bool {
    let hit = |number: &mut usize| core::mem::replace(number, number.wrapping_sub(1)) == 0;
    match value {
        serde_json::Value::Number(n) if hit(number) => {
            *value = serde_json::json!(n.as_u64().map_or(0, |n| n.wrapping_add(1)));
            true
        }
        serde_json::Value::Array(list) => list.iter_mut().any(|v| tamper(v, number)),
        serde_json::Value::Object(map) => map.values_mut().any(|v| tamper(v, number)),
        _ => false,
    }
}

/// No integer of a witness, bytes and field elements included, can be raised by one unnoticed. One in seven is tried, which
/// still is hundreds. (The capacity for messages is the one number that may grow: it is a limit and no claim.)
#[test]
fn every_number_of_a_witness_is_bound() {
    let honest = serde_json::to_value(witness()).unwrap();
    assert_eq!(
        serde_json::from_value::<BatchWitness>(honest.clone()).unwrap(),
        witness()
    );
    let mut tampered = 0;
    for number in (0..).step_by(7) {
        let mut value = honest.clone();
        if !tamper(&mut value, &mut { number }) {
            break;
        }
        let Ok(altered) = serde_json::from_value::<BatchWitness>(value) else {
            continue;
        };
        assert!(altered.check().is_err(), "integer {number}");
        tampered += 1;
    }
    assert!(tampered > 300, "{tampered}");
}

/// A leaf holds balance and nonce modulo `p`, so `p` more of either stands under the same root: it would make a slot without
/// funds applied, or a valid one void, in a statement about the same old state.
#[test]
fn a_balance_or_nonce_beyond_its_range_is_refused_though_the_root_is_right() {
    let honest = World::new(4);
    let account = honest.account(2);
    let richer = Account {
        balance: START + P,
        ..account
    };
    let later = Account {
        nonce: account.nonce + P,
        ..account
    };
    let cases = [
        (richer, honest.pay(2, 3, START + 1, 0), Receipt::Applied),
        (later, honest.pay(2, 3, 1, 0), Receipt::NoOp(Rule::NonceMismatch)),
    ];
    for (claimed, slot, receipt) in cases {
        let mut forged = World::new(4);
        forged.force(2, claimed);
        assert_eq!(forged.head(), honest.head(), "the leaf is the same");
        let batch = batch(vec![], vec![slot]);
        let lie = execute(&forged.params, &forged.store, &batch, Mode::Record).unwrap();
        assert_eq!(lie.receipts, [receipt]);
        assert_ne!(honest.try_batch(&batch).receipts, [receipt]);
        assert_eq!(lie.witness.unwrap().check(), Err(WitnessError::OutOfRange));

        let proof = prove(&forged.store, 2).unwrap();
        assert_eq!(proof.accounts_root(), honest.head().accounts_root);
        assert!(!proof.holds_under(&honest.head().accounts_root));
    }
    let proof = prove(&honest.store, 2).unwrap();
    assert!(proof.holds_under(&honest.head().accounts_root));
    assert!(!proof.holds_under(&hash(&[1])));
}

#[test]
fn a_witness_with_a_non_canonical_element_is_not_read() {
    let mut value = serde_json::to_value(witness()).unwrap();
    value["old"]["accounts_root"][0] = serde_json::json!(u64::MAX);
    assert!(serde_json::from_value::<BatchWitness>(value).is_err());
    let mut value = serde_json::to_value(witness()).unwrap();
    value["slots"][0]["sender"]["account"]["key"]["x"][0] = serde_json::json!(u64::MAX);
    assert!(serde_json::from_value::<BatchWitness>(value).is_err());
}

#[test]
fn a_witness_has_exactly_the_slots_of_the_route() {
    assert_eq!(check(|w| w.slots.truncate(7)), Err(WitnessError::OutOfRange));
    assert_eq!(check(|w| w.params.capacity.messages = 0), Err(WitnessError::OutOfRange));
}

#[test]
fn input_beyond_the_capacity_is_an_error() {
    let world = World::new(1);
    let run =
        |messages, slots| execute(&world.params, &world.store, &batch(messages, slots), Mode::Follow).unwrap_err();
    let messages = vec![Message::deposit(1, 1, 0); 5];
    assert_eq!(
        run(messages, vec![]),
        ExecutionError::TooManyMessages {
            capacity: CAPACITY.messages
        }
    );
    assert_eq!(
        run(vec![], vec![Slot::default(); 9]),
        ExecutionError::TooManySlots {
            capacity: CAPACITY.slots
        }
    );
}

#[test]
fn slots_beyond_the_capacity_are_refused_before_any_is_applied() {
    let world = World::new(2);
    let mut execution = Execution::begin(&world.params, &world.store, 1, 1, Mode::Follow).unwrap();
    let capacity = CAPACITY.slots;
    let slots = vec![world.pay(2, 1, 1, 0); capacity as usize + 1];
    assert_eq!(
        execution.apply_slots(&slots),
        Err(ExecutionError::TooManySlots { capacity })
    );
    assert_eq!(execution.judge_slot(&slots[0]), Ok(Receipt::Applied));
    assert_eq!(execution.apply_slots(&slots[1..]), Ok(()));
}

/// ST-5 makes these unreachable from L1; they are errors here rather than wrong balances.
#[test]
fn credits_that_l1_cannot_produce_are_errors() {
    let world = World::new(1);
    let run = |message| execute(&world.params, &world.store, &batch(vec![message], vec![]), Mode::Follow).unwrap_err();
    for amount in [(1 << 61) - START, 1 << 61, u64::MAX] {
        assert_eq!(
            run(Message::deposit(1, amount, 0)),
            ExecutionError::ImpossibleCredit { index: 1, amount }
        );
    }
    let found = run(Message::deposit(2, 0, 1 << 61));
    assert_eq!(
        found,
        ExecutionError::ImpossibleCredit {
            index: 1,
            amount: 1 << 61
        }
    );
}

#[test]
fn messages_come_before_slots_and_judging_changes_nothing() {
    let world = World::new(3);
    let mut execution = Execution::begin(&world.params, &world.store, 1, 1, Mode::Follow).unwrap();
    let slot = world.pay(2, 3, 10, 1);
    assert_eq!(execution.judge_slot(&slot), Ok(Receipt::Applied));
    assert_eq!(execution.judge_slot(&slot), Ok(Receipt::Applied));
    assert_eq!(execution.apply_slot(&slot), Ok(Receipt::Applied));
    assert_eq!(execution.judge_slot(&slot), Ok(Receipt::NoOp(Rule::NonceMismatch)));
    assert_eq!(
        execution.apply_message(&Message::deposit(1, 1, 0)),
        Err(ExecutionError::MessageAfterSlot)
    );
    let outcome = execution.finish().unwrap();
    assert_eq!(
        outcome,
        execute(&world.params, &world.store, &batch(vec![], vec![slot]), Mode::Follow).unwrap()
    );
}
