// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a prover can choose in a leaf, and that none of it changes the result (CIR-2, CIR-3).

#[path = "../../rollup/tests/common/mod.rs"]
mod common;
#[path = "../../rollup/tests/observer/mod.rs"]
mod observer;

use common::{World, batch, register};
use plonky2::field::types::Field;
use plonky2::iop::target::Target;
use poe_prover::check::Checker;
use poe_prover::config::F;
use poe_prover::layers::public_inputs::{LEAF_INPUTS, RangeInputs};
use poe_prover::leaf::{LeafCircuit, LeafError};
use poe_rollup::executor::{BatchWitness, Receipt};
use poe_rollup::formats::{Capacity, Message, Slot};

const SMALL: Capacity = Capacity {
    slots: 2,
    messages: 1,
    exits: 1,
};

fn world() -> World {
    World::with_capacity(4, SMALL)
}

/// A deposit, a transfer, a withdraw: everything a small batch can hold.
fn full_batch() -> BatchWitness {
    let world = world();
    let slots = vec![world.pay(2, 3, 10, 1), world.pay(4, 0, 20, 2)];
    let outcome = world.try_batch(&batch(vec![Message::deposit(3, 5, 1)], slots));
    assert_eq!(outcome.receipts, [Receipt::Applied; 2]);
    outcome.witness.expect("recorded")
}

/// No message, no exit, a slot that breaks a rule and a zero slot.
fn idle_batch() -> BatchWitness {
    let world = world();
    let outcome = world.try_batch(&batch(vec![], vec![world.pay(2, 9, 10, 1)]));
    outcome.witness.expect("recorded")
}

/// What L1 fixes of a statement, and what follows from it.
fn split(elements: &[F]) -> ([Vec<F>; 4], [Vec<F>; 2]) {
    let inputs = RangeInputs::from_elements(elements.try_into().expect("a leaf's public inputs"));
    let RangeInputs { old, new, domain } = inputs;
    let fixed = [old.elements().collect(), new.acc.to_vec(), domain.to_vec(), vec![]];
    (fixed, [new.root.to_vec(), new.exit_acc.to_vec()])
}

/// Every value the prover supplies, replaced by others, with all that depends on it recomputed: either it is refused, or
/// it is the same statement, or a statement about other L1 data. Never another result from the same data.
fn the_result_follows_from_what_l1_fixes(witness: &BatchWitness, stride: usize) {
    let leaf = LeafCircuit::build(SMALL);
    let checker = Checker::new(leaf.circuit());
    let inputs = leaf.inputs(witness).expect("a witness of this capacity");
    let honest = checker.honest(inputs.clone()).expect("complete");
    assert_eq!(checker.violations(&honest), []);
    let (fixed, result) = split(&checker.public_inputs(&honest));

    let mut supplied: Vec<(Target, F)> = inputs.target_values.clone().into_iter().collect();
    // By position, so that every run tells the same lies.
    let common = &leaf.circuit().common;
    supplied.sort_by_key(|(target, _)| target.index(common.config.num_wires, common.degree()));
    let mut accepted = 0;
    for (position, &(target, value)) in supplied.iter().enumerate().step_by(stride) {
        let lies = [value + F::ONE, F::ONE - value, value + F::from_canonical_u64(1 << 32)];
        let lie = lies[position % lies.len()];
        if lie == value {
            continue;
        }
        let trace = checker.trace(inputs.clone(), &[(target, lie)]).expect("complete");
        if checker.accepts(&trace) {
            accepted += 1;
            let (other_fixed, other_result) = split(&checker.public_inputs(&trace));
            assert!(
                other_fixed != fixed || other_result == result,
                "{target:?} = {lie} changes the result of the same data"
            );
        }
    }
    assert!(accepted > 0, "the old accumulator, at least, is L1's to say");
}

// REQ C3, C4
#[test]
fn the_result_of_a_full_batch_follows_from_what_l1_fixes() {
    the_result_follows_from_what_l1_fixes(&full_batch(), 5);
}

// REQ C3, C4
#[test]
fn the_result_of_an_idle_batch_follows_from_what_l1_fixes() {
    the_result_follows_from_what_l1_fixes(&idle_batch(), 7);
}

/// No wire of the whole circuit is left to the prover, but for operands of products that are zero anyway.
// REQ C3
#[test]
fn no_wire_is_loose() {
    let leaf = LeafCircuit::build(SMALL);
    let checker = Checker::new(leaf.circuit());
    for witness in [full_batch(), idle_batch()] {
        let trace = checker.honest(leaf.inputs(&witness).expect("fits")).expect("complete");
        let loose = checker.loose(&trace, F::from_canonical_u64(1 << 32));
        let unexplained: Vec<_> = loose
            .iter()
            .filter(|wire| !(wire.uses == 1 && wire.gate.starts_with("ArithmeticGate")))
            .collect();
        assert!(unexplained.is_empty(), "{unexplained:#?}");
    }
}

/// L1 decides how many messages a batch takes: the prover can neither leave one out nor slip one in.
// REQ C4
#[test]
fn a_message_cannot_be_left_out_or_slipped_in() {
    let leaf = LeafCircuit::build(SMALL);
    let (world, deposit) = (world(), Message::deposit(3, 5, 1));
    let with = world
        .try_batch(&batch(vec![deposit], vec![]))
        .witness
        .expect("recorded");
    let without = world.try_batch(&batch(vec![], vec![])).witness.expect("recorded");
    let proven = |witness: &BatchWitness| {
        let checker = Checker::new(leaf.circuit());
        let trace = checker.honest(leaf.inputs(witness).expect("fits")).expect("complete");
        assert!(checker.accepts(&trace));
        split(&checker.public_inputs(&trace))
    };
    let ((fixed_with, result_with), (fixed_without, result_without)) = (proven(&with), proven(&without));
    assert_ne!(result_with, result_without);
    assert_ne!(fixed_with, fixed_without, "the accumulator tells them apart");
}

/// The version is bound by the accumulator alone (CIR-12): a successor with the same capacities proves old batches.
// REQ C4
#[test]
fn a_batch_of_any_version_is_provable() {
    let leaf = LeafCircuit::build(SMALL);
    let checker = Checker::new(leaf.circuit());
    let world = world();
    let statements = [1, 2, u32::MAX].map(|version| {
        let batch = poe_rollup::executor::Batch {
            version,
            ..batch(vec![], vec![world.pay(2, 3, 10, 1)])
        };
        let outcome = world.try_batch(&batch);
        let inputs = leaf.inputs(&outcome.witness.expect("recorded")).expect("fits");
        let trace = checker.honest(inputs).expect("complete");
        assert!(checker.accepts(&trace));
        split(&checker.public_inputs(&trace))
    });
    assert_eq!(statements[0].1, statements[1].1);
    assert_ne!(statements[0].0, statements[1].0);
    assert_ne!(statements[1].0, statements[2].0);
}

/// Whatever 192 bytes a sequencer posts, there is a proof.
// REQ C2, R39
#[test]
fn any_bytes_are_provable() {
    use proptest::prelude::*;
    let leaf = LeafCircuit::build(SMALL);
    let checker = Checker::new(leaf.circuit());
    let world = world();
    let provable = |slots: Vec<Slot>| {
        let outcome = world.try_batch(&batch(vec![register(9, 1, 1)], slots));
        let inputs = leaf.inputs(&outcome.witness.expect("recorded")).expect("fits");
        checker.accepts(&checker.honest(inputs).expect("complete"))
    };
    assert!(provable(vec![Slot::decode(&[0; 96]); 2]));
    assert!(provable(vec![Slot::decode(&[0xFF; 96]); 2]));
    proptest!(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() }, |(
        first in prop::collection::vec(any::<u8>(), 96),
        second in prop::collection::vec(any::<u8>(), 96),
        // Small indices make some senders known ones.
        from in 0..5u32,
    )| {
        let decode = |bytes: &[u8]| Slot::decode(bytes.try_into().expect("96 bytes"));
        let mut second = decode(&second);
        second.transfer.from = from;
        prop_assert!(provable(vec![decode(&first), second]));
    });
}

/// The longest of everything, proven for real.
// REQ C1
#[test]
fn a_real_proof_of_a_full_batch_holds_and_says_what_the_executor_says() {
    let leaf = LeafCircuit::build(SMALL);
    let witness = full_batch();
    let proof = leaf.prove(&witness).expect("provable");
    let inputs = RangeInputs::from_elements(proof.public_inputs[..].try_into().expect("48"));
    assert_eq!(LEAF_INPUTS, proof.public_inputs.len());
    let statement = inputs.statement(1, [0; 20]).expect("words");
    assert_eq!(statement.new_root, witness.new.state_root());
    assert_eq!(statement.new_acc, witness.new.acc);
    assert_eq!(statement.new_exit_acc, witness.new.exit_acc);
    leaf.verify(proof.clone()).expect("it holds");
    for position in 0..LEAF_INPUTS {
        let mut other = proof.clone();
        other.public_inputs[position] += F::ONE;
        assert!(leaf.verify(other).is_err(), "public input {position}");
    }
}

#[test]
fn a_witness_of_another_shape_is_refused() {
    let leaf = LeafCircuit::build(SMALL);
    let mut witness = full_batch();
    witness.params.capacity.exits = 2;
    assert!(matches!(leaf.inputs(&witness), Err(LeafError::WrongCapacity { .. })));
    let mut witness = full_batch();
    witness.slots.pop();
    assert!(matches!(
        leaf.inputs(&witness),
        Err(LeafError::WrongLength { what: "slots", .. })
    ));
    let mut witness = full_batch();
    witness.messages.push(witness.messages[0].clone());
    assert!(matches!(
        leaf.inputs(&witness),
        Err(LeafError::WrongLength { what: "messages", .. })
    ));
}
