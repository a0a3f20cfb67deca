// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {FeeConfig} from "../../contracts/types/FeeParameters.sol";
import {Refusals} from "./Refusals.sol";

/// @notice What `script/config/<chainId>.json` says.
/// @param salt Hash of the file's salt text: another salt, other addresses.
/// @param verifier Zero with `mockVerifier`.
/// @param feeToken Zero with `testToken`.
/// @param executors Who may execute what the timelock has let ripen; the null address stands for anyone.
struct DeployConfig {
    uint256 chainId;
    string name;
    bytes32 salt;
    bool mockVerifier;
    address verifier;
    uint16 mockSlots;
    uint8 mockMessages;
    uint8 mockExits;
    bool testToken;
    address feeToken;
    uint8 feeTokenDecimals;
    uint256 timelockDelay;
    address[] proposers;
    address[] executors;
    uint24 maxPendingBatches;
    uint40 batchProvingSeconds;
    uint40 exitDelay;
    uint40 routeDelay;
    uint40 escapeDelay;
    uint64 messageFeeGwei;
    uint32 messageFeeDepth;
    uint256 feeCeiling;
    FeeConfig fee;
}

/// @title ConfigFile
/// @notice Reads a configuration. Strict: every key must be there, no key may be there that means nothing, every number must fit, and every refusal
/// names the file and the key. Ranges that a constructor checks are left to the constructor.
library ConfigFile {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice A file with the path it came from, for messages.
    struct File {
        string path;
        string json;
    }

    /// @notice Reads the configuration at `path`.
    function load(string memory path) internal view returns (DeployConfig memory) {
        // forge-lint: disable-next-line(unsafe-cheatcode) reads what foundry.toml permits
        return parse(path, VM.readFile(path));
    }

    /// @notice Reads a configuration from its text; `path` is for messages.
    function parse(string memory path, string memory json) internal view returns (DeployConfig memory c) {
        File memory file = File({path: path, json: json});
        _requireKnown(file, "", "about chainId name salt verifier feeToken timelock delays messages batchFee");
        c.chainId = _uint(file, ".chainId", type(uint64).max);
        c.name = _text(file, ".name");
        c.salt = keccak256(bytes(_text(file, ".salt")));
        _loadVerifier(file, c);
        _loadFeeToken(file, c);
        _loadTimelock(file, c);
        _loadDelays(file, c);
        _requireKnown(file, ".messages", "about feeGwei feeDoublesAtWaiting");
        c.messageFeeGwei = uint64(_uint(file, ".messages.feeGwei", type(uint64).max));
        c.messageFeeDepth = uint32(_uint(file, ".messages.feeDoublesAtWaiting", type(uint32).max));
        _loadBatchFee(file, c);
    }

    function _loadVerifier(File memory file, DeployConfig memory c) private view {
        _requireKnown(file, ".verifier", "about address mockSlots mockMessages mockExits");
        c.mockVerifier = _is(file, ".verifier.address", "mock");
        if (c.mockVerifier) {
            c.mockSlots = uint16(_uint(file, ".verifier.mockSlots", type(uint16).max));
            c.mockMessages = uint8(_uint(file, ".verifier.mockMessages", type(uint8).max));
            c.mockExits = uint8(_uint(file, ".verifier.mockExits", type(uint8).max));
        } else {
            c.verifier = _address(
                file,
                ".verifier.address",
                "deploy the generated verifier and put its address here, or use \"mock\" on a test network"
            );
        }
    }

    function _loadFeeToken(File memory file, DeployConfig memory c) private view {
        _requireKnown(file, ".feeToken", "about address decimals");
        c.testToken = _is(file, ".feeToken.address", "test");
        if (!c.testToken) {
            c.feeToken =
                _address(file, ".feeToken.address", "put the token's address here, or \"test\" on a test network");
        }
        c.feeTokenDecimals = uint8(_uint(file, ".feeToken.decimals", type(uint8).max));
    }

    function _loadTimelock(File memory file, DeployConfig memory c) private view {
        _requireKnown(file, ".timelock", "about minDelaySeconds proposers executors");
        c.timelockDelay = _uint(file, ".timelock.minDelaySeconds", type(uint40).max);
        c.proposers = _addresses(file, ".timelock.proposers");
        if (_isText(file, ".timelock.executors") && _is(file, ".timelock.executors", "anyone")) {
            c.executors = new address[](1);
        } else {
            c.executors = _addresses(file, ".timelock.executors");
        }
    }

    function _loadDelays(File memory file, DeployConfig memory c) private view {
        _requireKnown(
            file,
            ".delays",
            "about maxPendingBatches batchProvingSeconds exitDelaySeconds routeDelaySeconds escapeDelaySeconds"
        );
        c.maxPendingBatches = uint24(_uint(file, ".delays.maxPendingBatches", type(uint24).max));
        c.batchProvingSeconds = uint40(_uint(file, ".delays.batchProvingSeconds", type(uint40).max));
        c.exitDelay = uint40(_uint(file, ".delays.exitDelaySeconds", type(uint40).max));
        c.routeDelay = uint40(_uint(file, ".delays.routeDelaySeconds", type(uint40).max));
        c.escapeDelay = uint40(_uint(file, ".delays.escapeDelaySeconds", type(uint40).max));
    }

    function _loadBatchFee(File memory file, DeployConfig memory c) private view {
        _requireKnown(
            file,
            ".batchFee",
            "about ceilingGwei minFeeGwei maxLogPricePicoNats lateLogPricePicoNats stepPicoNatsPerBatch decayPicoNatsPerSecond risePicoNatsPerSecond targetSeconds"
        );
        c.feeCeiling = _uint(file, ".batchFee.ceilingGwei", type(uint128).max) * 1 gwei;
        c.fee = FeeConfig({
            minFeeGwei: _uint(file, ".batchFee.minFeeGwei", type(uint256).max),
            maxLogPrice: _uint(file, ".batchFee.maxLogPricePicoNats", type(uint256).max),
            lateLogPrice: _uint(file, ".batchFee.lateLogPricePicoNats", type(uint256).max),
            step: _uint(file, ".batchFee.stepPicoNatsPerBatch", type(uint256).max),
            decayPerSecond: _uint(file, ".batchFee.decayPicoNatsPerSecond", type(uint256).max),
            risePerSecond: _uint(file, ".batchFee.risePicoNatsPerSecond", type(uint256).max),
            targetSeconds: _uint(file, ".batchFee.targetSeconds", type(uint256).max)
        });
    }

    /* VALUES */

    function _requireKey(File memory file, string memory key) private view {
        if (!VM.keyExistsJson(file.json, key)) {
            revert Refusals.KeyMissing(file.path, key, "add it; docs/deploying.md explains every key");
        }
    }

    function _uint(File memory file, string memory key, uint256 most) private view returns (uint256 value) {
        _requireKey(file, key);
        // A string of digits would be read as a number, and a negative one as a huge one.
        try VM.parseJsonUint(file.json, key) returns (uint256 parsed) {
            value = parsed;
        } catch {
            revert Refusals.BadValue(file.path, key, "a whole number, not negative");
        }
        if (value > most) revert Refusals.ValueTooLarge(file.path, key, value, most);
    }

    function _text(File memory file, string memory key) private view returns (string memory) {
        _requireKey(file, key);
        if (!_isText(file, key)) revert Refusals.BadValue(file.path, key, "text");
        return VM.parseJsonString(file.json, key);
    }

    function _isText(File memory file, string memory key) private view returns (bool) {
        _requireKey(file, key);
        try VM.parseJsonString(file.json, key) returns (string memory text) {
            return bytes(text).length != 0;
        } catch {
            return false;
        }
    }

    function _is(File memory file, string memory key, string memory word) private view returns (bool) {
        return keccak256(bytes(_text(file, key))) == keccak256(bytes(word));
    }

    function _address(File memory file, string memory key, string memory remedy) private view returns (address value) {
        if (_is(file, key, "unset")) revert Refusals.AddressUnset(file.path, key, remedy);
        try VM.parseJsonAddress(file.json, key) returns (address parsed) {
            value = parsed;
        } catch {
            revert Refusals.BadValue(file.path, key, "an address of 20 bytes in hex");
        }
        if (value == address(0)) revert Refusals.AddressUnset(file.path, key, remedy);
        _requireChecksum(file, key, value, VM.parseJsonString(file.json, key));
    }

    function _addresses(File memory file, string memory key) private view returns (address[] memory values) {
        _requireKey(file, key);
        try VM.parseJsonAddressArray(file.json, key) returns (address[] memory parsed) {
            values = parsed;
        } catch {
            revert Refusals.BadValue(file.path, key, "a list of addresses in hex");
        }
        if (values.length == 0) revert Refusals.AddressUnset(file.path, key, "name at least one address");
        string[] memory texts = VM.parseJsonStringArray(file.json, key);
        for (uint256 i = 0; i < values.length; ++i) {
            if (values[i] == address(0)) revert Refusals.AddressUnset(file.path, key, "the null address is nobody");
            _requireChecksum(file, key, values[i], texts[i]);
        }
    }

    /// @dev A mistyped digit must not become somebody's power or the fee token: EIP-55 or nothing.
    function _requireChecksum(File memory file, string memory key, address value, string memory text) private pure {
        if (keccak256(bytes(text)) != keccak256(bytes(VM.toString(value)))) {
            revert Refusals.BadValue(file.path, key, string.concat("the EIP-55 spelling, ", VM.toString(value)));
        }
    }

    /// @dev Refuses keys of the object `at` that are not among `known`, a list separated by spaces.
    function _requireKnown(File memory file, string memory at, string memory known) private view {
        if (bytes(at).length != 0) _requireKey(file, at);
        string[] memory keys = VM.parseJsonKeys(file.json, bytes(at).length == 0 ? "." : at);
        string[] memory allowed = VM.split(known, " ");
        for (uint256 i = 0; i < keys.length; ++i) {
            bool found = false;
            for (uint256 j = 0; j < allowed.length && !found; ++j) {
                found = keccak256(bytes(keys[i])) == keccak256(bytes(allowed[j]));
            }
            if (!found) {
                revert Refusals.UnknownKey(
                    file.path, string.concat(at, ".", keys[i]), string.concat("known here: ", known)
                );
            }
        }
    }
}
