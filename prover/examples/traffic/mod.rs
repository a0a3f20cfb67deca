// SPDX-License-Identifier: MIT OR Apache-2.0
//! Full batches of ordinary traffic: transfers among a few accounts, as many withdraws and deposits as a batch takes, a
//! forged signature and a double spend in every batch.

use poe_rollup::executor::{Batch, BatchWitness, Mode, Params, execute};
use poe_rollup::formats::{Capacity, Message, Slot, Transfer, domain};
use poe_rollup::schnorr::SecretKey;
use poe_rollup::state::{Account, Head, MemoryStore, StateReader, StateWriter};

/// The chain.
pub(crate) const CHAIN_ID: u64 = 31337;
/// The contract on it.
pub(crate) const CONTRACT: [u8; 20] = [0xC0; 20];
const ACCOUNTS: u32 = 12;
const START_GWEI: u64 = 1_000_000_000_000;

/// Account that sequences.
const SEQUENCER: u32 = 1;

/// What the contract asks for a message behind so many others, with the base fee and depth of the contracts' tests.
const fn message_fee_gwei(waiting: u64) -> u64 {
    10_000 + 10_000 * waiting / 16
}

/// A rollup with a few registered accounts, and the batches that come next.
pub(crate) struct Traffic {
    params: Params,
    store: MemoryStore,
    keys: Vec<SecretKey>,
    batches: u32,
}

impl Traffic {
    /// Registers the accounts. The batches that do so come first.
    pub(crate) fn new(capacity: Capacity) -> (Self, Vec<BatchWitness>) {
        let keys: Vec<SecretKey> = (0..ACCOUNTS)
            .map(|i| SecretKey::from_seed(&[i as u8 + 1; 32]))
            .collect();
        let mut traffic = Self {
            params: Params {
                domain: domain(CHAIN_ID, &CONTRACT),
                capacity,
            },
            store: MemoryStore::new(Head::genesis(CHAIN_ID, &CONTRACT)),
            keys,
            batches: 0,
        };
        let registrations: Vec<Message> = (1..=ACCOUNTS)
            .map(|index| {
                let fee = message_fee_gwei(u64::from(index) - 1);
                Message::register(index, traffic.key(index).public(), [index as u8; 20], START_GWEI, fee)
            })
            .collect();
        let batches = registrations.chunks(capacity.messages as usize);
        let batches = batches.map(|messages| traffic.run(messages.to_vec(), vec![])).collect();
        (traffic, batches)
    }

    /// The next batch, full in every respect, with the witness to prove it from.
    pub(crate) fn next_batch(&mut self) -> BatchWitness {
        let Capacity { slots, messages, exits } = self.params.capacity;
        self.batches += 1;
        let deposits = (0..messages).map(|i| {
            let waiting = u64::from(i);
            Message::deposit(self.index(i), 1_000 + waiting, message_fee_gwei(waiting))
        });
        let mut nonces: Vec<u32> = (1..=ACCOUNTS).map(|index| self.account(index).nonce as u32).collect();
        let posted = (0..slots).map(|position| {
            let from = self.index(position);
            let to = if position < exits { 0 } else { self.index(position + 5) };
            let nonce = &mut nonces[from as usize - 1];
            let mut slot = self.sign(Transfer {
                from,
                to,
                amount: 1_000 + u64::from(position),
                fee: 10,
                nonce: *nonce,
                sequencer: SEQUENCER,
            });
            match position % 47 {
                // Forged: the nonce stays.
                45 => slot.signature.e[0] ^= 1,
                // A nonce used twice.
                46 => {
                    slot = self.sign(Transfer {
                        nonce: *nonce - 1,
                        ..slot.transfer
                    });
                }
                _ => *nonce += 1,
            }
            slot
        });
        let (deposits, posted) = (deposits.collect(), posted.collect());
        self.run(deposits, posted)
    }

    fn index(&self, position: u32) -> u32 {
        1 + (position + self.batches) % ACCOUNTS
    }

    fn key(&self, index: u32) -> &SecretKey {
        &self.keys[index as usize - 1]
    }

    fn account(&self, index: u32) -> Account {
        let stored = self.store.account(index).expect("memory does not fail");
        stored.unwrap_or(Account::EMPTY)
    }

    fn sign(&self, transfer: Transfer) -> Slot {
        let identity = |index| match index {
            0 => Account::empty_id_hash(),
            index => self.account(index).id_hash(),
        };
        let (from, to) = (identity(transfer.from), identity(transfer.to));
        self.key(transfer.from).sign(&self.params.domain, &from, &transfer, &to)
    }

    fn run(&mut self, messages: Vec<Message>, slots: Vec<Slot>) -> BatchWitness {
        let batch = Batch {
            version: 1,
            fee_recipient: SEQUENCER,
            messages,
            slots,
        };
        let outcome = execute(&self.params, &self.store, &batch, Mode::Record).expect("a batch that L1 accepts");
        self.store.apply(&outcome.changes).expect("memory does not fail");
        outcome.witness.expect("recorded")
    }
}
