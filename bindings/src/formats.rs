// SPDX-License-Identifier: MIT OR Apache-2.0
//! The protocol's hashes on the contracts' own types. The formats are defined in [`poe_rollup::formats`]; here they are only put
//! to use, as `PoEPreimages` and `PoELens` do in Solidity.

use crate::contracts::ProofOfEfficiency::{Checkpoint, CheckpointOpening, Claim, Limits, Sequence};
use alloy::primitives::aliases::{U40, U112};
use alloy::primitives::{Address, B256, U256};
use poe_rollup::formats::{
    self, BatchData, BatchDataError, BatchHeader, CheckpointTail, KIND_FULL_SLOTS, SequenceRest, Statement,
};
use poe_rollup::poseidon::{Digest, NonCanonicalDigest};

/// Batches that lead to no accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccError {
    /// The contract would not accept a batch.
    #[error("batch {index}: {reason}")]
    Batch {
        /// Position of the batch, from 0.
        index: usize,
        /// What is wrong with it.
        reason: BatchDataError,
    },
    /// Every batch names the message accumulator it takes, zero for none.
    #[error("{batches} batches, but {message_accs} message accumulators: give one for each batch, zero for none")]
    MessageAccs {
        /// Batches given.
        batches: usize,
        /// Message accumulators given.
        message_accs: usize,
    },
}

/// The domain of a deployment (FMT-5).
pub fn domain(chain_id: u64, contract: Address) -> B256 {
    formats::domain(chain_id, &contract.0.0).into()
}

/// The accumulator of a deployment before its first batch (FMT-8).
pub fn genesis_acc(chain_id: u64, contract: Address, genesis_root: B256) -> Result<B256, NonCanonicalDigest> {
    let root = Digest::from_bytes(&genesis_root.0)?;
    Ok(formats::genesis_acc(chain_id, &contract.0.0, &root).into())
}

/// The accumulator after `batches` (FMT-7, FMT-8).
///
/// `slot_capacity` is `T` of the route `version`; `message_accs` holds for each batch the message accumulator after the
/// messages it takes, zero if it takes none.
pub fn acc_after(
    acc: B256,
    version: u16,
    slot_capacity: u16,
    batches: &[impl AsRef<[u8]>],
    message_accs: &[B256],
    fee_recipient: u32,
) -> Result<B256, AccError> {
    if batches.len() != message_accs.len() {
        return Err(AccError::MessageAccs {
            batches: batches.len(),
            message_accs: message_accs.len(),
        });
    }
    let mut acc = acc.0;
    for (index, (batch, messages)) in batches.iter().zip(message_accs).enumerate() {
        let data = BatchData::decode(batch.as_ref(), slot_capacity.into());
        let data = data.map_err(|reason| AccError::Batch { index, reason })?;
        let header = BatchHeader {
            kind: KIND_FULL_SLOTS,
            version: version.into(),
            data_hash: data.hash(),
            messages: messages.0,
            fee_recipient,
        };
        acc = header.step(&acc);
    }
    Ok(acc.into())
}

/// The checkpoint every deployment starts from, number 0.
pub fn genesis_checkpoint(
    chain_id: u64,
    contract: Address,
    genesis_root: B256,
) -> Result<Checkpoint, NonCanonicalDigest> {
    Ok(Checkpoint {
        sequence: Sequence {
            acc: genesis_acc(chain_id, contract, genesis_root)?,
            ..Sequence::default()
        },
        stateRoot: genesis_root,
        ..Checkpoint::default()
    })
}

/// What proving `claim` makes.
///
/// `sequenced_at` is the block time of its last sequence, `previous` the newest checkpoint before it, `proven_by` the route to
/// which the version of the range resolved when it was proven.
pub fn checkpoint_of(claim: &Claim, sequenced_at: u64, previous: u64, proven_by: u16) -> Checkpoint {
    Checkpoint {
        sequence: claim.end.clone(),
        sequencedAt: U40::wrapping_from(sequenced_at),
        stateRoot: claim.newStateRoot,
        exitAcc: claim.newExitAcc,
        previous: U40::wrapping_from(previous),
        beneficiary: claim.beneficiary,
        provenBy: proven_by,
    }
}

/// What `claim` says when route `resolved_version` checks its proof (FMT-14). Its `hash` is what a proof proves. Fails if a
/// root is not canonical, which no proof can be about.
pub fn statement(domain: B256, resolved_version: u16, claim: &Claim) -> Result<Statement, NonCanonicalDigest> {
    Ok(Statement {
        domain: domain.0,
        version: resolved_version.into(),
        beneficiary: claim.beneficiary.0.0,
        old_acc: claim.start.acc.0,
        new_acc: claim.end.acc.0,
        old_root: Digest::from_bytes(&claim.start.stateRoot.0)?,
        new_root: Digest::from_bytes(&claim.newStateRoot.0)?,
        old_exit_acc: claim.start.exitAcc.0,
        new_exit_acc: claim.newExitAcc.0,
    })
}

/// The storage word of a pending sequence (FMT-16).
pub fn sequence_word(sequence: &Sequence, sequenced_at: u64) -> B256 {
    formats::sequence_word(&sequence.acc.0, &rest_of(sequence), sequenced_at).into()
}

/// The storage word of a checkpoint (FMT-17).
pub fn checkpoint_word(checkpoint: &Checkpoint, verified_at: u64) -> B256 {
    formats::checkpoint_word(
        &checkpoint.sequence.acc.0,
        &checkpoint.stateRoot.0,
        &checkpoint.exitAcc.0,
        &tail_of(checkpoint),
        verified_at,
    )
    .into()
}

/// The block time that a storage word carries: when its sequence was sequenced, or its checkpoint verified.
pub fn time_of(word: B256) -> u64 {
    formats::time_of(&word.0)
}

/// The part of a checkpoint that a proof or a claim of exits takes (FMT-17).
pub fn opening_of(checkpoint: &Checkpoint) -> CheckpointOpening {
    CheckpointOpening {
        acc: checkpoint.sequence.acc,
        stateRoot: checkpoint.stateRoot,
        exitAcc: checkpoint.exitAcc,
        tail: tail_of(checkpoint).hash().into(),
    }
}

/// Limits anchored at the pending sequence `anchor`. If a proof ends there before the call lands, and a later checkpoint
/// follows, the call is refused and has to be built again.
pub fn limits_at_sequence(max_fee: U256, deadline: u64, anchor: u64, preimage: &Sequence) -> Limits {
    Limits {
        maxFee: max_fee,
        deadline: U256::from(deadline),
        anchor: U40::wrapping_from(anchor),
        anchorAcc: preimage.acc,
        anchorRest: rest_of(preimage).hash().into(),
    }
}

/// Limits anchored at the checkpoint `anchor`: they stand until a conflict voids it.
pub fn limits_at_checkpoint(max_fee: U256, deadline: u64, anchor: u64, preimage: &Checkpoint) -> Limits {
    let opening = opening_of(preimage);
    Limits {
        maxFee: max_fee,
        deadline: U256::from(deadline),
        anchor: U40::wrapping_from(anchor),
        anchorAcc: opening.acc,
        anchorRest: formats::checkpoint_rest(&opening.stateRoot.0, &opening.exitAcc.0, &opening.tail.0).into(),
    }
}

/// What proving up to `sequence` earns when `paid_cumulative_fee` (`settlement().paidCumulativeFee`) has been paid so far.
pub fn pending_reward(paid_cumulative_fee: U112, sequence: &Sequence) -> U256 {
    U256::from(sequence.cumulativeFee.saturating_sub(paid_cumulative_fee))
}

fn rest_of(sequence: &Sequence) -> SequenceRest {
    SequenceRest {
        cumulative_fee: sequence.cumulativeFee.to(),
        fee: sequence.fee.to(),
        cumulative_batches: sequence.cumulativeBatches.to(),
        version: sequence.version.into(),
        payer: sequence.payer.0.0,
    }
}

fn tail_of(checkpoint: &Checkpoint) -> CheckpointTail {
    CheckpointTail {
        sequence: rest_of(&checkpoint.sequence),
        sequenced_at: checkpoint.sequencedAt.to(),
        previous: checkpoint.previous.to(),
        beneficiary: checkpoint.beneficiary.0.0,
        proven_by: checkpoint.provenBy.into(),
    }
}

#[cfg(test)]
mod tests;
