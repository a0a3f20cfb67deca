// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Statement} from "../../../contracts/libraries/Statement.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {ProvingTest} from "../../utils/ProvingTest.sol";

/// @notice A proof is good for what it was made for: this payee, this range, these results, on this chain and contract.
contract ProofBindingTest is ProvingTest {
    using Commitments for *;

    bytes private rejected = abi.encodeWithSelector(MockVerifier.MockProofRejected.selector);

    function setUp() public override {
        super.setUp();
        sequence(3);
        sequence(2);
    }

    /* WHO IS PAID */

    /// @custom:req R1
    function test_ACopyWithAnotherBeneficiaryRevertsAndTheOwnerCanStillUseTheProof() external {
        IProving.Claim memory claim = claimOf(1, 3);
        bytes memory proof = proofOf(1, claim);
        IProving.Claim memory copy = claimOf(1, 3);
        copy.beneficiary = stranger;
        vm.prank(stranger);
        refuse(1, 3, copy, proof, rejected);
        assertEq(poe.feeBalanceOf(stranger), 0);

        uint256 balance = poe.feeBalanceOf(aggregator);
        vm.prank(aggregator);
        poe.verifyBatches(1, 3, claim, proof);
        assertEq(poe.feeBalanceOf(aggregator) - balance, feesOf(1, 3));
    }

    /// @custom:req R1
    function test_WhoeverRelaysAProofPaysItsOwner() external {
        IProving.Claim memory claim = claimOf(1, 3);
        bytes memory proof = proofOf(1, claim);
        uint256 balance = poe.feeBalanceOf(aggregator);
        vm.prank(stranger, stranger);
        poe.verifyBatches(1, 3, claim, proof);
        assertEq(poe.feeBalanceOf(aggregator) - balance, feesOf(1, 3), "the owner");
        assertEq(poe.feeBalanceOf(stranger), 0, "not the relayer");
    }

    /// @custom:req R2
    function testFuzz_AnyOtherBeneficiaryIsRefused(address other) external {
        vm.assume(other != aggregator && other != address(0));
        IProving.Claim memory claim = claimOf(1, 3);
        bytes memory proof = proofOf(1, claim);
        claim.beneficiary = other;
        refuse(1, 3, claim, proof, rejected);
    }

    /* WHAT IT CLAIMS */

    /// @dev Flips one bit of one field of the claim, or moves an end of the range, and shows the proof of the original claim. `minReward` alone is not the
    /// proof's business: it is the caller's own condition.
    function testFuzz_AnyChangedFieldIsRefused(uint256 field, uint256 bit) external {
        field = bound(field, 0, 13);
        bit = bound(bit, 0, 255);
        uint40 init = 1;
        uint40 last = 3;
        IProving.Claim memory claim = claimOf(init, last);
        bytes memory proof = proofOf(init, claim);
        bytes32 flip = bytes32(1 << bit);
        if (field == 0) claim.beneficiary = address(uint160(claim.beneficiary) ^ uint160(1 << (bit % 160)));
        if (field == 1) claim.start.acc ^= flip;
        if (field == 2) claim.start.stateRoot ^= flip;
        if (field == 3) claim.start.exitAcc ^= flip;
        if (field == 4) claim.start.tail ^= flip;
        if (field == 5) claim.end.acc ^= flip;
        if (field == 6) claim.end.cumulativeFee ^= uint112(1 << (bit % 112));
        if (field == 7) claim.end.fee ^= uint112(1 << (bit % 112));
        if (field == 8) claim.end.cumulativeBatches ^= uint40(1 << (bit % 40));
        if (field == 9) claim.end.version ^= uint16(1 << (bit % 16));
        if (field == 10) claim.end.payer = address(uint160(claim.end.payer) ^ uint160(1 << (bit % 160)));
        if (field == 11) claim.newStateRoot ^= flip;
        if (field == 12) claim.newExitAcc ^= flip;
        if (field == 13) (init, last) = bit % 2 == 0 ? (uint40(0), last) : (init, uint40(2));
        vm.expectRevert();
        poe.verifyBatches(init, last, claim, proof);
    }

    /// @dev The unchanged claim is accepted: the test above refuses changes, not claims.
    function test_TheUnchangedClaimIsAccepted() external {
        IProving.Claim memory claim = claimOf(1, 3);
        bytes memory proof = proofOf(1, claim);
        poe.verifyBatches(1, 3, claim, proof);
    }

    /// @dev The start is bound by its state and exits, not by its number alone: the same end proven from another checkpoint is another statement.
    function test_AProofFromAnotherStartIsRefused() external {
        IProving.Claim memory claim = claimOf(1, 3);
        bytes memory proof = proofOf(1, claim);
        claim.start = checkpoints[0].opening();
        refuse(0, 3, claim, proof, rejected);
    }

    /* WHERE IT HOLDS */

    /// @custom:req R3
    function test_AProofForAnotherContractIsRefused() external {
        _refuseOnOtherDeployment(block.chainid);
    }

    /// @custom:req R3
    function test_AProofForAnotherChainIsRefused() external {
        _refuseOnOtherDeployment(block.chainid + 1);
    }

    /// @dev The statement differs in the domain alone: what else ties a proof to its deployment (the genesis accumulator) is not what refuses it.
    function _refuseOnOtherDeployment(uint256 chainId) private {
        bytes32 domain = poe.domain();
        IProofOfEfficiency first = poe;
        vm.chainId(chainId);
        poe = _deploy(_configuration());
        assertNotEq(poe.domain(), domain);
        checkpoints[0].sequence.acc = poe.lastAcc();
        delete checkpoints[1];
        _fund(sequencer, 1_000 ether);
        _register(user, 1 ether);
        sequence(1);

        IProving.Claim memory claim = claimOf(0, 1);
        bytes32 foreign = Statement.hash(
            domain, 1, claim.beneficiary, claim.start, claim.end.acc, claim.newStateRoot, claim.newExitAcc
        );
        refuse(0, 1, claim, proofOf(foreign), rejected);
        prove(0, 1);
        assertNotEq(poe.commitmentOf(0), first.commitmentOf(0), "and the accumulators differ from the start");
    }

    /// @dev Same code, same owner, same calls, at the same address of another chain: the domain and the genesis accumulator differ.
    /// @custom:req R3
    function test_TheSameAddressOnAnotherChainIsAnotherDeployment() external {
        uint256 snapshot = vm.snapshotState();
        vm.chainId(1);
        IProofOfEfficiency here = _deploy(_configuration());
        (address at, bytes32 domain, bytes32 acc) = (address(here), here.domain(), here.lastAcc());
        vm.revertToState(snapshot);
        vm.chainId(10);
        IProofOfEfficiency there = _deploy(_configuration());
        assertEq(address(there), at, "same address");
        assertNotEq(there.domain(), domain, "other domain");
        assertNotEq(there.lastAcc(), acc, "other accumulator");
    }

    /// @custom:req R3
    function testFuzz_AProofOfAnotherVersionIsRefused(uint16 version) external {
        vm.assume(version != 1);
        IProving.Claim memory claim = claimOf(1, 3);
        refuse(1, 3, claim, proofOf(statementOf(claim, version)), rejected);
    }

    /// @dev A sequence replayed after an L1 reorganisation leads to another accumulator, which the old proof does not name.
    /// @custom:req R47
    function test_AProofDoesNotFollowABatchToAnotherParent() external {
        uint256 snapshot = vm.snapshotState();
        bytes[] memory batches = slots(2, 1);
        ISequencing.Limits memory limits_ = limits();
        vm.prank(sequencer, sequencer);
        poe.sequenceBatches(batches, 1, limits_);
        recordSequence(4, sequencer, 2);
        IProving.Claim memory claim = claimOf(1, 4);
        bytes memory proof = proofOf(1, claim);

        vm.revertToState(snapshot);
        sequenceAs(aggregator, 1); // lands first this time
        vm.prank(sequencer, sequencer);
        poe.sequenceBatches(batches, 1, limits_);
        recordSequence(5, sequencer, 2);
        refuse(1, 4, claim, proof, abi.encodeWithSelector(IProving.SequenceMismatch.selector, 4));
        refuse(1, 5, claim, proof, abi.encodeWithSelector(IProving.SequenceMismatch.selector, 5));
        claim.end = sequences[5];
        refuse(1, 5, claim, proof, rejected);
    }
}
