// SPDX-License-Identifier: MIT OR Apache-2.0
//! Verdicts on single slots, by the executor's own rules.

use super::records::TransferId;
use crate::store::{StoreError, Table, View};
use poe_rollup::executor::{Execution, ExecutionError, Mode, Receipt};
use poe_rollup::formats::{Bytes32, Slot, Transfer};
use poe_rollup::poseidon::Digest;
use poe_rollup::state::{Account, Head, NodeKey, StateReader};

/// The name of a transfer. Not a hash of the slot: its signature has other forms that hold too.
pub fn transfer_id(domain: &Bytes32, transfer: &Transfer) -> TransferId {
    let mut preimage = b"poe transfer".to_vec();
    preimage.extend(domain);
    preimage.extend(transfer.encode());
    alloy::primitives::keccak256(preimage).0
}

/// The virtual state in which it is the turn of one account's later nonce.
struct AtTurn<'a> {
    view: &'a View,
    from: u32,
    nonce: u64,
}

impl StateReader for AtTurn<'_> {
    type Error = StoreError;

    fn head(&self) -> Result<Head, StoreError> {
        self.view.head()
    }

    fn account(&self, index: u32) -> Result<Option<Account>, StoreError> {
        let account = self.view.account(index)?;
        Ok(account.map(|account| {
            if index == self.from {
                Account {
                    nonce: self.nonce,
                    ..account
                }
            } else {
                account
            }
        }))
    }

    fn node(&self, key: NodeKey) -> Result<Option<Digest>, StoreError> {
        self.view.node(key)
    }
}

/// What becomes of a slot if its nonce is the sender's by then and nothing else changes.
pub(super) fn judge_at_turn(view: &View, slot: &Slot, fee_recipient: u32) -> Result<Receipt, StoreError> {
    let version = view.chain().version;
    let params = view.params(version)?;
    let state = AtTurn {
        view,
        from: slot.transfer.from,
        nonce: slot.transfer.nonce.into(),
    };
    let judged =
        Execution::begin(&params, &state, version, fee_recipient, Mode::Follow).and_then(|mut e| e.judge_slot(slot));
    judged.map_err(store_error)
}

/// The executor fails on messages of a contract that is none only.
pub(super) fn store_error(error: ExecutionError<StoreError>) -> StoreError {
    match error {
        ExecutionError::Store(store) => store,
        _ => StoreError::Corrupt { table: Table::Accounts },
    }
}
