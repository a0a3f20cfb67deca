// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {GeneratedVerifierTest} from "./GeneratedVerifierTest.sol";

contract ProductsVerifierTest is GeneratedVerifierTest {
    function _name() internal pure override returns (string memory) {
        return "ProductsInsecureDev";
    }

    function _evaluationCount() internal pure override returns (uint256) {
        return 20;
    }
}

contract LookupVerifierTest is GeneratedVerifierTest {
    function _name() internal pure override returns (string memory) {
        return "LookupInsecureDev";
    }

    function _evaluationCount() internal pure override returns (uint256) {
        return 14;
    }
}

contract RotationsVerifierTest is GeneratedVerifierTest {
    function _name() internal pure override returns (string memory) {
        return "RotationsInsecureDev";
    }

    function _evaluationCount() internal pure override returns (uint256) {
        return 34;
    }
}

contract CopiesVerifierTest is GeneratedVerifierTest {
    function _name() internal pure override returns (string memory) {
        return "CopiesInsecureDev";
    }

    function _evaluationCount() internal pure override returns (uint256) {
        return 41;
    }
}

contract PairsVerifierTest is GeneratedVerifierTest {
    function _name() internal pure override returns (string memory) {
        return "PairsInsecureDev";
    }

    function _evaluationCount() internal pure override returns (uint256) {
        return 24;
    }
}
