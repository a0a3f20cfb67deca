// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every L2 balance must be, by pencil and paper: independent of the executor.

use anyhow::{Result, bail};
use poe_rollup::formats::Transfer;
use std::collections::BTreeMap;

/// Books of the L2, in gwei.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    balances: BTreeMap<u32, u64>,
    nonces: BTreeMap<u32, u32>,
    /// Registrations and deposits that no batch has taken yet: account, amount, fee.
    queue: Vec<(u32, u64, u64)>,
    /// Withdrawn, by account.
    pub(super) exits: BTreeMap<u32, u64>,
    /// Fees of slots and messages that each account earned.
    pub(super) earned: BTreeMap<u32, u64>,
}

impl Books {
    pub(super) fn queue(&mut self, account: u32, amount: u64, fee: u64) {
        self.queue.push((account, amount, fee));
    }

    /// A batch of this fee recipient takes messages.
    pub(super) fn take_messages(&mut self, recipient: u32, most: usize) {
        let taken = self.queue.len().min(most);
        for (account, amount, fee) in self.queue.drain(..taken).collect::<Vec<_>>() {
            *self.balances.entry(account).or_default() += amount;
            self.earn(recipient, fee);
        }
    }

    fn earn(&mut self, recipient: u32, fee: u64) {
        *self.balances.entry(recipient).or_default() += fee;
        *self.earned.entry(recipient).or_default() += fee;
    }

    /// A transfer that is meant to be applied in a batch of this fee recipient.
    pub(super) fn apply(&mut self, transfer: &Transfer, recipient: u32) -> Result<()> {
        let Transfer {
            from, to, amount, fee, ..
        } = *transfer;
        let balance = self.balances.entry(from).or_default();
        let Some(left) = balance.checked_sub(amount + fee) else {
            bail!("account {from} holds {balance} gwei: the story has it pay {amount} and {fee}");
        };
        *balance = left;
        *self.nonces.entry(from).or_default() += 1;
        if to == 0 {
            *self.exits.entry(from).or_default() += amount;
        } else {
            *self.balances.entry(to).or_default() += amount;
        }
        self.earn(recipient, fee);
        Ok(())
    }

    pub(super) fn nonce(&self, account: u32) -> u32 {
        self.nonces.get(&account).copied().unwrap_or(0)
    }

    pub(super) fn balances(&self) -> impl Iterator<Item = (u32, u64)> {
        self.balances.iter().map(|(account, balance)| (*account, *balance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_go_to_the_recipient_and_nothing_is_lost() {
        let mut books = Books::default();
        books.queue(1, 100, 3);
        books.queue(2, 50, 3);
        books.take_messages(2, 1);
        let transfer = |from, to, amount| Transfer {
            from,
            to,
            amount,
            fee: 2,
            nonce: 0,
            sequencer: 0,
        };
        books.apply(&transfer(1, 2, 40), 2).unwrap();
        books.take_messages(2, 9);
        books.apply(&transfer(1, 0, 8), 1).unwrap();
        assert_eq!(books.balances().collect::<Vec<_>>(), [(1, 50), (2, 98)]);
        assert_eq!((books.nonce(1), books.exits[&1], books.earned[&2]), (2, 8, 8));
        assert!(books.apply(&transfer(1, 2, 49), 2).is_err());
    }
}
