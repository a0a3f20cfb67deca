// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long to hunt for wires that constraints leave to the prover.

/// `POE_HUNT_ROUNDS`: how many times the normal number of rows of each gate, and of pairs of wires of each circuit, are
/// searched. 1 unless set; from 10 on holes are planted, and the leaf of the reference capacity is searched too.
pub(crate) fn rounds() -> usize {
    let named = std::env::var("POE_HUNT_ROUNDS").ok();
    named.map_or(1, |n| n.parse().expect("POE_HUNT_ROUNDS is a number of rounds"))
}

/// Rows of each gate.
pub(crate) fn rows() -> usize {
    12 * rounds()
}

/// Holes of each kind that are planted in a circuit, to see that the search notices.
pub(crate) fn planted() -> usize {
    usize::from(rounds() >= 10) * 2
}
