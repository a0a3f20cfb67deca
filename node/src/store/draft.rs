// SPDX-License-Identifier: MIT OR Apache-2.0
//! Changes that are not committed yet, and the journal that undoes them.

use super::StoreError;
use super::access::Access;
use super::tables::{self, Table};
use crate::chain::{BlockRecord, ChainRecord};
use poe_rollup::poseidon::Digest;
use poe_rollup::state::{Account, Change, ChangeSet, Head, NodeKey, StateReader};
use redb::{ReadableTable, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

type Open<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// Values before a block, by table and key: applied, they undo it.
pub(crate) type Undo = BTreeMap<(u8, Vec<u8>), Option<Vec<u8>>>;

/// A write transaction being filled. Nothing is visible or durable before the commit.
pub struct Draft<'t> {
    tables: Vec<Open<'t>>,
    undo: Option<Undo>,
}

impl<'t> Draft<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreError> {
        let open = |table: Table| transaction.open_table(table.definition());
        let tables = Table::ALL.into_iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { tables, undo: None })
    }

    /// Starts the journal of a block.
    pub(crate) fn begin_journal(&mut self) {
        self.undo = Some(Undo::new());
    }

    /// Ends the journal of a block and stores it.
    pub(crate) fn end_journal(&mut self, block: u64) -> Result<(), StoreError> {
        if let Some(undo) = self.undo.take() {
            self.put(Table::Journal, &tables::number(block), &undo)?;
        }
        Ok(())
    }

    /// Undoes the newest block and returns its number.
    pub(crate) fn undo_block(&mut self, block: u64) -> Result<(), StoreError> {
        let key = tables::number(block);
        let undo: Option<Undo> = self.get(Table::Journal, &key)?;
        let undo = undo.ok_or(StoreError::NoJournal { block })?;
        for ((table, key), before) in undo {
            let table = Table::from_number(table).ok_or(StoreError::Corrupt { table: Table::Journal })?;
            self.set(table, &key, before.as_deref())?;
        }
        // Other checkpoints may come instead.
        if self.checked()? >= block {
            self.set_checked(block - 1)?;
        }
        self.remove(Table::Journal, &key)
    }

    /// Block up to which every checkpoint was held against L1; zero if none was.
    pub(crate) fn set_checked(&mut self, block: u64) -> Result<(), StoreError> {
        match block {
            0 => self.remove(Table::Meta, tables::CHECKED),
            block => self.put(Table::Meta, tables::CHECKED, &block),
        }
    }

    pub(crate) fn put<T: Serialize>(&mut self, table: Table, key: &[u8], value: &T) -> Result<(), StoreError> {
        let bytes = postcard::to_stdvec(value).map_err(|_| StoreError::Encoding { table })?;
        self.set(table, key, Some(&bytes))
    }

    pub(crate) fn put_raw(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.set(table, key, Some(value))
    }

    pub(crate) fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.set(table, key, None)
    }

    pub(crate) fn chain(&self) -> Result<ChainRecord, StoreError> {
        self.get(Table::Chain, tables::ONLY)?.ok_or(StoreError::Missing {
            table: Table::Chain,
            key: 0,
        })
    }

    pub(crate) fn set_chain(&mut self, chain: &ChainRecord) -> Result<(), StoreError> {
        self.put(Table::Chain, tables::ONLY, chain)
    }

    pub(crate) fn set_block(&mut self, number: u64, block: &BlockRecord) -> Result<(), StoreError> {
        self.put(Table::Blocks, &tables::number(number), block)
    }

    /// Changes accounts and nodes. The head is part of the chain record, which the caller writes.
    pub(crate) fn apply_changes(&mut self, changes: &ChangeSet) -> Result<(), StoreError> {
        for (index, Change { after, .. }) in &changes.accounts {
            let bytes = after.map(|account| account.to_bytes());
            self.set(
                Table::Accounts,
                &index.to_be_bytes(),
                bytes.as_ref().map(<[u8; _]>::as_slice),
            )?;
        }
        for (key, Change { after, .. }) in &changes.nodes {
            let bytes = after.map(|digest| digest.to_bytes());
            self.set(
                Table::Nodes,
                &tables::node(*key),
                bytes.as_ref().map(<[u8; _]>::as_slice),
            )?;
        }
        Ok(())
    }

    /// Removes the records of a table whose numbers are below `end`.
    pub(crate) fn remove_below(&mut self, table: Table, end: u64) -> Result<(), StoreError> {
        let key = tables::number(end);
        self.tables[table as usize].retain_in::<&[u8], _>(..key.as_slice(), |_, _| false)?;
        Ok(())
    }

    fn set(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let open = &mut self.tables[table as usize];
        let before = match value {
            Some(value) => open.insert(key, value)?,
            None => open.remove(key)?,
        };
        // The journal is written while it is open by its owner only, and is not part of itself.
        if let Some(undo) = &mut self.undo {
            undo.entry((table as u8, key.to_vec()))
                .or_insert_with(|| before.map(|guard| guard.value().to_vec()));
        }
        Ok(())
    }
}

impl Access for Draft<'_> {
    fn table(&self, table: Table) -> &impl ReadableTable<&'static [u8], &'static [u8]> {
        &self.tables[table as usize]
    }
}

impl Draft<'_> {
    pub(crate) fn get<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.record(table, key)
    }
}

impl StateReader for Draft<'_> {
    type Error = StoreError;

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.chain()?.head)
    }

    fn account(&self, index: u32) -> Result<Option<Account>, StoreError> {
        self.stored_account(index)
    }

    fn node(&self, key: NodeKey) -> Result<Option<Digest>, StoreError> {
        self.stored_node(key)
    }
}
