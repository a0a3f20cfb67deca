// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {FeeConfig, FeeParameters, FeeParametersLibrary} from "../../../contracts/types/FeeParameters.sol";
import {BatchFeeBase} from "./BatchFeeBase.sol";

contract ConvertTest is BatchFeeBase {
    using BatchFee for FeeParameters;
    using FeeParametersLibrary for FeeConfig;

    function test_WhenTheLowestPriceIsKept() external view {
        FeeConfig memory config = recommended();
        config.step = 2e9;
        config.decayPerSecond = 1e9;
        config.maxLogPrice = 30e12;
        for (uint48 x = 0; x <= p.maxLogPrice(); x += 1_151_292_546_497) {
            assertEq(p.convert(x, config.pack()), x);
        }
    }

    function test_WhenTheLowestPriceChanges() external view {
        FeeConfig memory config = recommended();
        config.minFeeGwei *= 10;
        assertEq(p.convert(5_302_585_092_994, config.pack()), 3e12, "tenfold: ln 10 less");
        config.minFeeGwei /= 100;
        assertEq(p.convert(5e12, config.pack()), 7_302_585_092_994, "a tenth: ln 10 more");
    }

    function test_WhenThePriceIsBelowTheNewLowestPrice() external view {
        FeeConfig memory config = recommended();
        config.minFeeGwei *= 10;
        assertEq(p.convert(0, config.pack()), 0);
        assertEq(p.convert(2_302_585_092_993, config.pack()), 0, "just below");
        assertEq(p.convert(2_302_585_092_995, config.pack()), 1, "just above");
    }

    function test_WhenThePriceIsAboveTheNewHighestPrice() external view {
        FeeConfig memory config = recommended();
        config.maxLogPrice = 6e12;
        config.lateLogPrice = 6e12;
        assertEq(p.convert(6e12, config.pack()), 6e12, "at it");
        assertEq(p.convert(6e12 + 1, config.pack()), 6e12, "above it");
        config.minFeeGwei /= 10;
        assertEq(p.convert(4e12, config.pack()), 6e12, "above it after a change of the lowest");
    }

    /// @notice A change of parameters keeps the current price to 1e-12 of itself, or goes to the nearer new bound.
    /// @custom:req R21 R35
    function testFuzz_KeepsThePrice(uint256 seed, uint256 newSeed, uint256 x) external pure {
        FeeParameters a = randomParameters(seed);
        FeeParameters b = randomParameters(newSeed);
        uint48 before = randomLogPrice(a, x);
        uint48 converted = a.convert(before, b);
        assertLe(converted, b.maxLogPrice(), "in range");

        uint256 oldPrice = a.price(before);
        uint256 newPrice = b.price(converted);
        // Half a unit of log price, and the rounding of both prices to a wei.
        uint256 slack = oldPrice / 1e12 + 2;
        if (converted == 0) assertLe(oldPrice, newPrice + slack, "at the lowest: the price was not above it");
        else if (converted == b.maxLogPrice()) assertGe(oldPrice + slack, newPrice, "at the highest: not below it");
        else assertApproxEqAbs(newPrice, oldPrice, slack, "kept");
    }

    /// @dev There and back moves the log price by at most a unit, unless a bound clamped it.
    function testFuzz_ThereAndBack(uint256 seed, uint256 newSeed, uint256 x) external pure {
        FeeParameters a = randomParameters(seed);
        FeeParameters b = randomParameters(newSeed);
        uint48 before = randomLogPrice(a, x);
        uint48 there = a.convert(before, b);
        vm.assume(there != 0 && there != b.maxLogPrice());
        assertApproxEqAbs(b.convert(there, a), before, 1);
    }
}
