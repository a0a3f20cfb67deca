// SPDX-License-Identifier: MIT OR Apache-2.0
//! Circuits and proofs of Proof of Efficiency, from one batch to the last plonky2 proof before Ethereum.
//!
//! What is proven is the state transition of `docs/spec/state-transition.md`; the rules the circuits obey are
//! `docs/spec/circuit.md`.

pub mod bn254;
pub mod check;
pub mod config;
pub mod format;
pub mod gadgets;
pub mod gates;
pub mod layers;
pub mod leaf;
pub mod lock;
pub mod pipeline;
pub mod rows;
pub mod security;
pub mod word;
