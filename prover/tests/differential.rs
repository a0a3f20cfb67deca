// SPDX-License-Identifier: MIT OR Apache-2.0
//! The executor and the leaf circuit agree (requirements C1, C2, C3): the tests of the state transition, compiled a
//! second time with an observer that takes every batch they execute through the circuit.

#![allow(
    clippy::duplicate_mod,
    reason = "each of the included files brings its own copy of the small chain"
)]

mod observer;

#[path = "../../rollup/tests/properties.rs"]
mod properties;
#[path = "../../rollup/tests/receipts.rs"]
mod receipts;
