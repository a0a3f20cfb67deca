// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading records, the same from a committed snapshot and from a draft.

use super::StoreError;
use super::tables::{self, Table};
use poe_rollup::poseidon::Digest;
use poe_rollup::state::{Account, NodeKey};
use redb::ReadableTable;
use serde::de::DeserializeOwned;

/// Opens tables; everything else follows.
pub(crate) trait Access {
    fn table(&self, table: Table) -> &impl ReadableTable<&'static [u8], &'static [u8]>;

    fn raw(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.table(table).get(key)?;
        Ok(found.map(|guard| guard.value().to_vec()))
    }

    /// The largest number in a table keyed by numbers.
    fn last_number(&self, table: Table) -> Result<Option<u64>, StoreError> {
        let last = self.table(table).last()?;
        Ok(last.and_then(|(key, _)| tables::read_number(key.value())))
    }

    fn record<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.raw(table, key)?.map(|bytes| decode(table, &bytes)).transpose()
    }

    /// A record that must be there if the store is whole.
    fn expect<T: DeserializeOwned>(&self, table: Table, number: u64) -> Result<T, StoreError> {
        self.record(table, &tables::number(number))?
            .ok_or(StoreError::Missing { table, key: number })
    }

    /// Block up to which every checkpoint was held against L1; zero if none was.
    fn checked(&self) -> Result<u64, StoreError> {
        Ok(self.record(Table::Meta, tables::CHECKED)?.unwrap_or(0))
    }

    fn stored_account(&self, index: u32) -> Result<Option<Account>, StoreError> {
        let corrupt = || StoreError::Corrupt { table: Table::Accounts };
        let read = |bytes: Vec<u8>| {
            let bytes = bytes.as_slice().try_into().map_err(|_| corrupt())?;
            Account::from_bytes(bytes).map_err(|_| corrupt())
        };
        self.raw(Table::Accounts, &index.to_be_bytes())?.map(read).transpose()
    }

    fn stored_node(&self, key: NodeKey) -> Result<Option<Digest>, StoreError> {
        let corrupt = || StoreError::Corrupt { table: Table::Nodes };
        let read = |bytes: Vec<u8>| {
            let bytes = bytes.as_slice().try_into().map_err(|_| corrupt())?;
            Digest::from_bytes(bytes).map_err(|_| corrupt())
        };
        self.raw(Table::Nodes, &tables::node(key))?.map(read).transpose()
    }
}

pub(crate) fn decode<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|_| StoreError::Corrupt { table })
}
