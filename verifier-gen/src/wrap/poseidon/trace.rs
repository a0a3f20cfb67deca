// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cells of one permutation, top to bottom in one column.
//!
//! ```text
//! 4 times   v0 v1 v2 s0 s1 s2              a full round: the state before its constants, and the squares after them
//!           v0 y0 z0 s0 x1 s1 x2 s2        the state before the partial rounds; x_t enters the S-box of round t
//!           x3 s3 ... x56 s56
//!           v57 y57 z57 s0 s1 s2           the state after them, which begins a full round
//! 3 times   v0 v1 v2 s0 s1 s2
//!           o0 o1 o2                       the output
//! ```

use super::algebra::{ALGEBRA, Algebra, HALF};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use poe_prover::bn254::poseidon::{FULL_ROUNDS, PARTIAL_ROUNDS};

/// Cells of a full round: the state and its squares.
pub(super) const FULL_ROUND: usize = 6;

/// Where the partial rounds begin.
pub(super) const PARTIAL: usize = HALF * FULL_ROUND;

/// Where `x_1` is.
pub(super) const X1: usize = PARTIAL + 4;

/// Where `x_t` is, t from 1 to 57.
pub(super) const fn x(t: usize) -> usize {
    X1 + 2 * (t - 1)
}

/// Where the first full round after the partial ones begins.
pub(super) const LAST: usize = x(PARTIAL_ROUNDS);

/// Where the output is.
pub(in super::super) const OUTPUT: usize = LAST + HALF * FULL_ROUND;

/// Cells of a permutation.
pub(in super::super) const CELLS: usize = OUTPUT + 3;

/// What a gate at some row is told by the selectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A full round.
    Full,
    /// The partial rounds begin.
    Enter,
    /// One step of the recurrence.
    Partial,
    /// The partial rounds end.
    Leave,
}

/// Every row that has a gate.
pub(super) fn steps() -> impl Iterator<Item = (usize, Step)> {
    let rounds = |start: usize| (0..HALF).map(move |i| (start + i * FULL_ROUND, Step::Full));
    rounds(0)
        .chain([(PARTIAL, Step::Enter)])
        .chain((1..=PARTIAL_ROUNDS - 3).map(|t| (x(t), Step::Partial)))
        .chain([(x(PARTIAL_ROUNDS - 2), Step::Leave)])
        .chain(rounds(LAST))
}

/// Every constant a gate reads, with its row: three of a full round, one of a step of the recurrence.
pub(super) fn constants() -> impl Iterator<Item = (usize, Fr)> {
    let algebra = &*ALGEBRA;
    let full = (0..FULL_ROUNDS).flat_map(move |i| {
        let start = if i < HALF { i * FULL_ROUND } else { LAST + (i - HALF) * FULL_ROUND };
        algebra.full[i].into_iter().enumerate().map(move |(lane, c)| (start + lane, c))
    });
    let partial = (1..=PARTIAL_ROUNDS - 3).map(move |t| (x(t), algebra.recurrence_constant(t)));
    full.chain(partial)
}

fn power(x: Fr, square: Fr) -> Fr {
    square.square() * x
}

fn full_round(algebra: &Algebra, round: usize, state: &mut [Fr; 3], cells: &mut Vec<Fr>) {
    let sums: [Fr; 3] = core::array::from_fn(|i| state[i] + algebra.full[round][i]);
    let squares = sums.map(|x| x.square());
    cells.extend(*state);
    cells.extend(squares);
    let powers: [Fr; 3] = core::array::from_fn(|i| power(sums[i], squares[i]));
    *state = algebra.matrix.map(|row| row[0] * powers[0] + row[1] * powers[1] + row[2] * powers[2]);
}

/// Computes the cells.
pub(in super::super) fn trace(input: [Fr; 3]) -> Vec<Fr> {
    let algebra = &*ALGEBRA;
    let mut cells = Vec::with_capacity(CELLS);
    let mut state = input;
    for round in 0..HALF {
        full_round(algebra, round, &mut state, &mut cells);
    }
    let [v0, y0, z0] = state;
    let x0 = v0 + algebra.c[0];
    let s0 = x0.square();
    cells.extend([v0, y0, z0, s0]);

    let mut u = vec![power(x0, s0)];
    let mut xs = vec![x0];
    let recurrence = algebra.recurrence();
    for t in 1..PARTIAL_ROUNDS + 1 {
        let next = match t {
            1 => algebra.first().at([u[0], y0, z0]),
            2 => algebra.second().at([u[1], u[0], y0, z0]),
            _ => {
                let terms = [xs[t - 1], xs[t - 2], u[t - 1], u[t - 2], u[t - 3]];
                let sum: Fr = recurrence.iter().zip(terms).map(|(c, term)| c * term).sum();
                sum + algebra.recurrence_constant(t - 3)
            }
        };
        xs.push(next);
        if t < PARTIAL_ROUNDS {
            let square = next.square();
            cells.extend([next, square]);
            u.push(power(next, square));
        }
    }
    let [y, z] = algebra.last().map(|lane| {
        lane.at([
            xs[PARTIAL_ROUNDS],
            xs[PARTIAL_ROUNDS - 1],
            u[PARTIAL_ROUNDS - 1],
            u[PARTIAL_ROUNDS - 2],
        ])
    });
    state = [xs[PARTIAL_ROUNDS], y, z];
    for round in HALF..FULL_ROUNDS {
        full_round(algebra, round, &mut state, &mut cells);
    }
    cells.extend(state);
    debug_assert_eq!(cells.len(), CELLS);
    cells
}

impl<const N: usize> super::algebra::Linear<N> {
    fn at(&self, values: [Fr; N]) -> Fr {
        let sum: Fr = self.coefficients.iter().zip(values).map(|(c, value)| c * value).sum();
        sum + self.constant
    }
}

/// Every row that has a gate, with what the two selectors hold there.
#[cfg(test)]
pub(in super::super) fn rows() -> std::collections::HashMap<usize, (u64, u64)> {
    let values = |step| match step {
        Step::Full => (1, 0),
        Step::Partial => (2, 0),
        Step::Enter => (0, 1),
        Step::Leave => (0, 2),
    };
    steps().map(|(row, step)| (row, values(step))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::halo2_proofs::arithmetic::Field;
    use halo2_base::utils::ScalarField;
    use poe_prover::bn254::poseidon::permute;

    fn to_ark(value: Fr) -> ark_bn254::Fr {
        ark_ff::PrimeField::from_le_bytes_mod_order(&value.to_bytes_le())
    }

    // REQ C6
    #[test]
    fn the_trace_ends_in_the_permutation() {
        let mut state = [Fr::ZERO, Fr::ONE, Fr::from(2)];
        for _ in 0..10 {
            let mut expected = state.map(to_ark);
            permute(&mut expected);
            let cells = trace(state);
            assert_eq!(cells.len(), 167);
            state = core::array::from_fn(|i| cells[OUTPUT + i]);
            assert_eq!(state.map(to_ark), expected);
        }
    }

    #[test]
    fn no_two_gates_begin_in_one_row_and_constants_have_rows_of_their_own() {
        let mut rows: Vec<usize> = steps().map(|(row, _)| row).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), 8 + 1 + 54 + 1);
        let mut rows: Vec<usize> = constants().map(|(row, _)| row).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), 8 * 3 + 54);
    }
}
