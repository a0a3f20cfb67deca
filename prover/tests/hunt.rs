// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hunt for wires that constraints leave to the prover, in the leaf and its gates (CIR-2, CIR-3).

mod campaign;
#[path = "../../rollup/tests/common/mod.rs"]
mod common;
mod determined;
#[path = "../../rollup/tests/observer/mod.rs"]
mod observer;

use common::{World, batch, register};
use determined::by_computation;
use poe_prover::hunt::{search_gate, unnoticed_holes};
use poe_prover::leaf::LeafCircuit;
use poe_rollup::executor::{BatchWitness, Receipt};
use poe_rollup::formats::{Capacity, Message};

const SMALL: Capacity = Capacity {
    slots: 2,
    messages: 1,
    exits: 1,
};

/// Classes of wires of a circuit for whose changes another class is sought that makes up for them.
fn pairs() -> usize {
    1_000 * campaign::rounds()
}

/// Given the inputs of a row, edges among them, every wire that a constraint reads has one value, and to first order no
/// freedom.
// REQ C3, C5
#[test]
fn every_gate_of_the_leaf_has_one_filling() {
    let leaf = LeafCircuit::build(SMALL);
    for gate in &leaf.circuit().common.gates {
        let report = search_gate(gate, campaign::rows()).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(report.unread, 0, "{report}");
        eprintln!("{report}");
    }
}

/// The search can fail: with any one constraint of any gate left out it does not find that rows have one filling.
// REQ C5
#[test]
fn the_search_notices_a_missing_constraint() {
    let leaf = LeafCircuit::build(SMALL);
    for gate in &leaf.circuit().common.gates {
        let unnoticed = unnoticed_holes(gate, 60).expect("inputs are known");
        assert_eq!(unnoticed, [0; 0], "of {}", gate.0.id());
    }
}

fn search(capacity: Capacity, witnesses: &[BatchWitness], pairs: usize, planted: usize) {
    let leaf = LeafCircuit::build(capacity);
    for witness in witnesses {
        let inputs = leaf.inputs(witness).expect("a witness of this capacity");
        let name = format!("leaf of {} slots", capacity.slots);
        by_computation(&name, leaf.circuit(), &inputs, pairs, planted);
    }
}

/// All wires of the whole circuit at once: with the inputs of the batch given, no wire can move to first order, none can be
/// changed alone, and no change of one is made up for by another; but for operations that nobody uses, and inverses that
/// reach nothing.
// REQ C3
#[test]
fn the_inputs_determine_the_leaf() {
    let world = World::with_capacity(4, SMALL);
    let slots = vec![world.pay(2, 3, 10, 1), world.pay(4, 0, 20, 2)];
    let full = world.try_batch(&batch(vec![Message::deposit(3, 5, 1)], slots));
    assert_eq!(full.receipts, [Receipt::Applied; 2]);
    // No message, no exit, a slot that breaks a rule and a zero slot.
    let idle = world.try_batch(&batch(vec![], vec![world.pay(2, 9, 10, 1)]));
    let witnesses = [full, idle].map(|outcome| outcome.witness.expect("recorded"));
    search(SMALL, &witnesses, pairs(), campaign::planted());
    if campaign::rounds() >= 10 {
        search(Capacity::REFERENCE, &[reference_batch()], pairs(), 0);
    }
}

/// Deposits, a registration, transfers and withdraws, and zero slots behind them.
fn reference_batch() -> BatchWitness {
    let world = World::with_capacity(8, Capacity::REFERENCE);
    let slots = vec![
        world.pay(2, 3, 10, 1),
        world.pay(4, 0, 20, 2),
        world.pay(5, 6, 30, 3),
        world.pay(6, 0, 4, 1),
    ];
    let messages = vec![Message::deposit(3, 5, 1), register(20, 7, 1)];
    world.try_batch(&batch(messages, slots)).witness.expect("recorded")
}
