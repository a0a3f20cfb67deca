// SPDX-License-Identifier: MIT OR Apache-2.0
//! The joint multiplication against the native one, and against liars.

use super::*;
use crate::check::{Checker, Trace, Violation};
use crate::config::{C, Circuit, wide_config};
use crate::gadgets::testing::{assert_lies_are_refused, wires_of, witness, words};
use crate::gates::CustomGate;
use plonky2::field::types::{PrimeField64, Sample};
use poe_rollup::ecgfp5::{AffinePoint, Fp5, Point, Scalar, multiply_generator, multiply_vartime};

const LIMB: u32 = (1 << 30) - 1;

/// One joint multiplication.
struct Example {
    circuit: Circuit,
    /// Key, `e`, `s`.
    inputs: Vec<Target>,
    point: PointTarget,
    in_range: BoolTarget,
    /// The row of [`Limbs`]; those of [`EcStep`] follow.
    limbs_row: usize,
}

impl Example {
    fn new() -> Self {
        let mut builder = Builder::new(wide_config());
        let key: [Target; 10] = builder.add_virtual_target_arr();
        let e: [Word; 4] = words(&mut builder);
        let s: [Word; 11] = words(&mut builder);
        let limbs_row = builder.num_gates();
        let (point, in_range) = joint_multiply(&mut builder, &PointTarget::from_targets(&key), &e, &s);
        assert_eq!(builder.num_gates(), limbs_row + 1 + EcStep::ROWS);
        let scalars = e.iter().chain(&s).map(|word| word.target());
        Self {
            circuit: builder.build::<C>(),
            inputs: key.into_iter().chain(scalars).collect(),
            point,
            in_range,
            limbs_row,
        }
    }

    fn step_row(&self, index: usize) -> usize {
        self.limbs_row + 1 + index
    }

    fn honest<'c>(&self, checker: &Checker<'c, C>, case: &Case) -> Trace<'c> {
        let witness = witness(&self.inputs, &case.values());
        checker.honest(witness).expect("an honest witness")
    }
}

#[derive(Clone, Copy, Debug)]
struct Case {
    key: AffinePoint,
    e: [u32; 4],
    s: [u32; 11],
}

impl Case {
    fn values(&self) -> Vec<F> {
        let scalars = self.e.iter().chain(&self.s).map(|&word| F::from_canonical_u32(word));
        coefficients(&self.key).into_iter().chain(scalars).collect()
    }

    /// `s*G + e*key` of the low thirty bits of every word, by double-and-add.
    fn result(&self) -> AffinePoint {
        (multiply_generator(&integer(&self.s)) + multiply_vartime(&integer(&self.e), &self.key)).to_affine()
    }

    fn is_in_range(&self) -> bool {
        self.e.iter().chain(&self.s).all(|&word| word <= LIMB)
    }

    fn random() -> Self {
        let word = || (F::rand().to_canonical_u64() >> 8) as u32 & LIMB;
        Self {
            key: multiply_generator(&integer(&[word(); 10])).to_affine(),
            e: from_fn(|_| word()),
            s: from_fn(|_| word()),
        }
    }
}

fn coefficients(point: &AffinePoint) -> Vec<F> {
    let coefficients = [point.x.coefficients(), point.u.coefficients()];
    coefficients
        .as_flattened()
        .iter()
        .map(|&c| F::from_canonical_u64(c))
        .collect()
}

fn small(value: u32) -> Scalar {
    let mut bytes = [0; Scalar::BYTES];
    bytes[Scalar::BYTES - 4..].copy_from_slice(&value.to_be_bytes());
    Scalar::from_be_bytes(&bytes).expect("below n")
}

fn integer(words: &[u32]) -> Scalar {
    let radix = small(1 << 30);
    words
        .iter()
        .rev()
        .fold(Scalar::ZERO, |sum, &word| sum.mul(&radix).add(&small(word & LIMB)))
}

/// The limbs of the integer below n.
fn limbs_of(scalar: &Scalar) -> [u32; 11] {
    let bytes = scalar.to_be_bytes();
    let bit = |i: usize| {
        bytes
            .iter()
            .rev()
            .nth(i / 8)
            .map_or(0, |byte| u32::from(byte >> (i % 8) & 1))
    };
    from_fn(|limb| (0..30).map(|i| bit(30 * limb + i) << i).sum())
}

/// Scalars and keys at which something is neutral, extreme or met twice.
fn edge_cases() -> Vec<Case> {
    let base = Case::random();
    let secret = integer(&[7; 10]);
    let key = multiply_generator(&secret).to_affine();
    let vanishing = limbs_of(&Scalar::ZERO.sub(&integer(&base.e).mul(&secret)));
    vec![
        base,
        Case {
            key: AffinePoint::NEUTRAL,
            ..base
        },
        Case {
            key: AffinePoint::NEUTRAL,
            s: [0; 11],
            ..base
        },
        Case {
            key: AffinePoint::GENERATOR,
            ..base
        },
        Case {
            key: -AffinePoint::GENERATOR,
            ..base
        },
        Case { e: [0; 4], ..base },
        Case { s: [0; 11], ..base },
        Case {
            e: [0; 4],
            s: [0; 11],
            ..base
        },
        Case {
            e: [LIMB; 4],
            s: [LIMB; 11],
            ..base
        },
        Case {
            key,
            s: vanishing,
            ..base
        },
        Case {
            e: [LIMB + 1; 4],
            s: [LIMB + 1; 11],
            ..base
        },
        Case {
            e: [u32::MAX; 4],
            s: [u32::MAX; 11],
            ..base
        },
    ]
}

fn assert_agrees(example: &Example, checker: &Checker<'_, C>, case: &Case) {
    let trace = example.honest(checker, case);
    assert_eq!(checker.violations(&trace), [], "{case:?}");
    let result = example.point.targets().map(|target| trace.get(target));
    assert_eq!(result.to_vec(), coefficients(&case.result()), "{case:?}");
    assert_eq!(
        trace.get(example.in_range.target),
        F::from_bool(case.is_in_range()),
        "{case:?}"
    );
}

#[test]
fn agrees_with_the_native_multiplication() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let random = core::iter::repeat_with(Case::random).take(10);
    for case in edge_cases().into_iter().chain(random) {
        assert_agrees(&example, &checker, &case);
    }
}

/// Keys that the first step adds to themselves, to their opposite, to their double and to the opposite of that.
#[test]
fn agrees_where_a_step_meets_the_key_itself() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let top_bit = Case {
        e: [0, 0, 0, 1 << 29],
        s: [0; 11],
        ..Case::random()
    };
    let trace = example.honest(&checker, &top_bit);
    let element = |column: usize| {
        let wire = |i| Target::wire(example.step_row(0), column + i);
        Fp5::from_reduced(from_fn(|i| trace.get(wire(i)).to_canonical_u64()))
    };
    let column = EcStep::point(0, 1);
    let met = Point::from(AffinePoint {
        x: element(column),
        u: element(column + 5),
    });
    let mut neutral_met = false;
    for point in [met, -met, met.double(), -met.double()] {
        let key = point.to_affine();
        assert_eq!(key.check_key(), Ok(()));
        let case = Case { key, ..top_bit };
        assert_agrees(&example, &checker, &case);
        let trace = example.honest(&checker, &case);
        neutral_met |= trace.get(Target::wire(example.step_row(0), EcStep::point(0, 2))) == F::ZERO;
    }
    assert!(neutral_met, "one of the keys makes the accumulated point neutral");
}

/// pornin/ecgfp5, rust/src/curve.rs, made with Sage: P1 and P4 = 2 P1, given there as y/x = 1/u.
// REQ C6
#[test]
fn doubles_the_published_point() {
    let p1 = AffinePoint {
        x: Fp5::from_reduced([
            6641938805100417611,
            4637251792794046952,
            9680215716198734904,
            7124887799004433445,
            3695446893682682870,
        ]),
        u: Fp5::from_reduced([
            12539254003028696409,
            15524144070600887654,
            15092036948424041984,
            11398871370327264211,
            10958391180505708567,
        ])
        .inverse(),
    };
    assert_eq!(p1.check_key(), Ok(()));
    let w4 = Fp5::from_reduced([
        8058035104653144162,
        16041715455419993830,
        7448530016070824199,
        11253639182222911208,
        6228757819849640866,
    ]);
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let case = Case {
        key: p1,
        e: [2, 0, 0, 0],
        s: [0; 11],
    };
    let trace = example.honest(&checker, &case);
    let u = example.point.u.map(|target| trace.get(target).to_canonical_u64());
    assert_eq!(Fp5::from_reduced(u), w4.inverse());
}

// REQ C3
#[test]
fn no_wire_of_a_step_can_be_lied_about() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let values = Case::random().values();
    // The first row, one inside a word, the last of a word and the last of all.
    let rows = [0, 14, 29, EcStep::ROWS - 1].map(|index| example.step_row(index));
    let wires = rows.into_iter().flat_map(wires_of::<EcStep>);
    let met = assert_lies_are_refused(&checker, &example.inputs, &values, wires);
    met.assert_all_of::<EcStep>();
}

// REQ C3
#[test]
fn no_wire_of_a_neutral_key_can_be_lied_about() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let case = Case {
        key: AffinePoint::NEUTRAL,
        s: [0; 11],
        ..Case::random()
    };
    let row = example.step_row(EcStep::ROWS - 1);
    assert_lies_are_refused(&checker, &example.inputs, &case.values(), wires_of::<EcStep>(row));
}

// REQ C3
#[test]
fn no_wire_of_the_limbs_can_be_lied_about() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let out_of_range = Case {
        e: [LIMB, LIMB + 1, 3 << 30, u32::MAX],
        ..Case::random()
    };
    for case in [Case::random(), out_of_range] {
        let wires = wires_of::<Limbs>(example.limbs_row);
        let met = assert_lies_are_refused(&checker, &example.inputs, &case.values(), wires);
        met.assert_all_of::<Limbs>();
    }
}

/// The only constraint that stands in the way of a lie.
fn only<G: CustomGate>(row: usize, constraint: usize) -> Violation {
    Violation {
        row,
        gate: G::ID.to_owned(),
        constraint,
    }
}

/// Position of the constraint on a remainder: `e` is 0, the pieces of `s` follow.
const fn remainder_constraint(scalar: usize) -> usize {
    EcStep::CONSTRAINTS - 4 + scalar
}

/// `word = low + 2^30 high` has four solutions modulo p with `high` in range. All but one have a low part that ten rows do
/// not use up.
// REQ C3
#[test]
fn a_word_is_cut_in_one_way_only() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let case = Case {
        e: [5, LIMB + 1, LIMB, u32::MAX],
        ..Case::random()
    };
    let values = case.values();
    let words = &values[10..];
    let highs: Vec<u64> = words.iter().map(|word| word.to_canonical_u64() >> 30).collect();
    for word in 0..15 {
        for claimed in (0..4).filter(|&claimed| claimed != highs[word]) {
            let sum = F::from_canonical_u64(highs.iter().sum::<u64>() - highs[word] + claimed);
            let claimed = F::from_canonical_u64(claimed);
            let lies = [
                (Limbs::high(word), claimed),
                (
                    Limbs::LOW.start + word,
                    words[word] - claimed * F::from_canonical_u64(1 << 30),
                ),
                (Limbs::INVERSE, sum.try_inverse().unwrap_or(F::ZERO)),
                (Limbs::IN_RANGE, F::from_bool(sum == F::ZERO)),
            ]
            .map(|(column, value)| (Target::wire(example.limbs_row, column), value));
            let trace = checker
                .trace(witness(&example.inputs, &values), &lies)
                .expect("a trace");
            let scalar = word / PIECE_WORDS;
            let last = (PIECE_WORDS - word % PIECE_WORDS) * EcStep::ROWS_PER_WORD - 1;
            let expected = only::<EcStep>(example.step_row(last), remainder_constraint(scalar));
            assert_eq!(checker.violations(&trace), [expected], "word {word}, high {claimed}");
        }
    }
}

/// Another bit in any word of any scalar, all else following from it. Among them the word that stands in for the twelfth
/// of `s`: nobody can add a multiple of `2^330` to a response.
// REQ C3
#[test]
fn no_other_scalar_can_be_used() {
    let example = Example::new();
    let checker = Checker::new(&example.circuit);
    let values = Case::random().values();
    let honest = checker.honest(witness(&example.inputs, &values)).expect("honest");
    let bit = 1 << 29;
    for scalar in 0..4 {
        for index in 0..EcStep::ROWS {
            let word = PIECE_WORDS * scalar + PIECE_WORDS - 1 - index / EcStep::ROWS_PER_WORD;
            let first = index % EcStep::ROWS_PER_WORD == 0;
            if first && word == 15 {
                // The constant zero itself.
                continue;
            }
            let target = Target::wire(example.step_row(index), EcStep::REMAINDERS_IN.start + scalar);
            let lie = [(
                target,
                F::from_canonical_u64(honest.get(target).to_canonical_u64() ^ bit),
            )];
            let trace = checker.trace(witness(&example.inputs, &values), &lie).expect("a trace");
            let expected = if first {
                only::<Limbs>(example.limbs_row, Limbs::word_constraint(word))
            } else {
                only::<EcStep>(example.step_row(index - 1), remainder_constraint(scalar))
            };
            assert_eq!(checker.violations(&trace), [expected], "scalar {scalar}, row {index}");
        }
    }
}
