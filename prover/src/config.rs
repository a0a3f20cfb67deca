// SPDX-License-Identifier: MIT OR Apache-2.0
//! The field, the proof system and the shapes of rows that all circuits share.

use plonky2::field::extension::Extendable;
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::plonk::circuit_builder::CircuitBuilder;
use plonky2::plonk::circuit_data::{CircuitConfig, CircuitData};
use plonky2::plonk::config::PoseidonGoldilocksConfig;
use plonky2::plonk::proof::ProofWithPublicInputs;

/// Goldilocks, p = 2^64 - 2^32 + 1.
pub type F = GoldilocksField;

/// Degree of the extension that challenges are drawn from.
pub const D: usize = 2;

/// That extension, GF(p^2).
pub type Extension = <F as Extendable<D>>::Extension;

/// Hash and transcript of every layer but the last: Poseidon over Goldilocks.
pub type C = PoseidonGoldilocksConfig;

/// A circuit being built.
pub type Builder = CircuitBuilder<F, D>;

/// A circuit whose proofs use [`C`].
pub type Circuit = CircuitData<F, C, D>;

/// A proof of such a circuit.
pub type Proof = ProofWithPublicInputs<F, C, D>;

/// Wires of a row in circuits with own gates: what the widest of them needs.
pub const WIDE_ROW_WIRES: usize = 144;

/// Circuits with own gates: the standard parameters on wider rows.
pub fn wide_config() -> CircuitConfig {
    CircuitConfig {
        num_wires: WIDE_ROW_WIRES,
        ..CircuitConfig::standard_recursion_config()
    }
}
