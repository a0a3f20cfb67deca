// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plonky2 configuration whose hash and transcript live in the scalar field of BN254 (CIR-18), so that a circuit over
//! that field verifies the last proof cheaply.

mod grain;
mod hasher;
pub mod poseidon;
mod transcript;

pub use hasher::{Bn254Digest, Bn254Hash, ELEMENTS_PER_LANE, LEAF_TAG, NonCanonicalFr, RATE};
pub use transcript::{TRANSCRIPT_TAG, Transcript};

use crate::config::{D, Extension, F};
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::plonk::config::GenericConfig;

/// The proof system of the last plonky2 layer. Public inputs are still hashed over Goldilocks, inside the circuit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bn254Config;

impl GenericConfig<D> for Bn254Config {
    type F = F;
    type FE = Extension;
    type Hasher = Bn254Hash;
    type InnerHasher = PoseidonHash;
}
