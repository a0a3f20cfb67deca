// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layers above the leaf: wrap, node, bind, final.
//!
//! ```text
//! leaf ─ wrap ─┐
//! leaf ─ wrap ─┴ node ─┐
//! leaf ─ wrap ─────────┴ node ─ bind ─ final ─ (KZG)
//! ```
//!
//! Each is generic in the leaf: any circuit with the 48 public inputs of CIR-1. Proofs are checked natively, shape
//! first, before a layer spends work on them.

pub mod bind;
#[cfg(test)]
mod end_to_end;
pub mod error;
pub mod final_layer;
pub mod key;
pub mod node;
pub mod parameters;
pub mod public_inputs;
pub mod range;
pub mod shape;
#[cfg(test)]
mod tests;
pub mod wrap;

pub use bind::{Bind, BoundProof};
pub use error::{BuildError, Layer, LayerError};
pub use final_layer::{Final, FinalProof};
pub use node::Node;
pub use public_inputs::{Boundary, CarriedInputs, RangeInputs};
pub use range::{Kind, RangeProof};
pub use wrap::Wrap;
