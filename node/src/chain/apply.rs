// SPDX-License-Identifier: MIT OR Apache-2.0
//! Effects of events, one by one (`docs/spec/l1.md`).

use super::events::{EventKind, L1Block, L1Event, Sequenced, Verified};
use super::records::{
    AnnouncementRecord, BatchRecord, CheckpointRecord, Computed, ExitLinkRecord, MessageRecord, ReceiptRecord,
    SequenceRecord, Status, VersionRecord,
};
use crate::store::{Draft, StoreError, Table, access::Access, tables};
use poe_rollup::executor::{Batch, ExecutionError, Mode, Outcome, Params, execute};
use poe_rollup::formats::{
    Address, BatchData, BatchDataError, Bytes32, Capacity, CheckpointTail, Message, SequenceRest, domain,
};
use poe_rollup::state::{Head, StateReader as _};

/// Why a block cannot be applied. Everything but [`ApplyError::Store`] means that the provider left something out or
/// invented something: the contract cannot have said this.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Events are missing.
    #[error("{what} {found} follows {what} {last}: the L1 provider left events out; sync from another provider")]
    Gap {
        /// What is numbered.
        what: &'static str,
        /// The number that came.
        found: u64,
        /// The number before it.
        last: u64,
    },
    /// The batches do not hash to the accumulator of the contract.
    #[error(
        "sequence {sequence} leads to accumulator 0x{}, the contract has 0x{}",
        hex::encode(found),
        hex::encode(expected)
    )]
    Accumulator {
        /// The sequence.
        sequence: u64,
        /// What was computed.
        found: Bytes32,
        /// What the contract says.
        expected: Bytes32,
    },
    /// Fees that the contract cannot have charged.
    #[error(
        "with the fee of sequence {sequence}, {fee} token wei, all fees exceed the 112 bits the contract has for them"
    )]
    Fee {
        /// The sequence.
        sequence: u64,
        /// Its fee, token wei.
        fee: u128,
    },
    /// A batch the contract would not take.
    #[error("batch {position} of sequence {sequence}: {source}")]
    BatchData {
        /// The sequence.
        sequence: u64,
        /// Position of the batch in it, from 0.
        position: usize,
        /// Why.
        source: BatchDataError,
    },
    /// A batch the executor refuses.
    #[error("batch {position} of sequence {sequence} cannot be executed: {reason}")]
    Execution {
        /// The sequence.
        sequence: u64,
        /// Position of the batch in it, from 0.
        position: usize,
        /// Why.
        reason: String,
    },
}

/// The rules by which events become records.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    domain: Bytes32,
    genesis: Head,
    exit_delay: u64,
}

/// Where and when an event happened.
#[derive(Clone, Copy)]
struct Place<'a> {
    block: &'a L1Block,
    transaction: Bytes32,
}

impl Protocol {
    /// The rules of a deployment.
    pub fn new(chain_id: u64, contract: Address, exit_delay: u64) -> Self {
        Self {
            domain: domain(chain_id, &contract),
            genesis: Head::genesis(chain_id, &contract),
            exit_delay,
        }
    }

    /// Writes the effects of a block to a draft.
    pub(crate) fn apply(&self, draft: &mut Draft<'_>, block: &L1Block) -> Result<(), ApplyError> {
        for L1Event { transaction, kind } in &block.events {
            let place = Place {
                block,
                transaction: *transaction,
            };
            match kind {
                EventKind::MessageQueued { number, message } => queue(draft, place, *number, message)?,
                EventKind::VersionActivated {
                    version,
                    first_sequence,
                    capacity,
                } => {
                    activate(draft, *version, *first_sequence, *capacity)?;
                }
                EventKind::Sequenced(sequenced) => self.sequence(draft, place, sequenced)?,
                EventKind::Verified(verified) => self.verify(draft, place, verified)?,
                EventKind::Halted { start, .. } => self.halt(draft, block, *start)?,
                EventKind::Voided { voided, last_verified } => void(draft, *voided, *last_verified)?,
                EventKind::Resumed => resume(draft, block)?,
                EventKind::Closed => close(draft, block)?,
                EventKind::Tipped { sequence, amount } => {
                    change_tips(draft, *sequence, |tips| tips.saturating_add(*amount))?;
                }
                EventKind::TipsRemoved { sequence, amount } => {
                    change_tips(draft, *sequence, |tips| tips.saturating_sub(*amount))?;
                }
                EventKind::Announced { sequencer, url } => announce(draft, block.timestamp, *sequencer, url)?,
            }
        }
        Ok(())
    }

    /// A sequence: its batches are executed and the accumulator compared with the contract's.
    fn sequence(&self, draft: &mut Draft<'_>, place: Place<'_>, event: &Sequenced) -> Result<(), ApplyError> {
        let mut chain = draft.chain()?;
        require_next("sequence", event.number, chain.last_sequence)?;
        if event.attached_messages < chain.attached_messages || event.attached_messages > chain.messages {
            let (found, last) = (event.attached_messages.into(), chain.messages.into());
            return Err(ApplyError::Gap {
                what: "message",
                found,
                last,
            });
        }
        let version: VersionRecord = draft.expect(Table::Versions, chain.version.into())?;
        let params = Params {
            domain: self.domain,
            capacity: version.capacity,
        };
        let first_batch = chain.batches + 1;
        for (position, bytes) in event.batches.iter().enumerate() {
            let attach = version
                .capacity
                .messages
                .min(event.attached_messages - chain.attached_messages);
            let record = BatchRecord {
                number: chain.batches + 1,
                sequence: event.number,
                version: chain.version,
                fee_recipient: event.fee_recipient,
                first_message: chain.attached_messages + 1,
                messages: attach,
                slots: 0,
                applied: 0,
                slot_fees: 0,
                message_fees: 0,
                head: chain.head,
            };
            chain.head = execute_batch(draft, &params, position, bytes, record)?;
            chain.batches += 1;
            chain.attached_messages += attach;
            draft.set_chain(&chain)?;
        }
        if chain.head.acc != event.acc || chain.attached_messages != event.attached_messages {
            let (sequence, found, expected) = (event.number, chain.head.acc, event.acc);
            return Err(ApplyError::Accumulator {
                sequence,
                found,
                expected,
            });
        }
        chain.last_sequence = event.number;
        chain.cumulative_fee = add_fee(chain.cumulative_fee, event)?;
        draft.set_chain(&chain)?;
        let record = SequenceRecord {
            number: event.number,
            acc: event.acc,
            rest: SequenceRest {
                cumulative_fee: chain.cumulative_fee,
                fee: event.fee,
                cumulative_batches: chain.batches,
                version: chain.version,
                payer: event.payer,
            },
            sequenced_at: place.block.timestamp,
            fee_recipient: event.fee_recipient,
            first_batch,
            head: chain.head,
            block: place.block.id,
            transaction: place.transaction,
        };
        Ok(draft.put(Table::Sequences, &tables::number(event.number), &record)?)
    }

    /// A checkpoint. Whether it is what its batches lead to is recorded, not enforced: a wrong one may be taken back later on.
    fn verify(&self, draft: &mut Draft<'_>, place: Place<'_>, event: &Verified) -> Result<(), ApplyError> {
        let mut chain = draft.chain()?;
        if event.last <= chain.last_verified || event.last > chain.last_sequence {
            let (found, last) = (event.last, chain.last_sequence);
            return Err(ApplyError::Gap {
                what: "checkpoint",
                found,
                last,
            });
        }
        let sequence: SequenceRecord = draft.expect(Table::Sequences, event.last)?;
        let computed = Computed {
            state_root: sequence.head.state_root().to_bytes(),
            exit_acc: sequence.head.exit_acc,
        };
        let proven = Computed {
            state_root: event.state_root,
            exit_acc: event.exit_acc,
        };
        let record = CheckpointRecord {
            number: event.last,
            acc: sequence.acc,
            state_root: event.state_root,
            exit_acc: event.exit_acc,
            tail: CheckpointTail {
                sequence: sequence.rest,
                sequenced_at: sequence.sequenced_at,
                previous: chain.last_verified,
                beneficiary: event.beneficiary,
                proven_by: event.proven_by,
            },
            verified_at: place.block.timestamp,
            reward: event.reward,
            block: place.block.id,
            transaction: place.transaction,
            disputed: (computed != proven).then_some(computed),
        };
        chain.last_verified = event.last;
        chain.paid_cumulative_fee = chain.paid_cumulative_fee.max(sequence.rest.cumulative_fee);
        draft.set_chain(&chain)?;
        Ok(draft.put(Table::Checkpoints, &tables::number(event.last), &record)?)
    }

    /// The first halt fixes what has matured; a deeper conflict moves its start only (`L1-27`, `L1-31`).
    fn halt(&self, draft: &mut Draft<'_>, block: &L1Block, start: u64) -> Result<(), ApplyError> {
        let now = block.timestamp;
        let mut chain = draft.chain()?;
        if chain.status == Status::Running && chain.halt.resumed_at.saturating_add(self.exit_delay) <= now {
            chain.halt.matured_before = now - self.exit_delay;
        }
        chain.halt.conflict_start = start;
        chain.halt.block = block.id.number;
        chain.status = Status::Halted;
        Ok(draft.set_chain(&chain)?)
    }

    /// The head before the first batch.
    pub const fn genesis(&self) -> &Head {
        &self.genesis
    }
}

/// The contract keeps the sum of all fees in 112 bits.
fn add_fee(sum: u128, event: &Sequenced) -> Result<u128, ApplyError> {
    let sum = sum.checked_add(event.fee).filter(|sum| sum >> 112 == 0);
    sum.ok_or(ApplyError::Fee {
        sequence: event.number,
        fee: event.fee,
    })
}

fn require_next(what: &'static str, found: u64, last: u64) -> Result<(), ApplyError> {
    if last.checked_add(1) == Some(found) {
        Ok(())
    } else {
        Err(ApplyError::Gap { what, found, last })
    }
}

fn queue(draft: &mut Draft<'_>, place: Place<'_>, number: u32, message: &Message) -> Result<(), ApplyError> {
    let mut chain = draft.chain()?;
    require_next("message", number.into(), chain.messages.into())?;
    chain.messages = number;
    chain.queued_message_acc = message.step(&chain.queued_message_acc);
    draft.set_chain(&chain)?;
    let record = MessageRecord {
        message: *message,
        acc: chain.queued_message_acc,
        queued_at: place.block.timestamp,
        transaction: place.transaction,
    };
    Ok(draft.put(Table::Messages, &tables::number(number.into()), &record)?)
}

fn activate(draft: &mut Draft<'_>, version: u32, first_sequence: u64, capacity: Capacity) -> Result<(), ApplyError> {
    let mut chain = draft.chain()?;
    chain.version = version;
    draft.set_chain(&chain)?;
    let record = VersionRecord {
        first_sequence,
        capacity,
    };
    Ok(draft.put(Table::Versions, &tables::number(version.into()), &record)?)
}

/// Executes a batch and stores everything it did but the chain record. Returns the head after it.
fn execute_batch(
    draft: &mut Draft<'_>,
    params: &Params,
    position: usize,
    bytes: &[u8],
    mut record: BatchRecord,
) -> Result<Head, ApplyError> {
    let sequence = record.sequence;
    let data = BatchData::decode(bytes, params.capacity.slots).map_err(|source| ApplyError::BatchData {
        sequence,
        position,
        source,
    })?;
    let mut messages = Vec::with_capacity(record.messages as usize);
    for number in record.first_message..record.first_message + record.messages {
        messages.push(draft.expect::<MessageRecord>(Table::Messages, number.into())?.message);
    }
    let batch = Batch {
        version: record.version,
        fee_recipient: record.fee_recipient,
        messages,
        slots: data.slots().to_vec(),
    };
    let outcome = execute(params, &*draft, &batch, Mode::Follow).map_err(|error| match error {
        ExecutionError::Store(store) => ApplyError::Store(store),
        other => ApplyError::Execution {
            sequence,
            position,
            reason: other.to_string(),
        },
    })?;
    record.slots = batch.slots.len() as u32;
    record.applied = outcome.receipts.iter().filter(|receipt| receipt.is_applied()).count() as u32;
    record.slot_fees = outcome.slot_fees;
    record.message_fees = outcome.message_fees;
    record.head = outcome.new;
    let key = tables::number(record.number);
    draft.put_raw(Table::BatchData, &key, bytes)?;
    draft.put(Table::Changes, &key, &outcome.changes)?;
    draft.put(Table::Batches, &key, &record)?;
    draft.apply_changes(&outcome.changes)?;
    store_exits(draft, params.capacity, &record, &outcome)?;
    store_receipts(draft, &record, &batch, &outcome)?;
    Ok(outcome.new)
}

fn store_exits(
    draft: &mut Draft<'_>,
    capacity: Capacity,
    record: &BatchRecord,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    if outcome.exits.is_empty() {
        return Ok(());
    }
    let link = ExitLinkRecord {
        batch: record.number,
        sequence: record.sequence,
        previous_acc: outcome.old.exit_acc,
        acc: outcome.new.exit_acc,
        capacity: capacity.exits,
        exits: outcome.exits.clone(),
    };
    draft.put(Table::Exits, &tables::number(record.number), &link)
}

/// Anybody can post slots in anybody's name, so what was applied is never overwritten, and a slot in the name of an
/// account that does not exist leaves no trace.
fn store_receipts(
    draft: &mut Draft<'_>,
    record: &BatchRecord,
    batch: &Batch,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    for (position, (slot, &receipt)) in batch.slots.iter().zip(&outcome.receipts).enumerate() {
        let account = slot.transfer.from;
        if draft.account(account)?.is_none_or(|account| !account.registered) {
            continue;
        }
        let key = tables::account_and_nonce(account, slot.transfer.nonce);
        let known: Option<ReceiptRecord> = draft.record(Table::Receipts, &key)?;
        if known.is_some_and(|known| known.receipt.is_applied()) {
            continue;
        }
        let (batch, sequence, position) = (record.number, record.sequence, position as u32);
        draft.put(
            Table::Receipts,
            &key,
            &ReceiptRecord {
                batch,
                sequence,
                position,
                receipt,
            },
        )?;
    }
    Ok(())
}

fn void(draft: &mut Draft<'_>, voided: u64, last_verified: u64) -> Result<(), ApplyError> {
    let mut chain = draft.chain()?;
    if voided != chain.last_verified {
        return Err(ApplyError::Gap {
            what: "void checkpoint",
            found: voided,
            last: chain.last_verified,
        });
    }
    chain.last_verified = last_verified;
    draft.set_chain(&chain)?;
    Ok(draft.remove(Table::Checkpoints, &tables::number(voided))?)
}

fn resume(draft: &mut Draft<'_>, block: &L1Block) -> Result<(), ApplyError> {
    let mut chain = draft.chain()?;
    chain.halt.resumed_at = block.timestamp;
    chain.halt.block = block.id.number;
    chain.status = Status::Running;
    Ok(draft.set_chain(&chain)?)
}

fn close(draft: &mut Draft<'_>, block: &L1Block) -> Result<(), ApplyError> {
    let mut chain = draft.chain()?;
    chain.status = Status::Closed;
    chain.halt.block = block.id.number;
    Ok(draft.set_chain(&chain)?)
}

fn change_tips(draft: &mut Draft<'_>, sequence: u64, change: impl Fn(u128) -> u128) -> Result<(), ApplyError> {
    let key = tables::number(sequence);
    let tips = change(draft.record(Table::Tips, &key)?.unwrap_or(0));
    if tips == 0 {
        return Ok(draft.remove(Table::Tips, &key)?);
    }
    Ok(draft.put(Table::Tips, &key, &tips)?)
}

fn announce(draft: &mut Draft<'_>, now: u64, sequencer: Address, url: &str) -> Result<(), ApplyError> {
    let record = AnnouncementRecord {
        sequencer,
        url: url.to_owned(),
        announced_at: now,
    };
    Ok(draft.put(Table::Announcements, &sequencer, &record)?)
}
