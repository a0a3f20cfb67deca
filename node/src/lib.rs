// SPDX-License-Identifier: MIT OR Apache-2.0
//! The node of Proof of Efficiency as a library; the command `poe` is made of it.

pub mod proving;
