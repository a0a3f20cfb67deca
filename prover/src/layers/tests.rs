// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layers above a leaf that stands in for the true one.
//!
//! Circuits take seconds to build and to prove, so one test holds what shares them; its parts are named functions.

use super::public_inputs::{CARRIED_INPUTS, LEAF_INPUTS};
use super::*;
use crate::check::Checker;
use crate::config::{Builder, C, Circuit, F, Proof};
use plonky2::field::types::Field;
use plonky2::hash::hash_types::HashOut;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartialWitness, WitnessWrite};
use plonky2::plonk::circuit_data::CircuitConfig;

/// A circuit that proves nothing: its public inputs are chosen freely, those from `words` on below 2^32.
struct StandIn {
    circuit: Circuit,
    inputs: Vec<Target>,
}

impl StandIn {
    fn of(mut builder: Builder, count: usize, words: core::ops::Range<usize>) -> Self {
        let inputs = builder.add_virtual_targets(count);
        for &word in &inputs[words] {
            builder.range_check(word, 32);
        }
        builder.register_public_inputs(&inputs);
        Self {
            circuit: builder.build::<C>(),
            inputs,
        }
    }

    /// In place of a leaf.
    fn leaf(config: CircuitConfig) -> Self {
        Self::of(Builder::new(config), LEAF_INPUTS, 8..LEAF_INPUTS)
    }

    /// In the shape of wrap and node.
    fn impostor() -> Self {
        let mut builder = Builder::new(parameters::recursion());
        shape::complete(&mut builder, &shape::shared().gates);
        Self::of(builder, CARRIED_INPUTS, 0..0)
    }

    fn prove(&self, inputs: &[F]) -> Proof {
        let mut witness = PartialWitness::new();
        for (&target, &value) in self.inputs.iter().zip(inputs) {
            witness.set_target(target, value).expect("set once");
        }
        self.circuit.prove(witness).expect("any words will do")
    }
}

/// The state after `height` batches.
fn boundary(height: u64) -> Boundary<F> {
    let element = |salt: u64, i: usize| F::from_canonical_u64(1000 * height + 100 * salt + i as u64);
    Boundary {
        root: core::array::from_fn(|i| element(1, i)),
        acc: core::array::from_fn(|i| element(2, i)),
        exit_acc: core::array::from_fn(|i| element(3, i)),
    }
}

pub(super) fn range(from: u64, to: u64, domain: u64) -> RangeInputs<F> {
    RangeInputs {
        old: boundary(from),
        new: boundary(to),
        domain: [F::from_canonical_u64(domain); 8],
    }
}

pub(super) struct Fixture {
    leaf: StandIn,
    wrap: Wrap,
    pub(super) node: Node,
}

impl Fixture {
    pub(super) fn build() -> Self {
        let leaf = StandIn::leaf(parameters::leaf());
        let wrap = Wrap::build(leaf.circuit.verifier_data()).expect("the leaf is as expected");
        let node = Node::build(&wrap).expect("the node fits");
        eprintln!(
            "wrap of an empty leaf: {} rows; node: {} rows",
            wrap.rows(),
            node.rows()
        );
        Self { leaf, wrap, node }
    }

    pub(super) fn wrapped(&self, range: &RangeInputs<F>) -> RangeProof {
        self.wrapped_under(range, self.node.key_hash())
    }

    /// A wrap carries anything.
    pub(super) fn wrapped_under(&self, range: &RangeInputs<F>, node_key: HashOut<F>) -> RangeProof {
        let leaf = self.leaf.prove(&range.elements());
        self.wrap.prove(&leaf, node_key).expect("a valid leaf")
    }

    /// The range that a node's witness claims, if it satisfies the circuit. Nothing is checked beforehand.
    fn claim(&self, children: [&RangeProof; 2], ignore_right: u64, own: &key::Key) -> Option<CarriedInputs<F>> {
        let targets = self.node.targets();
        let mut witness = PartialWitness::new();
        for (target, child) in targets.children.iter().zip(children) {
            target.set(&mut witness, child).expect("the shape of a child");
        }
        witness.set_verifier_data_target(&targets.own, own).expect("set once");
        // A lie, so that generators which meet impossible values do not stop the trace.
        let lie = (targets.ignore_right.target, F::from_canonical_u64(ignore_right));
        let checker = Checker::new(self.node.circuit());
        let trace = checker.trace(witness, &[lie]).expect("complete");
        let accepted = checker.accepts(&trace) && trace.conflict().is_none();
        accepted.then(|| CarriedInputs::try_from(checker.public_inputs(&trace).as_slice()).expect("52 inputs"))
    }
}

// REQ C4
#[test]
fn a_node_joins_what_meets_and_nothing_else() {
    let fixture = Fixture::build();
    let [first, second] = [range(0, 1, 7), range(1, 2, 7)].map(|range| fixture.wrapped(&range));
    assert_eq!(fixture.node.circuit().common.degree_bits(), shape::DEGREE_BITS);

    adjacent_ranges_are_joined(&fixture, &first, &second);
    the_right_range_may_be_ignored(&fixture, &first, &second);
    ranges_that_do_not_meet_are_refused(&fixture, &first, &second);
    foreign_proofs_are_refused(&fixture, &first, &second);
    proofs_of_another_shape_are_refused(&fixture, &first);
}

fn adjacent_ranges_are_joined(fixture: &Fixture, first: &RangeProof, second: &RangeProof) {
    let node = &fixture.node;
    let joined = node.prove(first, Some(second)).expect("they meet");
    assert_eq!(joined.inputs().range, range(0, 2, 7));
    assert_eq!(node.verify(joined.proof()).expect("valid"), range(0, 2, 7));

    // A node above a node and a wrap: the tree need not be balanced, and the same circuit serves.
    let third = fixture.wrapped(&range(2, 3, 7));
    let claimed = fixture
        .claim([&joined, &third], 0, node.key())
        .expect("a node is a child too");
    assert_eq!(
        (claimed.range, claimed.node_key),
        (range(0, 3, 7), node.key_hash().elements)
    );

    // A node is not a wrap.
    let disguised = RangeProof::new(Kind::Wrap, joined.proof().clone()).expect("52 inputs");
    assert_eq!(fixture.claim([&disguised, &third], 0, node.key()), None);
}

fn the_right_range_may_be_ignored(fixture: &Fixture, first: &RangeProof, second: &RangeProof) {
    let key = fixture.node.key();
    let claim = |children: [&RangeProof; 2], ignore| fixture.claim(children, ignore, key).map(|claim| claim.range);
    assert_eq!(claim([first, first], 1), Some(range(0, 1, 7)));
    assert_eq!(claim([first, second], 1), Some(range(0, 1, 7)));
    assert_eq!(claim([second, first], 1), Some(range(1, 2, 7)));
    assert_eq!(claim([first, second], 0), Some(range(0, 2, 7)));
    // Any other flag would give a blend of two ends: 2 * left - right.
    assert_eq!(claim([first, second], 2), None);
}

fn ranges_that_do_not_meet_are_refused(fixture: &Fixture, first: &RangeProof, second: &RangeProof) {
    let node = &fixture.node;
    for (left, right) in [(second, first), (first, first)] {
        assert_eq!(fixture.claim([left, right], 0, node.key()), None);
        let refusal = node.prove(left, Some(right)).expect_err("they do not meet");
        assert!(
            matches!(refusal, LayerError::NotAdjacent { element: 0, .. }),
            "{refusal}"
        );
    }

    let elsewhere = fixture.wrapped(&range(1, 2, 8));
    for ignore_right in [0, 1] {
        assert_eq!(fixture.claim([first, &elsewhere], ignore_right, node.key()), None);
    }
    let refusal = node.prove(first, Some(&elsewhere)).expect_err("another domain");
    assert!(matches!(refusal, LayerError::Domain), "{refusal}");
}

/// An impostor has the shape of wrap and node, and claims whatever it likes.
fn foreign_proofs_are_refused(fixture: &Fixture, first: &RangeProof, second: &RangeProof) {
    let node = &fixture.node;
    let impostor = StandIn::impostor();
    assert_eq!(impostor.circuit.common, node.circuit().common);
    let forged = |node_key: [F; 4]| {
        let inputs = CarriedInputs {
            range: range(1, 999, 7),
            node_key,
        };
        impostor.prove(&inputs.elements())
    };

    // It claims the node's key, as a wrap (of another leaf) or as a node.
    let proof = forged(node.key_hash().elements);
    for kind in [Kind::Wrap, Kind::Node] {
        let forgery = RangeProof::new(kind, proof.clone()).expect("52 inputs");
        assert_eq!(fixture.claim([first, &forgery], 0, node.key()), None);
        let refusal = node.prove(first, Some(&forgery)).expect_err("not a proof of ours");
        assert!(matches!(refusal, LayerError::Invalid { .. }), "{refusal}");
    }
    // With the impostor's key in place of the node's, the wrap beside it carries another key.
    let forgery = RangeProof::new(Kind::Node, proof).expect("52 inputs");
    assert_eq!(
        fixture.claim([first, &forgery], 0, &impostor.circuit.verifier_only),
        None
    );

    // The classic hole. All children agree on the impostor's key, so the node is satisfied: nothing in it can know
    // better. But what it carries is the impostor's key, which neither a true node nor bind accepts.
    let foreign = key::hash(&impostor.circuit.verifier_only);
    let left = RangeProof::new(Kind::Node, forged(foreign.elements)).expect("52 inputs");
    let claimed = fixture
        .claim([&left, &left], 1, &impostor.circuit.verifier_only)
        .expect("consistent");
    assert_eq!((claimed.range, claimed.node_key), (range(1, 999, 7), foreign.elements));
    assert_ne!(claimed.node_key, node.key_hash().elements);

    // A true proof under a foreign key, here a wrap's, is refused by name.
    let estranged = fixture.wrapped_under(&range(1, 2, 7), foreign);
    assert_eq!(estranged.inputs().range, second.inputs().range);
    assert_eq!(fixture.claim([first, &estranged], 0, node.key()), None);
    assert_eq!(fixture.claim([first, &estranged], 1, node.key()), None);
    let refusal = node.prove(first, Some(&estranged)).expect_err("another key");
    assert!(
        matches!(refusal, LayerError::NodeKey { layer: Layer::Wrap, .. }),
        "{refusal}"
    );
}

fn proofs_of_another_shape_are_refused(fixture: &Fixture, first: &RangeProof) {
    let refused = |part: &str, change: &dyn Fn(&mut Proof)| {
        let mut proof = first.proof().clone();
        change(&mut proof);
        let refusal = fixture.wrap.verify(&proof).expect_err("another shape");
        assert!(
            matches!(&refusal, LayerError::Shape { layer: Layer::Wrap, source } if source.part == part),
            "{part}: {refusal}"
        );
    };
    refused("public inputs", &|p| p.public_inputs.truncate(51));
    refused("wires cap", &|p| p.proof.wires_cap.0.truncate(3));
    refused("permutation cap", &|p| p.proof.plonk_zs_partial_products_cap.0.clear());
    refused("quotient cap", &|p| p.proof.quotient_polys_cap.0.truncate(15));
    refused("wires", &|p| p.proof.openings.wires.truncate(1));
    refused("quotient openings", &|p| p.proof.openings.quotient_polys.truncate(1));
    refused("lookup openings", &|p| {
        p.proof.openings.lookup_zs = p.proof.openings.plonk_zs.clone();
    });
    let fri = |p: &mut Proof, change: &dyn Fn(&mut plonky2::fri::proof::FriProof<_, _, 2>)| {
        change(&mut p.proof.opening_proof);
    };
    refused("folding caps", &|p| fri(p, &|f| f.commit_phase_merkle_caps.clear()));
    refused("folding cap", &|p| {
        fri(p, &|f| f.commit_phase_merkle_caps[0].0.truncate(3));
    });
    refused("final polynomial", &|p| fri(p, &|f| f.final_poly.coeffs.truncate(1)));
    refused("queries", &|p| fri(p, &|f| f.query_round_proofs.truncate(1)));
    refused("opened oracles", &|p| {
        fri(p, &|f| {
            f.query_round_proofs[1].initial_trees_proof.evals_proofs.truncate(3);
        });
    });
    refused("opened leaf", &|p| {
        fri(p, &|f| {
            f.query_round_proofs[1].initial_trees_proof.evals_proofs[2].0.clear();
        });
    });
    refused("Merkle path", &|p| {
        fri(p, &|f| {
            f.query_round_proofs[1].initial_trees_proof.evals_proofs[2]
                .1
                .siblings
                .clear();
        });
    });
    refused("folding steps", &|p| {
        fri(p, &|f| f.query_round_proofs[1].steps.truncate(1));
    });
    refused("folded coset", &|p| {
        fri(p, &|f| f.query_round_proofs[1].steps[0].evals.truncate(1));
    });
    refused("folding path", &|p| {
        fri(p, &|f| f.query_round_proofs[1].steps[0].merkle_proof.siblings.clear());
    });

    let mut altered = first.proof().clone();
    altered.public_inputs[7] += F::ONE;
    let refusal = fixture.wrap.verify(&altered).expect_err("another new root");
    assert!(
        matches!(refusal, LayerError::Invalid { layer: Layer::Wrap, .. }),
        "{refusal}"
    );
}

#[test]
fn a_leaf_with_other_public_inputs_is_refused() {
    let short = StandIn::of(Builder::new(parameters::leaf()), LEAF_INPUTS - 1, 0..0);
    let refusal = Wrap::build(short.circuit.verifier_data()).expect_err("47 inputs");
    let named = matches!(
        refusal,
        BuildError::PublicInputs {
            layer: Layer::Leaf,
            expected: 48,
            got: 47
        }
    );
    assert!(named, "{refusal}");
}
