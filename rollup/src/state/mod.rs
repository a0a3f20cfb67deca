// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state: accounts, the Merkle tree over them, and what a store must offer to keep it.

mod account;
mod history;
mod store;
mod tree;

pub use account::{Account, AccountDecodeError};
pub use history::{CommitError, History, RollbackError};
pub use store::{Change, ChangeSet, Head, MemoryStore, NodeKey, StateReader, StateWriter};
pub use tree::{AccountProof, DEPTH, Path, StateView, empty_subtree, prove, root_from_path};
