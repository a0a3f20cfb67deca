// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gates of the permutation, and where its cells go.
//!
//! Three fixed columns of values 0, 1 and 2 tell the gates where they hold: a column per gate would cost the verifier more
//! commitments. An indicator is of degree two, and no gate is above three, so the circuit stays at degree five. No gate
//! reaches over more than seven cells, since the proof holds an evaluation for each.

use super::algebra::{ALGEBRA, Linear, Mixing, ORDER};
use super::trace::{self, CELLS, Step};
use halo2_base::halo2_proofs::circuit::{Cell, Region, Value};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::halo2_proofs::plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, VirtualCells};
use halo2_base::halo2_proofs::poly::Rotation;
use rayon::prelude::*;

type Polynomial = Expression<Fr>;

/// Columns of the permutation.
#[derive(Clone, Debug)]
pub(crate) struct PoseidonConfig {
    /// Permutations lie in these side by side.
    advice: Vec<Column<Advice>>,
    /// Round constants, in rows that hold no others.
    constants: Column<Fixed>,
    /// 1 where a full round begins, 2 where a step of the recurrence does.
    rounds: Column<Fixed>,
    /// 1 where the second output of a full round is checked, in the row before the third; 2 where the partial rounds end.
    ends: Column<Fixed>,
    /// 1 in the rows of the first full round whose gates add its constants, 2 where the partial rounds begin.
    begins: Column<Fixed>,
}

/// Not zero where `selector` is `value`, 0 where it is another of 0, 1 and 2.
fn indicator(selector: Polynomial, value: u64) -> Polynomial {
    let other = Expression::Constant(Fr::from(3 - value));
    selector.clone() * (other - selector)
}

fn constant(value: Fr) -> Polynomial {
    Expression::Constant(value)
}

fn power(x: Polynomial, square: Polynomial) -> Polynomial {
    square.clone() * square * x
}

/// Cells of a column at these rotations.
fn cells<const N: usize>(meta: &mut VirtualCells<'_, Fr>, column: Column<Advice>, at: [usize; N]) -> [Polynomial; N] {
    at.map(|rotation| meta.query_advice(column, Rotation(rotation as i32)))
}

fn weighted(coefficients: &[Fr], terms: impl IntoIterator<Item = Polynomial>) -> Polynomial {
    coefficients
        .iter()
        .zip(terms)
        .map(|(&c, term)| term * c)
        .reduce(|a, b| a + b)
        .expect("a form of at least one term")
}

impl<const N: usize> Linear<N> {
    fn expression(&self, terms: [Polynomial; N]) -> Polynomial {
        weighted(&self.coefficients, terms) + constant(self.constant)
    }
}

impl PoseidonConfig {
    /// Adds the gates to every column of `advice`, with round constants in `constants`.
    pub(crate) fn configure(
        meta: &mut ConstraintSystem<Fr>,
        advice: Vec<Column<Advice>>,
        constants: Column<Fixed>,
    ) -> Self {
        let config = Self {
            advice,
            constants,
            rounds: meta.fixed_column(),
            ends: meta.fixed_column(),
            begins: meta.fixed_column(),
        };
        for &column in &config.advice {
            meta.enable_equality(column);
            config.full_round(meta, column);
            config.second_output(meta, column);
            config.third_output(meta, column);
            config.partial_rounds(meta, column);
            config.enter(meta, column);
            config.leave(meta, column);
            config.repeat(meta, column);
        }
        config
    }

    /// What enters the S-boxes of lanes that are in `cells`, of place `first` and so on of a state: the constants of the first
    /// round, which is the same in every permutation, are added where `begins` is 1.
    fn entering<const N: usize>(
        &self,
        meta: &mut VirtualCells<'_, Fr>,
        first: usize,
        cells: [Polynomial; N],
    ) -> [Polynomial; N] {
        let begins = meta.query_fixed(self.begins, Rotation::cur());
        let mut place = first;
        cells.map(|cell| {
            place += 1;
            cell + begins.clone() * ALGEBRA.full[0][ORDER[place - 1]]
        })
    }

    /// `[x1 x2 x0 s1 s2 s0 | o1 ...]`: the squares, and the first output.
    fn full_round(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, full round", |meta| {
            let on = indicator(meta.query_fixed(self.rounds, Rotation::cur()), 1);
            let [x0, x1, x2, s0, s1, s2, output] = cells(meta, column, core::array::from_fn(|i| i));
            let x = self.entering(meta, 0, [x0, x1, x2]);
            let k = meta.query_fixed(self.constants, Rotation::cur());
            let Mixing { first, .. } = ALGEBRA.mixing();
            let pairs = || x.iter().cloned().zip([&s0, &s1, &s2]);
            let squares: Vec<Polynomial> = pairs().map(|(x, s)| s.clone() - x.clone() * x).collect();
            let powers = pairs().map(|(x, s)| power(x, s.clone()));
            let mixed = output - weighted(&first, powers) - k;
            squares
                .into_iter()
                .chain([mixed])
                .map(|term| on.clone() * term)
                .collect::<Vec<_>>()
        });
    }

    /// One row on, `[x2 x0 s1 s2 s0 o1 o2]`.
    fn second_output(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, second output", |meta| {
            let on = indicator(meta.query_fixed(self.ends, Rotation::cur()), 1);
            let [x1, x2, s1, s2, before, output] = cells(meta, column, [0, 1, 3, 4, 5, 6]);
            let [x1, x2] = self.entering(meta, 1, [x1, x2]);
            let k = meta.query_fixed(self.constants, Rotation::cur());
            let terms = [before, power(x1, s1), power(x2, s2)];
            vec![on * (output - weighted(&ALGEBRA.mixing().second, terms) - k)]
        });
    }

    /// Two rows on, `[x0 s1 s2 s0 o1 o2 o0]`.
    fn third_output(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, third output", |meta| {
            let on = indicator(meta.query_fixed(self.ends, Rotation::prev()), 1);
            let [x2, s2, first, second, output] = cells(meta, column, [0, 3, 4, 5, 6]);
            let [x2] = self.entering(meta, 2, [x2]);
            let k = meta.query_fixed(self.constants, Rotation::cur());
            let terms = [first, second, power(x2, s2)];
            vec![on * (output - weighted(&ALGEBRA.mixing().third, terms) - k)]
        });
    }

    /// `[x_t s_t x_{t+1} s_{t+1} x_{t+2} s_{t+2} x_{t+3}]`.
    fn partial_rounds(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, partial round", |meta| {
            let on = indicator(meta.query_fixed(self.rounds, Rotation::cur()), 2);
            let k = meta.query_fixed(self.constants, Rotation::cur());
            let [x0, s0, x1, s1, x2, s2, x3] = cells(meta, column, core::array::from_fn(|i| i));
            let square = s0.clone() - x0.clone() * x0.clone();
            let terms = [x2.clone(), x1.clone(), power(x2, s2), power(x1, s1), power(x0, s0)];
            let next = x3 - weighted(&ALGEBRA.recurrence(), terms) - k;
            vec![on.clone() * square, on * next]
        });
    }

    /// `[y0 z0 x0 s0 x1 s1 x2]`. The squares belong to the steps that begin at x0 and x1.
    fn enter(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, partial rounds begin", |meta| {
            let on = indicator(meta.query_fixed(self.begins, Rotation::cur()), 2);
            let [y0, z0, x0, s0, x1, s1, x2] = cells(meta, column, core::array::from_fn(|i| i));
            let [u0, u1] = [power(x0, s0), power(x1.clone(), s1)];
            let first = ALGEBRA.first().expression([u0.clone(), y0.clone(), z0.clone()]);
            let second = ALGEBRA.second().expression([u1, u0, y0, z0]);
            [x1 - first, x2 - second].map(|term| on.clone() * term)
        });
    }

    /// `[x55 s55 x56 s56 x57 y57 z57]`.
    fn leave(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, partial rounds end", |meta| {
            let on = indicator(meta.query_fixed(self.ends, Rotation::cur()), 2);
            let [x55, s55, x56, s56, x57, y, z] = cells(meta, column, core::array::from_fn(|i| i));
            let squares = [(&x55, &s55), (&x56, &s56)].map(|(x, s)| s.clone() - x.clone() * x.clone());
            let [u55, u56] = [power(x55, s55), power(x56.clone(), s56)];
            let terms = [x57, x56, u56, u55];
            let lanes = [y, z].into_iter().zip(ALGEBRA.last());
            let lanes = lanes.map(|(cell, form)| cell - form.expression(terms.clone()));
            squares
                .into_iter()
                .chain(lanes)
                .map(|term| on.clone() * term)
                .collect::<Vec<_>>()
        });
    }

    /// One row on, `[s55 x56 s56 x57 y57 z57 x57]`: the state of a full round ends in lane 0.
    fn repeat(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, lane 0 once more", |meta| {
            let on = indicator(meta.query_fixed(self.ends, Rotation::prev()), 2);
            let [x57, again] = cells(meta, column, [3, 6]);
            vec![on * (again - x57)]
        });
    }

    /// The columns that say which gate is on.
    #[cfg(test)]
    pub(crate) fn selectors(&self) -> [Column<Fixed>; 3] {
        [self.rounds, self.ends, self.begins]
    }

    /// Columns side by side.
    pub(crate) fn width(&self) -> usize {
        self.advice.len()
    }

    /// Rows of `permutations`.
    pub(crate) fn rows(&self, permutations: usize) -> usize {
        permutations.div_ceil(self.width()) * CELLS
    }

    /// Assigns a permutation of every input from row `base` on, tells `place` of each cell that others may copy (its
    /// permutation, its offset, the cell), and fills up the last row of permutations with ones of zeros.
    pub(crate) fn assign(
        &self,
        region: &mut Region<'_, Fr>,
        base: usize,
        inputs: &[[Fr; 3]],
        unknown: bool,
        mut place: impl FnMut(usize, usize, Cell),
    ) {
        let traces: Vec<Vec<Fr>> = inputs.par_iter().map(|&input| trace::trace(input)).collect();
        let zeros = trace::trace([Fr::zero(); 3]);
        let groups = inputs.len().div_ceil(self.width());
        for index in 0..groups * self.width() {
            let (column, start) = (self.advice[index % self.width()], base + index / self.width() * CELLS);
            for (offset, &value) in traces.get(index).unwrap_or(&zeros).iter().enumerate() {
                let value = if unknown { Value::unknown() } else { Value::known(value) };
                let cell = region.assign_advice(column, start + offset, value).cell();
                if index < inputs.len() && trace::is_outside(offset) {
                    place(index, offset, cell);
                }
            }
        }
        for group in 0..groups {
            self.fix(region, base + group * CELLS);
        }
    }

    fn fix(&self, region: &mut Region<'_, Fr>, start: usize) {
        for (row, value) in trace::constants() {
            region.assign_fixed(self.constants, start + row, value);
        }
        for (row, step) in trace::steps() {
            let (column, value) = match step {
                Step::Full => (self.rounds, 1),
                Step::Partial => (self.rounds, 2),
                Step::Mix => (self.ends, 1),
                Step::Leave => (self.ends, 2),
                Step::First => (self.begins, 1),
                Step::Enter => (self.begins, 2),
            };
            region.assign_fixed(column, start + row, Fr::from(value));
        }
    }
}
