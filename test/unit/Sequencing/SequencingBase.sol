// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {LifecycleTest} from "../../utils/LifecycleTest.sol";

/// @notice What the tests of sequencing share: calls with stated limits, and the accumulator computed anew from the
/// formats.
abstract contract SequencingBase is LifecycleTest {
    uint256 internal constant SLOT = 96;

    /// @dev One sequence from `payer`, a plain account.
    function _post(address payer, bytes[] memory batches, ISequencing.Limits memory limits_)
        internal
        returns (uint40 number)
    {
        vm.prank(payer, payer);
        number = poe.sequenceBatches(batches, 1, limits_);
        recordSequence(number, payer, batches.length);
    }

    function _expectRevert(bytes memory reason, bytes[] memory batches, ISequencing.Limits memory limits_) internal {
        _expectRevert(reason, batches, 1, limits_);
    }

    function _expectRevert(
        bytes memory reason,
        bytes[] memory batches,
        uint32 feeRecipient,
        ISequencing.Limits memory limits_
    ) internal {
        vm.expectRevert(reason);
        vm.prank(sequencer, sequencer);
        poe.sequenceBatches(batches, feeRecipient, limits_);
    }

    /// @dev What the next sequence would cost, without sequencing it.
    function _quote(bytes[] memory batches) internal returns (uint256 fee) {
        uint256 snapshot = vm.snapshotState();
        uint256 before = poe.sequenced().cumulativeFee;
        _post(sequencer, batches, limits());
        fee = poe.sequenced().cumulativeFee - before;
        vm.revertToState(snapshot);
    }

    /// @dev FMT-7 and FMT-8 in the plainest way: padding spelt out, nothing reused.
    function _stepAcc(
        bytes32 acc,
        uint32 version,
        uint256 capacity,
        bytes memory batch,
        bytes32 messages,
        uint32 recipient
    ) internal pure returns (bytes32) {
        bytes32 dataHash = sha256(bytes.concat(batch, new bytes(capacity * SLOT - batch.length)));
        return sha256(bytes.concat(acc, hex"00000001", bytes4(version), dataHash, messages, bytes4(recipient)));
    }

    /// @dev `slotCount` slots of bytes drawn from `seed`.
    function _randomBatch(uint256 seed, uint256 slotCount) internal pure returns (bytes memory batch) {
        batch = new bytes(slotCount * SLOT);
        for (uint256 i = 0; i < batch.length; i += 32) {
            bytes32 word = keccak256(abi.encode(seed, i));
            assembly ("memory-safe") {
                mstore(add(add(batch, 32), i), word)
            }
        }
    }

    function _one(bytes memory batch) internal pure returns (bytes[] memory batches) {
        batches = new bytes[](1);
        batches[0] = batch;
    }

    function _empty(uint256 count) internal pure returns (bytes[] memory) {
        return new bytes[](count);
    }
}
