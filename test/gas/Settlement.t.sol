// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../../contracts/interfaces/IProving.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {Statement} from "../../contracts/libraries/Statement.sol";
import {SettlementTest} from "../utils/SettlementTest.sol";

/// @notice What the generated verifier costs, and a winning proof with it, on real proofs.
contract SettlementGasTest is SettlementTest {
    function test_Gas_P6_P10_P11_RealProof() external {
        (IProving.Claim memory claim, bytes memory proof) = settlement(0);
        uint256[2] memory inputs = Statement.publicInputs(statementOf(claim, 1));
        (bool ok, uint256 verifying) =
            meter.measure(address(batchVerifier), abi.encodeCall(IVerifier.verify, (inputs, proof)));
        assertTrue(ok, "a valid proof");
        assertLe(verifying, 345_000, "P6");
        _record("P6 generated verifier execution gas", verifying);

        vm.warp(block.timestamp + 12);
        bytes memory callData = abi.encodeCall(IProving.verifyBatches, (0, LAST, claim, proof));
        Transaction memory winner = _send(aggregator, callData);
        assertLe(winner.total, 430_000, "P10");
        _record("P10 winning transaction gas", winner.total);

        (claim, proof) = settlement(1);
        callData = abi.encodeCall(IProving.verifyBatches, (0, LAST, claim, proof));
        uint256 execution = _meteredExecution(callData, false);
        uint256 late = _max(_sendReverting(stranger, callData).standard + execution, _floor(callData));
        assertLe(late, 100_000, "P11");
        _record("P11 late proof transaction gas, real proof", late);
        uint256 share = _basisPoints(late, winner.total);
        assertLe(share, 2500, "P11: share");
        _record("P11 late proof share of the winner in basis points, real proof", share);
    }

    /// @dev Every mutation of the mutation matrix is tried in test/verifiers; here the dearest kind, a proof whose every point
    /// is on the curve and every scalar in range, so that only the pairing says no.
    function test_Gas_P8_RejectedProof() external {
        (IProving.Claim memory claim, bytes memory proof) = settlement(0);
        uint256[2] memory inputs = Statement.publicInputs(statementOf(claim, 1));
        (, uint256 valid) = meter.measure(address(batchVerifier), abi.encodeCall(IVerifier.verify, (inputs, proof)));
        uint256 dearest;
        for (uint256 word = 0; word < proof.length / 32; ++word) {
            bytes memory wrong = abi.encodePacked(proof);
            wrong[32 * word + 31] ^= 0x01;
            (bool ok, uint256 used) =
                meter.measure(address(batchVerifier), abi.encodeCall(IVerifier.verify, (inputs, wrong)));
            assertFalse(ok, "a wrong proof");
            dearest = _max(dearest, used);
        }
        inputs[1] ^= 1;
        (, uint256 otherStatement) =
            meter.measure(address(batchVerifier), abi.encodeCall(IVerifier.verify, (inputs, proof)));
        dearest = _max(dearest, otherStatement);
        uint256 share = _basisPoints(dearest, valid);
        assertLe(share, 11_000, "P8");
        _record("P8 dearest rejected proof, share of a valid one in basis points", share);
    }
}
