// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every formula against plonky2's own evaluation, natively and in cells.

use super::super::arithmetic::Plain;
use super::super::builder::{Builder, Stage};
use super::super::circuit::Shape;
use super::super::extension::{Ext, Native};
use super::super::tests::checker::holds;
use super::*;
use plonky2::field::types::{Field, Sample};
use plonky2::hash::hash_types::HashOut;
use plonky2::hash::hashing::hash_n_to_hash_no_pad;
use plonky2::hash::poseidon::PoseidonPermutation;
use plonky2::plonk::vars::EvaluationVars;
use poe_prover::config::{Builder as Plonky2Builder, C};
use poe_prover::layers::parameters;

/// The gates of a circuit that verifies a proof: all thirteen kinds, with the parameters the last layer has.
fn gates_of_a_verifier() -> Vec<GateRef<F, D>> {
    let mut inner = Plonky2Builder::new(parameters::recursion());
    inner.add_virtual_public_input();
    // Long enough for FRI to fold.
    for _ in 0..1 << 9 {
        inner.add_gate(NoopGate, vec![]);
    }
    let inner = inner.build::<C>();
    let mut outer = Plonky2Builder::new(parameters::last());
    let proof = outer.add_virtual_proof_with_pis(&inner.common);
    let key = outer.constant_verifier_data::<C>(&inner.verifier_only);
    outer.verify_proof::<C>(&proof, &key, &inner.common);
    outer.register_public_inputs(&proof.public_inputs);
    outer.build::<C>().common.gates
}

fn gates() -> Vec<GateRef<F, D>> {
    let config = parameters::last();
    let mut gates = gates_of_a_verifier();
    gates.extend([
        GateRef::new(NoopGate),
        GateRef::new(ConstantGate::new(1)),
        GateRef::new(BaseSumGate::<2>::new(5)),
        GateRef::new(ReducingGate::<D>::new(1)),
        GateRef::new(ReducingExtensionGate::<D>::new(2)),
        GateRef::new(RandomAccessGate::<F, D>::new_from_config(&config, 1)),
        GateRef::new(CosetInterpolationGate::<F, D>::new(2)),
    ]);
    gates
}

/// A random row, its gate's constraints by plonky2, and the row for us.
#[derive(Clone)]
struct Case {
    constants: Vec<Native>,
    wires: Vec<Native>,
    hash: HashOut<F>,
    expected: Vec<Native>,
}

impl Case {
    fn random(gate: &GateRef<F, D>) -> Self {
        let constants = Native::rand_vec(gate.0.num_constants());
        let wires = Native::rand_vec(gate.0.num_wires());
        let hash = HashOut::rand();
        let vars = EvaluationVars {
            local_constants: &constants,
            local_wires: &wires,
            public_inputs_hash: &hash,
        };
        let expected = gate.0.eval_unfiltered(vars);
        Self {
            constants,
            wires,
            hash,
            expected,
        }
    }

    /// One more in one place.
    fn change(&mut self, place: usize) {
        let (constants, wires) = (self.constants.len(), self.wires.len());
        if place < constants {
            self.constants[place] += Native::ONE;
        } else if place < constants + wires {
            self.wires[place - constants] += Native::ONE;
        } else {
            self.hash.elements[place - constants - wires] += F::ONE;
        }
    }

    fn hash(&self) -> [Native; 4] {
        self.hash.elements.map(Native::from)
    }
}

#[test]
fn all_thirteen_gates_are_compared() {
    let kinds: std::collections::HashSet<_> = gates()
        .iter()
        .map(|gate| core::mem::discriminant(&StockGate::of(gate).expect("a stock gate")))
        .collect();
    assert_eq!(kinds.len(), 13);
}

// REQ C7
#[test]
fn formulas_are_those_of_plonky2() {
    for gate in gates() {
        let formula = StockGate::of(&gate).expect("a stock gate");
        for _ in 0..4 {
            let case = Case::random(&gate);
            let row = Row {
                constants: &case.constants,
                wires: &case.wires,
                public_inputs_hash: &case.hash(),
            };
            assert!(formula.constraints(&mut Plain, row) == case.expected, "{}", gate.0.id());
        }
    }
}

// REQ C7
#[test]
fn cells_hold_what_the_formulas_say() {
    for gate in gates() {
        let formula = StockGate::of(&gate).expect("a stock gate");
        let case = Case::random(&gate);
        let mut builder = Builder::new(Stage::Mock, Shape::one_column(18).base());
        let mut load = |values: &[Native]| values.iter().map(|&v| builder.ext_canonical(v)).collect::<Vec<Ext>>();
        let (constants, wires) = (load(&case.constants), load(&case.wires));
        let hash: [Ext; 4] = load(&case.hash()).try_into().expect("four");
        let row = Row {
            constants: &constants,
            wires: &wires,
            public_inputs_hash: &hash,
        };
        let before = builder.cells();
        let constraints = formula.constraints(&mut builder, row);
        let values: Vec<Native> = constraints.iter().map(Ext::element).collect();
        assert!(values == case.expected, "{}", gate.0.id());
        assert!(holds(&builder), "{}", gate.0.id());
        eprintln!("{} cells: {}", builder.cells() - before, gate.0.id());
    }
}

/// Each wire, constant and element of the hash that a gate reads counts, and others do not: as in plonky2.
// REQ C7
#[test]
fn formulas_read_what_plonky2_reads() {
    for gate in gates() {
        let formula = StockGate::of(&gate).expect("a stock gate");
        let case = Case::random(&gate);
        let places = case.constants.len() + case.wires.len() + 4;
        for place in 0..places {
            let mut changed = case.clone();
            changed.change(place);
            let vars = EvaluationVars {
                local_constants: &changed.constants,
                local_wires: &changed.wires,
                public_inputs_hash: &changed.hash,
            };
            let row = Row {
                constants: &changed.constants,
                wires: &changed.wires,
                public_inputs_hash: &changed.hash(),
            };
            let ours = formula.constraints(&mut Plain, row);
            assert!(ours == gate.0.eval_unfiltered(vars), "{}, place {place}", gate.0.id());
        }
    }
}

#[test]
fn the_hash_of_public_inputs_is_plonky2s() {
    let inputs = F::rand_vec(8);
    let mut state: [Native; 12] = core::array::from_fn(|i| inputs.get(i).copied().unwrap_or(F::ZERO).into());
    state = permute(&mut Plain, state);
    let expected = hash_n_to_hash_no_pad::<F, PoseidonPermutation<F>>(&inputs);
    assert_eq!(expected.elements.map(Native::from), state[..4]);
}

#[test]
fn a_gate_of_another_kind_is_refused() {
    let gate = GateRef::<F, D>::new(BaseSumGate::<4>::new(3));
    let error = StockGate::of(&gate).expect_err("no formula");
    assert!(error.to_string().contains("BaseSumGate"), "{error}");
}
