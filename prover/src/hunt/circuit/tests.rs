// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::config::{Builder, C};
use crate::gadgets::range::RangeChecks;
use crate::gadgets::testing::witness;
use crate::gadgets::word::{are_equal, canonical_words};
use plonky2::plonk::circuit_data::CircuitConfig;

/// The report on a circuit that `build` makes of two inputs.
fn searched(inputs: [u64; 2], build: impl FnOnce(&mut Builder, [Target; 2])) -> CircuitReport {
    let mut builder = Builder::new(crate::config::wide_config());
    let targets = [(); 2].map(|()| builder.add_virtual_target());
    build(&mut builder, targets);
    let circuit = builder.build::<C>();
    let checker = Checker::new(&circuit);
    let inputs = witness(&targets, &inputs.map(F::from_canonical_u64));
    let trace = checker.honest(inputs.clone()).expect("honest");
    let search = CircuitSearch::new(&checker, &inputs, &trace);
    search.run(usize::MAX)
}

fn ways(report: &CircuitReport) -> [bool; 3] {
    let some = |way: fn(&How) -> bool| report.unexplained.iter().any(|found| way(&found.how));
    [
        some(|how| *how == How::Derivative),
        some(|how| matches!(how, How::Alone(_))),
        some(|how| matches!(how, How::Pair(..))),
    ]
}

#[test]
fn sound_gadgets_leave_nothing_but_inverses() {
    for values in [[5, 7], [7, 7], [0, 0], [u64::from(u32::MAX) << 32, 1]] {
        let report = searched(values, |builder, [a, b]| {
            let mut checks = RangeChecks::new();
            let (high, low) = canonical_words(builder, &mut checks, a);
            let equal = are_equal(builder, &[a, b, high.target()], &[b, a, low.target()]);
            builder.register_public_input(equal.target);
            checks.finish(builder);
        });
        assert_eq!(report.unexplained, [], "{values:?}: {report}");
        assert!(report.moving.contains_key(&Reason::InverseHint), "{report}");
        assert!(report.moving.contains_key(&Reason::Apart), "{report}");
    }
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
