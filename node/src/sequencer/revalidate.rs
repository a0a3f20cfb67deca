// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pool against a new virtual state.

use super::pool::{Pool, Removal, cost};
use super::records::{Entry, Inclusion, Key, Outcome, key_of};
use crate::chain::BlockId;
use crate::store::{StoreError, View};
use poe_rollup::executor::Rule;
use poe_rollup::formats::Slot;
use poe_rollup::state::{Account, StateReader as _};
use std::collections::BTreeSet;

impl Pool {
    /// Holds every slot against a new virtual state. Returns those to let go.
    pub fn revalidate(&mut self, view: &View, now: u64) -> Result<Vec<Removal>, StoreError> {
        let mut removals = Vec::new();
        let mut updates = Vec::new();
        let mut gapped = BTreeSet::new();
        let mut turn = Turn::default();
        for (&key, entry) in &self.entries {
            if turn.account != key.0 {
                turn = Turn::new(view, key.0)?;
            }
            if !turn.is_due(key.1) {
                gapped.insert(key);
            }
            match self.verdict(view, &mut turn, key, entry, now)? {
                Verdict::Held {
                    included,
                    stalled_since,
                } => updates.push((key, included, stalled_since)),
                Verdict::Gone(outcome) => removals.push(Removal {
                    key,
                    id: self.id(&entry.slot),
                    outcome,
                }),
            }
        }
        for (key, included, stalled_since) in updates {
            if let Some(entry) = self.entries.get_mut(&key) {
                (entry.included, entry.stalled_since) = (included, stalled_since);
            }
        }
        self.gapped = gapped;
        Ok(removals)
    }

    /// Takes over what [`Self::revalidate`] found out about a copy of this pool, as far as it still holds the same slots.
    pub(super) fn agree(&mut self, copy: &Self, mut removals: Vec<Removal>) -> Vec<Removal> {
        for (key, judged) in &copy.entries {
            if let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.slot == judged.slot) {
                (entry.included, entry.stalled_since) = (judged.included, judged.stalled_since);
            }
        }
        self.gapped.clone_from(&copy.gapped);
        removals.retain(|removal| self.find(&removal.id) == Some(removal.key));
        removals
    }

    fn verdict(&self, view: &View, turn: &mut Turn, key: Key, entry: &Entry, now: u64) -> Result<Verdict, StoreError> {
        if u64::from(key.1) < turn.nonce {
            let included = match entry.included {
                Some(known) if still_there(view, &known)? => Some(known),
                _ => inclusion(view, &entry.slot)?,
            };
            return Ok(match included {
                Some(inclusion) if is_final(view, &inclusion.block)? => Verdict::Gone(ended(inclusion)),
                _ => Verdict::Held {
                    included,
                    stalled_since: None,
                },
            });
        }
        if self.flying.contains(&key) {
            turn.left = turn.left.saturating_sub(cost(&entry.slot));
            return Ok(Verdict::Held {
                included: None,
                stalled_since: None,
            });
        }
        let waited = now.saturating_sub(entry.received_at);
        if waited >= self.limits.expiry.as_secs() {
            let reason = format!(
                "it has waited for {waited} seconds; the account has nonce {}",
                turn.nonce
            );
            return Ok(Verdict::Gone(Outcome::Dropped(reason)));
        }
        let stalled = turn.stalled(view, &entry.slot)?;
        let tip = view.tip()?.0;
        let since = stalled.as_ref().map(|_| entry.stalled_since.unwrap_or(tip).min(tip));
        Ok(match (stalled, since) {
            (Some(reason), Some(since)) if tip >= since + self.limits.stall_blocks => {
                Verdict::Gone(Outcome::Dropped(reason))
            }
            _ => Verdict::Held {
                included: None,
                stalled_since: since,
            },
        })
    }
}

enum Verdict {
    Held {
        included: Option<Inclusion>,
        stalled_since: Option<u64>,
    },
    Gone(Outcome),
}

/// One account while its slots are walked in the order of their nonces.
#[derive(Default)]
struct Turn {
    account: u32,
    nonce: u64,
    registered: bool,
    left: u128,
    /// The nonce that comes next if no slot is missing.
    due: u64,
}

impl Turn {
    fn new(view: &View, account: u32) -> Result<Self, StoreError> {
        let held = view.account(account)?.unwrap_or(Account::EMPTY);
        Ok(Self {
            account,
            nonce: held.nonce,
            registered: held.registered,
            left: held.balance.into(),
            due: held.nonce,
        })
    }

    /// Whether no nonce is missing before this one.
    fn is_due(&mut self, nonce: u32) -> bool {
        let nonce = u64::from(nonce);
        if nonce == self.due {
            self.due += 1;
        }
        nonce < self.due
    }

    /// Why a slot cannot be applied at its turn, if it cannot.
    fn stalled(&mut self, view: &View, slot: &Slot) -> Result<Option<String>, StoreError> {
        if !self.registered {
            return Ok(Some(Rule::SenderNotRegistered.to_string()));
        }
        let to = slot.transfer.to;
        if to != 0 && view.owner_of(to)?.is_none() {
            return Ok(Some(Rule::RecipientNotRegistered.to_string()));
        }
        let cost = cost(slot);
        if cost > self.left {
            let left = self.left;
            return Ok(Some(format!(
                "{}: it needs {cost} gwei, {left} are left",
                Rule::InsufficientBalance
            )));
        }
        self.left -= cost;
        Ok(None)
    }
}

fn ended(inclusion: Inclusion) -> Outcome {
    match not_this_one(&inclusion) {
        None => Outcome::Applied(inclusion),
        Some(reason) => Outcome::Dropped(reason),
    }
}

/// Why an inclusion is not known to be that of the very transfer, if it is not.
pub(super) fn not_this_one(inclusion: &Inclusion) -> Option<String> {
    let batch = inclusion.batch;
    match inclusion.same {
        Some(true) => None,
        Some(false) => Some(format!("another slot with the same nonce was applied in batch {batch}")),
        None => Some(format!(
            "its nonce was used in batch {batch}; by which transfer cannot be told any more, since the batch is settled"
        )),
    }
}

/// Where the nonce of a slot was used.
pub(super) fn inclusion(view: &View, slot: &Slot) -> Result<Option<Inclusion>, StoreError> {
    let (from, nonce) = key_of(&slot.transfer);
    let Some(receipt) = view
        .receipt(from, nonce)?
        .filter(|receipt| receipt.receipt.is_applied())
    else {
        return Ok(None);
    };
    let Some(sequence) = view.sequence(receipt.sequence)? else {
        return Ok(None);
    };
    let same = match view.batch_contents(receipt.batch) {
        Ok(batch) => {
            let found = batch.slots.get(receipt.position as usize);
            Some(found.is_some_and(|found| found.transfer == slot.transfer))
        }
        Err(StoreError::Settled { .. }) => None,
        Err(error) => return Err(error),
    };
    let (batch, position, block) = (receipt.batch, receipt.position, sequence.block);
    Ok(Some(Inclusion {
        sequence: receipt.sequence,
        batch,
        position,
        block,
        same,
    }))
}

fn still_there(view: &View, known: &Inclusion) -> Result<bool, StoreError> {
    Ok(view
        .sequence(known.sequence)?
        .is_some_and(|sequence| sequence.block == known.block))
}

/// Whether L1 can no longer take a block back, as far as the store knows: it keeps blocks from the last final one on.
pub(super) fn is_final(view: &View, block: &BlockId) -> Result<bool, StoreError> {
    Ok(block.number <= view.tip()?.0 && view.block(block.number)?.is_none())
}
