// SPDX-License-Identifier: MIT OR Apache-2.0
//! The constraints of one row as a system of polynomial equations in its wires.

use super::polynomial::derivative_weights;
use crate::config::{D, F};
use plonky2::field::types::{Field, Sample};
use plonky2::gates::gate::GateRef;
use plonky2::hash::hash_types::HashOut;
use plonky2::plonk::vars::EvaluationVarsBaseBatch;

/// The constraints of one row: a gate with the row's constants.
#[derive(Clone, Debug)]
pub struct RowSystem {
    gate: GateRef<F, D>,
    constants: Vec<F>,
    hash: HashOut<F>,
    /// A constraint that is left out: a planted hole.
    without: Option<usize>,
}

/// What is added to some columns of a row.
pub(super) type Move = Vec<(usize, F)>;

/// Values of all constraints at several points.
#[derive(Debug)]
pub(super) struct Values {
    points: usize,
    flat: Vec<F>,
    without: Option<usize>,
}

impl Values {
    /// The value of a constraint at a point.
    pub(super) fn at(&self, constraint: usize, point: usize) -> F {
        if self.without == Some(constraint) {
            return F::ZERO;
        }
        self.flat[constraint * self.points + point]
    }

    /// The values of a constraint at `points`.
    pub(super) fn along(&self, constraint: usize, points: core::ops::Range<usize>) -> Vec<F> {
        points.map(|point| self.at(constraint, point)).collect()
    }
}

impl RowSystem {
    /// A gate on a row with these constants, in a circuit with public inputs of this hash.
    pub fn new(gate: GateRef<F, D>, constants: Vec<F>, hash: HashOut<F>) -> Self {
        Self {
            gate,
            constants,
            hash,
            without: None,
        }
    }

    /// The same with one constraint missing.
    pub fn without(&self, constraint: usize) -> Self {
        Self {
            without: Some(constraint),
            ..self.clone()
        }
    }

    /// Wires that the gate owns.
    pub fn wires(&self) -> usize {
        self.gate.0.num_wires()
    }

    /// Constraints, one that is left out included.
    pub fn constraints(&self) -> usize {
        self.gate.0.num_constraints()
    }

    /// The highest degree of a constraint.
    pub(super) fn degree(&self) -> usize {
        self.gate.0.degree()
    }

    /// The constraints at several points, each of [`Self::wires`] values.
    pub(super) fn evaluate(&self, points: &[Vec<F>]) -> Values {
        let count = points.len();
        let spread = |values: &[F]| -> Vec<F> { values.iter().flat_map(|&v| core::iter::repeat_n(v, count)).collect() };
        let mut wires = Vec::with_capacity(self.wires() * count);
        for column in 0..self.wires() {
            wires.extend(points.iter().map(|point| point[column]));
        }
        let constants = spread(&self.constants);
        self.evaluate_flat(count, &constants, &wires)
    }

    /// The constraints at points that differ from one in some columns.
    pub(super) fn evaluate_moves(&self, point: &[F], moves: &[Move]) -> Values {
        let count = moves.len();
        let spread = |values: &[F]| -> Vec<F> { values.iter().flat_map(|&v| core::iter::repeat_n(v, count)).collect() };
        let (constants, mut wires) = (spread(&self.constants), spread(point));
        for (position, move_) in moves.iter().enumerate() {
            for &(column, difference) in move_ {
                wires[column * count + position] += difference;
            }
        }
        self.evaluate_flat(count, &constants, &wires)
    }

    fn evaluate_flat(&self, points: usize, constants: &[F], wires: &[F]) -> Values {
        let vars = EvaluationVarsBaseBatch::new(points, constants, wires, &self.hash);
        Values {
            points,
            flat: self.gate.0.eval_unfiltered_base_batch(vars),
            without: self.without,
        }
    }

    /// Whether a row satisfies all constraints.
    pub fn holds(&self, row: &[F]) -> bool {
        let values = self.evaluate(&[row.to_vec()]);
        (0..self.constraints()).all(|constraint| values.at(constraint, 0).is_zero())
    }

    /// The columns that each constraint reads. Found by changing one wire at a time at two random points: a wire that is
    /// read is overlooked with probability below 2^-100.
    pub(super) fn reads(&self) -> Vec<Vec<usize>> {
        let mut reads = vec![Vec::new(); self.constraints()];
        let mut points = Vec::new();
        for _ in 0..2 {
            let base = F::rand_vec(self.wires());
            points.push(base.clone());
            for column in 0..self.wires() {
                let mut point = base.clone();
                point[column] = F::rand();
                points.push(point);
            }
        }
        let values = self.evaluate(&points);
        let stride = self.wires() + 1;
        for (constraint, columns) in reads.iter_mut().enumerate() {
            let differs =
                |base: usize, column: usize| values.at(constraint, base) != values.at(constraint, base + 1 + column);
            *columns = (0..self.wires())
                .filter(|&column| differs(0, column) || differs(stride, column))
                .collect();
        }
        reads
    }

    /// The constraints that know the hash of the public inputs, found at a random point as [`Self::reads`] are.
    pub(super) fn know_hash(&self) -> Vec<usize> {
        let point = [F::rand_vec(self.wires())];
        let [one, other] = [(); 2].map(|()| {
            let hash = HashOut::rand();
            Self { hash, ..self.clone() }.evaluate(&point)
        });
        (0..self.constraints())
            .filter(|&constraint| one.at(constraint, 0) != other.at(constraint, 0))
            .collect()
    }

    /// The matrix of derivatives of all constraints, a row a constraint, at a point, in the directions of `columns`.
    /// Exact: along a wire a constraint is a polynomial of at most the gate's degree, and is evaluated once more often.
    pub(super) fn jacobian(&self, point: &[F], columns: &[usize]) -> Vec<Vec<F>> {
        let nodes = nodes(self.degree() + 1);
        let weights = derivative_weights(&nodes);
        let moves: Vec<Move> = columns
            .iter()
            .flat_map(|&column| nodes.iter().map(move |&difference| vec![(column, difference)]))
            .collect();
        let values = self.evaluate_moves(point, &moves);
        (0..self.constraints())
            .map(|constraint| {
                (0..columns.len())
                    .map(|position| {
                        let first = position * nodes.len();
                        (0..nodes.len())
                            .map(|k| weights[k] * values.at(constraint, first + k))
                            .sum()
                    })
                    .collect()
            })
            .collect()
    }
}

/// Small distinct elements, zero first.
pub(super) fn nodes(count: usize) -> Vec<F> {
    (0..count as u64).map(F::from_canonical_u64).collect()
}

/// The rank of a matrix.
pub(super) fn rank(mut matrix: Vec<Vec<F>>) -> usize {
    reduce(&mut matrix).len()
}

/// Brings a matrix into reduced row echelon form; the column of each leading one, row by row.
pub(super) fn reduce(matrix: &mut [Vec<F>]) -> Vec<usize> {
    let columns = matrix.first().map_or(0, Vec::len);
    let mut leading = Vec::new();
    for column in 0..columns {
        let rank = leading.len();
        let Some(pivot) = (rank..matrix.len()).find(|&row| !matrix[row][column].is_zero()) else {
            continue;
        };
        matrix.swap(rank, pivot);
        let inverse = matrix[rank][column].inverse();
        matrix[rank].iter_mut().for_each(|value| *value *= inverse);
        let pivot = matrix[rank].clone();
        for (position, row) in matrix.iter_mut().enumerate() {
            let factor = row[column];
            if position != rank && !factor.is_zero() {
                for (value, &subtrahend) in row.iter_mut().zip(&pivot) {
                    *value -= factor * subtrahend;
                }
            }
        }
        leading.push(column);
    }
    leading
}
