// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {EmergencyTest} from "../../utils/EmergencyTest.sol";

/// @notice Whom a conflict blames. Route 1 is broken and has proven a false checkpoint 2; route 2, its successor, is sound, and so is
/// each of its proofs, from the false state as well as from the true one below. Nobody may have route 2 frozen for that.
/// @custom:req R17
contract BlameTest is EmergencyTest {
    using Commitments for *;

    /// @dev Sequences 2, 3 and 4; checkpoint 2 is false, and nobody contests it.
    function setUp() public override {
        super.setUp();
        sequence(1);
        sequence(1);
        sequence(1);
        skip(1 hours);
        prove(1, 2);
    }

    /// @dev Halted for another conflict, and resumed with route 2: checkpoint 2 still stands.
    function resumeAboveTheFalseOne() private {
        prove(2, 3);
        haltOver(3);
        rewindTo(2);
        freezeRoute(1, 2);
        skip(1 hours);
        resume(2);
    }

    /// @dev The proof from checkpoint 1, below the false one, comes to nothing, before the verifier is asked.
    function refuseFromBelow(uint40 last) private {
        IProving.Claim memory claim = claimOf(1, last);
        bytes memory proof = proofOf(1, claim);
        uint40 since = Commitments.timeOf(poe.commitmentOf(2));
        refuse(1, last, claim, proof, abi.encodeWithSelector(IProving.StartTooOld.selector, 1, since));
    }

    /// @dev A proof from checkpoint 1 contradicts checkpoint 3, which was proven from the false 2.
    function refuseConflictFromBelow() private {
        IEmergency.Conflict memory conflict = conflictOver(3);
        conflict.start = checkpoints[1].opening();
        bytes memory proof = proofOfConflict(conflict);
        vm.expectRevert(abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 2));
        poe.haltOnConflict(3, conflict, proof);
    }

    function requireBlamed(uint16 version, uint16 successor) private {
        vm.expectRevert(abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, version));
        vm.prank(owner);
        poe.resume(successor);
    }

    /// @dev Both ways to make two true proofs of route 2 meet: the accepted one begins at the false checkpoint and the
    /// other one below, or the other way round.
    function test_AFalseCheckpointThatStandsAfterAResumeBlamesNobody() external {
        resumeAboveTheFalseOne();
        refuseFromBelow(3);
        prove(2, 3);
        assertEq(checkpoints[3].provenBy, 2);
        refuseConflictFromBelow();
        refuseFromBelow(4);

        // Whoever does contest it blames nobody either, and ends it.
        haltOver(2);
        rewindTo(1);
        resume(2);
        prove(1, 4);
    }

    function test_AMaturedFalseCheckpointBlamesNobody() external {
        skip(EXIT_DELAY);
        freezeRoute(1, 2);
        refuseFromBelow(3);
        prove(2, 3);
        assertEq(checkpoints[3].provenBy, 2);
        refuseConflictFromBelow();
        refuseFromBelow(4);
        prove(3, 4);
    }

    /// @dev What remains: frozen while the chain runs, a route leaves a false checkpoint behind that a proof of its successor may
    /// still pass over. It costs one route; after the resume that way is shut.
    function test_ARouteFrozenWhileTheChainRunsCanCostOneSuccessor() external {
        freezeRoute(1, 2);
        prove(1, 3);
        assertEq(checkpoints[3].provenBy, 2);
        haltOver(3);
        rewindTo(2);
        requireBlamed(2, 2);
        freezeRoute(2, 3);
        skip(1);
        resume(3);
        refuseFromBelow(3);
        prove(2, 3);
        refuseConflictFromBelow();
    }

    /// @dev What a proof passes over does not shelter a broken route.
    function test_ABrokenRouteIsBlamedThoughItsProofPassedOverACheckpoint() external {
        prove(1, 3);
        haltOver(3);
        rewindTo(2);
        requireBlamed(1, 1);
    }
}
