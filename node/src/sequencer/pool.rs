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
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The pool of one sequencer, in memory. It changes nothing by itself before the journal has it: [`Pool::judge`] and
/// [`Pool::revalidate`] say what is to change.
#[derive(Debug)]
pub struct Pool {
    pub(super) limits: PoolLimits,
    domain: Bytes32,
    fee_recipient: u32,
    pub(super) entries: BTreeMap<Key, Entry>,
    ids: HashMap<TransferId, Key>,
    pub(super) flying: BTreeSet<Key>,
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
        entry: Entry,
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
        if self.entries.len() + 1 > self.limits.slots + leaving.len() {
            leaving.push(self.evicted(fee)?);
        }
        match judge_at_turn(view, slot, self.fee_recipient)? {
            Receipt::Applied => {}
            Receipt::NoOp(rule) => return Err(refusal(rule, slot, &sender)),
        }
        let entry = Entry {
            slot: *slot,
            received_at: now,
            order: self.next_order,
            included: None,
            stalled_since: None,
        };
        Ok(Admission::New { entry, leaving })
    }

    fn check_nonce(&self, slot: &Slot, sender: &Account) -> Result<(), SubmitError> {
        let (from, found, nonce) = (slot.transfer.from, slot.transfer.nonce, sender.nonce);
        let next = self.next_nonce(from, nonce);
        if u64::from(found) < nonce {
            return Err(SubmitError::NonceUsed { from, found, next });
        }
        let limit = self.limits.account_slots;
        if u64::from(found) - nonce >= limit as u64 {
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
        if self.flying.contains(&key) {
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

    /// The slot that makes room for one with this fee: the one that pays least among the last ones of their accounts.
    fn evicted(&self, fee: u64) -> Result<Removal, SubmitError> {
        let mut last = BTreeMap::new();
        for (key, entry) in &self.entries {
            if entry.included.is_none() && !self.flying.contains(key) {
                last.insert(key.0, (*key, entry));
            }
        }
        let lowest = last
            .into_values()
            .min_by_key(|(_, entry)| (entry.slot.transfer.fee, std::cmp::Reverse(entry.order)));
        let slots = self.entries.len();
        let Some((key, entry)) = lowest else {
            return Err(SubmitError::Full {
                slots,
                minimum: u64::MAX,
            });
        };
        let least = entry.slot.transfer.fee;
        if fee <= least {
            return Err(SubmitError::Full {
                slots,
                minimum: least.saturating_add(1),
            });
        }
        Ok(self.removal(
            key,
            entry,
            format!("the pool was full; its fee of {least} gwei was the lowest"),
        ))
    }

    /// Takes in what [`Self::judge`] let through.
    pub fn admit(&mut self, entry: Entry, leaving: &[Removal]) {
        self.remove(leaving);
        self.insert(entry);
    }

    fn insert(&mut self, entry: Entry) {
        self.next_order = self.next_order.max(entry.order + 1);
        self.ids.insert(self.id(&entry.slot), key_of(&entry.slot.transfer));
        self.entries.insert(key_of(&entry.slot.transfer), entry);
    }

    /// Lets slots go.
    pub fn remove(&mut self, removals: &[Removal]) {
        for removal in removals {
            if self.ids.remove(&removal.id).is_some() {
                self.entries.remove(&removal.key);
            }
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
