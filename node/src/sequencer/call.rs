// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls of `sequenceBatches`: what they need to be sent, and when they should not be mined any more.

use super::error::SequencerError;
use super::packer::Packed;
use super::post::Poster;
use super::records::{Call, Key, key_of};
use crate::l1::{L1Error, preimage};
use crate::store::{StoreError, Table, View};
use crate::units::Tokens;
use alloy::eips::BlockNumberOrTag;
use alloy::primitives::{Address, Bytes, U256};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall as _;
use poe_bindings::ContractError;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{Limits, sequenceBatchesCall};
use poe_bindings::formats::{limits_at_checkpoint, limits_at_sequence};
use poe_rollup::state::StateReader as _;
use std::collections::BTreeSet;

/// A step that may have to wait, for a reason in words.
pub(super) enum Attempt<T> {
    Done(T),
    Held(String),
}

macro_rules! held {
    ($($text:tt)*) => { return Ok(Attempt::Held(format!($($text)*))) };
}
pub(super) use held;

type Result<T> = std::result::Result<T, SequencerError>;

impl Poster {
    /// A call for batches, within the limits on fees and as the contract would take it now.
    pub(super) async fn build(&self, view: &View, packed: &Packed) -> Result<Attempt<Call>> {
        let batches = packed.batches.len() as u64;
        let fee: u128 = self.client.fee(batches).await?.saturating_to();
        let most = self.limits.max_batch_fee.saturating_mul(batches.into());
        if fee > most {
            held!(
                "{batches} batches cost {} tokens, more than the limit of {}; raise --max-batch-fee or wait",
                Tokens(fee),
                Tokens(most)
            );
        }
        let balance = self
            .client
            .core()
            .feeBalanceOf(self.sender())
            .call()
            .await
            .map_err(L1Error::call("the fee balance"))?;
        let balance: u128 = balance.saturating_to();
        if balance < fee {
            held!("{}", short_of_fees(self.sender(), balance, fee));
        }
        let max_fee = (fee.saturating_mul(100 + u128::from(self.limits.fee_headroom)) / 100).min(most);
        let now = view.tip()?.1.map_or(0, |block| block.timestamp);
        let deadline = now + self.limits.deadline.as_secs();
        let limits = anchored(view, max_fee, deadline)?;
        let data = sequenceBatchesCall {
            batches: packed.encode().into_iter().map(Bytes::from).collect(),
            feeRecipient: self.fee_recipient,
            limits,
        };
        let data = data.abi_encode();
        let gas = match self.estimate(&data).await? {
            Attempt::Done(gas) => gas,
            Attempt::Held(reason) => return Ok(Attempt::Held(reason)),
        };
        let keys = packed.slots().map(|slot| key_of(&slot.transfer)).collect();
        let (chain, batches) = (view.chain(), packed.batches.len() as u32);
        Ok(Attempt::Done(Call {
            data,
            gas,
            batches,
            keys,
            deadline,
            anchor: chain.last_sequence,
            anchor_acc: chain.head.acc,
            messages_from: chain.attached_messages,
        }))
    }

    /// Gas for a call, with some to spare since the next block is not this one; or why it would revert.
    pub(super) async fn estimate(&self, data: &[u8]) -> Result<Attempt<u64>> {
        let request = TransactionRequest::default()
            .from(self.sender())
            .to(self.client.contracts().proof_of_efficiency)
            .input(Bytes::copy_from_slice(data).into());
        match self
            .client
            .provider()
            .estimate_gas(request)
            .block(BlockNumberOrTag::Latest.into())
            .await
        {
            Ok(gas) => Ok(Attempt::Done(gas.saturating_add(gas / 5))),
            Err(error) => match ContractError::of_transport(&error) {
                Some(reverted) => held!("the contract would refuse: {reverted}"),
                None => Err(L1Error::rpc("estimating the gas of sequenceBatches")(error).into()),
            },
        }
    }
}

/// What is wrong with a fee balance, and what to do.
pub(super) fn short_of_fees(sender: Address, balance: u128, fee: u128) -> String {
    let (has, needs) = (Tokens(balance), Tokens(fee));
    format!(
        "the fee balance of {sender} is {has} tokens and a call costs {needs}: poe wallet fees deposit --amount {needs}"
    )
}

/// Limits that hold on the L1 chain the batches were packed on, and on no other.
fn anchored(view: &View, max_fee: u128, deadline: u64) -> Result<Limits> {
    let (max_fee, last) = (U256::from(max_fee), view.chain().last_sequence);
    if last == view.chain().last_verified {
        return Ok(limits_at_checkpoint(
            max_fee,
            deadline,
            last,
            &preimage::checkpoint_at(view, last)?,
        ));
    }
    let record = view.sequence(last)?.ok_or(StoreError::Missing {
        table: Table::Sequences,
        key: last,
    })?;
    Ok(limits_at_sequence(
        max_fee,
        deadline,
        last,
        &preimage::sequence(&record),
    ))
}

/// Why a call that is not mined yet should not be any more.
pub(super) fn stale(view: &View, call: &Call) -> Result<Option<&'static str>> {
    let chain = view.chain();
    if call.anchor > chain.last_sequence || view.head_after_sequence(call.anchor)?.acc != call.anchor_acc {
        return Ok(Some("L1 was reorganised under it"));
    }
    if view.tip()?.1.is_some_and(|block| block.timestamp >= call.deadline) {
        return Ok(Some("its deadline has passed"));
    }
    if any_used(view, &call.keys)? {
        return Ok(Some("another sequencer has included a slot of it"));
    }
    if call.keys.is_empty() && chain.attached_messages > call.messages_from {
        return Ok(Some("another sequencer has taken the messages it is for"));
    }
    Ok(None)
}

fn any_used(view: &View, keys: &BTreeSet<Key>) -> Result<bool> {
    for &(account, nonce) in keys {
        if view
            .account(account)?
            .is_some_and(|account| account.nonce > u64::from(nonce))
        {
            return Ok(true);
        }
    }
    Ok(false)
}
