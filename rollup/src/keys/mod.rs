// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where signing keys come from and how they rest: encrypted files, and derivation from an Ethereum wallet.

mod file;
mod wallet;

pub use file::{KeyFile, KeyFileError, ScryptCost};
pub use wallet::{DerivationError, DerivationRequest, WalletSignature};
