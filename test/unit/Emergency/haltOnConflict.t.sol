// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {IStateMachine} from "../../../contracts/interfaces/IStateMachine.sol";
import {IVerifierRouter} from "../../../contracts/interfaces/IVerifierRouter.sol";
import {Goldilocks} from "../../../contracts/l2/Goldilocks.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Checkpoint} from "../../../contracts/types/Commitments.sol";
import {Halt, Status} from "../../../contracts/types/Slots.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {EmergencyTest} from "../../utils/EmergencyTest.sol";

/// @custom:req R17
contract HaltOnConflictTest is EmergencyTest {
    using Commitments for *;

    /// @dev Checkpoints 2, 4 and 5, none matured; sequence 6 is pending.
    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 5; ++i) {
            sequence(10 * (i + 1));
            skip(1 minutes);
        }
        prove(1, 2);
        skip(1 minutes);
        prove(2, 4);
        prove(4, 5);
    }

    function refuseConflict(uint40 last, IEmergency.Conflict memory conflict, bytes memory reason) private {
        bytes memory proof = proofOfConflict(conflict);
        vm.expectRevert(reason);
        poe.haltOnConflict(last, conflict, proof);
    }

    /// @custom:req R49
    /// @dev Whoever halts first must not choose how deep.
    function test_RevertWhen_TheChainIsHaltedForAConflictThatStartsNoLater() external {
        IEmergency.Conflict memory conflict = conflictOver(5);
        haltOver(5);
        uint256 haltedAt = block.timestamp;
        skip(1 days);
        refuseConflict(5, conflict, abi.encodeWithSelector(IEmergency.ConflictNotDeeper.selector, 4, 4));
        haltOver(4);
        assertEq(poe.halt().conflictStart, 2, "deeper");
        assertEq(poe.settlement().progressAt, haltedAt, "no second halt");
        refuseConflict(5, conflict, abi.encodeWithSelector(IEmergency.ConflictNotDeeper.selector, 4, 2));
    }

    /// @dev Nor does it move any other clock of the halt: what had not matured does not mature by a deeper conflict, and
    /// the price stays where the halt found it.
    /// @custom:req R48
    function test_ADeeperConflictMovesNoClock() external {
        haltOver(5);
        uint40 updatedAt = poe.sequenced().updatedAt;
        uint40 maturedBefore = poe.halt().maturedBefore;
        skip(2 * EXIT_DELAY);
        haltOver(4);
        assertEq(poe.sequenced().updatedAt, updatedAt, "price");
        assertEq(poe.halt().maturedBefore, maturedBefore, "maturity");
        vm.expectRevert(abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, uint40(2), type(uint256).max));
        poe.requireMatured(2, checkpoints[2].opening());
        haltOver(2);
    }

    /// @dev It is its own predecessor, and was proven by nobody: no route stands for its version.
    function test_RevertWhen_TheEndIsGenesis() external {
        // Too young to have matured.
        poe = _deploy(_configuration());
        Checkpoint memory genesis;
        genesis.sequence.acc = poe.lastAcc();
        genesis.stateRoot = stateMachine.genesisRoot();
        checkpoints[0] = genesis;
        IEmergency.Conflict memory conflict = conflictOver(0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRouter.UnknownRoute.selector, 0));
        poe.haltOnConflict(0, conflict, "");
    }

    function test_RevertWhen_TheEndIsNotACheckpoint() external {
        IEmergency.Conflict memory conflict = conflictOver(4);
        // Proven, but in the middle of a range; pending; not sequenced; a checkpoint, but another one.
        uint40[4] memory ends = [uint40(3), 6, 7, 5];
        for (uint256 i = 0; i < 4; ++i) {
            refuseConflict(ends[i], conflict, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, ends[i]));
        }
        // A pending sequence does not pass for a checkpoint, whatever is said about its result.
        conflict.end.sequence = sequences[6];
        refuseConflict(6, conflict, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 6));
    }

    /// @dev Every field of the preimage is bound.
    function test_RevertWhen_TheEndsPreimageIsTamperedWith() external {
        bytes memory proof = proofOfConflict(conflictOver(4));
        for (uint256 field = 0; field < 12; ++field) {
            IEmergency.Conflict memory conflict = conflictOver(4);
            _tamper(conflict.end, field);
            vm.expectRevert(abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 4));
            poe.haltOnConflict(4, conflict, proof);
        }
    }

    function _tamper(Checkpoint memory end, uint256 field) private pure {
        if (field == 0) end.sequence.acc ^= bytes32(uint256(1));
        if (field == 1) end.sequence.cumulativeFee ^= 1;
        if (field == 2) end.sequence.fee ^= 1;
        if (field == 3) end.sequence.cumulativeBatches ^= 1;
        if (field == 4) end.sequence.version ^= 1;
        if (field == 5) end.sequence.payer = address(1);
        if (field == 6) end.sequencedAt ^= 1;
        if (field == 7) end.stateRoot ^= bytes32(uint256(2));
        if (field == 8) end.exitAcc ^= bytes32(uint256(1));
        if (field == 9) end.previous ^= 1;
        if (field == 10) end.beneficiary = address(1);
        if (field == 11) end.provenBy ^= 1;
    }

    function test_RevertWhen_TheEndHasMatured() external {
        IEmergency.Conflict memory conflict = conflictOver(2);
        uint40 verifiedAt = Commitments.timeOf(poe.commitmentOf(2));
        vm.warp(verifiedAt + EXIT_DELAY);
        refuseConflict(2, conflict, abi.encodeWithSelector(IEmergency.AlreadyMatured.selector, 2));
        // A second earlier it would have been in time.
        vm.warp(verifiedAt + EXIT_DELAY - 1);
        poe.haltOnConflict(2, conflict, proofOfConflict(conflict));
    }

    function test_RevertWhen_TheResultIsTheSame() external {
        IEmergency.Conflict memory conflict = conflictOver(4);
        conflict.newStateRoot = conflict.end.stateRoot;
        refuseConflict(4, conflict, abi.encodeWithSelector(IEmergency.NoConflict.selector, 4));
    }

    /// @dev Of the checkpoints below the contested one the next will do, and no other.
    function test_RevertWhen_TheStartIsNotTheCheckpointBefore() external {
        bytes memory reason = abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 2);
        uint40[3] memory others = [uint40(0), 1, 5];
        for (uint256 i = 0; i < 3; ++i) {
            IEmergency.Conflict memory conflict = conflictOver(4);
            conflict.start = checkpoints[others[i]].opening();
            refuseConflict(4, conflict, reason);
        }
        for (uint256 field = 0; field < 4; ++field) {
            IEmergency.Conflict memory conflict = conflictOver(4);
            if (field == 0) conflict.start.acc ^= bytes32(uint256(1));
            if (field == 1) conflict.start.stateRoot = otherRoot(2);
            if (field == 2) conflict.start.exitAcc ^= bytes32(uint256(1));
            if (field == 3) conflict.start.tail ^= bytes32(uint256(1));
            refuseConflict(4, conflict, reason);
        }
    }

    /// @custom:req R8
    function test_RevertWhen_TheOtherRootIsZeroOrNotCanonical() external {
        IEmergency.Conflict memory conflict = conflictOver(4);
        conflict.newStateRoot = 0;
        refuseConflict(4, conflict, abi.encodeWithSelector(IStateMachine.ZeroRoot.selector));
        for (uint256 i = 0; i < 4; ++i) {
            conflict.newStateRoot = bytes32(Goldilocks.PRIME << (192 - 64 * i));
            bytes memory reason =
                abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, i, uint64(Goldilocks.PRIME));
            refuseConflict(4, conflict, reason);
        }
    }

    function test_RevertWhen_TheProofIsOfAnotherStatement() external {
        IEmergency.Conflict memory conflict = conflictOver(4);
        bytes memory proof = proofOfConflict(conflict);
        conflict.newStateRoot ^= bytes32(uint256(2));
        vm.expectRevert(MockVerifier.MockProofRejected.selector);
        poe.haltOnConflict(4, conflict, proof);
        conflict.newStateRoot ^= bytes32(uint256(2));
        conflict.newExitAcc ^= bytes32(uint256(1));
        vm.expectRevert(MockVerifier.MockProofRejected.selector);
        poe.haltOnConflict(4, conflict, proof);
        conflict.newExitAcc ^= bytes32(uint256(1));
        conflict.beneficiary = aggregator;
        vm.expectRevert(MockVerifier.MockProofRejected.selector);
        poe.haltOnConflict(4, conflict, proof);
        assertEq(uint8(poe.head().status), uint8(Status.Running));
    }

    function test_GivenTheRootsDiffer() external {
        uint256 priceBefore = poe.sequenced().logPrice;
        skip(1 minutes);
        IEmergency.Conflict memory conflict = conflictOver(5);
        bytes memory proof = proofOfConflict(conflict);
        vm.expectEmit(address(poe));
        emit IEmergency.ChainHalted(4, 5, 1, conflict.newStateRoot, conflict.newExitAcc);
        vm.prank(stranger);
        poe.haltOnConflict(5, conflict, proof);

        assertEq(uint8(poe.head().status), uint8(Status.Halted), "status");
        Halt memory halt = poe.halt();
        assertEq(poe.settlement().progressAt, block.timestamp, "halted at");
        assertEq(halt.resumedAt, 0, "not resumed");
        assertEq(halt.conflictStart, 4, "start of the conflict");
        assertEq(poe.settlement().progressAt, block.timestamp, "the escape delay counts from here");
        assertEq(poe.sequenced().updatedAt, block.timestamp, "price settled");
        assertEq(priceBefore - poe.sequenced().logPrice, 60 * _feeConfig().decayPerSecond, "as far as time has run");
        assertEq(poe.head().lastVerified, 5, "nothing is rewound yet");
    }

    function test_GivenOnlyTheExitsDiffer() external {
        IEmergency.Conflict memory conflict = conflictOver(5);
        conflict.newStateRoot = conflict.end.stateRoot;
        conflict.newExitAcc = keccak256("other exits");
        poe.haltOnConflict(5, conflict, proofOfConflict(conflict));
        assertEq(uint8(poe.head().status), uint8(Status.Halted));
    }

    function test_GivenItEndsAtACheckpointBelowTheLastOne() external {
        haltOver(4);
        assertEq(poe.halt().conflictStart, 2);
        assertEq(uint8(poe.head().status), uint8(Status.Halted));
    }

    /// @dev A checkpoint lies in one version, and so does what contests it, wherever the accepted proof began.
    /// @custom:req R55
    function test_GivenItIsTheFirstOfItsVersion() external {
        activateVersion(2);
        sequence(1); // 7
        sequence(1); // 8, both of version 2
        prove(4, 6);
        prove(6, 7);
        prove(6, 8);
        haltOver(8);
        haltOver(7);
        assertEq(poe.halt().conflictStart, 6);
        haltOver(6);
        assertEq(poe.halt().conflictStart, 5, "not where the accepted proof began");
    }

    function test_GivenTheRouteIsFrozen() external {
        freezeRoute(1, 2);
        haltOver(4);
        assertEq(poe.halt().conflictStart, 2, "a proof of the successor");
    }

    /// @dev A checkpoint that a rewind voided cannot halt the chain again, though both proofs are still valid.
    function test_AVoidedCheckpointSetsNothingOff() external {
        IEmergency.Conflict memory conflict = conflictOver(4);
        haltOver(4);
        rewindTo(2);
        freezeRoute(1, 2);
        resume(2);
        refuseConflict(4, conflict, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 4));

        // Proven again, with the result the conflict claims: the former result is what conflicts now, and the old preimage opens nothing.
        proveTo(2, 4, otherRoot(4), 0);
        refuseConflict(4, conflict, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 4));
        conflict.end = checkpoints[4];
        refuseConflict(4, conflict, abi.encodeWithSelector(IEmergency.NoConflict.selector, 4));
    }

    /// @dev A proof by the conflicted verifier, valid once, is of another version after its route is frozen.
    /// @custom:req R3
    function test_AProofForTheFrozenRouteSetsNothingOff() external {
        IEmergency.Conflict memory conflict = conflictOver(2);
        bytes memory proof = proofOfConflict(conflict);
        haltOver(4);
        rewindTo(2);
        freezeRoute(1, 2);
        resume(2);
        vm.expectRevert(MockVerifier.MockProofRejected.selector);
        poe.haltOnConflict(2, conflict, proof);
    }

    /* SECOND HALT */

    /// @dev Checkpoint 2 survives the first halt, and waits its whole delay from the resume. A second halt within that wait finds it recallable, although
    /// the delay counted from its own verification has passed.
    /// @custom:req R48
    function test_ASecondHaltRemembersTheWaitOfTheFirst() external {
        uint256 verifiedAt = Commitments.timeOf(poe.commitmentOf(2));
        skip(2 days);
        haltOver(4);
        rewindTo(2);
        freezeRoute(1, 2);
        resume(2);
        vm.warp(verifiedAt + EXIT_DELAY + 1);
        haltOver(2);

        vm.expectRevert(abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, uint40(2), type(uint256).max));
        poe.requireMatured(2, checkpoints[2].opening());
        rewindTo(1);
        assertEq(poe.head().lastVerified, 1, "the contested checkpoint is gone");
    }

    /// @dev What had matured before the first halt stays beyond recall in a second one that comes soon after the resume.
    function test_ASecondHaltLeavesAloneWhatMaturedBeforeTheFirst() external {
        vm.warp(Commitments.timeOf(poe.commitmentOf(2)) + EXIT_DELAY);
        poe.requireMatured(2, checkpoints[2].opening());
        haltOver(4);
        rewindTo(2);
        freezeRoute(1, 2);
        resume(2);
        prove(2, 3);
        skip(1 hours);
        refuseConflict(2, conflictOver(2), abi.encodeWithSelector(IEmergency.AlreadyMatured.selector, 2));
        haltOver(3);
        refuseConflict(2, conflictOver(2), abi.encodeWithSelector(IEmergency.AlreadyMatured.selector, 2));
        poe.requireMatured(2, checkpoints[2].opening());

        vm.expectRevert(abi.encodeWithSelector(IEmergency.RewindComplete.selector, 2));
        poe.rewind(pathDown(3, 1));
        rewindTo(2);
    }

    /// @dev However halts, waits and resumes follow each other: a checkpoint, once matured, stays matured, and none matures while the chain is halted.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_MaturityIsNeverTakenBackNorGivenInAHalt(uint256 seed) external {
        bool matured;
        freezeRoute(1, 2);
        for (uint16 round = 0; round < 6; ++round) {
            skip(uint256(keccak256(abi.encode(seed, round, "run"))) % (EXIT_DELAY * 3 / 4));
            if (poe.head().lastVerified == 2) prove(2, 3);
            bool now_ = _isMatured(2);
            assertTrue(now_ || !matured, "taken back while running");
            matured = now_;
            haltOver(round == 0 ? 4 : 3);
            skip(uint256(keccak256(abi.encode(seed, round, "halt"))) % (EXIT_DELAY * 2));
            assertEq(_isMatured(2), matured, "as it was when the chain halted");
            rewindTo(2);
            uint16 next = addRoute();
            skip(ROUTE_DELAY);
            freezeRoute(round == 0 ? 2 : next - 1, next);
            resume(next);
            assertEq(_isMatured(2), matured, "as it was when the chain resumed");
        }
    }

    function _isMatured(uint40 checkpoint) private view returns (bool) {
        try poe.requireMatured(checkpoint, checkpoints[checkpoint].opening()) {
            return true;
        } catch {
            return false;
        }
    }
}
