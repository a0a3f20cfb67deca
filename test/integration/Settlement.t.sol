// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../../contracts/interfaces/IProving.sol";
import {Statement} from "../../contracts/libraries/Statement.sol";
import {SettlementTest} from "../utils/SettlementTest.sol";

/// @notice Real proofs, made for Ethereum by every layer of the prover, settle real batches.
contract RealSettlementTest is SettlementTest {
    error ProofInvalid();

    /// @custom:req R1, R2, R5, R14
    function test_VerifyBatches_TheFirstValidProofWins() external {
        (IProving.Claim memory claim, bytes memory proof) = settlement(0);
        uint256 fees = sequences[1].fee + sequences[LAST].fee;
        vm.prank(stranger);
        poe.verifyBatches(0, LAST, claim, proof);
        assertEq(poe.head().lastVerified, LAST);
        assertEq(poe.feeBalanceOf(claim.beneficiary), fees, "whoever submits it, it pays whom it was made for");
        assertEq(poe.feeBalanceOf(stranger), 0);

        (IProving.Claim memory late, bytes memory lateProof) = settlement(1);
        vm.expectRevert(abi.encodeWithSelector(IProving.LateProof.selector, LAST, LAST));
        poe.verifyBatches(0, LAST, late, lateProof);
    }

    /// @custom:req R2
    function test_VerifyBatches_RevertWhen_TheProofIsForAnother() external {
        (IProving.Claim memory claim, bytes memory proof) = settlement(0);
        claim.beneficiary = stranger;
        vm.expectRevert(ProofInvalid.selector);
        poe.verifyBatches(0, LAST, claim, proof);
        (claim,) = settlement(1);
        vm.expectRevert(ProofInvalid.selector);
        poe.verifyBatches(0, LAST, claim, proof);
    }

    /// @custom:req R15, R16
    function test_VerifyBatches_RevertWhen_TheResultIsAnother() external {
        (IProving.Claim memory claim, bytes memory proof) = settlement(0);
        bytes32 root = claim.newStateRoot;
        bytes32 exits = claim.newExitAcc;
        for (uint256 bit = 0; bit < 256; bit += 37) {
            claim.newExitAcc = exits ^ bytes32(uint256(1) << bit);
            vm.expectRevert(ProofInvalid.selector);
            poe.verifyBatches(0, LAST, claim, proof);
        }
        claim.newExitAcc = exits;
        for (uint256 limb = 0; limb < 256; limb += 64) {
            claim.newStateRoot = root ^ bytes32(uint256(1) << limb);
            vm.expectRevert(ProofInvalid.selector);
            poe.verifyBatches(0, LAST, claim, proof);
        }
    }

    /// @dev The same batches, one sequence further or less: the accumulators in the statement are others.
    /// @custom:req R3, R7
    function test_VerifyBatches_RevertWhen_TheRangeIsAnother() external {
        (IProving.Claim memory claim, bytes memory proof) = settlement(0);
        claim.end = sequences[1];
        vm.expectRevert(ProofInvalid.selector);
        poe.verifyBatches(0, 1, claim, proof);
    }

    /// @dev The domain in the statement holds chain and contract, the statement also the route.
    /// @custom:req R3, V20
    function test_Verify_RevertWhen_TheDeploymentIsAnother() external {
        (IProving.Claim memory claim, bytes memory proof) = settlement(0);
        batchVerifier.verify(Statement.publicInputs(_statement(claim, poe.domain(), 1)), proof);
        bytes32[2] memory domains = [
            sha256(abi.encodePacked(bytes32("PoE/domain/1"), block.chainid + 1, address(poe))),
            sha256(abi.encodePacked(bytes32("PoE/domain/1"), block.chainid, address(this)))
        ];
        for (uint256 i = 0; i < domains.length; ++i) {
            uint256[2] memory inputs = Statement.publicInputs(_statement(claim, domains[i], 1));
            vm.expectRevert(ProofInvalid.selector);
            batchVerifier.verify(inputs, proof);
        }
        uint256[2] memory otherRoute = Statement.publicInputs(_statement(claim, poe.domain(), 2));
        vm.expectRevert(ProofInvalid.selector);
        batchVerifier.verify(otherRoute, proof);
    }

    function _statement(IProving.Claim memory claim, bytes32 domain, uint16 version) private pure returns (bytes32) {
        return Statement.hash(
            domain, version, claim.beneficiary, claim.start, claim.end.acc, claim.newStateRoot, claim.newExitAcc
        );
    }
}
