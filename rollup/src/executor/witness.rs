// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the prover needs to prove a batch, and the check of it without any stored state.

use super::Params;
use super::rules::{self, Receipt, Surroundings};
use crate::formats::{BatchData, BatchHeader, Exit, KIND_FULL_SLOTS, Message, Slot, step_exit_acc};
use crate::poseidon::Digest;
use crate::state::{Account, Head, Path, root_from_path};
use serde::{Deserialize, Serialize};

/// An account as it is at one moment of a batch, with its siblings in the tree of that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Index of the account.
    pub index: u32,
    /// The account.
    pub account: Account,
    /// Its siblings, lowest first.
    pub path: Path,
}

/// A message and the account it names, before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageWitness {
    /// The message.
    pub message: Message,
    /// The account before.
    pub account: Opening,
}

/// A slot and its parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotWitness {
    /// The slot.
    pub slot: Slot,
    /// The account `from`, before the slot.
    pub sender: Opening,
    /// The account `to` (index 0 in a withdraw), after the sender was debited if the slot is applied.
    pub recipient: Opening,
    /// What became of it.
    pub receipt: Receipt,
}

/// Everything the proof of a batch is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchWitness {
    /// Deployment and route.
    pub params: Params,
    /// Version the batch is pinned to.
    pub version: u32,
    /// Account that receives the fees.
    pub fee_recipient: u32,
    /// The head before.
    pub old: Head,
    /// The head after.
    pub new: Head,
    /// The messages, at most the route's `M`.
    pub messages: Vec<MessageWitness>,
    /// Exactly the route's `T` slots, the padding included.
    pub slots: Vec<SlotWitness>,
    /// The fee recipient before the payout.
    pub fee_payout: Opening,
    /// The exits, at most the route's `E`.
    pub exits: Vec<Exit>,
}

/// Why a witness does not show what it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// An opening does not lead to the root of its moment.
    #[error("the opening of account {index} leads to another root")]
    WrongOpening {
        /// The account opened.
        index: u32,
    },
    /// An opening is of another account than the slot, message or batch names.
    #[error("account {found} is opened where account {expected} is named")]
    WrongAccount {
        /// The account opened.
        found: u32,
        /// The account named.
        expected: u32,
    },
    /// A receipt is not the one the rules give.
    #[error("slot {position} is claimed to be {claimed:?} and is {found:?}")]
    WrongReceipt {
        /// Position of the slot.
        position: usize,
        /// The receipt in the witness.
        claimed: Receipt,
        /// What the rules say.
        found: Receipt,
    },
    /// A number of slots, messages or exits the route does not take, or a balance or nonce no deployment reaches.
    #[error("the batch is outside the route's capacity or the range of balances and nonces")]
    OutOfRange,
    /// The head reached is not the one claimed.
    #[error("the batch leads to another head")]
    WrongHead,
}

impl BatchWitness {
    /// Applies the batch to the openings alone, and checks every claim. This is what the circuit proves.
    pub fn check(&self) -> Result<(), WitnessError> {
        let mut replay = Replay {
            root: self.old.accounts_root,
            message_acc: self.old.message_acc,
            fees: 0,
            exits: Vec::new(),
        };
        let capacity = &self.params.capacity;
        if self.messages.len() > capacity.messages as usize || self.slots.len() != capacity.slots as usize {
            return Err(WitnessError::OutOfRange);
        }
        for message in &self.messages {
            replay.message(message)?;
        }
        for (position, slot) in self.slots.iter().enumerate() {
            replay.slot(self, position, slot)?;
        }
        let paid = replay.open(&self.fee_payout, self.fee_recipient)?;
        let paid = rules::credit(&paid, replay.fees).ok_or(WitnessError::OutOfRange)?;
        replay.write(&self.fee_payout, &paid);

        if replay.exits == self.exits && self.head_after(&replay)? == self.new {
            Ok(())
        } else {
            Err(WitnessError::WrongHead)
        }
    }

    fn head_after(&self, replay: &Replay) -> Result<Head, WitnessError> {
        let capacity = &self.params.capacity;
        let slots = self.slots.iter().map(|s| s.slot).collect();
        let data = BatchData::new(slots, capacity.slots).map_err(|_| WitnessError::OutOfRange)?;
        let header = BatchHeader {
            kind: KIND_FULL_SLOTS,
            version: self.version,
            data_hash: data.hash(),
            messages: if self.messages.is_empty() {
                [0; 32]
            } else {
                replay.message_acc
            },
            fee_recipient: self.fee_recipient,
        };
        let exit_acc = step_exit_acc(&self.old.exit_acc, &replay.exits, capacity.exits);
        Ok(Head {
            accounts_root: replay.root,
            message_acc: replay.message_acc,
            acc: header.step(&self.old.acc),
            exit_acc: exit_acc.map_err(|_| WitnessError::OutOfRange)?,
        })
    }
}

/// The state a circuit carries from slot to slot.
struct Replay {
    root: Digest,
    message_acc: [u8; 32],
    fees: u64,
    exits: Vec<Exit>,
}

impl Replay {
    /// The account opened, if it is the one named, is in range and stands under the present root.
    fn open(&self, opening: &Opening, index: u32) -> Result<Account, WitnessError> {
        if opening.index != index {
            return Err(WitnessError::WrongAccount {
                found: opening.index,
                expected: index,
            });
        }
        // Before the leaf, which holds balance and nonce modulo p.
        if !opening.account.is_in_range() {
            return Err(WitnessError::OutOfRange);
        }
        let leaf = opening.account.leaf(&opening.account.id_hash());
        if root_from_path(index, leaf, &opening.path) != self.root {
            return Err(WitnessError::WrongOpening { index });
        }
        Ok(opening.account)
    }

    /// Replaces the account at an opening made under the present root.
    fn write(&mut self, opening: &Opening, account: &Account) {
        self.root = root_from_path(opening.index, account.leaf(&account.id_hash()), &opening.path);
    }

    fn message(&mut self, witness: &MessageWitness) -> Result<(), WitnessError> {
        let message = &witness.message;
        let before = self.open(&witness.account, message.index)?;
        let after = rules::apply_message(&before, message).ok_or(WitnessError::OutOfRange)?;
        self.write(&witness.account, &after);
        self.fees = self.fees.checked_add(message.fee).ok_or(WitnessError::OutOfRange)?;
        self.message_acc = message.step(&self.message_acc);
        Ok(())
    }

    fn slot(&mut self, batch: &BatchWitness, position: usize, witness: &SlotWitness) -> Result<(), WitnessError> {
        let SlotWitness {
            slot,
            sender,
            recipient,
            receipt,
        } = witness;
        let transfer = &slot.transfer;
        let payer = self.open(sender, transfer.from)?;
        if receipt.is_applied() {
            // The claim is checked below; a debit that cannot be made is no claim a circuit could carry.
            let cost = transfer
                .amount
                .checked_add(transfer.fee)
                .ok_or(WitnessError::OutOfRange)?;
            if payer.balance < cost {
                return Err(WitnessError::OutOfRange);
            }
            self.write(sender, &rules::debit(&payer, slot));
        }
        let payee = self.open(recipient, transfer.to)?;

        let surroundings = Surroundings {
            domain: &batch.params.domain,
            fee_recipient: batch.fee_recipient,
            exits_left: batch.params.capacity.exits.saturating_sub(self.exits.len() as u32),
        };
        let payee_id = if transfer.is_withdraw() {
            Account::empty_id_hash()
        } else {
            payee.id_hash()
        };
        let party = (payer, payer.id_hash()).into();
        let verdict = surroundings.judge(slot, &payer, &payee, || {
            surroundings.signature_holds(slot, &party, &payee_id)
        });
        let found = verdict.map_or_else(Receipt::NoOp, |()| Receipt::Applied);
        if found != *receipt {
            return Err(WitnessError::WrongReceipt {
                position,
                claimed: *receipt,
                found,
            });
        }
        if !found.is_applied() {
            return Ok(());
        }
        self.fees = self.fees.checked_add(transfer.fee).ok_or(WitnessError::OutOfRange)?;
        if transfer.is_withdraw() {
            self.exits.push(Exit {
                l1_owner: payer.l1_owner,
                index: transfer.from,
                amount: transfer.amount,
            });
        } else {
            let credited = rules::credit(&payee, transfer.amount).ok_or(WitnessError::OutOfRange)?;
            self.write(recipient, &credited);
        }
        Ok(())
    }
}
