// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every part of a proof, changed: the circuit rejects where plonky2's verifier does.

use super::checker::holds;
use super::*;
use crate::wrap::extension::Native as Extension;
use ark_ff::Zero;
use plonky2::field::types::{Field64, PrimeField64};
use plonky2::fri::proof::FriQueryRound;
use plonky2::hash::merkle_tree::MerkleCap;
use poe_prover::bn254::{Bn254Digest, Bn254Hash};
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};
use rayon::prelude::*;

/// A number of a proof.
enum Word<'p> {
    Element(&'p mut F),
    Digest(&'p mut Bn254Digest),
}

/// A part of a proof, in every one of which numbers are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    PublicInput,
    WiresCap,
    ZsCap,
    QuotientCap,
    FoldCap,
    Constants,
    Sigmas,
    Wires,
    Zs,
    ZsNext,
    PartialProducts,
    Quotient,
    FinalPolynomial,
    ProofOfWork,
    Leaf,
    Path,
    StepValue,
    StepPath,
}

type Words<'p> = Vec<(Part, Word<'p>)>;

fn cap<'p>(words: &mut Words<'p>, part: Part, cap: &'p mut MerkleCap<F, Bn254Hash>) {
    words.extend(cap.0.iter_mut().map(|digest| (part, Word::Digest(digest))));
}

fn extensions<'p>(words: &mut Words<'p>, part: Part, values: &'p mut [Extension]) {
    words.extend(
        values
            .iter_mut()
            .flat_map(|v| &mut v.0)
            .map(|c| (part, Word::Element(c))),
    );
}

fn query<'p>(words: &mut Words<'p>, round: &'p mut FriQueryRound<F, Bn254Hash, D>) {
    for (leaf, path) in &mut round.initial_trees_proof.evals_proofs {
        words.extend(leaf.iter_mut().map(|limb| (Part::Leaf, Word::Element(limb))));
        words.extend(
            path.siblings
                .iter_mut()
                .map(|digest| (Part::Path, Word::Digest(digest))),
        );
    }
    for step in &mut round.steps {
        extensions(words, Part::StepValue, &mut step.evals);
        let siblings = step.merkle_proof.siblings.iter_mut();
        words.extend(siblings.map(|digest| (Part::StepPath, Word::Digest(digest))));
    }
}

/// Every number.
fn words(proof: &mut InnerProof) -> Words<'_> {
    let mut words: Words<'_> = proof
        .public_inputs
        .iter_mut()
        .map(|w| (Part::PublicInput, Word::Element(w)))
        .collect();
    let proof = &mut proof.proof;
    cap(&mut words, Part::WiresCap, &mut proof.wires_cap);
    cap(&mut words, Part::ZsCap, &mut proof.plonk_zs_partial_products_cap);
    cap(&mut words, Part::QuotientCap, &mut proof.quotient_polys_cap);
    let openings = &mut proof.openings;
    extensions(&mut words, Part::Constants, &mut openings.constants);
    extensions(&mut words, Part::Sigmas, &mut openings.plonk_sigmas);
    extensions(&mut words, Part::Wires, &mut openings.wires);
    extensions(&mut words, Part::Zs, &mut openings.plonk_zs);
    extensions(&mut words, Part::ZsNext, &mut openings.plonk_zs_next);
    extensions(&mut words, Part::PartialProducts, &mut openings.partial_products);
    extensions(&mut words, Part::Quotient, &mut openings.quotient_polys);
    let opening = &mut proof.opening_proof;
    for fold in &mut opening.commit_phase_merkle_caps {
        cap(&mut words, Part::FoldCap, fold);
    }
    extensions(&mut words, Part::FinalPolynomial, &mut opening.final_poly.coeffs);
    words.push((Part::ProofOfWork, Word::Element(&mut opening.pow_witness)));
    for round in &mut opening.query_round_proofs {
        query(&mut words, round);
    }
    words
}

/// The proof with a number changed by a difference that is not zero.
fn changed(proof: &InnerProof, at: usize, difference: u64) -> (Part, InnerProof) {
    let mut proof = proof.clone();
    let (part, word) = words(&mut proof).swap_remove(at);
    match word {
        Word::Element(element) => *element += F::from_noncanonical_u64(difference),
        Word::Digest(digest) => digest.0 += ark_bn254::Fr::from(difference),
    }
    (part, proof)
}

/// Whether both reject; a difference between the two is what these tests are about.
fn both_reject(circuit: &Circuit, key: &Key, proof: &InnerProof, what: &str) -> bool {
    let native = circuit.verify(proof.clone()).is_ok();
    let ours = holds(written(key, proof).builder());
    assert_eq!(
        native, ours,
        "plonky2 accepts: {native}, the circuit accepts: {ours}, {what}"
    );
    !ours
}

/// The first and the last word of a part, or every one of the parts that have few.
fn chosen(parts: &[Part]) -> Vec<usize> {
    let whole = |part| {
        matches!(
            part,
            Part::WiresCap | Part::ZsCap | Part::QuotientCap | Part::FoldCap | Part::PublicInput
        )
    };
    let mut chosen = vec![];
    for (i, &part) in parts.iter().enumerate() {
        let first = i == 0 || parts[i - 1] != part;
        let last = i + 1 == parts.len() || parts[i + 1] != part;
        if whole(part) || first || last {
            chosen.push(i);
        }
    }
    chosen
}

// REQ C8
#[test]
fn a_change_in_any_part_is_rejected_where_plonky2_rejects_it() {
    let (circuit, key, proof) = small();
    assert!(!both_reject(&circuit, &key, &proof, "the proof itself"));
    let parts: Vec<Part> = words(&mut proof.clone()).into_iter().map(|(part, _)| part).collect();
    let kinds: std::collections::HashSet<_> = parts.iter().collect();
    assert_eq!(kinds.len(), 18, "a proof has every part");
    chosen(&parts).into_par_iter().for_each(|at| {
        let (part, changed) = changed(&proof, at, 1);
        assert!(
            both_reject(&circuit, &key, &changed, &format!("word {at}, {part:?}")),
            "word {at}, {part:?} is accepted"
        );
    });
}

// REQ C8
#[test]
fn a_change_anywhere_is_rejected_where_plonky2_rejects_it() {
    let (circuit, key, proof) = small();
    let count = words(&mut proof.clone()).len();
    let mut runner = TestRunner::new_with_rng(
        Runs {
            cases: 24,
            failure_persistence: None,
            ..Runs::default()
        },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let changes = (0..count, 1..F::ORDER);
    let outcome = runner.run(&changes, |(at, difference)| {
        let (part, changed) = changed(&proof, at, difference);
        prop_assert!(
            both_reject(&circuit, &key, &changed, &format!("{part:?}")),
            "{part:?} is accepted"
        );
        Ok(())
    });
    outcome.expect("plonky2 and the circuit agree");
}

// REQ C8
#[test]
fn words_in_one_anothers_place_are_rejected() {
    let (circuit, key, proof) = small();
    let other = prove(&circuit, 7);
    let mut swapped = vec![];
    let mut with = |change: &dyn Fn(&mut InnerProof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        swapped.push(proof);
    };
    with(&|p| p.public_inputs.swap(0, 1));
    with(&|p| p.proof.wires_cap.0.swap(0, 1));
    with(&|p| core::mem::swap(&mut p.proof.wires_cap, &mut p.proof.plonk_zs_partial_products_cap));
    with(&|p| p.proof.openings.wires.swap(3, 4));
    with(&|p| p.proof.openings.wires[3].0.swap(0, 1));
    with(&|p| core::mem::swap(&mut p.proof.openings.plonk_zs, &mut p.proof.openings.plonk_zs_next));
    with(&|p| p.proof.opening_proof.query_round_proofs.swap(0, 1));
    with(&|p| p.proof.opening_proof.final_poly.coeffs.swap(0, 1));
    with(&|p| p.proof.opening_proof.query_round_proofs[0].steps[0].evals.swap(0, 1));
    with(&|p| {
        p.proof.opening_proof.query_round_proofs[0]
            .initial_trees_proof
            .evals_proofs[1]
            .1
            .siblings
            .swap(0, 1);
    });
    // Parts of another valid proof.
    with(&|p| p.public_inputs.clone_from(&other.public_inputs));
    with(&|p| p.proof.wires_cap.clone_from(&other.proof.wires_cap));
    with(&|p| p.proof.openings.clone_from(&other.proof.openings));
    with(&|p| p.proof.opening_proof.clone_from(&other.proof.opening_proof));
    swapped.par_iter().enumerate().for_each(|(i, proof)| {
        assert!(
            both_reject(&circuit, &key, proof, &format!("exchange {i}")),
            "exchange {i} is accepted"
        );
    });
}

/// A proof of zeros satisfies nothing, although its words are canonical and its shape is right.
// REQ C8
#[test]
fn a_proof_of_zeros_is_rejected() {
    let (circuit, key, _) = small();
    let zeros = key.zero_proof();
    assert!(zeros.proof.wires_cap.0.iter().all(|digest| digest.0.is_zero()));
    assert!(both_reject(&circuit, &key, &zeros, "zeros"));
}

/// The key is constants: the proof of a circuit that differs in one constant, of the same shape, does not fit it.
// REQ C8
#[test]
fn a_proof_of_another_circuit_of_the_same_shape_is_rejected() {
    let (circuit, key, proof) = small();
    let other = super::circuit(config(), 8, 6);
    let foreign = prove(&other, 0xffff_fff0);
    other.verify(foreign.clone()).expect("valid for its own circuit");
    assert_eq!(foreign.public_inputs, proof.public_inputs);
    assert!(both_reject(&circuit, &key, &foreign, "another circuit's"));
    let other_key = Key::new(&other.verifier_data()).expect("stock gates");
    assert!(holds(written(&other_key, &foreign).builder()));
}

/// plonky2 computes with limbs that are not canonical; the circuit reads the same elements from them.
// REQ C8
#[test]
fn another_representative_in_memory_is_the_same_proof() {
    let (circuit, key, proof) = small();
    let mut found = 0;
    for at in 0..words(&mut proof.clone()).len() {
        let mut other = proof.clone();
        let Word::Element(element) = words(&mut other).swap_remove(at).1 else {
            continue;
        };
        let value = element.to_canonical_u64();
        let Some(larger) = value.checked_add(F::ORDER) else {
            continue;
        };
        *element = F::from_noncanonical_u64(larger);
        found += 1;
        if found <= 2 {
            assert!(!both_reject(&circuit, &key, &other, "another representative"));
        }
    }
    assert!(found > 0, "the public inputs are small");
}

/// A statement is words of 32 bits: here alone the circuit asks for more than plonky2's verifier.
// REQ C8, R16
#[test]
fn a_word_of_33_bits_is_rejected() {
    let (circuit, key, _) = small();
    let proof = prove(&circuit, 0xffff_fffb);
    assert_eq!(proof.public_inputs[7], F::from_canonical_u64(0x1_0000_0002));
    circuit.verify(proof.clone()).expect("plonky2 takes any element");
    assert!(!holds(written(&key, &proof).builder()));
}
