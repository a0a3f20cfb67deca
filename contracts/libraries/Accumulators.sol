// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Accumulators
/// @notice The SHA-256 chains that tie L1 data to the circuit: batches, messages and exits (docs/spec/formats.md, FMT-7
/// to FMT-13).
library Accumulators {
    bytes32 internal constant TAG_DOMAIN = "PoE/domain/1";
    bytes32 internal constant TAG_GENESIS = "PoE/genesis/1";

    /// @notice Bytes of one transaction slot (FMT-6).
    uint256 internal constant SLOT_BYTES = 96;
    /// @notice Kind of a batch whose full slots are hashed from calldata (FMT-9).
    uint32 internal constant KIND_SLOTS = 1;
    /// @notice Bytes of one exit record (FMT-13).
    uint256 internal constant EXIT_BYTES = 32;

    /// @notice The SHA-256 precompile is missing or answered wrongly.
    error Sha256Unavailable();

    /// @notice Separates this deployment from all others (FMT-5).
    function domain(uint256 chainId, address deployment) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(TAG_DOMAIN, chainId, deployment));
    }

    /// @notice Accumulator before the first batch (FMT-8).
    function genesis(uint256 chainId, address deployment, bytes32 genesisRoot) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(TAG_GENESIS, chainId, deployment, genesisRoot));
    }

    /// @notice Accumulator after one more batch (FMT-8).
    /// @param messageAcc Message accumulator after the messages the batch takes; zero if it takes none.
    function step(bytes32 acc, uint32 version, bytes32 batchDataHash, bytes32 messageAcc, uint32 feeRecipient)
        internal
        pure
        returns (bytes32)
    {
        return sha256(abi.encodePacked(acc, KIND_SLOTS, version, batchDataHash, messageAcc, feeRecipient));
    }

    /// @notice Message accumulator after one more message (FMT-11).
    function stepMessage(bytes32 messageAcc, bytes memory message) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(messageAcc, message));
    }

    /// @notice Exit accumulator after a batch whose exits, zero-padded to the exit capacity, are `records` (FMT-13).
    function stepExits(bytes32 exitAcc, bytes memory records) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(exitAcc, records));
    }

    /// @notice Memory for the padded data of one batch; reusable for all batches of a call. Not cleared: `dataHash`
    /// overwrites it whole.
    function newDataBuffer(uint256 slotCapacity) internal pure returns (bytes memory buffer) {
        uint256 length = slotCapacity * SLOT_BYTES;
        assembly ("memory-safe") {
            buffer := mload(0x40)
            mstore(buffer, length)
            mstore(0x40, add(add(buffer, 32), length))
        }
    }

    /// @notice Hash of a batch padded with zeros to the slot capacity (FMT-7).
    /// @param batch At most `buffer.length` bytes.
    /// @param buffer From `newDataBuffer`; overwritten whole.
    function dataHash(bytes calldata batch, bytes memory buffer) internal view returns (bytes32 hash) {
        bool ok;
        assembly ("memory-safe") {
            let data := add(buffer, 32)
            let paddedBytes := mload(buffer)
            calldatacopy(data, batch.offset, batch.length)
            // Copying from beyond the end of calldata yields zeros: this clears the tail, and what an earlier batch
            // left there.
            calldatacopy(add(data, batch.length), calldatasize(), sub(paddedBytes, batch.length))
            ok := and(eq(returndatasize(), 32), staticcall(gas(), 2, data, paddedBytes, 0, 32))
            hash := mload(0)
        }
        if (!ok) revert Sha256Unavailable();
    }
}
