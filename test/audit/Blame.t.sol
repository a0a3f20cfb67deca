// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../contracts/interfaces/IEmergency.sol";
import {EmergencyTest} from "../utils/EmergencyTest.sol";

/// @notice C-25 and C-27 of the threat model, so far without a test: a sound route is blamed. In both the conflict starts below the checkpoint
/// before the contested one, which no honest watcher needs: the first false checkpoint always has a true one before it.
contract BlameTest is EmergencyTest {
    /// @dev Checkpoint 2 is false and stands; 3 is what route 2, sound, makes of it.
    function _falseTwoUnderThree() private {
        sequence(1);
        sequence(1);
        prove(1, 2);
    }

    function _soundThree() private {
        prove(2, 3);
        assertEq(checkpoints[3].provenBy, 2);
    }

    function test_C25_AFalseCheckpointThatStillStandsIsEnough() external {
        _falseTwoUnderThree();
        prove(2, 3);
        haltOver(2, 3);
        rewindTo(2);
        freezeRoute(1, 2);
        resume(2);
        _soundThree();
        haltOver(1, 3);
        rewindTo(1);
        vm.expectRevert(abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, 2));
        vm.prank(owner);
        poe.resume(2);
    }

    function test_C27_AMaturedOneIsEnoughForEver() external {
        _falseTwoUnderThree();
        skip(EXIT_DELAY);
        freezeRoute(1, 2);
        _soundThree();
        haltOver(1, 3);
        rewindTo(2);
        vm.expectRevert(abi.encodeWithSelector(IEmergency.ContradictedVersionInUse.selector, 2));
        vm.prank(owner);
        poe.resume(2);
    }
}
