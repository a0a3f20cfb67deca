// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where cells lie, by halo2's own checker: no two in one place, gates on where they should be and off elsewhere.

use super::checker::{Cells, holds};
use super::*;
use crate::wrap::circuit::Config;
use crate::wrap::poseidon;
use halo2_base::halo2_proofs::dev::CellValue;
use halo2_base::halo2_proofs::plonk::{Any, Circuit as _, Column, ConstraintSystem, Expression, Fixed, Gate};
use std::collections::{HashMap as Map, HashSet};
use std::process::Command;

/// The default, two columns with a third for lookups and one for permutations, and two of permutations.
const SHAPES: [Shape; 3] = [
    Shape::one_column(K),
    Shape {
        k: 18,
        general: 2,
        lookups: 1,
        permutations: 1,
    },
    Shape {
        k: 17,
        general: 3,
        lookups: 2,
        permutations: 2,
    },
];

// REQ C8
#[test]
fn a_valid_proof_satisfies_every_shape_and_a_changed_one_satisfies_none() {
    let (_, key, proof) = small();
    let mut changed = proof.clone();
    changed.proof.opening_proof.query_round_proofs[1].steps[0].evals[2].0[1] += F::ONE;
    for shape in SHAPES {
        let circuit = |proof| WrapCircuit::new(Stage::Mock, shape, &key, proof);
        mock(&circuit(&proof)).unwrap_or_else(|failures| panic!("{shape:?}: {failures}"));
        mock(&circuit(&changed)).expect_err("a changed proof");
    }
}

/// The checker of the other tests and halo2's agree on single cells changed: in a gate, in a copy, in a limb.
#[test]
fn the_checker_agrees_with_halo2() {
    let (_, key, proof) = small();
    let cells = written(&key, &proof).builder().cells();
    for cell in [0, 3, cells / 2 + 1, cells - 1] {
        let mut circuit = written(&key, &proof);
        let value = circuit.builder.context().advice[cell].evaluate();
        circuit.builder.context().advice[cell] = (value + Fr::one()).into();
        assert!(!holds(circuit.builder()), "cell {cell}");
        mock(&circuit).expect_err("a changed cell");
    }
}

/// What the key is made from does not depend on what a proof holds.
// REQ C9
#[test]
fn the_structure_is_the_same_for_every_proof() {
    let (circuit, key, proof) = small();
    let structure = |proof: &InnerProof| Cells::of(written(&key, proof).builder()).structure();
    let expected = structure(&key.zero_proof());
    assert!(structure(&proof) == expected);
    assert!(structure(&prove(&circuit, 3)) == expected);
    let prover = WrapCircuit::new(Stage::Prover, Shape::one_column(K), &key, &proof);
    let checked = written(&key, &proof);
    assert_eq!(prover.builder().cells(), checked.builder().cells());
    assert_eq!(prover.builder().permutations, checked.builder().permutations);
}

fn configured(shape: Shape) -> (ConstraintSystem<Fr>, Config) {
    let mut meta = ConstraintSystem::default();
    let config = WrapCircuit::configure_with_params(&mut meta, shape);
    (meta, config)
}

fn value(cell: &CellValue<Fr>) -> Fr {
    match cell {
        CellValue::Assigned(value) => *value,
        CellValue::Unassigned => Fr::zero(),
        CellValue::Poison(row) => panic!("row {row} of a fixed column is poisoned"),
    }
}

/// In one column: cells of general arithmetic first, permutations below them, each with its own gates and no others.
#[test]
fn gates_are_on_where_their_cells_are() {
    let (_, key, proof) = small();
    let circuit = written(&key, &proof);
    let prover = MockProver::run(K, &circuit, vec![circuit.instances()]).expect("it fits");
    let (_, config) = configured(Shape::one_column(K));
    let column = |column: Column<Fixed>| prover.fixed_values(column).iter().map(value).collect::<Vec<Fr>>();
    let selectors = config.poseidon.selectors().map(column);
    let builder = circuit.builder();
    let start = builder.cells().max(1 << 13);
    let end = start + builder.permutations() * PERMUTATION_CELLS;
    let usable = (1 << K) - configured(Shape::one_column(K)).0.minimum_rows();
    assert!(end <= usable);
    let pattern: Map<usize, [u64; 3]> = poseidon::rows();
    for (i, selector) in selectors.iter().enumerate() {
        for (row, &found) in selector.iter().enumerate() {
            let inside = (start..end).contains(&row).then(|| (row - start) % PERMUTATION_CELLS);
            let marks = inside.and_then(|offset| pattern.get(&offset));
            let expected = marks.map_or(0, |marks| marks[i]);
            assert_eq!(found, Fr::from(expected), "row {row} of selector {i}");
        }
    }
    // The selectors of halo2-base are the columns after those: of the gate, and of lookups in place.
    let others = &prover.fixed()[last_index(&config) + 1..];
    assert_eq!(others.len(), 2);
    for other in others {
        assert!(
            (builder.cells()..1 << K).all(|row| value(&other[row]) == Fr::zero()),
            "a gate among permutations"
        );
        assert!((0..builder.cells()).any(|row| value(&other[row]) == Fr::one()));
    }
}

fn last_index(config: &Config) -> usize {
    config.poseidon.selectors()[2].index()
}

/// Gates of the permutation see seven rows: nine are blinded, and the last usable row is the tenth from the end.
// REQ V17, V26
#[test]
fn degree_and_blinding_are_those_of_the_gates() {
    for shape in SHAPES {
        let (meta, _) = configured(shape);
        assert_eq!(meta.degree(), DEGREE);
        let degrees = meta.gates().iter().flat_map(Gate::polynomials).map(Expression::degree);
        assert!(degrees.max().expect("gates") <= DEGREE);
        let mut rotations: Map<usize, HashSet<i32>> = Map::new();
        for (column, rotation) in meta.advice_queries() {
            rotations.entry(column.index()).or_default().insert(rotation.0);
        }
        let widest = rotations.values().max_by_key(|r| r.len()).expect("columns");
        assert_eq!(widest, &(0..7).collect());
        assert_eq!(meta.blinding_factors(), 7 + 2);
        let instance = meta
            .permutation()
            .get_columns()
            .into_iter()
            .filter(|c| *c.column_type() == Any::Instance);
        assert_eq!(instance.count(), 1);
    }
}

/// halo2 clamps degrees to what an environment variable says. The circuit states its own degree, so that the variable
/// changes nothing; without the statement this would be a key of degree 3, and most constraints would be ignored.
// REQ V17
#[test]
fn an_environment_does_not_change_the_degree() {
    const NAME: &str = "an_environment_does_not_change_the_degree";
    let (meta, _) = configured(Shape::one_column(K));
    assert_eq!(meta.degree(), DEGREE);
    if std::env::var_os("MAX_DEGREE").is_some() {
        return;
    }
    let program = std::env::current_exe().expect("a test is a program");
    let run = Command::new(program)
        .args([NAME, "--nocapture"])
        .env("MAX_DEGREE", "3")
        .output()
        .expect("it runs");
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && output.contains("1 passed"), "{output}");
}
