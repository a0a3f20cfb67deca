// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../contracts/interfaces/IEmergency.sol";
import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../contracts/interfaces/IProving.sol";
import {IStateMachine} from "../../contracts/interfaces/IStateMachine.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {SlotPacking} from "../../contracts/libraries/SlotPacking.sol";
import {Head, Status} from "../../contracts/types/Slots.sol";
import {BaseTest} from "./BaseTest.sol";

/// @notice Takes a deployment to the edges of its life: refused at its birth, into the statuses in which the hot paths
/// are shut, to the end of its counters.
abstract contract LifecycleTest is BaseTest {
    using Commitments for *;

    /// @dev Storage slot of the packed head; `_setHead` checks that it is.
    bytes32 private constant HEAD_SLOT = bytes32(uint256(3));

    /// @dev Halts by a second proof, with another root, of what checkpoint 1 proved.
    function _haltChain() internal {
        IProving.Claim memory claim = claimFor(0, 1, stranger, rootAfter(1000), 0);
        bytes memory proof = proofOf(0, claim);
        poe.haltOnConflict(
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

    /// @dev Closes by the escape delay with one sequence pending. The roots of this suite are no real ones, so the
    /// state machine is made to accept them.
    function _closeChain() internal {
        if (poe.sequenced().lastSequence == poe.head().lastVerified) sequence(1);
        vm.warp(block.timestamp + ESCAPE_DELAY);
        vm.mockCall(address(stateMachine), abi.encodeWithSelector(IStateMachine.requireState.selector), "");
        poe.close(checkpoints[poe.head().lastVerified], 0, 0);
        assertEq(uint8(poe.head().status), uint8(Status.Closed));
    }

    /// @dev Writes the head's word, for counters no test can drive so far.
    function _setHead(Head memory head) internal {
        Head memory found = SlotPacking.unpackHead(uint256(vm.load(address(poe), HEAD_SLOT)));
        assertEq(keccak256(abi.encode(found)), keccak256(abi.encode(poe.head())), "not the slot of the head");
        vm.store(address(poe), HEAD_SLOT, bytes32(SlotPacking.pack(head)));
    }

    /// @dev Deploys and passes the reason of a revert on, which `deployCode` does not. External, so that a test can
    /// expect the revert.
    function deployCore(IProofOfEfficiency.Configuration memory config) external returns (IProofOfEfficiency deployed) {
        bytes memory code = abi.encodePacked(vm.getCode("ProofOfEfficiency.sol:ProofOfEfficiency"), abi.encode(config));
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
            if iszero(deployed) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }
}
