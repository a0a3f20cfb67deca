// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {FeeParameters} from "../../../contracts/types/FeeParameters.sol";
import {BatchFeeBase} from "./BatchFeeBase.sol";

contract SettleTest is BatchFeeBase {
    using BatchFee for FeeParameters;

    uint256 private constant NOW = 1_700_000_000;
    uint48 private constant MIDDLE = 5e12;

    /// @dev A span of time with a split in it, and the pending sequence it sees.
    struct Span {
        uint256 from;
        uint256 middle;
        uint256 to;
        uint256 oldestPendingAt;
        bool hasPending;
    }

    function test_WhenNoTimePasses() external view {
        assertEq(p.settle(MIDDLE, NOW, NOW, 0, false), MIDDLE, "nothing pending");
        assertEq(p.settle(MIDDLE, NOW, NOW, NOW - 1 days, true), MIDDLE, "late");
    }

    function test_WhenTheClockRunsBack() external view {
        assertEq(p.settle(MIDDLE, NOW, NOW - 1, 0, false), MIDDLE, "nothing pending");
        assertEq(p.settle(MIDDLE, NOW, 0, NOW - 1 days, true), MIDDLE, "late");
    }

    function test_WhenNothingIsPending() external view {
        assertEq(p.settle(MIDDLE, NOW, NOW + 1, 0, false), MIDDLE - 83_333_333, "one second");
        assertEq(p.settle(MIDDLE, NOW, NOW + 1 hours, 0, false), MIDDLE - 3600 * 83_333_333, "one hour");
        assertEq(p.settle(MIDDLE, NOW, NOW + 60_000, 0, false), 20_000, "just above the floor");
        assertEq(p.settle(MIDDLE, NOW, NOW + 60_001, 0, false), 0, "at the floor");
        assertEq(p.settle(0, NOW, NOW + 1, 0, false), 0, "stays there");
    }

    function test_WhenTheOldestPendingSequenceIsYoungerThanTheTarget() external view {
        assertEq(p.settle(MIDDLE, NOW, NOW + 1800, NOW, true), MIDDLE - 1800 * 83_333_333, "up to the target");
    }

    function test_WhenTheOldestPendingSequenceTurnsLateOnTheWay() external view {
        assertEq(
            p.settle(MIDDLE, NOW, NOW + 1000, NOW - 1400, true),
            MIDDLE - 400 * 83_333_333 + 600 * 192_540_884,
            "400 s on time, 600 s late"
        );
    }

    function test_WhenTheOldestPendingSequenceIsLate() external view {
        uint256 oldest = NOW - 1800;
        uint48 late = uint48(p.lateLogPrice());

        assertEq(p.settle(MIDDLE, NOW, NOW + 1, oldest, true), MIDDLE + 192_540_884, "rises");
        assertEq(p.settle(late - 1, NOW, NOW + 1, oldest, true), late, "stops at the late level");
        assertEq(p.settle(late, NOW, NOW + 30 days, oldest, true), late, "stays there");
        assertEq(p.settle(late + 1, NOW, NOW + 30 days, oldest, true), late + 1, "stands still above it");
    }

    /// @notice Poking is worthless: any number of calls in between moves nothing.
    /// @custom:req R23
    function testFuzz_IsPathIndependent(uint256 seed, Span memory span, uint256 x) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 start = randomLogPrice(q, x);
        _bound(q, seed, span);

        uint48 middle = q.settle(start, span.from, span.middle, span.oldestPendingAt, span.hasPending);
        assertEq(
            q.settle(middle, span.middle, span.to, span.oldestPendingAt, span.hasPending),
            q.settle(start, span.from, span.to, span.oldestPendingAt, span.hasPending),
            "a to b to c = a to c"
        );
    }

    /// @custom:req R23
    function test_ACallASecondMovesWhatOneCallMoves() external view {
        uint48 x = MIDDLE;
        for (uint256 t = NOW; t < NOW + 2 hours; ++t) {
            x = p.settle(x, t, t + 1, NOW - 10 minutes, true);
        }
        assertEq(x, p.settle(MIDDLE, NOW, NOW + 2 hours, NOW - 10 minutes, true));
    }

    /// @custom:req R21
    function testFuzz_StaysInBounds(uint256 seed, Span memory span, uint256 x) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 start = randomLogPrice(q, x);
        _bound(q, seed, span);
        uint48 end = q.settle(start, span.from, span.to, span.oldestPendingAt, span.hasPending);

        assertLe(end, q.maxLogPrice(), "cap");
        assertLe(end, FixedPointMathLib.max(start, q.lateLogPrice()), "time alone never passes the late level");
        uint256 gap = span.to - span.from;
        if (end > start) assertLe(end - start, gap * q.risePerSecond(), "at most e^(g dt)");
        else assertLe(start - end, gap * q.decayPerSecond(), "at most e^(-r dt / K)");
    }

    /// @custom:req R22
    function testFuzz_Direction(uint256 seed, uint256 x, uint256 age, uint256 gap) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 start = randomLogPrice(q, x);
        age = _bound(age, 0, MAX_TIME_GAP);
        gap = _bound(gap, 1, MAX_TIME_GAP);
        uint256 from = MAX_TIME_GAP;
        uint48 end = q.settle(start, from, from + gap, from - age, true);

        if (age >= q.targetSeconds()) {
            assertGe(end, start, "late: never down");
            if (start < q.lateLogPrice()) assertGt(end, start, "late: up");
        } else if (age + gap <= q.targetSeconds()) {
            assertLe(end, start, "on time: never up");
            if (start > 0) assertLt(end, start, "on time: down");
        }
    }

    /// @dev The log price at the end grows with the one at the start, and with the age of the oldest pending sequence.
    function testFuzz_IsMonotone(uint256 seed, Span memory span, uint256 x, uint256 y, uint256 older) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 low = randomLogPrice(q, x);
        uint48 high = randomLogPrice(q, y);
        if (low > high) (low, high) = (high, low);
        _bound(q, seed, span);
        older = _bound(older, 0, span.oldestPendingAt);

        uint48 end = q.settle(low, span.from, span.to, span.oldestPendingAt, span.hasPending);
        assertLe(end, q.settle(high, span.from, span.to, span.oldestPendingAt, span.hasPending), "in the log price");
        assertLe(end, q.settle(low, span.from, span.to, older, true), "in lateness");
    }

    /// @notice After a stall the price has risen though nobody called, and the whole way from the floor to the late level.
    /// @custom:req R25
    function testFuzz_AStallRaisesThePriceWithoutACall(uint256 seed) external pure {
        FeeParameters q = randomParameters(seed);
        uint256 stall = q.targetSeconds() + 30 days;
        assertEq(q.settle(0, NOW, NOW + stall, NOW, true), q.lateLogPrice(), "late level within a month");
        assertGt(q.settle(0, NOW, NOW + q.targetSeconds() + 1, NOW, true), 0, "leaves the floor at once");
    }

    /// @custom:req R21
    function testFuzz_ThePriceLeavesTheCap(uint256 seed) external pure {
        FeeParameters q = randomParameters(seed);
        uint48 cap = uint48(q.maxLogPrice());
        assertLt(q.settle(cap, NOW, NOW + 1, 0, false), cap, "at once");
        assertEq(q.settle(cap, NOW, NOW + 30 days, 0, false), 0, "and all the way within a month");
    }

    /// @custom:req R21
    function test_ExtremesDoNotOverflow() external pure {
        // Every field at its width: more than `pack` lets through.
        FeeParameters widest = FeeParameters.wrap(type(uint256).max);
        uint48 top = type(uint48).max;
        uint256 end = type(uint64).max;
        assertEq(widest.settle(top, 0, end, end, true), 0);
        assertEq(widest.settle(0, 0, end, 0, true), top);
        assertEq(widest.settle(top, 0, end, 0, false), 0);
    }

    /// @dev One time in two the span lies around the moment the pending sequence turns late, else anywhere.
    function _bound(FeeParameters q, uint256 seed, Span memory span) private pure {
        uint256 width = seed & 1 == 0 ? 2 * q.targetSeconds() : MAX_TIME_GAP;
        span.oldestPendingAt = _bound(span.oldestPendingAt, 0, width);
        span.from = span.oldestPendingAt + _bound(span.from, 0, width);
        span.to = span.from + _bound(span.to, 0, width);
        span.middle = _bound(span.middle, span.from, span.to);
    }
}
