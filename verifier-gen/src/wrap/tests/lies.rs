// SPDX-License-Identifier: MIT OR Apache-2.0
//! A prover who chooses otherwise, and computes everything after that from it: some constraint fails.

use super::checker::{Cells, holds};
use super::determined::Determined;
use super::*;
use crate::wrap::builder::{Hint, Moment, Tamper};
use halo2_base::halo2_proofs::arithmetic::Field as _;
use halo2_base::utils::{biguint_to_fe, fe_to_biguint, modulus};
use num_bigint::BigUint;
use plonky2::field::types::Field64;
use rayon::prelude::*;

type Lies = HashMap<usize, Fr>;

fn p() -> Fr {
    Fr::from(F::ORDER)
}

fn two_to(n: u64) -> Fr {
    Fr::from(2).pow([n])
}

/// The first, the last and two more of a kind.
fn some(hints: &[(Hint, Fr)], kind: Hint) -> Vec<usize> {
    let all: Vec<usize> = (0..hints.len()).filter(|&i| hints[i].0 == kind).collect();
    assert!(!all.is_empty(), "there is no {kind:?}");
    let mut some = vec![all[0], all[all.len() / 3], all[all.len() / 2], all[all.len() - 1]];
    some.dedup();
    some
}

/// Other values for one hint alone.
fn alone(hints: &[(Hint, Fr)], kind: Hint) -> Vec<Lies> {
    let differences: &[Fr] = match kind {
        // What is absorbed or hashed, or a public word: any other value, and the same element otherwise represented.
        Hint::PublicInput => &[Fr::ONE, two_to(32)],
        Hint::Element | Hint::LeafLimb | Hint::Digit => &[Fr::ONE, p(), -p(), two_to(64)],
        Hint::CapDigest | Hint::Lane | Hint::Sibling | Hint::Inverse | Hint::IndexRest | Hint::Quotient => {
            &[Fr::ONE, -Fr::ONE]
        }
        Hint::Remainder => &[Fr::ONE, p(), -p()],
        Hint::IndexBit => &[],
    };
    let places = some(hints, kind);
    let lies = places
        .iter()
        .flat_map(|&i| differences.iter().map(move |d| HashMap::from([(i, hints[i].1 + d)])));
    let flipped = places
        .iter()
        .filter(|_| kind == Hint::IndexBit)
        .map(|&i| HashMap::from([(i, Fr::ONE - hints[i].1)]));
    lies.chain(flipped).collect()
}

/// Another element as the remainder, with the quotient that makes the identity hold modulo r.
fn quotients_that_wrap(hints: &[(Hint, Fr)]) -> Vec<Lies> {
    let over_p = p().invert().expect("p is not r");
    let places = some(hints, Hint::Remainder).into_iter();
    places
        .map(|i| {
            assert_eq!(
                hints[i + 1].0,
                Hint::Quotient,
                "a remainder is followed by its quotient"
            );
            HashMap::from([(i, hints[i].1 + Fr::ONE), (i + 1, hints[i + 1].1 - over_p)])
        })
        .collect()
}

/// The digits of another integer: of `lane + r`, or with a digit of one too many and a carry less.
fn other_digits(hints: &[(Hint, Fr)]) -> Vec<Lies> {
    let digits: Vec<usize> = (0..hints.len()).filter(|&i| hints[i].0 == Hint::Digit).collect();
    let base = BigUint::from(F::ORDER);
    let mut lies = vec![];
    for at in [0, digits.len() / 8 * 4, digits.len() - 4] {
        let of = &digits[at..at + 4];
        let lane = of
            .iter()
            .rev()
            .fold(BigUint::from(0u32), |sum, &i| sum * &base + fe_to_biguint(&hints[i].1));
        let mut rest = lane + modulus::<Fr>();
        lies.push(
            of.iter()
                .map(|&i| {
                    let digit = &rest % &base;
                    rest = &rest / &base;
                    (i, biguint_to_fe(&digit))
                })
                .collect(),
        );
        for low in 0..3 {
            let carried = [
                (of[low], hints[of[low]].1 + p()),
                (of[low + 1], hints[of[low + 1]].1 - Fr::ONE),
            ];
            lies.push(HashMap::from(carried));
        }
    }
    lies
}

/// Another index, with a rest that makes the sum right modulo r; and a bit of 2.
fn other_indices(hints: &[(Hint, Fr)]) -> Vec<Lies> {
    let mut lies = vec![];
    for rest in (0..hints.len()).filter(|&i| hints[i].0 == Hint::IndexRest) {
        let bits = (0..rest).rev().take_while(|&i| hints[i].0 == Hint::IndexBit).count();
        let first = rest - bits;
        for bit in [0, bits - 1] {
            let flipped = Fr::ONE - hints[first + bit].1;
            let moved = (hints[first + bit].1 - flipped) * two_to(bit as u64);
            let moved = moved * two_to(bits as u64).invert().expect("a power of two");
            lies.push(HashMap::from([(first + bit, flipped), (rest, hints[rest].1 + moved)]));
        }
        let pair = (first..rest - 1).find(|&i| hints[i].1 == Fr::ZERO && hints[i + 1].1 == Fr::ONE);
        lies.extend(pair.map(|i| HashMap::from([(i, Fr::from(2)), (i + 1, Fr::ZERO)])));
    }
    lies
}

// REQ C8
#[test]
fn no_choice_of_the_prover_is_free() {
    let (_, key, proof) = small();
    let honest = written(&key, &proof);
    assert!(holds(honest.builder()));
    let hints = &honest.builder().hints;
    let kinds = [
        Hint::PublicInput,
        Hint::CapDigest,
        Hint::Element,
        Hint::LeafLimb,
        Hint::Sibling,
        Hint::Remainder,
        Hint::Quotient,
        Hint::Digit,
        Hint::IndexBit,
        Hint::IndexRest,
        Hint::Inverse,
        Hint::Lane,
    ];
    assert!(
        hints.iter().all(|(hint, _)| kinds.contains(hint)),
        "every kind is lied about"
    );
    let mut lies: Vec<(String, Lies)> = vec![];
    for kind in kinds {
        lies.extend(alone(hints, kind).into_iter().map(|l| (format!("{kind:?}"), l)));
    }
    lies.extend(
        quotients_that_wrap(hints)
            .into_iter()
            .map(|l| ("quotient that wraps".to_string(), l)),
    );
    lies.extend(other_digits(hints).into_iter().map(|l| ("digits".to_string(), l)));
    lies.extend(other_indices(hints).into_iter().map(|l| ("index".to_string(), l)));
    lies.into_par_iter().for_each(|(what, lies)| {
        let written = written_with_lies(&key, &proof, lies.clone());
        assert!(!holds(written.builder()), "{what}: {lies:?} satisfies the circuit");
    });
}

/// Checks one by one: what one of them sees is changed after the transcript has absorbed a valid proof, so that all
/// challenges stay as they are and nothing else can fail.
// REQ C8
#[test]
fn every_check_is_needed() {
    let (_, key, proof) = small();
    let satisfied = |tamper: Vec<(Moment, Tamper)>, more_work| {
        let shape = Shape::one_column(K);
        let mut builder = Builder::new(Stage::Mock, shape.base());
        builder.tamper = tamper;
        builder.more_work = more_work;
        holds(WrapCircuit::write(builder, shape, &key, &proof).builder())
    };
    assert!(satisfied(vec![], 0));
    // Proof of work: of all 64 bits, which a response other than zero does not have.
    assert!(!satisfied(vec![], 60));
    // The identity at zeta alone: openings are in their places again when queries are checked.
    let identity: [Tamper; 7] = [
        |absorbed| absorbed.openings.quotient.swap(0, 1),
        |absorbed| absorbed.openings.wires.swap(0, 1),
        |absorbed| absorbed.openings.sigmas.swap(0, 1),
        |absorbed| absorbed.openings.constants.swap(0, 1),
        |absorbed| absorbed.openings.zs.swap(0, 1),
        |absorbed| absorbed.openings.zs_next.swap(0, 1),
        |absorbed| absorbed.openings.partial_products.swap(0, 1),
    ];
    for (i, change) in identity.into_iter().enumerate() {
        assert!(
            !satisfied(vec![(Moment::Quotient, change), (Moment::Queries, change)], 0),
            "the identity, {i}"
        );
    }
    // The first step holds what is claimed at zeta, and at its neighbour; steps lead to the final polynomial; leaves are
    // of the caps.
    let queries: [Tamper; 7] = [
        |absorbed| absorbed.openings.wires.swap(0, 1),
        |absorbed| absorbed.openings.zs_next.swap(0, 1),
        |absorbed| absorbed.final_polynomial.swap(0, 1),
        |absorbed| absorbed.wires_cap.reverse(),
        |absorbed| absorbed.zs_cap.reverse(),
        |absorbed| absorbed.quotient_cap.reverse(),
        |absorbed| absorbed.fold_caps[0].reverse(),
    ];
    for (i, change) in queries.into_iter().enumerate() {
        assert!(!satisfied(vec![(Moment::Queries, change)], 0), "queries, {i}");
    }
}

/// Every cell of general arithmetic follows from the prover's choices, which other tests lie about, and from limbs in the
/// table; none is outside of every gate and every copy; and changing one alone breaks something.
// REQ C8
#[test]
fn every_cell_is_in_a_constraint() {
    let (_, key, proof) = small();
    let circuit = written(&key, &proof);
    let mut cells = Cells::of(circuit.builder());
    assert_eq!(cells.idle(), Vec::<usize>::new());
    assert_eq!(Determined::by(&cells).others(), Vec::<usize>::new());
    let step = cells.general.len() / 40;
    for i in (0..cells.general.len()).step_by(step) {
        let honest = cells.general[i];
        cells.general[i] = honest + Fr::ONE;
        assert!(!cells.failures().is_empty(), "cell {i} may hold {:?}", cells.general[i]);
        cells.general[i] = honest;
    }
}

/// Cells in the table are taken as known above. Each is a digit of a value that is known without them, whose digits are
/// unique: no limb is left to the prover, and no value follows from limbs alone.
// REQ C8
#[test]
fn every_limb_is_a_digit_of_what_is_known_without_it() {
    let (_, key, proof) = small();
    let circuit = written(&key, &proof);
    let cells = Cells::of(circuit.builder());
    let limbs = Determined::limbs_of(&cells);
    assert_eq!((limbs.unbound, limbs.others), (vec![], vec![]));
    assert!(limbs.limbs > 1_000, "{} limbs", limbs.limbs);
}
