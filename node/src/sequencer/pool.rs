// SPDX-License-Identifier: MIT OR Apache-2.0
//! Slots that wait, and those that L1 may still give back.

use super::config::PoolLimits;
use super::error::SubmitError;
use super::judge::{judge_at_turn, transfer_id};
use super::records::{Entry, Key, Outcome, TransferId, key_of};
use crate::chain::Status;
use crate::store::{StoreError, View};
use poe_rollup::executor::{Receipt, Rule};
use poe_rollup::formats::{Bytes32, Slot};
use poe_rollup::state::{Account, StateReader as _};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Slots held, those included counted, for each one that may wait.
const HELD_FOR_EACH_WAITING: usize = 10;

/// The pool of one sequencer, in memory. It changes nothing by itself before the journal has it: [`Pool::judge`] and
/// [`Pool::revalidate`] say what is to change.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) limits: PoolLimits,
    domain: Bytes32,
    fee_recipient: u32,
    pub(super) entries: BTreeMap<Key, Entry>,
    ids: HashMap<TransferId, Key>,
    pub(super) flying: BTreeSet<Key>,
    /// Being packed: nobody replaces them meanwhile.
    reserved: BTreeSet<Key>,
    /// Behind a nonce that no slot here has.
    pub(super) gapped: BTreeSet<Key>,
    next_order: u64,
}

/// A slot that leaves the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Its sender and nonce.
    pub key: Key,
    /// Its name.
    pub id: TransferId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What a new slot does to the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is there already.
    Known,
    /// It comes in; others leave for it.
    New {
        /// The new entry.
        entry: Box<Entry>,
        /// Those that leave.
        leaving: Vec<Removal>,
    },
}

impl Pool {
    /// A pool with what the journal holds.
    pub fn new(limits: PoolLimits, domain: Bytes32, fee_recipient: u32, entries: Vec<Entry>) -> Self {
        let next_order = entries.iter().map(|entry| entry.order + 1).max().unwrap_or(0);
        let mut pool = Self {
            limits,
            domain,
            fee_recipient,
            entries: BTreeMap::new(),
            ids: HashMap::new(),
            flying: BTreeSet::new(),
            reserved: BTreeSet::new(),
            gapped: BTreeSet::new(),
            next_order,
        };
        for entry in entries {
            pool.insert(entry);
        }
        pool
    }

    /// Slots held, those included counted.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Slots that are not included.
    pub fn waiting(&self) -> usize {
        self.entries.values().filter(|entry| entry.included.is_none()).count()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The slot with a sender and a nonce.
    pub fn get(&self, key: Key) -> Option<&Entry> {
        self.entries.get(&key)
    }

    /// The slot with a name.
    pub fn find(&self, id: &TransferId) -> Option<Key> {
        self.ids.get(id).copied()
    }

    /// The name of a slot.
    pub fn id(&self, slot: &Slot) -> TransferId {
        transfer_id(&self.domain, &slot.transfer)
    }

    /// Whether a slot is in a transaction on its way to L1.
    pub fn is_flying(&self, key: Key) -> bool {
        self.flying.contains(&key)
    }

    /// Says which slots are in transactions on their way to L1.
    pub fn set_flying(&mut self, keys: BTreeSet<Key>) {
        self.flying = keys;
    }

    /// The slots of one account, by nonce.
    pub fn of_account(&self, account: u32) -> impl DoubleEndedIterator<Item = (Key, &Entry)> {
        self.entries
            .range((account, 0)..=(account, u32::MAX))
            .map(|(key, entry)| (*key, entry))
    }

    /// The nonce an account should sign next: the first one that no slot here has.
    pub fn next_nonce(&self, account: u32, nonce: u64) -> u64 {
        let from = u32::try_from(nonce).unwrap_or(u32::MAX);
        let held = self
            .entries
            .range((account, from)..=(account, u32::MAX))
            .map(|((_, nonce), _)| u64::from(*nonce));
        held.zip(nonce..)
            .take_while(|(held, next)| held == next)
            .fold(nonce, |_, (held, _)| held + 1)
    }

    /// Slots that are neither included nor on their way, except for those of `again`, with their places in the order of arrival.
    pub fn candidates(&self, again: &BTreeSet<Key>) -> impl Iterator<Item = (u64, Slot)> {
        let free = |key: &Key| !self.flying.contains(key) || again.contains(key);
        let waiting = self
            .entries
            .iter()
            .filter(move |(key, entry)| entry.included.is_none() && free(key));
        waiting.map(|(_, entry)| (entry.order, entry.slot))
    }

    /// Keeps slots from being replaced while they are packed, instead of those reserved before.
    pub(super) fn reserve(&mut self, keys: BTreeSet<Key>) {
        self.reserved = keys;
    }

    fn is_movable(&self, key: Key) -> bool {
        !self.flying.contains(&key) && !self.reserved.contains(&key)
    }

    /// Slots whose turn it is: those that nothing but the fee keeps from being posted. With their time of arrival.
    pub fn ready(&self, view: &View) -> Result<Vec<(u64, Slot)>, StoreError> {
        let mut found = Vec::new();
        let mut next = (0, 0);
        for (&(from, nonce), entry) in &self.entries {
            if next.0 != from {
                next = (from, view.account(from)?.map_or(0, |account| account.nonce));
            }
            if u64::from(nonce) != next.1 {
                continue;
            }
            // What is on its way, or cannot be paid for, is not ready, and neither is what comes behind it.
            if entry.included.is_none() && entry.stalled_since.is_none() && !self.flying.contains(&(from, nonce)) {
                found.push((entry.received_at, entry.slot));
                next.1 += 1;
            }
        }
        Ok(found)
    }

    /// Judges a new slot on the virtual state and the slots that wait. Cheap checks come first, the signature last.
    pub fn judge(&self, view: &View, slot: &Slot, now: u64) -> Result<Admission, SubmitError> {
        let admission = self.check(view, slot, now)?;
        if admission != Admission::Known {
            check_rules(view, slot, self.fee_recipient)?;
        }
        Ok(admission)
    }

    /// All of [`Self::judge`] but the rules of the state transition, which take long.
    pub(super) fn check(&self, view: &View, slot: &Slot, now: u64) -> Result<Admission, SubmitError> {
        if view.chain().status != Status::Running {
            return Err(SubmitError::NotRunning {
                status: view.chain().status,
            });
        }
        if view.chain().version == 0 {
            return Err(SubmitError::NotSynced);
        }
        if self.ids.contains_key(&self.id(slot)) {
            return Ok(Admission::Known);
        }
        let transfer = &slot.transfer;
        let (sequencer, fee) = (transfer.sequencer, transfer.fee);
        if sequencer != 0 && sequencer != self.fee_recipient {
            return Err(SubmitError::AnotherSequencer {
                named: sequencer,
                ours: self.fee_recipient,
            });
        }
        if fee < self.limits.min_fee {
            return Err(SubmitError::FeeTooLow {
                fee,
                minimum: self.limits.min_fee,
            });
        }
        let sender = view.account(transfer.from)?.unwrap_or(Account::EMPTY);
        let mut leaving = Vec::new();
        if sender.registered {
            self.check_nonce(slot, &sender)?;
            leaving.extend(self.replaced(slot)?);
            self.check_money(slot, &sender)?;
        }
        if leaving.is_empty() && self.is_full() {
            leaving.push(self.evicted(transfer.from, fee)?);
        }
        let entry = Entry {
            slot: *slot,
            received_at: now,
            order: self.next_order,
            included: None,
            stalled_since: None,
        };
        let entry = Box::new(entry);
        Ok(Admission::New { entry, leaving })
    }

    fn check_nonce(&self, slot: &Slot, sender: &Account) -> Result<(), SubmitError> {
        let (from, found, nonce) = (slot.transfer.from, slot.transfer.nonce, sender.nonce);
        let next = self.next_nonce(from, nonce);
        if u64::from(found) < nonce {
            return Err(SubmitError::NonceUsed { from, found, next });
        }
        let limit = self.limits.account_slots;
        if u64::from(found) > next || u64::from(found) - nonce >= limit as u64 {
            return Err(SubmitError::NonceTooFar {
                from,
                found,
                nonce,
                limit,
                next,
            });
        }
        Ok(())
    }

    /// The slot that this one replaces, if there is one and this one may.
    fn replaced(&self, slot: &Slot) -> Result<Option<Removal>, SubmitError> {
        let key = key_of(&slot.transfer);
        let Some(held) = self.entries.get(&key) else {
            return Ok(None);
        };
        if !self.is_movable(key) {
            return Err(SubmitError::InFlight { key });
        }
        let (fee, old) = (slot.transfer.fee, held.slot.transfer.fee);
        let minimum = old.saturating_add((old / 10).max(1));
        if fee < minimum {
            return Err(SubmitError::Underpriced {
                from: key.0,
                nonce: key.1,
                fee,
                minimum,
            });
        }
        Ok(Some(self.removal(
            key,
            held,
            "replaced by a slot with the same nonce and a higher fee".into(),
        )))
    }

    /// Everything an account has waiting here must be paid for by what it holds, in whatever order it is sequenced.
    fn check_money(&self, slot: &Slot, sender: &Account) -> Result<(), SubmitError> {
        let key = key_of(&slot.transfer);
        let others = self
            .of_account(key.0)
            .filter(|(other, entry)| *other != key && entry.included.is_none());
        let pending: u128 = others.map(|(_, entry)| cost(&entry.slot)).sum();
        let cost = cost(slot);
        if pending > 0 && pending + cost > sender.balance.into() {
            return Err(SubmitError::Overspent {
                from: key.0,
                balance: sender.balance,
                pending,
                cost,
            });
        }
        Ok(())
    }

    /// Included slots make no new one wait, but are not held without bound either.
    fn is_full(&self) -> bool {
        self.entries.len() >= self.limits.slots
            && (self.waiting() >= self.limits.slots
                || self.entries.len() >= self.limits.slots.saturating_mul(HELD_FOR_EACH_WAITING))
    }

    /// The slot that makes room: one that no batch can take yet, else the one that pays least, among the last ones of their accounts.
    /// Those of the sender for whom there is to be room are left, since his new slot comes behind them.
    fn evictable(&self, sender: u32) -> Option<(Key, &Entry)> {
        let mut last = BTreeMap::new();
        for (key, entry) in &self.entries {
            if key.0 != sender && entry.included.is_none() && self.is_movable(*key) {
                last.insert(key.0, (*key, entry));
            }
        }
        last.into_values().min_by_key(|(key, entry)| {
            let is_due = !self.gapped.contains(key);
            (is_due, entry.slot.transfer.fee, Reverse(entry.order))
        })
    }

    fn evicted(&self, sender: u32, fee: u64) -> Result<Removal, SubmitError> {
        let slots = self.waiting();
        let Some((key, entry)) = self.evictable(sender) else {
            return Err(SubmitError::Full { slots, minimum: None });
        };
        if self.gapped.contains(&key) {
            let reason = "the pool was full, and a slot with a lower nonce was missing";
            return Ok(self.removal(key, entry, reason.into()));
        }
        let least = entry.slot.transfer.fee;
        if fee <= least {
            let minimum = Some(least.saturating_add(1));
            return Err(SubmitError::Full { slots, minimum });
        }
        Ok(self.removal(
            key,
            entry,
            format!("the pool was full; its fee of {least} gwei was the lowest"),
        ))
    }

    /// The least fee that makes a slot come in at present.
    pub(super) fn entrance_fee(&self) -> u64 {
        let lowest = self.limits.min_fee;
        if !self.is_full() {
            return lowest;
        }
        // Nobody has account 0.
        match self.evictable(0) {
            Some((key, entry)) if !self.gapped.contains(&key) => lowest.max(entry.slot.transfer.fee.saturating_add(1)),
            _ => lowest,
        }
    }

    /// Takes in what [`Self::judge`] let through.
    pub fn admit(&mut self, entry: Entry, leaving: &[Removal]) {
        self.remove(leaving);
        self.insert(entry);
    }

    fn insert(&mut self, entry: Entry) {
        let key = key_of(&entry.slot.transfer);
        self.next_order = self.next_order.max(entry.order + 1);
        self.ids.insert(self.id(&entry.slot), key);
        self.entries.insert(key, entry);
        let mut behind = key.1;
        while let Some(next) = behind.checked_add(1).filter(|next| self.gapped.remove(&(key.0, *next))) {
            behind = next;
        }
    }

    /// Lets slots go.
    pub fn remove(&mut self, removals: &[Removal]) {
        for removal in removals {
            if self.ids.remove(&removal.id).is_some() {
                self.entries.remove(&removal.key);
                self.gapped.remove(&removal.key);
            }
        }
    }

    /// Lets a slot go of which nobody was told that it is here.
    pub(super) fn forget(&mut self, slot: &Slot) {
        let key = key_of(&slot.transfer);
        if self.holds(slot) {
            self.ids.remove(&self.id(slot));
            self.entries.remove(&key);
        }
    }

    /// Slots that can never be applied.
    pub fn hopeless(&self, found: &[(Slot, Rule)]) -> Vec<Removal> {
        let removal = |(slot, rule): &(Slot, Rule)| {
            let key = key_of(&slot.transfer);
            self.holds(slot)
                .then(|| Some(self.removal(key, self.entries.get(&key)?, rule.to_string())))?
        };
        found.iter().filter_map(removal).collect()
    }

    /// Whether this very slot is here, and not another one with its nonce.
    pub fn holds(&self, slot: &Slot) -> bool {
        self.entries
            .get(&key_of(&slot.transfer))
            .is_some_and(|entry| entry.slot == *slot)
    }

    /// Marks slots as on their way.
    pub fn add_flying(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.flying.extend(keys);
    }

    fn removal(&self, key: Key, entry: &Entry, reason: String) -> Removal {
        Removal {
            key,
            id: self.id(&entry.slot),
            outcome: Outcome::Dropped(reason),
        }
    }
}

/// Whether the state transition would apply a slot at its turn.
pub(super) fn check_rules(view: &View, slot: &Slot, fee_recipient: u32) -> Result<(), SubmitError> {
    match judge_at_turn(view, slot, fee_recipient)? {
        Receipt::Applied => Ok(()),
        Receipt::NoOp(rule) => {
            let sender = view.account(slot.transfer.from)?.unwrap_or(Account::EMPTY);
            Err(refusal(rule, slot, &sender))
        }
    }
}

pub(super) fn cost(slot: &Slot) -> u128 {
    u128::from(slot.transfer.amount) + u128::from(slot.transfer.fee)
}

fn refusal(rule: Rule, slot: &Slot, sender: &Account) -> SubmitError {
    SubmitError::Rule {
        rule,
        from: slot.transfer.from,
        balance: sender.balance,
        nonce: sender.nonce,
    }
}
