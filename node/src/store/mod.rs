// SPDX-License-Identifier: MIT OR Apache-2.0
//! The embedded store: one redb file in a locked data directory.
//!
//! Every L1 block is one transaction, so a crash at any moment leaves the record of a whole block. Blocks that L1 can still
//! take back have a journal of the values they overwrote; going back is applying journals, newest first.

pub(crate) mod access;
pub(crate) mod database;
mod directory;
mod draft;
mod past;
pub(crate) mod tables;
mod view;

pub use directory::{DataDirectory, DirectoryError};
pub use draft::Draft;
pub use past::PastState;
pub use tables::Table;
pub use view::{MessageRange, View};

use crate::chain::{ApplyError, BlockId, BlockRecord, ChainRecord, HaltRecord, L1Block, Protocol, Status};
use access::Access;
use database::open_or_create;
use poe_rollup::formats::{Address, Bytes32};
use poe_rollup::state::Head;
use redb::{Database, ReadableDatabase, ReadableTable};
use serde::{Deserialize, Serialize};

/// Version of the layout of the store. Another one is refused: the store is rebuilt from L1.
pub const SCHEMA: u32 = 1;

const FILE: &str = "chain.redb";

/// Why the store fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database engine failed.
    #[error("the store failed: {0}")]
    Database(#[from] Box<redb::Error>),
    /// The data directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Made by another version of this program.
    #[error(
        "the store has schema {found}, this program reads schema {SCHEMA}; give another --data-dir, or remove {path} and sync again"
    )]
    Schema {
        /// The version found.
        found: u32,
        /// The file.
        path: String,
    },
    /// Made for another deployment.
    #[error(
        "the store follows the deployment at {found} of chain {found_chain}, not {expected} of chain {expected_chain}; give another --data-dir"
    )]
    AnotherDeployment {
        /// Contract of the store.
        found: String,
        /// Chain of the store.
        found_chain: u64,
        /// Contract asked for.
        expected: String,
        /// Chain asked for.
        expected_chain: u64,
    },
    /// A record that must be there is not.
    #[error("the store is damaged: table {} has no record {key}; remove chain.redb from the data directory and sync again", table.name())]
    Missing {
        /// The table.
        table: Table,
        /// Number of the record.
        key: u64,
    },
    /// A record cannot be read.
    #[error("the store is damaged: a record of table {} cannot be read; remove chain.redb from the data directory and sync again", table.name())]
    Corrupt {
        /// The table.
        table: Table,
    },
    /// A value cannot be encoded.
    #[error("a record of table {} cannot be encoded", table.name())]
    Encoding {
        /// The table.
        table: Table,
    },
    /// A block is to be undone that has no journal.
    #[error("block {block} cannot be undone: it was taken for final")]
    NoJournal {
        /// The block.
        block: u64,
    },
    /// A block does not follow the one before it.
    #[error("block {number} does not follow block {tip}, the last one applied")]
    NotNext {
        /// Number of the block.
        number: u64,
        /// Number of the last block.
        tip: u64,
    },
    /// The slots of a batch are gone, because no proof of it can ever be wanted again.
    #[error("batch {batch} is settled; its slots and changes are not kept")]
    Settled {
        /// The batch.
        batch: u64,
    },
}

macro_rules! from_redb {
    ($($error:ident),*) => {
        $(impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                Self::Database(Box::new(error.into()))
            }
        })*
    };
}
from_redb!(StorageError, TableError, TransactionError, CommitError, DatabaseError);

/// What a store is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Chain of the deployment.
    pub chain_id: u64,
    /// The core contract.
    pub contract: Address,
    /// Seconds from a checkpoint to the payment of its exits, an immutable of the contract.
    pub exit_delay: u64,
    /// Block before the first one to look at.
    pub start: u64,
}

#[derive(Serialize, Deserialize)]
struct Meta {
    schema: u32,
    rest: Vec<u8>,
}

/// What L1 can no longer take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finality {
    /// Number of the last final block.
    pub number: u64,
    /// Its time in seconds.
    pub timestamp: u64,
}

/// Table, key and value of a record.
pub type Record = (Table, Vec<u8>, Vec<u8>);

/// The store.
#[derive(Debug)]
pub struct Store {
    database: Database,
    identity: Identity,
    protocol: Protocol,
    directory: DataDirectory,
}

impl Store {
    /// Opens the store of a deployment in a data directory, or creates it. `identity.start` counts when it is created only.
    pub fn open(directory: DataDirectory, mut identity: Identity) -> Result<Self, StoreError> {
        let path = directory.path().join(FILE);
        let database = open_or_create(&path)?;
        let transaction = database.begin_write()?;
        {
            let mut draft = Draft::open(&transaction)?;
            match draft.get::<Meta>(Table::Meta, tables::ONLY)? {
                Some(meta) => identity = check_meta(&meta, &identity, &path)?,
                None => initialise(&mut draft, &identity)?,
            }
        }
        transaction.commit()?;
        let protocol = Protocol::new(identity.chain_id, identity.contract, identity.exit_delay);
        Ok(Self {
            database,
            identity,
            protocol,
            directory,
        })
    }

    /// What the store is for.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The data directory, locked as long as the store lives.
    pub const fn directory(&self) -> &DataDirectory {
        &self.directory
    }

    /// The last block applied; before the first one, the block before it, whose hash nobody asked for.
    pub fn tip(&self) -> Result<(u64, Option<BlockRecord>), StoreError> {
        self.view()?.tip()
    }

    /// A snapshot. Later changes do not touch it.
    pub fn view(&self) -> Result<View, StoreError> {
        View::new(&self.database.begin_read()?, self.identity.clone())
    }

    /// Applies one block that L1 can still take back: the next one.
    pub fn apply(&self, block: &L1Block) -> Result<(), ApplyError> {
        let transaction = self.begin()?;
        {
            let mut draft = Draft::open(&transaction)?;
            let tip = self.tip_of(&draft)?;
            if tip.checked_add(1) != Some(block.id.number) {
                return Err(not_next(block.id.number, tip));
            }
            draft.begin_journal();
            self.protocol.apply(&mut draft, block)?;
            let record = BlockRecord {
                hash: block.id.hash,
                timestamp: block.timestamp,
            };
            draft.set_block(block.id.number, &record)?;
            draft.end_journal(block.id.number)?;
        }
        self.commit(transaction)?;
        Ok(())
    }

    /// Applies final blocks up to `end`, whose events are `blocks`; blocks without events may be left out. They cannot be
    /// undone. They must come after the last block applied, and in order.
    pub fn apply_final(&self, blocks: &[L1Block], end: BlockId, timestamp: u64) -> Result<(), ApplyError> {
        let transaction = self.begin()?;
        {
            let mut draft = Draft::open(&transaction)?;
            let mut tip = self.tip_of(&draft)?;
            if end.number <= tip {
                return Err(not_next(end.number, tip));
            }
            for block in blocks {
                let number = block.id.number;
                if number <= tip || number > end.number {
                    return Err(not_next(number, tip));
                }
                self.protocol.apply(&mut draft, block)?;
                tip = number;
            }
            draft.set_block(
                end.number,
                &BlockRecord {
                    hash: end.hash,
                    timestamp,
                },
            )?;
            prune(
                &mut draft,
                &self.identity,
                Finality {
                    number: end.number,
                    timestamp,
                },
            )?;
        }
        self.commit(transaction)?;
        Ok(())
    }

    /// Remembers that every checkpoint up to a block was held against L1.
    pub(crate) fn set_checked(&self, block: u64) -> Result<(), StoreError> {
        if self.view()?.checked()? == block {
            return Ok(());
        }
        let transaction = self.begin()?;
        Draft::open(&transaction)?.set_checked(block)?;
        self.commit(transaction)
    }

    /// Goes back to `block`, undoing all blocks after it in one transaction.
    pub fn rollback(&self, block: u64) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        {
            let mut draft = Draft::open(&transaction)?;
            while let Some(tip) = draft.last_number(Table::Blocks)?.filter(|&tip| tip > block) {
                draft.undo_block(tip)?;
            }
        }
        self.commit(transaction)
    }

    /// Undoes all blocks that have a journal, in one transaction. Returns how many.
    pub fn undo_unfinal(&self) -> Result<u64, StoreError> {
        let transaction = self.begin()?;
        let mut undone = 0;
        {
            let mut draft = Draft::open(&transaction)?;
            while let Some(tip) = draft.last_number(Table::Journal)? {
                draft.undo_block(tip)?;
                undone += 1;
            }
        }
        self.commit(transaction)?;
        Ok(undone)
    }

    /// Drops what is only needed as long as L1 can take blocks back, and what no proof can need again.
    pub fn prune(&self, finality: Finality) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        prune(&mut Draft::open(&transaction)?, &self.identity, finality)?;
        self.commit(transaction)
    }

    /// All records of all tables, for comparing stores.
    pub fn dump(&self) -> Result<Vec<Record>, StoreError> {
        let transaction = self.database.begin_read()?;
        let mut records = Vec::new();
        for table in Table::ALL {
            for record in transaction.open_table(table.definition())?.iter()? {
                let (key, value) = record?;
                records.push((table, key.value().to_vec(), value.value().to_vec()));
            }
        }
        Ok(records)
    }

    fn tip_of(&self, draft: &Draft<'_>) -> Result<u64, StoreError> {
        Ok(draft.last_number(Table::Blocks)?.unwrap_or(self.identity.start))
    }

    fn begin(&self) -> Result<redb::WriteTransaction, StoreError> {
        Ok(self.database.begin_write()?)
    }

    fn commit(&self, transaction: redb::WriteTransaction) -> Result<(), StoreError> {
        Ok(transaction.commit()?)
    }
}

fn not_next(number: u64, tip: u64) -> ApplyError {
    StoreError::NotNext { number, tip }.into()
}

fn check_meta(meta: &Meta, identity: &Identity, path: &std::path::Path) -> Result<Identity, StoreError> {
    if meta.schema != SCHEMA {
        return Err(StoreError::Schema {
            found: meta.schema,
            path: path.display().to_string(),
        });
    }
    let found: Identity = access::decode(Table::Meta, &meta.rest)?;
    if (found.chain_id, found.contract) != (identity.chain_id, identity.contract) {
        return Err(StoreError::AnotherDeployment {
            found: format!("0x{}", hex::encode(found.contract)),
            found_chain: found.chain_id,
            expected: format!("0x{}", hex::encode(identity.contract)),
            expected_chain: identity.chain_id,
        });
    }
    Ok(found)
}

fn initialise(draft: &mut Draft<'_>, identity: &Identity) -> Result<(), StoreError> {
    let rest = postcard::to_stdvec(identity).map_err(|_| StoreError::Encoding { table: Table::Meta })?;
    draft.put(Table::Meta, tables::ONLY, &Meta { schema: SCHEMA, rest })?;
    draft.set_chain(&ChainRecord {
        head: Head::genesis(identity.chain_id, &identity.contract),
        status: Status::Running,
        last_sequence: 0,
        batches: 0,
        cumulative_fee: 0,
        paid_cumulative_fee: 0,
        last_verified: 0,
        messages: 0,
        queued_message_acc: Bytes32::default(),
        attached_messages: 0,
        version: 0,
        halt: HaltRecord::default(),
    })
}

fn prune(draft: &mut Draft<'_>, identity: &Identity, finality: Finality) -> Result<(), StoreError> {
    draft.remove_below(Table::Journal, finality.number.saturating_add(1))?;
    let tip = draft.last_number(Table::Blocks)?.unwrap_or(0);
    draft.remove_below(Table::Blocks, finality.number.min(tip))?;
    if let Some(batch) = settled_batch(draft, identity, finality)? {
        draft.remove_below(Table::BatchData, batch + 1)?;
        draft.remove_below(Table::Changes, batch + 1)?;
    }
    Ok(())
}

/// The last batch that no halt can make provable again: up to the newest checkpoint that has matured in a final block.
fn settled_batch(draft: &Draft<'_>, identity: &Identity, finality: Finality) -> Result<Option<u64>, StoreError> {
    let chain = draft.chain()?;
    // What a halt or a resume decided that L1 can still take back must not decide what is dropped for good.
    if chain.halt.block > finality.number {
        return Ok(None);
    }
    let mut number = chain.last_verified;
    while number != 0 {
        let checkpoint: crate::chain::CheckpointRecord = draft.expect(Table::Checkpoints, number)?;
        let matured = match chain.status {
            Status::Closed => true,
            _ if checkpoint.verified_at <= chain.halt.matured_before => true,
            Status::Halted => false,
            Status::Running => {
                let waits_from = checkpoint.verified_at.max(chain.halt.resumed_at);
                finality.timestamp >= waits_from.saturating_add(identity.exit_delay)
            }
        };
        if matured && checkpoint.block.number <= finality.number {
            return Ok(Some(checkpoint.tail.sequence.cumulative_batches));
        }
        number = checkpoint.tail.previous;
    }
    Ok(None)
}
