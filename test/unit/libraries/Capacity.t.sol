// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BaseTest} from "../../utils/BaseTest.sol";
import {FormatVectors} from "./FormatVectors.sol";
import {stdJson} from "forge-std/Test.sol";

/// @notice What is tested and configured here is what the reference circuit takes (CIR-13).
contract CapacityTest is BaseTest, FormatVectors {
    using stdJson for string;

    function test_Capacity_IsTheReferenceCircuits() external view {
        string memory json = vectors("capacity");
        assertEq(casesOf(json), 1);
        assertEq(T, uintOf(json, 0, "slots"), "T");
        assertEq(M, uintOf(json, 0, "messages"), "M");
        assertEq(E, uintOf(json, 0, "exits"), "E");
    }

    function test_Capacity_IsConfiguredForTestDeployments() external view {
        string[2] memory chains = ["31337", "11155111"];
        for (uint256 i = 0; i < chains.length; ++i) {
            string memory config = vm.readFile(string.concat("script/config/", chains[i], ".json"));
            assertEq(config.readUint(".verifier.mockSlots"), T, "slots");
            assertEq(config.readUint(".verifier.mockMessages"), M, "messages");
            assertEq(config.readUint(".verifier.mockExits"), E, "exits");
        }
    }
}
