// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

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
}
