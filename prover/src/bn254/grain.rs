// SPDX-License-Identifier: MIT OR Apache-2.0
//! Constants of Poseidon from the Grain LFSR, as appendix F of the Poseidon paper (ePrint 2019/458) fixes them.

use super::poseidon::{FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH};
use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, Field, PrimeField};

/// Bits of the modulus, and of a sample.
const FIELD_BITS: usize = 254;

/// Bits of the register.
const STATE_BITS: usize = 80;

/// Bits thrown away before the first is used.
const WARM_UP: usize = 160;

/// An 80-bit LFSR in self-shrinking mode.
struct Grain {
    /// The oldest bit first.
    state: [bool; STATE_BITS],
}

impl Grain {
    /// The register starts as a description of the permutation: prime field, S-box x^alpha, field bits, width, rounds.
    fn new() -> Self {
        let fields: [(usize, usize); 6] = [
            (2, 1),
            (4, 0),
            (12, FIELD_BITS),
            (12, WIDTH),
            (10, FULL_ROUNDS),
            (10, PARTIAL_ROUNDS),
        ];
        let mut state = [true; STATE_BITS];
        let described = fields
            .into_iter()
            .flat_map(|(bits, value)| (0..bits).rev().map(move |bit| value >> bit & 1 == 1));
        for (slot, bit) in state.iter_mut().zip(described) {
            *slot = bit;
        }
        let mut grain = Self { state };
        for _ in 0..WARM_UP {
            grain.shift();
        }
        grain
    }

    fn shift(&mut self) -> bool {
        let bit = [62, 51, 38, 23, 13, 0]
            .into_iter()
            .fold(false, |sum, i| sum ^ self.state[i]);
        self.state.rotate_left(1);
        self.state[STATE_BITS - 1] = bit;
        bit
    }

    /// Of each pair of bits, the second is used if the first is one.
    fn bit(&mut self) -> bool {
        while !self.shift() {
            self.shift();
        }
        self.shift()
    }

    /// An integer of as many bits as the modulus, most significant first.
    fn integer(&mut self) -> BigInt<4> {
        let bits: Vec<bool> = (0..FIELD_BITS).map(|_| self.bit()).collect();
        BigInt::from_bits_be(&bits)
    }

    /// Uniform, by rejection.
    fn element(&mut self) -> Fr {
        loop {
            if let Some(element) = Fr::from_bigint(self.integer()) {
                return element;
            }
        }
    }

    /// Nearly uniform: what the reference takes for the matrix.
    fn reduced(&mut self) -> Fr {
        Fr::from_le_bytes_mod_order(&self.integer().to_bytes_le())
    }
}

/// Round constants and the Cauchy matrix `1 / (x_i + y_j)`.
pub(super) struct Constants {
    pub(super) rounds: [[Fr; WIDTH]; FULL_ROUNDS + PARTIAL_ROUNDS],
    pub(super) mds: [[Fr; WIDTH]; WIDTH],
}

impl Constants {
    pub(super) fn generate() -> Self {
        let mut grain = Grain::new();
        let rounds = core::array::from_fn(|_| core::array::from_fn(|_| grain.element()));
        let x: [Fr; WIDTH] = core::array::from_fn(|_| grain.reduced());
        let y: [Fr; WIDTH] = core::array::from_fn(|_| grain.reduced());
        let mds = x.map(|x| y.map(|y| (x + y).inverse().expect("x_i + y_j is not zero for these parameters")));
        Self { rounds, mds }
    }
}
