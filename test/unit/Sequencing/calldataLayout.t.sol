// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {SequencingBase} from "./SequencingBase.sol";

/// @notice Calldata that no encoder makes, from a plain account. The contract reads what a strict decoder refuses, so
/// the log has to carry the batches, exactly as they went into the accumulator: otherwise nobody who reads logs and
/// calldata could follow the chain any more.
/// @custom:req R41, R46
contract CalldataLayoutTest is SequencingBase {
    /// @dev Words of arguments before the array: its offset, the recipient, five of limits.
    uint256 private constant HEAD_WORDS = 7;

    /// @dev `anchorRest` is not read for the newest sequence as anchor: a caller is free to put a length there.
    function _head(uint256 arrayOffset, uint256 anchorRest) private view returns (bytes memory) {
        ISequencing.Limits memory limits_ = limits();
        limits_.anchorRest = bytes32(anchorRest);
        return bytes.concat(ISequencing.sequenceBatches.selector, abi.encode(arrayOffset, uint256(1), limits_));
    }

    /// @dev An array of two batches at the given offsets, which count from the first of them; `tail` follows.
    function _two(uint256 first, uint256 second, bytes memory tail) private view returns (bytes memory) {
        return bytes.concat(_head(32 * HEAD_WORDS, 0), abi.encode(2, first, second), tail);
    }

    /// @dev A batch as it stands in calldata: its length and its bytes.
    function _encoded(bytes memory batch) private pure returns (bytes memory) {
        return bytes.concat(abi.encode(batch.length), batch);
    }

    function _a() private pure returns (bytes memory) {
        return _randomBatch(1, 1);
    }

    function _b() private pure returns (bytes memory) {
        return _randomBatch(2, 2);
    }

    function _pair(bytes memory first, bytes memory second) private pure returns (bytes[] memory batches) {
        batches = new bytes[](2);
        (batches[0], batches[1]) = (first, second);
    }

    /// @dev Sends `data` as a transaction of a plain account.
    function _send(bytes memory data) private returns (bool accepted, bool logged, bytes[] memory batches) {
        vm.recordLogs();
        vm.prank(sequencer, sequencer);
        (accepted,) = address(poe).call(data);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != ISequencing.BatchData.selector) continue;
            assertFalse(logged, "twice");
            logged = true;
            batches = abi.decode(logs[i].data, (bytes[]));
        }
        if (accepted) recordSequence(poe.sequenced().lastSequence, sequencer, batches.length);
    }

    function _accOf(bytes32 acc, bytes[] memory batches) private pure returns (bytes32) {
        for (uint256 i = 0; i < batches.length; ++i) {
            acc = _stepAcc(acc, 1, T, batches[i], 0, 1);
        }
        return acc;
    }

    /// @dev `data` is taken for `expected`, and the log says so.
    function _requireLogged(bytes memory data, bytes[] memory expected) private {
        bytes32 acc = _accOf(poe.lastAcc(), expected);
        (bool accepted, bool logged, bytes[] memory batches) = _send(data);
        assertTrue(accepted, "refused");
        assertTrue(logged, "nobody can read these batches");
        assertEq(abi.encode(batches), abi.encode(expected), "batches in the log");
        assertEq(poe.lastAcc(), acc, "accumulator");
    }

    /* PLAIN */

    function test_WhenTheCalldataIsPlainlyEncoded() external {
        bytes[] memory batches = _pair(_a(), _b());
        bytes memory data = _two(64, 64 + 128, bytes.concat(_encoded(_a()), _encoded(_b())));
        ISequencing.Limits memory limits_ = limits();
        limits_.anchorRest = 0;
        assertEq(data, abi.encodeCall(ISequencing.sequenceBatches, (batches, 1, limits_)), "as the compiler encodes it");
        bytes32 acc = _accOf(poe.lastAcc(), batches);
        (bool accepted, bool logged,) = _send(data);
        assertTrue(accepted);
        assertFalse(logged, "gas for nothing");
        assertEq(poe.lastAcc(), acc);
    }

    /* NOT PLAIN */

    function test_WhenBytesFollowTheLastBatch() external {
        bytes memory plain = _two(64, 64 + 128, bytes.concat(_encoded(_a()), _encoded(_b())));
        _requireLogged(bytes.concat(plain, hex"00"), _pair(_a(), _b()));
        plain = _two(64, 64 + 128, bytes.concat(_encoded(_a()), _encoded(_b())));
        _requireLogged(bytes.concat(plain, new bytes(32)), _pair(_a(), _b()));
    }

    function test_WhenAGapPrecedesTheArray() external {
        bytes memory array = bytes.concat(abi.encode(2, 64, 64 + 128), _encoded(_a()), _encoded(_b()));
        _requireLogged(bytes.concat(_head(32 * (HEAD_WORDS + 1), 0), new bytes(32), array), _pair(_a(), _b()));
    }

    function test_WhenAGapPrecedesABatch() external {
        bytes memory gap = new bytes(32);
        _requireLogged(_two(96, 96 + 128, bytes.concat(gap, _encoded(_a()), _encoded(_b()))), _pair(_a(), _b()));
        _requireLogged(_two(64, 96 + 128, bytes.concat(_encoded(_a()), gap, _encoded(_b()))), _pair(_a(), _b()));
    }

    /// @dev All bytes are in use, and there are as many as there should be.
    function test_WhenTheBatchesAreOutOfOrder() external {
        _requireLogged(_two(64 + 224, 64, bytes.concat(_encoded(_b()), _encoded(_a()))), _pair(_a(), _b()));
    }

    function test_WhenBatchesOverlap() external {
        // The same bytes twice.
        _requireLogged(_two(64, 64, _encoded(_b())), _pair(_b(), _b()));
        // The second begins within the first.
        bytes memory inner = abi.encodePacked(uint256(1), uint256(96), uint256(3));
        bytes memory outer = bytes.concat(abi.encode(96), inner, _a());
        _requireLogged(_two(64, 128, outer), _pair(inner, bytes.concat(bytes32(uint256(3)), _slice64(_a()))));
    }

    function _slice64(bytes memory batch) private pure returns (bytes memory) {
        (bytes32 first, bytes32 second,) = abi.decode(batch, (bytes32, bytes32, bytes32));
        return bytes.concat(first, second);
    }

    /// @dev Two words before the offsets stands `anchorRest`, here the length of a batch made of the array's own words.
    function test_WhenAnOffsetPointsBackwards() external {
        uint256 back = uint256(-int256(64));
        bytes memory array = abi.encode(2, back, 64);
        bytes memory data = bytes.concat(_head(32 * HEAD_WORDS, SLOT), array, _encoded(_b()));
        _requireLogged(data, _pair(array, _b()));
    }

    /// @dev What lies before the calldata reads as zeros: an empty batch.
    function test_WhenAnOffsetPointsBeforeTheCalldata() external {
        _requireLogged(_two(type(uint256).max - (1 << 128), (1 << 255) + 5, ""), _pair("", ""));
    }

    /* ANY LAYOUT */

    /// @dev Whatever the offsets: the call is refused, or its batches can be read from calldata or log. They are logged
    /// if and only if no encoder would have written that calldata.
    function testFuzz_WhatIsAcceptedCanBeRead(uint256 seed) external {
        uint256 count = 1 + seed % 3;
        uint256 words = 12;
        bytes memory array = abi.encode(count);
        for (uint256 i = 0; i < count; ++i) {
            int256 offset = 32 * (int256(uint256(keccak256(abi.encode(seed, "offset", i))) % (words + 5)) - 3);
            // Half of the time the place an encoder would choose if every batch before held one slot.
            if (uint256(keccak256(abi.encode(seed, "plain", i))) % 2 == 0) offset = int256(32 * count + 128 * i);
            array = bytes.concat(array, abi.encode(offset));
        }
        for (uint256 i = 0; i < words; ++i) {
            if (uint256(keccak256(abi.encode(seed, "end"))) % 2 == 0 && i == 4 * count) break;
            array = bytes.concat(array, abi.encode(uint256(keccak256(abi.encode(seed, i))) % 8 == 0 ? 0 : SLOT));
        }
        _requireReadable(bytes.concat(_head(32 * HEAD_WORDS, SLOT), array));
    }

    function _requireReadable(bytes memory data) private {
        bytes32 acc = poe.lastAcc();
        ISequencing.Limits memory limits_ = limits();
        limits_.anchorRest = bytes32(SLOT);
        (bool accepted, bool logged, bytes[] memory batches) = _send(data);
        if (!accepted) return;
        if (!logged) batches = this.decodeStrictly(data);
        assertEq(poe.lastAcc(), _accOf(acc, batches), "the accumulator is that of the batches one can read");
        bytes memory plain = abi.encodeCall(ISequencing.sequenceBatches, (batches, 1, limits_));
        assertEq(logged, keccak256(plain) != keccak256(data), "logged if and only if needed");
    }

    function decodeStrictly(bytes calldata data) external pure returns (bytes[] memory batches) {
        (batches,,) = abi.decode(data[4:], (bytes[], uint32, ISequencing.Limits));
    }
}
