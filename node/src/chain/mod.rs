// SPDX-License-Identifier: MIT OR Apache-2.0
//! The protocol as seen from L1 data alone: what a block's events mean for the record of the chain.
//!
//! Events come in as [`L1Block`]s, effects go out to a [`Draft`](crate::store::Draft). There is no I/O of its own here.

mod apply;
mod events;
mod records;

pub use apply::{ApplyError, Protocol};
pub use events::{BlockId, EventKind, L1Block, L1Event, Sequenced, Verified};
pub use records::{
    AnnouncementRecord, BatchRecord, BlockRecord, ChainRecord, CheckpointRecord, Computed, ExitLinkRecord, HaltRecord,
    MessageRecord, ReceiptRecord, SequenceRecord, Status, VersionRecord,
};
