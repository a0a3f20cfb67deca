// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lies told systematically to a gadget (CIR-2, CIR-3): only the honest trace may be accepted.
//!
//! The circuits of these tests have no public inputs, so that a lie is refused by the gadget and not by their hash.

use crate::check::Checker;
use crate::config::{Builder, C, F};
use crate::gates::CustomGate;
use crate::word::Word;
use core::array::from_fn;
use plonky2::field::types::{Field, Sample};
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use std::collections::HashSet;

/// Free targets that stand for words somebody has checked.
pub(crate) fn words<const N: usize>(builder: &mut Builder) -> [Word; N] {
    from_fn(|_| Word::assume_checked(builder.add_virtual_target()))
}

/// A witness that sets `targets`.
pub(crate) fn witness(targets: &[Target], values: &[F]) -> PartialWitness<F> {
    let mut witness = PartialWitness::new();
    for (&target, &value) in targets.iter().zip(values) {
        witness.set_target(target, value).expect("set once");
    }
    witness
}

/// All wires that a gate owns of a row.
pub(crate) fn wires_of<G: CustomGate>(row: usize) -> impl Iterator<Item = Target> {
    (0..G::WIRES).map(move |column| Target::wire(row, column))
}

/// Lies on each of `targets`, with everything that depends on it following and with nothing following, and asserts that
/// no lie is accepted that leaves the inputs as they are. Returns the constraints that lies met.
pub(crate) fn assert_lies_are_refused(
    checker: &Checker<'_, C>,
    inputs: &[Target],
    values: &[F],
    targets: impl IntoIterator<Item = Target>,
) -> Met {
    let honest = checker.honest(witness(inputs, values)).expect("an honest witness");
    assert_eq!(checker.violations(&honest), []);
    let mut met = Met::default();
    for target in targets {
        let truth = honest.get(target);
        for lie in [truth + F::ONE, truth - F::ONE, -truth, F::ONE - truth, F::rand()] {
            if lie == truth {
                continue;
            }
            let mut alone = honest.clone();
            alone.lie(target, lie);
            let found = checker.violations(&alone);
            assert!(!found.is_empty(), "{target:?}: {lie} for {truth}, alone");
            met.0.extend(found.into_iter().map(|v| (v.gate, v.constraint)));

            let followed = checker
                .trace(witness(inputs, values), &[(target, lie)])
                .expect("a trace");
            if inputs
                .iter()
                .zip(values)
                .all(|(&input, &value)| followed.get(input) == value)
            {
                assert!(!checker.accepts(&followed), "{target:?}: {lie} for {truth}, followed");
            }
        }
    }
    met
}

/// Constraints that refused something.
#[derive(Debug, Default)]
pub(crate) struct Met(HashSet<(String, usize)>);

impl Met {
    /// Asserts that no constraint of a gate is idle: one that is missing from the code would refuse nothing.
    pub(crate) fn assert_all_of<G: CustomGate>(&self) {
        for constraint in 0..G::CONSTRAINTS {
            assert!(
                self.0.contains(&(G::ID.to_owned(), constraint)),
                "{} {constraint}",
                G::ID
            );
        }
    }
}
