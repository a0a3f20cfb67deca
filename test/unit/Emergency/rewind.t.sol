// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Checkpoint} from "../../../contracts/types/Commitments.sol";
import {Head, Settlement, Status} from "../../../contracts/types/Slots.sol";
import {EmergencyTest} from "../../utils/EmergencyTest.sol";

contract RewindTest is EmergencyTest {
    using Commitments for *;

    /// @dev Checkpoints 2, 3, 5 and 6, none matured; sequence 7 is pending. Words of the sequences as they were before their proof.
    mapping(uint40 sequence => bytes32) private wordOf;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 6; ++i) {
            uint40 number = sequence(i + 1);
            wordOf[number] = poe.commitmentOf(number);
            skip(1 minutes);
        }
        prove(1, 2);
        prove(2, 3);
        skip(1 hours);
        prove(3, 5);
        prove(5, 6);
    }

    function refuseRewind(Checkpoint[] memory path, bytes memory reason) private {
        vm.expectRevert(reason);
        poe.rewind(path);
    }

    /// @custom:req R49
    function test_RevertWhen_TheChainIsNotHalted() external {
        refuseRewind(pathDown(6, 5), abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Running));
    }

    function test_RevertWhen_ThePathHasLessThanTwoCheckpoints() external {
        haltOver(5);
        refuseRewind(new Checkpoint[](0), abi.encodeWithSelector(IEmergency.RewindTooShort.selector, 0));
        refuseRewind(pathDown(6, 6), abi.encodeWithSelector(IEmergency.RewindTooShort.selector, 1));
    }

    function test_RevertWhen_ThePathIsNotThatOfTheCheckpoints() external {
        haltOver(2);
        // Does not begin at the last checkpoint.
        refuseRewind(pathDown(5, 3), abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 6));
        // Leaves one out.
        Checkpoint[] memory path = pathDown(6, 2);
        path[1] = path[2];
        refuseRewind(path, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 5));
        // Names another predecessor, to jump.
        path = pathDown(6, 2);
        path[0].previous = 3;
        refuseRewind(path, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 6));
        // Would restore another sequence: another payer, another time.
        path = pathDown(6, 2);
        path[1].sequence.payer = stranger;
        refuseRewind(path, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 5));
        path = pathDown(6, 2);
        path[1].sequencedAt += 1;
        refuseRewind(path, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 5));
        // Ends in another state.
        path = pathDown(6, 2);
        path[3].stateRoot = otherRoot(2);
        refuseRewind(path, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 2));
        assertEq(poe.head().lastVerified, 6, "all or nothing");
    }

    function test_RevertWhen_ThePathLeadsBelowTheStartOfTheConflict() external {
        haltOver(5);
        refuseRewind(pathDown(6, 2), abi.encodeWithSelector(IEmergency.RewindComplete.selector, 3));
        poe.rewind(pathDown(6, 3));
        refuseRewind(pathDown(3, 2), abi.encodeWithSelector(IEmergency.RewindComplete.selector, 3));
    }

    function test_RevertWhen_ThePathLeadsBelowAMaturedCheckpoint() external {
        vm.warp(Commitments.timeOf(poe.commitmentOf(3)) + EXIT_DELAY);
        haltOver(6);
        haltOver(5);
        // Nothing deeper can be shown: 3 is beyond recall, and no conflict starts below it.
        IEmergency.Conflict memory conflict = conflictOver(3);
        bytes memory proof = proofOfConflict(conflict);
        vm.expectRevert(abi.encodeWithSelector(IEmergency.AlreadyMatured.selector, 3));
        poe.haltOnConflict(3, conflict, proof);
        refuseRewind(pathDown(6, 2), abi.encodeWithSelector(IEmergency.RewindComplete.selector, 3));
        poe.rewind(pathDown(6, 3));
        assertEq(poe.head().lastVerified, 3);
        skip(1000 days);
        refuseRewind(pathDown(3, 2), abi.encodeWithSelector(IEmergency.RewindComplete.selector, 3));
    }

    function test_GivenItIsWalkedAtOnce() external {
        haltOver(3);
        Settlement memory before = poe.settlement();
        vm.expectEmit(address(poe));
        emit IEmergency.CheckpointVoided(6, 5);
        vm.expectEmit(address(poe));
        emit IEmergency.CheckpointVoided(5, 3);
        vm.expectEmit(address(poe));
        emit IEmergency.CheckpointVoided(3, 2);
        vm.prank(stranger);
        poe.rewind(pathDown(6, 2));
        _requireRewoundTo2(before);
    }

    function test_GivenItIsWalkedInPieces() external {
        haltOver(3);
        Settlement memory before = poe.settlement();
        poe.rewind(pathDown(6, 5));
        skip(3 days);
        poe.rewind(pathDown(5, 3));
        poe.rewind(pathDown(3, 2));
        _requireRewoundTo2(before);
    }

    function _requireRewoundTo2(Settlement memory before) private view {
        Head memory head = poe.head();
        assertEq(head.lastVerified, 2, "last checkpoint");
        assertEq(poe.settlement().verifiedBatches, checkpoints[2].sequence.cumulativeBatches, "batches");
        assertEq(head.paidBatches, sequences[6].cumulativeBatches, "room to sequence stays");
        assertEq(uint8(head.status), uint8(Status.Halted), "still halted");
        assertEq(poe.settlement().verifiedAccPrefix, uint256(sequences[2].acc) >> 172, "accumulator");
        assertEq(poe.settlement().paidCumulativeFee, before.paidCumulativeFee, "what was paid stays paid");
        assertEq(poe.settlement().progressAt, before.progressAt, "no progress");
        assertEq(poe.sequenced().lastSequence, 7, "sequences stay");
        for (uint40 i = 3; i <= 7; ++i) {
            assertEq(poe.commitmentOf(i), wordOf[i], "as sequenced, the time included");
        }
    }

    /// @dev After any rewind the ranges can be proven again, in any pieces, and pay nothing a second time; what is new pays in full.
    /// @custom:req R6
    /// @custom:req R18
    function testFuzz_ProvingAgainPaysNothingTwice(uint256 seed) external {
        uint40[4] memory standing = [uint40(1), 2, 3, 5];
        (uint40 start, uint40 contested) = (standing[seed % 3], standing[seed % 3 + 1]);
        uint256 paid = poe.feeBalanceOf(aggregator);
        haltOver(contested);
        rewindTo(start);
        freezeRoute(1, 2);
        resume(2);
        uint256 balance = poe.feeBalanceOf(stranger);
        for (uint40 at = start; at < 6;) {
            uint40 last = at + 1 + uint40(uint256(keccak256(abi.encode(seed, at))) % (6 - at));
            proveFor(at, last, stranger);
            at = last;
        }
        assertEq(poe.feeBalanceOf(stranger), balance, "nothing for what was paid before");
        proveFor(6, 7, stranger);
        assertEq(poe.feeBalanceOf(stranger) - balance, sequences[7].fee, "in full for what was not");
        assertEq(poe.feeBalanceOf(aggregator), paid, "earned balances are not taken back");
    }

    /// @dev A range across the border between paid and unpaid pays the unpaid part.
    /// @custom:req R6
    function test_ARangeAcrossThePaidPartPaysTheRest() external {
        haltOver(3);
        rewindTo(2);
        freezeRoute(1, 2);
        resume(2);
        uint256 balance = poe.feeBalanceOf(stranger);
        proveFor(2, 7, stranger);
        assertEq(poe.feeBalanceOf(stranger) - balance, sequences[7].fee);
        assertEq(poe.settlement().paidCumulativeFee, sequences[7].cumulativeFee);
    }
}
