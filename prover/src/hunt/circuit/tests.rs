// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::config::{Builder, C};
use crate::gadgets::range::RangeChecks;
use crate::gadgets::testing::witness;
use crate::gadgets::word::{are_equal, canonical_words};
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::plonk::circuit_data::CircuitConfig;

/// The search around the honest witness of a circuit that `build` makes of two inputs, and how many checks of the inputs
/// the circuit has; they are left out if `by_computation`.
fn around(
    inputs: [u64; 2],
    by_computation: bool,
    build: impl FnOnce(&mut Builder, [Target; 2]),
) -> (CircuitSearch, usize) {
    let mut builder = Builder::new(crate::config::wide_config());
    let targets = [(); 2].map(|()| builder.add_virtual_target());
    build(&mut builder, targets);
    let circuit = builder.build::<C>();
    let checker = Checker::new(&circuit);
    let inputs = witness(&targets, &inputs.map(F::from_canonical_u64));
    let trace = checker.honest(inputs.clone()).expect("honest");
    let checks = CircuitSearch::checks(&checker, &inputs, &trace).expect("complete");
    let search = CircuitSearch::new(&checker, &inputs, &trace);
    if by_computation {
        (search.without_checks(&checks), checks.len())
    } else {
        (search, checks.len())
    }
}

/// The report on a circuit that `build` makes of two inputs.
fn searched(inputs: [u64; 2], build: impl FnOnce(&mut Builder, [Target; 2])) -> CircuitReport {
    around(inputs, false, build).0.run(usize::MAX)
}

fn ways(report: &CircuitReport) -> [bool; 3] {
    let some = |way: fn(&How) -> bool| report.unexplained.iter().any(|found| way(&found.how));
    [
        some(|how| *how == How::Derivative),
        some(|how| matches!(how, How::Alone(_))),
        some(|how| matches!(how, How::Pair(..))),
    ]
}

fn sound_gadgets(builder: &mut Builder, [a, b]: [Target; 2]) {
    let mut checks = RangeChecks::new();
    let (high, low) = canonical_words(builder, &mut checks, a);
    let equal = are_equal(builder, &[a, b, high.target()], &[b, a, low.target()]);
    builder.register_public_input(equal.target);
    checks.finish(builder);
}

#[test]
fn sound_gadgets_leave_nothing_but_inverses() {
    for values in [[5, 7], [7, 7], [0, 0], [u64::from(u32::MAX) << 32, 1]] {
        let report = searched(values, sound_gadgets);
        assert_eq!(report.unexplained, [], "{values:?}: {report}");
        assert!(report.moving.contains_key(&Reason::InverseHint), "{report}");
        assert!(report.moving.contains_key(&Reason::Apart), "{report}");
    }
}

/// Each constraint left out and each wire cut off, one after the other: what is counted as noticed is noticed, and what is
/// said to be implied is not.
#[test]
fn holes_are_noticed_as_they_are_counted() {
    for by_computation in [false, true] {
        let (search, _) = around([7, 7], by_computation, |builder, [a, b]| {
            sound_gadgets(builder, [a, b]);
            let hash = builder.hash_n_to_hash_no_pad::<PoseidonHash>(vec![a, b]);
            builder.register_public_input(hash.elements[0]);
            let quotient = builder.div(a, b);
            builder.register_public_input(quotient);
        });
        let report = search.run(0);
        assert_eq!(report.unexplained, [], "{report}");
        let is_noticed = |&hole: &Hole| !search.with_hole(hole).moving().unexplained.is_empty();

        let labels = Linear::new(&search).labels;
        let constraint = |&(place, constraint): &(u32, u32)| Hole::Constraint {
            row: search.places[place as usize].row,
            constraint: constraint as usize,
        };
        let constraints: Vec<Hole> = labels.iter().map(constraint).collect();
        let copies: Vec<Hole> = search
            .places
            .iter()
            .flat_map(|place| {
                let columns = 0..place.classes.len();
                let connected = columns.filter(|&column| search.classes[place.classes[column] as usize].uses > 1);
                connected.map(|column| Hole::Copy { row: place.row, column })
            })
            .collect();
        for (holes, all) in [(&report.constraint_holes, constraints), (&report.copy_holes, copies)] {
            assert_eq!(holes.noticed + holes.idle + holes.implied, all.len(), "{report}");
            assert!(holes.noticed > 0 && holes.examples.iter().all(is_noticed), "{report}");
            let noticed = all.iter().filter(|hole| is_noticed(hole)).count();
            assert!(holes.noticed <= noticed, "{noticed}: {report}");
            if matches!(all[0], Hole::Constraint { .. }) {
                assert!(noticed <= all.len() - holes.implied, "{noticed}: {report}");
            }
        }
    }
}

/// Two ways to compute one value are a computation and a check. Left out, the computation is noticed only if the check
/// does not stand in for it. So it is with the constant zero: the hash of no public inputs is zeros.
#[test]
fn checks_are_told_from_computations() {
    let twice = |builder: &mut Builder, values: [Target; 2]| {
        let [first, second] = values.map(|value| builder.mul_add(value, value, value));
        builder.connect(first, second);
    };
    let (whole, checks) = around([10, 10], false, twice);
    assert_eq!(checks, 1);
    let whole = whole.run(0);
    let (computed, _) = around([10, 10], true, twice);
    let computed = computed.run(0);
    assert_eq!((whole.unexplained, computed.unexplained), (vec![], vec![]));
    assert_eq!(
        (whole.constraint_holes.noticed, computed.constraint_holes.noticed),
        (0, 2)
    );
}

/// A row of operations in the extension that is not full: what is left of it is apart, and nothing else.
#[test]
fn unused_operations_are_apart() {
    let (search, _) = around([3, 4], false, |builder, [a, b]| {
        let [a, b] = [a, b].map(|target| builder.convert_to_ext(target));
        let product = builder.mul_extension(a, b);
        let sum = builder.mul_add_extension(product, a, b);
        builder.register_public_inputs(&sum.0);
    });
    let report = search.run(0);
    assert_eq!(report.unexplained, [], "{report}");
    assert!(report.moving.keys().eq([&Reason::Apart]), "{report}");
}

/// Halves of an element that nothing bounds.
#[test]
fn words_without_range_checks_are_found() {
    let report = searched([(5 << 32) | 7, 0], |builder, [a, _]| {
        let [high, low] = [5, 7].map(|value| {
            let half = builder.add_virtual_target();
            let value = builder.constant(F::from_canonical_u64(value));
            builder.generate_copy(value, half);
            half
        });
        let sum = builder.mul_const_add(F::from_canonical_u64(1 << 32), high, low);
        builder.connect(sum, a);
    });
    assert_eq!(ways(&report), [true, false, true], "{report}");
}

/// A square root has a negative: no derivative tells.
#[test]
fn a_second_root_is_found() {
    let report = searched([49, 0], |builder, [a, _]| {
        let one = builder.one();
        let root = builder.add_virtual_target();
        builder.generate_copy(one, root);
        let shifted = builder.add_const(root, F::from_canonical_u64(6));
        let square = builder.mul(shifted, shifted);
        builder.connect(square, a);
    });
    // The root is a sum, and moves with it.
    assert_eq!(ways(&report), [false, false, true], "{report}");
}

/// A value that nothing reads but a product with zero.
#[test]
fn a_factor_of_zero_is_found() {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let [a, b] = [(); 2].map(|()| builder.add_virtual_target());
    let zero = builder.zero();
    let free = builder.add_virtual_target();
    builder.generate_copy(b, free);
    let product = builder.mul(a, free);
    builder.connect(product, zero);
    let circuit = builder.build::<C>();
    let checker = Checker::new(&circuit);
    let inputs = witness(&[a, b], &[F::ZERO, F::ONE]);
    let trace = checker.honest(inputs.clone()).expect("honest");
    let report = CircuitSearch::new(&checker, &inputs, &trace).run(usize::MAX);
    let [derivative, alone, _] = ways(&report);
    assert!(derivative && alone, "{report}");
}
