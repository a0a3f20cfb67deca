// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parts of the circuit at their edges, and lies that only edges allow.

use super::checker::{Cells, holds};
use super::*;
use crate::wrap::builder::Hint;
use crate::wrap::digest::DIGITS;
use crate::wrap::extension::{Ext, Native};
use crate::wrap::goldilocks::{Lazy, P};
use crate::wrap::index::Index;
use crate::wrap::key::field;
use crate::wrap::sponge::Challenger;
use halo2_base::halo2_proofs::arithmetic::Field as _;
use halo2_base::utils::{biguint_to_fe, fe_to_biguint, modulus};
use num_bigint::{BigInt, BigUint};
use num_traits::One;
use plonky2::field::types::{PrimeField64, Sample};
use plonky2::fri::reduction_strategies::FriReductionStrategy;
use plonky2::plonk::config::{GenericHashOut, Hasher};
use poe_prover::bn254::{Bn254Digest, Bn254Hash};

fn builder(lies: impl IntoIterator<Item = (usize, Fr)>) -> Builder {
    let mut builder = Builder::new(Stage::Mock, Shape::one_column(K).base());
    builder.lies = lies.into_iter().collect();
    builder
}

/// A cell of any value, constrained to nothing.
fn cell(builder: &mut Builder, value: Fr) -> halo2_base::QuantumCell<Fr> {
    builder.context().load_witness(value).into()
}

fn base_p(value: &BigUint) -> Vec<Fr> {
    let mut rest = value.clone();
    let digits = (0..DIGITS).map(|_| {
        let digit = &rest % P;
        rest = &rest / P;
        biguint_to_fe(&digit)
    });
    digits.collect()
}

fn digits_hold(lane: &BigUint, lies: Option<Vec<Fr>>) -> bool {
    let mut builder = builder(lies.into_iter().flatten().enumerate());
    let lane = cell(&mut builder, biguint_to_fe(&(lane % modulus::<Fr>())));
    builder.digits(lane);
    holds(&builder)
}

/// The digits of a lane are those of the integer below r, and of no other integer that is the lane modulo r.
// REQ C8
#[test]
fn digits_are_of_the_canonical_integer() {
    let r = modulus::<Fr>();
    let cube = BigUint::from(P).pow(3);
    let (top, low) = ((&r - 1u32) / &cube, (&r - 1u32) % &cube);
    let edges = [
        BigUint::from(0u32),
        BigUint::from(1u32),
        BigUint::from(P - 1),
        BigUint::from(P),
        &cube - 1u32,
        cube.clone(),
        &top * &cube - 1u32,
        &top * &cube,
        &top * &cube + &low - 1u32,
        &r - 1u32,
    ];
    for lane in &edges {
        assert!(digits_hold(lane, None), "{lane}");
        let native: [u64; 4] = biguint_to_fe::<Fr>(lane)
            .to_bytes()
            .chunks(8)
            .map(|c| u64::from_le_bytes(c.try_into().expect("eight bytes")))
            .collect::<Vec<_>>()
            .try_into()
            .expect("four");
        let native = Bn254Digest::try_from(native).expect("below r").to_vec();
        let ours: Vec<u64> = base_p(lane)
            .iter()
            .map(|d| fe_to_biguint(d).to_u64_digits().first().copied().unwrap_or(0))
            .collect();
        assert_eq!(
            native.iter().map(PrimeField64::to_canonical_u64).collect::<Vec<_>>(),
            ours
        );
        assert!(!digits_hold(lane, Some(base_p(&(lane + 1u32)))), "another lane");
        // Four digits reach beyond 2 r: the same lane has another representation, which must not pass.
        assert!(!digits_hold(lane, Some(base_p(&(lane + &r)))), "{lane} + r");
    }
    // The first of these is stopped by the comparison of the lower digits alone: its top digit is that of r - 1.
    let first = &top * &cube + &low + 1u32;
    assert_eq!(first, r);
    assert_eq!(fe_to_biguint(&base_p(&first)[3]), top);
}

#[test]
fn a_limb_is_canonical_below_p_only() {
    for (value, canonical) in [(0, true), (P - 1, true), (P, false), (P + 1, false), (u64::MAX, false)] {
        let mut builder = builder([]);
        let limb = builder.limb(Hint::Element, value);
        builder.canonicalize(&limb);
        assert_eq!(holds(&builder), canonical, "{value}");
    }
}

#[test]
fn limbs_have_64_bits() {
    for (lie, limb) in [
        (Fr::from(u64::MAX), true),
        (Fr::from(2).pow([64]), false),
        (-Fr::ONE, false),
    ] {
        let mut builder = builder([(0, lie)]);
        builder.limb(Hint::LeafLimb, 0);
        assert_eq!(holds(&builder), limb, "{lie:?}");
    }
}

/// `-5 * 7` and others, whose integers are negative or long.
fn reduced(lies: &[(usize, Fr)]) -> (Vec<F>, bool) {
    let mut builder = builder(lies.iter().copied());
    let x = cell(&mut builder, Fr::from(9));
    let x = Lazy::trusted(x, 64);
    let negative = builder.lazy_sub(&Lazy::integer(BigInt::from(2)), &x);
    let one = Lazy::integer(BigInt::one());
    let long = builder.lazy_sum(
        &x,
        &[(&x, &x), (&negative, &one), (&x, &Lazy::integer(BigInt::one() << 180))],
    );
    let elements = [&negative, &long].map(|lazy| {
        let reduced = builder.reduce(lazy);
        assert!(!lies.is_empty() || reduced.element() == lazy.element());
        lazy.element()
    });
    (elements.to_vec(), holds(&builder))
}

/// A reduced element may be any of its representatives of 64 bits, and nothing else. What is not unique here is made
/// canonical where it is absorbed or selects.
#[test]
fn a_remainder_is_the_element() {
    let two = F::from_canonical_u64(2);
    let expected = [
        -F::from_canonical_u64(7),
        F::from_canonical_u64(9 + 81 - 7) + two.exp_u64(180) * F::from_canonical_u64(9),
    ];
    let (elements, satisfied) = reduced(&[]);
    assert_eq!(elements, expected);
    assert!(satisfied);
    let honest = Fr::from(expected[0].to_canonical_u64());
    let p = Fr::from(P);
    // Another element; the right one minus p; and p more, which has no 64 bits.
    assert!(!reduced(&[(0, honest + Fr::ONE)]).1);
    assert!(!reduced(&[(0, honest - p)]).1);
    assert!(!reduced(&[(0, honest + p)]).1);

    // 3 = 3 + p, in 64 bits.
    let mut small = builder([(0, Fr::from(3) + p), (1, Fr::ZERO)]);
    let x = cell(&mut small, Fr::from(P + 3));
    let x = Lazy::trusted(x, 70);
    let reduced = small.reduce(&x);
    assert!(holds_and_is(&small, &reduced, 3));
    small.canonicalize(&reduced);
    assert!(!holds(&small));
}

fn holds_and_is(builder: &Builder, lazy: &Lazy, element: u64) -> bool {
    holds(builder) && lazy.element() == F::from_canonical_u64(element)
}

/// At every width of a sum the quotient's range and the remainder's stay below r: no second integer fits.
#[test]
fn no_quotient_wraps_around_the_field() {
    let over_p = Fr::from(P).invert().expect("p is not r");
    for bits in [65u64, 72, 128, 129, 160, 191, 192, 193, 240, 251, 252] {
        let value = Fr::from(2).pow([bits - 1]) + Fr::from(12345);
        let run = |lies: &[(usize, Fr)]| {
            let mut builder = builder(lies.iter().copied());
            let x = cell(&mut builder, value);
            let x = Lazy::trusted(x, bits);
            builder.reduce(&x);
            let hints = builder.hints.clone();
            (hints, holds(&builder))
        };
        let (hints, holds) = run(&[]);
        assert!(holds, "{bits} bits");
        assert!(!run(&[(0, hints[0].1 + Fr::ONE)]).1, "{bits} bits, another element");
        assert!(!run(&[(1, hints[1].1 + Fr::ONE)]).1, "{bits} bits, another quotient");
        for step in [1u64, 2, 1 << 32] {
            let lies = [
                (0, hints[0].1 + Fr::from(step)),
                (1, hints[1].1 - over_p * Fr::from(step)),
            ];
            assert!(!run(&lies).1, "{bits} bits, {step} off");
        }
    }
}

#[test]
#[should_panic(expected = "may wrap around the field")]
fn sums_beyond_the_limit_are_not_written() {
    let mut builder = builder([]);
    let x = cell(&mut builder, Fr::ONE);
    let x = Lazy::trusted(x, 127);
    builder.lazy_sum(&Lazy::integer(BigInt::one()), &[(&x, &x)]);
}

#[test]
#[should_panic(expected = "absorbs canonical elements")]
fn the_transcript_takes_canonical_elements_only() {
    let mut builder = builder([]);
    let limb = builder.limb(Hint::LeafLimb, 5);
    Challenger::new().observe(&mut builder, &limb);
}

/// Zero has no inverse, whatever is claimed; others have one.
#[test]
fn zero_has_no_inverse() {
    let run = |value: Native, lies: &[(usize, Fr)]| {
        let mut builder = builder(lies.iter().copied());
        let a = Ext(value.0.map(|c| builder.limb(Hint::LeafLimb, c.to_canonical_u64())));
        builder.ext_inverse(&a);
        holds(&builder)
    };
    assert!(run(Native::ONE, &[]));
    assert!(run(Native::rand(), &[]));
    assert!(!run(Native::ZERO, &[]));
    for lie in [Fr::ONE, Fr::from(P), Fr::from(P + 1), Fr::from(u64::MAX)] {
        assert!(!run(Native::ZERO, &[(2, lie), (3, lie)]));
    }
    // Another representative of the inverse is the inverse; another element is not.
    assert!(run(Native::ONE, &[(2, Fr::from(P + 1))]));
    for lie in [Fr::ZERO, Fr::from(2), Fr::from(P), Fr::from(u64::MAX)] {
        assert!(!run(Native::ONE, &[(2, lie)]));
    }
}

fn index(challenge: u64, bits: usize, lies: &[(usize, Fr)]) -> bool {
    let mut builder = builder(lies.iter().map(|&(i, v)| (i + 1, v)));
    let challenge = builder.canonical_limb(F::from_canonical_u64(challenge));
    Index::new(&mut builder, &challenge, bits, &[3, 5]);
    holds(&builder)
}

/// Bits and rest are those of the challenge below p: not of the challenge plus p, not other than 0 and 1.
// REQ C8
#[test]
fn an_index_is_of_the_canonical_challenge() {
    const BITS: usize = 7;
    for challenge in [0, 1, 3, 200, P - 1] {
        assert!(index(challenge, BITS, &[]), "{challenge}");
    }
    let lie = |value: u128| -> Vec<(usize, Fr)> {
        let bits = (0..BITS).map(|i| (i, Fr::from((value >> i & 1) as u64)));
        bits.chain([(BITS, Fr::from((value >> BITS) as u64))]).collect()
    };
    assert!(index(3, BITS, &lie(3)));
    assert!(!index(3, BITS, &lie(3 + u128::from(P))));
    assert!(!index(3, BITS, &lie(2)));
    // 2 = 2 * 1 = 1 * 2.
    assert!(!index(2, BITS, &[(0, Fr::from(2)), (1, Fr::ZERO)]));
    // -1 + 2 * 2, and a rest below zero.
    assert!(!index(3, BITS, &[(0, -Fr::ONE), (1, Fr::from(2))]));
    assert!(!index(
        0,
        BITS,
        &[(BITS - 1, Fr::ONE), (BITS, -(Fr::from(2).invert().expect("odd")))]
    ));
}

/// What bits select is what they select natively, and nothing else.
#[test]
fn an_index_selects_one_entry() {
    for challenge in [0u64, 1, 5, 6, 7, 12, 25, 31] {
        let mut builder = builder([]);
        let challenge_cell = builder.canonical_limb(F::from_canonical_u64(challenge));
        let index = Index::new(&mut builder, &challenge_cell, 5, &[3]);
        let list: Vec<Ext> = (0..8)
            .map(|i| Ext::base(builder.limb(Hint::LeafLimb, 100 + i)))
            .collect();
        let entry = index.select_extension(&mut builder, 0, &list);
        assert_eq!(entry.0[0].element(), F::from_canonical_u64(100 + challenge % 8));
        let cap: Vec<_> = (0..4u64).map(|i| cell(&mut builder, Fr::from(50 + i))).collect();
        let digest = index.select_digest(&mut builder, 2, &cap);
        assert_eq!(*digest.value(), Fr::from(50 + challenge / 8 % 4));
        let product = index.product(&mut builder, 0, F::TWO, |bit| F::from_canonical_usize(3 + bit));
        let bits = (0..5).filter(|i| challenge >> i & 1 == 1);
        let expected: F = bits.map(|i| F::from_canonical_usize(3 + i)).product::<F>() * F::TWO;
        assert_eq!(product.element(), expected);
        let mut cells = Cells::of(&builder);
        assert!(cells.failures().is_empty());
        // Every cell of the selection alone.
        let honest = cells.general.clone();
        let free: Vec<usize> = (0..honest.len())
            .filter(|&i| {
                cells.general[i] = honest[i] + Fr::ONE;
                let free = cells.failures().is_empty();
                cells.general[i] = honest[i];
                free
            })
            .collect();
        assert_eq!(free, Vec::<usize>::new(), "cells of the index {challenge} are free");
    }
}

/// Paths of every index climb to the root plonky2's hasher gives.
#[test]
fn paths_climb_as_plonky2s_do() {
    let digest = |seed: u64| Bn254Hash::hash_no_pad(&[F::from_canonical_u64(seed)]);
    let siblings = [digest(1), digest(2), digest(3)];
    for number in 0..8usize {
        let mut expected = digest(9);
        for (level, &sibling) in siblings.iter().enumerate() {
            expected = if number >> level & 1 == 1 {
                Bn254Hash::two_to_one(sibling, expected)
            } else {
                Bn254Hash::two_to_one(expected, sibling)
            };
        }
        let mut builder = builder([]);
        let challenge = builder.canonical_limb(F::from_canonical_usize(number));
        let index = Index::new(&mut builder, &challenge, 3, &[]);
        let leaf = cell(&mut builder, field(digest(9)));
        let root = builder.climb(leaf, &index.bits, &siblings.map(field));
        assert_eq!(*root.value(), field(expected), "{number}");
        assert!(holds(&builder));
    }
}

/// An input of a permutation is the cell it is copied from, or the constant.
// REQ C8
#[test]
fn inputs_of_permutations_are_copies() {
    use halo2_base::QuantumCell;
    let run = |lies: &[(usize, Fr)]| {
        let mut builder = builder(lies.iter().copied());
        let copied = cell(&mut builder, Fr::from(5));
        builder.permute([QuantumCell::Constant(Fr::from(7)), copied, copied]);
        holds(&builder)
    };
    assert!(run(&[]));
    for lane in 0..3 {
        assert!(!run(&[(lane, Fr::from(9))]), "lane {lane}");
    }
}

/// Leaves of every length around a block, hashed as plonky2's hasher does.
#[test]
fn leaves_hash_as_plonky2s_do() {
    for length in [1usize, 2, 3, 4, 5, 6, 7, 12, 13] {
        let values = F::rand_vec(length);
        let mut builder = builder([]);
        let limbs: Vec<Lazy> = values
            .iter()
            .map(|v| builder.limb(Hint::LeafLimb, v.to_canonical_u64()))
            .collect();
        let digest = builder.hash_leaf(&limbs);
        assert_eq!(*digest.value(), field(Bn254Hash::hash_no_pad(&values)), "{length}");
        assert!(holds(&builder));
    }
}

#[test]
fn circuits_outside_the_class_are_refused() {
    let refused = |circuit: &Circuit| Key::new(&circuit.verifier_data()).expect_err("outside the class");
    assert_eq!(refused(&circuit(config(), 9, 5)), Unsupported::PublicInputs(9));

    let mut folds = config();
    folds.fri_config.reduction_strategy = FriReductionStrategy::Fixed(vec![5]);
    folds.fri_config.cap_height = 0;
    assert_eq!(refused(&circuit(folds, 8, 5)), Unsupported::Arity(5));

    let hiding = CircuitConfig {
        zero_knowledge: true,
        ..config()
    };
    assert_eq!(refused(&circuit(hiding, 8, 5)), Unsupported::Hiding);

    let mut cap = circuit(config(), 8, 5).verifier_data();
    cap.common.fri_params.config.cap_height = 12;
    assert!(matches!(Key::new(&cap), Err(Unsupported::Cap { cap_height: 12, .. })));

    let mut lookups = circuit(config(), 8, 5).verifier_data();
    lookups.common.num_lookup_polys = 1;
    assert!(matches!(Key::new(&lookups), Err(Unsupported::Lookups)));
}
