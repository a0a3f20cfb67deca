// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::chain::{ApplyError, Computed};
use crate::l1::L1Error;
use crate::store::StoreError;

/// Why following L1 stops.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// L1 cannot be read.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A block cannot be applied.
    #[error("block {block}: {source}")]
    Apply {
        /// The block.
        block: u64,
        /// Why.
        source: ApplyError,
    },
    /// L1 took back blocks it had called final.
    #[error(
        "L1 has another chain from before block {oldest}, the last one taken for final, on; \
         if that is right, remove chain.redb from the data directory and sync again"
    )]
    TooDeep {
        /// The oldest block whose hash is kept.
        oldest: u64,
    },
    /// L1 went on changing.
    #[error("L1 was reorganised {attempts} times while it was read; try again")]
    Unstable {
        /// How often reading was started again.
        attempts: u32,
    },
    /// The contract says something else about itself than its events do.
    #[error(
        "at block {block} the contract has {what} {claimed}, its events lead to {computed}: \
         the L1 provider left events out; remove chain.redb from the data directory and sync from another provider"
    )]
    Incomplete {
        /// The block.
        block: u64,
        /// What differs.
        what: &'static str,
        /// What the contract says.
        claimed: String,
        /// What the store has.
        computed: String,
    },
    /// A proof was accepted of something that is not so.
    #[error(
        "PROVEN STATE IS WRONG. Checkpoint {checkpoint} was proven by route {route} to have state root 0x{} and exit accumulator 0x{}, \
         but its batches lead to state root 0x{} and exit accumulator 0x{}. Either the verifier on L1 is unsound, or this program \
         departs from the specification. Do not sequence, prove or withdraw on the strength of this checkpoint; if the verifier is \
         unsound, a proof of the true result halts the chain (poe watch).",
        hex::encode(proven.state_root), hex::encode(proven.exit_acc), hex::encode(computed.state_root), hex::encode(computed.exit_acc)
    )]
    ProvenStateDiffers {
        /// Number of the checkpoint.
        checkpoint: u64,
        /// The route that verified the proof.
        route: u32,
        /// What was proven.
        proven: Box<Computed>,
        /// What the batches lead to.
        computed: Box<Computed>,
    },
}

impl SyncError {
    /// Whether it may be that the provider had not indexed all events yet.
    pub(super) const fn is_of_missing_events(&self) -> bool {
        matches!(self, Self::Apply { .. } | Self::Incomplete { .. })
    }

    /// Whether L1 accepted a proof of something that is not so. Everything up to the newest block is applied then.
    pub const fn is_dispute(&self) -> bool {
        matches!(self, Self::ProvenStateDiffers { .. })
    }

    /// Whether trying again later may help.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::L1(error) => error.is_transient(),
            Self::Unstable { .. } => true,
            _ => false,
        }
    }
}
