// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {console} from "forge-std/console.sol";

import {Checks} from "./lib/Checks.sol";
import {DeployConfig} from "./lib/ConfigFile.sol";
import {DeploymentFile} from "./lib/DeploymentFile.sol";
import {Plan} from "./lib/Plan.sol";
import {Refusals} from "./lib/Refusals.sol";

/// @title SelfCheck
/// @notice Holds a deployment on a chain against its addresses file, its configuration and the code built here. Sends nothing.
///
///   forge script script/SelfCheck.s.sol --rpc-url <url> --sender <account with fee tokens>
contract SelfCheck is Checks {
    /// @notice Runs all checks; the first that fails stops it.
    function run() external {
        (DeployConfig memory c, Plan memory p) = _prepare();
        string memory json = DeploymentFile.read(_deploymentPath());
        console.log(string.concat("Checking ", _deploymentPath(), " on chain ", vm.toString(block.chainid)));
        _checkFile(json, c, p);
        _checkDeployment(c, p);
        console.log("All checks passed.");
    }

    /// @dev The file names what configuration and code determine, and the chain has the code the file says.
    function _checkFile(string memory json, DeployConfig memory c, Plan memory p) internal view {
        _same("chainId in the file", vm.parseJsonUint(json, ".chainId"), block.chainid);
        (string[] memory names, address[] memory accounts) = DeploymentFile.contracts(p);
        for (uint256 i = 0; i < names.length; ++i) {
            _same(
                string.concat("address in the file: ", names[i]), DeploymentFile.addressOf(json, names[i]), accounts[i]
            );
            if (accounts[i].code.length == 0) {
                revert Refusals.NoCode(names[i], accounts[i], "it is not deployed on this chain: run Deploy");
            }
            _same(
                string.concat("code hash in the file: ", names[i]),
                vm.parseJsonBytes32(json, string.concat(".codeHashes.", names[i])),
                accounts[i].codehash
            );
        }
        _same("configHash in the file", vm.parseJsonBytes32(json, ".configHash"), DeploymentFile.configHash(c));
        _passed("the addresses file agrees with the configuration, the code built here and the chain");
    }
}
