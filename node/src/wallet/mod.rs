// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a user does: keys, transfers, exits.

mod claim;
mod keys;
mod owed;
mod transfer;

pub use claim::{Claim, ClaimError, Walk, credited, plan_claim, unclaimed};
pub use keys::{KeyStoreError, read_key_file, require_private, write_new_key_file};
pub use owed::{Leaving, Owed, OwedFor, closing, owed_to};
pub use transfer::{TransferError, TransferRequest, accounts_of, send_to_sequencer, sign_transfer};
