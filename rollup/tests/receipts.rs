// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every class of invalid slot (C2) has its receipt, changes nothing and is provable; the odd valid ones are valid.

mod common;
mod observer;

use common::{CAPACITY, SEQUENCER, START, World, batch, key, owner, register};
use poe_rollup::ecgfp5::GOLDILOCKS_PRIME as P;
use poe_rollup::executor::{Receipt, Rule};
use poe_rollup::formats::{Exit, Message, Signature, Slot, Transfer, step_exit_acc};
use poe_rollup::state::Account;

/// Runs `slot` between two valid ones and checks that it is refused by `rule` and has no effect whatsoever.
#[track_caller]
fn assert_refused(world: &World, slot: Slot, rule: Rule) {
    let before = world.sign(Transfer {
        from: 4,
        to: 3,
        amount: 5,
        ..world.transfer(4, 3, 5, 1)
    });
    let after = world.sign(Transfer {
        nonce: before.transfer.nonce + 1,
        ..world.transfer(4, 3, 6, 1)
    });
    let outcome = world.try_batch(&batch(vec![], vec![before, slot, after]));
    assert_eq!(
        outcome.receipts,
        [Receipt::Applied, Receipt::NoOp(rule), Receipt::Applied]
    );
    let without = world.try_batch(&batch(vec![], vec![before, Slot::default(), after]));
    assert_eq!(outcome.new.state_root(), without.new.state_root());
    assert_eq!(outcome.new.exit_acc, without.new.exit_acc);
    assert_ne!(outcome.new.acc, without.new.acc, "the data is bound all the same");
}

// REQ C2
#[test]
fn slot_is_refused_when_the_spare_word_is_set() {
    let world = World::new(4);
    let slot = Slot {
        spare: 1,
        ..world.pay(2, 3, 10, 1)
    };
    assert_refused(&world, slot, Rule::SpareNotZero);
}

// REQ C2
#[test]
fn slot_is_refused_when_a_limb_is_out_of_range() {
    let world = World::new(4);
    let slot = world.pay(2, 3, 10, 1);
    for position in 0..15 {
        let Signature { mut e, mut s } = slot.signature;
        if position < 4 {
            e[position] |= 1 << 30;
        } else {
            s[position - 4] |= 1 << 31;
        }
        assert_refused(
            &world,
            Slot {
                signature: Signature { e, s },
                ..slot
            },
            Rule::ScalarOutOfRange,
        );
    }
}

/// The vectors of circuit rule 3 for amount, fee and both.
// REQ C2
#[test]
fn slot_is_refused_when_amounts_are_out_of_range_or_too_large() {
    let world = World::new(4);
    let edges = [
        (1 << 61) - 1,
        1 << 61,
        (1 << 61) + 1,
        (1 << 63) - 1,
        P - 1,
        P,
        P + 1,
        u64::MAX,
    ];
    for edge in edges {
        let in_range = edge < 1 << 61;
        let expect = |rule| if in_range { Rule::InsufficientBalance } else { rule };
        assert_refused(&world, world.pay(2, 3, edge, 1), expect(Rule::AmountOutOfRange));
        assert_refused(&world, world.pay(2, 3, 1, edge), expect(Rule::FeeOutOfRange));
        assert_refused(&world, world.pay(2, 3, edge, edge), expect(Rule::AmountOutOfRange));
    }
}

// REQ C2
#[test]
fn slot_is_refused_when_it_is_meant_for_another_sequencer() {
    let mut world = World::new(4);
    let slot = world.sign(Transfer {
        sequencer: 2,
        ..world.transfer(2, 3, 10, 1)
    });
    assert_refused(&world, slot, Rule::WrongSequencer);
    let own = world.sign(Transfer {
        sequencer: SEQUENCER,
        ..world.transfer(2, 3, 10, 1)
    });
    assert_eq!(world.run_slot(own), Receipt::Applied);
}

// REQ C2
#[test]
fn slot_is_refused_when_the_sender_is_unknown() {
    let world = World::new(4);
    let slot = world.pay(9, 3, 0, 0);
    assert_refused(&world, slot, Rule::SenderNotRegistered);
}

/// Under the zero key of an empty leaf any response verifies: only `registered` stands in the way.
// REQ C2
#[test]
fn slot_is_refused_when_the_sender_has_a_balance_but_no_registration() {
    let mut world = World::new(4);
    world.run(&batch(vec![Message::deposit(9, 100, 0)], vec![]));
    assert_eq!(world.account(9).balance, 100);
    assert_refused(&world, world.pay(9, 3, 50, 0), Rule::SenderNotRegistered);
}

// REQ C2
#[test]
fn slot_is_refused_when_the_recipient_is_unknown() {
    let world = World::new(4);
    assert_refused(&world, world.pay(2, 9, 10, 1), Rule::RecipientNotRegistered);
}

// REQ C2
#[test]
fn slot_is_refused_when_the_nonce_is_below_or_above() {
    let mut world = World::new(4);
    assert_eq!(world.run_slot(world.pay(2, 3, 1, 0)), Receipt::Applied);
    for nonce in [0, 2, u32::MAX] {
        let slot = world.sign(Transfer {
            nonce,
            ..world.transfer(2, 3, 10, 1)
        });
        assert_refused(&world, slot, Rule::NonceMismatch);
    }
}

// REQ C2
#[test]
fn slot_is_refused_when_the_balance_is_short_by_one() {
    let mut world = World::new(4);
    assert_refused(&world, world.pay(2, 3, START, 1), Rule::InsufficientBalance);
    assert_eq!(world.run_slot(world.pay(2, 3, START - 1, 1)), Receipt::Applied);
    assert_eq!(world.account(2).balance, 0);
}

// REQ C2
#[test]
fn slot_is_refused_when_the_signature_is_by_another_key() {
    let world = World::new(4);
    let slot = world.sign_with(&key(3), world.transfer(2, 3, 10, 1));
    assert_refused(&world, slot, Rule::BadSignature);
}

// REQ C2
#[test]
fn slot_is_refused_when_a_scalar_is_wrong() {
    let world = World::new(4);
    let slot = world.pay(2, 3, 10, 1);
    let mut bad_e = slot;
    bad_e.signature.e[0] ^= 1;
    assert_refused(&world, bad_e, Rule::BadSignature);
    let mut bad_s = slot;
    bad_s.signature.s[10] ^= 1;
    assert_refused(&world, bad_s, Rule::BadSignature);
}

// REQ C2
#[test]
fn slot_is_refused_when_it_was_signed_for_another_deployment() {
    let world = World::new(4);
    let mut elsewhere = World::new(4);
    elsewhere.params.domain[0] ^= 1;
    assert_refused(&world, elsewhere.pay(2, 3, 10, 1), Rule::BadSignature);
}

/// An L1 reorganisation that gives the recipient's index to somebody else voids the slot.
// REQ C2
#[test]
fn slot_is_refused_when_the_recipient_is_somebody_else_than_signed_for() {
    let mut world = World::new(4);
    let slot = world.pay(2, 3, 10, 1);
    let stranger = Account {
        key: *key(77).public().point(),
        ..world.account(3)
    };
    world.force(3, stranger);
    assert_eq!(world.run_slot(slot), Receipt::NoOp(Rule::BadSignature));
}

// REQ C2
#[test]
fn slot_is_refused_when_replayed_in_the_same_batch_or_in_another() {
    let mut world = World::new(4);
    let slot = world.pay(2, 3, 10, 1);
    let outcome = world.run(&batch(vec![], vec![slot, slot]));
    assert_eq!(outcome.receipts, [Receipt::Applied, Receipt::NoOp(Rule::NonceMismatch)]);
    assert_refused(&world, slot, Rule::NonceMismatch);
    assert_eq!(world.account(3).balance, START + 10);
}

// REQ C2
#[test]
fn the_last_nonce_is_for_a_withdraw_only_and_ends_the_account() {
    let mut world = World::new(4);
    let last = Account {
        nonce: u64::from(u32::MAX),
        ..world.account(2)
    };
    world.force(2, last);
    assert_refused(&world, world.pay(2, 3, 10, 1), Rule::NonceExhausted);
    assert_eq!(world.run_slot(world.pay(2, 0, 10, 1)), Receipt::Applied);
    assert_eq!(world.account(2).nonce, 1 << 32);
    for nonce in [0, u32::MAX] {
        let slot = world.sign(Transfer {
            nonce,
            ..world.transfer(2, 0, 10, 1)
        });
        assert_refused(&world, slot, Rule::NonceMismatch);
    }
}

// REQ C2
#[test]
fn withdraw_beyond_the_exit_capacity_is_refused_and_keeps_its_nonce() {
    let mut world = World::new(4);
    let withdraws: Vec<_> = (1..=4).map(|from| world.pay(from, 0, 10, 0)).collect();
    let mut broken = withdraws[3];
    broken.signature.e[0] ^= 1;
    let transfer = world.sign(Transfer {
        nonce: 1,
        ..world.transfer(1, 2, 7, 0)
    });
    let slots = vec![withdraws[0], withdraws[1], withdraws[2], broken, transfer];
    let outcome = world.run(&batch(vec![], slots));
    let full = Receipt::NoOp(Rule::ExitCapacityReached);
    let bad = Receipt::NoOp(Rule::BadSignature);
    assert_eq!(
        outcome.receipts,
        [Receipt::Applied, Receipt::Applied, full, bad, Receipt::Applied]
    );
    assert_eq!(outcome.exits.len(), CAPACITY.exits as usize);
    assert_eq!((world.account(3).nonce, world.account(3).balance), (0, START));
    assert_eq!(world.run_slot(withdraws[2]), Receipt::Applied);
}

// REQ C2
#[test]
fn a_withdraw_exits_to_the_owner() {
    let mut world = World::new(4);
    let old = world.head();
    let outcome = world.run(&batch(vec![], vec![world.pay(2, 0, 10, 3)]));
    let exit = Exit {
        l1_owner: owner(2),
        index: 2,
        amount: 10,
    };
    assert_eq!(outcome.exits, [exit]);
    assert_eq!(
        outcome.new.exit_acc,
        step_exit_acc(&old.exit_acc, &[exit], CAPACITY.exits).unwrap()
    );
    assert_eq!(world.account(2).balance, START - 13);
    assert_eq!(world.account(SEQUENCER).balance, START + 3);
}

// REQ R39, C2
#[test]
fn rubbish_is_refused_by_the_first_rule_it_breaks() {
    let world = World::new(4);
    assert_refused(&world, Slot::decode(&[0xFF; 96]), Rule::SpareNotZero);
    let outcome = world.try_batch(&batch(vec![], vec![Slot::default(); 8]));
    assert_eq!(outcome.receipts, [Receipt::NoOp(Rule::SenderNotRegistered); 8]);
    assert_eq!(outcome.new.state_root(), outcome.old.state_root());
}

// REQ C2
#[test]
fn self_transfers_and_zero_amounts_are_valid() {
    let mut world = World::new(4);
    assert_eq!(world.run_slot(world.pay(2, 2, 10, 1)), Receipt::Applied);
    assert_eq!((world.account(2).balance, world.account(2).nonce), (START - 1, 1));
    assert_eq!(world.run_slot(world.pay(2, 2, START - 1, 0)), Receipt::Applied);
    assert_eq!(world.run_slot(world.pay(2, 3, 0, 0)), Receipt::Applied);
    assert_eq!(world.run_slot(world.pay(2, 0, 0, 0)), Receipt::Applied);
    assert_eq!((world.account(2).balance, world.account(2).nonce), (START - 1, 4));
}

/// The most money there can be (ST-5), in the last account of the tree: it is spent once, in every way.
// REQ C2
#[test]
fn all_the_money_there_can_be_moves_from_the_last_index() {
    const ALL: u64 = Account::BALANCE_LIMIT - 1;
    const LAST: u32 = u32::MAX;
    let mut world = World::new(0);
    // As a fee of a message it is paid to the sequencer of that batch.
    world.run(&batch(vec![register(SEQUENCER, 0, ALL), register(LAST, 0, 0)], vec![]));
    assert_eq!(world.run_slot(world.pay(SEQUENCER, LAST, ALL, 0)), Receipt::Applied);
    for (amount, fee) in [(ALL, 1), (1, ALL), (ALL, ALL)] {
        let refused = world.run_slot(world.pay(LAST, SEQUENCER, amount, fee));
        assert_eq!(refused, Receipt::NoOp(Rule::InsufficientBalance));
    }
    assert_eq!(world.run_slot(world.pay(LAST, LAST, ALL, 0)), Receipt::Applied);
    assert_eq!(world.run_slot(world.pay(LAST, SEQUENCER, ALL - 1, 1)), Receipt::Applied);
    assert_eq!(
        world.run_slot(world.pay(SEQUENCER, SEQUENCER, 0, ALL)),
        Receipt::Applied
    );
    assert_eq!(
        (world.account(LAST).balance, world.account(SEQUENCER).balance),
        (0, ALL)
    );
    let outcome = world.run(&batch(vec![], vec![world.pay(SEQUENCER, 0, ALL, 0)]));
    assert_eq!(outcome.exits[0].amount, ALL);
    assert_eq!(world.total_balance(), 0);
}

// REQ C2
#[test]
fn the_fee_recipient_may_send_and_receive() {
    let mut world = World::new(4);
    let slots = vec![world.pay(SEQUENCER, 2, 10, 4), world.pay(3, SEQUENCER, 20, 5)];
    let outcome = world.run(&batch(vec![], slots));
    assert_eq!(outcome.receipts, [Receipt::Applied; 2]);
    assert_eq!(world.account(SEQUENCER).balance, START - 14 + 20 + 9);
}

/// Fees arrive after the slots: the fee recipient cannot spend them in the same batch.
// REQ C2
#[test]
fn fees_are_paid_after_the_slots() {
    let world = World::new(4);
    let slots = vec![world.pay(2, 3, 0, 50), world.pay(SEQUENCER, 3, START + 1, 0)];
    let outcome = world.try_batch(&batch(vec![], slots));
    assert_eq!(
        outcome.receipts,
        [Receipt::Applied, Receipt::NoOp(Rule::InsufficientBalance)]
    );
}

// REQ C2
#[test]
fn a_fee_recipient_whose_registration_is_queued_keeps_its_fees() {
    let mut world = World::new(4);
    let mut fees = batch(vec![], vec![world.pay(2, 3, 0, 7)]);
    fees.fee_recipient = 5;
    world.run(&fees);
    assert_eq!((world.account(5).balance, world.account(5).registered), (7, false));
    world.run(&batch(vec![register(5, 100, 0)], vec![]));
    assert_eq!((world.account(5).balance, world.account(5).registered), (107, true));
    assert_eq!(world.run_slot(world.pay(5, 2, 107, 0)), Receipt::Applied);
}

// REQ C2
#[test]
fn a_second_registration_only_credits() {
    let mut world = World::new(4);
    let before = world.account(2);
    let usurper = Message::register(2, key(66).public(), owner(66), 30, 2);
    world.run(&batch(vec![usurper], vec![]));
    assert_eq!(
        world.account(2),
        Account {
            balance: before.balance + 30,
            ..before
        }
    );
    assert_eq!(world.account(SEQUENCER).balance, START + 2);
}

// REQ C2
#[test]
fn messages_take_effect_before_slots() {
    let mut world = World::new(4);
    let mut registered = World::new(4);
    registered.run(&batch(vec![register(5, 40, 0)], vec![]));
    let slot = registered.pay(5, 2, 40, 0);
    let outcome = world.run(&batch(vec![register(5, 40, 0)], vec![slot]));
    assert_eq!(outcome.receipts, [Receipt::Applied]);
}

// REQ C2
#[test]
fn a_message_of_unknown_kind_is_a_deposit() {
    let mut world = World::new(4);
    let odd = Message {
        kind: 7,
        ..register(6, 25, 0)
    };
    world.run(&batch(vec![odd], vec![]));
    assert_eq!(
        world.account(6),
        Account {
            balance: 25,
            ..Account::EMPTY
        }
    );
}

/// ST-12: the acc step of a batch without messages binds zero, whatever the state has consumed before.
// REQ C2
#[test]
fn a_batch_without_messages_binds_no_message_accumulator() {
    let mut world = World::new(4);
    assert_ne!(world.head().message_acc, [0; 32]);
    let none = world.run(&batch(vec![], vec![world.pay(2, 3, 1, 0)]));
    assert_eq!(none.header.messages, [0; 32]);
    assert_eq!(none.new.message_acc, none.old.message_acc);
    let deposit = Message::deposit(2, 1, 0);
    let some = world.run(&batch(vec![deposit], vec![]));
    assert_eq!(some.header.messages, deposit.step(&some.old.message_acc));
    assert_eq!(some.new.message_acc, some.header.messages);
}

/// ST-9: a withdraw is signed against the empty identity, whatever stands at index 0 (nothing can, but for L1's mistake).
#[test]
fn a_withdraw_names_the_empty_identity() {
    let mut world = World::new(4);
    world.force(0, world.account(3));
    assert_eq!(world.run_slot(world.pay(2, 0, 10, 1)), Receipt::Applied);
}
