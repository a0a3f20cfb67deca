// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BaseTest} from "./BaseTest.sol";
import {GasMeter} from "./GasMeter.sol";

/// @notice What whole transactions to the core cost, under the rules of Osaka, and where that is recorded.
/// @dev Three sources, held against each other: the intrinsic gas and the floor are computed from the calldata (EIP-2028,
/// EIP-7623); `--isolate` reports what the transaction used; `GasMeter` measures execution alone. Without `--isolate` no call
/// is a transaction: then the numbers are only bounds, since storage is warm, and nothing is held against what is reported.
abstract contract TransactionTest is BaseTest {
    string internal constant GROUP = "figures";

    /// @dev EIP-2028 and EIP-7623: a zero byte is one token, any other byte four.
    uint256 internal constant TRANSACTION_GAS = 21_000;
    uint256 internal constant GAS_PER_TOKEN = 4;
    uint256 internal constant FLOOR_GAS_PER_TOKEN = 10;

    /// @param standard Intrinsic gas, calldata at its standard price.
    /// @param floor The least the transaction costs, whatever it executes.
    /// @param execution Gas used beyond the intrinsic gas; unknown (0) if the floor hides it.
    /// @param total What the sender pays for.
    struct Transaction {
        uint256 standard;
        uint256 floor;
        uint256 execution;
        uint256 total;
    }

    GasMeter internal meter;
    bool internal isolated;

    function setUp() public virtual override {
        super.setUp();
        _setUpMeter();
    }

    function _setUpMeter() internal {
        meter = new GasMeter();
        isolated = _isolated();
    }

    function _send(address sender, bytes memory callData) internal returns (Transaction memory) {
        vm.prank(sender, sender);
        (bool ok,) = address(poe).call(callData);
        assertTrue(ok, "the transaction reverted");
        return _lastTransaction(callData);
    }

    function _sendReverting(address sender, bytes memory callData) internal returns (Transaction memory) {
        vm.prank(sender, sender);
        (bool ok,) = address(poe).call(callData);
        assertFalse(ok, "the transaction did not revert");
        return _lastTransaction(callData);
    }

    function _lastTransaction(bytes memory callData) internal view returns (Transaction memory t) {
        uint256 reported = vm.lastCallGas().gasTotalUsed;
        uint256 tokens = _tokens(callData);
        t.standard = TRANSACTION_GAS + GAS_PER_TOKEN * tokens;
        t.floor = _floor(callData);
        if (isolated) {
            t.total = reported;
            assertGe(t.total, t.floor, "less than the floor");
            if (t.total > t.floor) t.execution = t.total - t.standard;
        } else {
            t.execution = reported;
            t.total = _max(t.standard + reported, t.floor);
        }
    }

    function _floor(bytes memory callData) internal pure returns (uint256) {
        return TRANSACTION_GAS + FLOOR_GAS_PER_TOKEN * _tokens(callData);
    }

    function _tokens(bytes memory callData) internal pure returns (uint256 tokens) {
        for (uint256 i = 0; i < callData.length; ++i) {
            tokens += callData[i] == 0 ? 1 : 4;
        }
    }

    /// @dev Execution alone, leaving no trace.
    function _meteredExecution(bytes memory callData, bool succeeds) internal returns (uint256 used) {
        uint256 snapshot = vm.snapshotState();
        bool ok;
        (ok, used) = meter.measure(address(poe), callData);
        assertEq(ok, succeeds, "the metered call ended otherwise");
        vm.revertToState(snapshot);
    }

    /// @dev With `--isolate` a call is a transaction, which costs 21,000 even if nothing runs.
    function _isolated() internal returns (bool) {
        (bool ok,) = address(0xDEAD).call("");
        assertTrue(ok);
        return vm.lastCallGas().gasTotalUsed >= TRANSACTION_GAS;
    }

    function _record(string memory key, uint256 value) internal {
        vm.snapshotValue(GROUP, key, value);
    }

    function _pass(uint256 passed) internal {
        vm.warp(block.timestamp + passed);
    }

    function _basisPoints(uint256 part, uint256 whole) internal pure returns (uint256) {
        return part * 10_000 / whole;
    }

    function _max(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a : b;
    }
}
