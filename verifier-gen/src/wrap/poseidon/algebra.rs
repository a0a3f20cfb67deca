// SPDX-License-Identifier: MIT OR Apache-2.0
//! Poseidon with 57 partial rounds written as a recurrence of the one lane that has an S-box.
//!
//! Write round t as: add `(c_t, d_t)` to lane 0 and to lanes 1 and 2; take `u = x^5` of lane 0; multiply by the matrix
//! `[[m, rho], [b, A]]`. With `x_t` what enters the S-box and `w_t` lanes 1 and 2 beside it,
//!
//! ```text
//! x_{t+1} = m u_t + rho w_t + c_{t+1}        w_{t+1} = b u_t + A w_t + d_{t+1}
//! ```
//!
//! `rho A^2 = tr(A) rho A - det(A) rho` (Cayley and Hamilton) takes `w` out:
//!
//! ```text
//! x_{t+3} = tr x_{t+2} - det x_{t+1} + m u_{t+2} + (rho b - tr m) u_{t+1} + (rho A b - tr rho b + det m) u_t + k_t
//! ```
//!
//! so that a partial round is two cells, `x` and its square. Two outputs bind `w` at the start, and the last two `x`
//! give it back at the end.

use halo2_base::halo2_proofs::arithmetic::Field;
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use poe_prover::bn254::poseidon::{Definition, FULL_ROUNDS, PARTIAL_ROUNDS};
use std::sync::LazyLock;

/// Full rounds before, and after, the partial ones.
pub(super) const HALF: usize = FULL_ROUNDS / 2;

/// Lanes as they lie in the column: lane 0 last, where the partial rounds go on from it.
pub(in super::super) const ORDER: [usize; 3] = [1, 2, 0];

/// Coefficients of the relations of a full round.
pub(super) struct Mixing {
    pub(super) first: [Fr; 3],
    pub(super) second: [Fr; 3],
    pub(super) third: [Fr; 3],
}

type Pair = [Fr; 2];

/// Constants of the permutation in halo2's field, and what the recurrence derives from them.
pub(super) struct Algebra {
    /// Of the eight full rounds.
    pub(super) full: [[Fr; 3]; FULL_ROUNDS],
    pub(super) matrix: [[Fr; 3]; 3],
    /// `c_t`, one more than there are rounds: the last is lane 0's in the full round behind them.
    pub(super) c: [Fr; PARTIAL_ROUNDS + 1],
    /// `d_t`.
    d: [Pair; PARTIAL_ROUNDS],
    m: Fr,
    rho: Pair,
    b: Pair,
    a: [Pair; 2],
    trace: Fr,
    determinant: Fr,
}

pub(super) static ALGEBRA: LazyLock<Algebra> = LazyLock::new(|| Algebra::derive(&Definition::generate()));

/// `constant + sum of coefficient * cell`.
pub(super) struct Linear<const N: usize> {
    pub(super) coefficients: [Fr; N],
    pub(super) constant: Fr,
}

fn from_ark(value: &ark_bn254::Fr) -> Fr {
    Fr::from_raw(ark_ff::PrimeField::into_bigint(*value).0)
}

fn dot(a: Pair, b: Pair) -> Fr {
    a[0] * b[0] + a[1] * b[1]
}

impl Algebra {
    fn derive(definition: &Definition) -> Self {
        let rounds: Vec<[Fr; 3]> = definition
            .constants
            .iter()
            .map(|round| core::array::from_fn(|lane| from_ark(&round[lane])))
            .collect();
        let matrix: [[Fr; 3]; 3] =
            core::array::from_fn(|i| core::array::from_fn(|j| from_ark(&definition.matrix[i][j])));
        let [[m, r1, r2], [b1, a11, a12], [b2, a21, a22]] = matrix;
        let partial = &rounds[HALF..HALF + PARTIAL_ROUNDS];
        Self {
            full: core::array::from_fn(|i| rounds[if i < HALF { i } else { PARTIAL_ROUNDS + i }]),
            matrix,
            c: core::array::from_fn(|t| rounds[HALF + t][0]),
            d: core::array::from_fn(|t| [partial[t][1], partial[t][2]]),
            m,
            rho: [r1, r2],
            b: [b1, b2],
            a: [[a11, a12], [a21, a22]],
            trace: a11 + a22,
            determinant: a11 * a22 - a12 * a21,
        }
    }

    /// What is added to the lanes behind full round `round`, in the order of [`ORDER`]: the constants of the next round where it
    /// is a full one, lane 0's where the partial rounds begin, nothing at the end.
    pub(super) fn added(&self, round: usize) -> [Fr; 3] {
        match round + 1 {
            HALF => ORDER.map(|lane| if lane == 0 { self.c[0] } else { Fr::ZERO }),
            FULL_ROUNDS => [Fr::ZERO; 3],
            next => ORDER.map(|lane| self.full[next][lane]),
        }
    }

    /// The outputs `o` of a full round over the S-boxes' outputs `u`, both in the order of [`ORDER`], each over those before it:
    ///
    /// `o_0 = a u_0 + b u_1 + c u_2`, `o_1 = d o_0 + e u_1 + f u_2`, `o_2 = g o_0 + h o_1 + i u_2`.
    ///
    /// So no relation spans more than seven cells, and each has one constant.
    pub(super) fn mixing(&self) -> Mixing {
        let [[n00, n01, n02], [n10, n11, n12], [n20, n21, n22]] =
            ORDER.map(|row| ORDER.map(|column| self.matrix[row][column]));
        let divided = |numerator: Fr, denominator: Fr| {
            numerator * Option::<Fr>::from(denominator.invert()).expect("minors of a Cauchy matrix are not zero")
        };
        let ratio = divided(n10, n00);
        let minor = n00 * n11 - n01 * n10;
        let (alpha, beta) = (
            divided(n20 * n11 - n21 * n10, minor),
            divided(n21 * n00 - n20 * n01, minor),
        );
        Mixing {
            first: [n00, n01, n02],
            second: [ratio, n11 - ratio * n01, n12 - ratio * n02],
            third: [alpha, beta, n22 - alpha * n02 - beta * n12],
        }
    }

    /// The constants of [`Self::mixing`] for cells that hold outputs with `added`.
    pub(super) fn mixing_constants(&self, added: [Fr; 3]) -> [Fr; 3] {
        let Mixing { second, third, .. } = self.mixing();
        [
            added[0],
            added[1] - second[0] * added[0],
            added[2] - third[0] * added[0] - third[1] * added[1],
        ]
    }

    /// `A v`.
    fn times_a(&self, v: Pair) -> Pair {
        self.a.map(|row| dot(row, v))
    }

    /// `rho A`.
    fn rho_a(&self) -> Pair {
        core::array::from_fn(|j| self.rho[0] * self.a[0][j] + self.rho[1] * self.a[1][j])
    }

    /// Coefficients of `x_{t+3}` over `[x_{t+2}, x_{t+1}, u_{t+2}, u_{t+1}, u_t]`; they do not depend on t.
    pub(super) fn recurrence(&self) -> [Fr; 5] {
        let rho_b = dot(self.rho, self.b);
        [
            self.trace,
            -self.determinant,
            self.m,
            rho_b - self.trace * self.m,
            dot(self.rho_a(), self.b) - self.trace * rho_b + self.determinant * self.m,
        ]
    }

    /// The recurrence's constant `k_t`, t from 0 to 54.
    pub(super) fn recurrence_constant(&self, t: usize) -> Fr {
        self.c[t + 3] + dot(self.rho_a(), self.d[t + 1]) + dot(self.rho, self.later_d(t + 2))
            - self.trace * (self.c[t + 2] + dot(self.rho, self.d[t + 1]))
            + self.determinant * self.c[t + 1]
    }

    /// `d_t`; lanes 1 and 2 are raw after the last round too.
    fn later_d(&self, t: usize) -> Pair {
        self.d.get(t).copied().unwrap_or([Fr::ZERO; 2])
    }

    /// `x_1` over `[u_0, y_0, z_0]`, the lanes 1 and 2 before the first partial round's constants.
    pub(super) fn first(&self) -> Linear<3> {
        Linear {
            coefficients: [self.m, self.rho[0], self.rho[1]],
            constant: self.c[1] + dot(self.rho, self.d[0]),
        }
    }

    /// `x_2` over `[u_1, u_0, y_0, z_0]`.
    pub(super) fn second(&self) -> Linear<4> {
        let rho_a = self.rho_a();
        Linear {
            coefficients: [self.m, dot(self.rho, self.b), rho_a[0], rho_a[1]],
            constant: self.c[2] + dot(rho_a, self.d[0]) + dot(self.rho, self.d[1]),
        }
    }

    /// Lanes 1 and 2 as they enter the S-boxes of the full round behind the partial ones, over `[x_57, x_56, u_56, u_55]`.
    pub(super) fn last(&self) -> [Linear<4>; 2] {
        const T: usize = PARTIAL_ROUNDS - 2;
        // `(tau_55, tau_56 - rho b u_55 - rho d_56) = [[rho], [rho A]] w_55`, with `tau_t = x_{t+1} - c_{t+1} - m u_t`.
        let next = self.full[HALF];
        let rho_a = self.rho_a();
        let [[p, q], [r, s]] = [self.rho, rho_a];
        let inverse = Option::<Fr>::from((p * s - q * r).invert()).expect("rho and rho A are independent");
        let solve =
            |top: Fr, bottom: Fr| -> Pair { [(s * top - q * bottom) * inverse, (p * bottom - r * top) * inverse] };
        // `w_57 = b u_56 + A (b u_55 + A w_55 + d_56)`.
        let after = |w: Pair| self.times_a(self.times_a(w));
        let zero = Fr::ZERO;
        let over_x57 = after(solve(zero, Fr::ONE));
        let over_x56 = after(solve(Fr::ONE, zero));
        let from_u56 = after(solve(zero, -self.m));
        let from_u55 = after(solve(-self.m, -dot(self.rho, self.b)));
        let constants = after(solve(-self.c[T + 1], -self.c[T + 2] - dot(self.rho, self.d[T + 1])));
        let a_b = self.times_a(self.b);
        let a_d = self.times_a(self.d[T + 1]);
        core::array::from_fn(|lane| Linear {
            coefficients: [
                over_x57[lane],
                over_x56[lane],
                from_u56[lane] + self.b[lane],
                from_u55[lane] + a_b[lane],
            ],
            constant: constants[lane] + a_d[lane] + next[lane + 1],
        })
    }
}
