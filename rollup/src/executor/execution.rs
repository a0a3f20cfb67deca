// SPDX-License-Identifier: MIT OR Apache-2.0
//! A batch being applied, step by step.

use super::rules::{self, Party, Receipt, Surroundings};
use super::witness::{BatchWitness, MessageWitness, Opening, SlotWitness};
use super::{ExecutionError, Mode, Outcome, Params};
use crate::formats::{BatchData, BatchHeader, Bytes32, Exit, KIND_FULL_SLOTS, Message, Slot, step_exit_acc};
use crate::poseidon::Digest;
use crate::state::{Account, Head, StateReader, StateView};
#[cfg(feature = "parallel")]
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

/// A batch being applied: messages, then slots, then [`Execution::finish`].
///
/// After an error of the store, or [`ExecutionError::ImpossibleCredit`], it is to be dropped; the stored state is untouched.
pub struct Execution<'s, S> {
    params: Params,
    version: u32,
    fee_recipient: u32,
    view: StateView<'s, S>,
    message_acc: Bytes32,
    messages: u32,
    slots: Vec<Slot>,
    receipts: Vec<Receipt>,
    exits: Vec<Exit>,
    slot_fees: u64,
    message_fees: u64,
    record: Option<Record>,
}

/// The part of the witness that grows with the batch.
#[derive(Default)]
struct Record {
    messages: Vec<MessageWitness>,
    slots: Vec<SlotWitness>,
}

/// A signature to check: everything it depends on, so that it can be checked on any core.
struct SignatureCheck {
    slot: Slot,
    sender: Party,
    recipient: Digest,
}

impl<'s, S: StateReader> Execution<'s, S> {
    /// Starts a batch on a stored state.
    pub fn begin(
        params: &Params,
        store: &'s S,
        version: u32,
        fee_recipient: u32,
        mode: Mode,
    ) -> Result<Self, ExecutionError<S::Error>> {
        let view = StateView::new(store)?;
        Ok(Self {
            params: *params,
            version,
            fee_recipient,
            message_acc: view.stored_head().message_acc,
            view,
            messages: 0,
            slots: Vec::new(),
            receipts: Vec::new(),
            exits: Vec::new(),
            slot_fees: 0,
            message_fees: 0,
            record: (mode == Mode::Record).then(Record::default),
        })
    }

    /// Applies the next message (ST-6).
    pub fn apply_message(&mut self, message: &Message) -> Result<(), ExecutionError<S::Error>> {
        if !self.slots.is_empty() {
            return Err(ExecutionError::MessageAfterSlot);
        }
        let capacity = self.params.capacity.messages;
        if self.messages == capacity {
            return Err(ExecutionError::TooManyMessages { capacity });
        }
        let Message { index, amount, fee, .. } = *message;
        let (before, _) = self.view.account(index)?;
        let after = rules::apply_message(&before, message).ok_or(ExecutionError::ImpossibleCredit { index, amount })?;
        let impossible = ExecutionError::ImpossibleCredit {
            index: self.fee_recipient,
            amount: fee,
        };
        let message_fees = self.message_fees.checked_add(fee).ok_or(impossible)?;
        if let Some(record) = &mut self.record {
            let account = open(&mut self.view, index)?;
            record.messages.push(MessageWitness {
                message: *message,
                account,
            });
        }
        self.view.set_account(index, after)?;
        self.message_fees = message_fees;
        self.message_acc = message.step(&self.message_acc);
        self.messages += 1;
        Ok(())
    }

    /// Applies the next slot (ST-7, ST-8) and says what became of it. A slot that breaks a rule changes nothing.
    pub fn apply_slot(&mut self, slot: &Slot) -> Result<Receipt, ExecutionError<S::Error>> {
        self.apply_checked(slot, None)
    }

    /// Applies slots in order, checking their signatures on all cores first (feature `parallel`). Applies none if there are
    /// more than the route takes.
    pub fn apply_slots(&mut self, slots: &[Slot]) -> Result<(), ExecutionError<S::Error>> {
        let capacity = self.params.capacity.slots;
        if self.slots.len() + slots.len() > capacity as usize {
            return Err(ExecutionError::TooManySlots { capacity });
        }
        let verdicts = self.check_signatures(slots)?;
        for (slot, verdict) in slots.iter().zip(verdicts) {
            self.apply_checked(slot, verdict)?;
        }
        Ok(())
    }

    /// What would become of a slot, were it the next one.
    pub fn judge_slot(&mut self, slot: &Slot) -> Result<Receipt, ExecutionError<S::Error>> {
        let (sender, recipient) = self.parties(slot)?;
        Ok(self.judge(slot, &sender, &recipient, None))
    }

    /// Ends the batch: fee payout, exits, accumulator (ST-10, ST-11, ST-12).
    pub fn finish(mut self) -> Result<Outcome, ExecutionError<S::Error>> {
        self.pad_record()?;
        let fee_payout = self.pay_fees()?;
        let (header, new) = self.close()?;
        let old = *self.view.stored_head();
        let witness = self.record.zip(fee_payout).map(|(record, fee_payout)| BatchWitness {
            params: self.params,
            version: self.version,
            fee_recipient: self.fee_recipient,
            old,
            new,
            messages: record.messages,
            slots: record.slots,
            fee_payout,
            exits: self.exits.clone(),
        });
        Ok(Outcome {
            old,
            new,
            header,
            receipts: self.receipts,
            exits: self.exits,
            slot_fees: self.slot_fees,
            message_fees: self.message_fees,
            changes: self.view.into_changes(new)?,
            witness,
        })
    }

    fn surroundings(&self) -> Surroundings<'_> {
        let exits_left = self.params.capacity.exits.saturating_sub(self.exits.len() as u32);
        Surroundings {
            domain: &self.params.domain,
            fee_recipient: self.fee_recipient,
            exits_left,
        }
    }

    /// Sender and recipient with their identities; in a withdraw the recipient's is that of the empty account.
    fn parties(&mut self, slot: &Slot) -> Result<(Party, Party), S::Error> {
        let sender = self.view.account(slot.transfer.from)?.into();
        let mut recipient: Party = self.view.account(slot.transfer.to)?.into();
        if slot.transfer.is_withdraw() {
            recipient.id_hash = Account::empty_id_hash();
        }
        Ok((sender, recipient))
    }

    fn judge(&self, slot: &Slot, sender: &Party, recipient: &Party, checked: Option<bool>) -> Receipt {
        let surroundings = self.surroundings();
        let signature_holds =
            || checked.unwrap_or_else(|| surroundings.signature_holds(slot, sender, &recipient.id_hash));
        let verdict = surroundings.judge(slot, &sender.account, &recipient.account, signature_holds);
        verdict.map_or_else(Receipt::NoOp, |()| Receipt::Applied)
    }

    /// Applies a slot whose signature may have been checked already.
    fn apply_checked(&mut self, slot: &Slot, checked: Option<bool>) -> Result<Receipt, ExecutionError<S::Error>> {
        let capacity = self.params.capacity.slots;
        if self.slots.len() >= capacity as usize {
            return Err(ExecutionError::TooManySlots { capacity });
        }
        let transfer = &slot.transfer;
        let (sender, recipient) = self.parties(slot)?;
        let receipt = self.judge(slot, &sender, &recipient, checked);
        let sender_opening = self.open_if_recording(transfer.from)?;
        if receipt.is_applied() {
            self.view
                .set_account(transfer.from, rules::debit(&sender.account, slot))?;
        }
        let recipient_opening = self.open_if_recording(transfer.to)?;
        if receipt.is_applied() {
            self.credit_recipient(slot, &sender.account)?;
        }
        if let (Some(record), Some(sender), Some(recipient)) = (&mut self.record, sender_opening, recipient_opening) {
            record.slots.push(SlotWitness {
                slot: *slot,
                sender,
                recipient,
                receipt,
            });
        }
        self.slots.push(*slot);
        self.receipts.push(receipt);
        Ok(receipt)
    }

    /// The part of ST-8 after the debit. The recipient is read again: it may be the sender.
    fn credit_recipient(&mut self, slot: &Slot, sender: &Account) -> Result<(), ExecutionError<S::Error>> {
        let transfer = &slot.transfer;
        let index = self.fee_recipient;
        let impossible = ExecutionError::ImpossibleCredit {
            index,
            amount: transfer.fee,
        };
        self.slot_fees = self.slot_fees.checked_add(transfer.fee).ok_or(impossible)?;
        if transfer.is_withdraw() {
            self.exits.push(Exit {
                l1_owner: sender.l1_owner,
                index: transfer.from,
                amount: transfer.amount,
            });
            return Ok(());
        }
        self.credit(transfer.to, transfer.amount)
    }

    fn credit(&mut self, index: u32, amount: u64) -> Result<(), ExecutionError<S::Error>> {
        let (account, _) = self.view.account(index)?;
        let credited = rules::credit(&account, amount).ok_or(ExecutionError::ImpossibleCredit { index, amount })?;
        Ok(self.view.set_account(index, credited)?)
    }

    /// ST-10, and the opening of the fee recipient before it.
    fn pay_fees(&mut self) -> Result<Option<Opening>, ExecutionError<S::Error>> {
        let index = self.fee_recipient;
        let impossible = ExecutionError::ImpossibleCredit {
            index,
            amount: u64::MAX,
        };
        let fees = self.slot_fees.checked_add(self.message_fees).ok_or(impossible)?;
        let opening = self.open_if_recording(index)?;
        self.credit(index, fees)?;
        Ok(opening)
    }

    /// ST-11 and ST-12.
    fn close(&mut self) -> Result<(BatchHeader, Head), ExecutionError<S::Error>> {
        let capacity = self.params.capacity;
        let too_many = ExecutionError::TooManySlots {
            capacity: capacity.slots,
        };
        let old = *self.view.stored_head();
        let data = BatchData::new(core::mem::take(&mut self.slots), capacity.slots).map_err(|_| too_many)?;
        let header = BatchHeader {
            kind: KIND_FULL_SLOTS,
            version: self.version,
            data_hash: data.hash(),
            messages: if self.messages == 0 { [0; 32] } else { self.message_acc },
            fee_recipient: self.fee_recipient,
        };
        // Rule 12 keeps the exits within the capacity.
        let exit_acc = step_exit_acc(&old.exit_acc, &self.exits, capacity.exits).unwrap_or(old.exit_acc);
        let accounts_root = self.view.accounts_root()?;
        Ok((
            header,
            Head {
                accounts_root,
                message_acc: self.message_acc,
                acc: header.step(&old.acc),
                exit_acc,
            },
        ))
    }

    /// The circuit sees the zero slots up to the capacity too. They have no receipts: nobody posted them.
    fn pad_record(&mut self) -> Result<(), ExecutionError<S::Error>> {
        let posted = self.receipts.len();
        if self.record.is_some() {
            for _ in posted..self.params.capacity.slots as usize {
                self.apply_slot(&Slot::default())?;
            }
            self.receipts.truncate(posted);
        }
        Ok(())
    }

    fn open_if_recording(&mut self, index: u32) -> Result<Option<Opening>, S::Error> {
        match self.record {
            Some(_) => open(&mut self.view, index).map(Some),
            None => Ok(None),
        }
    }

    /// Checks the signatures of slots that keep the rules known before any slot is applied; `None` for the others.
    ///
    /// Sound because a signature depends on identities only, and those change in messages only.
    fn check_signatures(&mut self, slots: &[Slot]) -> Result<Vec<Option<bool>>, S::Error> {
        let mut checks = Vec::with_capacity(slots.len());
        for slot in slots {
            let (sender, recipient) = self.parties(slot)?;
            let surroundings = self.surroundings();
            let worth_checking = surroundings.check_form(slot).is_ok()
                && surroundings
                    .check_parties(slot, &sender.account, &recipient.account)
                    .is_ok();
            let check = SignatureCheck {
                slot: *slot,
                sender,
                recipient: recipient.id_hash,
            };
            checks.push(worth_checking.then_some(check));
        }
        let surroundings = self.surroundings();
        let run = |check: &Option<SignatureCheck>| {
            check
                .as_ref()
                .map(|c| surroundings.signature_holds(&c.slot, &c.sender, &c.recipient))
        };
        #[cfg(feature = "parallel")]
        let verdicts = checks.par_iter().map(run).collect();
        #[cfg(not(feature = "parallel"))]
        let verdicts = checks.iter().map(run).collect();
        Ok(verdicts)
    }
}

fn open<S: StateReader>(view: &mut StateView<'_, S>, index: u32) -> Result<Opening, S::Error> {
    let (account, _) = view.account(index)?;
    Ok(Opening {
        index,
        account,
        path: view.path(index)?,
    })
}
