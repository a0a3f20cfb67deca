// SPDX-License-Identifier: MIT OR Apache-2.0
//! Poseidon over Goldilocks: its permutation in one row, and its matrix.

use super::algebra::{self, Algebra};
use super::arithmetic::boolean;
use super::{Arithmetic, ONE, Row};
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;
use plonky2::hash::poseidon::{ALL_ROUND_CONSTANTS, HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS, Poseidon, SPONGE_WIDTH};
use poe_prover::config::{D, F};

/// Wires: 12 inputs, 12 outputs, the swap, its 4 deltas, then inputs of S-boxes: of full rounds 1 to 3, of the partial
/// rounds, of the last four full rounds.
const OUTPUT: usize = SPONGE_WIDTH;
const SWAP: usize = 2 * SPONGE_WIDTH;
const DELTA: usize = SWAP + 1;
const FIRST: usize = DELTA + 4;
const PARTIAL: usize = FIRST + SPONGE_WIDTH * (HALF_N_FULL_ROUNDS - 1);
const LAST: usize = PARTIAL + N_PARTIAL_ROUNDS;

type State<E> = [E; SPONGE_WIDTH];

fn field(value: u64) -> GoldilocksField {
    GoldilocksField::from_canonical_u64(value)
}

/// Entry of the matrix in row `i`, column `j`.
fn entry(i: usize, j: usize) -> GoldilocksField {
    let circulant = F::MDS_MATRIX_CIRC[(j + SPONGE_WIDTH - i) % SPONGE_WIDTH];
    field(circulant + if i == j { F::MDS_MATRIX_DIAG[i] } else { 0 })
}

/// `x^7`.
fn sbox<A: Arithmetic>(a: &mut A, x: &A::Element) -> A::Element {
    let square = a.mul(x, x);
    let cube = a.mul(&square, x);
    let cube = a.compress(&cube);
    let sixth = a.mul(&cube, &cube);
    a.mul(&sixth, x)
}

fn multiply<A: Arithmetic>(a: &mut A, state: &State<A::Element>) -> State<A::Element> {
    let zero = a.zero();
    core::array::from_fn(|i| {
        let terms: Vec<_> = state.iter().enumerate().map(|(j, x)| (entry(i, j), x)).collect();
        a.linear(&zero, &terms)
    })
}

/// Adds the constants of a full round to the state.
fn add_constants<A: Arithmetic>(a: &mut A, round: usize, state: &State<A::Element>) -> State<A::Element> {
    core::array::from_fn(|i| a.shift(&state[i], field(ALL_ROUND_CONSTANTS[SPONGE_WIDTH * round + i])))
}

/// Each lane is claimed by a wire; the wires go on.
fn claim<A: Arithmetic>(
    a: &mut A,
    state: &State<A::Element>,
    wires: &[A::Element],
    constraints: &mut Vec<A::Element>,
) -> State<A::Element> {
    core::array::from_fn(|i| {
        constraints.push(a.sub(&state[i], &wires[i]));
        wires[i].clone()
    })
}

/// The inputs, the first two quarters exchanged where the swap is one.
fn swapped<A: Arithmetic>(a: &mut A, wires: &[A::Element], constraints: &mut Vec<A::Element>) -> State<A::Element> {
    let swap = &wires[SWAP];
    constraints.push(boolean(a, swap));
    let zero = a.zero();
    for i in 0..4 {
        let difference = a.sub(&wires[i + 4], &wires[i]);
        let negative = a.linear(&zero, &[(-ONE, &wires[DELTA + i])]);
        constraints.push(a.mul_add(swap, &difference, &negative));
    }
    core::array::from_fn(|i| match i {
        0..4 => a.add(&wires[i], &wires[DELTA + i]),
        4..8 => a.sub(&wires[i], &wires[DELTA + i - 4]),
        _ => wires[i].clone(),
    })
}

/// Partial rounds in plonky2's fast form.
fn partial_rounds<A: Arithmetic>(
    a: &mut A,
    mut state: State<A::Element>,
    wires: &[A::Element],
    constraints: &mut Vec<A::Element>,
) -> State<A::Element> {
    let zero = a.zero();
    state = core::array::from_fn(|i| a.shift(&state[i], field(F::FAST_PARTIAL_FIRST_ROUND_CONSTANT[i])));
    state = state.map(|x| a.compress(&x));
    state = core::array::from_fn(|c| {
        if c == 0 {
            return state[0].clone();
        }
        let terms: Vec<_> = (1..SPONGE_WIDTH)
            .map(|r| (field(F::FAST_PARTIAL_ROUND_INITIAL_MATRIX[r - 1][c - 1]), &state[r]))
            .collect();
        a.linear(&zero, &terms)
    });
    for round in 0..N_PARTIAL_ROUNDS {
        let claimed = &wires[PARTIAL + round];
        constraints.push(a.sub(&state[0], claimed));
        let mut x = sbox(a, claimed);
        if round + 1 < N_PARTIAL_ROUNDS {
            x = a.shift(&x, field(F::FAST_PARTIAL_ROUND_CONSTANTS[round]));
        }
        let x = a.compress(&x);
        let mut terms = vec![(entry(0, 0), &x)];
        terms.extend((1..SPONGE_WIDTH).map(|i| (field(F::FAST_PARTIAL_ROUND_W_HATS[round][i - 1]), &state[i])));
        let first = a.linear(&zero, &terms);
        state = core::array::from_fn(|i| {
            if i == 0 {
                return first.clone();
            }
            a.linear(&state[i], &[(field(F::FAST_PARTIAL_ROUND_VS[round][i - 1]), &x)])
        });
    }
    state
}

/// The permutation.
pub(super) fn permutation<A: Arithmetic>(a: &mut A, row: Row<'_, A::Element>) -> Vec<A::Element> {
    let wires = row.wires;
    let mut constraints = vec![];
    let mut state = swapped(a, wires, &mut constraints);
    for round in 0..HALF_N_FULL_ROUNDS {
        state = add_constants(a, round, &state);
        if round > 0 {
            let claimed = &wires[FIRST + SPONGE_WIDTH * (round - 1)..];
            state = claim(a, &state, claimed, &mut constraints);
        }
        state = state.map(|x| sbox(a, &x));
        state = multiply(a, &state);
    }
    state = partial_rounds(a, state, wires, &mut constraints);
    for round in 0..HALF_N_FULL_ROUNDS {
        state = add_constants(a, HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS + round, &state);
        state = claim(a, &state, &wires[LAST + SPONGE_WIDTH * round..], &mut constraints);
        state = state.map(|x| sbox(a, &x));
        state = multiply(a, &state);
    }
    for i in 0..SPONGE_WIDTH {
        constraints.push(a.sub(&state[i], &wires[OUTPUT + i]));
    }
    constraints
}

/// The permutation of constants of the circuit or of any elements, without wires: for the hash of public inputs.
pub(crate) fn permute<A: Arithmetic>(a: &mut A, mut state: State<A::Element>) -> State<A::Element> {
    for round in 0..2 * HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS {
        let full = !(HALF_N_FULL_ROUNDS..HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS).contains(&round);
        state = add_constants(a, round, &state);
        let lanes = if full { SPONGE_WIDTH } else { 1 };
        for lane in &mut state[..lanes] {
            let x = a.compress(lane);
            let power = sbox(a, &x);
            *lane = a.compress(&power);
        }
        state = multiply(a, &state);
    }
    state
}

/// Two wires an element: 12 inputs, 12 outputs.
pub(super) fn matrix<A: Arithmetic>(a: &mut A, row: Row<'_, A::Element>) -> Vec<A::Element> {
    let inputs: [Algebra<A::Element>; SPONGE_WIDTH] = core::array::from_fn(|i| algebra::at(row.wires, D * i));
    let zero = a.zero();
    let mut constraints = vec![];
    for i in 0..SPONGE_WIDTH {
        let output = algebra::at(row.wires, D * (SPONGE_WIDTH + i));
        for coordinate in 0..D {
            let terms: Vec<_> = inputs
                .iter()
                .enumerate()
                .map(|(j, x)| (entry(i, j), &x[coordinate]))
                .collect();
            let computed = a.linear(&zero, &terms);
            constraints.push(a.sub(&output[coordinate], &computed));
        }
    }
    constraints
}
