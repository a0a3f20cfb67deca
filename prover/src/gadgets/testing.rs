// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every lie about every wire.

use crate::check::Checker;
use crate::config::{Circuit, F};
use core::ops::Range;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use std::collections::HashSet;

/// Values given to targets.
pub(super) type Inputs = Vec<(Target, F)>;

pub(super) fn partial(inputs: &Inputs) -> PartialWitness<F> {
    let mut witness = PartialWitness::new();
    for &(target, value) in inputs {
        witness.set_target(target, value).expect("set once");
    }
    witness
}

/// What else a value might be claimed to be: out of the range of words, negated (which flips a sign and leaves 0 alone),
/// off by one, or the other bit.
pub(super) fn lies(value: F) -> impl Iterator<Item = F> {
    let candidates = [
        value + F::from_canonical_u64(1 << 32),
        -value,
        value + F::ONE,
        F::ONE - value,
    ];
    candidates.into_iter().filter(move |&lie| lie != value)
}

/// How the prover lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lying {
    /// One class of wires is changed in the honest witness.
    AfterTheFact,
    /// All that is computed from the lie follows it.
    Followed,
}

/// Tells each of [`lies`] about each wire of some rows and columns, inputs and what is connected to them excepted, and
/// returns the wires about which one was accepted. None of them may change a public input: panics if one does.
pub(super) fn free_wires(
    circuit: &Circuit,
    inputs: &Inputs,
    rows: Range<usize>,
    columns: Range<usize>,
    lying: Lying,
) -> Vec<(usize, usize)> {
    let checker = Checker::new(circuit);
    let honest = checker.honest(partial(inputs)).expect("honest");
    assert_eq!(checker.violations(&honest), []);
    let public = checker.public_inputs(&honest);

    let (wires, degree) = (circuit.common.config.num_wires, circuit.common.degree());
    let class = |target: Target| circuit.prover_only.representative_map[target.index(wires, degree)];
    let mut seen: HashSet<usize> = inputs.iter().map(|&(target, _)| class(target)).collect();
    let mut free = Vec::new();
    let mut trace = honest.clone();
    for (row, column) in rows.flat_map(|row| columns.clone().map(move |column| (row, column))) {
        let target = Target::wire(row, column);
        if !seen.insert(class(target)) {
            continue;
        }
        let value = honest.get(target);
        for lie in lies(value) {
            let accepted = match lying {
                Lying::AfterTheFact => {
                    trace.lie(target, lie);
                    checker.accepts(&trace).then(|| checker.public_inputs(&trace))
                }
                Lying::Followed => {
                    let followed = checker.trace(partial(inputs), &[(target, lie)]).expect("inputs");
                    checker.accepts(&followed).then(|| checker.public_inputs(&followed))
                }
            };
            if let Some(claimed) = accepted {
                let told = lie.to_canonical_u64();
                assert_eq!(
                    claimed, public,
                    "{told} instead of {value} in row {row}, column {column}"
                );
                free.push((row, column));
            }
        }
        trace.lie(target, value);
    }
    free.dedup();
    free
}

/// Whether a circuit refuses a prover who tells `lies`, and lets everything follow from them.
pub(super) fn refuses(circuit: &Circuit, inputs: &Inputs, lies: &[(Target, F)]) -> bool {
    let checker = Checker::new(circuit);
    let trace = checker.trace(partial(inputs), lies).expect("inputs");
    !checker.accepts(&trace)
}
