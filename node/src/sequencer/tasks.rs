// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the posting task does with the pool. None of it holds the pool while it computes.

use super::error::SequencerError;
use super::packer::{Packed, PackedBatch, pack};
use super::policy::Ready;
use super::pool::Pool;
use super::records::{Flight, Key, key_of};
use super::service::{Service, seconds_since, unix_now};
use crate::store::{StoreError, View};
use poe_bindings::sequencing::MAX_BATCHES_PER_SEQUENCE;
use poe_rollup::formats::Slot;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use tokio::runtime::{Handle, RuntimeFlavor};

/// Computes without holding up the other tasks of this thread.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Service {
    fn copy_of_pool(&self) -> Pool {
        self.pool().clone()
    }

    /// Holds the pool against a new virtual state. Returns how many slots left it.
    pub(super) fn revalidate(&self, view: &View) -> Result<usize, SequencerError> {
        let mut copy = self.copy_of_pool();
        let removals = aside(|| copy.revalidate(view, unix_now()))?;
        let (removals, ticket) = {
            let mut pool = self.pool();
            let removals = pool.agree(&copy, removals);
            pool.remove(&removals);
            let ticket = self.journal.enqueue(None, removals.clone());
            (removals, ticket)
        };
        aside(|| self.journal.flush(ticket))?;
        for removal in &removals {
            tracing::debug!(account = removal.key.0, nonce = removal.key.1, outcome = ?removal.outcome, "slot leaves the pool");
        }
        Ok(removals.len())
    }

    /// Packs what waits, the slots of `again` included although they are on their way, and marks it as on its way, so that no user
    /// replaces it from now on; [`Self::set_flights`] takes the mark back.
    pub(super) fn pack(&self, view: &View, again: &BTreeSet<Key>) -> Result<Packed, SequencerError> {
        let candidates: Vec<(u64, Slot)> = {
            let mut pool = self.pool();
            let candidates: Vec<_> = pool.candidates(again).collect();
            // Whoever would replace one meanwhile is told to wait: packing once more for each of them might never end.
            pool.reserve(candidates.iter().map(|(_, slot)| key_of(&slot.transfer)).collect());
            candidates
        };
        let most = self.config.posting.max_batches;
        let packed = aside(|| pack(view, candidates, self.config.fee_recipient, most));
        let (packed, ticket) = {
            let mut pool = self.pool();
            pool.reserve(BTreeSet::new());
            let packed = packed?;
            let removals = pool.hopeless(&packed.hopeless);
            pool.remove(&removals);
            pool.add_flying(packed.slots().map(|slot| key_of(&slot.transfer)));
            (packed, self.journal.enqueue(None, removals))
        };
        aside(|| self.journal.flush(ticket))?;
        Ok(packed)
    }

    /// What could be posted now; `None` while the deployment takes nothing.
    pub(super) fn ready(&self, view: &View) -> Result<Option<Ready>, SequencerError> {
        let copy = self.copy_of_pool();
        Ok(aside(|| self.ready_of(&copy, view))?)
    }

    fn ready_of(&self, pool: &Pool, view: &View) -> Result<Option<Ready>, StoreError> {
        let chain = view.chain();
        let Some(version) = view.version(chain.version)? else {
            return Ok(None);
        };
        let batches = self.config.posting.max_batches.min(MAX_BATCHES_PER_SEQUENCE);
        let mut slots = pool.ready(view)?;
        let (now, l1_now) = (unix_now(), view.tip()?.1.map_or(0, |block| block.timestamp));
        let oldest_slot = slots
            .iter()
            .map(|(received_at, _)| seconds_since(*received_at, now))
            .max();
        slots.sort_by_key(|(_, slot)| Reverse(slot.transfer.fee));
        slots.truncate((version.capacity.slots as usize).saturating_mul(batches as usize));
        let most = version.capacity.messages.saturating_mul(batches);
        let end = chain.messages.min(chain.attached_messages.saturating_add(most));
        let messages = view.messages(chain.attached_messages + 1..end + 1)?;
        let ages = messages.iter().map(|message| l1_now.saturating_sub(message.queued_at));
        let fees = slots.iter().map(|(_, slot)| slot.transfer.fee);
        Ok(Some(Ready {
            slots: slots.len(),
            withdraws: slots.iter().filter(|(_, slot)| slot.transfer.is_withdraw()).count(),
            messages: messages.len(),
            fees: fees
                .chain(messages.iter().map(|record| record.message.fee))
                .fold(0, u64::saturating_add),
            oldest: ages.chain(oldest_slot).max(),
            capacity: version.capacity,
        }))
    }

    /// Tells batches with something in them that has waited long enough.
    pub(super) fn due(&self, ready: &Ready) -> impl Fn(&PackedBatch) -> bool {
        let (now, max_age) = (unix_now(), self.config.policy.max_age.as_secs());
        let is_any_old = ready.oldest.is_some_and(|oldest| oldest >= max_age);
        move |batch| {
            let pool = self.pool();
            let is_old = |slot: &Slot| {
                let entry = pool.get(key_of(&slot.transfer));
                entry.is_some_and(|entry| seconds_since(entry.received_at, now) >= max_age)
            };
            is_any_old && (batch.messages > 0 || batch.slots.iter().any(is_old))
        }
    }

    pub(super) fn set_flights(&self, flights: &[Flight]) {
        let active = || flights.iter().filter(|flight| flight.landed.is_none());
        self.pool()
            .set_flying(active().flat_map(|flight| flight.keys.iter().copied()).collect());
        self.outlook().in_flight = active().find_map(|flight| flight.sent.last()).map(|sent| sent.hash);
    }
}
