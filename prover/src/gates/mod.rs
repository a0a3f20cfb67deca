// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gates of our own. Each states its constraints once, over an abstract [`Algebra`]; [`Custom`] derives from that
//! statement what plonky2 asks for: evaluation in the extension, in the packed base field and inside a circuit.

mod algebra;
mod custom;
pub mod sha256;
#[cfg(test)]
pub(crate) mod testing;
pub mod word;

pub use algebra::{Algebra, InCircuit, Native};
pub use custom::{Custom, CustomGate, Row};
