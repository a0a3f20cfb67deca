// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {console} from "forge-std/console.sol";

import {IEmergency} from "../contracts/interfaces/IEmergency.sol";
import {IVerifier} from "../contracts/interfaces/IVerifier.sol";
import {IVerifierRouter} from "../contracts/interfaces/IVerifierRouter.sol";
import {FeeConfig} from "../contracts/types/FeeParameters.sol";
import {Base} from "./Base.s.sol";
import {Chains} from "./lib/Chains.sol";
import {DeploymentFile} from "./lib/DeploymentFile.sol";
import {Refusals} from "./lib/Refusals.sol";

// One file on purpose: the four steps of an owner operation are read, and named on the command line, together.
// forge-lint: disable-start(multi-contract-file)

/// @title OwnerOperations
/// @notice Everything the owner may do, each once: `Propose` schedules it in the timelock, `Execute` runs it when it is ripe, `Cancel` takes it back, `Show` says
/// where it stands. All four are called alike:
///
///   forge script script/Manage.s.sol:Propose --sig "addRoute(address)" <verifier> --rpc-url <url> --account <keystore> --sender <address> --broadcast
///   forge script script/Manage.s.sol:Execute --sig "addRoute(address)" <verifier> --rpc-url <url> --account <keystore> --sender <address> --broadcast
///
/// @dev An operation is known by its target, its call and POE_OPERATION_SALT (0 unless set); to do the same thing a second time, give it another salt.
abstract contract OwnerOperations is Base {
    /// @notice A call the timelock makes.
    struct Operation {
        string what;
        TimelockController timelock;
        address target;
        bytes call;
        bytes32 salt;
        bytes32 id;
    }

    /// @notice Adds a route to `verifier`, usable after the router's delay.
    function addRoute(address verifier) external {
        _requireAddable(verifier);
        _onRouter("add a route", abi.encodeCall(IVerifierRouter.addRoute, (IVerifier(verifier))));
    }

    /// @notice Withdraws route `version` before it becomes active.
    function cancelRoute(uint16 version) external {
        _onRouter("cancel a route", abi.encodeCall(IVerifierRouter.cancelRoute, (version)));
    }

    /// @notice Hands what is pinned to `version` over to `successor`, for good.
    function freezeRoute(uint16 version, uint16 successor) external {
        _onRouter("freeze a route", abi.encodeCall(IVerifierRouter.freezeRoute, (version, successor)));
    }

    /// @notice Pins new sequences to route `version`.
    function activateVersion(uint16 version) external {
        _onCore("activate a version", abi.encodeCall(IEmergency.activateVersion, (version)));
    }

    /// @notice Lets a halted and rewound chain run again, new sequences pinned to `version`.
    function resume(uint16 version) external {
        _onCore("resume", abi.encodeCall(IEmergency.resume, (version)));
    }

    /// @notice Sets the batch-fee parameters to those of the configuration's `batchFee`. The ceiling stays that of the deployment.
    function setFeeParameters() external {
        FeeConfig memory fee = _loadConfig().fee;
        _onCore("set the fee parameters", abi.encodeCall(IEmergency.setFeeParameters, (fee)));
    }

    function _onRouter(string memory what, bytes memory call) private {
        _handle(_operation(what, "router", call));
    }

    function _onCore(string memory what, bytes memory call) private {
        _handle(_operation(what, "proofOfEfficiency", call));
    }

    function _operation(string memory what, string memory target, bytes memory call)
        private
        view
        returns (Operation memory o)
    {
        string memory json = DeploymentFile.read(_deploymentPath());
        uint256 chainId = vm.parseJsonUint(json, ".chainId");
        if (chainId != block.chainid) {
            revert Refusals.WrongChain(
                block.chainid, chainId, _deploymentPath(), "connect to the chain of the deployment (--rpc-url)"
            );
        }
        o.what = what;
        o.timelock = TimelockController(payable(DeploymentFile.addressOf(json, "timelock")));
        o.target = DeploymentFile.addressOf(json, target);
        if (address(o.timelock).code.length == 0 || o.target.code.length == 0) {
            revert Refusals.NoCode(
                target,
                o.target,
                "the addresses file is of another chain with this id, or the deployment is not complete"
            );
        }
        o.call = call;
        o.salt = _operationSalt();
        o.id = o.timelock.hashOperation(o.target, 0, call, 0, o.salt);
    }

    function _operationSalt() internal view virtual returns (bytes32) {
        return vm.envOr("POE_OPERATION_SALT", bytes32(0));
    }

    /// @dev What the script does with the operation.
    function _handle(Operation memory o) internal virtual;

    /// @dev Refuses to help with a verifier that this chain must not have. What only looks, or takes back, does not refuse: a bad verifier is the best reason to cancel.
    function _requireAddable(address verifier) internal view virtual {
        _requireVerifierAllowed(verifier, block.chainid, Chains.isPublicMainnet(block.chainid));
    }

    function _print(string memory verb, Operation memory o) internal pure {
        console.log(string.concat(verb, " operation ", vm.toString(o.id), ": ", o.what));
        console.log(string.concat("  target ", vm.toString(o.target)));
        console.log(string.concat("  call   ", vm.toString(o.call)));
        console.log(string.concat("  salt   ", vm.toString(o.salt)));
    }

    /// @dev A multisig that holds the role sends `call` to the timelock itself.
    function _requireRole(Operation memory o, bytes32 role, string memory name, bytes memory call) internal view {
        if (o.timelock.hasRole(role, msg.sender) || o.timelock.hasRole(role, address(0))) return;
        revert Refusals.SenderLacksRole(
            msg.sender,
            name,
            address(o.timelock),
            call,
            "send from an account with the role (--sender), or have the multisig send this calldata to the timelock"
        );
    }

    function _requireScheduled(Operation memory o) internal view {
        if (o.timelock.isOperationDone(o.id)) {
            revert Refusals.AlreadyExecuted(o.id, "to do it again, propose it with another POE_OPERATION_SALT");
        }
        if (!o.timelock.isOperation(o.id)) {
            revert Refusals.NotScheduled(o.id, "propose it first, with the same arguments and POE_OPERATION_SALT");
        }
    }
}

/// @title Propose
/// @notice Schedules an operation.
contract Propose is OwnerOperations {
    function _handle(Operation memory o) internal override {
        if (o.timelock.isOperationDone(o.id)) {
            revert Refusals.AlreadyExecuted(o.id, "to do it again, set another POE_OPERATION_SALT (32 bytes in hex)");
        }
        if (o.timelock.isOperation(o.id)) {
            revert Refusals.AlreadyScheduled(o.id, o.timelock.getTimestamp(o.id), "run Execute when it is ripe");
        }
        uint256 delay = o.timelock.getMinDelay();
        bytes memory call = abi.encodeCall(TimelockController.schedule, (o.target, 0, o.call, 0, o.salt, delay));
        _print("Proposing", o);
        _warnIfItWouldFail(o);
        _requireRole(o, o.timelock.PROPOSER_ROLE(), "proposer", call);
        vm.broadcast(msg.sender);
        o.timelock.schedule(o.target, 0, o.call, 0, o.salt, delay);
        console.log(string.concat("  ripe   ", vm.toString(o.timelock.getTimestamp(o.id)), " (block time)"));
    }

    /// @dev What fails today may be right when it is ripe: a successor that is not active yet, for one. So this is said and not refused.
    function _warnIfItWouldFail(Operation memory o) private {
        uint256 snapshot = vm.snapshotState();
        vm.prank(address(o.timelock));
        (bool accepted, bytes memory reason) = o.target.call(o.call);
        vm.revertToState(snapshot);
        if (accepted) return;
        console.log(
            "  NOTE   executed now, it would fail with the error below (cast decode-error); it must not when it is ripe"
        );
        console.log(string.concat("         ", vm.toString(reason)));
    }
}

/// @title Execute
/// @notice Executes an operation that is ripe.
contract Execute is OwnerOperations {
    function _handle(Operation memory o) internal override {
        _requireScheduled(o);
        uint256 readyAt = o.timelock.getTimestamp(o.id);
        if (!o.timelock.isOperationReady(o.id)) revert Refusals.NotReady(o.id, readyAt, block.timestamp);
        bytes memory call = abi.encodeCall(TimelockController.execute, (o.target, 0, o.call, 0, o.salt));
        _print("Executing", o);
        _requireRole(o, o.timelock.EXECUTOR_ROLE(), "executor", call);
        vm.broadcast(msg.sender);
        o.timelock.execute(o.target, 0, o.call, 0, o.salt);
    }
}

/// @title Cancel
/// @notice Takes a scheduled operation back.
contract Cancel is OwnerOperations {
    // solhint-disable-next-line no-empty-blocks
    function _requireAddable(address) internal view override {}

    function _handle(Operation memory o) internal override {
        _requireScheduled(o);
        bytes memory call = abi.encodeCall(TimelockController.cancel, (o.id));
        _print("Cancelling", o);
        _requireRole(o, o.timelock.CANCELLER_ROLE(), "canceller", call);
        vm.broadcast(msg.sender);
        o.timelock.cancel(o.id);
    }
}

/// @title Show
/// @notice Says where an operation stands. Sends nothing.
contract Show is OwnerOperations {
    // solhint-disable-next-line no-empty-blocks
    function _requireAddable(address) internal view override {}

    function _handle(Operation memory o) internal view override {
        _print("Showing", o);
        if (o.timelock.isOperationDone(o.id)) console.log("  state  executed");
        else if (!o.timelock.isOperation(o.id)) console.log("  state  not proposed, or cancelled");
        else if (o.timelock.isOperationReady(o.id)) console.log("  state  ripe: run Execute");
        else console.log(string.concat("  state  waiting until ", vm.toString(o.timelock.getTimestamp(o.id))));
    }
}
// forge-lint: disable-end(multi-contract-file)
