// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the circuits are put together from.

mod hint;
pub mod range;
pub mod sha256;
#[cfg(test)]
mod testing;
pub mod word;
