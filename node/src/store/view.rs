// SPDX-License-Identifier: MIT OR Apache-2.0
//! A snapshot of the store: everything a sequencer, an aggregator or a person asks.

use super::access::Access;
use super::past::PastState;
use super::tables::{self, Table};
use super::{Identity, StoreError};
use crate::chain::{
    AnnouncementRecord, BatchRecord, BlockRecord, ChainRecord, CheckpointRecord, ExitLinkRecord, MessageRecord,
    ReceiptRecord, SequenceRecord, Status, VersionRecord,
};
use poe_rollup::executor::{Batch, BatchWitness, Mode, Params, execute};
use poe_rollup::formats::{Address, BatchData, Bytes32, Message, domain};
use poe_rollup::poseidon::Digest;
use poe_rollup::state::{Account, ChangeSet, Head, NodeKey, StateReader};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::ops::RangeInclusive;

type Open = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// Numbers of L1 messages.
pub type MessageRange = std::ops::Range<u32>;

/// A snapshot of the store. As a [`StateReader`] it is the virtual state.
pub struct View {
    tables: Vec<Open>,
    identity: Identity,
    chain: ChainRecord,
}

impl core::fmt::Debug for View {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("View")
            .field("identity", &self.identity)
            .field("chain", &self.chain)
            .finish()
    }
}

impl View {
    pub(crate) fn new(transaction: &ReadTransaction, identity: Identity) -> Result<Self, StoreError> {
        let open = |table: Table| transaction.open_table(table.definition());
        let tables = Table::ALL.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let missing = StoreError::Missing {
            table: Table::Chain,
            key: 0,
        };
        let bytes = tables[Table::Chain as usize].get(tables::ONLY)?.ok_or(missing)?;
        let chain = super::access::decode(Table::Chain, bytes.value())?;
        Ok(Self {
            tables,
            identity,
            chain,
        })
    }

    /// The deployment.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where the chain stands.
    pub const fn chain(&self) -> &ChainRecord {
        &self.chain
    }

    /// The domain of the deployment (FMT-5).
    pub fn domain(&self) -> Bytes32 {
        domain(self.identity.chain_id, &self.identity.contract)
    }

    /// The last block applied; before the first one, the block before it, whose hash nobody asked for.
    pub fn tip(&self) -> Result<(u64, Option<BlockRecord>), StoreError> {
        match self.last_number(Table::Blocks)? {
            Some(number) => Ok((number, Some(self.expect(Table::Blocks, number)?))),
            None => Ok((self.identity.start, None)),
        }
    }

    /// A block, if it is one of those kept: from the last final one on.
    pub fn block(&self, number: u64) -> Result<Option<BlockRecord>, StoreError> {
        self.record(Table::Blocks, &tables::number(number))
    }

    /// A version.
    pub fn version(&self, version: u32) -> Result<Option<VersionRecord>, StoreError> {
        self.record(Table::Versions, &tables::number(version.into()))
    }

    /// What the executor needs to know about batches of a version.
    pub fn params(&self, version: u32) -> Result<Params, StoreError> {
        let record: VersionRecord = self.expect(Table::Versions, version.into())?;
        Ok(Params {
            domain: self.domain(),
            capacity: record.capacity,
        })
    }

    /// A sequence.
    pub fn sequence(&self, number: u64) -> Result<Option<SequenceRecord>, StoreError> {
        self.record(Table::Sequences, &tables::number(number))
    }

    /// The sequences that wait for a proof, oldest first.
    pub fn pending_sequences(&self) -> Result<Vec<SequenceRecord>, StoreError> {
        let pending = self.chain.last_verified + 1..=self.chain.last_sequence;
        pending.map(|number| self.expect(Table::Sequences, number)).collect()
    }

    /// A batch, without its slots.
    pub fn batch(&self, number: u64) -> Result<Option<BatchRecord>, StoreError> {
        self.record(Table::Batches, &tables::number(number))
    }

    /// A checkpoint. Genesis, number 0, has no record.
    pub fn checkpoint(&self, number: u64) -> Result<Option<CheckpointRecord>, StoreError> {
        self.record(Table::Checkpoints, &tables::number(number))
    }

    /// The newest checkpoints, newest first, at most `limit`.
    pub fn checkpoints(&self, limit: usize) -> Result<Vec<CheckpointRecord>, StoreError> {
        let mut found = Vec::new();
        let mut number = self.chain.last_verified;
        while number != 0 && found.len() < limit {
            let checkpoint: CheckpointRecord = self.expect(Table::Checkpoints, number)?;
            number = checkpoint.tail.previous;
            found.push(checkpoint);
        }
        Ok(found)
    }

    /// Block up to which every checkpoint was held against L1; zero if none was.
    pub(crate) fn checked(&self) -> Result<u64, StoreError> {
        Access::checked(self)
    }

    /// The oldest checkpoint whose proven result is not what its batches lead to. There is none unless a verifier is unsound.
    pub fn disputed(&self) -> Result<Option<CheckpointRecord>, StoreError> {
        for record in self.tables[Table::Checkpoints as usize].iter()? {
            let checkpoint: CheckpointRecord = super::access::decode(Table::Checkpoints, record?.1.value())?;
            if checkpoint.disputed.is_some() {
                return Ok(Some(checkpoint));
            }
        }
        Ok(None)
    }

    /// Head of the final state: after the batches of the last checkpoint.
    pub fn final_head(&self) -> Result<Head, StoreError> {
        self.head_after_sequence(self.chain.last_verified)
    }

    /// Head after a sequence; 0 is genesis.
    pub fn head_after_sequence(&self, sequence: u64) -> Result<Head, StoreError> {
        if sequence == 0 {
            return Ok(Head::genesis(self.identity.chain_id, &self.identity.contract));
        }
        let record: SequenceRecord = self.expect(Table::Sequences, sequence)?;
        Ok(record.head)
    }

    /// Number of the last batch of a sequence; 0 for genesis.
    pub fn last_batch_of(&self, sequence: u64) -> Result<u64, StoreError> {
        if sequence == 0 {
            return Ok(0);
        }
        let record: SequenceRecord = self.expect(Table::Sequences, sequence)?;
        Ok(record.last_batch())
    }

    /// The final state.
    pub fn final_state(&self) -> Result<PastState<'_>, StoreError> {
        self.state_after(self.last_batch_of(self.chain.last_verified)?)
    }

    /// What differs in the final state from the virtual one, accounts only: those that batches without a proof have changed, as they were.
    pub fn final_accounts(&self) -> Result<HashMap<u32, Option<Account>>, StoreError> {
        let mut accounts = HashMap::new();
        for batch in self.last_batch_of(self.chain.last_verified)? + 1..=self.chain.batches {
            for (index, change) in self.changes(batch)?.accounts {
                accounts.entry(index).or_insert(change.before);
            }
        }
        Ok(accounts)
    }

    /// The state after a batch (0: genesis), as long as the batches behind it are not settled.
    pub fn state_after(&self, batch: u64) -> Result<PastState<'_>, StoreError> {
        let changes = (batch + 1..=self.chain.batches).map(|number| self.changes(number));
        PastState::new(self, changes)
    }

    /// A batch as L1 fixed it, with messages and slots, unless it is settled.
    pub fn batch_contents(&self, number: u64) -> Result<Batch, StoreError> {
        let record: BatchRecord = self.expect(Table::Batches, number)?;
        let bytes = self.raw(Table::BatchData, &tables::number(number))?;
        let bytes = bytes.ok_or(StoreError::Settled { batch: number })?;
        let capacity = self.params(record.version)?.capacity.slots;
        let data = BatchData::decode(&bytes, capacity).map_err(|_| StoreError::Corrupt {
            table: Table::BatchData,
        })?;
        let messages = record.first_message..record.first_message + record.messages;
        Ok(Batch {
            version: record.version,
            fee_recipient: record.fee_recipient,
            messages: self.messages(messages)?.into_iter().map(|m| m.message).collect(),
            slots: data.slots().to_vec(),
        })
    }

    /// The witnesses of consecutive batches, made by executing them again on the state before the first one. `each` gets them one
    /// by one, since a full batch has megabytes of them, and may stop.
    pub fn witnesses<E: From<StoreError>>(
        &self,
        batches: RangeInclusive<u64>,
        mut each: impl FnMut(u64, BatchWitness) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut state = self.state_after(batches.start().saturating_sub(1))?;
        for number in batches {
            let batch = self.batch_contents(number)?;
            let params = self.params(batch.version)?;
            let corrupt = StoreError::Corrupt { table: Table::Changes };
            let Ok(outcome) = execute(&params, &state, &batch, Mode::Record) else {
                return Err(corrupt.into());
            };
            let record: BatchRecord = self.expect(Table::Batches, number)?;
            let Some(witness) = outcome.witness.filter(|_| outcome.new == record.head) else {
                return Err(corrupt.into());
            };
            state.advance(&outcome.changes);
            each(number, witness)?;
        }
        Ok(())
    }

    /// The witness of one batch.
    pub fn witness(&self, batch: u64) -> Result<BatchWitness, StoreError> {
        let mut found = None;
        self.witnesses(batch..=batch, |_, witness| {
            found = Some(witness);
            Ok::<_, StoreError>(())
        })?;
        found.ok_or(StoreError::Missing {
            table: Table::Batches,
            key: batch,
        })
    }

    /// L1 messages by number.
    pub fn messages(&self, numbers: MessageRange) -> Result<Vec<MessageRecord>, StoreError> {
        numbers
            .map(|number| self.expect(Table::Messages, number.into()))
            .collect()
    }

    /// The messages the next batch would take.
    pub fn next_messages(&self) -> Result<Vec<Message>, StoreError> {
        let ChainRecord {
            attached_messages,
            messages,
            version,
            ..
        } = self.chain;
        let capacity = self.params(version)?.capacity.messages;
        let end = messages.min(attached_messages.saturating_add(capacity));
        Ok(self
            .messages(attached_messages + 1..end + 1)?
            .into_iter()
            .map(|m| m.message)
            .collect())
    }

    /// Registrations of a key or an owner, queued ones included: index and message.
    pub fn registrations(&self, matches: impl Fn(&Message) -> bool) -> Result<Vec<MessageRecord>, StoreError> {
        let all: Vec<MessageRecord> = self.all(Table::Messages)?;
        let registers = |m: &MessageRecord| m.message.kind == poe_rollup::formats::KIND_REGISTER;
        Ok(all
            .into_iter()
            .filter(|m| registers(m) && matches(&m.message))
            .collect())
    }

    /// What became of the slot of an account with a nonce.
    pub fn receipt(&self, account: u32, nonce: u32) -> Result<Option<ReceiptRecord>, StoreError> {
        self.record(Table::Receipts, &tables::account_and_nonce(account, nonce))
    }

    /// The exits of a batch, if it has any.
    pub fn exit_link(&self, batch: u64) -> Result<Option<ExitLinkRecord>, StoreError> {
        self.record(Table::Exits, &tables::number(batch))
    }

    /// The links of the exit chain, oldest first.
    pub fn exit_links(&self) -> Result<Vec<ExitLinkRecord>, StoreError> {
        self.all(Table::Exits)
    }

    /// Tips on a sequence, token wei.
    pub fn tips(&self, sequence: u64) -> Result<u128, StoreError> {
        Ok(self.record(Table::Tips, &tables::number(sequence))?.unwrap_or(0))
    }

    /// The sequences that tips are on, oldest first, and the tips in token wei.
    pub fn tipped(&self) -> Result<Vec<(u64, u128)>, StoreError> {
        let mut found = Vec::new();
        for record in self.tables[Table::Tips as usize].iter()? {
            let (key, value) = record?;
            let corrupt = StoreError::Corrupt { table: Table::Tips };
            let sequence = tables::read_number(key.value()).ok_or(corrupt)?;
            found.push((sequence, super::access::decode(Table::Tips, value.value())?));
        }
        Ok(found)
    }

    /// Batch fees that a proof up to `sequence` earns (`L1-20`), token wei, without tips.
    pub fn reward(&self, sequence: &SequenceRecord) -> u128 {
        sequence
            .rest
            .cumulative_fee
            .saturating_sub(self.chain.paid_cumulative_fee)
    }

    /// When a checkpoint matures (`L1-27`); `None` while a halt stops the wait.
    pub fn matures_at(&self, checkpoint: &CheckpointRecord) -> Option<u64> {
        let halt = &self.chain.halt;
        match self.chain.status {
            _ if checkpoint.verified_at <= halt.matured_before => Some(checkpoint.verified_at),
            Status::Closed => Some(checkpoint.verified_at),
            Status::Halted => None,
            Status::Running => {
                let waits_from = checkpoint.verified_at.max(halt.resumed_at);
                Some(waits_from.saturating_add(self.identity.exit_delay))
            }
        }
    }

    /// Sequencers that said where they answer.
    pub fn announcements(&self) -> Result<Vec<AnnouncementRecord>, StoreError> {
        self.all(Table::Announcements)
    }

    /// Registration of an account as the virtual state holds it.
    pub fn owner_of(&self, account: u32) -> Result<Option<Address>, StoreError> {
        Ok(self.account(account)?.filter(|a| a.registered).map(|a| a.l1_owner))
    }

    fn changes(&self, batch: u64) -> Result<ChangeSet, StoreError> {
        self.record(Table::Changes, &tables::number(batch))?
            .ok_or(StoreError::Settled { batch })
    }

    fn all<T: DeserializeOwned>(&self, table: Table) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        for record in self.tables[table as usize].iter()? {
            found.push(super::access::decode(table, record?.1.value())?);
        }
        Ok(found)
    }
}

impl Access for View {
    fn table(&self, table: Table) -> &impl ReadableTable<&'static [u8], &'static [u8]> {
        &self.tables[table as usize]
    }
}

impl StateReader for View {
    type Error = StoreError;

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.chain.head)
    }

    fn account(&self, index: u32) -> Result<Option<Account>, StoreError> {
        self.stored_account(index)
    }

    fn node(&self, key: NodeKey) -> Result<Option<Digest>, StoreError> {
        self.stored_node(key)
    }
}
