// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the executor reads, what it changes, and a store in memory.

use super::Account;
use super::tree::empty_subtree;
use crate::formats::{Address, Bytes32, genesis_acc, words_of};
use crate::poseidon::{self, Digest};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

/// Where the chain stands after a batch: all a proof says something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Head {
    /// Root of the account tree.
    pub accounts_root: Digest,
    /// Accumulator of the L1 messages consumed.
    pub message_acc: Bytes32,
    /// Accumulator of the batches applied.
    pub acc: Bytes32,
    /// Accumulator of the exits.
    pub exit_acc: Bytes32,
}

impl Head {
    /// The head before the first batch of a deployment.
    pub fn genesis(chain_id: u64, contract: &Address) -> Self {
        let empty = Self {
            accounts_root: empty_subtree(super::DEPTH),
            message_acc: [0; 32],
            acc: [0; 32],
            exit_acc: [0; 32],
        };
        Self {
            acc: genesis_acc(chain_id, contract, &empty.state_root()),
            ..empty
        }
    }

    /// `stateRoot` (ST-4).
    pub fn state_root(&self) -> Digest {
        let mut input = [0; 12];
        input[..4].copy_from_slice(&self.accounts_root.elements());
        input[4..].copy_from_slice(&words_of(&self.message_acc));
        poseidon::hash(&input)
    }
}

/// A node of the tree: its height (0 = leaves, 32 = root) and its position from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeKey {
    /// Height above the leaves.
    pub height: u8,
    /// Position among the nodes of this height: the account index shifted right by `height`.
    pub position: u32,
}

impl NodeKey {
    /// The ancestor of an account at `height`.
    pub fn ancestor(index: u32, height: u8) -> Self {
        Self {
            height,
            position: index.checked_shr(height.into()).unwrap_or(0),
        }
    }

    /// The node that shares this one's parent.
    #[must_use]
    pub fn sibling(self) -> Self {
        Self {
            position: self.position ^ 1,
            ..self
        }
    }
}

/// A value before and after; `None` where the store holds nothing, which stands for the empty account or subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// The value before.
    pub before: Option<T>,
    /// The value after.
    pub after: Option<T>,
}

/// Everything a batch changed, both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// The head before.
    pub old: Head,
    /// The head after.
    pub new: Head,
    /// Accounts by index.
    pub accounts: BTreeMap<u32, Change<Account>>,
    /// Nodes of the tree, leaves included.
    pub nodes: BTreeMap<NodeKey, Change<Digest>>,
}

impl ChangeSet {
    /// The change that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> Self {
        fn swap<K: Ord + Copy, T: Copy>(map: &BTreeMap<K, Change<T>>) -> BTreeMap<K, Change<T>> {
            map.iter()
                .map(|(&k, c)| {
                    (
                        k,
                        Change {
                            before: c.after,
                            after: c.before,
                        },
                    )
                })
                .collect()
        }
        Self {
            old: self.new,
            new: self.old,
            accounts: swap(&self.accounts),
            nodes: swap(&self.nodes),
        }
    }
}

/// A state that can be read.
pub trait StateReader {
    /// Why reading or writing can fail.
    type Error;

    /// The head of the state held.
    fn head(&self) -> Result<Head, Self::Error>;

    /// An account; `None` if it is [`Account::EMPTY`].
    fn account(&self, index: u32) -> Result<Option<Account>, Self::Error>;

    /// A node; `None` if its subtree is empty.
    fn node(&self, key: NodeKey) -> Result<Option<Digest>, Self::Error>;
}

/// A state that can be changed.
pub trait StateWriter: StateReader {
    /// Makes a change, all of it or nothing. `changes.old` is the head of the state held: the caller sees to it.
    fn apply(&mut self, changes: &ChangeSet) -> Result<(), Self::Error>;
}

/// A state in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryStore {
    head: Head,
    accounts: HashMap<u32, Account>,
    nodes: HashMap<NodeKey, Digest>,
}

impl MemoryStore {
    /// The state before the first batch.
    pub fn new(genesis: Head) -> Self {
        Self {
            head: genesis,
            accounts: HashMap::new(),
            nodes: HashMap::new(),
        }
    }

    /// All accounts that are not empty.
    pub fn accounts(&self) -> impl Iterator<Item = (u32, &Account)> {
        self.accounts.iter().map(|(&index, account)| (index, account))
    }
}

impl StateReader for MemoryStore {
    type Error = Infallible;

    fn head(&self) -> Result<Head, Infallible> {
        Ok(self.head)
    }

    fn account(&self, index: u32) -> Result<Option<Account>, Infallible> {
        Ok(self.accounts.get(&index).copied())
    }

    fn node(&self, key: NodeKey) -> Result<Option<Digest>, Infallible> {
        Ok(self.nodes.get(&key).copied())
    }
}

impl StateWriter for MemoryStore {
    fn apply(&mut self, changes: &ChangeSet) -> Result<(), Infallible> {
        fn set<K: Eq + core::hash::Hash + Copy, T: Copy>(map: &mut HashMap<K, T>, changes: &BTreeMap<K, Change<T>>) {
            for (key, change) in changes {
                match change.after {
                    Some(value) => map.insert(*key, value),
                    None => map.remove(key),
                };
            }
        }
        set(&mut self.accounts, &changes.accounts);
        set(&mut self.nodes, &changes.nodes);
        self.head = changes.new;
        Ok(())
    }
}
