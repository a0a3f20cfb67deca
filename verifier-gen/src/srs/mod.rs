// SPDX-License-Identifier: MIT OR Apache-2.0
//! Structured reference strings of KZG: `[tau^i]_1` and `[tau]_2` for a tau that nobody should know.

mod check;
mod development;
mod file;
mod import;
mod points;
mod ptau;
mod raw;
mod standing;

pub use check::{CheckError, check};
pub use development::{SEED, development, tau_g2};
pub use file::{FileError, cached, read, truncate, write};
pub use import::ImportError;
pub use ptau::import_ptau;
pub use raw::{import_challenge, import_compressed};
pub use standing::{Standing, standing};

/// log2 of the most rows a setup is for: the 2-adicity of BN254's scalar field, beyond which there is no domain.
const MAX_K: u32 = 28;
