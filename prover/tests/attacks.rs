// SPDX-License-Identifier: MIT OR Apache-2.0
//! Another history: a prover who claims the opposite verdict on a slot, and supplies every opening of the state as it
//! would be if that were true. Nothing is inconsistent then but the verdict itself, so each of these witnesses is
//! refused by the one rule it breaks.

#[path = "../../rollup/tests/common/mod.rs"]
mod common;
#[path = "../../rollup/tests/observer/mod.rs"]
mod observer;

use common::{World, batch, key};
use plonky2::field::types::Field;
use poe_prover::check::Checker;
use poe_prover::config::{C, F};
use poe_prover::leaf::LeafCircuit;
use poe_rollup::ecgfp5::GOLDILOCKS_PRIME as P;
use poe_rollup::executor::{BatchWitness, Receipt};
use poe_rollup::formats::{Capacity, Slot, Transfer};

const SMALL: Capacity = Capacity {
    slots: 2,
    messages: 1,
    exits: 1,
};

/// What the state does for `acted`, with the data of `posted`.
fn another_history(world: &World, acted: Slot, posted: Slot) -> BatchWitness {
    let outcome = world.try_batch(&batch(vec![], vec![acted]));
    let mut witness = outcome.witness.expect("recorded");
    witness.slots[0].slot = posted;
    witness
}

/// Whether the circuit accepts a witness whose first slot is claimed to be applied, or not.
fn accepts(leaf: &LeafCircuit, checker: &Checker<'_, C>, witness: &BatchWitness, applied: bool) -> bool {
    let inputs = leaf.inputs(witness).expect("a witness of this capacity");
    let claim = (leaf.verdicts()[0], F::from_bool(applied));
    let trace = checker.trace(inputs, &[claim]).expect("complete");
    checker.accepts(&trace)
}

/// Slots that are not valid, each beside a valid one with the same effect if it were applied.
fn pairs(world: &World) -> Vec<(&'static str, Slot, Slot)> {
    let valid = world.pay(2, 3, 10, 1);
    let with = |change: fn(&mut Slot)| {
        let mut slot = valid;
        change(&mut slot);
        slot
    };
    let signed = |transfer: Transfer| world.sign(transfer);
    let elsewhere = {
        let mut other = World::with_capacity(4, SMALL);
        other.params.domain[31] ^= 1;
        other.pay(2, 3, 10, 1)
    };
    vec![
        ("spare", with(|slot| slot.spare = 1), valid),
        ("e beyond 30 bits", with(|slot| slot.signature.e[2] |= 1 << 30), valid),
        ("s beyond 30 bits", with(|slot| slot.signature.s[10] |= 1 << 31), valid),
        ("another e", with(|slot| slot.signature.e[3] ^= 1), valid),
        ("another s", with(|slot| slot.signature.s[0] ^= 1), valid),
        // The same elements modulo p, so the signature holds: the range of the high word is all that stands against it.
        ("amount + p", with(|slot| slot.transfer.amount += P), valid),
        ("fee + p", with(|slot| slot.transfer.fee += P), valid),
        (
            "meant for another sequencer",
            signed(Transfer {
                sequencer: 2,
                ..valid.transfer
            }),
            valid,
        ),
        (
            "nonce above",
            signed(Transfer {
                nonce: valid.transfer.nonce + 1,
                ..valid.transfer
            }),
            valid,
        ),
        (
            "signed by the recipient",
            world.sign_with(&key(3), valid.transfer),
            valid,
        ),
        ("signed for another deployment", elsewhere, valid),
    ]
}

// REQ C3
#[test]
fn no_other_history_is_accepted() {
    let leaf = LeafCircuit::build(SMALL);
    let checker = Checker::new(leaf.circuit());
    let world = World::with_capacity(4, SMALL);
    for (what, invalid, valid) in pairs(&world) {
        let receipt = world.try_batch(&batch(vec![], vec![invalid])).receipts[0];
        assert!(!receipt.is_applied(), "{what}: {receipt:?}");
        assert_eq!(
            world.try_batch(&batch(vec![], vec![valid])).receipts[0],
            Receipt::Applied
        );

        // The harness itself: true claims pass.
        assert!(
            accepts(&leaf, &checker, &another_history(&world, valid, valid), true),
            "{what}"
        );
        assert!(
            accepts(&leaf, &checker, &another_history(&world, invalid, invalid), false),
            "{what}"
        );

        let stolen = another_history(&world, valid, invalid);
        assert!(
            !accepts(&leaf, &checker, &stolen, true),
            "{what}: an invalid slot is applied"
        );
        let censored = another_history(&world, invalid, valid);
        assert!(
            !accepts(&leaf, &checker, &censored, false),
            "{what}: a valid slot is left out"
        );
    }
}

/// The money of a withdraw goes to its owner, in one exit: no other owner, amount, account or number of exits.
// REQ C3, C4
#[test]
fn no_other_exit_is_accepted() {
    let leaf = LeafCircuit::build(SMALL);
    let checker = Checker::new(leaf.circuit());
    let world = World::with_capacity(4, SMALL);
    let outcome = world.try_batch(&batch(vec![], vec![world.pay(2, 0, 10, 1)]));
    let honest = outcome.witness.expect("recorded");
    assert!(accepts(&leaf, &checker, &honest, true));

    let altered = |change: fn(&mut BatchWitness)| {
        let mut witness = honest.clone();
        change(&mut witness);
        accepts(&leaf, &checker, &witness, true)
    };
    assert!(!altered(|w| w.exits[0].l1_owner[19] ^= 1), "another owner");
    assert!(!altered(|w| w.exits[0].amount += 1), "another amount");
    assert!(!altered(|w| w.exits[0].index += 1), "another account");
    assert!(!altered(|w| w.exits.clear()), "no exit");
    assert!(
        !altered(|w| w.slots[0].sender.account.l1_owner[0] ^= 1),
        "a sender of another owner"
    );

    // An exit that no slot asked for.
    let transfer = world.try_batch(&batch(vec![], vec![world.pay(2, 3, 10, 1)]));
    let mut witness = transfer.witness.expect("recorded");
    witness.exits = honest.exits.clone();
    assert!(!accepts(&leaf, &checker, &witness, true));
}

/// An opening is of the account it names, in the state it is opened in.
// REQ C3
#[test]
fn no_other_opening_is_accepted() {
    let leaf = LeafCircuit::build(SMALL);
    let checker = Checker::new(leaf.circuit());
    let world = World::with_capacity(4, SMALL);
    let outcome = world.try_batch(&batch(vec![], vec![world.pay(2, 3, 10, 1), world.pay(4, 3, 5, 1)]));
    let honest = outcome.witness.expect("recorded");
    assert!(accepts(&leaf, &checker, &honest, true));
    let altered = |change: fn(&mut BatchWitness)| {
        let mut witness = honest.clone();
        change(&mut witness);
        accepts(&leaf, &checker, &witness, true)
    };
    assert!(
        !altered(|w| w.slots[0].recipient = w.slots[0].sender.clone()),
        "the sender in place of the recipient"
    );
    assert!(
        !altered(|w| w.slots[1].recipient = w.slots[0].recipient.clone()),
        "a recipient as it was before"
    );
    assert!(!altered(|w| w.slots[0].sender.account.balance += 1), "a richer sender");
    assert!(
        !altered(|w| w.slots[0].sender.account.nonce += 1),
        "a sender of another nonce"
    );
    assert!(
        !altered(|w| w.slots[0].recipient.account.registered = false),
        "an unregistered recipient"
    );
    assert!(
        !altered(|w| w.fee_payout = w.slots[1].sender.clone()),
        "fees to somebody else"
    );
    assert!(!altered(|w| w.fee_payout.account.balance += 1), "a richer sequencer");
}
