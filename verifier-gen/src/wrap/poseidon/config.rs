// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gates of the permutation, and where its cells go.
//!
//! Two fixed columns of values 0, 1 and 2 select one of four gates: a column per gate would cost the verifier two more
//! commitments. An indicator is of degree two, and no gate is above three, so the circuit stays at degree five.

use super::algebra::{ALGEBRA, Linear};
use super::trace::{self, CELLS, Step};
use halo2_base::halo2_proofs::circuit::{Cell, Region, Value};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use halo2_base::halo2_proofs::plonk::{Advice, Column, ConstraintSystem, Expression, Fixed};
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
    /// 1 where the partial rounds begin, 2 where they end.
    borders: Column<Fixed>,
}

/// Equal to nonzero where `selector` is `value`, 0 where it is another of 0, 1 and 2.
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
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>, advice: Vec<Column<Advice>>, constants: Column<Fixed>) -> Self {
        let config = Self {
            advice,
            constants,
            rounds: meta.fixed_column(),
            borders: meta.fixed_column(),
        };
        for &column in &config.advice {
            meta.enable_equality(column);
            config.full_round(meta, column);
            config.partial_rounds(meta, column);
            config.enter(meta, column);
            config.leave(meta, column);
        }
        config
    }

    /// `[v0 v1 v2 s0 s1 s2 | o0 o1 o2]`.
    fn full_round(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, full round", |meta| {
            let on = indicator(meta.query_fixed(self.rounds, Rotation::cur()), 1);
            let mut at = |i: i32| meta.query_advice(column, Rotation(i));
            let (state, squares, outputs) = ([at(0), at(1), at(2)], [at(3), at(4), at(5)], [at(6), at(7), at(8)]);
            let added: [Polynomial; 3] =
                core::array::from_fn(|i| meta.query_fixed(self.constants, Rotation(i as i32)));
            let sums: Vec<Polynomial> = state.into_iter().zip(added).map(|(v, c)| v + c).collect();
            let powers = sums.iter().zip(&squares).map(|(x, s)| power(x.clone(), s.clone()));
            let powers: Vec<Polynomial> = powers.collect();
            let square = sums.iter().zip(squares).map(|(x, s)| s - x.clone() * x.clone());
            let mixed = ALGEBRA.matrix.iter().zip(outputs).map(|(row, o)| o - weighted(row, powers.clone()));
            square.chain(mixed).map(|term| on.clone() * term).collect::<Vec<_>>()
        });
    }

    /// `[x_t s_t x_{t+1} s_{t+1} x_{t+2} s_{t+2} x_{t+3}]`.
    fn partial_rounds(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, partial round", |meta| {
            let on = indicator(meta.query_fixed(self.rounds, Rotation::cur()), 2);
            let k = meta.query_fixed(self.constants, Rotation::cur());
            let mut at = |i: i32| meta.query_advice(column, Rotation(i));
            let (x, s) = ([at(0), at(2), at(4), at(6)], [at(1), at(3), at(5)]);
            let [x0, x1, x2, x3] = x;
            let square = s[0].clone() - x0.clone() * x0.clone();
            let [s0, s1, s2] = s;
            let terms = [x2.clone(), x1.clone(), power(x2, s2), power(x1, s1), power(x0, s0)];
            let next = x3 - weighted(&ALGEBRA.recurrence(), terms) - k;
            vec![on.clone() * square, on * next]
        });
    }

    /// `[v0 y0 z0 s0 x1 s1 x2 s2 x3]`. The squares s1 and s2 belong to the steps that begin at x1 and x2.
    fn enter(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, partial rounds begin", |meta| {
            let on = indicator(meta.query_fixed(self.borders, Rotation::cur()), 1);
            let mut at = |i: i32| meta.query_advice(column, Rotation(i));
            let [v0, y0, z0, s0, x1, s1, x2, s2, x3] = core::array::from_fn(|i| at(i as i32));
            let x0 = v0 + constant(ALGEBRA.c[0]);
            let square = s0.clone() - x0.clone() * x0.clone();
            let [u0, u1, u2] = [power(x0, s0), power(x1.clone(), s1), power(x2.clone(), s2)];
            let first = ALGEBRA.first().expression([u0.clone(), y0.clone(), z0.clone()]);
            let second = ALGEBRA.second().expression([u1.clone(), u0.clone(), y0, z0]);
            let third = weighted(&ALGEBRA.recurrence(), [x2.clone(), x1.clone(), u2, u1, u0])
                + constant(ALGEBRA.recurrence_constant(0));
            [square, x1 - first, x2 - second, x3 - third].map(|term| on.clone() * term)
        });
    }

    /// `[x55 s55 x56 s56 v57 y57 z57]`.
    fn leave(&self, meta: &mut ConstraintSystem<Fr>, column: Column<Advice>) {
        meta.create_gate("Poseidon, partial rounds end", |meta| {
            let on = indicator(meta.query_fixed(self.borders, Rotation::cur()), 2);
            let mut at = |i: i32| meta.query_advice(column, Rotation(i));
            let [x55, s55, x56, s56, v, y, z] = core::array::from_fn(|i| at(i as i32));
            let squares = [(&x55, &s55), (&x56, &s56)].map(|(x, s)| s.clone() - x.clone() * x.clone());
            let [u55, u56] = [power(x55, s55), power(x56.clone(), s56)];
            let terms = [v, x56, u56, u55];
            let lanes = [y, z].into_iter().zip(ALGEBRA.last());
            let lanes = lanes.map(|(cell, form)| cell - form.expression(terms.clone()));
            squares.into_iter().chain(lanes).map(|term| on.clone() * term).collect::<Vec<_>>()
        });
    }

    /// The columns that say which gate is on.
    #[cfg(test)]
    pub(crate) fn selectors(&self) -> [Column<Fixed>; 2] {
        [self.rounds, self.borders]
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
                if index < inputs.len() && !(3..trace::OUTPUT).contains(&offset) {
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
                Step::Enter => (self.borders, 1),
                Step::Leave => (self.borders, 2),
            };
            region.assign_fixed(column, start + row, Fr::from(value));
        }
    }
}
