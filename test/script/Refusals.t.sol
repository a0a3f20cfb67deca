// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

import {IFeeLedger} from "../../contracts/interfaces/IFeeLedger.sol";
import {ChainProbe} from "../../script/lib/ChainProbe.sol";
import {Chains} from "../../script/lib/Chains.sol";
import {Checks} from "../../script/lib/Checks.sol";
import {DeployConfig} from "../../script/lib/ConfigFile.sol";
import {DeploymentFile} from "../../script/lib/DeploymentFile.sol";
import {Part, Plan, PlanLibrary} from "../../script/lib/Plan.sol";
import {Refusals} from "../../script/lib/Refusals.sol";
import {TrustedSetups} from "../../script/lib/TrustedSetups.sol";
import {MockVerifier} from "../mocks/MockVerifier.sol";
import {SetupVerifier} from "../mocks/SetupVerifier.sol";
import {TestToken} from "../utils/TestToken.sol";

/// @notice The scripts' checks from outside, with flags of the test's choosing instead of the environment's, which all tests share.
contract ScriptHarness is Checks {
    mapping(string name => bool) private _flags;
    string private _config;

    function setFlag(string memory name) external {
        _flags[name] = true;
    }

    function setConfig(string memory path) external {
        _config = path;
    }

    function _flag(string memory name) internal view override returns (bool) {
        return _flags[name];
    }

    function _configPath() internal view override returns (string memory) {
        return bytes(_config).length == 0 ? super._configPath() : _config;
    }

    function load() external view returns (DeployConfig memory) {
        return _loadConfig();
    }

    function requireAllowed(DeployConfig memory c) external view returns (bool insecureSetup) {
        return _requireAllowed(c);
    }

    function requireTokenBehaves(address token, uint8 decimals) external {
        _requireTokenBehaves(token, decimals);
    }

    function planOf(DeployConfig memory c, bool insecureSetup) external view returns (Plan memory) {
        return PlanLibrary.plan(c, insecureSetup);
    }

    function probe() external {
        ChainProbe.requireComplete();
    }

    function check(DeployConfig memory c, Plan memory p) external {
        _checkDeployment(c, p);
    }

    function requireConfigured(DeployConfig memory c, Plan memory p, bytes32 role, address account) external view {
        _requireConfigured(c, p, role, account);
    }
}

/// @notice What the scripts refuse, on which chain, and what no flag lifts.
contract RefusalsTest is Test {
    ScriptHarness internal script = new ScriptHarness();

    uint256 private constant SEPOLIA = 11155111;

    function setUp() external {
        // Anvil has it; the test's own EVM gets its 69 bytes.
        vm.etch(PlanLibrary.CREATE2_DEPLOYER, _create2Deployer());
    }

    /* CHAINS */

    function test_Mainnets_AreKnown() external pure {
        uint256[14] memory ids =
            [uint256(1), 10, 56, 100, 137, 250, 324, 1101, 8453, 42161, 43114, 59144, 81457, 534352];
        for (uint256 i = 0; i < ids.length; ++i) {
            assertTrue(Chains.isPublicMainnet(ids[i]), vm.toString(ids[i]));
        }
        uint256[6] memory tests = [uint256(31337), SEPOLIA, 560048, 80002, 84532, 421614];
        for (uint256 i = 0; i < tests.length; ++i) {
            assertFalse(Chains.isPublicMainnet(tests[i]), vm.toString(tests[i]));
        }
    }

    function test_Config_RevertWhen_ThereIsNoneForTheChain() external {
        vm.chainId(4242);
        vm.expectPartialRevert(Refusals.ConfigMissing.selector);
        script.load();
    }

    function test_Config_RevertWhen_ItIsForAnotherChain() external {
        script.setConfig("script/config/31337.json");
        vm.chainId(SEPOLIA);
        vm.expectRevert(
            abi.encodeWithSelector(
                Refusals.WrongChain.selector,
                SEPOLIA,
                31337,
                "script/config/31337.json",
                "connect to the configured chain (--rpc-url), or name another POE_CONFIG"
            )
        );
        script.load();
    }

    /* VERIFIER */

    function test_Mock_NeedsItsFlag() external {
        DeployConfig memory c = _mockConfig(SEPOLIA);
        vm.expectPartialRevert(Refusals.MockVerifierRefused.selector);
        script.requireAllowed(c);
        script.setFlag("POE_ALLOW_INSECURE_SETUP");
        vm.expectPartialRevert(Refusals.MockVerifierRefused.selector);
        script.requireAllowed(c);
        script.setFlag("POE_ALLOW_MOCK_VERIFIER");
        assertTrue(script.requireAllowed(c), "a mock counts as insecure");
    }

    function test_Mock_NeedsItsFlagOnAPrivateChainToo() external {
        DeployConfig memory c = _mockConfig(31337);
        vm.expectPartialRevert(Refusals.MockVerifierRefused.selector);
        script.requireAllowed(c);
    }

    function testFuzz_Mock_RevertWhen_OnAMainnet_WhateverTheFlags(uint256 seed) external {
        _setAllFlags();
        DeployConfig memory c = _mockConfig(_mainnet(seed));
        vm.expectPartialRevert(Refusals.MockVerifierRefused.selector);
        script.requireAllowed(c);
    }

    function testFuzz_Mock_ByItsAddress_RevertWhen_OnAMainnet(uint256 seed) external {
        _setAllFlags();
        DeployConfig memory c = _config(_mainnet(seed), address(new MockVerifier(94, 4, 8)));
        vm.expectPartialRevert(Refusals.MockVerifierRefused.selector);
        script.requireAllowed(c);
    }

    function test_Mock_ByItsAddress_NeedsItsFlag() external {
        DeployConfig memory c = _config(SEPOLIA, address(new MockVerifier(94, 4, 8)));
        script.setFlag("POE_ALLOW_INSECURE_SETUP");
        vm.expectPartialRevert(Refusals.MockVerifierRefused.selector);
        script.requireAllowed(c);
    }

    function test_InsecureSetup_NeedsItsFlag() external {
        DeployConfig memory c = _config(SEPOLIA, address(new SetupVerifier(true)));
        script.setFlag("POE_ALLOW_MOCK_VERIFIER");
        vm.expectPartialRevert(Refusals.InsecureSetupRefused.selector);
        script.requireAllowed(c);
        script.setFlag("POE_ALLOW_INSECURE_SETUP");
        assertTrue(script.requireAllowed(c));
    }

    function testFuzz_InsecureSetup_RevertWhen_OnAMainnet_WhateverTheFlags(uint256 seed) external {
        _setAllFlags();
        DeployConfig memory c = _config(_mainnet(seed), address(new SetupVerifier(true)));
        vm.expectPartialRevert(Refusals.InsecureSetupRefused.selector);
        script.requireAllowed(c);
    }

    function testFuzz_SecureSetup_IsAcceptedOnAMainnet(uint256 seed) external {
        assertFalse(script.requireAllowed(_config(_mainnet(seed), address(new SetupVerifier(false)))));
    }

    /// @custom:req V13
    function testFuzz_UnknownSetup_RevertWhen_OnAMainnet(uint256 seed, uint256[4] memory tau) external {
        vm.assume(!TrustedSetups.isKnown(tau));
        _setAllFlags();
        SetupVerifier verifier = new SetupVerifier(false);
        vm.mockCall(address(verifier), abi.encodeCall(SetupVerifier.srsTauG2, ()), abi.encode(tau));
        vm.expectPartialRevert(Refusals.UnknownSetupRefused.selector);
        script.requireAllowed(_config(_mainnet(seed), address(verifier)));
    }

    /// @custom:req V13
    function test_UnknownSetup_NeedsItsFlagOnATestNetwork() external {
        SetupVerifier verifier = new SetupVerifier(false);
        uint256[4] memory tau = TrustedSetups.hermez();
        tau[3] += 1;
        vm.mockCall(address(verifier), abi.encodeCall(SetupVerifier.srsTauG2, ()), abi.encode(tau));
        DeployConfig memory c = _config(SEPOLIA, address(verifier));
        vm.expectPartialRevert(Refusals.UnknownSetupRefused.selector);
        script.requireAllowed(c);
        script.setFlag("POE_ALLOW_UNKNOWN_SETUP");
        assertFalse(script.requireAllowed(c));
    }

    function test_Verifier_RevertWhen_ItDoesNotSayWhoseSetupItHas() external {
        SetupVerifier verifier = new SetupVerifier(false);
        vm.mockCallRevert(address(verifier), abi.encodeCall(SetupVerifier.srsTauG2, ()), "");
        vm.expectPartialRevert(Refusals.BadAnswer.selector);
        script.requireAllowed(_config(SEPOLIA, address(verifier)));
    }

    /// @dev The same list as verifier-gen's.
    /// @custom:req V13
    function test_TrustedSetups_AreThoseOfTheGenerator() external view {
        string memory json = vm.readFile("test/fixtures/verifiers/setups.json");
        _requireKnown(vm.parseJsonUintArray(json, ".ceremonies[0]"), TrustedSetups.hermez());
        _requireKnown(vm.parseJsonUintArray(json, ".ceremonies[1]"), TrustedSetups.challenge85());
        assertFalse(vm.keyExistsJson(json, ".ceremonies[2]"), "a ceremony that scripts do not know");
        uint256[] memory denied = vm.parseJsonUintArray(json, ".denied[0]");
        assertFalse(TrustedSetups.isKnown([denied[0], denied[1], denied[2], denied[3]]));
    }

    function _requireKnown(uint256[] memory listed, uint256[4] memory own) private pure {
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(own[i], listed[i]);
        }
        assertTrue(TrustedSetups.isKnown(own));
    }

    function test_Verifier_RevertWhen_ItIsNone() external {
        DeployConfig memory c = _config(SEPOLIA, makeAddr("nobody"));
        vm.expectPartialRevert(Refusals.NoCode.selector);
        script.requireAllowed(c);
        c.verifier = address(new TestToken());
        vm.expectPartialRevert(Refusals.BadAnswer.selector);
        script.requireAllowed(c);
    }

    /* TOKEN */

    function testFuzz_TestToken_RevertWhen_OnAMainnet_WhateverTheFlags(uint256 seed) external {
        _setAllFlags();
        DeployConfig memory c = _config(_mainnet(seed), address(new SetupVerifier(false)));
        c.testToken = true;
        vm.expectPartialRevert(Refusals.TestTokenRefused.selector);
        script.requireAllowed(c);
    }

    function test_TestToken_NeedsItsFlagOnATestNetwork() external {
        DeployConfig memory c = _config(SEPOLIA, address(new SetupVerifier(false)));
        c.testToken = true;
        vm.expectPartialRevert(Refusals.TestTokenRefused.selector);
        script.requireAllowed(c);
        script.setFlag("POE_DEPLOY_TEST_TOKEN");
        script.requireAllowed(c);
    }

    function test_Token_RevertWhen_ItDoesNotBehave() external {
        vm.expectPartialRevert(Refusals.NoCode.selector);
        script.requireTokenBehaves(makeAddr("nobody"), 18);
        address token = address(new TestToken());
        script.requireTokenBehaves(token, 18);
        vm.expectPartialRevert(Refusals.WrongDecimals.selector);
        script.requireTokenBehaves(token, 6);
        address verifier = address(new SetupVerifier(false));
        vm.expectPartialRevert(Refusals.BadAnswer.selector);
        script.requireTokenBehaves(verifier, 18);
        vm.mockCall(token, abi.encodeWithSignature("scaledTotalSupply()"), abi.encode(1));
        vm.expectPartialRevert(IFeeLedger.RebasingToken.selector);
        script.requireTokenBehaves(token, 18);
    }

    /* ROLES */

    function testFuzz_SingleKey_RevertWhen_OnAMainnet(uint256 seed, bool delegated) external {
        DeployConfig memory c = _config(_mainnet(seed), address(new SetupVerifier(false)));
        address key = makeAddr("key");
        if (delegated) vm.etch(key, abi.encodePacked(hex"ef0100", address(this)));
        c.proposers[0] = key;
        vm.expectPartialRevert(Refusals.RoleOfSingleKey.selector);
        script.requireAllowed(c);
        c.proposers[0] = address(this);
        c.executors[0] = key;
        vm.expectPartialRevert(Refusals.RoleOfSingleKey.selector);
        script.requireAllowed(c);
    }

    function test_SingleKey_IsAcceptedOnATestNetwork() external {
        DeployConfig memory c = _config(SEPOLIA, address(new SetupVerifier(false)));
        c.proposers[0] = makeAddr("key");
        script.requireAllowed(c);
    }

    /* CHAIN */

    function test_Probe_PassesHere() external {
        script.probe();
    }

    function test_Probe_RevertWhen_APrecompileIsWrong() external {
        uint160[5] memory precompiles = [uint160(2), 5, 6, 7, 8];
        for (uint256 i = 0; i < precompiles.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.mockCall(address(precompiles[i]), bytes(""), abi.encode(uint256(1) << 200));
            vm.expectPartialRevert(Refusals.ChainLacks.selector);
            script.probe();
            vm.clearMockedCalls();
            vm.revertToState(snapshot);
        }
        // A pairing that accepts everything is worse than none.
        vm.mockCall(address(8), bytes(""), abi.encode(1));
        vm.expectPartialRevert(Refusals.ChainLacks.selector);
        script.probe();
    }

    /* ADDRESSES AND THE DEPLOYMENT AS A WHOLE */

    function test_Addresses_DependOnSaltAndConfigurationOnly() external {
        DeployConfig memory c = _anvil();
        Plan memory p = script.planOf(c, true);
        vm.prank(makeAddr("somebody else"));
        assertEq(script.planOf(c, true).core, p.core, "not on the sender");
        vm.warp(block.timestamp + 1 days);
        assertEq(script.planOf(c, true).core, p.core, "not on time");
        c.salt = keccak256("another");
        assertNotEq(script.planOf(c, true).core, p.core, "on the salt");
        c = _anvil();
        c.exitDelay += 1;
        assertNotEq(script.planOf(c, true).core, p.core, "on the core's arguments");
        assertEq(script.planOf(c, true).router, p.router, "which are not the router's");
        c = _anvil();
        c.timelockDelay += 1;
        assertNotEq(script.planOf(c, true).core, p.core, "on the timelock, its owner");
    }

    function test_Deployment_PassesItsChecks() external {
        (DeployConfig memory c, Plan memory p) = _deployed();
        script.check(c, p);
    }

    function test_Check_RevertWhen_APartIsMissing() external {
        (DeployConfig memory c, Plan memory p) = _deployed();
        (string[] memory names, address[] memory accounts) = DeploymentFile.contracts(p);
        for (uint256 i = 0; i < accounts.length; ++i) {
            bytes memory code = accounts[i].code;
            vm.etch(accounts[i], "");
            vm.expectRevert(
                abi.encodeWithSelector(
                    Refusals.NoCode.selector, names[i], accounts[i], "the deployment is not complete: run Deploy again"
                )
            );
            script.check(c, p);
            vm.etch(accounts[i], code);
        }
    }

    /// @dev One wrong answer at a time.
    function test_Check_RevertWhen_AnAnswerIsWrong() external {
        (DeployConfig memory c, Plan memory p) = _deployed();
        address wrong = makeAddr("wrong");
        string[7] memory ofCore =
            ["router()", "stateMachine()", "feeToken()", "exitVault()", "owner()", "pendingOwner()", "domain()"];
        for (uint256 i = 0; i < ofCore.length; ++i) {
            _refusesAnswer(c, p, p.core, ofCore[i], abi.encode(wrong));
        }
        string[4] memory numbers = ["maxPendingBatches()", "exitDelay()", "escapeDelay()", "feeCeiling()"];
        for (uint256 i = 0; i < numbers.length; ++i) {
            _refusesAnswer(c, p, p.core, numbers[i], abi.encode(1));
        }
        _refusesAnswer(c, p, p.core, "commitmentOf(uint40)", abi.encode(1));
        _refusesAnswer(c, p, p.exitVault, "core()", abi.encode(wrong));
        _refusesAnswer(c, p, p.router, "delay()", abi.encode(1));
        _refusesAnswer(c, p, p.router, "owner()", abi.encode(wrong));
        _refusesAnswer(c, p, p.router, "pendingOwner()", abi.encode(wrong));
        _refusesAnswer(c, p, p.router, "allowsInsecureSetup()", abi.encode(false));
        _refusesAnswer(c, p, p.verifier, "slotCapacity()", abi.encode(91));
        _refusesAnswer(c, p, p.verifier, "messageCapacity()", abi.encode(5));
        _refusesAnswer(c, p, p.verifier, "exitCapacity()", abi.encode(9));
        _refusesAnswer(c, p, p.timelock, "getMinDelay()", abi.encode(59));
        _refusesAnswer(c, p, p.timelock, "hasRole(bytes32,address)", abi.encode(false));
        _refusesAnswer(c, p, p.timelock, "hasRole(bytes32,address)", abi.encode(true));
        script.check(c, p);
    }

    function test_Check_RevertWhen_TheSenderIsAnAdministrator() external {
        (DeployConfig memory c, Plan memory p) = _deployed();
        bytes memory grant = abi.encodeWithSignature("grantRole(bytes32,address)", bytes32(0), address(this));
        vm.prank(p.timelock);
        (bool granted,) = p.timelock.call(grant);
        assertTrue(granted);
        vm.expectPartialRevert(Refusals.CheckFailed.selector);
        script.check(c, p);
    }

    /// @dev A role is configured for an account, not an account for any role.
    function test_Roles_AreThoseConfiguredForTheAccount() external {
        (DeployConfig memory c, Plan memory p) = _deployed();
        bytes32[3] memory roles = [keccak256("PROPOSER_ROLE"), keccak256("CANCELLER_ROLE"), keccak256("EXECUTOR_ROLE")];
        c.executors[0] = makeAddr("executor");
        script.requireConfigured(c, p, bytes32(0), p.timelock);
        for (uint256 i = 0; i < roles.length; ++i) {
            bool executes = i == 2;
            address other = executes ? c.proposers[0] : c.executors[0];
            script.requireConfigured(c, p, roles[i], executes ? c.executors[0] : c.proposers[0]);
            vm.expectPartialRevert(Refusals.CheckFailed.selector);
            script.requireConfigured(c, p, roles[i], other);
            vm.expectPartialRevert(Refusals.CheckFailed.selector);
            script.requireConfigured(c, p, roles[i], p.timelock);
        }
        vm.expectPartialRevert(Refusals.CheckFailed.selector);
        script.requireConfigured(c, p, bytes32(0), c.proposers[0]);
    }

    function _refusesAnswer(DeployConfig memory c, Plan memory p, address who, string memory what, bytes memory answer)
        private
    {
        vm.mockCall(who, abi.encodeWithSignature(what), answer);
        vm.expectPartialRevert(Refusals.CheckFailed.selector);
        script.check(c, p);
        vm.clearMockedCalls();
    }

    /* HELPERS */

    function _anvil() private returns (DeployConfig memory) {
        vm.chainId(31337);
        script.setConfig("script/config/31337.json");
        return script.load();
    }

    function _deployed() private returns (DeployConfig memory c, Plan memory p) {
        vm.warp(1_800_000_000);
        c = _anvil();
        script.setFlag("POE_ALLOW_MOCK_VERIFIER");
        p = script.planOf(c, script.requireAllowed(c));
        for (uint256 i = 0; i < p.parts.length; ++i) {
            Part memory part = p.parts[i];
            (bool accepted,) = PlanLibrary.CREATE2_DEPLOYER.call(abi.encodePacked(c.salt, part.initCode));
            assertTrue(accepted, part.name);
        }
    }

    function _mockConfig(uint256 chainId) private view returns (DeployConfig memory c) {
        c = _config(chainId, address(0));
        c.mockVerifier = true;
    }

    /// @dev With this contract as the multisig.
    function _config(uint256 chainId, address verifier) private view returns (DeployConfig memory c) {
        c.chainId = chainId;
        c.verifier = verifier;
        c.proposers = new address[](1);
        c.proposers[0] = address(this);
        c.executors = new address[](1);
    }

    function _mainnet(uint256 seed) private pure returns (uint256) {
        uint256[8] memory ids = [uint256(1), 10, 56, 137, 8453, 42161, 43114, 534352];
        return ids[seed % ids.length];
    }

    function _setAllFlags() private {
        script.setFlag("POE_ALLOW_MOCK_VERIFIER");
        script.setFlag("POE_ALLOW_INSECURE_SETUP");
        script.setFlag("POE_ALLOW_UNKNOWN_SETUP");
        script.setFlag("POE_DEPLOY_TEST_TOKEN");
    }

    /// @dev Runtime code of the deterministic deployment proxy, as its repository publishes it.
    function _create2Deployer() private pure returns (bytes memory) {
        return hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
    }
}
