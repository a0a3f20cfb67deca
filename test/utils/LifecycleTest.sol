// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../contracts/interfaces/IEmergency.sol";
import {IProving} from "../../contracts/interfaces/IProving.sol";
import {IStateMachine} from "../../contracts/interfaces/IStateMachine.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {Status} from "../../contracts/types/Slots.sol";
import {BaseTest} from "./BaseTest.sol";

/// @notice Takes a deployment into the statuses in which the hot paths are shut.
abstract contract LifecycleTest is BaseTest {
    using Commitments for *;

    /// @dev Halts by a second proof, with another root, of what checkpoint 1 proved.
    function _haltChain() internal {
        IProving.Claim memory claim = claimFor(0, 1, stranger, rootAfter(1000), 0);
        bytes memory proof = proofOf(0, claim);
        poe.haltOnConflict(
            0,
            1,
            IEmergency.Conflict({
                start: claim.start,
                end: checkpoints[1],
                beneficiary: stranger,
                newStateRoot: claim.newStateRoot,
                newExitAcc: claim.newExitAcc
            }),
            proof
        );
        assertEq(uint8(poe.head().status), uint8(Status.Halted));
    }

    /// @dev Closes by the escape delay with one sequence pending. The roots of this suite are no real ones, so the state machine is made to accept them.
    function _closeChain() internal {
        if (poe.sequenced().lastSequence == poe.head().lastVerified) sequence(1);
        vm.warp(block.timestamp + ESCAPE_DELAY);
        vm.mockCall(address(stateMachine), abi.encodeWithSelector(IStateMachine.requireState.selector), "");
        poe.close(checkpoints[poe.head().lastVerified], 0, 0);
        assertEq(uint8(poe.head().status), uint8(Status.Closed));
    }
}
