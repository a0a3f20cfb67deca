// SPDX-License-Identifier: MIT OR Apache-2.0
//! The circuit that verifies the last plonky2 proof (rules 20 to 23 of the circuit rules).

mod arithmetic;
mod builder;
mod cached;
mod circuit;
mod digest;
mod extension;
mod file;
mod fri;
mod gates;
mod goldilocks;
mod index;
mod key;
mod plonk;
mod poseidon;
mod proof;
mod prover;
mod sponge;
#[cfg(test)]
mod tests;
mod verify;

pub use builder::{Builder, LOOKUP_BITS, Section, Stage};
pub use cached::code_digest;
pub use circuit::{Config, DEGREE, Shape, WrapCircuit};
pub use file::WrapFormatError;
pub use gates::UnknownGate;
pub use key::{InnerCircuit, Key, Unsupported};
pub use proof::InnerProof;
pub use prover::{Wrap, WrapError, WrapProof};

/// Cells of one permutation of Poseidon.
pub const PERMUTATION_CELLS: usize = poseidon::CELLS;
