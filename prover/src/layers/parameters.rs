// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters of the proof system, layer by layer, as decided from the table of [`crate::security`].

use crate::config::wide_config;
use plonky2::fri::FriConfig;
use plonky2::fri::reduction_strategies::FriReductionStrategy;
use plonky2::plonk::circuit_data::CircuitConfig;

/// Bits of grinding in every layer. Two more than plonky2's standard: what 28 queries lose when the conjecture on
/// proximity gaps stops at the list-decoding capacity is less than two bits.
pub const PROOF_OF_WORK_BITS: u32 = 18;

/// log2 of the arity of FRI's folding.
const ARITY_BITS: usize = 4;

/// log2 of the length up to which a polynomial is folded.
const FINAL_POLYNOMIAL_BITS: usize = 5;

/// FRI at rate `2^-rate_bits`, 16-ary, with Merkle caps of height 4.
pub fn fri(rate_bits: usize, queries: usize) -> FriConfig {
    FriConfig {
        rate_bits,
        cap_height: 4,
        proof_of_work_bits: PROOF_OF_WORK_BITS,
        reduction_strategy: FriReductionStrategy::ConstantArityBits(ARITY_BITS, FINAL_POLYNOMIAL_BITS),
        num_query_rounds: queries,
    }
}

/// Repetitions of every challenge that comes from the base field. Two, plonky2's standard, leave the wiring argument
/// below 90 bits at the sizes used here.
const CHALLENGES: usize = 3;

/// The leaf: gates of our own on wide rows. Leaves are most of the work, so their codewords are short.
pub fn leaf() -> CircuitConfig {
    CircuitConfig {
        num_challenges: CHALLENGES,
        fri_config: fri(3, 28),
        ..wide_config()
    }
}

/// Wrap and node. At rate 1/8 two proofs take 8,223 rows; at 1/16, with 21 queries each, they fit 2^13.
pub fn recursion() -> CircuitConfig {
    CircuitConfig {
        num_challenges: CHALLENGES,
        fri_config: fri(4, 21),
        ..CircuitConfig::standard_recursion_config()
    }
}

/// Bind: SHA-256 gates on wide rows, at a rate that leaves the last layer few queries to verify.
pub fn bind() -> CircuitConfig {
    CircuitConfig {
        num_challenges: CHALLENGES,
        fri_config: fri(4, 21),
        ..wide_config()
    }
}

/// The last layer: every query is paid for in the KZG circuit.
pub fn last() -> CircuitConfig {
    CircuitConfig {
        num_challenges: CHALLENGES,
        fri_config: fri(4, 21),
        ..CircuitConfig::standard_recursion_config()
    }
}
