// SPDX-License-Identifier: MIT OR Apache-2.0
//! SHA-256 (FIPS 180-4), two rounds or two words of the message schedule in a row.
//!
//! Words travel between rows as elements on connected wires. Inside a row, a word that is rotated or combined bit by
//! bit is held as 32 signs: bit b is the wire `s = (-1)^b = 1 - 2b`. With signs the exclusive or is a product, and with
//! `W(x) = sum of 2^i x_i` and `m = 2^32 - 1`
//!
//! * a word is `2w = m - W(s)`,
//! * `2(x ^ y ^ z) = m - W(s_x s_y s_z)`; so for the sigma functions, whose operands are rotations of one word,
//! * `2 maj(x, y, z) = x + y + z - (x ^ y ^ z)`, as in a full adder,
//! * `4 ch(x, y, z) = 2(y + z) - W(s_x (s_z - s_y))`, since bit by bit `ch = z + x(y - z)`.
//!
//! # Soundness
//!
//! Each sign is a root of `s^2 - 1`, and `2w = m - W(s)` for the word of it: so w is an integer below 2^32, and its
//! signs are unique, since 2^32 < p. A sum has at most seven addends below 2^32 (a round constant that includes a
//! constant word of the schedule counts for two), and a carry is constrained to as many values as there are addends: both
//! sides of `out + 2^32 carry = total` are integers below 2^36, and with `out` a word there is one solution. (Without
//! a range for the carry there would be one modulo p for every `out`.)
//!
//! A gate does not make its outputs words, nor the addends that it does not need bit by bit. Which row makes which
//! word one is told in [`crate::gadgets::sha256`].

use super::{Algebra, CustomGate, Row};
use crate::config::F;
use core::ops::Range;
use plonky2::field::types::{Field, PrimeField64};

/// 2^32 - 1
const ALL_ONES: u64 = u32::MAX as u64;

/// Words held as signs in a row.
const SIGNED: usize = 4;

/// Round constants: first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4,
/// section 4.2.2).
#[rustfmt::skip]
pub const ROUND_CONSTANTS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// Initial chaining value: the same of the square roots of the first eight primes (FIPS 180-4, section 5.3.3).
pub const INITIAL: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// One of the functions that combine three rotations of a word (FIPS 180-4, section 4.1.2).
#[derive(Clone, Copy, Debug)]
struct Sigma {
    rotations: [usize; 2],
    last: Last,
}

#[derive(Clone, Copy, Debug)]
enum Last {
    Rotation(usize),
    Shift(usize),
}

const BIG_SIGMA_0: Sigma = Sigma::big(2, 13, 22);
const BIG_SIGMA_1: Sigma = Sigma::big(6, 11, 25);
const SMALL_SIGMA_0: Sigma = Sigma::small(7, 18, 3);
const SMALL_SIGMA_1: Sigma = Sigma::small(17, 19, 10);

impl Sigma {
    const fn big(a: usize, b: usize, c: usize) -> Self {
        Self {
            rotations: [a, b],
            last: Last::Rotation(c),
        }
    }

    const fn small(a: usize, b: usize, shift: usize) -> Self {
        Self {
            rotations: [a, b],
            last: Last::Shift(shift),
        }
    }

    /// On a word.
    fn of(self, word: u32) -> u32 {
        let rotated = |by: usize| word.rotate_right(by as u32);
        let last = match self.last {
            Last::Rotation(by) => rotated(by),
            Last::Shift(by) => word >> by,
        };
        rotated(self.rotations[0]) ^ rotated(self.rotations[1]) ^ last
    }

    /// `sum` plus the sign of bit `i`, for a word held as signs.
    fn add_sign<A: Algebra>(self, algebra: &mut A, signs: &[A::Element], i: usize, sum: A::Element) -> A::Element {
        let rotated = |by: usize| signs[(i + by) % 32];
        let [a, b] = self.rotations.map(rotated);
        match self.last {
            Last::Shift(by) if i + by >= 32 => algebra.mul_add(a, b, sum),
            Last::Rotation(by) | Last::Shift(by) => {
                let ab = algebra.mul(a, b);
                algebra.mul_add(ab, rotated(by), sum)
            }
        }
    }
}

/// `ch` on words.
const fn choose(x: u32, y: u32, z: u32) -> u32 {
    (x & y) ^ (!x & z)
}

/// `maj` on words.
const fn majority(x: u32, y: u32, z: u32) -> u32 {
    (x & y) ^ (x & z) ^ (y & z)
}

/// Columns of the signs of the k-th word held as signs.
const fn signs(first: usize, k: usize) -> Range<usize> {
    first + 32 * k..first + 32 * (k + 1)
}

/// Signs from column `first` on are signs, and are those of the words in `columns`.
fn constrain_signs<A: Algebra>(
    algebra: &mut A,
    wires: &[A::Element],
    first: usize,
    columns: [usize; SIGNED],
    emit: &mut impl FnMut(A::Element),
) {
    let minus_one = algebra.constant(F::NEG_ONE.to_canonical_u64());
    let all_ones = algebra.constant(ALL_ONES);
    for &sign in &wires[first..signs(first, SIGNED - 1).end] {
        emit(algebra.mul_add(sign, sign, minus_one));
    }
    for (k, column) in columns.into_iter().enumerate() {
        let weighted = algebra.horner(2, &wires[signs(first, k)]);
        let complement = algebra.sub(weighted, all_ones);
        emit(algebra.add_scaled(2, wires[column], complement));
    }
}

/// `out + 2^32 carry = total`
fn constrain_sum<A: Algebra>(
    algebra: &mut A,
    [out, carry]: [A::Element; 2],
    total: A::Element,
    emit: &mut impl FnMut(A::Element),
) {
    let sum = algebra.add_scaled(1 << 32, carry, out);
    emit(algebra.sub(sum, total));
}

/// Low word and carry of a sum.
fn fill_sum(row: &mut Row<'_>, [out, carry]: [usize; 2], total: F) -> anyhow::Result<u32> {
    let total = total.to_canonical_u64();
    row.set(out, F::from_canonical_u64(total & ALL_ONES))?;
    row.set(carry, F::from_canonical_u64(total >> 32))?;
    Ok(total as u32)
}

fn fill_signs(row: &mut Row<'_>, first: usize, words: [u32; SIGNED]) -> anyhow::Result<()> {
    for (k, word) in words.into_iter().enumerate() {
        for (i, column) in signs(first, k).enumerate() {
            let sign = if (word >> i) & 1 == 1 { F::NEG_ONE } else { F::ONE };
            row.set(column, sign)?;
        }
    }
    Ok(())
}

/// A column as a word; what a lying prover puts above 32 bits does not matter here.
fn word(row: &Row<'_>, column: usize) -> u32 {
    row.get(column).to_canonical_u64() as u32
}

/// Rounds t and t + 1 of the half of the state that ends in `e`.
///
/// `t1 = h + Sigma1(e) + ch(e, f, g) + K_t + W_t` and `new e = d + t1 mod 2^32`; the second round takes the first's
/// `new e` for e, and e, f, g, c for f, g, h, d. Constants of the row: `K_t` and `K_(t+1)`, or `K + W` where the
/// schedule is constant and the wires of W are zero. Makes words of e, f, g and the first `new e`.
#[derive(Clone, Debug, Default)]
pub struct Sha256LowerRounds;

impl Sha256LowerRounds {
    /// Columns of e, f, g, h.
    pub const STATE: [usize; 4] = [0, 1, 2, 3];
    /// Columns of d for the first round (d) and for the second (c).
    pub const UPPER: [usize; 2] = [4, 5];
    /// Columns of `W_t`, `W_(t+1)`.
    pub const SCHEDULE: [usize; 2] = [6, 7];
    /// Columns of t1, not reduced, of both rounds.
    pub const T1: [usize; 2] = [8, 9];
    /// Columns of the new e of both rounds.
    pub const NEW: [usize; 2] = [10, 11];
    const CARRY: [usize; 2] = [12, 13];
    const SIGNS: usize = 14;
    /// `d + t1` has six addends below 2^32.
    const CARRY_BOUND: u64 = 6;
}

impl CustomGate for Sha256LowerRounds {
    const ID: &'static str = "poe/sha256-lower-rounds/1";
    const WIRES: usize = Self::SIGNS + 32 * SIGNED;
    const CONSTANTS: usize = 2;
    const DEGREE: usize = 6;
    const CONSTRAINTS: usize = 33 * SIGNED + 3 * 2;

    fn constrain<A: Algebra>(
        algebra: &mut A,
        constants: &[A::Element],
        wires: &[A::Element],
        emit: &mut impl FnMut(A::Element),
    ) {
        let [e, f, g, h] = Self::STATE;
        let held = [e, f, g, Self::NEW[0]];
        constrain_signs(algebra, wires, Self::SIGNS, held, emit);
        let [e_signs, f_signs, g_signs, new_signs] = [0, 1, 2, 3].map(|k| &wires[signs(Self::SIGNS, k)]);

        let rounds = [
            ([e_signs, f_signs, g_signs], [f, g, h]),
            ([new_signs, e_signs, f_signs], [e, f, g]),
        ];
        for (round, ([x, y, z], [y_column, z_column, h])) in rounds.into_iter().enumerate() {
            // W of 2 (the sign of Sigma1) + (s_x (s_z - s_y)), highest bit first.
            let mut weighted = algebra.constant(0);
            for i in (0..32).rev() {
                weighted = BIG_SIGMA_1.add_sign(algebra, x, i, weighted);
                let difference = algebra.sub(z[i], y[i]);
                let chosen = algebra.mul(x[i], difference);
                weighted = algebra.add_scaled(2, weighted, chosen);
            }
            // 4 (h + K + W - t1) + 2 (y + z + m) = that sum
            let t1 = wires[Self::T1[round]];
            let addends = algebra.add(wires[h], constants[round]);
            let addends = algebra.add(addends, wires[Self::SCHEDULE[round]]);
            let rest = algebra.sub(addends, t1);
            let all_ones = algebra.constant(ALL_ONES);
            let halves = algebra.add(wires[y_column], wires[z_column]);
            let halves = algebra.add(halves, all_ones);
            let halves = algebra.add_scaled(2, rest, halves);
            let twice = algebra.add(halves, halves);
            emit(algebra.sub(twice, weighted));

            let carry = wires[Self::CARRY[round]];
            let total = algebra.add(wires[Self::UPPER[round]], t1);
            constrain_sum(algebra, [wires[Self::NEW[round]], carry], total, emit);
            emit(algebra.below(carry, Self::CARRY_BOUND));
        }
    }

    fn inputs() -> Vec<usize> {
        (0..Self::T1[0]).collect()
    }

    fn fill(row: &mut Row<'_>) -> anyhow::Result<()> {
        let [mut x, mut y, mut z, _] = Self::STATE.map(|column| word(row, column));
        let [e, f, g] = [x, y, z];
        let h_columns = [Self::STATE[3], Self::STATE[2]];
        for (round, h) in h_columns.into_iter().enumerate() {
            let mixed = u64::from(BIG_SIGMA_1.of(x)) + u64::from(choose(x, y, z));
            let t1 = row.get(h) + row.get(Self::SCHEDULE[round]) + row.constant(round) + F::from_canonical_u64(mixed);
            row.set(Self::T1[round], t1)?;
            let total = t1 + row.get(Self::UPPER[round]);
            let new = fill_sum(row, [Self::NEW[round], Self::CARRY[round]], total)?;
            if round == 0 {
                fill_signs(row, Self::SIGNS, [e, f, g, new])?;
            }
            (x, y, z) = (new, x, y);
        }
        Ok(())
    }
}

/// Rounds t and t + 1 of the half of the state that starts with `a`.
///
/// `new a = t1 + Sigma0(a) + maj(a, b, c) mod 2^32`, with `t1` of [`Sha256LowerRounds`]; the second round takes the
/// first's `new a` for a, and a, b for b, c. Makes words of a, b, c and the first `new a`.
#[derive(Clone, Debug, Default)]
pub struct Sha256UpperRounds;

impl Sha256UpperRounds {
    /// Columns of a, b, c.
    pub const STATE: [usize; 3] = [0, 1, 2];
    /// Columns of t1 of both rounds.
    pub const T1: [usize; 2] = [3, 4];
    /// Columns of the new a of both rounds.
    pub const NEW: [usize; 2] = [5, 6];
    const CARRY: [usize; 2] = [7, 8];
    const SIGNS: usize = 9;
    /// t1 has five addends below 2^32, `Sigma0` and `maj` make seven.
    const CARRY_BOUND: u64 = 7;
}

impl CustomGate for Sha256UpperRounds {
    const ID: &'static str = "poe/sha256-upper-rounds/1";
    const WIRES: usize = Self::SIGNS + 32 * SIGNED;
    const CONSTANTS: usize = 0;
    const DEGREE: usize = 7;
    const CONSTRAINTS: usize = 33 * SIGNED + 2 * 2;

    fn constrain<A: Algebra>(
        algebra: &mut A,
        _constants: &[A::Element],
        wires: &[A::Element],
        emit: &mut impl FnMut(A::Element),
    ) {
        let [a, b, c] = Self::STATE;
        let held = [a, b, c, Self::NEW[0]];
        constrain_signs(algebra, wires, Self::SIGNS, held, emit);
        let [a_signs, b_signs, c_signs, new_signs] = [0, 1, 2, 3].map(|k| &wires[signs(Self::SIGNS, k)]);

        // Both rounds take the majority of a, b and a third word; minus the product of the signs of a and b is shared.
        let zero = algebra.constant(0);
        let minus_ab: [A::Element; 32] = core::array::from_fn(|i| {
            let product = algebra.mul(a_signs[i], b_signs[i]);
            algebra.sub(zero, product)
        });

        let rounds = [(a_signs, c_signs, c), (new_signs, new_signs, Self::NEW[0])];
        for (round, (first, third, third_column)) in rounds.into_iter().enumerate() {
            // W of 2 (the sign of Sigma0) - (the product of three signs), highest bit first.
            let mut weighted = zero;
            for i in (0..32).rev() {
                weighted = BIG_SIGMA_0.add_sign(algebra, first, i, weighted);
                let doubled = algebra.add(weighted, weighted);
                weighted = algebra.mul_add(minus_ab[i], third[i], doubled);
            }
            // 4 (t1 - new - 2^32 carry) + 2 (a + b + third) + m = that sum
            let carry = wires[Self::CARRY[round]];
            let sum = algebra.add_scaled(1 << 32, carry, wires[Self::NEW[round]]);
            let rest = algebra.sub(wires[Self::T1[round]], sum);
            let operands = algebra.add(wires[a], wires[b]);
            let operands = algebra.add(operands, wires[third_column]);
            let halves = algebra.add_scaled(2, rest, operands);
            let all_ones = algebra.constant(ALL_ONES);
            let all = algebra.add_scaled(2, halves, all_ones);
            emit(algebra.sub(all, weighted));
            emit(algebra.below(carry, Self::CARRY_BOUND));
        }
    }

    fn inputs() -> Vec<usize> {
        (0..Self::NEW[0]).collect()
    }

    fn fill(row: &mut Row<'_>) -> anyhow::Result<()> {
        let [mut x, mut y, mut z] = Self::STATE.map(|column| word(row, column));
        let [a, b, c] = [x, y, z];
        for round in 0..2 {
            let mixed = u64::from(BIG_SIGMA_0.of(x)) + u64::from(majority(x, y, z));
            let total = row.get(Self::T1[round]) + F::from_canonical_u64(mixed);
            let new = fill_sum(row, [Self::NEW[round], Self::CARRY[round]], total)?;
            if round == 0 {
                fill_signs(row, Self::SIGNS, [a, b, c, new])?;
            }
            (x, y, z) = (new, x, y);
        }
        Ok(())
    }
}

/// Words t and t + 1 of the message schedule.
///
/// `W_t = sigma1(W_(t-2)) + W_(t-7) + sigma0(W_(t-15)) + W_(t-16) mod 2^32`. Makes words of `W_(t-15)`, `W_(t-14)`,
/// `W_(t-2)` and `W_(t-1)`.
#[derive(Clone, Debug, Default)]
pub struct Sha256Schedule;

impl Sha256Schedule {
    /// How far before t the words in columns 0 to 6 are.
    pub const BACK: [usize; 7] = [16, 15, 14, 7, 6, 2, 1];
    /// Columns of `W_t` and `W_(t+1)`.
    pub const NEW: [usize; 2] = [7, 8];
    const CARRY: [usize; 2] = [9, 10];
    const SIGNS: usize = 11;
    /// Columns of the words held as signs: two for `sigma0`, two for `sigma1`.
    const HELD: [usize; SIGNED] = [1, 2, 5, 6];
    /// Columns of the plain addends of both words.
    const ADDENDS: [[usize; 2]; 2] = [[0, 3], [1, 4]];
    /// Four addends below 2^32.
    const CARRY_BOUND: u64 = 4;
}

impl CustomGate for Sha256Schedule {
    const ID: &'static str = "poe/sha256-schedule/1";
    const WIRES: usize = Self::SIGNS + 32 * SIGNED;
    const CONSTANTS: usize = 0;
    const DEGREE: usize = 4;
    const CONSTRAINTS: usize = 33 * SIGNED + 2 * 2;

    fn constrain<A: Algebra>(
        algebra: &mut A,
        _constants: &[A::Element],
        wires: &[A::Element],
        emit: &mut impl FnMut(A::Element),
    ) {
        constrain_signs(algebra, wires, Self::SIGNS, Self::HELD, emit);
        for new in 0..2 {
            let early = &wires[signs(Self::SIGNS, new)];
            let late = &wires[signs(Self::SIGNS, 2 + new)];
            let mut weighted = algebra.constant(0);
            for i in (0..32).rev() {
                weighted = algebra.add(weighted, weighted);
                weighted = SMALL_SIGMA_0.add_sign(algebra, early, i, weighted);
                weighted = SMALL_SIGMA_1.add_sign(algebra, late, i, weighted);
            }
            // 2 (W + W - new - 2^32 carry + m) = that sum
            let carry = wires[Self::CARRY[new]];
            let [first, second] = Self::ADDENDS[new].map(|column| wires[column]);
            let sum = algebra.add_scaled(1 << 32, carry, wires[Self::NEW[new]]);
            let all_ones = algebra.constant(ALL_ONES);
            let addends = algebra.add(first, second);
            let addends = algebra.add(addends, all_ones);
            let rest = algebra.sub(addends, sum);
            let twice = algebra.add(rest, rest);
            emit(algebra.sub(twice, weighted));
            emit(algebra.below(carry, Self::CARRY_BOUND));
        }
    }

    fn inputs() -> Vec<usize> {
        (0..Self::NEW[0]).collect()
    }

    fn fill(row: &mut Row<'_>) -> anyhow::Result<()> {
        let held = Self::HELD.map(|column| word(row, column));
        fill_signs(row, Self::SIGNS, held)?;
        for new in 0..2 {
            let mixed = u64::from(SMALL_SIGMA_0.of(held[new])) + u64::from(SMALL_SIGMA_1.of(held[2 + new]));
            let [first, second] = Self::ADDENDS[new].map(|column| row.get(column));
            let total = first + second + F::from_canonical_u64(mixed);
            fill_sum(row, [Self::NEW[new], Self::CARRY[new]], total)?;
        }
        Ok(())
    }
}

/// The schedule of a block that is known when the circuit is built.
pub fn constant_schedule(block: &[u32; 16]) -> [u32; 64] {
    let mut words = [0; 64];
    words[..16].copy_from_slice(block);
    for t in 16..64 {
        words[t] = SMALL_SIGMA_1
            .of(words[t - 2])
            .wrapping_add(words[t - 7])
            .wrapping_add(SMALL_SIGMA_0.of(words[t - 15]))
            .wrapping_add(words[t - 16]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::Native;
    use crate::gates::testing::check_gate;
    use plonky2::field::types::Sample;

    // REQ C5
    #[test]
    fn the_gates_are_what_they_say() {
        check_gate::<Sha256LowerRounds>();
        check_gate::<Sha256UpperRounds>();
        check_gate::<Sha256Schedule>();
    }

    /// The first constraints say that signs are signs: `s^2 - 1` for each, whatever the wires.
    fn check_signs<G: CustomGate>(first: usize) {
        let (constants, wires) = (F::rand_vec(G::CONSTANTS), F::rand_vec(G::WIRES));
        let mut emitted = Vec::new();
        G::constrain(&mut Native::<F>::new(), &constants, &wires, &mut |c| emitted.push(c));
        assert_eq!(wires.len() - first, 32 * SIGNED);
        for (&sign, constraint) in wires[first..].iter().zip(emitted) {
            assert_eq!(constraint, sign * sign - F::ONE);
        }
    }

    #[test]
    fn every_sign_is_constrained_to_be_one() {
        check_signs::<Sha256LowerRounds>(Sha256LowerRounds::SIGNS);
        check_signs::<Sha256UpperRounds>(Sha256UpperRounds::SIGNS);
        check_signs::<Sha256Schedule>(Sha256Schedule::SIGNS);
    }

    /// First 32 bits of the fractional part of the root of `prime`, of order 2 or 3, by bisection over the integers.
    fn fraction_of_root(prime: u128, order: u32) -> u32 {
        let (mut low, mut high) = (0u128, 1 << 37);
        // The greatest x with x^order <= prime * 2^(32 * order) is the root, times 2^32 and rounded down.
        while high - low > 1 {
            let middle = (low + high) / 2;
            let (power, limit) = match order {
                2 => (middle * middle, prime << 64),
                _ => (middle * middle * middle, prime << 96),
            };
            if power <= limit { low = middle } else { high = middle }
        }
        low as u32
    }

    // REQ C6
    #[test]
    fn the_constants_are_the_standards_roots_of_primes() {
        let primes = (2u128..).filter(|n| (2..*n).all(|d| n % d != 0));
        for (prime, constant) in primes.clone().zip(ROUND_CONSTANTS) {
            assert_eq!(fraction_of_root(prime, 3), constant, "cube root of {prime}");
        }
        for (prime, constant) in primes.zip(INITIAL) {
            assert_eq!(fraction_of_root(prime, 2), constant, "square root of {prime}");
        }
    }
}
