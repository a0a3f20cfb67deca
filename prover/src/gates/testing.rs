// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every gate of our own must pass (requirement C5).

use super::{Custom, CustomGate};
use crate::config::{C, D, Extension, F};
use plonky2::field::types::Sample;
use plonky2::gates::gate::Gate;
use plonky2::gates::gate_testing::{test_eval_fns, test_low_degree};
use plonky2::hash::hash_types::HashOut;
use plonky2::plonk::vars::{EvaluationVars, EvaluationVarsBaseBatch};

/// Rows evaluated side by side: not a multiple of any packing width, so that the scalar remainder is covered too.
const BATCH: usize = 13;

/// The degree is as stated, the constraints are as many as stated, and the extension, base, packed and in-circuit
/// evaluations agree on random wires.
pub(crate) fn check_gate<G: CustomGate>() {
    let gate = Custom::<G>::default();
    assert!(G::DEGREE <= 8, "degree {} leaves no room for the selector", G::DEGREE);
    test_low_degree::<F, _, D>(gate.clone());
    test_eval_fns::<F, C, _, D>(gate.clone()).expect("evaluations agree");
    check_packed(&gate);
}

fn check_packed<G: CustomGate>(gate: &Custom<G>) {
    let wires: Vec<Vec<F>> = (0..BATCH).map(|_| F::rand_vec(G::WIRES)).collect();
    let constants: Vec<Vec<F>> = (0..BATCH).map(|_| F::rand_vec(G::CONSTANTS)).collect();
    let public_inputs_hash = HashOut::rand();

    let strided = |rows: &[Vec<F>], columns: usize| -> Vec<F> {
        (0..columns)
            .flat_map(|column| rows.iter().map(move |row| row[column]))
            .collect()
    };
    let (flat_constants, flat_wires) = (strided(&constants, G::CONSTANTS), strided(&wires, G::WIRES));
    let batch = EvaluationVarsBaseBatch::new(BATCH, &flat_constants, &flat_wires, &public_inputs_hash);
    let packed = gate.eval_unfiltered_base_batch(batch);
    assert_eq!(packed.len(), BATCH * G::CONSTRAINTS, "constraints emitted");

    for row in 0..BATCH {
        let extend = |values: &[F]| values.iter().map(|&v| Extension::from(v)).collect::<Vec<_>>();
        let (local_constants, local_wires) = (extend(&constants[row]), extend(&wires[row]));
        let expected = gate.eval_unfiltered(EvaluationVars {
            local_constants: &local_constants,
            local_wires: &local_wires,
            public_inputs_hash: &public_inputs_hash,
        });
        assert_eq!(expected.len(), G::CONSTRAINTS);
        for (position, value) in expected.into_iter().enumerate() {
            assert_eq!(
                Extension::from(packed[position * BATCH + row]),
                value,
                "constraint {position}"
            );
        }
    }
}
