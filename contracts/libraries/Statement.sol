// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {CheckpointOpening} from "../types/Commitments.sol";

/// @title Statement
/// @notice What a proof claims, as the two public inputs of the verifier (docs/spec/formats.md, FMT-14 and FMT-15).
library Statement {
    bytes32 internal constant TAG_STATEMENT = "PoE/statement/1";

    /// @notice SHA-256 of the claim that applying the batches between two accumulators takes `start` to the new root
    /// and exits.
    /// @param domain Deployment the proof is for.
    /// @param version Route whose verifier checks it.
    /// @param beneficiary Account it pays.
    /// @param start Checkpoint it starts from.
    /// @param newAcc Accumulator of the last sequence it covers.
    /// @param newRoot State root it ends in.
    /// @param newExitAcc Exit accumulator it ends in.
    function hash(
        bytes32 domain,
        uint16 version,
        address beneficiary,
        CheckpointOpening memory start,
        bytes32 newAcc,
        bytes32 newRoot,
        bytes32 newExitAcc
    ) internal pure returns (bytes32) {
        return sha256(
            abi.encodePacked(
                abi.encodePacked(TAG_STATEMENT, domain, uint32(version), beneficiary),
                abi.encodePacked(start.acc, newAcc, start.stateRoot, newRoot, start.exitAcc, newExitAcc)
            )
        );
    }

    /// @notice A statement as the verifier takes it: two field elements of 128 bits, high half first.
    function publicInputs(bytes32 statement) internal pure returns (uint256[2] memory) {
        return [uint256(statement) >> 128, uint256(statement) & type(uint128).max];
    }
}
