// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records as the structs the contract takes.

use crate::chain::{CheckpointRecord, SequenceRecord};
use crate::store::{StoreError, Table, View};
use alloy::primitives::aliases::{U40, U112};
use alloy::primitives::{Address, U256};
use poe_bindings::contracts::proof_of_efficiency::ProofOfEfficiency::{Checkpoint, CheckpointOpening, Claim, Sequence};
use poe_bindings::formats::opening_of;
use poe_rollup::formats::{Bytes32, SequenceRest};
use poe_rollup::state::Head;

fn sequence_of(acc: &Bytes32, rest: &SequenceRest) -> Sequence {
    Sequence {
        acc: acc.into(),
        cumulativeFee: U112::wrapping_from(rest.cumulative_fee),
        fee: U112::wrapping_from(rest.fee),
        cumulativeBatches: U40::wrapping_from(rest.cumulative_batches),
        version: rest.version as u16,
        payer: rest.payer.into(),
    }
}

/// Preimage of a sequence word.
pub fn sequence(record: &SequenceRecord) -> Sequence {
    sequence_of(&record.acc, &record.rest)
}

/// Preimage of a sequence word by its number.
pub fn sequence_at(view: &View, number: u64) -> Result<Sequence, StoreError> {
    let missing = StoreError::Missing {
        table: Table::Sequences,
        key: number,
    };
    Ok(sequence(&view.sequence(number)?.ok_or(missing)?))
}

/// Preimage of a checkpoint word.
pub fn checkpoint(record: &CheckpointRecord) -> Checkpoint {
    Checkpoint {
        sequence: sequence_of(&record.acc, &record.tail.sequence),
        sequencedAt: U40::wrapping_from(record.tail.sequenced_at),
        stateRoot: record.state_root.into(),
        exitAcc: record.exit_acc.into(),
        previous: U40::wrapping_from(record.tail.previous),
        beneficiary: record.tail.beneficiary.into(),
        provenBy: record.tail.proven_by as u16,
    }
}

/// The part of a checkpoint that a proof or a claim takes.
pub fn opening(record: &CheckpointRecord) -> CheckpointOpening {
    opening_of(&checkpoint(record))
}

/// Preimage of the checkpoint every deployment starts from, number 0.
pub fn genesis(head: &Head) -> Checkpoint {
    Checkpoint {
        sequence: Sequence {
            acc: head.acc.into(),
            ..Sequence::default()
        },
        stateRoot: head.state_root().to_bytes().into(),
        ..Checkpoint::default()
    }
}

/// Preimage of a checkpoint by its number, genesis included.
pub fn checkpoint_at(view: &View, number: u64) -> Result<Checkpoint, StoreError> {
    if number == 0 {
        return Ok(genesis(&view.head_after_sequence(0)?));
    }
    let missing = StoreError::Missing {
        table: Table::Checkpoints,
        key: number,
    };
    Ok(checkpoint(&view.checkpoint(number)?.ok_or(missing)?))
}

/// What a proof of `(init, last]` claims for a beneficiary: everything that `verifyBatches` takes but the proof.
pub fn claim(view: &View, init: u64, last: u64, beneficiary: Address, min_reward: U256) -> Result<Claim, StoreError> {
    let end = view.sequence(last)?.ok_or(StoreError::Missing {
        table: Table::Sequences,
        key: last,
    })?;
    Ok(Claim {
        beneficiary,
        minReward: min_reward,
        start: opening_of(&checkpoint_at(view, init)?),
        end: sequence(&end),
        newStateRoot: end.head.state_root().to_bytes().into(),
        newExitAcc: end.head.exit_acc.into(),
    })
}
