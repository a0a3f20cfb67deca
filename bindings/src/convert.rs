// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same struct in the ABI of two contracts is two types. These conversions make them one in use.

use crate::contracts::{ExitVault, PaymentsStateMachine, PoELens, ProofOfEfficiency, VerifierRouter};

/// `From` in both directions between two structs of the same fields.
macro_rules! same {
    ($a:ty, $b:ty, { $($field:ident),* }) => {
        same!(@ $a => $b, { $($field),* });
        same!(@ $b => $a, { $($field),* });
    };
    (@ $from:ty => $to:ty, { $($field:ident),* }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                Self { $($field: value.$field.into()),* }
            }
        }
    };
}

same!(ProofOfEfficiency::Sequence, PoELens::Sequence, { acc, cumulativeFee, fee, cumulativeBatches, version, payer });
same!(ProofOfEfficiency::Checkpoint, PoELens::Checkpoint, {
    sequence, sequencedAt, stateRoot, exitAcc, previous, beneficiary, provenBy
});
same!(ProofOfEfficiency::CheckpointOpening, PoELens::CheckpointOpening, { acc, stateRoot, exitAcc, tail });
same!(ProofOfEfficiency::CheckpointOpening, ExitVault::CheckpointOpening, { acc, stateRoot, exitAcc, tail });
same!(ProofOfEfficiency::Limits, PoELens::Limits, { maxFee, deadline, anchor, anchorAcc, anchorRest });
same!(ProofOfEfficiency::Claim, PoELens::Claim, { beneficiary, minReward, start, end, newStateRoot, newExitAcc });
same!(ExitVault::ExitLink, PoELens::ExitLink, { previousAcc, records, claimMask });
same!(ExitVault::Account, PaymentsStateMachine::Account, { publicKey, l1Owner, balance, nonce, registered });
same!(VerifierRouter::Route, PoELens::Route, {
    verifier, slotCapacity, messageCapacity, exitCapacity, activeAt, successor
});
