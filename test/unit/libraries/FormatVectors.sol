// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test, stdJson} from "forge-std/Test.sol";

/// @notice Reads the vectors both implementations must meet, test/fixtures/formats/, written by `cargo xtask fixtures`.
abstract contract FormatVectors is Test {
    using stdJson for string;

    function vectors(string memory name) internal view returns (string memory json) {
        json = vm.readFile(string.concat("test/fixtures/formats/", name, ".json"));
    }

    /// @dev Number of cases; never none.
    function casesOf(string memory json) internal pure returns (uint256 count) {
        count = json.readUint(".count");
        assertGt(count, 0, "no vectors");
    }

    function uintOf(string memory json, uint256 i, string memory field) internal pure returns (uint256) {
        return json.readUint(_at(i, field));
    }

    function bytesOf(string memory json, uint256 i, string memory field) internal pure returns (bytes memory) {
        return json.readBytes(_at(i, field));
    }

    function bytes32Of(string memory json, uint256 i, string memory field) internal pure returns (bytes32) {
        return json.readBytes32(_at(i, field));
    }

    function addressOf(string memory json, uint256 i, string memory field) internal pure returns (address) {
        return json.readAddress(_at(i, field));
    }

    function _at(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "].", field);
    }
}
