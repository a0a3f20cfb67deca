// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;
use crate::check::Checker;
use crate::config::{C, Circuit, wide_config};
use crate::gadgets::lies::{Inputs, Lying, free_wires, partial, refuses};
use plonky2::field::types::Field64;
use std::collections::HashSet;

const P: u64 = F::ORDER;

/// Amounts and fees of CIR-5.
const AMOUNTS: [u64; 9] = [
    0,
    (1 << 61) - 1,
    1 << 61,
    (1 << 61) + 1,
    (1 << 63) - 1,
    P - 1,
    P,
    P + 1,
    u64::MAX,
];

/// A circuit of one gadget with its inputs and results, all public.
struct Example {
    circuit: Circuit,
    inputs: Vec<Target>,
    results: Vec<Target>,
}

impl Example {
    /// `inputs` elements, without range checks on them.
    fn new(inputs: usize, gadget: impl Fn(&mut Builder, &mut RangeChecks, &[Target]) -> Vec<Target>) -> Self {
        let mut builder = Builder::new(wide_config());
        let inputs = builder.add_virtual_targets(inputs);
        let mut checks = RangeChecks::new();
        let results = gadget(&mut builder, &mut checks, &inputs);
        checks.finish(&mut builder);
        builder.register_public_inputs(&inputs);
        builder.register_public_inputs(&results);
        Self {
            circuit: builder.build::<C>(),
            inputs,
            results,
        }
    }

    fn values(&self, inputs: &[u64]) -> Inputs {
        let values = inputs.iter().map(|&value| F::from_canonical_u64(value));
        self.inputs.iter().copied().zip(values).collect()
    }

    /// Results of the honest prover; none if it has no witness.
    fn run(&self, inputs: &[u64]) -> Option<Vec<u64>> {
        let checker = Checker::new(&self.circuit);
        let trace = checker.honest(partial(&self.values(inputs))).ok()?;
        assert_eq!(checker.violations(&trace), []);
        Some(
            self.results
                .iter()
                .map(|&target| trace.get(target).to_canonical_u64())
                .collect(),
        )
    }

    /// The opposite of a bit is refused, also when everything follows.
    fn assert_two_sided(&self, inputs: &[u64]) {
        for (&result, honest) in self.results.iter().zip(self.run(inputs).expect("honest")) {
            let lie = (result, F::ONE - F::from_canonical_u64(honest));
            assert!(refuses(&self.circuit, &self.values(inputs), &[lie]), "{inputs:?}");
        }
        self.assert_unique(inputs);
    }

    /// The opposite of a bit is refused together with a zero anywhere else, a hinted inverse for instance.
    fn assert_two_sided_with_any_zero(&self, inputs: &[u64]) {
        let (wires, degree) = (self.circuit.common.config.num_wires, self.circuit.common.degree());
        let class = |target: Target| self.circuit.prover_only.representative_map[target.index(wires, degree)];
        let mut seen: HashSet<usize> = self.inputs.iter().chain(&self.results).map(|&t| class(t)).collect();
        let honest = self.run(inputs).expect("honest")[0];
        let flipped = (self.results[0], F::ONE - F::from_canonical_u64(honest));
        for wire in (0..degree).flat_map(|row| (0..wires).map(move |column| Target::wire(row, column))) {
            if seen.insert(class(wire)) {
                let lies = [flipped, (wire, F::ZERO)];
                assert!(refuses(&self.circuit, &self.values(inputs), &lies), "{wire:?}");
            }
        }
    }

    /// No lie about any wire changes what is public.
    fn assert_unique(&self, inputs: &[u64]) {
        let (rows, columns) = (0..self.circuit.common.degree(), 0..self.circuit.common.config.num_wires);
        for lying in [Lying::AfterTheFact, Lying::Followed] {
            free_wires(
                &self.circuit,
                &self.values(inputs),
                rows.clone(),
                columns.clone(),
                lying,
            );
        }
    }
}

const M: u64 = u32::MAX as u64;

// REQ C3
#[test]
fn range_checks_hold_at_their_bounds() {
    let word = Example::new(1, |_, checks, inputs| {
        checks.word(inputs[0]);
        vec![]
    });
    let wide = Example::new(1, |builder, checks, inputs| {
        checks.check_62_bits(builder, inputs[0]);
        vec![]
    });
    for (example, bound) in [(word, 1 << 32), (wide, 1 << 62)] {
        for good in [0, 1, M, bound - 1] {
            assert!(example.run(&[good]).is_some(), "{good}");
            example.assert_unique(&[good]);
        }
        for bad in [
            bound,
            bound + 1,
            2 * bound,
            1 << 63,
            P - 1,
            P - (1 << 32),
            P - (1 << 62),
            F::TWO.inverse().0,
        ] {
            let lie = (example.inputs[0], F::from_canonical_u64(bad));
            assert!(refuses(&example.circuit, &example.values(&[0]), &[lie]), "{bad}");
        }
    }
}

#[test]
#[should_panic(expected = "1 range checks dropped")]
fn range_checks_cannot_be_forgotten() {
    let mut builder = Builder::new(wide_config());
    let target = builder.add_virtual_target();
    RangeChecks::new().word(target);
}

// REQ C3
#[test]
fn canonical_words_have_no_second_reading() {
    let example = Example::new(1, |builder, checks, inputs| {
        let (high, low) = canonical_words(builder, checks, inputs[0]);
        vec![high.target(), low.target()]
    });
    for value in [0, 1, M - 1, M, 1 << 32, P - 2, P - 1, 0x0123_4567_89ab_cdef, M << 32] {
        assert_eq!(example.run(&[value]), Some(vec![value >> 32, value & M]), "{value}");
        example.assert_unique(&[value]);
        // The value plus p, where that is below 2^64.
        if let Some(second) = value.checked_add(P) {
            let lies = [(0, second >> 32), (1, second & M)]
                .map(|(result, half)| (example.results[result], F::from_canonical_u64(half)));
            assert!(refuses(&example.circuit, &example.values(&[value]), &lies), "{value}");
            assert_eq!(second >> 32, M);
        }
    }
}

// REQ C3
#[test]
fn lists_are_equal_exactly_when_every_element_is() {
    let example = Example::new(6, |builder, _, inputs| {
        vec![are_equal(builder, &inputs[..3], &inputs[3..]).target]
    });
    // The pairs (2^32 - 1, 1) and (0, 0) are one element when packed.
    for (inputs, equal) in [
        ([1, 2, 3, 1, 2, 3], 1),
        ([0; 6], 1),
        ([1, 2, 3, 1, 2, 4], 0),
        ([0, 2, 3, 1, 2, 3], 0),
        ([M, 1, 0, 0, 0, 0], 0),
        ([1, 0, 0, 0, 1, 0], 0),
        ([P - 1, 1, 0, 0, 0, 0], 0),
    ] {
        assert_eq!(example.run(&inputs), Some(vec![equal]), "{inputs:?}");
        example.assert_two_sided(&inputs);
        example.assert_two_sided_with_any_zero(&inputs);
    }
}

// REQ C3
#[test]
fn zero_is_told_from_the_rest() {
    let example = Example::new(1, |builder, _, inputs| vec![is_zero(builder, inputs[0]).target]);
    for value in [0, 1, M, P - 1] {
        assert_eq!(example.run(&[value]), Some(vec![u64::from(value == 0)]));
        example.assert_two_sided(&[value]);
    }
}

// REQ C3
#[test]
fn words_compare_as_integers() {
    let example = Example::new(2, |builder, checks, inputs| {
        let [a, b] = [0, 1].map(|i| checks.word(inputs[i]));
        vec![
            less_than(builder, checks, a, b).target,
            less_than_2_pow(builder, checks, a, 29).target,
            are_equal_words(builder, &[a, b], &[b, a]).target,
        ]
    });
    for (a, b) in [
        (0, 0),
        (0, 1),
        (1, 0),
        (M, M),
        (M, 0),
        (0, M),
        ((1 << 29) - 1, M),
        (1 << 29, 1 << 29),
    ] {
        let expected = [a < b, a < 1 << 29, a == b].map(u64::from).to_vec();
        assert_eq!(example.run(&[a, b]), Some(expected), "{a} {b}");
        example.assert_two_sided(&[a, b]);
    }
    assert_eq!(example.run(&[1 << 32, 0]), None);
}

/// Amount and fee as two words each, and a balance, to: both in range, balance suffices.
fn sufficiency() -> Example {
    Example::new(5, |builder, checks, inputs| {
        let [amount_high, amount_low, fee_high, fee_low] = [0, 1, 2, 3].map(|i| checks.word(inputs[i]));
        let amount_fits = less_than_2_pow(builder, checks, amount_high, 29);
        let fee_fits = less_than_2_pow(builder, checks, fee_high, 29);
        let in_range = builder.and(amount_fits, fee_fits);
        let amount = u64_from_words(builder, amount_high, amount_low);
        let fee = u64_from_words(builder, fee_high, fee_low);
        let cost = builder.add(amount, fee);
        let enough = enough(builder, checks, inputs[4], cost, in_range);
        vec![in_range.target, enough.target]
    })
}

// REQ C3
#[test]
fn sufficiency_is_two_sided_at_the_vectors_of_the_rules() {
    let example = sufficiency();
    for amount in AMOUNTS {
        for fee in AMOUNTS {
            let cost = u128::from(amount) + u128::from(fee);
            let in_range = amount < 1 << 61 && fee < 1 << 61;
            let near = u64::try_from(cost).unwrap_or(0);
            let wrapped = (F::from_noncanonical_u64(amount) + F::from_noncanonical_u64(fee)).to_canonical_u64();
            let mut balances = vec![0, 1, (1 << 61) - 1, near, near.saturating_sub(1), wrapped];
            balances.retain(|&balance| balance < 1 << 61);
            for balance in balances {
                let inputs = [amount >> 32, amount & M, fee >> 32, fee & M, balance];
                let enough = !in_range || u128::from(balance) >= cost;
                let expected = vec![u64::from(in_range), u64::from(enough)];
                assert_eq!(example.run(&inputs), Some(expected), "{amount} {fee} {balance}");
                for (&result, honest) in example.results.iter().zip([in_range, enough]) {
                    let lie = (result, F::from_bool(!honest));
                    assert!(
                        refuses(&example.circuit, &example.values(&inputs), &[lie]),
                        "{inputs:?}"
                    );
                }
            }
        }
    }
}

/// With a bit that is none, the distance could be whatever is wanted.
// REQ C3
#[test]
fn sufficiency_is_a_bit() {
    let example = sufficiency();
    for balance in [8, 14] {
        let inputs = [0, 5, 0, 6, balance];
        let difference = F::from_canonical_u64(balance) - F::from_canonical_u64(11);
        // distance = (2 bit - 1) difference + bit - 1, for a distance that is neither side's.
        let distance = F::from_canonical_u64(7);
        let bit = (distance + F::ONE + difference) / (difference.double() + F::ONE);
        let lie = (example.results[1], bit);
        assert!(refuses(&example.circuit, &example.values(&inputs), &[lie]), "{bit}");
    }
}

// REQ C3
#[test]
fn sufficiency_has_one_witness() {
    let example = sufficiency();
    let high = (1 << 29) - 1;
    for inputs in [
        [0, 5, 0, 6, 11],
        [0, 5, 0, 6, 10],
        [high, M, high, M, (1 << 61) - 1],
        [M, M, M, 1, 0],
    ] {
        example.assert_unique(&inputs);
    }
}

/// Rows of 80 of each, so that shared rows are full.
#[test]
fn rows_are_as_documented() {
    let rows = |gadget: fn(&mut Builder, &mut RangeChecks, Target, Target)| {
        let mut builder = Builder::new(wide_config());
        let mut checks = RangeChecks::new();
        for _ in 0..80 {
            let [a, b] = core::array::from_fn(|_| builder.add_virtual_target());
            gadget(&mut builder, &mut checks, a, b);
        }
        checks.finish(&mut builder);
        builder.num_gates()
    };
    let counts = [
        rows(|_, checks, a, _| {
            checks.word(a);
        }),
        rows(|builder, checks, a, _| checks.check_62_bits(builder, a)),
        rows(|builder, checks, a, _| {
            canonical_words(builder, checks, a);
        }),
        rows(|builder, _, a, b| {
            are_equal(builder, &[a], &[b]);
        }),
        rows(|builder, checks, a, b| {
            less_than(builder, checks, Word::assume_checked(a), Word::assume_checked(b));
        }),
        rows(|builder, checks, a, b| {
            let in_range = builder.add_virtual_bool_target_unsafe();
            enough(builder, checks, a, b, in_range);
        }),
    ];
    assert_eq!(counts, [10, 38, 36, 12, 34, 62]);
}
