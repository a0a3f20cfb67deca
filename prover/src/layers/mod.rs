// SPDX-License-Identifier: MIT OR Apache-2.0
//! The circuits above the leaf.

pub mod public_inputs;
