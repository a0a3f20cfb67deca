// SPDX-License-Identifier: MIT OR Apache-2.0
//! The preimages of the storage words, which callers pass to the contract, rebuilt from its events.

use crate::contracts::ProofOfEfficiency::{
    BatchesSequenced, BatchesVerified, ChainResumed, Checkpoint, CheckpointOpening, CheckpointVoided, Claim, Sequence,
    VersionActivated,
};
use crate::formats;
use alloy::primitives::aliases::{U40, U112};
use alloy::primitives::{Address, B256, U256};
use poe_rollup::poseidon::NonCanonicalDigest;
use std::collections::BTreeMap;

/// The version new sequences are pinned to from the start.
const FIRST_VERSION: u16 = 1;

/// An event that cannot follow those before it: some were left out, or they are of another branch of L1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutOfOrder {
    /// Sequences are numbered without gaps.
    #[error("sequence {found} does not follow sequence {last}")]
    Sequence {
        /// Number in the event.
        found: u64,
        /// Newest one known.
        last: u64,
    },
    /// A proof of what is not pending.
    #[error("checkpoint {found} is not among the pending sequences {}..={last_sequence}", last_verified + 1)]
    Checkpoint {
        /// Number in the event.
        found: u64,
        /// Newest checkpoint known.
        last_verified: u64,
        /// Newest sequence known.
        last_sequence: u64,
    },
    /// Checkpoints are voided one by one, the newest first.
    #[error(
        "checkpoint {found} was voided in favour of {previous}, but the newest ones known are {last_verified} and the one it follows"
    )]
    Voided {
        /// Number in the event.
        found: u64,
        /// The one before it, in the event.
        previous: u64,
        /// Newest checkpoint known.
        last_verified: u64,
    },
    /// More in fees than 112 bits hold.
    #[error("the fee {fee} of sequence {sequence} leaves the range of fee sums")]
    Fee {
        /// Number of the sequence.
        sequence: u64,
        /// Its fee.
        fee: U256,
    },
}

/// A sequence and the time in its word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSequence {
    /// Preimage of its word.
    pub preimage: Sequence,
    /// Block time at which it was sequenced.
    pub sequenced_at: u64,
}

/// A checkpoint and the time in its word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCheckpoint {
    /// Preimage of its word.
    pub preimage: Checkpoint,
    /// Block time at which it was verified; for checkpoint 0 that of the deployment, once its event was seen.
    pub verified_at: u64,
}

/// Follows a deployment's events, in their order, and knows every preimage. `Clone` it to come back after a reorganisation.
#[derive(Clone, Debug)]
pub struct Preimages {
    version: u16,
    cumulative_fee: U112,
    sequences: BTreeMap<u64, KnownSequence>,
    checkpoints: BTreeMap<u64, KnownCheckpoint>,
}

impl Preimages {
    /// A deployment on which nothing happened yet.
    pub fn genesis(chain_id: u64, contract: Address, genesis_root: B256) -> Result<Self, NonCanonicalDigest> {
        let genesis = KnownCheckpoint {
            preimage: formats::genesis_checkpoint(chain_id, contract, genesis_root)?,
            verified_at: 0,
        };
        Ok(Self {
            version: FIRST_VERSION,
            cumulative_fee: U112::ZERO,
            sequences: BTreeMap::new(),
            checkpoints: BTreeMap::from([(0, genesis)]),
        })
    }

    /// A sequence of `batches` batches, in a block of time `block_time`.
    pub fn sequenced(&mut self, event: &BatchesSequenced, batches: usize, block_time: u64) -> Result<(), OutOfOrder> {
        let (found, last) = (event.sequence.to(), self.last_sequence());
        if found != last + 1 {
            return Err(OutOfOrder::Sequence { found, last });
        }
        let out_of_range = OutOfOrder::Fee {
            sequence: found,
            fee: event.fee,
        };
        let fee: u128 = event.fee.try_into().map_err(|_| out_of_range)?;
        let fee = U112::checked_from_limbs_slice(U256::from(fee).as_limbs()).ok_or(out_of_range)?;
        self.cumulative_fee = self.cumulative_fee.checked_add(fee).ok_or(out_of_range)?;
        let before = self
            .sequences
            .get(&last)
            .map_or(U40::ZERO, |sequence| sequence.preimage.cumulativeBatches);
        let preimage = Sequence {
            acc: event.acc,
            cumulativeFee: self.cumulative_fee,
            fee,
            cumulativeBatches: before.wrapping_add(U40::wrapping_from(batches)),
            version: self.version,
            payer: event.payer,
        };
        let known = KnownSequence {
            preimage,
            sequenced_at: block_time,
        };
        self.sequences.insert(found, known);
        Ok(())
    }

    /// A checkpoint, in a block of time `block_time`.
    pub fn verified(&mut self, event: &BatchesVerified, block_time: u64) -> Result<(), OutOfOrder> {
        let (found, last_verified) = (event.last.to(), self.last_verified());
        let sequence = self.sequences.get(&found).filter(|_| found > last_verified);
        let sequence = sequence.ok_or(OutOfOrder::Checkpoint {
            found,
            last_verified,
            last_sequence: self.last_sequence(),
        })?;
        let preimage = Checkpoint {
            sequence: sequence.preimage.clone(),
            sequencedAt: U40::wrapping_from(sequence.sequenced_at),
            stateRoot: event.stateRoot,
            exitAcc: event.exitAcc,
            previous: U40::wrapping_from(last_verified),
            beneficiary: event.beneficiary,
            provenBy: event.provenBy,
        };
        let known = KnownCheckpoint {
            preimage,
            verified_at: block_time,
        };
        self.checkpoints.insert(found, known);
        Ok(())
    }

    /// The newest checkpoint is void; its sequence is pending again.
    pub fn voided(&mut self, event: &CheckpointVoided) -> Result<(), OutOfOrder> {
        let (found, previous) = (event.voided.to(), event.lastVerified.to());
        let newest = self.checkpoints.last_key_value();
        match newest {
            Some((&number, known)) if number == found && found > 0 && known.preimage.previous == event.lastVerified => {
                self.checkpoints.remove(&found);
                Ok(())
            }
            _ => Err(OutOfOrder::Voided {
                found,
                previous,
                last_verified: self.last_verified(),
            }),
        }
    }

    /// New sequences are pinned to another version. The first event of a deployment is one of these; its block time is that of
    /// the word of checkpoint 0.
    pub fn activated(&mut self, event: &VersionActivated, block_time: u64) {
        self.version = event.version;
        if let (FIRST_VERSION, Some(genesis)) = (event.version, self.checkpoints.get_mut(&0)) {
            genesis.verified_at = block_time;
        }
    }

    /// The chain runs again, new sequences being pinned to the version named.
    pub fn resumed(&mut self, event: &ChainResumed) {
        self.version = event.version;
    }

    /// Number of the newest sequence; 0 if there is none.
    pub fn last_sequence(&self) -> u64 {
        self.sequences.last_key_value().map_or(0, |(&number, _)| number)
    }

    /// Number of the newest checkpoint; 0 is genesis.
    pub fn last_verified(&self) -> u64 {
        self.checkpoints.last_key_value().map_or(0, |(&number, _)| number)
    }

    /// Version new sequences are pinned to.
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// Sequence `number`, pending or proven.
    pub fn sequence(&self, number: u64) -> Option<&KnownSequence> {
        self.sequences.get(&number)
    }

    /// Checkpoint `number`.
    pub fn checkpoint(&self, number: u64) -> Option<&KnownCheckpoint> {
        self.checkpoints.get(&number)
    }

    /// The first checkpoint at or after `sequence`: the one whose proof covered it, as `claimTips` asks.
    pub fn covering(&self, sequence: u64) -> Option<(u64, &KnownCheckpoint)> {
        self.checkpoints
            .range(sequence..)
            .next()
            .map(|(&number, known)| (number, known))
    }

    /// The opening of checkpoint `number`, as proofs and claims of exits take it.
    pub fn opening(&self, number: u64) -> Option<CheckpointOpening> {
        self.checkpoints
            .get(&number)
            .map(|known| formats::opening_of(&known.preimage))
    }

    /// The storage word under `number`, as `commitmentOf` has it.
    pub fn word(&self, number: u64) -> Option<B256> {
        if let Some(known) = self.checkpoints.get(&number) {
            return Some(formats::checkpoint_word(&known.preimage, known.verified_at));
        }
        let known = self.sequences.get(&number)?;
        Some(formats::sequence_word(&known.preimage, known.sequenced_at))
    }

    /// The path for `rewind`: the newest checkpoint, the one before it, and so on to `to`, which stays.
    pub fn path_to(&self, to: u64) -> Vec<Checkpoint> {
        self.checkpoints
            .range(to..)
            .rev()
            .map(|(_, known)| known.preimage.clone())
            .collect()
    }

    /// A claim that a proof takes checkpoint `init` over sequence `last` to a new state. `None` if one of them is not known.
    pub fn claim(
        &self,
        init: u64,
        last: u64,
        beneficiary: Address,
        min_reward: U256,
        new_state_root: B256,
        new_exit_acc: B256,
    ) -> Option<Claim> {
        Some(Claim {
            beneficiary,
            minReward: min_reward,
            start: self.opening(init)?,
            end: self.sequence(last)?.preimage.clone(),
            newStateRoot: new_state_root,
            newExitAcc: new_exit_acc,
        })
    }
}

#[cfg(test)]
mod tests;
