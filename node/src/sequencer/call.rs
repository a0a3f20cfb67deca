// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls of `sequenceBatches`: what they need to be sent, and when they should not be mined any more.

use super::error::SequencerError;
use super::packer::Packed;
use super::post::Poster;
use super::records::{Call, Key, key_of};
use super::service::unix_now;
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

/// Gas of a call, as the provider sees it.
pub(super) enum Estimate {
    Gas(u64),
    /// The contract refuses; why.
    Reverts(String),
    /// The provider does not say; why.
    Unknown(String),
}

/// Most calldata that providers pass on, less what the rest of a transaction takes: 128 KiB.
const LONGEST_DATA: usize = 110_000;

/// Most gas of a transaction (EIP-7825).
const MOST_GAS: u64 = 1 << 24;

impl Poster {
    /// A call for as many of the batches as the limits on fees allow and the contract would take now, the first ones.
    pub(super) async fn build(&self, view: &View, mut packed: Packed) -> Result<Attempt<Call>> {
        if let Attempt::Held(reason) = self.fit_room(&mut packed).await? {
            return Ok(Attempt::Held(reason));
        }
        let max_fee = match self.fit_fees(&mut packed).await? {
            Attempt::Done(max_fee) => max_fee,
            Attempt::Held(reason) => return Ok(Attempt::Held(reason)),
        };
        let block_time = view.tip()?.1.map_or(0, |block| block.timestamp);
        // The last block may be an old one.
        let deadline = block_time
            .max(unix_now())
            .saturating_add(self.limits.deadline.as_secs());
        let limits = anchored(view, max_fee, deadline)?;
        let (data, gas) = loop {
            let data = self.encode(&packed, &limits);
            let is_only = packed.batches.len() <= 1;
            let gas = if data.len() > LONGEST_DATA && !is_only {
                None
            } else {
                match self.estimate(&data).await? {
                    Estimate::Gas(gas) => Some(gas).filter(|gas| *gas <= MOST_GAS),
                    Estimate::Reverts(reason) => held!("the contract would refuse: {reason}"),
                    Estimate::Unknown(reason) => held!("the L1 provider does not estimate the gas: {reason}"),
                }
            };
            match gas {
                Some(gas) => break (data, with_reserve(gas)),
                None if is_only => held!("a single batch takes more than {MOST_GAS} gas, the most a transaction may"),
                None => packed.batches.truncate(packed.batches.len() - 1),
            }
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

    fn encode(&self, packed: &Packed, limits: &Limits) -> Vec<u8> {
        let call = sequenceBatchesCall {
            batches: packed.encode().into_iter().map(Bytes::from).collect(),
            feeRecipient: self.fee_recipient,
            limits: limits.clone(),
        };
        call.abi_encode()
    }

    /// No more batches than may wait for a proof.
    async fn fit_room(&self, packed: &mut Packed) -> Result<Attempt<()>> {
        let room = self
            .client
            .lens()
            .roomBatches(self.client.contracts().proof_of_efficiency)
            .call()
            .await
            .map_err(L1Error::call("the room for batches"))?;
        if room.is_zero() {
            held!("as many batches wait for a proof as the contract allows; provers are behind");
        }
        packed.batches.truncate(room.saturating_to());
        Ok(Attempt::Done(()))
    }

    /// No more batches than the limit on their fee and the fee balance pay for. Returns the most that the call may pay.
    async fn fit_fees(&self, packed: &mut Packed) -> Result<Attempt<u128>> {
        let balance = self
            .client
            .core()
            .feeBalanceOf(self.sender())
            .call()
            .await
            .map_err(L1Error::call("the fee balance"))?;
        let balance: u128 = balance.saturating_to();
        loop {
            let batches = packed.batches.len() as u64;
            let fee: u128 = self.client.fee(batches).await?.saturating_to();
            let most = self.limits.max_batch_fee.saturating_mul(batches.into());
            if fee <= most && fee <= balance {
                let max_fee = fee.saturating_mul(100 + u128::from(self.limits.fee_headroom)) / 100;
                return Ok(Attempt::Done(max_fee.min(most)));
            }
            if batches > 1 {
                packed.batches.truncate(packed.batches.len() / 2);
            } else if fee > most {
                held!(
                    "a batch costs {} tokens, more than the limit of {}; raise --max-batch-fee or wait",
                    Tokens(fee),
                    Tokens(most)
                );
            } else {
                held!("{}", short_of_fees(self.sender(), balance, fee));
            }
        }
    }

    /// Gas for a call; or why it would revert.
    pub(super) async fn estimate(&self, data: &[u8]) -> Result<Estimate> {
        let request = TransactionRequest::default()
            .from(self.sender())
            .to(self.client.contracts().proof_of_efficiency)
            .input(Bytes::copy_from_slice(data).into());
        let estimate = self.client.provider().estimate_gas(request);
        match estimate.block(BlockNumberOrTag::Latest.into()).await {
            Ok(gas) => Ok(Estimate::Gas(gas)),
            Err(error) => Ok(match (ContractError::of_transport(&error), error.as_error_resp()) {
                (Some(reverted), _) => Estimate::Reverts(reverted.to_string()),
                (None, Some(answer)) => Estimate::Unknown(answer.to_string()),
                (None, None) => return Err(L1Error::rpc("estimating the gas of sequenceBatches")(error).into()),
            }),
        }
    }
}

/// With some gas to spare, since the next block is not this one.
fn with_reserve(gas: u64) -> u64 {
    gas.saturating_add(gas / 5).min(MOST_GAS)
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
