// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Checkpoint} from "../../../contracts/types/Commitments.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {AggregatorHandler} from "./AggregatorHandler.sol";

/// @notice Watchers who show conflicts, an adversary who halts the chain with false proofs against honest results,
/// anyone who rewinds, and the owner who repairs.
/// @dev The campaign keeps the assumption on watchers (docs/spec/invariants.md): before a false checkpoint matures,
/// and before a chain closes over one, somebody shows the conflict.
abstract contract EmergencyHandler is AggregatorHandler {
    using Commitments for *;

    /// @dev The truth against the first false checkpoint, if there is one, or a false proof against any.
    function showConflict(uint256 lastSeed, uint256 positionSeed) external transition {
        uint256 position = firstDishonest();
        if (position != 0 && lastSeed % 4 != 0) return _showTruth(position);
        if (path.length == 1 || status == Status.Closed || lastSeed % 4 != 0) return;
        _showConflict(_bound(positionSeed, 1, path.length - 1), false);
    }

    /// @dev A conflict must be one: the same result, a wrong proof or another start halts nothing.
    function showNoConflict(uint256 positionSeed, uint256 kind) external transition {
        if (path.length == 1) return;
        uint256 position = _bound(positionSeed, 1, path.length - 1);
        (uint40 init, uint40 last) = (path[position - 1], path[position]);
        if (status == Status.Halted && init >= conflictStart) return;
        IEmergency.Conflict memory conflict = _conflict(init, last);
        conflict.newStateRoot = rootAfter(last + 99);
        kind = _bound(kind, 0, 2);
        if (status == Status.Closed) {
            _expectWrongStatus();
        } else if (isMatured(last)) {
            vm.expectPartialRevert(IEmergency.AlreadyMatured.selector);
        } else if (kind == 0) {
            // Any other checkpoint that stands, above or below.
            uint256 other = (position + positionSeed / path.length % (path.length - 1)) % path.length;
            conflict.start = checkpoints[path[other]].opening();
            vm.expectRevert(abi.encodeWithSelector(IProving.CheckpointMismatch.selector, init));
        } else if (kind == 1) {
            (conflict.newStateRoot, conflict.newExitAcc) = (conflict.end.stateRoot, conflict.end.exitAcc);
            vm.expectPartialRevert(IEmergency.NoConflict.selector);
        } else {
            vm.expectPartialRevert(MockVerifier.MockProofRejected.selector);
        }
        poe.haltOnConflict(last, conflict, abi.encodePacked(bytes32(0)));
    }

    function rewindSteps(uint256 steps) external transition {
        if (path.length == 1) return;
        _rewind(_bound(steps, 1, path.length - 1));
    }

    /// @dev As the owner does it: freeze the broken route, resume on a new one.
    function resume(uint256 versionSeed) external transition {
        if (status != Status.Halted) {
            _expectWrongStatus();
            vm.prank(owner);
            return poe.resume(currentVersion);
        }
        if (!isSettled(lastVerified())) return _resumeTooEarly();
        uint16 version = usableVersion(versionSeed);
        if (version == 0) return;
        vm.startPrank(owner);
        for (uint256 i = 0; i < contradicted.length; ++i) {
            (, uint16 resolved) = router.resolve(contradicted[i]);
            if (resolved != contradicted[i]) continue;
            vm.expectPartialRevert(IEmergency.ContradictedVersionInUse.selector);
            poe.resume(version);
            if (resolved == version) return vm.stopPrank();
            router.freezeRoute(resolved, version);
        }
        poe.resume(version);
        vm.stopPrank();
        _noteResume(version);
    }

    /// @dev Shows the conflicts that must be shown before `time`.
    function _watch(uint256 time) internal {
        uint256 position = firstDishonest();
        if (position == 0 || status == Status.Closed) return;
        if (status == Status.Halted || checkpointFacts[path[position]].maturesAt <= time) _showTruth(position);
    }

    function rewindFully() external transition {
        while (status == Status.Halted && !isSettled(lastVerified())) {
            _rewind(1);
        }
    }

    function _showTruth(uint256 position) private {
        _showConflict(position, true);
    }

    function _showConflict(uint256 position, bool truth) private {
        (uint40 init, uint40 last) = (path[position - 1], path[position]);
        assertEq(sequences[init + 1].version, sequences[last].version, "a checkpoint lies in one version");
        IEmergency.Conflict memory conflict = _conflict(init, last);
        if (!truth) (conflict.newStateRoot, conflict.newExitAcc) = _falseResult(init);
        (, uint16 version) = router.resolve(sequences[last].version);
        bytes memory proof = _proofOfConflict(conflict, version);
        bool refused = status == Status.Closed;
        if (refused) {
            _expectWrongStatus();
        } else if (status == Status.Halted && init >= conflictStart) {
            refused = true;
            vm.expectPartialRevert(IEmergency.ConflictNotDeeper.selector);
        } else if (isMatured(last)) {
            refused = true;
            vm.expectPartialRevert(IEmergency.AlreadyMatured.selector);
        }
        poe.haltOnConflict(last, conflict, proof);
        if (!refused) _noteHalt(init, last, version);
    }

    function _conflict(uint40 init, uint40 last) private view returns (IEmergency.Conflict memory) {
        return IEmergency.Conflict({
            start: checkpoints[init].opening(),
            end: checkpoints[last],
            beneficiary: aggregator,
            newStateRoot: rootAfter(last),
            newExitAcc: sequenceFacts[last].exitAcc
        });
    }

    function _proofOfConflict(IEmergency.Conflict memory conflict, uint16 version) private view returns (bytes memory) {
        IProving.Claim memory claim = IProving.Claim({
            beneficiary: conflict.beneficiary,
            minReward: 0,
            start: conflict.start,
            end: conflict.end.sequence,
            newStateRoot: conflict.newStateRoot,
            newExitAcc: conflict.newExitAcc
        });
        return abi.encodePacked(statementOf(claim, version));
    }

    /// @dev Every wait that has not ended stops.
    function _noteHalt(uint40 init, uint40 last, uint16 version) private {
        conflictStart = init;
        if (checkpoints[last].provenBy == version) contradicted.push(version);
        if (status == Status.Halted) return;
        for (uint256 i = 0; i < path.length; ++i) {
            CheckpointFacts storage facts = checkpointFacts[path[i]];
            if (facts.maturesAt > present) facts.maturesAt = NEVER;
        }
        status = Status.Halted;
        lastProgress = present;
    }

    /// @dev ... and starts anew.
    function _noteResume(uint16 version) private {
        for (uint256 i = 0; i < path.length; ++i) {
            CheckpointFacts storage facts = checkpointFacts[path[i]];
            if (facts.maturesAt == NEVER) facts.maturesAt = present + EXIT_DELAY;
        }
        status = Status.Running;
        lastProgress = lastResume = present;
        currentVersion = version;
    }

    function _rewind(uint256 steps) private {
        Checkpoint[] memory trail = new Checkpoint[](steps + 1);
        uint256 allowed;
        for (uint256 i = 0; i <= steps; ++i) {
            uint40 number = path[path.length - 1 - i];
            trail[i] = checkpoints[number];
            if (i == allowed && !isSettled(number)) ++allowed;
        }
        if (status != Status.Halted) {
            _expectWrongStatus();
        } else if (allowed < steps) {
            vm.expectRevert(abi.encodeWithSelector(IEmergency.RewindComplete.selector, path[path.length - 1 - allowed]));
        }
        poe.rewind(trail);
        if (status != Status.Halted || allowed < steps) return;
        for (uint256 i = 0; i < steps; ++i) {
            _noteVoided(lastVerified());
        }
    }

    function _noteVoided(uint40 number) private {
        if (!checkpointFacts[number].honest) {
            voidedDishonest.push(VoidedCheckpoint(number, checkpoints[number].opening()));
        }
        delete checkpoints[number];
        delete checkpointFacts[number];
        path.pop();
    }

    function _resumeTooEarly() private {
        vm.expectPartialRevert(IEmergency.RewindIncomplete.selector);
        vm.prank(owner);
        poe.resume(currentVersion);
    }
}
