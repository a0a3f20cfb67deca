// SPDX-License-Identifier: MIT OR Apache-2.0
//! Typed access to the contracts of Proof of Efficiency, for projects that still use ethers-contract.
