// SPDX-License-Identifier: MIT OR Apache-2.0
//! From two leaves to the last proof, and what each layer is worth.
//!
//! One test, since its parts share circuits that take seconds to build.

use super::tests::{Fixture, range};
use super::*;
use crate::check::Checker;
use crate::config::{Builder, C, F};
use crate::security::{CURVE_BITS, HashFunction, Security, table};
use plonky2::field::types::Field;
use plonky2::gates::gate::GateRef;
use plonky2::gates::noop::NoopGate;
use plonky2::iop::target::Target;
use plonky2::plonk::circuit_data::{CircuitData, CommonCircuitData};
use plonky2::plonk::config::GenericConfig;
use poe_rollup::formats::{Address, Bytes32};
use std::time::Instant;

const VERSION: u32 = 3;
const BENEFICIARY: Address = *b"somebody who is paid";

// REQ C4, C10
#[test]
fn a_statement_comes_out_of_the_last_layer() {
    let fixture = Fixture::build();
    let bind = measured("bind built", || Bind::build(&fixture.node)).expect("bind fits 2^13");
    let last = measured("final built", || Final::build(&bind)).expect("the last layer fits 2^12");
    eprintln!("bind: {} rows; final: {} rows", bind.rows(), last.rows());

    let [first, second] = [range(0, 1, 7), range(1, 2, 7)].map(|range| fixture.wrapped(&range));
    let joined = fixture.node.prove(&first, Some(&second)).expect("they meet");
    let bound = measured("bind proven", || bind.prove(&joined, VERSION, BENEFICIARY)).expect("valid");
    let statement = range(0, 2, 7).statement(VERSION, BENEFICIARY).expect("words");
    assert_eq!(bound.statement, statement);
    assert_eq!(bind.verify(&bound.proof).expect("valid"), statement.hash());
    let proof = measured("final proven", || last.prove(&bound.proof)).expect("valid");
    assert_eq!(last.verify(&proof).expect("valid"), statement.hash());
    print_last_layer(&last, &proof);

    bind_takes_a_wrap_as_well(&bind, &first);
    bind_refuses_another_node_key(&fixture, &bind);
    bind_refuses_words_of_33_bits(&bind, &first);
    the_last_proof_covers_every_byte_of_the_statement(&last, &proof);
    every_layer_is_worth_a_hundred_bits(&fixture, &bind, &last);
}

fn measured<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    eprintln!("{what} in {:.1?}", start.elapsed());
    result
}

/// The statement that a bind's witness exposes, if it satisfies the circuit. Nothing is checked beforehand.
fn claim(bind: &Bind, range: &RangeProof, lies: &[(Target, F)]) -> Option<Bytes32> {
    // A lie that is true: generators which meet impossible values do not stop the trace.
    let targets = bind.targets();
    let truth = (targets.version, F::from_canonical_u32(VERSION));
    let lies = if lies.is_empty() { &[truth] } else { lies };
    let checker = Checker::new(bind.circuit());
    let witness = bind.witness(range, VERSION, BENEFICIARY).expect("set once");
    let trace = checker.trace(witness, lies).expect("complete");
    let accepted = checker.accepts(&trace) && trace.conflict().is_none();
    accepted.then(|| bind::statement_hash(&checker.public_inputs(&trace)).expect("words"))
}

fn bind_takes_a_wrap_as_well(bind: &Bind, first: &RangeProof) {
    let statement = range(0, 1, 7).statement(VERSION, BENEFICIARY).expect("words");
    assert_eq!(claim(bind, first, &[]), Some(statement.hash()));
    // Version and beneficiary are the prover's to choose, and hashed.
    let other = bind.targets().beneficiary[4];
    let hash = claim(bind, first, &[(other, F::TWO)]).expect("another beneficiary");
    assert_ne!(hash, statement.hash());

    // A wrap is not a node.
    let disguised = RangeProof::new(Kind::Node, first.proof().clone()).expect("52 inputs");
    assert_eq!(claim(bind, &disguised, &[]), None);
}

/// The classic hole: a key that the whole tree agrees on, and that is not the node's.
fn bind_refuses_another_node_key(fixture: &Fixture, bind: &Bind) {
    let mut foreign = fixture.node.key_hash();
    foreign.elements[3] += F::ONE;
    let estranged = fixture.wrapped_under(&range(0, 1, 7), foreign);
    assert_eq!(claim(bind, &estranged, &[]), None);
    let refusal = bind.prove(&estranged, VERSION, BENEFICIARY).expect_err("another key");
    assert!(
        matches!(refusal, LayerError::NodeKey { layer: Layer::Wrap, .. }),
        "{refusal}"
    );
}

fn bind_refuses_words_of_33_bits(bind: &Bind, first: &RangeProof) {
    let targets = bind.targets();
    let honest = core::iter::once(VERSION).chain(
        BENEFICIARY
            .chunks_exact(4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])),
    );
    let words = core::iter::once(targets.version).chain(targets.beneficiary);
    for (word, value) in words.zip(honest) {
        let lie = F::from_canonical_u64(u64::from(value) + (1 << 32));
        assert_eq!(claim(bind, first, &[(word, lie)]), None, "{word:?}");
    }
}

fn the_last_proof_covers_every_byte_of_the_statement(last: &Final, proof: &FinalProof) {
    for word in 0..bind::STATEMENT_INPUTS {
        let mut altered = proof.clone();
        altered.public_inputs[word] += F::ONE;
        let refusal = last.verify(&altered).expect_err("another statement");
        assert!(
            matches!(
                refusal,
                LayerError::Invalid {
                    layer: Layer::Final,
                    ..
                }
            ),
            "{refusal}"
        );
    }
    let mut altered = proof.clone();
    altered.proof.wires_cap.0.truncate(3);
    let refusal = last.verify(&altered).expect_err("another shape");
    assert!(
        matches!(
            refusal,
            LayerError::Shape {
                layer: Layer::Final,
                ..
            }
        ),
        "{refusal}"
    );
}

/// The shape of a leaf of 2^16 rows, more than any that is meant to be proven, with gates like those of bind.
fn large_leaf(gates: &[GateRef<F, 2>]) -> CommonCircuitData<F, 2> {
    let mut builder = Builder::new(parameters::leaf());
    for gate in gates {
        builder.add_gate_to_gate_set(gate.clone());
    }
    while builder.num_gates() <= 1 << 15 {
        builder.add_gate(NoopGate, vec![]);
    }
    builder.build_with_options::<C>(false).common
}

/// The table of `docs/circuits.md`, recomputed.
fn every_layer_is_worth_a_hundred_bits(fixture: &Fixture, bind: &Bind, last: &Final) {
    let goldilocks = |common: &CommonCircuitData<F, 2>| Security::of(common, HashFunction::Goldilocks);
    let layers = [
        ("leaf", goldilocks(&large_leaf(&bind.circuit().common.gates))),
        ("wrap, node", goldilocks(&fixture.node.circuit().common)),
        ("bind", goldilocks(&bind.circuit().common)),
        ("final", Security::of(&last.circuit().common, HashFunction::Bn254)),
    ];
    eprintln!("{}", table(&layers));
    let minimum = layers
        .map(|(_, s)| s)
        .into_iter()
        .reduce(|a, b| a.min(&b))
        .expect("layers");
    let pinned = |column: &str, bits: f64, expected: f64| {
        assert!(
            (bits - expected).abs() < 0.1,
            "{column}: {bits:.2} bits, not {expected}"
        );
    };
    pinned("FRI conjectured", minimum.fri_conjectured, 100.6);
    pinned("FRI proven", minimum.fri_johnson, 57.2);
    pinned("folding", minimum.folding, 100.9);
    pinned("permutation", minimum.permutation, 125.0);
    pinned("combination", minimum.combination, 169.7);
    pinned("identity", minimum.identity, 108.8);
    pinned("hash", minimum.hash, 127.0);
    pinned("grinding", minimum.grinding, 18.0);
    assert!(minimum.conjectured() >= CURVE_BITS, "{minimum:?}");
}

fn print_last_layer(last: &Final, proof: &FinalProof) {
    let openings = &proof.proof.openings;
    eprintln!(
        "final: {} bytes; foldings {:?}; openings: {} constants, {} sigmas, {} wires, {} + {} Z, {} partial products, {} quotients",
        proof.to_bytes().len(),
        last.circuit().common.fri_params.reduction_arity_bits,
        openings.constants.len(),
        openings.plonk_sigmas.len(),
        openings.wires.len(),
        openings.plonk_zs.len(),
        openings.plonk_zs_next.len(),
        openings.partial_products.len(),
        openings.quotient_polys.len(),
    );
    for gate in gates(last.circuit()) {
        eprintln!("  {gate}");
    }
}

fn gates<K: GenericConfig<2, F = F>>(circuit: &CircuitData<F, K, 2>) -> Vec<String> {
    let gates = circuit.common.gates.iter();
    gates
        .map(|gate| {
            format!(
                "degree {}, {} constraints: {:.80}",
                gate.0.degree(),
                gate.0.num_constraints(),
                gate.0.id()
            )
        })
        .collect()
}
