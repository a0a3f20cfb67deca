// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../contracts/interfaces/IEmergency.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {Statement} from "../../contracts/libraries/Statement.sol";
import {Checkpoint} from "../../contracts/types/Commitments.sol";
import {MockVerifier} from "../mocks/MockVerifier.sol";
import {ProvingTest} from "./ProvingTest.sol";

/// @notice Conflicts, rewinds and resumes. Routes 2 and 3 are usable from the start; checkpoints 0 and 1 have matured.
abstract contract EmergencyTest is ProvingTest {
    using Commitments for *;

    function setUp() public virtual override {
        super.setUp();
        addRoute();
        addRoute();
        skip(ROUTE_DELAY);
    }

    function addRoute() internal returns (uint16 version) {
        MockVerifier added = new MockVerifier(T, M, E);
        vm.prank(owner);
        return router.addRoute(added);
    }

    function freezeRoute(uint16 version, uint16 successor) internal {
        vm.prank(owner);
        router.freezeRoute(version, successor);
    }

    function activateVersion(uint16 version) internal {
        vm.prank(owner);
        poe.activateVersion(version);
    }

    function resume(uint16 version) internal {
        vm.prank(owner);
        poe.resume(version);
    }

    /* CONFLICTS */

    /// @dev Another canonical root than `rootAfter(number)`.
    function otherRoot(uint40 number) internal pure returns (bytes32) {
        return rootAfter(number) ^ bytes32(uint256(1));
    }

    /// @dev Another result for the sequences of checkpoint `last`.
    function conflictOver(uint40 last) internal view returns (IEmergency.Conflict memory) {
        return IEmergency.Conflict({
            start: checkpoints[checkpoints[last].previous].opening(),
            end: checkpoints[last],
            beneficiary: stranger,
            newStateRoot: otherRoot(last),
            newExitAcc: checkpoints[last].exitAcc
        });
    }

    function proofOfConflict(IEmergency.Conflict memory conflict) internal view returns (bytes memory) {
        (, uint16 version) = router.resolve(conflict.end.sequence.version);
        return proofOf(
            Statement.hash(
                poe.domain(),
                version,
                conflict.beneficiary,
                conflict.start,
                conflict.end.sequence.acc,
                conflict.newStateRoot,
                conflict.newExitAcc
            )
        );
    }

    function haltOver(uint40 last) internal {
        IEmergency.Conflict memory conflict = conflictOver(last);
        bytes memory proof = proofOfConflict(conflict);
        vm.prank(stranger);
        poe.haltOnConflict(last, conflict, proof);
    }

    /* REWINDS */

    /// @dev The checkpoints from `from` down to `to`, both included.
    function pathDown(uint40 from, uint40 to) internal view returns (Checkpoint[] memory path) {
        uint256 length = 1;
        for (uint40 at = from; at != to; at = checkpoints[at].previous) {
            ++length;
        }
        path = new Checkpoint[](length);
        uint40 step = from;
        for (uint256 i = 0; i < length; ++i) {
            path[i] = checkpoints[step];
            step = checkpoints[step].previous;
        }
    }

    function rewindTo(uint40 to) internal {
        uint40 from = poe.head().lastVerified;
        poe.rewind(pathDown(from, to));
        for (uint40 at = from; at != to;) {
            uint40 previous = checkpoints[at].previous;
            delete checkpoints[at];
            at = previous;
        }
    }
}
