// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the circuits are put together from.

pub mod curve;
mod hint;
#[cfg(test)]
mod lies;
pub mod range;
pub mod schnorr;
pub mod sha256;
#[cfg(test)]
pub(crate) mod testing;
pub mod word;
