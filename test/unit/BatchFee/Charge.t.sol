// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {FeeParameters} from "../../../contracts/types/FeeParameters.sol";
import {BatchFeeBase, BatchFeeHarness} from "./BatchFeeBase.sol";

contract ChargeTest is BatchFeeBase {
    using BatchFee for FeeParameters;

    uint256 private constant MAX_BATCHES = 1 << 24;

    function test_WhenThereAreNoBatches() external view {
        for (uint48 x = 0; x <= p.maxLogPrice(); x += 1_151_292_546_497) {
            (uint256 fee, uint48 newX) = p.charge(x, 0);
            assertEq(fee, 0);
            assertEq(newX, x);
        }
    }

    function test_WhenTheBatchesStayBelowTheCap() external view {
        (uint256 fee, uint48 newX) = p.charge(0, 1);
        assertEq(newX, 1e9, "one step");
        // 10 tokens * (e^0.001 - 1) = 0.0100050016670834166... tokens; F rounds down at both ends.
        assertApproxEqAbs(fee, 10_005_001_667_083_416, 12, "first batch from the floor");

        (fee, newX) = p.charge(0, 1000);
        assertEq(newX, 1e12, "one nat");
        // 10 tokens * (e - 1) = 17.18281828459045235... tokens.
        assertApproxEqAbs(fee, 17_182_818_284_590_452_354, 15, "a thousand from the floor");
    }

    function test_WhenTheBatchesCrossTheCap() external view {
        uint48 cap = uint48(p.maxLogPrice());
        uint48 x = cap - 250_000_000; // a quarter of a step below
        (uint256 fee, uint48 newX) = p.charge(x, 3);
        assertEq(newX, cap, "stops");
        uint256 below = p.cumulativeCost(cap) - p.cumulativeCost(x);
        assertEq(fee, below + p.maxFee() * 11 / 4, "a quarter integrated, eleven quarters at the cap");

        (fee, newX) = p.charge(cap - 3e9, 3);
        assertEq(newX, cap, "reached exactly");
        assertEq(fee, p.cumulativeCost(cap) - p.cumulativeCost(cap - 3e9), "with nothing beyond");

        (fee, newX) = p.charge(cap - 3e9 + 1, 3);
        assertEq(newX, cap, "a unit beyond");
        assertEq(fee, p.cumulativeCost(cap) - p.cumulativeCost(cap - 3e9 + 1) + p.maxFee() / 1e9, "is paid for");
    }

    function test_WhenTheLogPriceIsAtTheCap() external view {
        uint48 cap = uint48(p.maxLogPrice());
        (uint256 fee, uint48 newX) = p.charge(cap, 1);
        assertEq(fee, p.maxFee(), "one");
        assertEq(newX, cap);
        (fee, newX) = p.charge(cap, MAX_BATCHES);
        assertEq(fee, MAX_BATCHES * p.maxFee(), "many");
        assertEq(newX, cap);
        assertEq(p.maxFee(), p.price(cap), "the price there");
        assertApproxEqRel(p.maxFee(), 1000 ether, 1e6, "e^ln(1e5) * 0.01 tokens");
    }

    /// @custom:req R38
    function test_RevertWhen_ThereAreTooManyBatches() external {
        BatchFeeHarness harness = new BatchFeeHarness();
        harness.charge(p, 0, MAX_BATCHES);

        vm.expectRevert(abi.encodeWithSelector(BatchFee.TooManyBatchesToCharge.selector, MAX_BATCHES + 1, MAX_BATCHES));
        harness.charge(p, 0, MAX_BATCHES + 1);
        vm.expectRevert(
            abi.encodeWithSelector(BatchFee.TooManyBatchesToCharge.selector, type(uint256).max, MAX_BATCHES)
        );
        harness.charge(p, 0, type(uint256).max);
    }

    /// @notice Two calls cost what one costs, to the wei, wherever the cap lies.
    /// @custom:req R23
    function testFuzz_IsSplitInvariant(uint256 seed, uint256 x, uint256 first, uint256 second) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 start = randomLogPrice(q, x);
        uint256 most = seed & 1 == 0 ? 8 : MAX_BATCHES / 2;
        first = _bound(first, 0, most);
        second = _bound(second, 0, most);

        (uint256 whole, uint48 end) = q.charge(start, first + second);
        (uint256 firstFee, uint48 middle) = q.charge(start, first);
        (uint256 secondFee, uint48 splitEnd) = q.charge(middle, second);
        assertEq(firstFee + secondFee, whole, "cost");
        assertEq(splitEnd, end, "state");
    }

    /// @custom:req R23
    function testFuzz_OneByOneCostsWhatAllAtOnceCost(uint256 seed, uint256 x, uint256 batches) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 start = randomLogPrice(q, x);
        batches = _bound(batches, 0, 64);

        uint256 sum;
        uint48 current = start;
        for (uint256 i = 0; i < batches; ++i) {
            uint256 fee;
            (fee, current) = q.charge(current, 1);
            sum += fee;
        }
        (uint256 whole, uint48 end) = q.charge(start, batches);
        assertEq(sum, whole, "cost");
        assertEq(current, end, "state");
    }

    /// @notice No batch is free, or cheaper than the lowest price, and none costs more than the highest.
    /// @custom:req R21 R38
    function testFuzz_ABatchCostsBetweenTheLowestAndTheHighestPrice(uint256 seed, uint256 x) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 start = randomLogPrice(q, x);
        (uint256 fee,) = q.charge(start, 1);
        assertGe(fee, minFee(q), "lowest");
        assertLe(fee, q.maxFee() + 2 * costError(q, uint48(q.maxLogPrice())), "highest");
    }

    /// @dev The batches' average lies between the prices at both ends.
    function testFuzz_TheCostLiesBetweenThePricesAtBothEnds(uint256 seed, uint256 x, uint256 batches) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 start = randomLogPrice(q, x);
        batches = _bound(batches, 1, MAX_BATCHES);
        (uint256 fee, uint48 end) = q.charge(start, batches);
        // Prices are rounded down, by less than a wei and by the error of the exponential.
        uint256 slack = 2 * costError(q, end) + batches * (1 + 2 * q.price(end) / 1e18);
        assertGe(fee + slack, batches * q.price(start), "at least the price before");
        assertLe(fee, batches * q.price(end) + slack, "at most the price after");
    }

    function testFuzz_IsMonotoneInTheNumberOfBatches(uint256 seed, uint256 x, uint256 a, uint256 b) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 start = randomLogPrice(q, x);
        a = _bound(a, 0, MAX_BATCHES - 1);
        b = _bound(b, a + 1, MAX_BATCHES);
        (uint256 fewFee, uint48 fewX) = q.charge(start, a);
        (uint256 manyFee, uint48 manyX) = q.charge(start, b);
        assertGe(manyFee, fewFee + (b - a) * minFee(q), "each further batch pays at least the lowest price");
        assertGe(manyX, fewX, "never down");
        if (fewX < q.maxLogPrice()) assertGt(manyX, fewX, "up below the cap");
    }

    function testFuzz_IsMonotoneInTheLogPrice(uint256 seed, uint256 x, uint256 y, uint256 batches) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 low = randomLogPrice(q, x);
        uint48 high = randomLogPrice(q, y);
        if (low > high) (low, high) = (high, low);
        batches = _bound(batches, 1, MAX_BATCHES);
        (uint256 lowFee, uint48 lowEnd) = q.charge(low, batches);
        (uint256 highFee, uint48 highEnd) = q.charge(high, batches);
        assertLe(lowEnd, highEnd, "state");
        // Four roundings of F, and the cap's price is itself rounded down.
        uint256 slack = 4 * costError(q, highEnd) + batches * (1 + 2 * q.maxFee() / 1e18);
        assertLe(lowFee, highFee + slack, "cost");
        assertLe(q.price(low), q.price(high), "price");
    }

    /// @dev The smallest difference of log price is one the cost function and, at one token, the price resolve.
    function testFuzz_NeighbouringLogPricesAreTold(uint256 seed, uint256 x) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 low = uint48(_bound(randomLogPrice(q, x), 0, q.maxLogPrice() - 1));
        assertGe(q.cumulativeCost(low + 1), q.cumulativeCost(low), "never down");
        if (minFee(q) >= 1e12) assertGt(q.price(low + 1), q.price(low), "strictly up from 1e12 wei");
    }

    /// @custom:req R21
    function testFuzz_ThePriceLeavesTheFloorAndReachesTheCap(uint256 seed) external pure {
        FeeParameters q = randomParameters(seed);
        (, uint48 x) = q.charge(0, 1);
        assertEq(x, q.step(), "leaves the floor with the first batch");
        uint256 enough = FixedPointMathLib.divUp(q.maxLogPrice(), q.step());
        vm.assume(enough <= MAX_BATCHES);
        (, x) = q.charge(0, enough);
        assertEq(x, q.maxLogPrice(), "reaches the cap");
    }

    /// @notice One batch raises the price by the factor e^(1/K) at most, to the precision of a wei.
    /// @custom:req R23
    function testFuzz_ABatchRaisesThePriceByAtMostOneStep(uint256 seed, uint256 x) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 start = randomLogPrice(q, x);
        (, uint48 end) = q.charge(start, 1);
        assertLe(end - start, q.step(), "log price");
        uint256 factor = uint256(FixedPointMathLib.expWad(int256(q.step() * 1e6)));
        assertLe(q.price(end), FixedPointMathLib.fullMulDivUp(q.price(start) + 1, factor + 10, 1e18) + 1, "price");
    }

    /// @custom:req R21
    function test_ExtremesDoNotOverflow() external pure {
        uint256[3] memory lowest = [uint256(1), 1_000_000, type(uint40).max];
        uint256[3] memory widest = [uint256(48_591_452_219_048), 34.7e12, 20.8e12];
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < 2; ++j) {
                FeeParameters q = _extreme(lowest[i], widest[i], j == 0 ? 1e6 : 2 ** 36 - 1);
                uint48 cap = uint48(q.maxLogPrice());
                (uint256 fee, uint48 x) = q.charge(0, MAX_BATCHES);
                assertLe(fee, 1 << 125, "from the floor");
                assertLe(x, cap);
                (fee, x) = q.charge(cap, MAX_BATCHES);
                assertEq(fee, MAX_BATCHES * q.maxFee(), "at the cap");
                assertLe(fee, 1 << 124);
                assertLe(q.cumulativeCost(cap), 1 << 121, "F");
                assertLe(q.maxFee(), 1 << 100, "highest price");
            }
        }
    }

    function _extreme(uint256 minFeeGwei, uint256 maxLogPrice, uint256 step) private pure returns (FeeParameters) {
        // Rates play no part here.
        return FeeParameters.wrap(minFeeGwei + maxLogPrice * 2 ** 40 + maxLogPrice * 2 ** 88 + step * 2 ** 136);
    }
}
