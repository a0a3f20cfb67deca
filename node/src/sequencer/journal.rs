// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sequencer's own file, beside the record of the chain: it cannot be rebuilt from L1.

use super::error::SequencerError;
use super::pool::Removal;
use super::records::{Entry, Flight, Landed, Memory, TransferId};
use crate::store::StoreError;
use poe_rollup::formats::{Bytes32, Slot};
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FILE: &str = "sequencer.redb";
const SCHEMA: u32 = 1;

type Table<K> = TableDefinition<'static, K, &'static [u8]>;
const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
/// Sender and nonce, in one number.
const SLOTS: Table<u64> = TableDefinition::new("slots");
/// L1 nonce.
const FLIGHTS: Table<u64> = TableDefinition::new("flights");
/// L1 nonce.
const COSTS: Table<u64> = TableDefinition::new("costs");
/// Order of departure.
const GONE: Table<u64> = TableDefinition::new("gone");
const GONE_BY_ID: TableDefinition<'static, [u8; 32], u64> = TableDefinition::new("gone-by-id");
/// Sender and nonce, in one number.
const GONE_BY_KEY: TableDefinition<'static, u64, u64> = TableDefinition::new("gone-by-key");

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

/// The file.
#[derive(Debug)]
pub(super) struct Journal {
    database: Database,
    path: PathBuf,
    memory: u64,
}

type Result<T> = std::result::Result<T, SequencerError>;

const fn number((account, nonce): (u32, u32)) -> u64 {
    (account as u64) << 32 | nonce as u64
}

fn database(error: impl Into<redb::Error>) -> SequencerError {
    StoreError::Database(Box::new(error.into())).into()
}

impl Journal {
    /// Opens the journal of a deployment in a locked folder, or makes it. `memory`: how many slots that are gone it remembers.
    pub(super) fn open(folder: &Path, domain: &Bytes32, memory: u64) -> Result<Self> {
        let path = folder.join(FILE);
        let journal = Self {
            database: Database::create(&path).map_err(database)?,
            path,
            memory,
        };
        journal.write(|transaction| {
            let mut meta = transaction.open_table(META).map_err(database)?;
            let found = meta.get("schema").map_err(database)?.map(|held| held.value().to_vec());
            match found {
                Some(found) => journal.check_schema(&found)?,
                None => {
                    meta.insert("schema", &SCHEMA.to_be_bytes()[..]).map_err(database)?;
                    meta.insert("domain", &domain[..]).map_err(database)?;
                }
            }
            let held = meta
                .get("domain")
                .map_err(database)?
                .is_some_and(|held| held.value() == domain);
            if !held {
                return Err(journal.damaged("the deployment it is for"));
            }
            for table in [SLOTS, FLIGHTS, COSTS, GONE] {
                transaction.open_table(table).map_err(database)?;
            }
            transaction.open_table(GONE_BY_ID).map_err(database)?;
            transaction.open_table(GONE_BY_KEY).map_err(database)?;
            Ok(())
        })?;
        Ok(journal)
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
        let bytes = postcard::to_stdvec(value).map_err(|_| self.damaged("a record to be written"))?;
        transaction
            .open_table(table)
            .map_err(database)?
            .insert(key, &bytes[..])
            .map_err(database)?;
        Ok(())
    }

    fn all<T: DeserializeOwned>(&self, table: Table<u64>, what: &'static str) -> Result<Vec<(u64, T)>> {
        let transaction = self.database.begin_read().map_err(database)?;
        let mut found = Vec::new();
        for record in transaction
            .open_table(table)
            .map_err(database)?
            .iter()
            .map_err(database)?
        {
            let (key, value) = record.map_err(database)?;
            found.push((
                key.value(),
                postcard::from_bytes(value.value()).map_err(|_| self.damaged(what))?,
            ));
        }
        Ok(found)
    }

    /// The pool as it was left.
    pub(super) fn entries(&self) -> Result<Vec<Entry>> {
        let stored: Vec<(u64, StoredEntry)> = self.all(SLOTS, "a slot")?;
        let read = |(_, stored): (u64, StoredEntry)| {
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

    /// Writes what a new slot or a new head does to the pool.
    pub(super) fn change_pool(&self, new: Option<&Entry>, leaving: &[Removal]) -> Result<()> {
        if new.is_none() && leaving.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            for removal in leaving {
                transaction
                    .open_table(SLOTS)
                    .map_err(database)?
                    .remove(number(removal.key))
                    .map_err(database)?;
                self.remember(transaction, removal)?;
            }
            let Some(entry) = new else { return Ok(()) };
            let stored = StoredEntry {
                slot: entry.slot.encode().to_vec(),
                received_at: entry.received_at,
                order: entry.order,
            };
            self.put(
                transaction,
                SLOTS,
                number(super::records::key_of(&entry.slot.transfer)),
                &stored,
            )
        })
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
        let bytes = postcard::to_stdvec(&StoredMemory { id: removal.id, memory });
        let bytes = bytes.map_err(|_| self.damaged("a record to be written"))?;
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
            let stored: StoredMemory =
                postcard::from_bytes(&bytes).map_err(|_| self.damaged("what became of a slot"))?;
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
    pub(super) fn recall(&self, id: &TransferId) -> Result<Option<Memory>> {
        let transaction = self.database.begin_read().map_err(database)?;
        let place = transaction
            .open_table(GONE_BY_ID)
            .map_err(database)?
            .get(id)
            .map_err(database)?;
        self.memory_at(&transaction, place.map(|place| place.value()))
    }

    /// What became of the last slot with a sender and a nonce.
    pub(super) fn recall_key(&self, key: (u32, u32)) -> Result<Option<Memory>> {
        let transaction = self.database.begin_read().map_err(database)?;
        let place = transaction
            .open_table(GONE_BY_KEY)
            .map_err(database)?
            .get(number(key))
            .map_err(database)?;
        self.memory_at(&transaction, place.map(|place| place.value()))
    }

    fn memory_at(&self, transaction: &redb::ReadTransaction, place: Option<u64>) -> Result<Option<Memory>> {
        let Some(place) = place else { return Ok(None) };
        let table = transaction.open_table(GONE).map_err(database)?;
        let Some(held) = table.get(place).map_err(database)? else {
            return Ok(None);
        };
        let stored: StoredMemory =
            postcard::from_bytes(held.value()).map_err(|_| self.damaged("what became of a slot"))?;
        Ok(Some(stored.memory))
    }

    /// L1 nonces in use, lowest first.
    pub(super) fn flights(&self) -> Result<Vec<Flight>> {
        Ok(self
            .all(FLIGHTS, "a transaction on its way")?
            .into_iter()
            .map(|(_, flight)| flight)
            .collect())
    }

    /// Writes an L1 nonce in use, and what its transaction cost once one is mined.
    pub(super) fn put_flight(&self, flight: &Flight) -> Result<()> {
        self.write(|transaction| {
            self.put(transaction, FLIGHTS, flight.nonce, flight)?;
            match &flight.landed {
                Some(landed) => self.put(transaction, COSTS, flight.nonce, landed),
                None => {
                    transaction
                        .open_table(COSTS)
                        .map_err(database)?
                        .remove(flight.nonce)
                        .map_err(database)?;
                    Ok(())
                }
            }
        })
    }

    /// Forgets an L1 nonce; what its transaction cost stays.
    pub(super) fn remove_flight(&self, nonce: u64) -> Result<()> {
        self.write(|transaction| {
            transaction
                .open_table(FLIGHTS)
                .map_err(database)?
                .remove(nonce)
                .map_err(database)?;
            Ok(())
        })
    }

    /// What was mined, by L1 nonce.
    pub(super) fn costs(&self) -> Result<Vec<Landed>> {
        Ok(self
            .all(COSTS, "what a transaction cost")?
            .into_iter()
            .map(|(_, landed)| landed)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::BlockId;
    use crate::sequencer::records::{Inclusion, Outcome};
    use poe_rollup::formats::Transfer;

    const DOMAIN: Bytes32 = [7; 32];

    fn entry(nonce: u32, order: u64) -> Entry {
        let transfer = Transfer {
            from: 3,
            nonce,
            ..Transfer::default()
        };
        Entry {
            slot: Slot {
                transfer,
                ..Slot::default()
            },
            received_at: 5,
            order,
            included: None,
            stalled_since: None,
        }
    }

    fn dropped(number: u8) -> Removal {
        Removal {
            key: (3, number.into()),
            id: [number; 32],
            outcome: Outcome::Dropped(format!("reason {number}")),
        }
    }

    #[test]
    fn what_was_written_is_there_after_a_restart_and_only_so_much_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), &DOMAIN, 2).unwrap();
        journal.change_pool(Some(&entry(0, 0)), &[]).unwrap();
        journal.change_pool(Some(&entry(1, 1)), &[dropped(0)]).unwrap();
        journal.change_pool(None, &[dropped(1), dropped(2)]).unwrap();
        journal.change_pool(Some(&entry(9, 4)), &[]).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path(), &DOMAIN, 2).unwrap();
        assert_eq!(journal.entries().unwrap(), [entry(9, 4)]);
        assert_eq!(journal.recall(&[0; 32]).unwrap(), None);
        assert_eq!(journal.recall_key((3, 0)).unwrap(), None);
        assert_eq!(journal.recall(&[2; 32]).unwrap().unwrap().outcome, dropped(2).outcome);
        assert_eq!(journal.recall_key((3, 1)).unwrap().unwrap().outcome, dropped(1).outcome);
    }

    #[test]
    fn a_newer_memory_outlives_an_older_one_of_the_same_slot() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), &DOMAIN, 2).unwrap();
        let block = BlockId {
            number: 1,
            hash: [1; 32],
        };
        let applied = Inclusion {
            sequence: 1,
            batch: 1,
            position: 0,
            block,
            same: true,
        };
        let again = Removal {
            outcome: Outcome::Applied(applied),
            ..dropped(1)
        };
        journal
            .change_pool(None, &[dropped(1), again.clone(), dropped(2)])
            .unwrap();
        assert_eq!(journal.recall(&[1; 32]).unwrap().unwrap().outcome, again.outcome);
    }

    #[test]
    fn a_flight_leaves_its_cost_behind_unless_it_was_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), &DOMAIN, 2).unwrap();
        let block = BlockId {
            number: 1,
            hash: [1; 32],
        };
        let landed = Landed {
            hash: [2; 32],
            block,
            sequence: Some(1),
            gas_used: 10,
            gas_price: 3,
        };
        let mut flight = Flight {
            nonce: 4,
            call: None,
            sent: vec![],
            keys: [(1, 2)].into(),
            landed: Some(landed),
        };
        journal.put_flight(&flight).unwrap();
        assert_eq!(journal.costs().unwrap(), [landed]);
        flight.landed = None;
        journal.put_flight(&flight).unwrap();
        assert_eq!(journal.costs().unwrap(), []);
        flight.landed = Some(landed);
        journal.put_flight(&flight).unwrap();
        journal.remove_flight(4).unwrap();
        assert_eq!(
            (journal.flights().unwrap(), journal.costs().unwrap()),
            (vec![], vec![landed])
        );
    }

    #[test]
    fn a_journal_of_another_deployment_or_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(Journal::open(folder.path(), &DOMAIN, 2).unwrap());
        assert!(matches!(
            Journal::open(folder.path(), &[8; 32], 2),
            Err(SequencerError::Damaged { .. })
        ));
        let database = Database::open(folder.path().join(FILE)).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction
            .open_table(META)
            .unwrap()
            .insert("schema", &9u32.to_be_bytes()[..])
            .unwrap();
        transaction.commit().unwrap();
        drop(database);
        assert!(matches!(
            Journal::open(folder.path(), &DOMAIN, 2),
            Err(SequencerError::Schema { found: 9, .. })
        ));
    }
}
