// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rules of the state transition as pure functions of accounts (ST-6, ST-7, ST-8).

use crate::formats::{Bytes32, KIND_REGISTER, Message, Slot};
use crate::poseidon::Digest;
use crate::schnorr;
use crate::state::Account;
use serde::{Deserialize, Serialize};

/// High words of amounts and fees are below this, so amounts are below `2^61` and a cost below `2^62`.
const HIGH_WORD_LIMIT: u64 = 1 << 29;

/// Why a slot changed nothing: the first rule of ST-7 it breaks. The discriminant is the rule's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error, Serialize, Deserialize)]
#[repr(u8)]
pub enum Rule {
    /// The spare word is not zero.
    #[error("the spare word is not zero")]
    SpareNotZero = 1,
    /// A limb of the signature is `2^30` or more.
    #[error("a signature limb has more than 30 bits")]
    ScalarOutOfRange = 2,
    /// The amount is `2^61` gwei or more.
    #[error("the amount is 2^61 gwei or more")]
    AmountOutOfRange = 3,
    /// The fee is `2^61` gwei or more.
    #[error("the fee is 2^61 gwei or more")]
    FeeOutOfRange = 4,
    /// The slot is meant for the batches of somebody else.
    #[error("the slot is meant for another sequencer")]
    WrongSequencer = 5,
    /// The sender is not registered.
    #[error("the sender is not registered")]
    SenderNotRegistered = 6,
    /// The recipient is not registered.
    #[error("the recipient is not registered")]
    RecipientNotRegistered = 7,
    /// The nonce is not the sender's.
    #[error("the nonce is not the sender's")]
    NonceMismatch = 8,
    /// The last nonce is for a withdraw only.
    #[error("the last nonce is for a withdraw only")]
    NonceExhausted = 9,
    /// The sender holds less than amount and fee.
    #[error("the sender holds less than amount and fee")]
    InsufficientBalance = 10,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    BadSignature = 11,
    /// The batch has as many exits as the route takes.
    #[error("the batch has as many exits as the route takes")]
    ExitCapacityReached = 12,
}

/// What became of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Receipt {
    /// It took effect.
    Applied,
    /// It changed nothing, and this is the first rule it breaks.
    NoOp(Rule),
}

impl Receipt {
    /// Whether the slot took effect.
    pub fn is_applied(self) -> bool {
        self == Self::Applied
    }
}

/// An account with its `idHash`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Party {
    pub(crate) account: Account,
    pub(crate) id_hash: Digest,
}

impl From<(Account, Digest)> for Party {
    fn from((account, id_hash): (Account, Digest)) -> Self {
        Self { account, id_hash }
    }
}

/// What the rules need to know besides the slot and its parties.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) domain: &'a Bytes32,
    pub(crate) fee_recipient: u32,
    /// Exits this batch may still take.
    pub(crate) exits_left: u32,
}

impl Surroundings<'_> {
    /// Rules 1 to 5: those that need the slot and the batch only.
    pub(crate) fn check_form(&self, slot: &Slot) -> Result<(), Rule> {
        let transfer = &slot.transfer;
        require(slot.spare == 0, Rule::SpareNotZero)?;
        require(slot.signature.is_in_range(), Rule::ScalarOutOfRange)?;
        require(transfer.amount >> 32 < HIGH_WORD_LIMIT, Rule::AmountOutOfRange)?;
        require(transfer.fee >> 32 < HIGH_WORD_LIMIT, Rule::FeeOutOfRange)?;
        require(
            transfer.sequencer == 0 || transfer.sequencer == self.fee_recipient,
            Rule::WrongSequencer,
        )
    }

    /// Rules 6 and 7.
    pub(crate) fn check_parties(&self, slot: &Slot, sender: &Account, recipient: &Account) -> Result<(), Rule> {
        require(sender.registered, Rule::SenderNotRegistered)?;
        require(
            slot.transfer.is_withdraw() || recipient.registered,
            Rule::RecipientNotRegistered,
        )
    }

    /// Rule 11. For a withdraw, `recipient` is the identity of the empty account.
    pub(crate) fn signature_holds(&self, slot: &Slot, sender: &Party, recipient: &Digest) -> bool {
        schnorr::verify(&sender.account.key, self.domain, &sender.id_hash, slot, recipient)
    }

    /// All rules in order. `signature_holds` is asked for at its turn only.
    pub(crate) fn judge(
        &self,
        slot: &Slot,
        sender: &Account,
        recipient: &Account,
        signature_holds: impl FnOnce() -> bool,
    ) -> Result<(), Rule> {
        let transfer = &slot.transfer;
        self.check_form(slot)?;
        self.check_parties(slot, sender, recipient)?;
        require(u64::from(transfer.nonce) == sender.nonce, Rule::NonceMismatch)?;
        require(
            transfer.nonce != u32::MAX || transfer.is_withdraw(),
            Rule::NonceExhausted,
        )?;
        // No overflow: both are below 2^61 by now.
        require(
            sender.balance >= transfer.amount + transfer.fee,
            Rule::InsufficientBalance,
        )?;
        require(signature_holds(), Rule::BadSignature)?;
        require(
            !transfer.is_withdraw() || self.exits_left > 0,
            Rule::ExitCapacityReached,
        )
    }
}

fn require(holds: bool, rule: Rule) -> Result<(), Rule> {
    if holds { Ok(()) } else { Err(rule) }
}

/// The sender after a slot that is applied.
pub(crate) fn debit(sender: &Account, slot: &Slot) -> Account {
    let cost = slot.transfer.amount + slot.transfer.fee;
    Account {
        balance: sender.balance - cost,
        nonce: sender.nonce + 1,
        ..*sender
    }
}

/// The account a message names, after it; `None` if the balance would leave its range (see [`credit`]).
pub(crate) fn apply_message(account: &Account, message: &Message) -> Option<Account> {
    let credited = credit(account, message.amount)?;
    if message.kind != KIND_REGISTER || account.registered {
        return Some(credited);
    }
    Some(Account {
        key: message.key_point(),
        l1_owner: message.l1_owner,
        registered: true,
        ..credited
    })
}

/// An account with `amount` more; `None` if that is `2^61` gwei or more.
///
/// L1 accepts less than `2^61` gwei in the whole life of a deployment (ST-5) and no slot creates any (ST-13), so `None`
/// means that the messages are not those of a contract of this protocol.
pub(crate) fn credit(account: &Account, amount: u64) -> Option<Account> {
    let balance = account
        .balance
        .checked_add(amount)
        .filter(|&b| b < Account::BALANCE_LIMIT)?;
    Some(Account { balance, ..*account })
}
