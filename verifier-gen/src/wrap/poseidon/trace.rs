// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cells of one permutation, top to bottom in one column. Lanes lie in the order of [`ORDER`]; every cell of a state holds
//! what enters an S-box, round constant included, but for the input and the output.
//!
//! ```text
//!           v1 v2 v0 s1 s2 s0              the input and the squares in the first full round
//! 3 times   x1 x2 x0 s1 s2 s0              a full round: what enters the S-boxes, and its squares
//!           y0 z0                          lanes 1 and 2 before the partial rounds
//!           x0 s0 x1 s1 ... x56 s56 x57    x_t enters the S-box of round t
//! 4 times   x1 x2 x0 s1 s2 s0              the first x0 is x57 once more
//!           o1 o2 o0                       the output
//! ```

use super::algebra::{ALGEBRA, Algebra, HALF, ORDER};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use poe_prover::bn254::poseidon::{FULL_ROUNDS, PARTIAL_ROUNDS};

/// Cells of a full round: the state and its squares.
pub(super) const FULL_ROUND: usize = 6;

/// Where lanes 1 and 2 before the partial rounds are.
pub(super) const PARTIAL: usize = HALF * FULL_ROUND;

/// Where `x_t` is, t from 0 to 57.
pub(super) const fn x(t: usize) -> usize {
    PARTIAL + 2 + 2 * t
}

/// Where the first full round after the partial ones begins.
pub(super) const LAST: usize = x(PARTIAL_ROUNDS) + 1;

/// Where the output begins.
const OUTPUT: usize = LAST + HALF * FULL_ROUND;

/// Cells of a permutation.
pub(in super::super) const CELLS: usize = OUTPUT + 3;

/// Where a lane of the input is.
pub(in super::super) const fn input(lane: usize) -> usize {
    (lane + 2) % 3
}

/// Where a lane of the output is.
pub(in super::super) const fn output(lane: usize) -> usize {
    OUTPUT + input(lane)
}

/// Whether a cell can be copied by others.
pub(super) const fn is_outside(offset: usize) -> bool {
    offset < 3 || offset >= OUTPUT
}

/// What a gate at some row is told by the selectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A full round begins.
    Full,
    /// The second output of a full round; the third follows in the next row.
    Mix,
    /// The state of this full round lacks its constants.
    First,
    /// The partial rounds begin.
    Enter,
    /// One step of the recurrence.
    Partial,
    /// The partial rounds end; in the next row, the copy of `x_57`.
    Leave,
}

/// Where full round `round` begins.
const fn full_round_at(round: usize) -> usize {
    if round < HALF {
        round * FULL_ROUND
    } else {
        LAST + (round - HALF) * FULL_ROUND
    }
}

/// Every row that a selector marks.
pub(super) fn steps() -> impl Iterator<Item = (usize, Step)> {
    let rounds = (0..FULL_ROUNDS).map(full_round_at);
    rounds
        .flat_map(|start| [(start, Step::Full), (start + 1, Step::Mix)])
        .chain((0..3).map(|row| (row, Step::First)))
        .chain([(PARTIAL, Step::Enter)])
        .chain((0..=PARTIAL_ROUNDS - 3).map(|t| (x(t), Step::Partial)))
        .chain([(x(PARTIAL_ROUNDS - 2), Step::Leave)])
}

/// Every constant a gate reads, with its row: three of a full round, one of a step of the recurrence.
pub(super) fn constants() -> impl Iterator<Item = (usize, Fr)> {
    let algebra = &*ALGEBRA;
    let full = (0..FULL_ROUNDS).flat_map(move |round| {
        let constants = algebra.mixing_constants(algebra.added(round));
        constants
            .into_iter()
            .enumerate()
            .map(move |(i, c)| (full_round_at(round) + i, c))
    });
    let partial = (0..=PARTIAL_ROUNDS - 3).map(move |t| (x(t), algebra.recurrence_constant(t)));
    full.chain(partial)
}

fn power(x: Fr, square: Fr) -> Fr {
    square.square() * x
}

/// Writes the squares of what enters the S-boxes, and steps to the next state, both in the order of [`ORDER`].
fn full_round(algebra: &Algebra, round: usize, entering: &mut [Fr; 3], cells: &mut Vec<Fr>) {
    let squares = entering.map(|x| x.square());
    cells.extend(squares);
    let powers: [Fr; 3] = core::array::from_fn(|i| power(entering[i], squares[i]));
    let added = algebra.added(round);
    *entering = core::array::from_fn(|i| {
        let row = ORDER.map(|lane| algebra.matrix[ORDER[i]][lane]);
        row[0] * powers[0] + row[1] * powers[1] + row[2] * powers[2] + added[i]
    });
}

/// Computes the cells.
pub(in super::super) fn trace(input: [Fr; 3]) -> Vec<Fr> {
    let algebra = &*ALGEBRA;
    let mut cells = Vec::with_capacity(CELLS);
    cells.extend(ORDER.map(|lane| input[lane]));
    let mut state = ORDER.map(|lane| input[lane] + algebra.full[0][lane]);
    for round in 0..HALF {
        full_round(algebra, round, &mut state, &mut cells);
        cells.extend(state);
    }
    let [y0, z0, x0] = state;
    let xs = partial_rounds(algebra, x0, [y0, z0], &mut cells);
    let u = |t: usize| power(xs[t], xs[t].square());
    let last = PARTIAL_ROUNDS - 1;
    let lanes = algebra
        .last()
        .map(|lane| lane.at([xs[last + 1], xs[last], u(last), u(last - 1)]));
    state = [lanes[0], lanes[1], xs[last + 1]];
    for round in HALF..FULL_ROUNDS {
        cells.extend(state);
        full_round(algebra, round, &mut state, &mut cells);
    }
    cells.extend(state);
    debug_assert_eq!(cells.len(), CELLS);
    cells
}

/// Writes `s_0 x_1 s_1 ... x_57`, `x_0` being there, and returns every x.
fn partial_rounds(algebra: &Algebra, x0: Fr, [y0, z0]: [Fr; 2], cells: &mut Vec<Fr>) -> Vec<Fr> {
    let mut xs = vec![x0];
    let mut us: Vec<Fr> = vec![];
    let recurrence = algebra.recurrence();
    for t in 1..=PARTIAL_ROUNDS {
        let square = xs[t - 1].square();
        us.push(power(xs[t - 1], square));
        let next = match t {
            1 => algebra.first().at([us[0], y0, z0]),
            2 => algebra.second().at([us[1], us[0], y0, z0]),
            _ => {
                let terms = [xs[t - 1], xs[t - 2], us[t - 1], us[t - 2], us[t - 3]];
                let sum: Fr = recurrence.iter().zip(terms).map(|(c, term)| c * term).sum();
                sum + algebra.recurrence_constant(t - 3)
            }
        };
        xs.push(next);
        cells.extend([square, next]);
    }
    xs
}

impl<const N: usize> super::algebra::Linear<N> {
    fn at(&self, values: [Fr; N]) -> Fr {
        let sum: Fr = self.coefficients.iter().zip(values).map(|(c, value)| c * value).sum();
        sum + self.constant
    }
}

/// Every row that a selector marks, with what the three of them hold there.
#[cfg(test)]
pub(in super::super) fn rows() -> std::collections::HashMap<usize, [u64; 3]> {
    let mut rows = std::collections::HashMap::<usize, [u64; 3]>::new();
    for (row, step) in steps() {
        let (column, value) = match step {
            Step::Full => (0, 1),
            Step::Partial => (0, 2),
            Step::Mix => (1, 1),
            Step::Leave => (1, 2),
            Step::First => (2, 1),
            Step::Enter => (2, 2),
        };
        rows.entry(row).or_default()[column] = value;
    }
    rows
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
            assert_eq!(cells.len(), 168);
            state = core::array::from_fn(|lane| cells[output(lane)]);
            assert_eq!(state.map(to_ark), expected);
        }
    }

    #[test]
    fn selectors_and_constants_have_rows_of_their_own() {
        let rows = |steps: &[Step]| -> Vec<usize> {
            let marked = super::steps().filter(|(_, step)| steps.contains(step));
            let mut rows: Vec<usize> = marked.map(|(row, _)| row).collect();
            rows.sort_unstable();
            rows
        };
        let distinct = |rows: &[usize]| rows.windows(2).all(|pair| pair[0] < pair[1]);
        for column in [
            [Step::Full, Step::Partial],
            [Step::Mix, Step::Leave],
            [Step::First, Step::Enter],
        ] {
            assert!(distinct(&rows(&column)), "{column:?}");
        }
        assert_eq!(rows(&[Step::Full]).len(), 8);
        assert_eq!(rows(&[Step::Mix]).len(), 8);
        assert_eq!(rows(&[Step::Partial]).len(), 55);
        // The gates of Mix and Leave reach into the next row, which must not be marked in their column.
        let marked = rows(&[Step::Mix, Step::Leave]);
        assert!(marked.iter().all(|row| !marked.contains(&(row + 1))));

        let mut constants: Vec<usize> = constants().map(|(row, _)| row).collect();
        constants.sort_unstable();
        assert!(distinct(&constants));
        assert_eq!(constants.len(), 8 * 3 + 55);
    }
}
