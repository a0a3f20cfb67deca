// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {IStateMachine} from "../../contracts/interfaces/IStateMachine.sol";
import {Accumulators} from "../../contracts/libraries/Accumulators.sol";
import {DeployConfig} from "./ConfigFile.sol";
import {Plan} from "./Plan.sol";
import {Refusals} from "./Refusals.sol";

/// @title DeploymentFile
/// @notice `deployments/<chainId>.json`: what the bindings and the node read to find a deployment.
library DeploymentFile {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Version of this file's layout.
    uint256 internal constant LAYOUT = 1;

    /// @notice The file for the deployment `p`.
    /// @param fromBlock A block not after the first event of the deployment.
    function compose(DeployConfig memory c, Plan memory p, uint256 fromBlock) internal returns (string memory) {
        string memory key = "deployment";
        VM.serializeUint(key, "layout", LAYOUT);
        VM.serializeUint(key, "chainId", c.chainId);
        VM.serializeString(key, "name", c.name);
        VM.serializeUint(key, "fromBlock", fromBlock);
        VM.serializeBytes32(key, "salt", c.salt);
        VM.serializeBytes32(key, "configHash", configHash(c));
        VM.serializeBytes32(key, "domain", Accumulators.domain(c.chainId, p.core));
        bytes32 genesisRoot = IStateMachine(p.stateMachine).genesisRoot();
        VM.serializeBytes32(key, "genesisRoot", genesisRoot);
        VM.serializeBytes32(key, "genesisAcc", Accumulators.genesis(c.chainId, p.core, genesisRoot));
        VM.serializeBool(key, "mockVerifier", c.mockVerifier);
        VM.serializeBool(key, "insecureSetup", p.insecureSetup);
        VM.serializeString(key, "versions", _versions());
        (string[] memory names, address[] memory accounts) = contracts(p);
        string memory addressesJson;
        string memory hashesJson;
        for (uint256 i = 0; i < names.length; ++i) {
            addressesJson = VM.serializeAddress("contracts", names[i], accounts[i]);
            hashesJson = VM.serializeBytes32("codeHashes", names[i], accounts[i].codehash);
        }
        VM.serializeString(key, "contracts", addressesJson);
        return VM.serializeString(key, "codeHashes", hashesJson);
    }

    /// @notice Names and addresses of all contracts of a deployment.
    function contracts(Plan memory p) internal pure returns (string[] memory names, address[] memory accounts) {
        names = VM.split("proofOfEfficiency exitVault router verifier stateMachine timelock feeToken lens", " ");
        accounts = new address[](8);
        accounts[0] = p.core;
        accounts[1] = p.exitVault;
        accounts[2] = p.router;
        accounts[3] = p.verifier;
        accounts[4] = p.stateMachine;
        accounts[5] = p.timelock;
        accounts[6] = p.feeToken;
        accounts[7] = p.lens;
    }

    /// @notice Hash of everything a configuration says; comments and layout of the file do not enter.
    function configHash(DeployConfig memory c) internal pure returns (bytes32) {
        return keccak256(abi.encode(c));
    }

    /// @notice Reads the file at `path`.
    function read(string memory path) internal view returns (string memory) {
        if (!exists(path)) {
            revert Refusals.DeploymentFileMissing(
                path, "deploy first, or name the file in POE_DEPLOYMENT (below deployments/)"
            );
        }
        // forge-lint: disable-next-line(unsafe-cheatcode) reads what foundry.toml permits
        return VM.readFile(path);
    }

    /// @notice Whether there is a file at `path`.
    function exists(string memory path) internal view returns (bool) {
        // Not `vm.exists`, which is no view.
        // forge-lint: disable-next-line(unsafe-cheatcode) reads what foundry.toml permits
        try VM.readFile(path) returns (string memory) {
            return true;
        } catch {
            return false;
        }
    }

    /// @notice Address of the contract `name` in the file `json`.
    function addressOf(string memory json, string memory name) internal pure returns (address) {
        return VM.parseJsonAddress(json, string.concat(".contracts.", name));
    }

    function _versions() private returns (string memory) {
        VM.serializeString("versions", "release", "0.1.0");
        VM.serializeString("versions", "solc", "0.8.30");
        return VM.serializeString("versions", "evm", "osaka");
    }
}
