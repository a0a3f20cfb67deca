// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Checkpoint, CheckpointOpening, Sequence} from "../types/Commitments.sol";

/// @title Commitments
/// @notice The one storage word kept for each sequence: 216 bits of hash and, in the clear, a 40-bit block time.
/// @dev docs/spec/formats.md, FMT-16 and FMT-17. The time stands in the clear so that proving up to sequence k can read
/// when k + 1 was sequenced without a preimage of k + 1: a preimage the prover could not have had when k was the
/// newest.
library Commitments {
    bytes32 internal constant TAG_SEQUENCE = "PoE/sequence/1";
    bytes32 internal constant TAG_CHECKPOINT = "PoE/checkpoint/1";

    uint256 private constant TIME_MASK = type(uint40).max;

    /// @notice Word of `sequence`, sequenced at block time `sequencedAt`.
    function word(Sequence memory sequence, uint256 sequencedAt) internal pure returns (bytes32) {
        return seal(sequence.acc, rest(sequence), sequencedAt);
    }

    /// @notice Word of `checkpoint`, verified at block time `verifiedAt`.
    function word(Checkpoint memory checkpoint, uint256 verifiedAt) internal pure returns (bytes32) {
        return word(opening(checkpoint), verifiedAt);
    }

    /// @notice Word of the checkpoint that `opened` opens, verified at block time `verifiedAt`.
    function word(CheckpointOpening memory opened, uint256 verifiedAt) internal pure returns (bytes32) {
        return seal(opened.acc, rest(opened), verifiedAt);
    }

    /// @notice The part of `checkpoint` a proof needs.
    function opening(Checkpoint memory checkpoint) internal pure returns (CheckpointOpening memory) {
        Sequence memory sequence = checkpoint.sequence;
        bytes32 tail = keccak256(
            abi.encode(
                sequence.cumulativeFee,
                sequence.fee,
                sequence.cumulativeBatches,
                sequence.version,
                sequence.payer,
                checkpoint.sequencedAt,
                checkpoint.previous,
                checkpoint.beneficiary,
                checkpoint.provenBy
            )
        );
        return CheckpointOpening({
            acc: sequence.acc, stateRoot: checkpoint.stateRoot, exitAcc: checkpoint.exitAcc, tail: tail
        });
    }

    /// @notice What a sequence word commits to beside the accumulator.
    function rest(Sequence memory sequence) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                TAG_SEQUENCE,
                sequence.cumulativeFee,
                sequence.fee,
                sequence.cumulativeBatches,
                sequence.version,
                sequence.payer
            )
        );
    }

    /// @notice What a checkpoint word commits to beside the accumulator.
    function rest(CheckpointOpening memory opened) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_CHECKPOINT, opened.stateRoot, opened.exitAcc, opened.tail));
    }

    /// @notice Word of the accumulator `acc` and the hash `rest_` of all else, with `time` in its low 40 bits.
    function seal(bytes32 acc, bytes32 rest_, uint256 time) internal pure returns (bytes32) {
        uint256 hash = uint256(keccak256(abi.encode(acc, rest_)));
        return bytes32((hash & ~TIME_MASK) | (time & TIME_MASK));
    }

    /// @notice The block time a word carries: `sequencedAt` of a sequence, `verifiedAt` of a checkpoint.
    function timeOf(bytes32 word_) internal pure returns (uint40) {
        return uint40(uint256(word_));
    }
}
