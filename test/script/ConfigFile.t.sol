// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

import {FeeParametersLibrary} from "../../contracts/types/FeeParameters.sol";
import {ConfigFile, DeployConfig} from "../../script/lib/ConfigFile.sol";
import {Refusals} from "../../script/lib/Refusals.sol";

/// @notice The reader of configurations, from outside, so that its refusals can be caught.
contract ConfigReader {
    function load(string memory path) external view returns (DeployConfig memory) {
        return ConfigFile.load(path);
    }

    function parse(string memory json) external view returns (DeployConfig memory) {
        return ConfigFile.parse("test.json", json);
    }
}

/// @notice Committed configurations are right; wrong ones are refused by file and key.
contract ConfigFileTest is Test {
    ConfigReader internal reader = new ConfigReader();
    string internal good = vm.readFile("script/config/31337.json");

    /* THE COMMITTED ONES */

    function test_Anvil_SaysWhatItSays() external view {
        DeployConfig memory c = reader.load("script/config/31337.json");
        assertEq(c.chainId, 31337);
        assertEq(c.salt, keccak256("proof-of-efficiency/1"));
        assertTrue(c.mockVerifier);
        assertTrue(c.testToken);
        assertEq(c.mockSlots, 94);
        assertEq(c.mockMessages, 4);
        assertEq(c.mockExits, 8);
        assertEq(c.timelockDelay, 60);
        assertEq(c.proposers.length, 1);
        assertEq(c.proposers[0], 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266);
        assertEq(c.executors.length, 1);
        assertEq(c.executors[0], address(0), "anyone");
        assertEq(c.maxPendingBatches, 64);
        assertEq(c.batchProvingSeconds, 5);
        assertEq(c.exitDelay, 720);
        assertEq(c.routeDelay, 90_000);
        assertEq(c.escapeDelay, 100_000);
        assertEq(c.messageFeeGwei, 10_000);
        assertEq(c.messageFeeDepth, 16);
        assertEq(c.feeCeiling, 2_000 ether);
        assertEq(c.fee.minFeeGwei, 1e7);
        assertEq(c.fee.maxLogPrice, 11_512_925_464_970);
        assertEq(c.fee.lateLogPrice, 9_210_340_371_976);
        assertEq(c.fee.step, 1e9);
        assertEq(c.fee.decayPerSecond, 83_333_333);
        assertEq(c.fee.risePerSecond, 192_540_884);
        assertEq(c.fee.targetSeconds, 1800);
        assertEq(c.feeTokenDecimals, 18);
    }

    /// @dev They lack what only a deployer can decide and are refused for nothing else.
    function test_Public_AreRefusedForWhatTheDeployerMustDecide() external {
        vm.expectRevert(
            abi.encodeWithSelector(
                Refusals.AddressUnset.selector,
                "script/config/11155111.json",
                ".timelock.proposers",
                "name at least one address"
            )
        );
        reader.load("script/config/11155111.json");
        vm.expectPartialRevert(Refusals.AddressUnset.selector);
        reader.load("script/config/1.json");
    }

    function test_Public_AreCompleteOtherwise() external view {
        _requireConstructible(_completed("script/config/11155111.json"));
        _requireConstructible(_completed("script/config/1.json"));
        _requireConstructible(reader.load("script/config/31337.json"));
    }

    function _completed(string memory path) private view returns (DeployConfig memory) {
        string memory json = vm.readFile(path);
        string memory someone = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        json = vm.replace(json, "\"proposers\": []", string.concat("\"proposers\": [\"", someone, "\"]"));
        json = vm.replace(json, "\"address\": \"unset\"", string.concat("\"address\": \"", someone, "\""));
        return reader.parse(json);
    }

    /// @dev The rules of the constructors, applied to what is committed.
    function _requireConstructible(DeployConfig memory c) private pure {
        uint256 backlog = uint256(c.maxPendingBatches) * c.batchProvingSeconds;
        assertGe(c.exitDelay, 2 * backlog);
        assertGt(c.routeDelay, c.exitDelay + FeeParametersLibrary.MAX_TARGET_SECONDS + backlog);
        assertGt(c.escapeDelay, c.timelockDelay + c.routeDelay + c.exitDelay);
        FeeParametersLibrary.pack(c.fee);
    }

    /* KEYS */

    function test_Load_RevertWhen_AKeyIsMissing() external {
        string[6] memory keys =
            ["chainId", "salt", "minDelaySeconds", "exitDelaySeconds", "feeDoublesAtWaiting", "targetSeconds"];
        string[6] memory paths = [
            ".chainId",
            ".salt",
            ".timelock.minDelaySeconds",
            ".delays.exitDelaySeconds",
            ".messages.feeDoublesAtWaiting",
            ".batchFee.targetSeconds"
        ];
        for (uint256 i = 0; i < keys.length; ++i) {
            // Renamed to the one key that is allowed everywhere and read nowhere.
            string memory json = vm.replace(good, string.concat("\"", keys[i], "\":"), string.concat("\"about\":"));
            vm.expectRevert(
                abi.encodeWithSelector(
                    Refusals.KeyMissing.selector, "test.json", paths[i], "add it; docs/deploying.md explains every key"
                )
            );
            reader.parse(json);
        }
    }

    function test_Load_RevertWhen_AKeyMeansNothing() external {
        _refusesUnknown("\"chainId\":", "\"chain\": 1, \"chainId\":");
        _refusesUnknown("\"mockSlots\":", "\"slots\": 1, \"mockSlots\":");
        _refusesUnknown("\"decimals\":", "\"decimal\": 1, \"decimals\":");
        _refusesUnknown("\"executors\":", "\"admin\": 1, \"executors\":");
        _refusesUnknown("\"exitDelaySeconds\":", "\"exitDelay\": 1, \"exitDelaySeconds\":");
        _refusesUnknown("\"feeGwei\":", "\"fee\": 1, \"feeGwei\":");
        _refusesUnknown("\"ceilingGwei\":", "\"ceiling\": 1, \"ceilingGwei\":");
    }

    function _refusesUnknown(string memory from, string memory to) private {
        vm.expectPartialRevert(Refusals.UnknownKey.selector);
        reader.parse(vm.replace(good, from, to));
    }

    /* VALUES */

    function test_Load_RevertWhen_ANumberIsNone() external {
        _refusesBad("\"chainId\": 31337", "\"chainId\": \"many\"");
        _refusesBad("\"chainId\": 31337", "\"chainId\": true");
        _refusesBad("\"chainId\": 31337", "\"chainId\": 1.5");
        _refusesBad("\"chainId\": 31337", "\"chainId\": -1");
        _refusesBad("\"chainId\": 31337", "\"chainId\": [1]");
    }

    function test_Load_RevertWhen_ANumberDoesNotFit() external {
        string memory json = vm.replace(good, "\"mockSlots\": 94", "\"mockSlots\": 65536");
        vm.expectRevert(
            abi.encodeWithSelector(
                Refusals.ValueTooLarge.selector, "test.json", ".verifier.mockSlots", 65536, type(uint16).max
            )
        );
        reader.parse(json);
        json = vm.replace(good, "\"maxPendingBatches\": 64", "\"maxPendingBatches\": 16777216");
        vm.expectPartialRevert(Refusals.ValueTooLarge.selector);
        reader.parse(json);
    }

    function test_Load_RevertWhen_AnAddressIsNone() external {
        _refusesBad("\"address\": \"mock\"", "\"address\": \"0x1234\"");
        _refusesBad("\"address\": \"mock\"", "\"address\": 5");
        _refusesBad("\"address\": \"test\"", "\"address\": \"POL\"");
        _refusesBad("\"executors\": \"anyone\"", "\"executors\": \"nobody\"");
    }

    function test_Load_RevertWhen_AnAddressIsMisspelt() external {
        _refusesBad("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
        _refusesBad("\"address\": \"mock\"", "\"address\": \"0x455e53cbb86018ac2b8092fdcd39d8444affc3f6\"");
    }

    function test_Load_RevertWhen_AnAddressIsNull() external {
        vm.expectPartialRevert(Refusals.AddressUnset.selector);
        reader.parse(vm.replace(good, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", vm.toString(address(0))));
        vm.expectPartialRevert(Refusals.AddressUnset.selector);
        reader.parse(
            vm.replace(good, "\"address\": \"mock\"", string.concat("\"address\": \"", vm.toString(address(0)), "\""))
        );
    }

    function test_Load_ReadsAddresses() external view {
        string memory pol = "0x455e53CBB86018Ac2B8092FdCd39d8444aFFC3F6";
        string memory json = vm.replace(good, "\"address\": \"test\"", string.concat("\"address\": \"", pol, "\""));
        json = vm.replace(json, "\"executors\": \"anyone\"", string.concat("\"executors\": [\"", pol, "\"]"));
        DeployConfig memory c = reader.parse(json);
        assertFalse(c.testToken);
        assertEq(c.feeToken, 0x455e53CBB86018Ac2B8092FdCd39d8444aFFC3F6);
        assertEq(c.executors[0], 0x455e53CBB86018Ac2B8092FdCd39d8444aFFC3F6);
    }

    function _refusesBad(string memory from, string memory to) private {
        vm.expectPartialRevert(Refusals.BadValue.selector);
        reader.parse(vm.replace(good, from, to));
    }
}
