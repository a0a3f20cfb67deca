// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {VmSafe} from "forge-std/Vm.sol";
import {console} from "forge-std/console.sol";

import {ChainProbe} from "./lib/ChainProbe.sol";
import {Checks} from "./lib/Checks.sol";
import {DeployConfig} from "./lib/ConfigFile.sol";
import {DeploymentFile} from "./lib/DeploymentFile.sol";
import {Part, Plan, PlanLibrary} from "./lib/Plan.sol";
import {Refusals} from "./lib/Refusals.sol";

/// @title Deploy
/// @notice Deploys everything `script/config/<chainId>.json` describes that is not there yet, checks it, and writes `deployments/<chainId>.json`.
/// Without `--broadcast` it only shows what it would do.
///
///   forge script script/Deploy.s.sol --rpc-url <url> --sender <address>                            (dry run)
///   forge script script/Deploy.s.sol --rpc-url <url> --account <keystore> --sender <address> --broadcast --slow
///
/// @dev An address depends on code and configuration only (`PlanLibrary`), so a run that was interrupted is simply run again.
contract Deploy is Checks {
    /// @notice Deploys what is missing.
    function run() external {
        (DeployConfig memory c, Plan memory p) = _prepare();
        console.log(string.concat("Proof of Efficiency on ", c.name, ", chain ", vm.toString(c.chainId)));
        _requireDeployable(c);
        uint256 fromBlock = _fromBlock(p);
        uint256 deployed = _deployMissing(p, c.salt);
        _checkDeployment(c, p);
        _writeFile(DeploymentFile.compose(c, p, fromBlock));
        _printVerification(p);
        if (deployed == 0) console.log("Everything is in place: nothing to deploy.");
        else if (!_broadcasting()) console.log("DRY RUN: nothing was sent. Add --broadcast to deploy.");
    }

    /// @dev What would otherwise fail half way.
    function _requireDeployable(DeployConfig memory c) private {
        if (!ChainProbe.hasCode(PlanLibrary.CREATE2_DEPLOYER)) {
            revert Refusals.Create2DeployerMissing(
                PlanLibrary.CREATE2_DEPLOYER,
                "send its pre-signed transaction first: github.com/Arachnid/deterministic-deployment-proxy"
            );
        }
        ChainProbe.requireComplete();
        if (!c.testToken) _requireTokenBehaves(c.feeToken, c.feeTokenDecimals);
    }

    function _deployMissing(Plan memory p, bytes32 salt) private returns (uint256 deployed) {
        for (uint256 i = 0; i < p.parts.length; ++i) {
            Part memory part = p.parts[i];
            if (part.at.code.length != 0) {
                _say("in place ", part);
                continue;
            }
            _say("deploying", part);
            _requireConstructible(part);
            _deploy(part, salt);
            ++deployed;
        }
    }

    /// @dev The CREATE2 deployer swallows the error of a constructor, so the constructor is first run here, in the simulation, where it can be read.
    function _requireConstructible(Part memory part) private {
        bytes memory initCode = part.initCode;
        address made;
        uint256 snapshot = vm.snapshotState();
        assembly ("memory-safe") {
            made := create(0, add(initCode, 32), mload(initCode))
            if and(iszero(made), gt(returndatasize(), 0)) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
        }
        if (made == address(0)) revert Refusals.ConstructorFails(part.name);
        vm.revertToState(snapshot);
    }

    function _deploy(Part memory part, bytes32 salt) private {
        vm.broadcast();
        (bool accepted,) = PlanLibrary.CREATE2_DEPLOYER.call(abi.encodePacked(salt, part.initCode));
        if (!accepted || part.at.code.length == 0) revert Refusals.DeploymentFailed(part.name, part.at);
    }

    /* ADDRESSES FILE */

    function _broadcasting() internal view virtual returns (bool) {
        return vm.isContext(VmSafe.ForgeContext.ScriptBroadcast) || vm.isContext(VmSafe.ForgeContext.ScriptResume);
    }

    /// @dev A block not after the deployment of the core: the present one if it is not deployed yet; what the file says if it is; 0 if nobody knows.
    function _fromBlock(Plan memory p) private view returns (uint256) {
        if (p.core.code.length == 0) return block.number;
        string memory path = _deploymentPath();
        if (!DeploymentFile.exists(path)) return 0;
        string memory json = DeploymentFile.read(path);
        return DeploymentFile.addressOf(json, "proofOfEfficiency") == p.core ? vm.parseJsonUint(json, ".fromBlock") : 0;
    }

    function _writeFile(string memory json) private {
        string memory path = _deploymentPath();
        if (!_broadcasting()) {
            console.log(string.concat("Would write ", path, ":"));
            console.log(json);
            return;
        }
        vm.writeJson(json, path);
        console.log(string.concat("Addresses are in ", path));
    }

    /* WHAT TO DO NEXT */

    function _printVerification(Plan memory p) private pure {
        console.log("To publish the sources (ETHERSCAN_API_KEY set):");
        for (uint256 i = 0; i < p.parts.length; ++i) {
            _printCommand(p.parts[i].at, p.parts[i].artifact, p.parts[i].at == p.core, p.parts[i].arguments);
        }
        _printCommand(p.exitVault, "contracts/exits/ExitVault.sol:ExitVault", true, "");
    }

    /// @dev Core and vault have a compiler profile of their own (foundry.toml); naming the compiler keeps forge from choosing.
    function _printCommand(address at, string memory artifact, bool ofCore, bytes memory arguments) private pure {
        string memory command = string.concat(
            "  forge verify-contract --watch --chain $CHAIN --compiler-version v0.8.30+commit.73712a01 --compilation-profile ",
            ofCore ? "core " : "default ",
            vm.toString(at),
            " ",
            artifact
        );
        if (arguments.length != 0) command = string.concat(command, " --constructor-args ", vm.toString(arguments));
        console.log(command);
    }

    function _say(string memory verb, Part memory part) private pure {
        console.log(string.concat("  ", verb, " ", vm.toString(part.at), " ", part.name));
    }
}
