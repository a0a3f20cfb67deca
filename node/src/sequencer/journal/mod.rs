// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sequencer's own file, beside the record of the chain: it cannot be rebuilt from L1.

mod costs;
mod queue;
mod slots;
#[cfg(test)]
mod tests;

pub(super) use costs::Books;

use super::error::SequencerError;
use crate::store::StoreError;
use crate::store::database::open_or_create;
use alloy::primitives::Address;
use poe_rollup::formats::Bytes32;
use queue::Queue;
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

const FILE: &str = "sequencer.redb";
const SCHEMA: u32 = 2;

type Table<K> = TableDefinition<'static, K, &'static [u8]>;
const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
/// Sender and nonce, in one number.
const SLOTS: Table<u64> = TableDefinition::new("slots");
/// L1 nonce.
const FLIGHTS: Table<u64> = TableDefinition::new("flights");
/// L1 nonce. What was mined and may still be taken back.
const COSTS: Table<u64> = TableDefinition::new("costs");
/// Order of finality. What was mined and stays.
const SETTLED: Table<u64> = TableDefinition::new("settled");
/// Order of departure.
const GONE: Table<u64> = TableDefinition::new("gone");
const GONE_BY_ID: TableDefinition<'static, [u8; 32], u64> = TableDefinition::new("gone-by-id");
/// Sender and nonce, in one number.
const GONE_BY_KEY: TableDefinition<'static, u64, u64> = TableDefinition::new("gone-by-key");

/// The file.
#[derive(Debug)]
pub(super) struct Journal {
    database: Database,
    path: PathBuf,
    memory: u64,
    queue: Queue,
}

type Result<T> = std::result::Result<T, SequencerError>;

fn database(error: impl Into<redb::Error>) -> SequencerError {
    StoreError::Database(Box::new(error.into())).into()
}

impl Journal {
    /// Opens the journal of a deployment and an L1 account in a locked folder, or makes it. `memory`: how many slots that are gone it
    /// remembers.
    pub(super) fn open(folder: &Path, domain: &Bytes32, sender: Address, memory: u64) -> Result<Self> {
        let path = folder.join(FILE);
        let journal = Self {
            database: open_or_create(&path).map_err(database)?,
            path,
            memory,
            queue: Queue::default(),
        };
        journal.write(|transaction| {
            journal.check_deployment(transaction, domain)?;
            for table in [SLOTS, FLIGHTS, COSTS, SETTLED, GONE] {
                transaction.open_table(table).map_err(database)?;
            }
            transaction.open_table(GONE_BY_ID).map_err(database)?;
            transaction.open_table(GONE_BY_KEY).map_err(database)?;
            journal.check_sender(transaction, sender)
        })?;
        Ok(journal)
    }

    fn check_deployment(&self, transaction: &WriteTransaction, domain: &Bytes32) -> Result<()> {
        let mut meta = transaction.open_table(META).map_err(database)?;
        let found = meta.get("schema").map_err(database)?.map(|held| held.value().to_vec());
        match found {
            Some(found) => self.check_schema(&found)?,
            None => {
                meta.insert("schema", &SCHEMA.to_be_bytes()[..]).map_err(database)?;
                meta.insert("domain", &domain[..]).map_err(database)?;
            }
        }
        let held = meta.get("domain").map_err(database)?;
        if held.is_some_and(|held| held.value() == domain) {
            return Ok(());
        }
        Err(self.damaged("the deployment it is for"))
    }

    /// L1 nonces mean nothing under another key.
    fn check_sender(&self, transaction: &WriteTransaction, sender: Address) -> Result<()> {
        let mut meta = transaction.open_table(META).map_err(database)?;
        let held = meta.get("sender").map_err(database)?.map(|held| held.value().to_vec());
        let flights = transaction.open_table(FLIGHTS).map_err(database)?;
        match held {
            Some(held) if held == sender.as_slice() => Ok(()),
            Some(held) if flights.len().map_err(database)? > 0 => Err(SequencerError::AnotherKey {
                path: self.path.display().to_string(),
                found: format!("0x{}", hex::encode(held)),
                given: sender.to_string(),
            }),
            _ => {
                meta.insert("sender", sender.as_slice()).map_err(database)?;
                Ok(())
            }
        }
    }

    fn check_schema(&self, found: &[u8]) -> Result<()> {
        let found = u32::from_be_bytes(found.try_into().map_err(|_| self.damaged("its schema"))?);
        if found == SCHEMA {
            return Ok(());
        }
        Err(SequencerError::Schema {
            path: self.path.display().to_string(),
            found,
            expected: SCHEMA,
        })
    }

    fn damaged(&self, what: &'static str) -> SequencerError {
        SequencerError::Damaged {
            path: self.path.display().to_string(),
            what,
        }
    }

    fn write(&self, change: impl FnOnce(&WriteTransaction) -> Result<()>) -> Result<()> {
        let transaction = self.database.begin_write().map_err(database)?;
        change(&transaction)?;
        transaction.commit().map_err(database)
    }

    fn put<T: Serialize>(&self, transaction: &WriteTransaction, table: Table<u64>, key: u64, value: &T) -> Result<()> {
        let bytes = self.bytes(value)?;
        transaction
            .open_table(table)
            .map_err(database)?
            .insert(key, &bytes[..])
            .map_err(database)?;
        Ok(())
    }

    /// Whether there was something to remove.
    fn remove(&self, transaction: &WriteTransaction, table: Table<u64>, key: u64) -> Result<bool> {
        let mut table = transaction.open_table(table).map_err(database)?;
        let removed = table.remove(key).map_err(database)?.is_some();
        Ok(removed)
    }

    fn bytes<T: Serialize>(&self, value: &T) -> Result<Vec<u8>> {
        postcard::to_stdvec(value).map_err(|_| self.damaged("a record to be written"))
    }

    fn all<T: DeserializeOwned>(&self, table: Table<u64>, what: &'static str) -> Result<Vec<T>> {
        let transaction = self.database.begin_read().map_err(database)?;
        let table = transaction.open_table(table).map_err(database)?;
        let mut found = Vec::new();
        for record in table.iter().map_err(database)? {
            let (_, value) = record.map_err(database)?;
            found.push(self.decode(value.value(), what)?);
        }
        Ok(found)
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8], what: &'static str) -> Result<T> {
        postcard::from_bytes(bytes).map_err(|_| self.damaged(what))
    }
}
