// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Vm} from "forge-std/Vm.sol";
import {console} from "forge-std/console.sol";

import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {IVerifierRouter} from "../../contracts/interfaces/IVerifierRouter.sol";
import {Accumulators} from "../../contracts/libraries/Accumulators.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {PoEPreimages} from "../../contracts/periphery/PoEPreimages.sol";
import {VerifierRouter} from "../../contracts/router/VerifierRouter.sol";
import {Checkpoint} from "../../contracts/types/Commitments.sol";
import {FeeParameters, FeeParametersLibrary} from "../../contracts/types/FeeParameters.sol";
import {Status} from "../../contracts/types/Slots.sol";
import {Base} from "../Base.s.sol";
import {ChainProbe} from "./ChainProbe.sol";
import {Chains} from "./Chains.sol";
import {DeployConfig} from "./ConfigFile.sol";
import {DeploymentFile} from "./DeploymentFile.sol";
import {IExitVaultViews} from "./IExitVaultViews.sol";
import {Plan, PlanLibrary} from "./Plan.sol";
import {Refusals} from "./Refusals.sol";
import {TokenProbe} from "./TokenProbe.sol";

/// @title Checks
/// @notice What must be true of a deployment. Every check reverts with what it found and what it expected, or prints one line.
abstract contract Checks is Base {
    using Commitments for Checkpoint;

    /// @dev Everything. What the owner may have changed since (fee parameters, a longer timelock delay, newer routes) is reported and not refused.
    function _checkDeployment(DeployConfig memory c, Plan memory p) internal {
        console.log("Self-check:");
        ChainProbe.requireComplete();
        _passed("the chain has SHA-256, MODEXP, BN254 and the instructions of Cancun");
        _checkCode(p);
        _checkCore(c, p);
        _checkGenesis(p);
        _checkRouter(c, p);
        _checkOwner(c, p);
        _checkToken(c, p);
    }

    /* WHAT IS THERE */

    function _checkCode(Plan memory p) private view {
        (string[] memory names, address[] memory accounts) = DeploymentFile.contracts(p);
        for (uint256 i = 0; i < names.length; ++i) {
            if (accounts[i].code.length == 0) {
                revert Refusals.NoCode(names[i], accounts[i], "the deployment is not complete: run Deploy again");
            }
        }
        _passed("every contract is at the address its code and its arguments determine");
    }

    function _checkCore(DeployConfig memory c, Plan memory p) private view {
        IProofOfEfficiency core = IProofOfEfficiency(p.core);
        _same("proofOfEfficiency.router()", address(core.router()), p.router);
        _same("proofOfEfficiency.stateMachine()", address(core.stateMachine()), p.stateMachine);
        _same("proofOfEfficiency.feeToken()", address(core.feeToken()), p.feeToken);
        _same("proofOfEfficiency.exitVault()", address(core.exitVault()), p.exitVault);
        _same("exitVault.core()", address(IExitVaultViews(p.exitVault).core()), p.core);
        _same("proofOfEfficiency.maxPendingBatches()", core.maxPendingBatches(), c.maxPendingBatches);
        _same("proofOfEfficiency.exitDelay()", core.exitDelay(), c.exitDelay);
        _same("proofOfEfficiency.escapeDelay()", core.escapeDelay(), c.escapeDelay);
        _same("proofOfEfficiency.feeCeiling()", core.feeCeiling(), c.feeCeiling);
        _same("router.delay()", IVerifierRouter(p.router).delay(), c.routeDelay);

        uint256 backlog = uint256(c.maxPendingBatches) * c.batchProvingSeconds;
        _atLeast("exit delay against twice the proving of a full backlog", c.exitDelay, 2 * backlog);
        uint256 leaving = c.exitDelay + FeeParametersLibrary.MAX_TARGET_SECONDS + backlog;
        _atLeast("route delay against a forced exit, its proof and its delay", c.routeDelay, leaving + 1);
        uint256 installing = c.timelockDelay + c.routeDelay + c.exitDelay;
        _atLeast("escape delay against proposing and installing a route", c.escapeDelay, installing + 1);
        _passed("the parameters are those configured and fit each other");

        Status status = core.head().status;
        if (status == Status.Halted) _noted("THE CHAIN IS HALTED: rewind it and resume, or it closes");
        if (status == Status.Closed) _noted("THE CHAIN IS CLOSED FOR GOOD: to deploy anew, configure another salt");

        bytes32 configured = bytes32(FeeParameters.unwrap(FeeParametersLibrary.pack(c.fee)));
        if (bytes32(FeeParameters.unwrap(core.feeParameters())) == configured) {
            _passed("the fee parameters are those configured");
        } else {
            _noted("the owner has changed the fee parameters since the deployment");
        }
    }

    function _checkGenesis(Plan memory p) private view {
        IProofOfEfficiency core = IProofOfEfficiency(p.core);
        _same("proofOfEfficiency.domain()", core.domain(), Accumulators.domain(block.chainid, p.core));
        Checkpoint memory genesis =
            PoEPreimages.genesisCheckpoint(block.chainid, p.core, core.stateMachine().genesisRoot());
        bytes32 word = core.commitmentOf(0);
        _same("proofOfEfficiency.commitmentOf(0)", word, genesis.word(Commitments.timeOf(word)));
        core.stateMachine().requireCanonicalRoot(genesis.stateRoot);
        _passed("the genesis checkpoint holds the state machine's genesis root");
    }

    function _checkRouter(DeployConfig memory c, Plan memory p) private view {
        VerifierRouter router = VerifierRouter(p.router);
        IVerifierRouter.Route memory route = router.routeOf(1);
        IVerifier verifier = route.verifier;
        _same("router.routeOf(1).verifier", address(verifier), p.verifier);
        _same("router.routeOf(1).slotCapacity", route.slotCapacity, verifier.slotCapacity());
        _same("router.routeOf(1).messageCapacity", route.messageCapacity, verifier.messageCapacity());
        _same("router.routeOf(1).exitCapacity", route.exitCapacity, verifier.exitCapacity());
        _same("router.allowsInsecureSetup()", router.allowsInsecureSetup() ? 1 : 0, p.insecureSetup ? 1 : 0);
        if (Chains.isPublicMainnet(c.chainId)) _same("verifier.insecureSetup()", p.insecureSetup ? 1 : 0, 0);
        _passed("route 1 has the capacities its verifier states");
        if (p.insecureSetup) _noted("ANYBODY CAN PROVE FALSE STATEMENTS HERE: the verifier's setup is not secret");
        if (router.latestVersion() != 1) {
            _noted(string.concat("routes have been added since; the newest is ", vm.toString(router.latestVersion())));
        }
    }

    /* WHO HAS POWER */

    function _checkOwner(DeployConfig memory c, Plan memory p) private {
        _same("proofOfEfficiency.owner()", Ownable2Step(p.core).owner(), p.timelock);
        _same("proofOfEfficiency.pendingOwner()", Ownable2Step(p.core).pendingOwner(), address(0));
        _same("router.owner()", Ownable2Step(p.router).owner(), p.timelock);
        _same("router.pendingOwner()", Ownable2Step(p.router).pendingOwner(), address(0));

        TimelockController timelock = TimelockController(payable(p.timelock));
        _atLeast("timelock.getMinDelay()", timelock.getMinDelay(), c.timelockDelay);
        if (timelock.getMinDelay() != c.timelockDelay) _noted("the timelock's delay has been raised");
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        _role(timelock, admin, p.timelock, true);
        _role(timelock, admin, msg.sender, false);
        _role(timelock, admin, PlanLibrary.CREATE2_DEPLOYER, false);
        for (uint256 i = 0; i < c.proposers.length; ++i) {
            _role(timelock, timelock.PROPOSER_ROLE(), c.proposers[i], true);
            _role(timelock, timelock.CANCELLER_ROLE(), c.proposers[i], true);
            _role(timelock, admin, c.proposers[i], false);
        }
        for (uint256 i = 0; i < c.executors.length; ++i) {
            _role(timelock, timelock.EXECUTOR_ROLE(), c.executors[i], true);
            _role(timelock, admin, c.executors[i], false);
        }
        if (Chains.isPublicMainnet(c.chainId)) _requireNoSingleKey(c);
        _passed("core and router belong to the timelock, which nobody but itself administers");
        _checkGrants(c, p);
    }

    /// @dev Roles are not enumerable: the log knows to whom any was ever given. Whoever has one now must be named by the configuration.
    function _checkGrants(DeployConfig memory c, Plan memory p) private {
        if (!ChainProbe.connected()) return;
        bytes32[] memory topics = new bytes32[](1);
        topics[0] = IAccessControl.RoleGranted.selector;
        try vm.eth_getLogs(0, block.number, p.timelock, topics) returns (Vm.EthGetLogs[] memory logs) {
            for (uint256 i = 0; i < logs.length; ++i) {
                bytes32 role = logs[i].topics[1];
                address account = address(uint160(uint256(logs[i].topics[2])));
                if (IAccessControl(p.timelock).hasRole(role, account)) _requireConfigured(c, p, role, account);
            }
            _passed(
                string.concat(
                    "nobody else was ever given a role that still holds; grants logged: ", vm.toString(logs.length)
                )
            );
        } catch {
            _noted("the node does not give logs back to block 0: roles granted later were not looked for");
        }
    }

    /// @dev Each role is held by those the configuration names for it, and the timelock administers itself.
    function _requireConfigured(DeployConfig memory c, Plan memory p, bytes32 role, address account) internal view {
        TimelockController timelock = TimelockController(payable(p.timelock));
        bool configured = role == timelock.DEFAULT_ADMIN_ROLE() && account == p.timelock;
        if (role == timelock.PROPOSER_ROLE() || role == timelock.CANCELLER_ROLE()) {
            configured = _isAmong(c.proposers, account);
        } else if (role == timelock.EXECUTOR_ROLE()) {
            configured = _isAmong(c.executors, account);
        }
        if (configured) return;
        revert Refusals.CheckFailed(
            "roles of the timelock, from its log",
            string.concat(vm.toString(account), " has role ", vm.toString(role)),
            "only accounts the configuration names for it"
        );
    }

    function _isAmong(address[] memory accounts, address account) private pure returns (bool) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (accounts[i] == account) return true;
        }
        return false;
    }

    /* THE TOKEN */

    function _checkToken(DeployConfig memory c, Plan memory p) private {
        _requireTokenBehaves(p.feeToken, c.feeTokenDecimals);
        if (c.feeTokenDecimals != 18) {
            _noted(
                string.concat(
                    "the fee token has ",
                    vm.toString(c.feeTokenDecimals),
                    " decimals: prices move in steps of 1e9 base units (docs/spec/batch-fee.md, FEE-1)"
                )
            );
        }
        _checkTransfer(IERC20Metadata(p.feeToken));
    }

    /// @dev What can be asked of a token without moving any.
    function _requireTokenBehaves(address token, uint8 decimals) internal {
        if (token.code.length == 0) {
            revert Refusals.NoCode("fee token", token, "correct feeToken.address: there is no contract on this chain");
        }
        try IERC20Metadata(token).decimals() returns (uint8 found) {
            if (found != decimals) {
                revert Refusals.WrongDecimals(
                    token, found, decimals, "correct feeToken.address, or state the decimals in feeToken.decimals"
                );
            }
        } catch {
            revert Refusals.BadAnswer("fee token", token, "decimals()", "this is no ERC-20 token with metadata");
        }
        try IERC20Metadata(token).balanceOf(msg.sender) returns (uint256) {}
        catch {
            revert Refusals.BadAnswer("fee token", token, "balanceOf(address)", "this is no ERC-20 token");
        }
        new TokenProbe().requireNotRebasing(token);
    }

    /// @dev Moves the sender's own tokens to and fro, in the simulation only.
    function _checkTransfer(IERC20Metadata token) private {
        uint256 balance = token.balanceOf(msg.sender);
        if (balance == 0) {
            _noted("the fee token was not moved: the sender holds none to try it with (--sender)");
            return;
        }
        uint256 snapshot = vm.snapshotState();
        address other = address(uint160(uint256(keccak256("transfer check"))));
        uint256 before = token.balanceOf(other);
        vm.prank(msg.sender);
        (bool accepted,) = address(token).call(abi.encodeCall(token.transfer, (other, balance)));
        uint256 arrived = token.balanceOf(other) - before;
        vm.revertToState(snapshot);
        if (!accepted) {
            revert Refusals.CheckFailed("a transfer of the fee token", "refused", "accepted");
        }
        if (arrived == balance) {
            _passed("the fee token moves exactly what it is asked to, has the decimals configured, and does not rebase");
        } else {
            _noted("the fee token keeps a part of each transfer; deposits credit what arrives");
        }
    }

    /* ONE LINE EACH */

    function _role(TimelockController timelock, bytes32 role, address account, bool expected) private view {
        bool found = timelock.hasRole(role, account);
        if (found == expected) return;
        revert Refusals.CheckFailed(
            string.concat("timelock.hasRole(", vm.toString(role), ", ", vm.toString(account), ")"),
            vm.toString(found),
            vm.toString(expected)
        );
    }

    function _same(string memory what, address found, address expected) internal pure {
        if (found != expected) revert Refusals.CheckFailed(what, vm.toString(found), vm.toString(expected));
    }

    function _same(string memory what, bytes32 found, bytes32 expected) internal pure {
        if (found != expected) revert Refusals.CheckFailed(what, vm.toString(found), vm.toString(expected));
    }

    function _same(string memory what, uint256 found, uint256 expected) internal pure {
        if (found != expected) revert Refusals.CheckFailed(what, vm.toString(found), vm.toString(expected));
    }

    function _atLeast(string memory what, uint256 found, uint256 least) private pure {
        if (found < least) {
            revert Refusals.CheckFailed(what, vm.toString(found), string.concat("at least ", vm.toString(least)));
        }
    }

    function _passed(string memory what) internal pure {
        console.log(string.concat("  ok    ", what));
    }

    function _noted(string memory what) internal pure {
        console.log(string.concat("  note  ", what));
    }
}
