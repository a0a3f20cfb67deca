// SPDX-License-Identifier: MIT OR Apache-2.0
//! Batches of slots that are applied.

use super::judge::store_error;
use crate::store::{StoreError, View};
use poe_bindings::sequencing::MAX_BATCHES_PER_SEQUENCE;
use poe_rollup::executor::{Execution, Mode, Receipt, Rule};
use poe_rollup::formats::{Message, Slot};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

/// Batches for one call.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// The batches.
    pub batches: Vec<PackedBatch>,
    /// Slots that can never be applied, whatever comes before them.
    pub hopeless: Vec<(Slot, Rule)>,
}

/// One batch.
#[derive(Clone, Debug, Default)]
pub struct PackedBatch {
    /// The slots; each of them is applied on the state they were packed for.
    pub slots: Vec<Slot>,
    /// Messages that L1 will attach, as far as it has them by now.
    pub messages: u32,
    /// Gwei that the fee recipient earns with it.
    pub fees: u64,
}

impl Packed {
    /// The slots of all batches.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.batches.iter().flat_map(|batch| &batch.slots)
    }

    /// Gwei that the fee recipient earns.
    pub fn fees(&self) -> u64 {
        self.batches.iter().map(|batch| batch.fees).sum()
    }

    /// The batches as the contract takes them.
    pub fn encode(&self) -> Vec<Vec<u8>> {
        self.batches
            .iter()
            .map(|batch| batch.slots.iter().flat_map(Slot::encode).collect())
            .collect()
    }
}

/// The first waiting slot of an account: the highest fee first, then the oldest.
type Turn = (u64, Reverse<u64>, u32);

/// What waits, account by account, in the order of nonces.
struct Queues {
    waiting: BTreeMap<u32, VecDeque<(u64, Slot)>>,
}

impl Queues {
    fn turn(&self, account: u32) -> Option<Turn> {
        let (order, slot) = self.waiting.get(&account)?.front()?;
        Some((slot.transfer.fee, Reverse(*order), account))
    }
}

/// Fills at most `max_batches` batches, and no more than the contract takes in one call, on the virtual state and the messages that wait, with the slots of the highest fees.
///
/// `candidates` are slots and their places in the order of arrival. Every slot in the result is applied when the executor runs the
/// batches. There is always a first batch; later
/// ones have slots or messages.
pub fn pack(
    view: &View,
    candidates: impl IntoIterator<Item = (u64, Slot)>,
    fee_recipient: u32,
    max_batches: u32,
) -> Result<Packed, StoreError> {
    let max_batches = max_batches.min(MAX_BATCHES_PER_SEQUENCE);
    let version = view.chain().version;
    let params = view.params(version)?;
    let mut queues = Queues {
        waiting: BTreeMap::new(),
    };
    for (order, slot) in candidates {
        queues
            .waiting
            .entry(slot.transfer.from)
            .or_default()
            .push_back((order, slot));
    }
    for queue in queues.waiting.values_mut() {
        queue.make_contiguous().sort_by_key(|(_, slot)| slot.transfer.nonce);
    }
    let mut state = view.state_after(view.chain().batches)?;
    let mut messages = VecDeque::from(waiting_messages(view, params.capacity.messages, max_batches)?);
    let mut packed = Packed::default();
    while packed.batches.len() < max_batches as usize {
        let mut execution =
            Execution::begin(&params, &state, version, fee_recipient, Mode::Follow).map_err(store_error)?;
        let take = messages.len().min(params.capacity.messages as usize);
        for message in messages.drain(..take) {
            execution.apply_message(&message).map_err(store_error)?;
        }
        let slots =
            fill(&mut execution, &mut queues, params.capacity.slots, &mut packed.hopeless).map_err(store_error)?;
        if slots.is_empty() && take == 0 && !packed.batches.is_empty() {
            break;
        }
        let full = slots.len() == params.capacity.slots as usize;
        let outcome = execution.finish().map_err(store_error)?;
        state.advance(&outcome.changes);
        let fees = outcome.slot_fees + outcome.message_fees;
        packed.batches.push(PackedBatch {
            slots,
            messages: take as u32,
            fees,
        });
        // What a batch left for lack of exits is for the next one; no other slot is left unless it was full.
        if !full
            && messages.is_empty()
            && !queues
                .waiting
                .values()
                .flatten()
                .any(|(_, slot)| slot.transfer.is_withdraw())
        {
            break;
        }
    }
    Ok(packed)
}

fn fill<S: poe_rollup::state::StateReader>(
    execution: &mut Execution<'_, S>,
    queues: &mut Queues,
    capacity: u32,
    hopeless: &mut Vec<(Slot, Rule)>,
) -> Result<Vec<Slot>, poe_rollup::executor::ExecutionError<S::Error>> {
    let mut turns: BinaryHeap<Turn> = queues
        .waiting
        .keys()
        .filter_map(|&account| queues.turn(account))
        .collect();
    let mut stuck: BTreeMap<u32, Rule> = BTreeMap::new();
    let mut slots = Vec::new();
    while let Some((_, _, account)) = turns.pop() {
        if slots.len() == capacity as usize {
            break;
        }
        let Some(queue) = queues.waiting.get_mut(&account) else {
            continue;
        };
        let Some(&(_, slot)) = queue.front() else { continue };
        match execution.judge_slot(&slot)? {
            Receipt::Applied => {
                execution.apply_slot(&slot)?;
                slots.push(slot);
                queue.pop_front();
                turns.extend(queues.turn(account));
                // Whoever had too little may have been paid just now.
                if stuck.get(&slot.transfer.to) == Some(&Rule::InsufficientBalance) {
                    stuck.remove(&slot.transfer.to);
                    turns.extend(queues.turn(slot.transfer.to));
                }
            }
            // A batch changes no key: neither this slot nor, without it, the later ones of the account are ever applied.
            Receipt::NoOp(rule) if is_hopeless(rule) => {
                hopeless.push((slot, rule));
                queues.waiting.remove(&account);
            }
            Receipt::NoOp(rule) => {
                stuck.insert(account, rule);
            }
        }
    }
    Ok(slots)
}

const fn is_hopeless(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::SpareNotZero
            | Rule::ScalarOutOfRange
            | Rule::AmountOutOfRange
            | Rule::FeeOutOfRange
            | Rule::WrongSequencer
            | Rule::NonceExhausted
            | Rule::BadSignature
    )
}

fn waiting_messages(view: &View, capacity: u32, max_batches: u32) -> Result<Vec<Message>, StoreError> {
    let chain = view.chain();
    let most = capacity.saturating_mul(max_batches);
    let end = chain.messages.min(chain.attached_messages.saturating_add(most));
    Ok(view
        .messages(chain.attached_messages + 1..end + 1)?
        .into_iter()
        .map(|record| record.message)
        .collect())
}
