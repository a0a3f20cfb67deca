// SPDX-License-Identifier: MIT OR Apache-2.0
//! Poseidon over the scalar field of BN254: width 3, S-box x^5, 8 full and 57 partial rounds, the permutation of
//! circomlib and of iden3.
//!
//! Partial rounds run in the equivalent form of appendix B of the paper: one constant each, and a matrix that is the
//! identity but for its first row and column.

use super::grain::Constants;
use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use std::sync::LazyLock;

/// Lanes of the state.
pub const WIDTH: usize = 3;

/// Rounds with an S-box on every lane, half of them first, half last.
pub const FULL_ROUNDS: usize = 8;

/// Rounds with an S-box on lane 0 alone.
pub const PARTIAL_ROUNDS: usize = 57;

/// The state.
pub type State = [Fr; WIDTH];

type Matrix = [[Fr; WIDTH]; WIDTH];

/// `[[corner, row], [column, 1]]`.
struct Sparse {
    corner: Fr,
    row: [Fr; WIDTH - 1],
    column: [Fr; WIDTH - 1],
}

struct Parameters {
    first: [State; FULL_ROUNDS / 2],
    partial: Vec<(Fr, Sparse)>,
    /// What the partial rounds leave undone: a matrix on lanes 1 and 2.
    remainder: [[Fr; WIDTH - 1]; WIDTH - 1],
    last: [State; FULL_ROUNDS / 2],
    mds: Matrix,
}

static PARAMETERS: LazyLock<Parameters> = LazyLock::new(|| Parameters::derive(&Constants::generate()));

impl Parameters {
    /// Two identities of rounds whose S-box touches lane 0 alone turn the plain form into this one. Constants of the
    /// other lanes move through the S-box and the matrix into the next round. And with `matrix = dense * sparse`,
    /// `dense` being the identity on lane 0, `dense` moves into the next round too.
    fn derive(constants: &Constants) -> Self {
        const HALF: usize = FULL_ROUNDS / 2;
        let mds = constants.mds;
        let mut carried = [Fr::zero(); WIDTH];
        let mut matrix = mds;
        let mut remainder = [[Fr::zero(); WIDTH - 1]; WIDTH - 1];
        let mut partial = Vec::with_capacity(PARTIAL_ROUNDS);
        for round in &constants.rounds[HALF..HALF + PARTIAL_ROUNDS] {
            let constant: State = core::array::from_fn(|i| round[i] + carried[i]);
            carried = apply(&mds, &[Fr::zero(), constant[1], constant[2]]);
            let sparse;
            (remainder, sparse) = factor(&matrix);
            partial.push((constant[0], sparse));
            matrix = multiply(&mds, &remainder);
        }
        let mut last: [State; HALF] = core::array::from_fn(|i| constants.rounds[HALF + PARTIAL_ROUNDS + i]);
        for (constant, carried) in last[0].iter_mut().zip(carried) {
            *constant += carried;
        }
        Self {
            first: core::array::from_fn(|i| constants.rounds[i]),
            partial,
            remainder,
            last,
            mds,
        }
    }
}

fn apply(matrix: &Matrix, state: &State) -> State {
    matrix.map(|row| Fr::sum_of_products(&row, state))
}

/// `matrix = dense * sparse`; returns the lower right corner of `dense`, the rest of which is the identity.
fn factor(matrix: &Matrix) -> ([[Fr; 2]; 2], Sparse) {
    let [[corner, r1, r2], [w1, a, b], [w2, c, d]] = *matrix;
    let scale = (a * d - b * c)
        .inverse()
        .expect("minors of an MDS matrix are invertible");
    let sparse = Sparse {
        corner,
        row: [r1, r2],
        column: [(d * w1 - b * w2) * scale, (a * w2 - c * w1) * scale],
    };
    ([[a, b], [c, d]], sparse)
}

/// `matrix * dense`, `dense` being the identity but for its lower right corner.
fn multiply(matrix: &Matrix, [[a, b], [c, d]]: &[[Fr; 2]; 2]) -> Matrix {
    matrix.map(|[x, y, z]| [x, y * a + z * c, y * b + z * d])
}

fn sbox(x: Fr) -> Fr {
    x.square().square() * x
}

fn full_round(constants: &State, mds: &Matrix, state: &mut State) {
    let powers: State = core::array::from_fn(|i| sbox(state[i] + constants[i]));
    *state = apply(mds, &powers);
}

/// The permutation by its definition, for those who write it as constraints: every round adds its constants, takes the
/// fifth power (of every lane in the first four and the last four rounds, of lane 0 in the 57 between) and multiplies by
/// the matrix, row by row.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Of each round, in order.
    pub constants: Vec<State>,
    /// Rows of the matrix.
    pub matrix: [State; WIDTH],
}

impl Definition {
    /// Computes the constants.
    pub fn generate() -> Self {
        let Constants { rounds, mds } = Constants::generate();
        Self {
            constants: rounds.to_vec(),
            matrix: mds,
        }
    }
}

/// The permutation.
pub fn permute(state: &mut State) {
    let parameters = &*PARAMETERS;
    for constants in &parameters.first {
        full_round(constants, &parameters.mds, state);
    }
    for (constant, sparse) in &parameters.partial {
        let power = sbox(state[0] + constant);
        state[0] = Fr::sum_of_products(
            &[sparse.corner, sparse.row[0], sparse.row[1]],
            &[power, state[1], state[2]],
        );
        state[1] += sparse.column[0] * power;
        state[2] += sparse.column[1] * power;
    }
    let [_, y, z] = *state;
    let [upper, lower] = parameters.remainder;
    state[1] = Fr::sum_of_products(&upper, &[y, z]);
    state[2] = Fr::sum_of_products(&lower, &[y, z]);
    for constants in &parameters.last {
        full_round(constants, &parameters.mds, state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::str::FromStr;

    fn fr(text: &str) -> Fr {
        Fr::from_str(text).expect("a decimal number below the modulus")
    }

    /// The definition: every round adds all constants and multiplies by the full matrix.
    fn permute_plainly(constants: &Constants, state: &mut State) {
        for (round, added) in constants.rounds.iter().enumerate() {
            for (lane, constant) in state.iter_mut().zip(added) {
                *lane += constant;
            }
            let half = FULL_ROUNDS / 2;
            let lanes = if (half..half + PARTIAL_ROUNDS).contains(&round) {
                1
            } else {
                WIDTH
            };
            for lane in &mut state[..lanes] {
                *lane = sbox(*lane);
            }
            *state = apply(&constants.mds, state);
        }
    }

    /// hadeshash, `poseidonperm_x5_254_3`.
    // REQ C6
    #[test]
    fn permutation_agrees_with_the_vector_of_its_authors() {
        let mut state = [0u64, 1, 2].map(Fr::from);
        permute(&mut state);
        let expected = [
            "7853200120776062878684798364095072458815029376092732009249414926327459813530",
            "7142104613055408817911962100316808866448378443474503659992478482890339429929",
            "6549537674122432311777789598043107870002137484850126429160507761192163713804",
        ];
        assert_eq!(state, expected.map(fr));
    }

    /// circomlib, test/poseidoncircuit.js: Poseidon(1, 2) and Poseidon(3, 4).
    // REQ C6
    #[test]
    fn two_to_one_is_that_of_circomlib() {
        for (inputs, expected) in [
            (
                [1u64, 2],
                "7853200120776062878684798364095072458815029376092732009249414926327459813530",
            ),
            (
                [3, 4],
                "14763215145315200506921711489642608356394854266165572616578112107564877678998",
            ),
        ] {
            let mut state = [Fr::zero(), inputs[0].into(), inputs[1].into()];
            permute(&mut state);
            assert_eq!(state[0], fr(expected));
        }
    }

    #[test]
    fn the_fast_form_is_the_definition() {
        let constants = Constants::generate();
        let mut fast = [3u64, 5, 7].map(Fr::from);
        for _ in 0..20 {
            let mut plain = fast;
            permute(&mut fast);
            permute_plainly(&constants, &mut plain);
            assert_eq!(fast, plain);
        }
    }
}
