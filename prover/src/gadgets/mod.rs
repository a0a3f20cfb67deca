// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parts that circuits are put together from.

pub mod curve;
pub mod schnorr;
#[cfg(test)]
pub(crate) mod testing;
