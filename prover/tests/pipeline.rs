// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two batches, through every layer with real proofs. One test, since all of it shares circuits and proofs that take
//! seconds each.

mod campaign;
#[path = "../../rollup/tests/common/mod.rs"]
mod common;
mod determined;
#[path = "../../rollup/tests/observer/mod.rs"]
mod observer;

use common::{World, batch};
use determined::by_computation;
use plonky2::field::types::PrimeField64;
use plonky2::gates::gate::GateRef;
use plonky2::plonk::circuit_data::CommonCircuitData;
use poe_prover::cache::Cache;
use poe_prover::config::{D, F, Proof};
use poe_prover::format::FormatError;
use poe_prover::hunt::{search_gate, unnoticed_holes};
use poe_prover::layers::{BoundProof, Kind, Layer, LayerError, RangeProof};
use poe_prover::pipeline::{Observer, Pipeline, PipelineError, Step};
use poe_rollup::executor::BatchWitness;
use poe_rollup::formats::{Capacity, Message, Statement};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

const SMALL: Capacity = Capacity {
    slots: 2,
    messages: 1,
    exits: 1,
};
const BENEFICIARY: [u8; 20] = *b"whoever proves first";

/// Writes down what happens, and stops before one step if told to.
#[derive(Default)]
struct Diary {
    begun: Mutex<Vec<Step>>,
    ended: Mutex<Vec<Step>>,
    stop: bool,
}

impl Observer for Diary {
    fn begun(&self, step: Step) {
        self.begun.lock().unwrap().push(step);
    }

    fn ended(&self, step: Step, _took: Duration) {
        self.ended.lock().unwrap().push(step);
    }

    fn is_cancelled(&self) -> bool {
        self.stop
    }
}

/// Two batches of version 1 that follow each other: a deposit and two transfers, then a withdraw and rubbish.
fn batches() -> [BatchWitness; 2] {
    let mut world = World::with_capacity(4, SMALL);
    let slots = vec![world.pay(2, 3, 10, 1), world.pay(4, 2, 20, 2)];
    let first = world.run(&batch(vec![Message::deposit(3, 5, 1)], slots));
    let slots = vec![world.pay(3, 0, 7, 1), world.pay(9, 9, 1, 1)];
    let second = world.run(&batch(vec![], slots));
    [first, second].map(|outcome| outcome.witness.expect("recorded"))
}

fn statement(first: &BatchWitness, last: &BatchWitness, version: u32) -> Statement {
    Statement {
        domain: first.params.domain,
        version,
        beneficiary: BENEFICIARY,
        old_acc: first.old.acc,
        new_acc: last.new.acc,
        old_root: first.old.state_root(),
        new_root: last.new.state_root(),
        old_exit_acc: first.old.exit_acc,
        new_exit_acc: last.new.exit_acc,
    }
}

// REQ C1, C3, C4, C5, C11
#[test]
fn two_batches_become_one_last_proof() {
    let diary = Diary::default();
    let folder = std::env::temp_dir().join(format!("poe-prover-pipeline-{}", std::process::id()));
    let cache = Cache::new(&folder);
    let pipeline = Pipeline::build(SMALL, Some(&cache), &diary).expect("the circuits fit");
    // Read back from the cache: what proves below is what was stored.
    let pipeline = {
        let built = pipeline.lock_entries();
        let read = Pipeline::build(SMALL, Some(&cache), &()).expect("the circuits fit");
        assert_eq!(read.lock_entries(), built);
        std::fs::remove_dir_all(&folder).expect("made by the cache");
        read
    };
    let [first, second] = batches();
    let leaf = pipeline.leaf().prove(&first).expect("provable");
    let left = pipeline.wrap(&leaf, &diary).expect("valid");
    let right = pipeline.prove_batch(&second, &diary).expect("provable");

    ranges_survive_storage(&pipeline, &left);
    only_ranges_that_meet_are_joined(&pipeline, &left, &right);
    a_stopped_pipeline_says_before_what(&pipeline, &left, &right);

    let joined = pipeline
        .join_all(vec![left.clone(), right.clone()], &diary)
        .expect("they meet")
        .expect("two");
    ranges_survive_storage(&pipeline, &joined);
    // Batches of version 1 under a route of version 2: a successor with the same capacities (CIR-12).
    let (bound, last) = pipeline.finalize(&joined, 2, BENEFICIARY, &diary).expect("valid");
    assert_eq!(bound.statement, statement(&first, &second, 2));
    let bytes = pipeline.encode_final(&last);
    let read = pipeline.decode_final(&bytes).expect("well-formed and true");
    assert_eq!(
        pipeline.verify(&read).expect("it holds"),
        statement(&first, &second, 2).hash()
    );
    assert_ne!(
        statement(&first, &second, 1).hash(),
        statement(&first, &second, 2).hash()
    );
    spoiled_last_proofs_are_refused(&pipeline, &bytes);
    every_gate_has_one_filling(&pipeline);
    inputs_determine_every_layer(&pipeline, &leaf, [&left, &right], (&joined, &bound));

    let steps = diary.ended.lock().unwrap();
    assert_eq!(*steps, *diary.begun.lock().unwrap());
    let proven = |layer| steps.iter().filter(|&&step| step == Step::Prove(layer)).count();
    let counts = [Layer::Leaf, Layer::Wrap, Layer::Node, Layer::Bind, Layer::Final].map(proven);
    // The first leaf was proven without the pipeline.
    assert_eq!(counts, [1, 2, 1, 1, 1]);
}

fn ranges_survive_storage(pipeline: &Pipeline, range: &RangeProof) {
    let bytes = pipeline.encode_range(range);
    let read = pipeline.decode_range(&bytes).expect("well-formed and true");
    assert_eq!((read.kind(), read.proof()), (range.kind(), range.proof()));

    let mut spoiled = bytes.clone();
    *spoiled.last_mut().expect("bytes") ^= 0x80;
    assert!(pipeline.decode_range(&spoiled).is_err());
    spoiled.pop();
    assert!(matches!(
        pipeline.decode_range(&spoiled),
        Err(PipelineError::Format(FormatError::WrongLength { .. }))
    ));
    // A wrap that says it is a node, and the other way round.
    let mut disguised = bytes;
    disguised[6] = if range.kind() == Kind::Wrap { 3 } else { 2 };
    assert!(matches!(
        pipeline.decode_range(&disguised),
        Err(PipelineError::Format(FormatError::WrongCircuit))
    ));
}

fn only_ranges_that_meet_are_joined(pipeline: &Pipeline, left: &RangeProof, right: &RangeProof) {
    for (a, b) in [(right, left), (left, left)] {
        let refusal = pipeline.join(a, b, &()).expect_err("a gap");
        assert!(
            matches!(refusal, PipelineError::Layer(LayerError::NotAdjacent { .. })),
            "{refusal}"
        );
    }
    assert!(pipeline.join_all(vec![], &()).expect("nothing to do").is_none());
}

fn a_stopped_pipeline_says_before_what(pipeline: &Pipeline, left: &RangeProof, right: &RangeProof) {
    let stop = Diary {
        stop: true,
        ..Diary::default()
    };
    let refusal = pipeline.join(left, right, &stop).expect_err("stopped");
    assert!(matches!(refusal, PipelineError::Cancelled(Layer::Node)), "{refusal}");
    let refusal = pipeline.finalize(left, 1, BENEFICIARY, &stop).expect_err("stopped");
    assert!(matches!(refusal, PipelineError::Cancelled(Layer::Bind)), "{refusal}");
    assert!(stop.begun.lock().unwrap().is_empty());
}

/// A byte here and there, in every part of the proof.
fn spoiled_last_proofs_are_refused(pipeline: &Pipeline, bytes: &[u8]) {
    for position in (0..bytes.len()).step_by(997) {
        let mut spoiled = bytes.to_vec();
        spoiled[position] ^= 1;
        assert!(pipeline.decode_final(&spoiled).is_err(), "byte {position}");
    }
}

/// As `tests/hunt.rs` shows for the leaf, for the gates that it does not have.
fn every_gate_has_one_filling(pipeline: &Pipeline) {
    let of = |gates: &[GateRef<F, D>]| gates.iter().map(|gate| (gate.0.id(), gate.clone())).collect::<Vec<_>>();
    let mut gates: BTreeMap<String, GateRef<F, D>> = BTreeMap::new();
    gates.extend(of(&pipeline.wrap_layer().circuit().common.gates));
    gates.extend(of(&pipeline.node().circuit().common.gates));
    gates.extend(of(&pipeline.bind_layer().circuit().common.gates));
    gates.extend(of(&pipeline.last().circuit().common.gates));
    for (id, _) in of(&pipeline.leaf().circuit().common.gates) {
        gates.remove(&id);
    }
    assert!(!gates.is_empty());
    for gate in gates.values() {
        let report = search_gate(gate, campaign::rows()).unwrap_or_else(|failure| panic!("{failure}"));
        eprintln!("{report}");
        assert_eq!(report.unread, 0, "{report}");
        assert_eq!(unnoticed_holes(gate, 60).expect("inputs are known"), [0; 0], "{report}");
    }
}

/// All wires of each whole circuit at once, as `tests/hunt.rs` shows for the leaf. That the checks are those that plonky2's
/// verifier makes of a proof, one for one, is what makes a layer refuse.
fn inputs_determine_every_layer(
    pipeline: &Pipeline,
    leaf: &Proof,
    [left, right]: [&RangeProof; 2],
    (joined, bound): (&RangeProof, &BoundProof),
) {
    let (wrap, node, bind, last) = (
        pipeline.wrap_layer(),
        pipeline.node(),
        pipeline.bind_layer(),
        pipeline.last(),
    );
    let pairs = 20 * campaign::rounds();
    let witness = wrap.witness(leaf, node.key_hash()).expect("a leaf");
    let (wrapped, checks_of_wrap) = by_computation("wrap", wrap.circuit(), &witness, pairs, campaign::planted());
    let witness = node.witness(left, Some(right)).expect("ranges");
    let (noded, checks_of_node) = by_computation("node", node.circuit(), &witness, pairs, campaign::planted());
    let witness = bind.witness(joined, 2, BENEFICIARY).expect("a range");
    let (bind_, checks_of_bind) = by_computation("bind", bind.circuit(), &witness, pairs, campaign::planted());
    let witness = last.witness(&bound.proof).expect("a bind");
    let (finished, checks_of_last) = by_computation("final", last.circuit(), &witness, pairs, campaign::planted());

    let of_wrap = checks_of_a_proof(&wrap.circuit().common);
    assert_eq!(checks_of_wrap, checks_of_a_proof(&pipeline.leaf().circuit().common));
    // That the key hashes to what children carry, and that ranges meet, as far as their ends were changed.
    let changed = left
        .inputs()
        .range
        .new
        .elements()
        .filter(|end| end.to_canonical_u64() > 1);
    assert_eq!(checks_of_node, 2 * of_wrap + DIGEST + changed.count());
    // That the key is the true one.
    assert_eq!(checks_of_bind, of_wrap + DIGEST);
    assert_eq!(checks_of_last, checks_of_a_proof(&bind.circuit().common));
    for report in [wrapped, noded, bind_, finished] {
        for holes in [&report.constraint_holes, &report.copy_holes] {
            assert!(3 * holes.implied < holes.noticed, "{report}");
        }
    }
}

/// Elements of a digest.
const DIGEST: usize = 4;

/// Elements that plonky2's verifier compares: of each query, four Merkle trees of the proof and one of each folding, what
/// is folded with what was, and the last of it with the final polynomial; the proof of work; and of each challenge the
/// quotient with the constraints.
fn checks_of_a_proof(common: &CommonCircuitData<F, D>) -> usize {
    let foldings = common.fri_params.reduction_arity_bits.len();
    let query = (4 + foldings) * DIGEST + (foldings + 1) * D;
    common.config.fri_config.num_query_rounds * query + 1 + common.config.num_challenges * D
}
