// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {StdStorage, stdStorage} from "forge-std/Test.sol";

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {IStateMachine} from "../../../contracts/interfaces/IStateMachine.sol";
import {Goldilocks} from "../../../contracts/l2/Goldilocks.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Sequence} from "../../../contracts/types/Commitments.sol";
import {Head, Sequenced, Settlement, Status} from "../../../contracts/types/Slots.sol";
import {ForbiddenVerifier} from "../../mocks/HostileVerifiers.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {EmergencyTest} from "../../utils/EmergencyTest.sol";

contract VerifyBatchesTest is EmergencyTest {
    using stdStorage for StdStorage;
    using Commitments for *;

    /// @dev Pending: 2 (three batches), 3 (two), 4 (one), ten minutes apart.
    function setUp() public override {
        super.setUp();
        sequence(3);
        skip(10 minutes);
        sequence(2);
        skip(10 minutes);
        sequence(1);
        skip(10 minutes);
    }

    /// @dev Refused, with a valid proof and with any, before the verifier is asked.
    function refuseUnseen(uint40 init, uint40 last, IProving.Claim memory claim, bytes memory reason) private {
        bytes memory proof = proofOf(init, claim);
        uint256 snapshot = vm.snapshotState();
        forbidVerifier();
        refuse(init, last, claim, proof, reason);
        vm.revertToState(snapshot);
        refuse(init, last, claim, proof, reason);
    }

    /* WHAT IS REFUSED */

    /// @custom:req R5
    /// @custom:req R14
    function test_RevertWhen_TheRangeEndsAtOrBelowTheLastCheckpoint() external {
        prove(1, 2);
        prove(2, 3);
        IProving.Claim memory rubbish;
        rubbish.minReward = type(uint256).max;
        for (uint40 last = 0; last <= 3; ++last) {
            bytes memory reason = abi.encodeWithSelector(IProving.LateProof.selector, last, 3);
            refuse(0, last, rubbish, "", reason);
            refuse(type(uint40).max, last, rubbish, new bytes(5000), reason);
        }
        // The same proof again, and another one of the same statement.
        refuse(
            2, 3, claimOf(2, 3), proofOf(2, claimOf(2, 3)), abi.encodeWithSelector(IProving.LateProof.selector, 3, 3)
        );
        refuse(
            1, 3, claimOf(1, 3), proofOf(1, claimOf(1, 3)), abi.encodeWithSelector(IProving.LateProof.selector, 3, 3)
        );

        // Lateness comes before the status: who lost the race learns that it is lost.
        haltOver(3);
        refuse(0, 3, rubbish, "", abi.encodeWithSelector(IProving.LateProof.selector, 3, 3));
    }

    /// @custom:req R49
    function test_RevertWhen_TheChainDoesNotRun() external {
        prove(1, 2);
        haltOver(2);
        refuseUnseen(2, 3, claimOf(2, 3), abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Halted));
    }

    /// @custom:req R7
    function test_RevertWhen_TheRangeEndsAfterTheNewestSequence() external {
        IProving.Claim memory claim = claimOf(1, 4);
        refuseUnseen(1, 5, claim, abi.encodeWithSelector(IProving.UnknownSequence.selector, 5, 4));
        refuseUnseen(
            1, type(uint40).max, claim, abi.encodeWithSelector(IProving.UnknownSequence.selector, type(uint40).max, 4)
        );
    }

    function test_RevertWhen_TheRangeStartsAfterTheLastCheckpoint() external {
        IProving.Claim memory claim = claimOf(1, 4);
        for (uint40 init = 2; init <= 5; ++init) {
            refuseUnseen(init, 4, claim, abi.encodeWithSelector(IProving.StartNotVerified.selector, init, 1));
        }
    }

    /// @dev A proof passes over what may be undone only: a checkpoint that has matured is not passed over, nor one that
    /// stood when the chain last resumed. Where the next checkpoint is farther, the sequence behind the start counts.
    /// @custom:req R17
    function test_RevertWhen_WhatFollowsTheStartIsTooOld() external {
        uint256 snapshot = vm.snapshotState();
        for (uint40 next = 2; next <= 3; ++next) {
            prove(1, next);
            uint40 since = Commitments.timeOf(poe.commitmentOf(2));
            assertEq(since == block.timestamp, next == 2, "proven now, or sequenced before");
            IProving.Claim memory claim = claimOf(1, 4);
            vm.warp(since + EXIT_DELAY);
            refuseUnseen(1, 4, claim, abi.encodeWithSelector(IProving.StartTooOld.selector, 1, since));
            // A second earlier it would have been in time, and from the last checkpoint it always is.
            uint256 late = vm.snapshotState();
            vm.warp(since + EXIT_DELAY - 1);
            submit(1, 4, claim);
            vm.revertToState(late);
            skip(365 days);
            prove(next, 4);
            vm.revertToState(snapshot);
        }
    }

    /// @custom:req R17
    function test_AResumeLeavesWhatStoodBehind() external {
        prove(1, 2);
        prove(2, 3);
        haltOver(3);
        rewindTo(2);
        freezeRoute(1, 2);
        resume(2);
        uint40 since = Commitments.timeOf(poe.commitmentOf(2));
        assertEq(since, block.timestamp, "in the same block");
        refuseUnseen(1, 4, claimOf(1, 4), abi.encodeWithSelector(IProving.StartTooOld.selector, 1, since));
        skip(1);
        prove(2, 3);
        submit(2, 4, claimOf(2, 4));
    }

    function test_RevertWhen_TheBeneficiaryIsNull() external {
        IProving.Claim memory claim = claimOf(1, 2);
        claim.beneficiary = address(0);
        refuseUnseen(1, 2, claim, abi.encodeWithSelector(IFeeLedger.ZeroAddress.selector));
    }

    /// @custom:req R7
    function test_RevertWhen_ThePreimageIsNotThatOfTheLastSequence() external {
        bytes memory reason = abi.encodeWithSelector(IProving.SequenceMismatch.selector, 3);
        IProving.Claim memory claim = claimOf(1, 3);
        claim.end = sequences[2];
        refuseUnseen(1, 3, claim, reason);
        claim.end = sequences[4];
        refuseUnseen(1, 3, claim, reason);
        for (uint256 field = 0; field < 6; ++field) {
            claim = claimOf(1, 3);
            if (field == 0) claim.end.acc ^= bytes32(uint256(1));
            if (field == 1) claim.end.cumulativeFee += 1;
            if (field == 2) claim.end.fee += 1;
            if (field == 3) claim.end.cumulativeBatches += 1;
            if (field == 4) claim.end.version = 2;
            if (field == 5) claim.end.payer = stranger;
            refuseUnseen(1, 3, claim, reason);
        }
    }

    /// @dev An empty word is nobody's commitment, whatever is shown for it.
    /// @custom:req R7
    function test_RevertWhen_ACommitmentIsEmpty() external {
        IProving.Claim memory claim = claimOf(1, 3);
        _eraseCommitment(3);
        refuseUnseen(1, 3, claim, abi.encodeWithSelector(IProving.SequenceMismatch.selector, 3));
        claim.end = Sequence(0, 0, 0, 0, 1, address(0));
        refuseUnseen(1, 3, claim, abi.encodeWithSelector(IProving.SequenceMismatch.selector, 3));

        claim = claimOf(1, 2);
        _eraseCommitment(1);
        refuseUnseen(1, 2, claim, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 1));
        delete claim.start;
        refuseUnseen(1, 2, claim, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 1));
    }

    function _eraseCommitment(uint40 number) private {
        stdstore.target(address(poe)).sig("commitmentOf(uint40)").with_key(number).checked_write(bytes32(0));
    }

    function test_RevertWhen_TheRangePaysLessThanTheMinimum() external {
        uint256 reward = uint256(sequences[2].fee) + sequences[3].fee;
        IProving.Claim memory claim = claimOf(1, 3);
        claim.minReward = reward + 1;
        refuseUnseen(1, 3, claim, abi.encodeWithSelector(IProving.RewardBelowMinimum.selector, reward, reward + 1));
        claim.minReward = reward;
        submit(1, 3, claim);
    }

    /// @dev The minimum is measured against the new part: who is overtaken on half of the range need not sell the other half below cost.
    /// @custom:req R6
    function test_RevertWhen_TheNewPartPaysLessThanTheMinimum() external {
        IProving.Claim memory claim = claimOf(1, 4);
        claim.minReward = feesOf(1, 4);
        proveFor(1, 3, stranger);
        refuseUnseen(
            1, 4, claim, abi.encodeWithSelector(IProving.RewardBelowMinimum.selector, sequences[4].fee, claim.minReward)
        );
        claim.minReward = sequences[4].fee;
        submit(1, 4, claim);
    }

    /// @custom:req R7
    function test_RevertWhen_TheOpeningIsNotThatOfTheStart() external {
        bytes memory reason = abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 1);
        for (uint256 field = 0; field < 4; ++field) {
            IProving.Claim memory claim = claimOf(1, 3);
            if (field == 0) claim.start.acc ^= bytes32(uint256(1));
            if (field == 1) claim.start.stateRoot ^= bytes32(uint256(1));
            if (field == 2) claim.start.exitAcc ^= bytes32(uint256(1));
            if (field == 3) claim.start.tail ^= bytes32(uint256(1));
            refuseUnseen(1, 3, claim, reason);
        }
        IProving.Claim memory other = claimOf(1, 3);
        other.start = checkpoints[0].opening();
        refuseUnseen(1, 3, other, reason);
    }

    /// @custom:req R7
    function test_RevertWhen_TheStartIsNotACheckpoint() external {
        prove(1, 3);
        IProving.Claim memory claim = claimOf(3, 4);
        refuseUnseen(2, 4, claim, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 2));
        // The word of sequence 2 still stands there, but its preimage opens no checkpoint.
        claim.start.acc = sequences[2].acc;
        claim.start.tail = Commitments.rest(sequences[2]);
        refuseUnseen(2, 4, claim, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 2));
    }

    /// @custom:req R55
    function test_RevertWhen_TheRangeSpansVersions() external {
        activateVersion(2);
        sequence(1); // 5
        activateVersion(3);
        sequence(1); // 6
        refuseUnseen(1, 5, claimOf(1, 5), abi.encodeWithSelector(IProving.RangeSpansVersions.selector, 1, 2, 5));
        refuseUnseen(1, 6, claimOf(1, 6), abi.encodeWithSelector(IProving.RangeSpansVersions.selector, 1, 3, 6));
        prove(1, 4);
        refuseUnseen(4, 6, claimOf(4, 6), abi.encodeWithSelector(IProving.RangeSpansVersions.selector, 4, 3, 6));
        prove(4, 5);
        prove(5, 6);
    }

    /// @dev Batches pinned to a version take its proofs alone, until its route is frozen in favour of a successor.
    /// @custom:req R3
    /// @custom:req R55
    function test_RevertWhen_TheProofIsOfAnotherVersionsProgram() external {
        activateVersion(2);
        sequence(1); // 5
        IProving.Claim memory old = claimOf(1, 4);
        bytes memory rejected = abi.encodeWithSelector(MockVerifier.MockProofRejected.selector);
        refuse(1, 4, old, proofOf(statementOf(old, 2)), rejected);
        freezeRoute(1, 2);
        refuse(1, 4, old, proofOf(statementOf(old, 1)), rejected);
        submit(1, 4, old);

        IProving.Claim memory young = claimOf(4, 5);
        refuse(4, 5, young, proofOf(statementOf(young, 1)), rejected);
        submit(4, 5, young);
    }

    /// @custom:req R8
    function test_RevertWhen_TheNewRootIsZero() external {
        IProving.Claim memory claim = claimOf(1, 2);
        claim.newStateRoot = 0;
        refuseUnseen(1, 2, claim, abi.encodeWithSelector(IStateMachine.ZeroRoot.selector));
    }

    /// @custom:req R8
    function test_RevertWhen_ALimbOfTheNewRootIsNotBelowThePrime() external {
        uint64[3] memory values = [uint64(Goldilocks.PRIME), uint64(Goldilocks.PRIME + 1), type(uint64).max];
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 v = 0; v < 3; ++v) {
                IProving.Claim memory claim = claimOf(1, 2);
                claim.newStateRoot = _withLimb(claim.newStateRoot, i, values[v]);
                bytes memory reason = abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, i, values[v]);
                refuseUnseen(1, 2, claim, reason);
            }
        }
    }

    /// @custom:req R8
    function testFuzz_AcceptsEveryCanonicalRoot(uint64[4] memory limbs, uint256 boundary) external {
        bytes32 root;
        for (uint256 i = 0; i < 4; ++i) {
            uint64 value = uint64(limbs[i] % Goldilocks.PRIME);
            if ((boundary >> i) & 1 == 1) value = uint64(Goldilocks.PRIME - 1);
            root = _withLimb(root, i, value);
        }
        vm.assume(root != 0);
        proveTo(1, 2, root, 0);
        assertEq(poe.commitmentOf(2), checkpoints[2].word(block.timestamp));
    }

    function _withLimb(bytes32 root, uint256 i, uint64 value) private pure returns (bytes32) {
        uint256 shift = 192 - 64 * i;
        return bytes32((uint256(root) & ~(uint256(type(uint64).max) << shift)) | (uint256(value) << shift));
    }

    function test_RevertWhen_TheProofIsOfAnotherStatement() external {
        IProving.Claim memory claim = claimOf(1, 2);
        bytes memory rejected = abi.encodeWithSelector(MockVerifier.MockProofRejected.selector);
        refuse(1, 2, claim, "", rejected);
        refuse(1, 2, claim, proofOf(0, claimOf(1, 3)), rejected);
        bytes memory proof = proofOf(1, claim);
        for (uint256 i = 0; i < 32; ++i) {
            proof[i] ^= 0x01;
            refuse(1, 2, claim, proof, rejected);
            proof[i] ^= 0x01;
        }
    }

    /// @dev One defect after the other is put right, and each time the next one is found, in this order; the verifier comes last.
    /// @custom:req R5
    function test_ChecksComeInTheOrderOfTheirCost() external {
        activateVersion(2);
        sequence(1); // 5
        IProving.Claim memory good = claimOf(1, 5);
        IProving.Claim memory claim;
        claim.minReward = type(uint256).max;
        uint256 reward = feesOf(1, 5);
        bytes memory rejected = abi.encodeWithSelector(ForbiddenVerifier.VerifierCalled.selector);
        forbidVerifier();

        refuse(9, 1, claim, "", abi.encodeWithSelector(IProving.LateProof.selector, 1, 1));
        refuse(9, 6, claim, "", abi.encodeWithSelector(IProving.UnknownSequence.selector, 6, 5));
        refuse(9, 5, claim, "", abi.encodeWithSelector(IProving.StartNotVerified.selector, 9, 1));
        uint40 since = Commitments.timeOf(poe.commitmentOf(1));
        refuse(0, 5, claim, "", abi.encodeWithSelector(IProving.StartTooOld.selector, 0, since));
        refuse(1, 5, claim, "", abi.encodeWithSelector(IFeeLedger.ZeroAddress.selector));
        claim.beneficiary = aggregator;
        refuse(1, 5, claim, "", abi.encodeWithSelector(IProving.SequenceMismatch.selector, 5));
        claim.end = good.end;
        refuse(1, 5, claim, "", abi.encodeWithSelector(IProving.RewardBelowMinimum.selector, reward, type(uint256).max));
        claim.minReward = reward;
        refuse(1, 5, claim, "", abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 1));
        claim.start = good.start;
        refuse(1, 5, claim, "", abi.encodeWithSelector(IProving.RangeSpansVersions.selector, 1, 2, 5));
        claim.end = sequences[4];
        claim.minReward = 0;
        refuse(1, 4, claim, "", abi.encodeWithSelector(IStateMachine.ZeroRoot.selector));
        claim.newStateRoot = bytes32(type(uint256).max);
        refuse(1, 4, claim, "", abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, 0, type(uint64).max));
        claim.newStateRoot = good.newStateRoot;
        refuse(1, 4, claim, "", rejected);
    }

    /* WHAT IS ACCEPTED */

    function test_GivenItBeginsAtTheLastCheckpoint() external {
        IProving.Claim memory claim = claimFor(1, 3, aggregator, rootAfter(3), keccak256("exits"));
        bytes memory proof = proofOf(1, claim);
        uint256 balance = poe.feeBalanceOf(aggregator);
        uint256 reward = uint256(sequences[2].fee) + sequences[3].fee;
        uint40 sequencedAt = Commitments.timeOf(poe.commitmentOf(3));
        Sequenced memory before = poe.sequenced();

        vm.expectEmit(address(poe));
        emit IProving.BatchesVerified(3, aggregator, 1, rootAfter(3), keccak256("exits"), reward);
        vm.prank(stranger);
        poe.verifyBatches(1, 3, claim, proof);

        recordCheckpoint(3, 1, sequencedAt, claim);
        assertEq(poe.commitmentOf(3), checkpoints[3].word(block.timestamp), "checkpoint");
        assertEq(poe.commitmentOf(2), sequences[2].word(sequencedAt - 10 minutes), "sequences in between stay");
        assertEq(poe.feeBalanceOf(aggregator) - balance, reward, "reward");
        Head memory head = poe.head();
        assertEq(head.lastVerified, 3, "last verified");
        assertEq(head.paidBatches, 6, "batches");
        Settlement memory settlement = poe.settlement();
        assertEq(settlement.paidCumulativeFee, sequences[3].cumulativeFee, "paid");
        assertEq(settlement.progressAt, block.timestamp, "progress");
        assertEq(settlement.verifiedAccPrefix, uint256(sequences[3].acc) >> 172, "accumulator");
        Sequenced memory after_ = poe.sequenced();
        assertEq(after_.updatedAt, block.timestamp, "the price is settled before what it depends on changes");
        assertEq(after_.cumulativeFee, before.cumulativeFee, "nothing is charged");
        assertEq(after_.lastSequence, before.lastSequence, "nothing is sequenced");
    }

    /// @custom:req R6
    function test_GivenItBeginsBelowTheLastCheckpoint() external {
        for (uint40 init = 1; init <= 3; ++init) {
            uint256 snapshot = vm.snapshotState();
            proveFor(1, 2, stranger);
            proveFor(2, 3, stranger);
            uint256 balance = poe.feeBalanceOf(aggregator);
            uint256 paid = poe.feeBalanceOf(stranger);
            prove(init, 4);
            assertEq(poe.feeBalanceOf(aggregator) - balance, sequences[4].fee, "the new part");
            assertEq(poe.feeBalanceOf(stranger), paid, "the old part stays with who proved it first");
            assertEq(checkpoints[4].previous, 3, "covers what it was paid for");
            vm.revertToState(snapshot);
        }
    }

    function test_GivenItLeavesSequencesPending() external {
        uint40 second = Commitments.timeOf(poe.commitmentOf(3));
        uint40 third = Commitments.timeOf(poe.commitmentOf(4));
        assertEq(poe.head().oldestPendingAt, second - 10 minutes, "before");
        prove(1, 2);
        assertEq(poe.head().oldestPendingAt, second, "after 2");
        prove(2, 3);
        assertEq(poe.head().oldestPendingAt, third, "after 3");
    }

    function test_GivenItLeavesNothingPending() external {
        uint40 before = poe.head().oldestPendingAt;
        prove(1, 4);
        assertEq(poe.head().oldestPendingAt, before, "without meaning now");
        skip(2 hours);
        sequence(1);
        assertEq(poe.head().oldestPendingAt, block.timestamp, "the next sequence is the oldest");
    }

    /// @dev The word of the next sequence carries its time in the clear: nobody has to show a preimage that did not exist when the proof was made.
    function test_GivenAnotherSequenceHasLandedSinceItWasMade() external {
        IProving.Claim memory claim = claimOf(1, 4);
        bytes memory proof = proofOf(1, claim);
        skip(1 minutes);
        sequence(7);
        uint256 sequencedAt = block.timestamp;
        skip(1 minutes);
        poe.verifyBatches(1, 4, claim, proof);
        assertEq(poe.head().lastVerified, 4);
        assertEq(poe.head().oldestPendingAt, sequencedAt, "the new one is the oldest now");
    }

    /// @custom:req R20
    function test_AZeroRewardIsAReward() external {
        // A sequence costs at least the lowest price; a rewound one that is proven again earns nothing, and is still progress.
        prove(1, 2);
        haltOver(2);
        rewindTo(1);
        freezeRoute(1, 2);
        resume(2);
        skip(1 hours);
        uint256 balance = poe.feeBalanceOf(stranger);
        proveFor(1, 2, stranger);
        assertEq(poe.feeBalanceOf(stranger), balance);
        assertEq(poe.settlement().progressAt, block.timestamp);
    }
}
