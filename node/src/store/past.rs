// SPDX-License-Identifier: MIT OR Apache-2.0
//! An earlier state: the virtual state with the changes of the batches after it taken back, in memory.

use super::{StoreError, View};
use poe_rollup::poseidon::Digest;
use poe_rollup::state::{Account, ChangeSet, Head, NodeKey, StateReader};
use std::collections::HashMap;

/// The state after an earlier batch.
#[derive(Debug)]
pub struct PastState<'v> {
    view: &'v View,
    head: Head,
    accounts: HashMap<u32, Option<Account>>,
    nodes: HashMap<NodeKey, Option<Digest>>,
}

impl<'v> PastState<'v> {
    /// `changes` are those of all batches after the state, oldest first.
    pub(crate) fn new(
        view: &'v View,
        changes: impl Iterator<Item = Result<ChangeSet, StoreError>>,
    ) -> Result<Self, StoreError> {
        let mut head = None;
        let (mut accounts, mut nodes) = (HashMap::new(), HashMap::new());
        for changes in changes {
            let changes = changes?;
            head.get_or_insert(changes.old);
            // What was there before the first change is what the state held.
            for (index, change) in changes.accounts {
                accounts.entry(index).or_insert(change.before);
            }
            for (key, change) in changes.nodes {
                nodes.entry(key).or_insert(change.before);
            }
        }
        Ok(Self {
            view,
            head: head.unwrap_or(view.chain().head),
            accounts,
            nodes,
        })
    }

    /// Goes on to the state after these changes.
    pub fn advance(&mut self, changes: &ChangeSet) {
        self.head = changes.new;
        self.accounts
            .extend(changes.accounts.iter().map(|(&index, change)| (index, change.after)));
        self.nodes
            .extend(changes.nodes.iter().map(|(&key, change)| (key, change.after)));
    }
}

impl StateReader for PastState<'_> {
    type Error = StoreError;

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.head)
    }

    fn account(&self, index: u32) -> Result<Option<Account>, StoreError> {
        match self.accounts.get(&index) {
            Some(account) => Ok(*account),
            None => self.view.account(index),
        }
    }

    fn node(&self, key: NodeKey) -> Result<Option<Digest>, StoreError> {
        match self.nodes.get(&key) {
            Some(node) => Ok(*node),
            None => self.view.node(key),
        }
    }
}
