// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pool, and what became of slots that left it.

use super::queue::Change;
use super::{GONE, GONE_BY_ID, GONE_BY_KEY, Journal, Result, SLOTS, database};
use crate::sequencer::pool::Removal;
use crate::sequencer::records::{Entry, Key, Memory, TransferId, key_of};
use poe_rollup::formats::Slot;
use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct StoredEntry {
    slot: Vec<u8>,
    received_at: u64,
    order: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredMemory {
    id: TransferId,
    memory: Memory,
}

const fn number((account, nonce): Key) -> u64 {
    (account as u64) << 32 | nonce as u64
}

impl Journal {
    /// The pool as it was left.
    pub(in crate::sequencer) fn entries(&self) -> Result<Vec<Entry>> {
        let stored: Vec<StoredEntry> = self.all(SLOTS, "a slot")?;
        let read = |stored: StoredEntry| {
            let bytes = stored.slot.as_slice().try_into().map_err(|_| self.damaged("a slot"))?;
            let (received_at, order) = (stored.received_at, stored.order);
            Ok(Entry {
                slot: Slot::decode(bytes),
                received_at,
                order,
                included: None,
                stalled_since: None,
            })
        };
        stored.into_iter().map(read).collect()
    }

    /// Writes a change of the pool.
    pub(super) fn apply(&self, transaction: &WriteTransaction, change: &Change) -> Result<()> {
        for removal in &change.leaving {
            self.remove(transaction, SLOTS, number(removal.key))?;
            self.remember(transaction, removal)?;
        }
        let Some(entry) = &change.new else { return Ok(()) };
        let stored = StoredEntry {
            slot: entry.slot.encode().to_vec(),
            received_at: entry.received_at,
            order: entry.order,
        };
        self.put(transaction, SLOTS, number(key_of(&entry.slot.transfer)), &stored)
    }

    /// Keeps what became of a slot; forgets the oldest when there are too many.
    fn remember(&self, transaction: &WriteTransaction, removal: &Removal) -> Result<()> {
        let mut gone = transaction.open_table(GONE).map_err(database)?;
        let mut by_id = transaction.open_table(GONE_BY_ID).map_err(database)?;
        let mut by_key = transaction.open_table(GONE_BY_KEY).map_err(database)?;
        let next = gone.last().map_err(database)?.map_or(0, |(place, _)| place.value() + 1);
        let memory = Memory {
            key: removal.key,
            outcome: removal.outcome.clone(),
        };
        let bytes = self.bytes(&StoredMemory { id: removal.id, memory })?;
        gone.insert(next, &bytes[..]).map_err(database)?;
        by_id.insert(removal.id, next).map_err(database)?;
        by_key.insert(number(removal.key), next).map_err(database)?;
        while gone.len().map_err(database)? > self.memory {
            let Some((place, bytes)) = gone
                .pop_first()
                .map_err(database)?
                .map(|(p, b)| (p.value(), b.value().to_vec()))
            else {
                break;
            };
            let stored: StoredMemory = self.decode(&bytes, "what became of a slot")?;
            // A newer memory of the same slot stays.
            if by_id
                .get(stored.id)
                .map_err(database)?
                .is_some_and(|held| held.value() == place)
            {
                by_id.remove(stored.id).map_err(database)?;
            }
            let key = number(stored.memory.key);
            if by_key
                .get(key)
                .map_err(database)?
                .is_some_and(|held| held.value() == place)
            {
                by_key.remove(key).map_err(database)?;
            }
        }
        Ok(())
    }

    /// What became of the slot with a name.
    pub(in crate::sequencer) fn recall(&self, id: &TransferId) -> Result<Option<Memory>> {
        self.recall_by(GONE_BY_ID, *id)
    }

    /// What became of the last slot with a sender and a nonce.
    pub(in crate::sequencer) fn recall_key(&self, key: Key) -> Result<Option<Memory>> {
        self.recall_by(GONE_BY_KEY, number(key))
    }

    fn recall_by<K>(&self, index: TableDefinition<'static, K, u64>, key: K) -> Result<Option<Memory>>
    where
        K: redb::Key + for<'a> std::borrow::Borrow<K::SelfType<'a>> + 'static,
    {
        let transaction = self.database.begin_read().map_err(database)?;
        let index = transaction.open_table(index).map_err(database)?;
        let Some(place) = index.get(key).map_err(database)?.map(|place| place.value()) else {
            return Ok(None);
        };
        let table = transaction.open_table(GONE).map_err(database)?;
        let Some(held) = table.get(place).map_err(database)? else {
            return Ok(None);
        };
        let stored: StoredMemory = self.decode(held.value(), "what became of a slot")?;
        Ok(Some(stored.memory))
    }
}
