// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {IVerifierRouter} from "../../contracts/interfaces/IVerifierRouter.sol";
import {VerifierRouter} from "../../contracts/router/VerifierRouter.sol";
import {Cancel, Propose, Show} from "../../script/Manage.s.sol";
import {Refusals} from "../../script/lib/Refusals.sol";
import {SetupVerifier} from "../mocks/SetupVerifier.sol";

string constant FOLDER = "deployments/test-manage";
string constant FILE = "deployments/test-manage/1.json";

contract ProposeHarness is Propose {
    function _deploymentPath() internal pure override returns (string memory) {
        return FILE;
    }

    function _flag(string memory) internal pure override returns (bool) {
        return true;
    }
}

contract CancelHarness is Cancel {
    function _deploymentPath() internal pure override returns (string memory) {
        return FILE;
    }

    function _flag(string memory) internal pure override returns (bool) {
        return true;
    }
}

contract ShowHarness is Show {
    function _deploymentPath() internal pure override returns (string memory) {
        return FILE;
    }

    function _flag(string memory) internal pure override returns (bool) {
        return true;
    }
}

/// @notice Owner operations on a public mainnet, where the rules on verifiers are not lifted by any flag.
contract ManageTest is Test {
    TimelockController internal timelock;
    VerifierRouter internal router;

    function setUp() external {
        vm.warp(1_800_000_000);
        address[] memory proposers = new address[](1);
        proposers[0] = address(this);
        timelock = new TimelockController(7 days, proposers, new address[](1), address(0));
        router = new VerifierRouter(address(timelock), 14 days, new SetupVerifier(true), true);
        vm.chainId(1);
        vm.createDir(FOLDER, true);
        string memory contracts = vm.serializeAddress("contracts", "timelock", address(timelock));
        contracts = vm.serializeAddress("contracts", "router", address(router));
        vm.serializeUint("file", "chainId", 1);
        vm.writeJson(vm.serializeString("file", "contracts", contracts), FILE);
    }

    /// @dev Whoever cancels does it because the verifier is not one to be added: it must not be asked to be one.
    function test_Cancel_WhenTheVerifierIsNoneThatMayBeAdded() external {
        address[3] memory bad = [address(new SetupVerifier(true)), address(this), makeAddr("no code")];
        for (uint256 i = 0; i < bad.length; ++i) {
            bytes32 id = _schedule(bad[i]);
            CancelHarness cancel = new CancelHarness();
            cancel.addRoute(bad[i]);
            assertFalse(timelock.isOperation(id), "taken back");
        }
    }

    function test_Show_WhenTheVerifierIsNoneThatMayBeAdded() external {
        address bad = address(new SetupVerifier(true));
        _schedule(bad);
        ShowHarness show = new ShowHarness();
        show.addRoute(bad);
    }

    function test_Propose_RevertWhen_TheVerifierIsNoneThatMayBeAdded() external {
        address bad = address(new SetupVerifier(true));
        ProposeHarness propose = new ProposeHarness();
        vm.expectPartialRevert(Refusals.InsecureSetupRefused.selector);
        propose.addRoute(bad);
    }

    /// @dev By a call of the timelock itself, as an attacker with a proposer's key would.
    function _schedule(address verifier) private returns (bytes32 id) {
        bytes memory call = abi.encodeCall(IVerifierRouter.addRoute, (IVerifier(verifier)));
        timelock.schedule(address(router), 0, call, 0, 0, 7 days);
        id = timelock.hashOperation(address(router), 0, call, 0, 0);
        assertTrue(timelock.isOperation(id), "scheduled");
    }
}
