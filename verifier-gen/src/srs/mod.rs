// SPDX-License-Identifier: MIT OR Apache-2.0
//! Structured reference strings of KZG.

mod development;

pub use development::{SEED, development, tau_g2};
