// SPDX-License-Identifier: MIT OR Apache-2.0
//! Takes a batch through the leaf circuit, honestly and not.

use plonky2::field::types::Field;
use poe_prover::check::Checker;
use poe_prover::config::{C, F};
use poe_prover::layers::public_inputs::RangeInputs;
use poe_prover::leaf::LeafCircuit;
use poe_rollup::executor::{BatchWitness, Outcome};
use poe_rollup::formats::{Capacity, Statement};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Batches that one test takes through the circuit, unless `POE_DIFFERENTIAL_BATCHES` says otherwise. Random tests
/// execute thousands; a deep run takes them all.
const BATCHES: usize = 12;

/// A circuit is built once a process and capacity.
struct Observer {
    limit: usize,
    observed: usize,
    circuits: HashMap<Capacity, (&'static LeafCircuit, Checker<'static, C>)>,
}

static OBSERVER: LazyLock<Mutex<Observer>> = LazyLock::new(|| {
    let named = std::env::var("POE_DIFFERENTIAL_BATCHES").ok();
    let limit = named.map_or(BATCHES, |n| {
        n.parse().expect("POE_DIFFERENTIAL_BATCHES is a number of batches")
    });
    Mutex::new(Observer {
        limit,
        observed: 0,
        circuits: HashMap::new(),
    })
});

/// The circuit's statement about a batch is the executor's, and no slot's verdict can be turned round.
pub(crate) fn observe(witness: &BatchWitness, outcome: &Outcome) {
    let mut observer = OBSERVER.lock().unwrap_or_else(PoisonError::into_inner);
    let Observer {
        limit,
        observed,
        circuits,
    } = &mut *observer;
    if *observed >= *limit {
        return;
    }
    *observed += 1;
    let (leaf, checker) = circuits.entry(witness.params.capacity).or_insert_with_key(|&capacity| {
        // A static circuit: the checker borrows it.
        let leaf: &'static LeafCircuit = Box::leak(Box::new(LeafCircuit::build(capacity)));
        (leaf, Checker::new(leaf.circuit()))
    });

    let inputs = leaf.inputs(witness).expect("a witness of this capacity");
    let trace = checker.honest(inputs.clone()).expect("a complete witness");
    assert_eq!(
        checker.violations(&trace),
        [],
        "every batch that L1 accepts is provable"
    );
    let expected = RangeInputs::from(&Statement {
        domain: witness.params.domain,
        version: witness.version,
        beneficiary: [0; 20],
        old_acc: outcome.old.acc,
        new_acc: outcome.new.acc,
        old_root: outcome.old.state_root(),
        new_root: outcome.new.state_root(),
        old_exit_acc: outcome.old.exit_acc,
        new_exit_acc: outcome.new.exit_acc,
    });
    assert_eq!(checker.public_inputs(&trace), expected.elements());

    let verdicts = leaf.verdicts();
    for (slot, &verdict) in verdicts.iter().enumerate() {
        let applied = witness.slots[slot].receipt.is_applied();
        assert_eq!(trace.get(verdict), F::from_bool(applied), "verdict of slot {slot}");
    }
    // One slot a batch is lied about, among those posted and the zero slots after them.
    let slot = *observed % (outcome.receipts.len() + 1).min(verdicts.len());
    let lie = (verdicts[slot], F::ONE - trace.get(verdicts[slot]));
    let lied = checker.trace(inputs, &[lie]).expect("a complete witness");
    assert!(
        !checker.accepts(&lied),
        "slot {slot} passes for the opposite of what it is"
    );
}
