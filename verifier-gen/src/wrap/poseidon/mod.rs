// SPDX-License-Identifier: MIT OR Apache-2.0
//! Poseidon over BN254 in 168 cells of one column (rule 20 of the circuit rules; halo2-base's takes 2,256).

mod algebra;
mod config;
mod trace;

pub(crate) use config::PoseidonConfig;
pub(super) use trace::{CELLS, input, output};
#[cfg(test)]
pub(super) use trace::{rows, trace};
