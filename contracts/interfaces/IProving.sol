// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {CheckpointOpening, Sequence} from "../types/Commitments.sol";

/// @title IProving
/// @notice Anyone proves sequenced batches; the first valid proof that advances the final state earns what they paid.
interface IProving {
    /// @notice A proof and what it claims.
    /// @param beneficiary Account the proof was made for; the proof is worthless to anybody else.
    /// @param minReward Least batch fees the caller expects, in token wei.
    /// @param start Opening of the checkpoint the proof starts from.
    /// @param end Preimage of the last sequence it covers.
    /// @param newStateRoot State root it ends in.
    /// @param newExitAcc Exit accumulator it ends in.
    struct Claim {
        address beneficiary;
        uint256 minReward;
        CheckpointOpening start;
        Sequence end;
        bytes32 newStateRoot;
        bytes32 newExitAcc;
    }

    /// @notice The final state advanced to sequence `last`.
    /// @param last Number of the new checkpoint.
    /// @param beneficiary Who was paid.
    /// @param provenBy Route whose verifier accepted the proof.
    /// @param stateRoot Final state root.
    /// @param exitAcc Final exit accumulator.
    /// @param reward Batch fees paid, in token wei.
    event BatchesVerified(
        uint40 indexed last,
        address indexed beneficiary,
        uint16 provenBy,
        bytes32 stateRoot,
        bytes32 exitAcc,
        uint256 reward
    );

    /// @notice The race is lost: everything up to `lastVerified` is proven already.
    error LateProof(uint40 last, uint40 lastVerified);
    /// @notice The range ends after the newest sequence.
    error UnknownSequence(uint40 sequence, uint40 lastSequence);
    /// @notice The range starts after the last checkpoint; start from it or from an earlier one.
    error StartNotVerified(uint40 init, uint40 lastVerified);
    /// @notice What follows `init` has stood, since `since`, for as long as an exit waits, or since before the last resume: start
    /// from a later checkpoint.
    error StartTooOld(uint40 init, uint40 since);
    /// @notice The preimage is not that of this sequence.
    error SequenceMismatch(uint40 sequence);
    /// @notice The preimage is not that of a checkpoint with this number.
    error CheckpointMismatch(uint40 checkpoint);
    /// @notice The range would pay less than the caller asked for.
    error RewardBelowMinimum(uint256 reward, uint256 minReward);
    /// @notice A checkpoint covers at most as many batches as may be pending; prove the range in pieces.
    error IntervalTooLong(uint256 batches, uint256 limit);
    /// @notice Sequences of a range must be pinned to one version; `version` starts at sequence `firstSequence`.
    error RangeSpansVersions(uint40 init, uint16 version, uint40 firstSequence);

    /// @notice Proves sequences `(init, last]`; earns the batch fees of those not proven before.
    /// @dev Checks come in the order of their cost: a late proof is refused after one storage read. The verifier gets
    /// all gas that is left: a fixed stipend would make proving impossible after a repricing.
    /// @param init `lastVerified`, or a checkpoint below it that it has not left behind for long: a longer proof that
    /// overlaps what somebody else has just proven is not wasted.
    /// @param last Last sequence of the range.
    /// @param claim What the proof claims.
    /// @param proof The proof.
    function verifyBatches(uint40 init, uint40 last, Claim calldata claim, bytes calldata proof) external;
}
