// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {stdJson} from "forge-std/StdJson.sol";
import {stdMath} from "forge-std/StdMath.sol";
import {console} from "forge-std/console.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {FeeConfig, FeeParameters, FeeParametersLibrary} from "../../../contracts/types/FeeParameters.sol";
import {BatchFeeBase} from "./BatchFeeBase.sol";

/// @notice The library against exact values of scripts/fee-vectors.mjs.
contract VectorsTest is BatchFeeBase {
    using BatchFee for FeeParameters;
    using FeeParametersLibrary for FeeConfig;
    using stdJson for string;

    string private json = vm.readFile("test/fixtures/batch_fee.json");
    FeeParameters[] private sets;

    function setUp() external {
        uint256[] memory minFeeGwei = json.readUintArray(".parameters.minFeeGwei");
        uint256[] memory maxLogPrice = json.readUintArray(".parameters.maxLogPrice");
        uint256[] memory lateLogPrice = json.readUintArray(".parameters.lateLogPrice");
        uint256[] memory step = json.readUintArray(".parameters.step");
        uint256[] memory decay = json.readUintArray(".parameters.decayPerSecond");
        uint256[] memory rise = json.readUintArray(".parameters.risePerSecond");
        uint256[] memory target = json.readUintArray(".parameters.targetSeconds");
        for (uint256 i = 0; i < minFeeGwei.length; ++i) {
            sets.push(
                FeeConfig({
                    minFeeGwei: minFeeGwei[i],
                    maxLogPrice: maxLogPrice[i],
                    lateLogPrice: lateLogPrice[i],
                    step: step[i],
                    decayPerSecond: decay[i],
                    risePerSecond: rise[i],
                    targetSeconds: target[i]
                }).pack()
            );
        }
        assertEq(FeeParameters.unwrap(sets[0]), FeeParameters.unwrap(p), "the first set is the recommended one");
    }

    /// @notice F is at most the bound below the exact value, and above it only by the error of the exponential.
    function test_TheCostIsWithinItsErrorBound() external view {
        uint256[] memory set = json.readUintArray(".cost.set");
        uint256[] memory xs = json.readUintArray(".cost.x");
        uint256[] memory exact = json.readUintArray(".cost.cost");
        assertGt(xs.length, 200, "vectors");

        // In 1e-18 of the price of a batch at that point, where a batch pays enough to show it.
        uint256[] memory worst = new uint256[](sets.length);
        for (uint256 i = 0; i < xs.length; ++i) {
            FeeParameters q = sets[set[i]];
            uint48 x = uint48(xs[i]);
            uint256 cost = q.cumulativeCost(x);
            assertLe(stdMath.delta(cost, exact[i]), costError(q, x), "error bound");
            uint256 relative = stdMath.delta(cost, exact[i]) * 1e18 / q.price(x);
            worst[set[i]] = FixedPointMathLib.max(worst[set[i]], relative);
        }
        for (uint256 i = 0; i < sets.length; ++i) {
            console.log("set, worst error of F in 1e-18 of a batch's price:", i, worst[i]);
        }
    }

    /// @notice The price is exact but for less than two wei and 2^-64 + 1e-18 of itself.
    function test_ThePriceIsWithinItsErrorBound() external view {
        uint256[] memory set = json.readUintArray(".cost.set");
        uint256[] memory xs = json.readUintArray(".cost.x");
        uint256[] memory exact = json.readUintArray(".cost.price");
        for (uint256 i = 0; i < xs.length; ++i) {
            FeeParameters q = sets[set[i]];
            assertApproxEqAbs(q.price(uint48(xs[i])), exact[i], exact[i] / (1 << 64) + minFee(q) / 1e18 + 2);
        }
    }

    function test_SettlingIsExact() external view {
        uint256[] memory set = json.readUintArray(".settle.set");
        uint256[] memory xs = json.readUintArray(".settle.x");
        uint256[] memory from = json.readUintArray(".settle.from");
        uint256[] memory to = json.readUintArray(".settle.to");
        uint256[] memory oldestPendingAt = json.readUintArray(".settle.oldestPendingAt");
        bool[] memory hasPending = json.readBoolArray(".settle.hasPending");
        uint256[] memory settled = json.readUintArray(".settle.settled");
        assertGt(xs.length, 100, "vectors");
        for (uint256 i = 0; i < xs.length; ++i) {
            uint48 x = sets[set[i]].settle(uint48(xs[i]), from[i], to[i], oldestPendingAt[i], hasPending[i]);
            assertEq(x, settled[i], "second by second");
        }
    }

    function test_ConversionIsExactToTheUnit() external view {
        uint256[] memory from = json.readUintArray(".convert.from");
        uint256[] memory xs = json.readUintArray(".convert.x");
        uint256[] memory to = json.readUintArray(".convert.to");
        uint256[] memory converted = json.readUintArray(".convert.converted");
        assertGt(xs.length, 90, "vectors");
        for (uint256 i = 0; i < xs.length; ++i) {
            assertEq(sets[from[i]].convert(uint48(xs[i]), sets[to[i]]), converted[i], "nearest unit");
        }
    }
}
