// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transfers and withdraws: signed against the virtual state, so that what cannot be valid is refused here.

use crate::l1::dial;
use crate::store::{StoreError, View};
use alloy::primitives::Address;
use alloy::providers::Provider as _;
use alloy::transports::TransportError;
use poe_rollup::executor::{Execution, ExecutionError, Mode, Receipt, Rule};
use poe_rollup::formats::{Slot, Transfer};
use poe_rollup::schnorr::{PublicKey, SecretKey};
use poe_rollup::state::{Account, StateReader as _};

/// Why a transfer is not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key has no account.
    #[error("this key has no registered account in the virtual state; register it, and wait for the next batch")]
    NoAccount,
    /// Anyone may register an account under any key, with an L1 owner of their own, who gets what leaves it for L1.
    #[error("several accounts are registered under this key: {}; say which one pays (--from)", named(.accounts))]
    SeveralAccounts {
        /// Each with its L1 owner.
        accounts: Vec<(u32, Address)>,
    },
    /// The key is not that of the account.
    #[error("account {account} belongs to another key")]
    NotYours {
        /// The account.
        account: u32,
    },
    /// The state transition would make it a no-op.
    #[error("{rule} (account {from} holds {balance} gwei and has nonce {nonce})")]
    Void {
        /// The rule of ST-7 it would break.
        rule: Rule,
        /// The sender.
        from: u32,
        /// Its balance in gwei.
        balance: u64,
        /// Its nonce.
        nonce: u64,
    },
    /// The URL of the sequencer is none.
    #[error("{url} is not the URL of a sequencer")]
    Url {
        /// What was given.
        url: String,
    },
    /// The sequencer did not take it.
    #[error("the sequencer at {url} did not take the transfer: {source}")]
    Sequencer {
        /// The sequencer.
        url: String,
        /// What it says.
        source: Box<TransportError>,
    },
}

fn named(accounts: &[(u32, Address)]) -> String {
    let name = |(index, owner): &(u32, Address)| format!("{index} of owner {owner}");
    accounts.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// What to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferRequest {
    /// Sender; `None`: the only account of the key.
    pub from: Option<u32>,
    /// Recipient; 0 withdraws to L1.
    pub to: u32,
    /// Gwei.
    pub amount: u64,
    /// Gwei for the sequencer.
    pub fee: u64,
    /// `None`: the next one in the virtual state.
    pub nonce: Option<u32>,
    /// Fee recipient whose batches may include it; 0 = any.
    pub sequencer: u32,
}

/// The accounts of a key that the virtual state holds, and those whose registration is still queued.
pub fn accounts_of(view: &View, key: &PublicKey) -> Result<Vec<(u32, Option<Account>)>, StoreError> {
    let coefficients = key.coefficients();
    let registrations = view.registrations(|message| message.key == coefficients)?;
    registrations
        .iter()
        .map(|record| {
            let account = view.account(record.message.index)?;
            Ok((record.message.index, account.filter(|account| account.registered)))
        })
        .collect()
}

/// The account of a key that has no other.
fn only_account(view: &View, key: &PublicKey) -> Result<u32, TransferError> {
    let owner = |(index, account): (u32, Option<Account>)| Some((index, Address::from(account?.l1_owner)));
    let accounts: Vec<_> = accounts_of(view, key)?.into_iter().filter_map(owner).collect();
    match accounts[..] {
        [] => Err(TransferError::NoAccount),
        [(index, _)] => Ok(index),
        _ => Err(TransferError::SeveralAccounts { accounts }),
    }
}

/// Signs a slot that would be applied if it were the next one.
pub fn sign_transfer(view: &View, key: &SecretKey, request: &TransferRequest) -> Result<Slot, TransferError> {
    let from = match request.from {
        Some(from) => from,
        None => only_account(view, key.public())?,
    };
    let sender = view.account(from)?.unwrap_or(Account::EMPTY);
    if sender.registered && sender.key != *key.public().point() {
        return Err(TransferError::NotYours { account: from });
    }
    let nonce = match request.nonce {
        Some(nonce) => nonce,
        None => u32::try_from(sender.nonce).unwrap_or(u32::MAX),
    };
    let TransferRequest {
        to,
        amount,
        fee,
        sequencer,
        ..
    } = *request;
    let transfer = Transfer {
        from,
        to,
        amount,
        fee,
        nonce,
        sequencer,
    };
    let recipient = if to == 0 {
        Account::EMPTY
    } else {
        view.account(to)?.unwrap_or(Account::EMPTY)
    };
    let slot = key.sign(&view.domain(), &sender.id_hash(), &transfer, &recipient.id_hash());
    match judge(view, &slot)? {
        Receipt::Applied => Ok(slot),
        // A nonce ahead is valid once those before it are applied; which those are, the user knows.
        Receipt::NoOp(Rule::NonceMismatch) if u64::from(nonce) > sender.nonce => Ok(slot),
        Receipt::NoOp(rule) => Err(TransferError::Void {
            rule,
            from,
            balance: sender.balance,
            nonce: sender.nonce,
        }),
    }
}

fn judge(view: &View, slot: &Slot) -> Result<Receipt, StoreError> {
    let version = view.chain().version;
    let params = view.params(version)?;
    let (recipient, mode) = (slot.transfer.sequencer, Mode::Follow);
    let judged = Execution::begin(&params, view, version, recipient, mode).and_then(|mut e| e.judge_slot(slot));
    judged.map_err(|error| match error {
        ExecutionError::Store(store) => store,
        _ => StoreError::Corrupt {
            table: crate::store::Table::Accounts,
        },
    })
}

/// Hands a slot to a sequencer and returns what it answers.
pub async fn send_to_sequencer(url: &str, slot: &Slot) -> Result<serde_json::Value, TransferError> {
    let provider = dial(url).map_err(|_| TransferError::Url { url: url.to_owned() })?;
    let parameters = (format!("0x{}", hex::encode(slot.encode())),);
    let sent = provider.raw_request("poe_submit".into(), parameters).await;
    sent.map_err(|source| TransferError::Sequencer {
        url: url.to_owned(),
        source: Box::new(source),
    })
}
