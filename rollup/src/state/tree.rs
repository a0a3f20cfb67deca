// SPDX-License-Identifier: MIT OR Apache-2.0
//! The account tree (ST-3): a binary Merkle tree of depth 32, mostly empty, and a view of it with pending changes.

use super::Account;
use super::store::{Change, ChangeSet, Head, NodeKey, StateReader};
use crate::poseidon::{Digest, two_to_one};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

/// Height of the root.
pub const DEPTH: u8 = 32;

/// The siblings on the way from a leaf to the root, lowest first.
pub type Path = [Digest; DEPTH as usize];

/// The digest of a subtree without accounts. Heights above [`DEPTH`] are taken as [`DEPTH`].
pub fn empty_subtree(height: u8) -> Digest {
    static DIGESTS: OnceLock<[Digest; DEPTH as usize + 1]> = OnceLock::new();
    let digests = DIGESTS.get_or_init(|| {
        let mut node = Account::EMPTY.leaf(&Account::empty_id_hash());
        core::array::from_fn(|_| {
            let parent = two_to_one(&node, &node);
            core::mem::replace(&mut node, parent)
        })
    });
    digests[usize::from(height.min(DEPTH))]
}

/// The root a leaf and its siblings lead to.
pub fn root_from_path(index: u32, leaf: Digest, path: &Path) -> Digest {
    path.iter().enumerate().fold(leaf, |node, (height, sibling)| {
        if (index >> height) & 1 == 0 {
            two_to_one(&node, sibling)
        } else {
            two_to_one(sibling, &node)
        }
    })
}

/// An account and the proof that a root holds it: what the escape on L1 takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountProof {
    /// Index of the account.
    pub index: u32,
    /// The account, empty if untouched.
    pub account: Account,
    /// Its siblings.
    pub path: Path,
}

impl AccountProof {
    /// The root that account and siblings lead to. It proves the account only if that is in range:
    /// [`AccountProof::holds_under`] checks both.
    pub fn accounts_root(&self) -> Digest {
        root_from_path(self.index, self.account.leaf(&self.account.id_hash()), &self.path)
    }

    /// Whether the tree of this root holds the account, as the escape on L1 decides it.
    pub fn holds_under(&self, accounts_root: &Digest) -> bool {
        self.account.is_in_range() && self.accounts_root() == *accounts_root
    }
}

/// The proof of an account in a stored state.
pub fn prove<S: StateReader>(store: &S, index: u32) -> Result<AccountProof, S::Error> {
    let account = store.account(index)?.unwrap_or(Account::EMPTY);
    let mut path = [Digest::default(); DEPTH as usize];
    for (height, sibling) in (0..DEPTH).zip(&mut path) {
        let key = NodeKey::ancestor(index, height).sibling();
        *sibling = store.node(key)?.unwrap_or_else(|| empty_subtree(height));
    }
    Ok(AccountProof { index, account, path })
}

/// An account with its `idHash`, which changes only when it is registered.
#[derive(Clone, Copy)]
struct Entry {
    account: Account,
    id_hash: Digest,
}

/// A stored state with changes that are not stored yet.
///
/// Hashing is put off until a root or a path is asked for, so many changes share the hashing of their common ancestors.
pub struct StateView<'s, S> {
    store: &'s S,
    old: Head,
    accounts: HashMap<u32, Entry>,
    written: BTreeMap<u32, Option<Account>>,
    dirty: BTreeSet<u32>,
    nodes: HashMap<NodeKey, Digest>,
}

impl<'s, S: StateReader> StateView<'s, S> {
    /// A view without changes.
    pub fn new(store: &'s S) -> Result<Self, S::Error> {
        let old = store.head()?;
        Ok(Self {
            store,
            old,
            accounts: HashMap::new(),
            written: BTreeMap::new(),
            dirty: BTreeSet::new(),
            nodes: HashMap::new(),
        })
    }

    /// The head of the stored state.
    pub fn stored_head(&self) -> &Head {
        &self.old
    }

    /// An account with its `idHash`.
    pub fn account(&mut self, index: u32) -> Result<(Account, Digest), S::Error> {
        if let Some(entry) = self.accounts.get(&index) {
            return Ok((entry.account, entry.id_hash));
        }
        let (account, id_hash) = match self.store.account(index)? {
            Some(account) => (account, account.id_hash()),
            None => (Account::EMPTY, Account::empty_id_hash()),
        };
        self.accounts.insert(index, Entry { account, id_hash });
        Ok((account, id_hash))
    }

    /// Changes an account.
    pub fn set_account(&mut self, index: u32, account: Account) -> Result<(), S::Error> {
        let (before, mut id_hash) = self.account(index)?;
        if (before.key, before.l1_owner) != (account.key, account.l1_owner) {
            id_hash = account.id_hash();
        }
        if let std::collections::btree_map::Entry::Vacant(entry) = self.written.entry(index) {
            entry.insert(self.store.account(index)?);
        }
        self.accounts.insert(index, Entry { account, id_hash });
        self.dirty.insert(index);
        Ok(())
    }

    /// The siblings of an account in the tree with all changes so far.
    pub fn path(&mut self, index: u32) -> Result<Path, S::Error> {
        self.flush()?;
        let mut path = [Digest::default(); DEPTH as usize];
        for (height, sibling) in (0..DEPTH).zip(&mut path) {
            *sibling = self.node(NodeKey::ancestor(index, height).sibling())?;
        }
        Ok(path)
    }

    /// The accounts root with all changes so far.
    pub fn accounts_root(&mut self) -> Result<Digest, S::Error> {
        self.flush()?;
        self.node(NodeKey {
            height: DEPTH,
            position: 0,
        })
    }

    /// All changes so far, as the step from the stored head to `new`.
    pub fn into_changes(mut self, new: Head) -> Result<ChangeSet, S::Error> {
        self.flush()?;
        let accounts = self.written.iter().filter_map(|(&index, &before)| {
            let account = self.accounts.get(&index)?.account;
            let after = (account != Account::EMPTY).then_some(account);
            (before != after).then_some((index, Change { before, after }))
        });
        let accounts = accounts.collect();
        let mut nodes = BTreeMap::new();
        for (&key, &digest) in &self.nodes {
            let before = self.store.node(key)?;
            let after = (digest != empty_subtree(key.height)).then_some(digest);
            if before != after {
                nodes.insert(key, Change { before, after });
            }
        }
        Ok(ChangeSet {
            old: self.old,
            new,
            accounts,
            nodes,
        })
    }

    fn node(&self, key: NodeKey) -> Result<Digest, S::Error> {
        if let Some(digest) = self.nodes.get(&key) {
            return Ok(*digest);
        }
        Ok(self.store.node(key)?.unwrap_or_else(|| empty_subtree(key.height)))
    }

    /// Hashes everything above the changed leaves, each node once.
    fn flush(&mut self) -> Result<(), S::Error> {
        let mut positions: Vec<u32> = core::mem::take(&mut self.dirty).into_iter().collect();
        for &index in &positions {
            if let Some(entry) = self.accounts.get(&index) {
                let leaf = entry.account.leaf(&entry.id_hash);
                self.nodes.insert(
                    NodeKey {
                        height: 0,
                        position: index,
                    },
                    leaf,
                );
            }
        }
        for height in 0..DEPTH {
            for position in &mut positions {
                *position >>= 1;
            }
            positions.dedup();
            for &position in &positions {
                let left = self.node(NodeKey {
                    height,
                    position: position << 1,
                })?;
                let right = self.node(NodeKey {
                    height,
                    position: position << 1 | 1,
                })?;
                self.nodes.insert(
                    NodeKey {
                        height: height + 1,
                        position,
                    },
                    two_to_one(&left, &right),
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::{MemoryStore, StateWriter};
    use super::*;
    use proptest::prelude::*;

    fn store() -> MemoryStore {
        MemoryStore::new(Head::genesis(1, &[1; 20]))
    }

    fn account(balance: u64) -> Account {
        Account {
            balance,
            ..Account::EMPTY
        }
    }

    /// The root by its definition, over the accounts alone.
    fn naive_root(accounts: &BTreeMap<u32, Account>) -> Digest {
        let mut level: BTreeMap<u32, Digest> = accounts
            .iter()
            .map(|(&index, a)| (index, a.leaf(&a.id_hash())))
            .collect();
        for height in 0..DEPTH {
            let at = |position: u32| level.get(&position).copied().unwrap_or(empty_subtree(height));
            level = level
                .keys()
                .map(|p| (p >> 1, two_to_one(&at(p & !1), &at(p | 1))))
                .collect();
        }
        level.get(&0).copied().unwrap_or(empty_subtree(DEPTH))
    }

    fn writes() -> impl Strategy<Value = Vec<(u32, u64)>> {
        let index = prop_oneof![0u32..8, any::<u32>(), Just(u32::MAX)];
        prop::collection::vec((index, 0u64..4), 1..20)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn batched_updates_give_the_root_of_the_definition(first in writes(), second in writes()) {
            let mut store = store();
            let mut accounts = BTreeMap::new();
            for writes in [first, second] {
                let mut view = StateView::new(&store).unwrap();
                for (index, balance) in writes {
                    view.set_account(index, account(balance)).unwrap();
                    accounts.insert(index, account(balance));
                }
                let accounts_root = view.accounts_root().unwrap();
                prop_assert_eq!(accounts_root, naive_root(&accounts));
                let head = Head { accounts_root, ..*view.stored_head() };
                let changes = view.into_changes(head).unwrap();
                let mut undone = store.clone();
                undone.apply(&changes).unwrap();
                let after = undone.clone();
                undone.apply(&changes.inverse()).unwrap();
                prop_assert_eq!(undone, store);
                store = after;
            }
            for (&index, account) in &accounts {
                let proof = prove(&store, index).unwrap();
                prop_assert_eq!(&proof.account, account);
                prop_assert_eq!(proof.accounts_root(), store.head().unwrap().accounts_root);
            }
        }

        #[test]
        fn paths_see_pending_changes(writes in writes(), index: u32) {
            let store = store();
            let mut view = StateView::new(&store).unwrap();
            for (written, balance) in writes {
                view.set_account(written, account(balance)).unwrap();
                let path = view.path(index).unwrap();
                let (account, id_hash) = view.account(index).unwrap();
                prop_assert_eq!(root_from_path(index, account.leaf(&id_hash), &path), view.accounts_root().unwrap());
            }
        }
    }

    #[test]
    fn a_proof_of_another_account_or_index_leads_elsewhere() {
        let mut store = store();
        let mut view = StateView::new(&store).unwrap();
        view.set_account(5, account(7)).unwrap();
        let head = Head {
            accounts_root: view.accounts_root().unwrap(),
            ..*view.stored_head()
        };
        let changes = view.into_changes(head).unwrap();
        store.apply(&changes).unwrap();
        let proof = prove(&store, 5).unwrap();
        assert_eq!(proof.accounts_root(), head.accounts_root);
        assert_ne!(
            AccountProof {
                account: account(8),
                ..proof
            }
            .accounts_root(),
            head.accounts_root
        );
        assert_ne!(AccountProof { index: 4, ..proof }.accounts_root(), head.accounts_root);
        // An untouched account has a proof too.
        assert_eq!(prove(&store, 6).unwrap().accounts_root(), head.accounts_root);
    }

    #[test]
    fn returning_to_the_empty_state_leaves_nothing_behind() {
        let mut store = store();
        let untouched = store.clone();
        for balance in [3, 0] {
            let mut view = StateView::new(&store).unwrap();
            view.set_account(9, account(balance)).unwrap();
            let head = Head {
                accounts_root: view.accounts_root().unwrap(),
                ..*view.stored_head()
            };
            let changes = view.into_changes(head).unwrap();
            store.apply(&changes).unwrap();
        }
        assert_eq!(store, untouched);
    }
}
