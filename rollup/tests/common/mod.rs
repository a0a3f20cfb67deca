// SPDX-License-Identifier: MIT OR Apache-2.0
//! A small chain for tests: accounts with known keys, and batches that are executed in every way there is.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary has its own copy and uses a part"
)]

use poe_rollup::executor::{Batch, Mode, Outcome, Params, Receipt, execute};
use poe_rollup::formats::{Address, Capacity, Message, Slot, Transfer, domain};
use poe_rollup::poseidon::Digest;
use poe_rollup::schnorr::SecretKey;
use poe_rollup::state::{Account, Head, MemoryStore, StateReader, StateView, StateWriter};

pub const CHAIN_ID: u64 = 31337;
pub const CONTRACT: Address = [0xC0; 20];
pub const CAPACITY: Capacity = Capacity {
    slots: 8,
    messages: 4,
    exits: 2,
};
pub const VERSION: u32 = 1;

/// Account that takes the fees unless a test says otherwise.
pub const SEQUENCER: u32 = 1;

/// Balance every account starts with.
pub const START: u64 = 1_000_000;

pub struct World {
    pub params: Params,
    pub store: MemoryStore,
}

pub fn key(index: u32) -> SecretKey {
    let mut seed = [0x5A; 32];
    seed[..4].copy_from_slice(&index.to_be_bytes());
    SecretKey::from_seed(&seed)
}

pub fn owner(index: u32) -> Address {
    let mut owner = [0xEE; 20];
    owner[16..].copy_from_slice(&index.to_be_bytes());
    owner
}

pub fn register(index: u32, amount: u64, fee: u64) -> Message {
    Message::register(index, key(index).public(), owner(index), amount, fee)
}

impl World {
    /// Accounts 1 to `accounts`, registered with [`START`] each.
    pub fn new(accounts: u32) -> Self {
        Self::with_capacity(accounts, CAPACITY)
    }

    /// The same under a route of another capacity.
    pub fn with_capacity(accounts: u32, capacity: Capacity) -> Self {
        let params = Params {
            domain: domain(CHAIN_ID, &CONTRACT),
            capacity,
        };
        let mut world = Self {
            params,
            store: MemoryStore::new(Head::genesis(CHAIN_ID, &CONTRACT)),
        };
        let messages: Vec<_> = (1..=accounts).map(|index| register(index, START, 0)).collect();
        for chunk in messages.chunks(capacity.messages as usize) {
            world.run(&batch(chunk.to_vec(), vec![]));
        }
        world
    }

    pub fn head(&self) -> Head {
        self.store.head().unwrap()
    }

    pub fn account(&self, index: u32) -> Account {
        self.store.account(index).unwrap().unwrap_or(Account::EMPTY)
    }

    pub fn id_hash(&self, index: u32) -> Digest {
        self.account(index).id_hash()
    }

    /// A transfer with the sender's nonce in the stored state.
    pub fn transfer(&self, from: u32, to: u32, amount: u64, fee: u64) -> Transfer {
        Transfer {
            from,
            to,
            amount,
            fee,
            nonce: self.account(from).nonce as u32,
            sequencer: 0,
        }
    }

    /// The transfer signed by the key of its sender.
    pub fn sign(&self, transfer: Transfer) -> Slot {
        self.sign_with(&key(transfer.from), transfer)
    }

    pub fn sign_with(&self, key: &SecretKey, transfer: Transfer) -> Slot {
        let to = if transfer.to == 0 {
            Account::EMPTY.id_hash()
        } else {
            self.id_hash(transfer.to)
        };
        key.sign(&self.params.domain, &self.id_hash(transfer.from), &transfer, &to)
    }

    /// A signed transfer.
    pub fn pay(&self, from: u32, to: u32, amount: u64, fee: u64) -> Slot {
        self.sign(self.transfer(from, to, amount, fee))
    }

    /// Executes a batch both ways, checks that they agree and that the witness proves it; stores nothing.
    pub fn try_batch(&self, batch: &Batch) -> Outcome {
        let followed = execute(&self.params, &self.store, batch, Mode::Follow).unwrap();
        let mut recorded = execute(&self.params, &self.store, batch, Mode::Record).unwrap();
        let witness = recorded.witness.take().unwrap();
        assert_eq!(recorded, followed);
        assert_eq!(witness.check(), Ok(()));
        crate::observer::observe(&witness, &followed);
        Outcome {
            witness: Some(witness),
            ..followed
        }
    }

    /// Executes a batch and stores the outcome.
    pub fn run(&mut self, batch: &Batch) -> Outcome {
        let outcome = self.try_batch(batch);
        self.store.apply(&outcome.changes).unwrap();
        outcome
    }

    /// Executes one slot and stores the outcome.
    pub fn run_slot(&mut self, slot: Slot) -> Receipt {
        self.run(&batch(vec![], vec![slot])).receipts[0]
    }

    /// Puts an account in place, as no batch could in reasonable time.
    pub fn force(&mut self, index: u32, account: Account) {
        let mut view = StateView::new(&self.store).unwrap();
        view.set_account(index, account).unwrap();
        let head = Head {
            accounts_root: view.accounts_root().unwrap(),
            ..self.head()
        };
        let changes = view.into_changes(head).unwrap();
        self.store.apply(&changes).unwrap();
    }

    pub fn total_balance(&self) -> u64 {
        self.store.accounts().map(|(_, account)| account.balance).sum()
    }
}

pub fn batch(messages: Vec<Message>, slots: Vec<Slot>) -> Batch {
    Batch {
        version: VERSION,
        fee_recipient: SEQUENCER,
        messages,
        slots,
    }
}
