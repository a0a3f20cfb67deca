// SPDX-License-Identifier: MIT OR Apache-2.0
//! The permutation's cells alone in their columns.

use crate::wrap::PERMUTATION_CELLS;
use crate::wrap::poseidon::{PoseidonConfig, output, trace};
use halo2_base::halo2_proofs::arithmetic::Field as _;
use halo2_base::halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_base::halo2_proofs::dev::MockProver;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::halo2_proofs::halo2curves::ff::PrimeField;
use halo2_base::halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Instance};

/// log2 of the rows: two permutations, and rows before and after.
const K: u32 = 9;
/// Where permutations begin.
const START: usize = 20;

/// Permutations whose outputs are public.
#[derive(Clone, Debug)]
struct Permutations {
    columns: usize,
    inputs: Vec<[Fr; 3]>,
    /// Cells that hold something else: column, row, value.
    changed: Vec<(usize, usize, Fr)>,
}

#[derive(Clone, Debug)]
struct Config {
    chip: PoseidonConfig,
    advice: Vec<Column<Advice>>,
    instance: Column<Instance>,
}

impl Circuit<Fr> for Permutations {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = usize;

    fn params(&self) -> usize {
        self.columns
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, columns: usize) -> Config {
        let advice: Vec<_> = (0..columns).map(|_| meta.advice_column()).collect();
        let constants: Column<Fixed> = meta.fixed_column();
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        let chip = PoseidonConfig::configure(meta, advice.clone(), constants);
        meta.set_minimum_degree(crate::wrap::DEGREE);
        Config { chip, advice, instance }
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("halo2 is built with circuit parameters")
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let outputs = layouter.assign_region(
            || "permutations",
            |mut region| {
                let mut outputs = vec![];
                config
                    .chip
                    .assign(&mut region, START, &self.inputs, false, |permutation, offset, cell| {
                        if let Some(lane) = (0..3).find(|&lane| output(lane) == offset) {
                            outputs.push((3 * permutation + lane, cell));
                        }
                    });
                outputs.sort_by_key(|&(place, _)| place);
                for &(column, row, value) in &self.changed {
                    region.assign_advice(config.advice[column], row, Value::known(value));
                }
                Ok(outputs)
            },
        )?;
        for (place, cell) in outputs {
            layouter.constrain_instance(cell, config.instance, place);
        }
        Ok(())
    }
}

impl Permutations {
    fn new(columns: usize, inputs: &[[u64; 3]]) -> Self {
        Self {
            columns,
            inputs: inputs.iter().map(|input| input.map(Fr::from)).collect(),
            changed: vec![],
        }
    }

    fn with(&self, column: usize, row: usize, value: Fr) -> Self {
        let mut changed = self.clone();
        changed.changed.push((column, row, value));
        changed
    }

    fn outputs(&self) -> Vec<Fr> {
        self.inputs
            .iter()
            .flat_map(|&input| {
                let cells = trace(input);
                (0..3).map(move |lane| cells[output(lane)])
            })
            .collect()
    }

    fn holds(&self, outputs: Vec<Fr>) -> bool {
        MockProver::run(K, self, vec![outputs])
            .expect("it fits")
            .verify()
            .is_ok()
    }
}

fn decimal(text: &str) -> Fr {
    Fr::from_str_vartime(text).expect("a number below r")
}

/// hadeshash `poseidonperm_x5_254_3` and circomlib's test/poseidoncircuit.js, through the gates.
// REQ C6
#[test]
fn gates_agree_with_published_vectors() {
    let circuit = Permutations::new(1, &[[0, 1, 2], [0, 3, 4]]);
    let published = [
        (
            0,
            "7853200120776062878684798364095072458815029376092732009249414926327459813530",
        ),
        (
            1,
            "7142104613055408817911962100316808866448378443474503659992478482890339429929",
        ),
        (
            2,
            "6549537674122432311777789598043107870002137484850126429160507761192163713804",
        ),
        (
            3,
            "14763215145315200506921711489642608356394854266165572616578112107564877678998",
        ),
    ];
    let mut outputs = circuit.outputs();
    for (i, text) in published {
        assert_eq!(outputs[i], decimal(text));
    }
    assert!(circuit.holds(outputs.clone()));
    for output in &mut outputs {
        *output += Fr::ONE;
        assert!(!circuit.holds(vec![*output]), "another output");
    }
}

/// No cell of a permutation may hold anything else, the last of one and the first of the next included.
// REQ C8
#[test]
fn every_cell_of_a_permutation_is_fixed() {
    let circuit = Permutations::new(1, &[[5, 6, 7], [8, 9, 10]]);
    let outputs = circuit.outputs();
    let traces: Vec<Fr> = circuit.inputs.iter().flat_map(|&input| trace(input)).collect();
    assert_eq!(traces.len(), 2 * PERMUTATION_CELLS);
    for (i, &value) in traces.iter().enumerate() {
        for other in [value + Fr::ONE, -value] {
            assert!(
                !circuit.with(0, START + i, other).holds(outputs.clone()),
                "cell {i} of the column"
            );
        }
    }
}

/// Rows outside of permutations are free: gates are off there.
#[test]
fn gates_are_off_elsewhere() {
    for (columns, inputs) in [
        (1, &[[5, 6, 7], [8, 9, 10]][..]),
        (2, &[[5, 6, 7], [8, 9, 10], [1, 2, 3]]),
    ] {
        let circuit = Permutations::new(columns, inputs);
        let end = START + inputs.len().div_ceil(columns) * PERMUTATION_CELLS;
        for column in 0..columns {
            for row in [0, START - 9, START - 1, end, end + 1, end + 40] {
                assert!(
                    circuit.with(column, row, Fr::from(77)).holds(circuit.outputs()),
                    "{column}, {row}"
                );
            }
        }
    }
}

/// Selectors are shared by columns: what fills up the last row of permutations is one of zeros, and checked.
#[test]
fn columns_side_by_side_are_all_checked() {
    let circuit = Permutations::new(2, &[[5, 6, 7], [8, 9, 10], [1, 2, 3]]);
    let outputs = circuit.outputs();
    assert!(circuit.holds(outputs.clone()));
    for permutation in 0..4 {
        let row = START + permutation / 2 * PERMUTATION_CELLS;
        for offset in [0, 3, 40, 90, PERMUTATION_CELLS - 1] {
            let changed = circuit.with(permutation % 2, row + offset, Fr::from(77));
            assert!(
                !changed.holds(outputs.clone()),
                "permutation {permutation}, cell {offset}"
            );
        }
    }
}

/// A square that is not one, and everything after it computed from it: only its own gate can tell.
// REQ C8
#[test]
fn every_square_has_its_gate() {
    let input = [5u64, 6, 7].map(Fr::from);
    let circuit = Permutations::new(1, &[[5, 6, 7]]);
    let honest = trace(input);
    // A wrong square whose fourth power is right: -x^2 in place of x^2 leaves every later cell as it was.
    let squares: Vec<usize> = (0..PERMUTATION_CELLS - 3).filter(|&i| is_square(i)).collect();
    assert_eq!(squares.len(), 8 * 3 + 57);
    for i in squares {
        let prover = MockProver::run(K, &circuit.with(0, START + i, -honest[i]), vec![circuit.outputs()]);
        let failures = prover.expect("it fits").verify().expect_err("a square is checked");
        assert_eq!(
            failures.len(),
            1,
            "cell {i}: the fourth power is the same, so the square's own constraint fails alone"
        );
    }
}

/// Whether the cell at an offset is a square.
fn is_square(offset: usize) -> bool {
    let full = |start: usize| (start..start + 24).contains(&offset) && (offset - start) % 6 >= 3;
    let partial = (24..141).contains(&offset);
    // Two lanes and x0 come before x0's square, and every second cell after it is one.
    full(0) || (partial && offset >= 27 && (offset - 27).is_multiple_of(2)) || full(141)
}
