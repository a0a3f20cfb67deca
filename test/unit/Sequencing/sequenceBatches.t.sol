// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {MAX_BATCHES_PER_SEQUENCE, Sequence} from "../../../contracts/types/Commitments.sol";
import {Head, Sequenced, Status} from "../../../contracts/types/Slots.sol";
import {SequencingContract} from "../../mocks/SequencingContract.sol";
import {SequencingBase} from "./SequencingBase.sol";

contract SequenceBatchesTest is SequencingBase {
    using Commitments for Sequence;

    /* STATUS */

    /// @custom:req R49
    function test_RevertGiven_TheChainIsHalted() external {
        ISequencing.Limits memory limits_ = limits();
        _haltChain();
        _expectRevert(abi.encodeWithSelector(IEmergency.WrongStatus.selector, uint8(Status.Halted)), _empty(1), limits_);
    }

    function test_RevertGiven_TheChainIsClosed() external {
        _closeChain();
        _expectRevert(
            abi.encodeWithSelector(IEmergency.WrongStatus.selector, uint8(Status.Closed)), _empty(1), limits()
        );
    }

    /* DEADLINE */

    /// @custom:req R26
    function test_RevertWhen_TheDeadlineHasPassed() external {
        ISequencing.Limits memory limits_ = limits();
        limits_.deadline = block.timestamp - 1;
        _expectRevert(
            abi.encodeWithSelector(ISequencing.DeadlinePassed.selector, limits_.deadline, block.timestamp),
            _empty(1),
            limits_
        );
    }

    /// @custom:req R26
    function test_WhenTheDeadlineIsNow() external {
        ISequencing.Limits memory limits_ = limits();
        limits_.deadline = block.timestamp;
        assertEq(_post(sequencer, _empty(1), limits_), 2);
    }

    /* COUNT */

    function test_RevertWhen_ThereIsNoBatch() external {
        _refuseCount(0);
    }

    /// @dev One sequence must not fill the queue: no part of it could be proven, or paid for.
    /// @custom:req R38
    function test_RevertWhen_ThereAreMoreBatchesThanASequenceHolds() external {
        _refuseCount(MAX_BATCHES_PER_SEQUENCE + 1);
        // Whatever room there is, or is not.
        _refuseCount(MAX_PENDING + 1);
    }

    /// @custom:req R38
    function testFuzz_RevertWhen_ThereAreMoreBatchesThanASequenceHolds(uint256 count) external {
        _refuseCount(bound(count, MAX_BATCHES_PER_SEQUENCE + 1, 1000));
    }

    function test_WhenThereAreAsManyBatchesAsASequenceHolds() external {
        assertEq(MAX_BATCHES_PER_SEQUENCE, 64);
        assertEq(_post(sequencer, _empty(64), limits()), 2);
        assertEq(poe.sequenced().cumulativeBatches, 1 + 64);
        prove(1, 2);
    }

    /// @dev A full queue is many sequences: whoever proves a part of it is paid for that part, and makes room.
    /// @custom:req R38
    function test_WhenTheQueueIsFullAPartOfItCanBeProven() external {
        uint40 last = sequenceInCalls(MAX_PENDING);
        assertEq(last, 1 + MAX_PENDING / MAX_BATCHES_PER_SEQUENCE);
        uint256 balance = poe.feeBalanceOf(aggregator);
        prove(1, 2);
        assertEq(poe.feeBalanceOf(aggregator) - balance, sequences[2].fee);
        _post(aggregator, _empty(MAX_BATCHES_PER_SEQUENCE), limits());
    }

    function _refuseCount(uint256 count) private {
        _expectRevert(
            abi.encodeWithSelector(ISequencing.InvalidBatchCount.selector, count, MAX_BATCHES_PER_SEQUENCE),
            _empty(count),
            limits()
        );
    }

    /// @custom:req R38
    function test_RevertWhen_ThePendingBatchesWouldExceedTheLimit() external {
        sequenceInCalls(MAX_PENDING - MAX_BATCHES_PER_SEQUENCE + 1);
        _refusePending(MAX_PENDING - MAX_BATCHES_PER_SEQUENCE + 1, MAX_BATCHES_PER_SEQUENCE);
        sequenceInCalls(MAX_BATCHES_PER_SEQUENCE - 2);
        _refusePending(MAX_PENDING - 1, 2);
    }

    /// @custom:req R38
    function test_WhenThePendingBatchesReachTheLimit() external {
        uint40 first = sequenceInCalls(MAX_PENDING - 1);
        _post(sequencer, _empty(1), limits());
        _refusePending(MAX_PENDING, 1);
        prove(1, first);
        sequenceInCalls(MAX_PENDING - 1);
        assertEq(poe.sequenced().cumulativeBatches - poe.head().paidBatches, MAX_PENDING);
        _refusePending(MAX_PENDING, 1);
    }

    function _refusePending(uint256 pending, uint256 count) private {
        _expectRevert(
            abi.encodeWithSelector(ISequencing.TooManyPendingBatches.selector, pending, count, MAX_PENDING),
            _empty(count),
            limits()
        );
    }

    /* FEE RECIPIENT */

    function test_RevertWhen_TheFeeRecipientIsZero() external {
        _expectRevert(
            abi.encodeWithSelector(ISequencing.UnknownFeeRecipient.selector, 0, poe.head().nextIndex),
            _empty(1),
            0,
            limits()
        );
    }

    function test_RevertWhen_TheFeeRecipientIsNotRegistered() external {
        uint32 next = uint32(poe.head().nextIndex);
        _expectRevert(
            abi.encodeWithSelector(ISequencing.UnknownFeeRecipient.selector, next, next), _empty(1), next, limits()
        );
        _expectRevert(
            abi.encodeWithSelector(ISequencing.UnknownFeeRecipient.selector, type(uint32).max, next),
            _empty(1),
            type(uint32).max,
            limits()
        );
    }

    /// @dev The registration may still be queued: a fee credit may precede it.
    function test_WhenTheFeeRecipientIsTheNewestAccount() external {
        uint32 newest = _register(stranger, 1 ether);
        bytes32 expected = _stepAcc(poe.lastAcc(), 1, T, "", poe.messageAccOf(2), newest);
        sequence(_empty(1), newest);
        assertEq(poe.lastAcc(), expected);
    }

    /* LENGTH */

    /// @dev Such a batch could not be proven, and with it nothing after it.
    function testFuzz_RevertWhen_ABatchIsNotAWholeNumberOfSlots(uint256 length, uint256 position) external {
        length = bound(length, 1, T * SLOT);
        if (length % SLOT == 0) --length;
        bytes[] memory batches = slots(3, 1);
        position = bound(position, 0, 2);
        batches[position] = new bytes(length);
        _expectRevert(
            abi.encodeWithSelector(ISequencing.InvalidBatchLength.selector, position, length, T * SLOT),
            batches,
            limits()
        );
    }

    function test_RevertWhen_ABatchIsNotAWholeNumberOfSlots() external {
        uint256[4] memory lengths = [uint256(1), SLOT - 1, SLOT + 1, T * SLOT - 1];
        for (uint256 i = 0; i < lengths.length; ++i) {
            _expectRevert(
                abi.encodeWithSelector(ISequencing.InvalidBatchLength.selector, 0, lengths[i], T * SLOT),
                _one(new bytes(lengths[i])),
                limits()
            );
        }
    }

    function test_RevertWhen_ABatchIsLongerThanTheCapacity() external {
        uint256 tooLong = (T + 1) * SLOT;
        _expectRevert(
            abi.encodeWithSelector(ISequencing.InvalidBatchLength.selector, 0, tooLong, T * SLOT),
            _one(new bytes(tooLong)),
            limits()
        );
    }

    /* FEE */

    /// @custom:req R26
    function test_WhenTheFeeExceedsTheBoundOfTheCaller() external {
        uint256 fee = _quote(_empty(7));
        uint256 balance = poe.feeBalanceOf(sequencer);
        ISequencing.Limits memory limits_ = limits();
        limits_.maxFee = fee - 1;
        _expectRevert(abi.encodeWithSelector(ISequencing.FeeAboveLimit.selector, fee, fee - 1), _empty(7), limits_);
        assertEq(poe.feeBalanceOf(sequencer), balance);
        assertEq(poe.sequenced().lastSequence, 1);
    }

    /// @dev The bound is on the whole debit, however many batches the call holds.
    /// @custom:req R26, R38
    function testFuzz_WhenTheFeeEqualsTheBoundOfTheCaller(uint256 count, uint256 waited) external {
        count = bound(count, 1, 20);
        vm.warp(block.timestamp + bound(waited, 0, 1 days));
        uint256 fee = _quote(_empty(count));
        uint256 balance = poe.feeBalanceOf(sequencer);
        ISequencing.Limits memory limits_ = limits();
        limits_.maxFee = fee;
        _post(sequencer, _empty(count), limits_);
        assertEq(balance - poe.feeBalanceOf(sequencer), fee);
        assertGe(fee, count * 0.01 ether, "below the lowest price");
    }

    function test_WhenTheFeeEqualsTheBoundOfTheCaller() external {
        uint256 fee = _quote(_empty(1));
        uint256 balance = poe.feeBalanceOf(sequencer);
        ISequencing.Limits memory limits_ = limits();
        limits_.maxFee = fee;
        _post(sequencer, _empty(1), limits_);
        assertEq(balance - poe.feeBalanceOf(sequencer), fee);
    }

    /// @custom:req R30
    function test_RevertWhen_TheBalanceOfTheCallerDoesNotCoverTheFee() external {
        uint256 fee = _quote(_empty(1));
        ISequencing.Limits memory limits_ = limits();
        _fund(stranger, fee - 1);
        vm.expectRevert(abi.encodeWithSelector(IFeeLedger.InsufficientFeeBalance.selector, stranger, fee - 1, fee));
        vm.prank(stranger, stranger);
        poe.sequenceBatches(_empty(1), 1, limits_);
        _fund(stranger, 1);
        _post(stranger, _empty(1), limits_);
        assertEq(poe.feeBalanceOf(stranger), 0);
    }

    /* DATA */

    /// @custom:req R41
    function test_WhenTheCallerIsAPlainAccount() external {
        vm.recordLogs();
        _post(sequencer, slots(2, 3), limits());
        assertEq(_dataEvents(vm.getRecordedLogs()), 0);
    }

    /// @custom:req R41
    function test_WhenTheCallerIsAContract() external {
        SequencingContract caller = new SequencingContract();
        _fund(address(caller), 1 ether);
        bytes[] memory batches = slots(2, 3);
        batches[1] = "";
        ISequencing.Limits memory limits_ = limits();
        vm.expectEmit(address(poe));
        emit ISequencing.BatchData(2, batches);
        // The origin is a plain account: what counts is who calls.
        vm.prank(stranger, stranger);
        caller.sequenceBatches(poe, batches, limits_);
    }

    /// @custom:req R41
    function test_WhenTheCallerIsNotTheOriginOfTheTransaction() external {
        bytes[] memory batches = slots(1, 1);
        ISequencing.Limits memory limits_ = limits();
        vm.expectEmit(address(poe));
        emit ISequencing.BatchData(2, batches);
        vm.prank(sequencer, stranger);
        poe.sequenceBatches(batches, 1, limits_);
    }

    /// @dev EIP-7702: such an account can be origin and caller at once and still call from its code, with data of its
    /// own making.
    /// @custom:req R41
    function test_WhenTheCallerHasDelegatedToCode() external {
        (address delegated, uint256 key) = makeAddrAndKey("delegated");
        _fund(delegated, 1 ether);
        bytes[] memory batches = slots(1, 1);
        ISequencing.Limits memory limits_ = limits();
        vm.signAndAttachDelegation(address(new SequencingContract()), key);
        vm.expectEmit(address(poe));
        emit ISequencing.BatchData(2, batches);
        vm.prank(delegated, delegated);
        poe.sequenceBatches(batches, 1, limits_);
        assertEq(delegated.code.length, 23, "not delegated");
    }

    function _dataEvents(Vm.Log[] memory logs) private pure returns (uint256 count) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == ISequencing.BatchData.selector) ++count;
        }
    }

    /* EFFECTS */

    /// @custom:req R41
    function test_WhenAllIsInOrder() external {
        // It should number sequences consecutively.
        for (uint40 number = 2; number < 6; ++number) {
            assertEq(_post(sequencer, _empty(number), limits()), number);
        }
        assertEq(poe.sequenced().lastSequence, 5);
        assertEq(poe.sequenced().cumulativeBatches, 1 + 2 + 3 + 4 + 5);

        // It should commit to the sequence.
        assertEq(poe.commitmentOf(5), sequences[5].word(block.timestamp));

        // It should emit what rebuilds the virtual state.
        _register(user, 1 ether);
        bytes[] memory batches = slots(2, 1);
        uint256 fee = _quote(batches);
        bytes32 acc = _stepAcc(poe.lastAcc(), 1, T, batches[0], poe.messageAccOf(2), 1);
        acc = _stepAcc(acc, 1, T, batches[1], 0, 1);
        ISequencing.Limits memory limits_ = limits();
        vm.expectEmit(address(poe));
        emit ISequencing.BatchesSequenced(6, sequencer, acc, 1, fee, 2);
        _post(sequencer, batches, limits_);
    }

    /// @dev The word holds every field of the preimage, in the version of the moment, and the block time in the clear.
    /// @custom:req R45
    function testFuzz_CommitsToTheSequence(uint256 count, uint256 waited) external {
        count = bound(count, 1, 5);
        vm.warp(block.timestamp + bound(waited, 0, 100 days));
        Sequenced memory before = poe.sequenced();
        uint256 balance = poe.feeBalanceOf(sequencer);
        uint40 number = _post(sequencer, _empty(count), limits());
        uint112 fee = uint112(balance - poe.feeBalanceOf(sequencer));
        Sequence memory expected = Sequence({
            acc: poe.lastAcc(),
            cumulativeFee: before.cumulativeFee + fee,
            fee: fee,
            cumulativeBatches: before.cumulativeBatches + uint40(count),
            version: 1,
            payer: sequencer
        });
        assertEq(poe.commitmentOf(number), expected.word(block.timestamp));
        assertEq(Commitments.timeOf(poe.commitmentOf(number)), block.timestamp);
        assertEq(poe.sequenced().updatedAt, block.timestamp);
    }

    function test_GivenNothingElseIsPending() external {
        vm.warp(block.timestamp + 1 hours);
        sequence(1);
        assertEq(poe.head().oldestPendingAt, block.timestamp);
        prove(1, 2);
        vm.warp(block.timestamp + 1 hours);
        sequence(1);
        assertEq(poe.head().oldestPendingAt, block.timestamp);
    }

    function test_GivenOtherSequencesArePending() external {
        sequence(1);
        Head memory before = poe.head();
        vm.warp(block.timestamp + 1 hours);
        sequence(1);
        assertEq(keccak256(abi.encode(poe.head())), keccak256(abi.encode(before)));
        // With messages only their count moves.
        _register(user, 1 ether);
        before = poe.head();
        sequence(1);
        before.attachedMessages = 2;
        assertEq(keccak256(abi.encode(poe.head())), keccak256(abi.encode(before)));
    }

    /* ANNOUNCEMENT */

    function test_Announce() external {
        vm.expectEmit(address(poe));
        emit ISequencing.SequencerAnnounced(stranger, "https://sequencer.example");
        vm.prank(stranger);
        poe.announce("https://sequencer.example");
    }
}
