// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the contract holds for somebody besides exits: fee tokens that a call brings into the fee balance, and, when the chain is
//! closed, accounts and messages.

use super::ClaimError;
use crate::chain::{CheckpointRecord, MessageRecord, Status};
use crate::l1::{L1Client, L1Error, preimage};
use crate::store::{StoreError, View};
use alloy::primitives::Address;
use alloy::primitives::aliases::U40;
use alloy::sol_types::SolCall as _;
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{
    claimTipsCall, closeCall, refundSequenceCall, refundTipCall,
};
use poe_rollup::state::{AccountProof, prove};

/// The call that closes a chain at its last checkpoint, if that is due.
///
/// # Errors
///
/// If the store does not have the preimage.
pub fn closing(view: &View) -> Result<closeCall, StoreError> {
    let last = view.chain().last_verified;
    let batch = view.batch(view.last_batch_of(last)?)?;
    // A batch names the first message that waits if it takes none.
    let consumed = batch.map_or(0, |batch| batch.first_message + batch.messages - 1);
    Ok(closeCall {
        last: preimage::checkpoint_at(view, last)?,
        accountsRoot: view.final_head()?.accounts_root.to_bytes().into(),
        consumedMessages_: consumed,
    })
}

/// Fee tokens that a call brings into somebody's fee balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// What for.
    pub what: OwedFor,
    /// The sequence.
    pub sequence: u64,
    /// Base units of the fee token.
    pub amount: u128,
}

/// What fee tokens are owed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwedFor {
    /// Tips on a sequence that a proof of theirs covers, once its checkpoint has matured (`claimTips`).
    Tips {
        /// The checkpoint.
        checkpoint: u64,
    },
    /// A sequence they paid for that no proof has earned; the chain is closed (`refundSequence`).
    Sequence,
    /// Their tip on a sequence that was never verified; the chain is closed (`refundTip`, which only they can call).
    Tip,
}

impl Owed {
    /// In words.
    pub fn reason(&self) -> String {
        let sequence = self.sequence;
        match self.what {
            OwedFor::Tips { checkpoint } => format!("tips on sequence {sequence}, proven by checkpoint {checkpoint}"),
            OwedFor::Sequence => format!("the batch fee of sequence {sequence}, which nobody proved"),
            OwedFor::Tip => format!("the tip on sequence {sequence}, which nobody proved"),
        }
    }

    /// The call that brings it.
    ///
    /// # Errors
    ///
    /// If the store does not have the preimage.
    pub fn call(&self, view: &View) -> Result<Vec<u8>, ClaimError> {
        let sequence = U40::wrapping_from(self.sequence);
        Ok(match self.what {
            OwedFor::Tips { checkpoint } => claimTipsCall {
                sequence,
                checkpoint: U40::wrapping_from(checkpoint),
                preimage: preimage::checkpoint_at(view, checkpoint)?,
            }
            .abi_encode(),
            OwedFor::Sequence => refundSequenceCall {
                sequence,
                preimage: preimage::sequence_at(view, self.sequence)?,
            }
            .abi_encode(),
            OwedFor::Tip => refundTipCall { sequence }.abi_encode(),
        })
    }
}

/// Fee tokens that are owed to somebody at L1 time `now`, oldest sequence first.
///
/// # Errors
///
/// If the store or the provider fails.
pub async fn owed_to(client: &L1Client, view: &View, owner: Address, now: u64) -> Result<Vec<Owed>, ClaimError> {
    let mut found = tips_earned(view, owner, now)?;
    if view.chain().status == Status::Closed {
        found.extend(refunds(client, view, owner).await?);
    }
    found.sort_by_key(|owed| owed.sequence);
    Ok(found)
}

fn tips_earned(view: &View, owner: Address, now: u64) -> Result<Vec<Owed>, ClaimError> {
    // Newest first, both.
    let checkpoints = view.checkpoints(usize::MAX)?;
    let earned = |checkpoint: &CheckpointRecord| {
        Address::from(checkpoint.tail.beneficiary) == owner && view.matures_at(checkpoint).is_some_and(|at| at <= now)
    };
    let mut found = Vec::new();
    for (sequence, amount) in view.tipped()? {
        let covers =
            |checkpoint: &&CheckpointRecord| checkpoint.tail.previous < sequence && sequence <= checkpoint.number;
        if let Some(checkpoint) = checkpoints.iter().find(covers).filter(|found| earned(found)) {
            let checkpoint = checkpoint.number;
            found.push(Owed {
                what: OwedFor::Tips { checkpoint },
                sequence,
                amount,
            });
        }
    }
    Ok(found)
}

async fn refunds(client: &L1Client, view: &View, owner: Address) -> Result<Vec<Owed>, ClaimError> {
    let core = client.core();
    let mut found = Vec::new();
    for record in view.pending_sequences()? {
        let (sequence, number) = (record.number, U40::wrapping_from(record.number));
        let rest = &record.rest;
        let unearned = rest.fee > 0 && rest.cumulative_fee > view.chain().paid_cumulative_fee;
        if Address::from(rest.payer) == owner && unearned {
            let word = core.commitmentOf(number).call().await;
            // A refund deletes it.
            if !word.map_err(L1Error::call("commitmentOf"))?.is_zero() {
                found.push(Owed {
                    what: OwedFor::Sequence,
                    sequence,
                    amount: rest.fee,
                });
            }
        }
        if view.tips(sequence)? > 0 {
            let tip = core.tipOf(number, owner).call().await;
            let amount: u128 = tip.map_err(L1Error::call("tipOf"))?.saturating_to();
            if amount > 0 {
                found.push(Owed {
                    what: OwedFor::Tip,
                    sequence,
                    amount,
                });
            }
        }
    }
    Ok(found)
}

/// What an account leaves a closed chain with.
#[derive(Debug)]
pub struct Leaving {
    /// Its balance, with the proof of it, if it has not left.
    pub balance: Option<AccountProof>,
    /// Messages for it that no batch has consumed, and their numbers.
    pub messages: Vec<(u32, MessageRecord)>,
}

impl Leaving {
    /// Looks at a closed chain.
    ///
    /// # Errors
    ///
    /// If the store or the provider fails.
    pub async fn of(client: &L1Client, view: &View, account: u32) -> Result<Self, ClaimError> {
        let proof = prove(&view.final_state()?, account)?;
        let vault = client.vault();
        let escaped = vault.accountEscaped(account).call().await;
        let escaped = escaped.map_err(L1Error::call("accountEscaped"))?;
        let consumed = client.core().consumedMessages().call().await;
        let consumed = consumed.map_err(L1Error::call("consumedMessages"))?;
        let numbers = consumed.saturating_add(1)..view.chain().messages.saturating_add(1);
        let mut messages = Vec::new();
        for (number, record) in numbers.clone().zip(view.messages(numbers)?) {
            if record.message.index != account {
                continue;
            }
            let refunded = vault.messageRefunded(number).call().await;
            if !refunded.map_err(L1Error::call("messageRefunded"))? {
                messages.push((number, record));
            }
        }
        Ok(Self {
            balance: (proof.account.balance > 0 && !escaped).then_some(proof),
            messages,
        })
    }

    /// Gwei of all of it: a message that no batch took is refunded with its fee.
    pub fn gwei(&self) -> u64 {
        let messages = self.messages.iter().map(|(_, record)| &record.message);
        let messages = messages.map(|message| message.amount.saturating_add(message.fee));
        let balance = self.balance.as_ref().map_or(0, |proof| proof.account.balance);
        messages.fold(balance, u64::saturating_add)
    }
}
