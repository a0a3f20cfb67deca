// SPDX-License-Identifier: MIT OR Apache-2.0
//! `verifier-gen --help`.

fn main() {}
