// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @dev Most batches of a sequence. It is proven and paid as a whole, so its length is how coarsely a full queue can be
/// cleared: without a limit one call could fill the queue with batches of which no part can be proven. Full batches do not
/// meet it: at T = 94 a transaction of 2^24 gas (EIP-7825) holds 45 to 55 of them.
uint256 constant MAX_BATCHES_PER_SEQUENCE = 64;

/// @notice What one call of `sequenceBatches` fixed; the preimage of a sequence word (docs/spec/formats.md, FMT-16).
/// @param acc Accumulator after the last batch of the sequence.
/// @param cumulativeFee Batch fees ever charged, this sequence included, in token wei.
/// @param fee Batch fees this sequence paid, in token wei.
/// @param cumulativeBatches Batches ever sequenced, this sequence included.
/// @param version Route whose circuit capacities the batches obey.
/// @param payer Account whose fee balance paid, and to which an unearned fee returns when the chain closes.
struct Sequence {
    bytes32 acc;
    uint112 cumulativeFee;
    uint112 fee;
    uint40 cumulativeBatches;
    uint16 version;
    address payer;
}

/// @notice A proven sequence; the preimage of a checkpoint word (FMT-17).
/// @param sequence What had been sequenced.
/// @param sequencedAt Block time at which it had been sequenced.
/// @param stateRoot L2 state root after it.
/// @param exitAcc Exit accumulator after it.
/// @param previous Number of the checkpoint before this one.
/// @param beneficiary Account the proof was made for.
/// @param provenBy Route whose verifier accepted the proof: that of the sequence, or the last successor at the time.
struct Checkpoint {
    Sequence sequence;
    uint40 sequencedAt;
    bytes32 stateRoot;
    bytes32 exitAcc;
    uint40 previous;
    address beneficiary;
    uint16 provenBy;
}

/// @notice A checkpoint opened only as far as a proof needs it: four words of calldata instead of eleven.
/// @param acc Accumulator at the checkpoint.
/// @param stateRoot L2 state root at the checkpoint.
/// @param exitAcc Exit accumulator at the checkpoint.
/// @param tail Hash of the other fields (FMT-17).
struct CheckpointOpening {
    bytes32 acc;
    bytes32 stateRoot;
    bytes32 exitAcc;
    bytes32 tail;
}
