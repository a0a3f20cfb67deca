// SPDX-License-Identifier: MIT OR Apache-2.0
//! Structured reference strings of KZG: `[tau^i]_1` and `[tau]_2` for a tau that nobody should know.

mod check;
mod development;
mod file;
mod ptau;
mod standing;

pub use check::{CheckError, check};
pub use development::{SEED, development, tau_g2};
pub use file::{FileError, cached, read, truncate, write};
pub use ptau::{PtauError, import_ptau};
pub use standing::{Standing, standing};
