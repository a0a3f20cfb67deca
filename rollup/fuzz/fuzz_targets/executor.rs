// SPDX-License-Identifier: MIT OR Apache-2.0
//! libFuzzer's entry to the property of the same name, which the tests of the crate run as well.

#![no_main]

#[path = "../properties/executor.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::holds(data));
