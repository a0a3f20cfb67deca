// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {stdJson} from "forge-std/StdJson.sol";

import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {VerifierRouter} from "../../../contracts/router/VerifierRouter.sol";
import {Head} from "../../../contracts/types/Slots.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {SequencingBase} from "./SequencingBase.sol";

/// @notice The accumulator of batches: what a proof will be about. Every expected value is computed anew, by
/// `_stepAcc`.
/// @custom:req R15, R46
contract AccumulateTest is SequencingBase {
    using stdJson for string;

    /* ONE BATCH */

    /// @custom:req R39
    function test_WhenABatchHasNoSlots() external {
        bytes32 expected = sha256(
            bytes.concat(poe.lastAcc(), hex"0000000100000001", sha256(new bytes(T * SLOT)), bytes32(0), hex"00000001")
        );
        sequence(_empty(1), 1);
        assertEq(poe.lastAcc(), expected);
    }

    function testFuzz_WhenBatchesDifferInTrailingZeroSlotsOnly(uint256 seed, uint256 slotCount, uint256 zeros)
        external
    {
        slotCount = bound(slotCount, 0, T);
        zeros = bound(zeros, 0, T - slotCount);
        bytes memory batch = _randomBatch(seed, slotCount);
        assertEq(_accAfter(_one(batch)), _accAfter(_one(bytes.concat(batch, new bytes(zeros * SLOT)))));
    }

    function test_WhenBatchesDifferInTrailingZeroSlotsOnly() external {
        bytes memory batch = _randomBatch(1, 2);
        assertEq(_accAfter(_one(batch)), _accAfter(_one(bytes.concat(batch, new bytes((T - 2) * SLOT)))));
        assertEq(_accAfter(_one("")), _accAfter(_one(new bytes(T * SLOT))));
    }

    function test_WhenBatchesDifferInALeadingZeroSlot() external {
        bytes memory batch = _randomBatch(1, 2);
        assertNotEq(_accAfter(_one(batch)), _accAfter(_one(bytes.concat(new bytes(SLOT), batch))));
    }

    /// @custom:req R38
    function test_WhenABatchFillsTheCapacity() external {
        bytes memory batch = _randomBatch(2, T);
        bytes32 expected =
            sha256(bytes.concat(poe.lastAcc(), hex"0000000100000001", sha256(batch), bytes32(0), hex"00000001"));
        sequence(_one(batch), 1);
        assertEq(poe.lastAcc(), expected);
    }

    /* SEVERAL */

    /// @dev One buffer serves all batches of a call: nothing of a longer batch may stay behind a shorter one.
    function testFuzz_WhenBatchesOfDifferentLengthsFollowEachOther(uint256 seed, uint8[6] calldata lengths) external {
        bytes[] memory batches = new bytes[](lengths.length);
        bytes32 expected = poe.lastAcc();
        for (uint256 i = 0; i < lengths.length; ++i) {
            batches[i] = _randomBatch(uint256(keccak256(abi.encode(seed, i))), uint256(lengths[i]) % (T + 1));
            expected = _stepAcc(expected, 1, T, batches[i], 0, 1);
        }
        assertEq(_accAfter(batches), expected);
    }

    function test_WhenBatchesOfDifferentLengthsFollowEachOther() external {
        uint256[7] memory lengths = [uint256(T), 1, 0, T - 1, T, 2, 0];
        bytes[] memory batches = new bytes[](lengths.length);
        bytes32 expected = poe.lastAcc();
        for (uint256 i = 0; i < lengths.length; ++i) {
            batches[i] = _randomBatch(i, lengths[i]);
            expected = _stepAcc(expected, 1, T, batches[i], 0, 1);
        }
        assertEq(_accAfter(batches), expected);
    }

    /* MESSAGES */

    /// @custom:req R40, R43
    function testFuzz_WhenMessagesArePending(uint256 messages, uint256 firstCall, uint256 secondCall) external {
        messages = bound(messages, 0, 14);
        firstCall = bound(firstCall, 1, 5);
        secondCall = bound(secondCall, 1, 5);
        _queue(messages);
        uint256 attached = 1;
        attached = _sequenceAndCheck(firstCall, attached, messages + 1);
        _sequenceAndCheck(secondCall, attached, messages + 1);
    }

    /// @custom:req R40, R43
    function test_WhenMessagesArePending() external {
        // One is attached before the test begins; of nine more each batch takes four.
        _queue(9);
        bytes32[4] memory expected = [poe.messageAccOf(5), poe.messageAccOf(9), poe.messageAccOf(10), bytes32(0)];
        bytes32 acc = poe.lastAcc();
        for (uint256 i = 0; i < 4; ++i) {
            acc = _stepAcc(acc, 1, T, "", expected[i], 1);
        }
        // It should attach the oldest to each batch up to the capacity. It should skip none.
        sequence(_empty(4), 1);
        assertEq(poe.lastAcc(), acc);
        assertEq(poe.head().attachedMessages, 10);
        // It should attach none twice.
        sequence(_empty(1), 1);
        assertEq(poe.lastAcc(), _stepAcc(acc, 1, T, "", 0, 1));
        assertEq(poe.head().attachedMessages, 10);
    }

    function test_WhenNoMessageIsPending() external {
        assertNotEq(poe.messageAccOf(1), 0, "no message at all");
        bytes32 expected = _stepAcc(poe.lastAcc(), 1, T, "", 0, 1);
        sequence(_empty(1), 1);
        assertEq(poe.lastAcc(), expected);
    }

    function _queue(uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            _register(user, 1 ether);
        }
    }

    function _sequenceAndCheck(uint256 count, uint256 attached, uint256 total) private returns (uint256) {
        bytes32 acc = poe.lastAcc();
        for (uint256 i = 0; i < count; ++i) {
            uint256 next = attached + M < total ? attached + M : total;
            acc = _stepAcc(acc, 1, T, "", next == attached ? bytes32(0) : poe.messageAccOf(uint32(next)), 1);
            attached = next;
        }
        sequence(_empty(count), 1);
        assertEq(poe.lastAcc(), acc);
        assertEq(poe.head().attachedMessages, attached);
        return attached;
    }

    /* SPLITS AND INJECTIVITY */

    /// @dev To the wei, whatever the price, also with messages to attach on the way.
    /// @custom:req R23
    function testFuzz_WhenOneCallIsSplitIntoMany(uint256 seed, uint256 count, uint256 messages, uint256 before)
        external
    {
        count = bound(count, 1, 12);
        _queue(bound(messages, 0, 8));
        sequenceInCalls(bound(before, 1, 200));
        vm.warp(block.timestamp + bound(seed, 0, 4 hours));
        bytes[] memory batches = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            batches[i] = _randomBatch(i, i);
        }
        _checkSplit(batches, seed);
    }

    /// @custom:req R23
    function test_WhenOneCallIsSplitIntoMany() external {
        _queue(6);
        _checkSplit(slots(8, 2), 0);
    }

    /// @dev Against one call: one call a batch if `seed` is zero, otherwise pieces drawn from it.
    function _checkSplit(bytes[] memory batches, uint256 seed) private {
        uint256 snapshot = vm.snapshotState();
        sequence(batches, 1);
        bytes32 acc = poe.lastAcc();
        uint256 fee = poe.sequenced().cumulativeFee;
        uint48 logPrice = poe.sequenced().logPrice;
        uint256 balance = poe.feeBalanceOf(sequencer);
        vm.revertToState(snapshot);

        for (uint256 from = 0; from < batches.length;) {
            uint256 size = seed == 0 ? 1 : 1 + uint256(keccak256(abi.encode(seed, from))) % (batches.length - from);
            sequence(_slice(batches, from, size), 1);
            from += size;
        }
        assertEq(poe.lastAcc(), acc, "accumulator");
        assertEq(poe.sequenced().cumulativeFee, fee, "fee");
        assertEq(poe.sequenced().logPrice, logPrice, "price");
        assertEq(poe.feeBalanceOf(sequencer), balance, "balance");
    }

    function _slice(bytes[] memory batches, uint256 from, uint256 size) private pure returns (bytes[] memory slice) {
        slice = new bytes[](size);
        for (uint256 i = 0; i < size; ++i) {
            slice[i] = batches[from + i];
        }
    }

    /// @dev The same bytes cut at other places, another order, another recipient: all give another accumulator.
    function testFuzz_WhenTwoListsOfBatchesDiffer(uint256 seed, uint256 total, uint256 cut, uint256 otherCut) external {
        total = bound(total, 2, T);
        cut = bound(cut, 1, total - 1);
        otherCut = bound(otherCut, 0, total);
        vm.assume(cut != otherCut);
        bytes memory all = _randomBatch(seed, total);
        assertNotEq(_accAfter(_cut(all, cut)), _accAfter(_cut(all, otherCut)));
    }

    function test_WhenTwoListsOfBatchesDiffer() external {
        bytes memory all = _randomBatch(3, 2);
        bytes[] memory apart = _cut(all, 1);
        bytes[] memory swapped = new bytes[](2);
        (swapped[0], swapped[1]) = (apart[1], apart[0]);
        bytes32 together = _accAfter(_one(all));
        assertNotEq(together, _accAfter(apart));
        assertNotEq(_accAfter(apart), _accAfter(swapped));

        _register(stranger, 1 ether);
        uint256 snapshot = vm.snapshotState();
        sequence(_one(all), 1);
        bytes32 first = poe.lastAcc();
        vm.revertToState(snapshot);
        sequence(_one(all), 2);
        assertNotEq(poe.lastAcc(), first);
    }

    function _cut(bytes memory all, uint256 slotsBefore) private pure returns (bytes[] memory parts) {
        parts = new bytes[](2);
        parts[0] = new bytes(slotsBefore * SLOT);
        parts[1] = new bytes(all.length - slotsBefore * SLOT);
        for (uint256 i = 0; i < all.length; ++i) {
            if (i < parts[0].length) parts[0][i] = all[i];
            else parts[1][i - parts[0].length] = all[i];
        }
    }

    /// @dev Accumulator after sequencing `batches` on the present state, which it leaves as it is.
    function _accAfter(bytes[] memory batches) private returns (bytes32 acc) {
        uint256 snapshot = vm.snapshotState();
        sequence(batches, 1);
        acc = poe.lastAcc();
        vm.revertToState(snapshot);
    }

    /* VERSIONS AND VECTORS */

    /// @custom:req R55
    function test_WhenAnotherVersionIsActive() external {
        uint16 small = 3;
        vm.startPrank(owner);
        router.addRoute(new MockVerifier(small, 2, E));
        vm.warp(block.timestamp + ROUTE_DELAY);
        poe.activateVersion(2);
        vm.stopPrank();
        _queue(3);

        uint256 tooLong = (small + 1) * SLOT;
        _expectRevert(
            abi.encodeWithSelector(ISequencing.InvalidBatchLength.selector, 0, tooLong, small * SLOT),
            _one(new bytes(tooLong)),
            limits()
        );
        bytes[] memory batches = slots(2, small);
        bytes32 acc = _stepAcc(poe.lastAcc(), 2, small, batches[0], poe.messageAccOf(3), 1);
        acc = _stepAcc(acc, 2, small, batches[1], poe.messageAccOf(4), 1);
        sequence(batches, 1);
        assertEq(poe.lastAcc(), acc);
    }

    /// @dev Written by the Rust implementation (test/fixtures/formats/chain.json): from the genesis of a deployment at
    /// a known address, with messages, full
    /// and empty batches. Messages are put into storage, since their fees there follow no queue.
    function test_WhenTheSharedVectorsAreSequenced() external {
        string memory json = vm.readFile("test/fixtures/formats/chain.json");
        _deployForVectors(json);
        uint256 count = json.readUint(".count");
        assertGe(count, 5);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = string.concat(".cases[", vm.toString(i), "]");
            assertEq(poe.lastAcc(), json.readBytes32(string.concat(at, ".old.acc")));
            _storeMessages(json.readBytesArray(string.concat(at, ".messages")));
            uint32 recipient = uint32(json.readUint(string.concat(at, ".feeRecipient")));
            ISequencing.Limits memory limits_ = ISequencing.Limits({
                maxFee: type(uint256).max,
                deadline: block.timestamp,
                anchor: uint40(i),
                anchorAcc: poe.lastAcc(),
                anchorRest: 0
            });
            vm.prank(sequencer, sequencer);
            poe.sequenceBatches(_one(json.readBytes(string.concat(at, ".data"))), recipient, limits_);
            assertEq(poe.lastAcc(), json.readBytes32(string.concat(at, ".new.acc")));
        }
    }

    function _deployForVectors(string memory json) private {
        string memory capacity = ".cases[0].capacity";
        verifier = new MockVerifier(
            uint16(json.readUint(string.concat(capacity, ".slots"))),
            uint8(json.readUint(string.concat(capacity, ".messages"))),
            uint8(json.readUint(string.concat(capacity, ".exits")))
        );
        router = new VerifierRouter(owner, ROUTE_DELAY, verifier, true);
        vm.chainId(json.readUint(".cases[0].chainId"));
        address at = json.readAddress(".cases[0].contract");
        deployCodeTo("ProofOfEfficiency.sol:ProofOfEfficiency", abi.encode(_configuration()), at);
        poe = IProofOfEfficiency(at);
        _fund(sequencer, 10 ether);
        Head memory head = poe.head();
        // The accounts the vectors name as fee recipients.
        head.nextIndex = 5;
        _setHead(head);
    }

    function _storeMessages(bytes[] memory messages) private {
        Head memory head = poe.head();
        bytes32 acc = poe.messageAccOf(head.messageCount);
        for (uint256 i = 0; i < messages.length; ++i) {
            acc = sha256(bytes.concat(acc, messages[i]));
            _setMessageAcc(++head.messageCount, acc);
        }
        _setHead(head);
    }

    function _setMessageAcc(uint32 number, bytes32 acc) private {
        vm.record();
        poe.messageAccOf(number);
        (bytes32[] memory reads,) = vm.accesses(address(poe));
        vm.store(address(poe), reads[reads.length - 1], acc);
        assertEq(poe.messageAccOf(number), acc, "not the slot of the message accumulator");
    }
}
