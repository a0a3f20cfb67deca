// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {IVerifierRouter} from "../../../contracts/interfaces/IVerifierRouter.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Head, Sequenced, Status} from "../../../contracts/types/Slots.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {EmergencyTest} from "../../utils/EmergencyTest.sol";

contract ResumeTest is EmergencyTest {
    using Commitments for *;

    /// @dev Checkpoints 2 and 3, none matured; sequences 4 and 5 are pending.
    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 4; ++i) {
            sequence(50);
            skip(1 minutes);
        }
        prove(1, 2);
        prove(2, 3);
    }

    function refuseResume(uint16 version, bytes memory reason) private {
        vm.prank(owner);
        vm.expectRevert(reason);
        poe.resume(version);
    }

    function haltAndRewind() private {
        haltOver(3);
        rewindTo(2);
    }

    /// @custom:req R51
    function test_RevertWhen_TheCallerIsNotTheOwner() external {
        haltAndRewind();
        freezeRoute(1, 2);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        poe.resume(2);
    }

    /// @custom:req R49
    function test_RevertWhen_TheChainIsNotHalted() external {
        refuseResume(2, abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Running));
    }

    function test_RevertWhen_TheStateIsNotRewound() external {
        haltOver(2);
        freezeRoute(1, 2);
        refuseResume(2, abi.encodeWithSelector(IEmergency.RewindIncomplete.selector, 3, 1));
        rewindTo(2);
        refuseResume(2, abi.encodeWithSelector(IEmergency.RewindIncomplete.selector, 2, 1));
        rewindTo(1);
        resume(2);
    }

    function test_RevertWhen_TheConflictedVersionStillVerifiesWhatIsPending() external {
        haltAndRewind();
        // Not even if new sequences go to another version.
        refuseResume(2, abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, 1));
        freezeRoute(1, 2);
        resume(2);
    }

    /// @dev Two routes disagree: the one that accepted the checkpoint is frozen already, and its successor need not go.
    function test_ASuccessorThatContradictsTheFormerRouteMayStay() external {
        freezeRoute(1, 2);
        haltAndRewind();
        resume(2);
        assertEq(proofOf(2, claimOf(2, 4)), proofOf(statementOf(claimOf(2, 4), 2)), "the successor verifies");
        prove(2, 4);
    }

    /// @dev What has matured since the chain went on stays so through the next halt, in the very block it has matured too.
    /// @custom:req R48
    function test_WhatMaturedInTheBlockOfTheNextHaltStaysMatured() external {
        haltAndRewind();
        freezeRoute(1, 2);
        resume(2);
        uint256 resumedAt = block.timestamp;
        skip(1 minutes);
        prove(2, 4);
        vm.warp(resumedAt + EXIT_DELAY);
        poe.requireMatured(2, checkpoints[2].opening());
        haltOver(4);
        assertEq(poe.halt().maturedBefore, resumedAt);
        poe.requireMatured(2, checkpoints[2].opening());
        skip(2 * EXIT_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, uint40(4), type(uint256).max));
        poe.requireMatured(4, checkpoints[4].opening());
    }

    /// @dev Frozen between the two conflicts: the deeper one, shown under the successor, blames nobody and clears nobody.
    function test_ADeeperConflictUnderTheSuccessorBlamesNobody() external {
        haltOver(3);
        freezeRoute(1, 2);
        haltOver(2);
        rewindTo(1);
        resume(2);
        prove(1, 4);
        assertEq(checkpoints[4].provenBy, 2);
    }

    /// @dev What the successor has proven and then contradicts is its own fault, whatever version was sequenced.
    /// @custom:req R17
    function test_ASuccessorThatContradictsItselfMustBeFrozen() external {
        freezeRoute(1, 2);
        prove(3, 4);
        haltOver(4);
        rewindTo(3);
        refuseResume(2, abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, 2));
        freezeRoute(2, 3);
        resume(3);
    }

    /// @dev A deeper conflict must not hide the route that the first one exposed.
    function test_EveryContradictedRouteMustBeFrozen() external {
        prove(3, 5);
        activateVersion(2);
        sequence(1);
        prove(5, 6);
        haltOver(6);
        haltOver(2);
        rewindTo(1);
        freezeRoute(1, 3);
        refuseResume(3, abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, 2));
        freezeRoute(2, 3);
        resume(3);
    }

    /// @dev Conflicts with ever earlier starts, as a broken verifier lets anybody make them, do not lengthen the way back.
    function test_ARouteIsLookedAtOnceHoweverOftenItWasContradicted() external {
        prove(3, 4);
        prove(4, 5);
        for (uint40 start = 4; start > 0; --start) {
            haltOver(start + 1);
        }
        rewindTo(1);
        freezeRoute(1, 2);
        vm.expectCall(address(router), abi.encodeCall(IVerifierRouter.resolve, (1)), 1);
        resume(2);
    }

    /// @dev Nor do conflicts that find two broken routes by turns, in the sequences of several versions.
    function test_RoutesContradictedByTurnsAreLookedAtOnce() external {
        activateVersion(2);
        sequence(1); // 6
        activateVersion(3);
        sequence(1); // 7
        freezeRoute(1, 3);
        prove(3, 5);
        prove(5, 6);
        prove(6, 7);
        haltOver(7); // route 3
        haltOver(6); // route 2
        haltOver(5); // route 3 again, in place of 1
        rewindTo(3);
        uint16 sound = addRoute();
        skip(ROUTE_DELAY);
        freezeRoute(3, sound);
        refuseResume(sound, abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, 2));
        freezeRoute(2, sound);
        vm.expectCall(address(router), abi.encodeCall(IVerifierRouter.resolve, (2)), 1);
        vm.expectCall(address(router), abi.encodeCall(IVerifierRouter.resolve, (3)), 1);
        resume(sound);
    }

    /// @dev New sequences may go on under a version that is frozen in favour of a sound, older route.
    function test_AVersionThatResolvesToASoundRouteMayStay() external {
        prove(3, 5);
        activateVersion(2);
        sequence(1);
        prove(5, 6);
        haltOver(6);
        rewindTo(5);
        refuseResume(2, abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, 2));
        freezeRoute(2, 1);
        refuseResume(1, abi.encodeWithSelector(IEmergency.VersionNotNewer.selector, 1, 2));
        resume(2);
        sequence(1);
        assertEq(sequences[7].version, 2, "pinned as before");
        prove(5, 6);
        prove(6, 7);
        assertEq(checkpoints[7].provenBy, 1, "checked by the older route");

        // Until that one falls too: then both have to lead elsewhere.
        haltOver(7);
        rewindTo(6);
        refuseResume(2, abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, 1));
        freezeRoute(1, 3);
        resume(2);
        prove(6, 7);
        assertEq(checkpoints[7].provenBy, 3);
    }

    function test_RevertWhen_TheVersionIsOlderThanThePresentOne() external {
        activateVersion(3);
        haltAndRewind();
        freezeRoute(1, 3);
        refuseResume(2, abi.encodeWithSelector(IEmergency.VersionNotNewer.selector, 2, 3));
        refuseResume(0, abi.encodeWithSelector(IEmergency.VersionNotNewer.selector, 0, 3));
        resume(3);
    }

    function test_RevertWhen_TheVersionIsNotUsable() external {
        haltAndRewind();
        freezeRoute(1, 2);
        refuseResume(4, abi.encodeWithSelector(IVerifierRouter.UnknownRoute.selector, 4));
        uint16 young = addRoute();
        refuseResume(
            young, abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, young, block.timestamp + ROUTE_DELAY)
        );
        freezeRoute(2, 3);
        refuseResume(2, abi.encodeWithSelector(IVerifierRouter.RouteIsFrozen.selector, 2, 3));
    }

    /// @custom:req R48
    function test_GivenTheVersionIsNewer() external {
        haltAndRewind();
        Sequenced memory before = poe.sequenced();
        assertGt(before.logPrice, 0, "a price that could fall");
        freezeRoute(1, 2);
        skip(30 days);
        vm.expectEmit(address(poe));
        emit IEmergency.VersionActivated(2, 6);
        vm.expectEmit(address(poe));
        emit IEmergency.ChainResumed(2);
        resume(2);

        Head memory head = poe.head();
        assertEq(uint8(head.status), uint8(Status.Running), "runs");
        assertEq(head.version, 2, "version");
        assertEq(poe.firstSequenceOf(2), 6, "from the next sequence on");
        assertEq(head.oldestPendingAt, block.timestamp, "what is pending waits from now on");
        assertEq(poe.sequenced().logPrice, before.logPrice, "the price stands where it stood");
        assertEq(poe.sequenced().updatedAt, block.timestamp, "and moves from now on");
        assertEq(poe.halt().resumedAt, block.timestamp, "resumed at");
        assertEq(poe.settlement().progressAt, block.timestamp, "the escape delay counts from here");

        sequence(1);
        assertEq(sequences[6].version, 2);
        prove(2, 5);
        prove(5, 6);
    }

    function test_GivenTheVersionIsThePresentOne() external {
        activateVersion(2);
        haltAndRewind();
        freezeRoute(1, 3);
        resume(2);
        assertEq(poe.head().version, 2);
        assertEq(poe.firstSequenceOf(2), 6, "as activated");
        assertEq(uint8(poe.head().status), uint8(Status.Running));
    }

    /// @dev What is pending counts as sequenced at the resume, also for the sequences behind the oldest one: none of them is late before the target.
    /// @custom:req R48
    function test_PendingSequencesWaitFromTheResume() external {
        haltAndRewind();
        freezeRoute(1, 2);
        skip(30 days);
        resume(2);
        uint256 resumedAt = block.timestamp;
        skip(10 minutes);
        prove(2, 4);
        assertEq(poe.head().oldestPendingAt, resumedAt, "5 was sequenced before the halt, and waits from the resume");
        sequence(1);
        uint256 sequencedAt = block.timestamp;
        skip(1 minutes);
        prove(4, 5);
        assertEq(poe.head().oldestPendingAt, sequencedAt, "6 was sequenced after it");
    }

    /// @dev The proof of the conflicted verifier does not pass again.
    /// @custom:req R3
    function test_TheProofsOfTheConflictedVersionAreWorthless() external {
        IProving.Claim memory claim = claimOf(2, 4);
        bytes memory proof = proofOf(2, claim);
        haltAndRewind();
        freezeRoute(1, 2);
        resume(2);
        refuse(2, 4, claim, proof, abi.encodeWithSelector(MockVerifier.MockProofRejected.selector));
    }

    /// @dev Nothing that a halt leaves behind keeps the chain from halting and resuming again.
    function test_ASecondHaltEndsLikeTheFirst() external {
        haltAndRewind();
        freezeRoute(1, 2);
        resume(2);
        prove(2, 4);
        haltOver(4);
        rewindTo(2);
        refuseResume(3, abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, 2));
        freezeRoute(2, 3);
        resume(3);
        prove(2, 5);
        assertEq(poe.head().lastVerified, 5);
        assertEq(poe.settlement().paidCumulativeFee, sequences[5].cumulativeFee, "all is paid, once");
    }
}
