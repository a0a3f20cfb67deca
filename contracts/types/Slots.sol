// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice Life of a deployment. `Halted` is left only by `resume` or by closing; `Closed` never.
enum Status {
    Running,
    Halted,
    Closed
}

/// @notice What every call of `sequenceBatches` moves. One storage word.
/// @param lastSequence Number of the newest sequence; the first is 1.
/// @param cumulativeBatches Batches ever sequenced.
/// @param cumulativeFee Batch fees ever charged, in token wei.
/// @param logPrice ln(price / minFee) in 1e-12 nat, as of `updatedAt`.
/// @param updatedAt Block time up to which `logPrice` is settled.
struct Sequenced {
    uint40 lastSequence;
    uint40 cumulativeBatches;
    uint112 cumulativeFee;
    uint48 logPrice;
    uint40 updatedAt;
}

/// @notice What sequencing reads and, in the steady state, leaves as it is. One storage word.
/// @param lastVerified Number of the newest checkpoint; 0 is genesis.
/// @param paidBatches Batches up to the farthest sequence ever verified. The limit of pending batches counts from here,
/// so that a rewind does not stop sequencing.
/// @param oldestPendingAt Block time from which the oldest pending sequence counts as waiting: when it was sequenced,
/// or the last resume if that was later. Without meaning while nothing is pending.
/// @param messageCount L1 messages ever queued.
/// @param attachedMessages L1 messages bound to a batch.
/// @param nextIndex Account index the next registration gets; at most 2^32.
/// @param slotCapacity T of the current version: slots of a batch.
/// @param messageCapacity M of the current version: messages of a batch.
/// @param version Route new sequences are pinned to.
/// @param status Life of the deployment.
struct Head {
    uint40 lastVerified;
    uint40 paidBatches;
    uint40 oldestPendingAt;
    uint32 messageCount;
    uint32 attachedMessages;
    uint40 nextIndex;
    uint16 slotCapacity;
    uint8 messageCapacity;
    uint16 version;
    Status status;
}

/// @notice What proving has settled. One storage word.
/// @param paidCumulativeFee Batch fees ever paid out to provers, in token wei: the prefix sum up to the farthest
/// sequence ever verified.
/// @param progressAt Block time of the last checkpoint, halt or resume: the escape delay counts from here.
/// @param verifiedBatches Batches up to `lastVerified`.
/// @param verifiedAccPrefix Leading 84 bits of the accumulator at `lastVerified`.
struct Settlement {
    uint112 paidCumulativeFee;
    uint40 progressAt;
    uint40 verifiedBatches;
    uint88 verifiedAccPrefix;
}

/// @notice What halts have left behind. All zero if there was none.
/// @param maturedBefore Checkpoints verified at or before this block time had matured when the chain halted last:
/// nothing takes that back.
/// @param resumedAt Block time of the last resume: what had not matured by then waits its whole delay from there.
/// @param conflictStart Checkpoint from which the conflicting proofs of the last halt start.
struct Halt {
    uint40 maturedBefore;
    uint40 resumedAt;
    uint40 conflictStart;
}
