// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {IGeneratedVerifier} from "../../script/lib/IGeneratedVerifier.sol";
import {TrustedSetups} from "../../script/lib/TrustedSetups.sol";
import {GeneratedVerifierTest} from "./GeneratedVerifierTest.sol";

/// @notice The verifier of the batch circuits, on proofs that nobody mocked: two statements about four batches each.
contract BatchVerifierTest is GeneratedVerifierTest {
    function _name() internal pure override returns (string memory) {
        return "BatchVerifierInsecureDev";
    }

    function _fixture() internal pure override returns (string memory path, string memory list) {
        return ("test/fixtures/verifiers/settlement.json", ".claims");
    }

    function _evaluationCount() internal pure override returns (uint256) {
        return 26;
    }

    /// @custom:req V14, V23
    function test_Getters_SayWhatTheVerifierStandsFor() external view {
        string memory json = vm.readFile("contracts/verifiers/BatchVerifierInsecureDev.json");
        IVerifier batch = IVerifier(verifier);
        assertEq(batch.slotCapacity(), vm.parseJsonUint(json, ".circuit.slots"));
        assertEq(batch.messageCapacity(), vm.parseJsonUint(json, ".circuit.messages"));
        assertEq(batch.exitCapacity(), vm.parseJsonUint(json, ".circuit.exits"));
        assertEq(batch.circuitHash(), vm.parseJsonBytes32(json, ".circuit.circuitHash"));
        assertTrue(batch.insecureSetup());
        (bool ok, bytes memory digest) = verifier.staticcall(abi.encodeWithSignature("vkDigest()"));
        assertTrue(ok);
        assertEq(abi.decode(digest, (bytes32)), vm.parseJsonBytes32(json, ".vkDigest"));
        uint256[4] memory tau = IGeneratedVerifier(verifier).srsTauG2();
        uint256[] memory listed = vm.parseJsonUintArray(json, ".srsTauG2");
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(tau[i], listed[i]);
        }
        assertFalse(TrustedSetups.isKnown(tau), "nobody may take the development setup for a ceremony");
    }
}
