// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the last plonky2 proof to Ethereum: the KZG circuit, its trusted setup and a readable Solidity verifier.
#![deny(missing_docs)]

pub mod kzg;
pub mod manifest;
pub mod solidity;
pub mod srs;
pub mod wrap;
