// SPDX-License-Identifier: MIT OR Apache-2.0
//! That the inputs of a witness determine all wires of a circuit, and that a hole in it would be noticed.

use plonky2::iop::witness::PartialWitness;
use plonky2::plonk::circuit_data::CircuitData;
use plonky2::plonk::config::GenericConfig;
use poe_prover::check::Checker;
use poe_prover::config::{D, F};
use poe_prover::hunt::{CircuitReport, CircuitSearch};

/// Searches a circuit around the honest witness of `inputs`, with `pairs` classes for whose changes another is sought that
/// makes up for them. The inputs determine all by computation alone: what checks them is left out of the derivatives.
///
/// Also returns how many constraints those are. Of the holes that the report says are noticed, some of each kind are planted.
pub(crate) fn by_computation<K: GenericConfig<D, F = F>>(
    name: &str,
    circuit: &CircuitData<F, K, D>,
    inputs: &PartialWitness<F>,
    pairs: usize,
    planted: usize,
) -> (CircuitReport, usize) {
    let checker = Checker::new(circuit);
    let trace = checker.honest(inputs.clone()).expect("complete");
    let checks = CircuitSearch::checks(&checker, inputs, &trace).expect("complete");
    let search = CircuitSearch::new(&checker, inputs, &trace).without_checks(&checks);
    let report = search.run(pairs);
    eprintln!("{name}: {report}");
    assert_eq!(report.unexplained, [], "{name}");
    for holes in [&report.constraint_holes, &report.copy_holes] {
        for &hole in holes.examples.iter().step_by(5).take(planted) {
            let moving = search.with_hole(hole).moving();
            assert!(!moving.unexplained.is_empty(), "{name}: {hole:?}: {moving}");
        }
    }
    (report, checks.len())
}
