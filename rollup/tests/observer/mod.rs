// SPDX-License-Identifier: MIT OR Apache-2.0
//! What else is done with every batch that the tests execute: nothing here. The prover compiles the same tests with an
//! observer that proves the batch at witness level.

use poe_rollup::executor::{BatchWitness, Outcome};

/// Sees every batch that [`crate::common::World::try_batch`] executes.
#[allow(
    dead_code,
    reason = "where the tests are compiled a second time, another observer is at the root"
)]
pub(crate) fn observe(_witness: &BatchWitness, _outcome: &Outcome) {}
