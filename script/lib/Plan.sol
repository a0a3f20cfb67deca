// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Vm.sol";

import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {IStateMachine} from "../../contracts/interfaces/IStateMachine.sol";
import {IVerifierRouter} from "../../contracts/interfaces/IVerifierRouter.sol";
import {DeployConfig} from "./ConfigFile.sol";

/// @notice One contract to deploy.
/// @param name Its name in the addresses file.
/// @param artifact Where its source is, for the verification command.
/// @param arguments ABI-encoded constructor arguments.
/// @param initCode Creation code with its arguments.
/// @param at Where the CREATE2 deployer puts it.
struct Part {
    string name;
    string artifact;
    bytes arguments;
    bytes initCode;
    address at;
}

/// @notice All contracts of a deployment, in an order in which each finds those it needs.
/// @param insecureSetup Whether the verifier rests on a development setup.
/// @param parts What this project deploys; the fee token and the verifier are among them only where they are test contracts.
struct Plan {
    address feeToken;
    address verifier;
    address timelock;
    address stateMachine;
    address router;
    address core;
    address exitVault;
    address lens;
    bool insecureSetup;
    Part[] parts;
}

/// @title PlanLibrary
/// @notice Computes every address of a deployment before anything is deployed. An address depends on the salt, on the code built here and on the
/// constructor's arguments, hence on the whole configuration, and on nothing else: not on who sends the transactions, nor on their order. So the address
/// of a contract that is already there proves its code and its arguments.
library PlanLibrary {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice The deterministic deployment proxy (github.com/Arachnid/deterministic-deployment-proxy): salt, then init code.
    address internal constant CREATE2_DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    /// @notice The deployment that `c` describes.
    /// @param insecureSetup What the verifier says of itself; read by the caller, since a configured verifier lives on the chain.
    function plan(DeployConfig memory c, bool insecureSetup) internal view returns (Plan memory p) {
        p.insecureSetup = insecureSetup;
        p.parts = new Part[](5 + (c.testToken ? 1 : 0) + (c.mockVerifier ? 1 : 0));
        uint256 n = 0;
        p.feeToken = c.feeToken;
        if (c.testToken) {
            p.parts[n] = _part(c.salt, "feeToken", "test/utils/TestToken.sol:TestToken", "");
            p.feeToken = p.parts[n++].at;
        }
        p.verifier = c.verifier;
        if (c.mockVerifier) {
            bytes memory capacities = abi.encode(c.mockSlots, c.mockMessages, c.mockExits);
            p.parts[n] = _part(c.salt, "verifier", "test/mocks/MockVerifier.sol:MockVerifier", capacities);
            p.verifier = p.parts[n++].at;
        }
        // No administrator beside the timelock itself: roles and its delay change only through it.
        p.parts[n] = _part(
            c.salt,
            "timelock",
            "node_modules/@openzeppelin/contracts/governance/TimelockController.sol:TimelockController",
            abi.encode(c.timelockDelay, c.proposers, c.executors, address(0))
        );
        p.timelock = p.parts[n++].at;
        p.parts[n] = _part(c.salt, "stateMachine", "contracts/l2/PaymentsStateMachine.sol:PaymentsStateMachine", "");
        p.stateMachine = p.parts[n++].at;
        p.parts[n] = _part(
            c.salt,
            "router",
            "contracts/router/VerifierRouter.sol:VerifierRouter",
            abi.encode(p.timelock, c.routeDelay, p.verifier, insecureSetup)
        );
        p.router = p.parts[n++].at;
        p.parts[n] = _part(
            c.salt,
            "proofOfEfficiency",
            "contracts/ProofOfEfficiency.sol:ProofOfEfficiency",
            abi.encode(_coreConfiguration(c, p))
        );
        p.core = p.parts[n++].at;
        // The first contract the core creates.
        p.exitVault = VM.computeCreateAddress(p.core, 1);
        p.parts[n] = _part(c.salt, "lens", "contracts/periphery/PoELens.sol:PoELens", "");
        p.lens = p.parts[n].at;
    }

    function _coreConfiguration(DeployConfig memory c, Plan memory p)
        private
        pure
        returns (IProofOfEfficiency.Configuration memory)
    {
        return IProofOfEfficiency.Configuration({
            owner: p.timelock,
            feeToken: IERC20(p.feeToken),
            router: IVerifierRouter(p.router),
            stateMachine: IStateMachine(p.stateMachine),
            maxPendingBatches: c.maxPendingBatches,
            batchProvingSeconds: c.batchProvingSeconds,
            exitDelay: c.exitDelay,
            escapeDelay: c.escapeDelay,
            messageFeeGwei: c.messageFeeGwei,
            messageFeeDepth: c.messageFeeDepth,
            feeCeiling: c.feeCeiling,
            fee: c.fee
        });
    }

    function _part(bytes32 salt, string memory name, string memory artifact, bytes memory arguments)
        private
        view
        returns (Part memory)
    {
        bytes memory initCode = abi.encodePacked(VM.getCode(_fileAndName(artifact)), arguments);
        address at = VM.computeCreate2Address(salt, keccak256(initCode), CREATE2_DEPLOYER);
        return Part({name: name, artifact: artifact, arguments: arguments, initCode: initCode, at: at});
    }

    /// @dev Artifacts are looked up by "File.sol:Name".
    function _fileAndName(string memory artifact) private pure returns (string memory) {
        string[] memory folders = VM.split(artifact, "/");
        return folders[folders.length - 1];
    }
}
