// SPDX-License-Identifier: MIT OR Apache-2.0
//! An L1 that needs no chain: it makes the blocks the contract would make, forks included.

use poe_node::chain::{BlockId, EventKind, L1Block, L1Event, Sequenced, Verified};
use poe_node::store::{DataDirectory, Identity, Store};
use poe_rollup::executor::{Batch, Mode, Params, execute};
use poe_rollup::formats::{Capacity, Message, Slot, Transfer, domain};
use poe_rollup::schnorr::SecretKey;
use poe_rollup::state::{Account, Head, MemoryStore, StateReader as _, StateWriter as _};

pub const CHAIN_ID: u64 = 31337;
pub const CONTRACT: [u8; 20] = [0xC0; 20];
pub const CAPACITY: Capacity = Capacity {
    slots: 3,
    messages: 2,
    exits: 1,
};
pub const EXIT_DELAY: u64 = 100;
const BLOCK_SECONDS: u64 = 12;
const FEE: u128 = 1_000;

/// Something to happen in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Register {
        amount: u16,
    },
    Deposit {
        account: u8,
        amount: u16,
    },
    /// One sequence of `batches` batches; slots follow from the seed: good transfers, withdraws and rubbish.
    Sequence {
        batches: u8,
        seed: u64,
    },
    /// Proves up to `pending` sequences.
    Verify {
        pending: u8,
    },
    /// Proves one sequence, wrongly.
    VerifyWrongly,
    Tip {
        amount: u8,
    },
    Announce {
        seed: u8,
    },
    /// Halts, takes the last checkpoint back, resumes.
    HaltAndResume,
}

/// The L1 and the model of the contract behind it.
#[derive(Clone)]
pub struct SimulatedL1 {
    pub blocks: Vec<L1Block>,
    state: MemoryStore,
    heads: Vec<Head>,
    messages: Vec<Message>,
    attached: u32,
    accounts: u32,
    last_verified: u64,
    checkpoints: Vec<(u64, u64, u64)>,
    resumed_at: u64,
}

pub fn key(account: u32) -> SecretKey {
    SecretKey::from_seed(&[account as u8; 32])
}

pub fn params() -> Params {
    Params {
        domain: domain(CHAIN_ID, &CONTRACT),
        capacity: CAPACITY,
    }
}

impl SimulatedL1 {
    /// A chain whose first block deploys.
    pub fn new() -> Self {
        let genesis = Head::genesis(CHAIN_ID, &CONTRACT);
        let mut l1 = Self {
            blocks: Vec::new(),
            state: MemoryStore::new(genesis),
            heads: vec![genesis],
            messages: Vec::new(),
            attached: 0,
            accounts: 0,
            last_verified: 0,
            checkpoints: Vec::new(),
            resumed_at: 0,
        };
        l1.push(
            0,
            vec![EventKind::VersionActivated {
                version: 1,
                first_sequence: 1,
                capacity: CAPACITY,
            }],
        );
        l1
    }

    pub fn tip(&self) -> &L1Block {
        self.blocks.last().unwrap()
    }

    pub fn state(&self) -> &MemoryStore {
        &self.state
    }

    /// One more block. `salt` tells blocks of different forks apart.
    pub fn mine(&mut self, salt: u64, actions: &[Action]) {
        let mut events = Vec::new();
        for action in actions {
            self.act(*action, &mut events);
        }
        self.push(salt, events);
    }

    fn push(&mut self, salt: u64, events: Vec<EventKind>) {
        let number = self.blocks.len() as u64 + 1;
        let parent = self.blocks.last().map_or([0; 32], |block| block.id.hash);
        let mut preimage = parent.to_vec();
        preimage.extend([number, salt].map(u64::to_be_bytes).concat());
        let hash = alloy::primitives::keccak256(preimage).0;
        let events = events
            .into_iter()
            .map(|kind| L1Event {
                transaction: hash,
                kind,
            })
            .collect();
        let timestamp = number * BLOCK_SECONDS;
        self.blocks.push(L1Block {
            id: BlockId { number, hash },
            parent,
            timestamp,
            events,
        });
    }

    fn now(&self) -> u64 {
        (self.blocks.len() as u64 + 1) * BLOCK_SECONDS
    }

    fn last_sequence(&self) -> u64 {
        self.heads.len() as u64 - 1
    }

    fn act(&mut self, action: Action, events: &mut Vec<EventKind>) {
        match action {
            Action::Register { amount } => {
                self.accounts += 1;
                let owner = [self.accounts as u8; 20];
                let registered = key(self.accounts);
                self.queue(
                    Message::register(self.accounts, registered.public(), owner, amount.into(), 7),
                    events,
                );
            }
            Action::Deposit { account, amount } if self.accounts > 0 => {
                let index = u32::from(account) % self.accounts + 1;
                self.queue(Message::deposit(index, amount.into(), 7), events);
            }
            Action::Sequence { batches, seed } if self.accounts > 0 => self.sequence(batches, seed, events),
            Action::Verify { pending } if self.last_verified < self.last_sequence() => {
                let last = self.last_sequence().min(self.last_verified + 1 + u64::from(pending));
                self.verify(last, false, events);
            }
            Action::VerifyWrongly if self.last_verified < self.last_sequence() => {
                self.verify(self.last_sequence(), true, events);
            }
            Action::Tip { amount } if self.last_verified < self.last_sequence() => {
                events.push(EventKind::Tipped {
                    sequence: self.last_sequence(),
                    amount: amount.into(),
                });
            }
            Action::Announce { seed } => {
                events.push(EventKind::Announced {
                    sequencer: [seed; 20],
                    url: format!("http://sequencer.example/{seed}"),
                });
            }
            Action::HaltAndResume => self.halt_and_resume(events),
            _ => {}
        }
    }

    fn queue(&mut self, message: Message, events: &mut Vec<EventKind>) {
        self.messages.push(message);
        events.push(EventKind::MessageQueued {
            number: self.messages.len() as u32,
            message,
        });
    }

    fn sequence(&mut self, batches: u8, seed: u64, events: &mut Vec<EventKind>) {
        let fee_recipient = (seed % u64::from(self.accounts)) as u32 + 1;
        let mut data = Vec::new();
        for position in 0..1 + batches % 3 {
            let slots = self.slots(seed.wrapping_add(position.into()));
            let end = self.messages.len().min((self.attached + CAPACITY.messages) as usize);
            let messages = self.messages[self.attached as usize..end].to_vec();
            self.attached = end as u32;
            let batch = Batch {
                version: 1,
                fee_recipient,
                messages,
                slots: slots.clone(),
            };
            let outcome = execute(&params(), &self.state, &batch, Mode::Follow).unwrap();
            self.state.apply(&outcome.changes).unwrap();
            data.push(slots.iter().flat_map(Slot::encode).collect());
        }
        let head = self.state.head().unwrap();
        self.heads.push(head);
        events.push(EventKind::Sequenced(Sequenced {
            number: self.last_sequence(),
            payer: [0xAA; 20],
            acc: head.acc,
            fee_recipient,
            fee: FEE,
            attached_messages: self.attached,
            batches: data,
        }));
    }

    /// The account as it is now; empty if there is none.
    pub fn account(&self, index: u32) -> Account {
        self.state.account(index).unwrap().unwrap_or(Account::EMPTY)
    }

    /// A transfer that its sender has signed.
    pub fn sign(&self, transfer: Transfer) -> Slot {
        let id_hash = |index| self.account(index).id_hash();
        let recipient = match transfer.to {
            0 => Account::empty_id_hash(),
            to => id_hash(to),
        };
        key(transfer.from).sign(&params().domain, &id_hash(transfer.from), &transfer, &recipient)
    }

    fn slots(&self, seed: u64) -> Vec<Slot> {
        let from = (seed % u64::from(self.accounts)) as u32 + 1;
        let to = if seed.is_multiple_of(5) {
            0
        } else {
            (seed / 7 % u64::from(self.accounts)) as u32 + 1
        };
        let good = self.sign(Transfer {
            from,
            to,
            amount: seed % 50,
            fee: seed % 3,
            nonce: self.account(from).nonce as u32,
            sequencer: 0,
        });
        let rubbish = Slot {
            spare: seed as u32,
            ..good
        };
        match seed % 4 {
            0 => vec![],
            1 => vec![good, good],
            2 => vec![rubbish, good, Slot::default()],
            _ => vec![good],
        }
    }

    fn verify(&mut self, last: u64, wrongly: bool, events: &mut Vec<EventKind>) {
        let head = self.heads[last as usize];
        let mut state_root = head.state_root().to_bytes();
        state_root[31] ^= u8::from(wrongly);
        self.checkpoints.push((last, self.last_verified, self.now()));
        self.last_verified = last;
        events.push(EventKind::Verified(Verified {
            last,
            beneficiary: [0xBE; 20],
            proven_by: 1,
            state_root,
            exit_acc: head.exit_acc,
            reward: 1,
        }));
    }

    /// The last checkpoint, if it has not matured.
    fn halt_and_resume(&mut self, events: &mut Vec<EventKind>) {
        let Some(&(last, previous, verified_at)) = self.checkpoints.last() else {
            return;
        };
        if verified_at.max(self.resumed_at) + EXIT_DELAY <= self.now() {
            return;
        }
        self.checkpoints.pop();
        self.last_verified = previous;
        self.resumed_at = self.now();
        events.push(EventKind::Halted {
            start: previous,
            end: last,
        });
        events.push(EventKind::Voided {
            voided: last,
            last_verified: previous,
        });
        events.push(EventKind::Resumed);
    }
}

/// An L1 with accounts of 300 gwei each, and the store that follows it.
pub fn populated(accounts: u32) -> (tempfile::TempDir, SimulatedL1, Store) {
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity {
        chain_id: CHAIN_ID,
        contract: CONTRACT,
        exit_delay: EXIT_DELAY,
        start: 0,
    };
    let store = Store::open(DataDirectory::lock(folder.path()).unwrap(), identity).unwrap();
    let mut l1 = SimulatedL1::new();
    store.apply(l1.tip()).unwrap();
    for actions in [
        vec![Action::Register { amount: 300 }; accounts as usize],
        vec![Action::Sequence { batches: 0, seed: 0 }; 2],
    ] {
        l1.mine(0, &actions);
        store.apply(l1.tip()).unwrap();
    }
    (folder, l1, store)
}
