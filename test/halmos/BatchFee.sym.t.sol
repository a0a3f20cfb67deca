// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BatchFee} from "../../contracts/libraries/BatchFee.sol";
import {FeeConfig, FeeParameters, FeeParametersLibrary} from "../../contracts/types/FeeParameters.sol";

/// @notice Symbolic checks of the batch-fee controller, for every value of the arguments within the stated widths (halmos).
/// @dev The exponential is outside the reach of a solver. It needs no place here: the cost telescopes for *any* function F,
/// which is what `check_TheCostTelescopesForAnyCostFunction` shows.
contract BatchFeeSymbolic {
    using BatchFee for FeeParameters;
    using FeeParametersLibrary for FeeConfig;

    /// @dev Every word is the concatenation of its fields.
    function check_UnpackingLosesNoBit(uint256 word) external pure {
        FeeConfig memory c = FeeParameters.wrap(word).unpack();
        assert(
            word
                == (c.minFeeGwei | (c.maxLogPrice << 40) | (c.lateLogPrice << 88) | (c.step << 136)
                        | (c.decayPerSecond << 172) | (c.risePerSecond << 204) | (c.targetSeconds << 236))
        );
        assert(c.minFeeGwei < 1 << 40 && c.maxLogPrice < 1 << 48 && c.lateLogPrice < 1 << 48 && c.step < 1 << 36);
        assert(c.decayPerSecond < 1 << 32 && c.risePerSecond < 1 << 32 && c.targetSeconds < 1 << 20);
    }

    /// @dev What `pack` accepts it gives back, and it accepts nothing out of range. The two fields under the exponential
    /// are concrete.
    function check_PackKeepsWhatItAccepts(uint256 late, uint256 step, uint256 decay, uint256 rise, uint256 target)
        external
        pure
    {
        FeeConfig memory c;
        (c.minFeeGwei, c.maxLogPrice) = (10_000_000, 11_512_925_464_970);
        (c.lateLogPrice, c.step, c.decayPerSecond, c.risePerSecond, c.targetSeconds) = (late, step, decay, rise, target);
        FeeConfig memory d = c.pack().unpack();
        assert(d.minFeeGwei == c.minFeeGwei && d.maxLogPrice == c.maxLogPrice);
        assert(d.lateLogPrice == late && d.step == step && d.decayPerSecond == decay);
        assert(d.risePerSecond == rise && d.targetSeconds == target);
        assert(late != 0 && late <= c.maxLogPrice && step >= 1e6 && step <= c.maxLogPrice);
        assert(decay != 0 && rise != 0 && target >= 5 minutes && target <= 1 days);
    }

    /// @dev Cutting a span of time in two cuts its two parts in two, and nothing is on time again once it was late.
    function check_TimeSplits(
        uint24 target,
        uint64 from,
        uint64 middle,
        uint64 to,
        uint64 oldestPendingAt,
        bool hasPending
    ) external pure {
        if (from > middle || middle > to) return;
        (uint256 onTime, uint256 late) = BatchFee.elapsed(target, from, to, oldestPendingAt, hasPending);
        (uint256 onTime1, uint256 late1) = BatchFee.elapsed(target, from, middle, oldestPendingAt, hasPending);
        (uint256 onTime2, uint256 late2) = BatchFee.elapsed(target, middle, to, oldestPendingAt, hasPending);

        assert(onTime1 + onTime2 == onTime && late1 + late2 == late);
        assert(late1 == 0 || onTime2 == 0);
        assert(onTime + late == uint256(to) - from);
    }

    /// @dev An older pending sequence means as much time late, or more; none at all means none.
    function check_LateTimeGrowsWithAge(uint24 target, uint64 from, uint64 to, uint64 older, uint64 younger)
        external
        pure
    {
        if (older > younger || from > to) return;
        (uint256 onTime, uint256 late) = BatchFee.elapsed(target, from, to, younger, true);
        (uint256 onTimeOlder, uint256 lateOlder) = BatchFee.elapsed(target, from, to, older, true);
        (, uint256 lateNone) = BatchFee.elapsed(target, from, to, older, false);
        assert(lateOlder >= late && onTimeOlder <= onTime && lateNone == 0);
    }

    /// @dev No time, no move: also when the clock runs back.
    function check_NoTimeNoMove(
        uint24 target,
        uint48 x,
        uint48 lateLevel,
        uint64 from,
        uint64 to,
        uint64 oldestPendingAt,
        bool hasPending
    ) external pure {
        if (to > from) return;
        (uint256 onTime, uint256 late) = BatchFee.elapsed(target, from, to, oldestPendingAt, hasPending);
        assert(onTime == 0 && late == 0);
        assert(BatchFee.drift(x, 0, 0, lateLevel) == x);
    }

    /// @dev Two drifts are one, if nothing falls after it rose. With `check_TimeSplits`, and since a rate times a sum of
    /// seconds is the sum of the products, settling a to b to c is settling a to c.
    function check_DriftingComposes(uint48 x, uint48 lateLevel, uint96 fall1, uint96 rise1, uint96 fall2, uint96 rise2)
        external
        pure
    {
        if (rise1 != 0 && fall2 != 0) return;
        uint48 middle = BatchFee.drift(x, fall1, rise1, lateLevel);
        uint48 end = BatchFee.drift(middle, fall2, rise2, lateLevel);
        assert(end == BatchFee.drift(x, uint256(fall1) + fall2, uint256(rise1) + rise2, lateLevel));
    }

    /// @dev Never above the late level by time alone, no faster than the fall and the rise, and in their direction.
    function check_DriftingStaysInBounds(uint48 x, uint48 lateLevel, uint96 fall, uint96 rise) external pure {
        uint256 end = BatchFee.drift(x, fall, rise, lateLevel);
        assert(end <= x || end <= lateLevel);
        assert(end <= uint256(x) + rise);
        assert(end + fall >= x);
        if (fall == 0) assert(end >= x);
        if (fall == 0 && rise != 0 && x < lateLevel) assert(end > x);
        if (rise == 0) assert(end <= x);
        if (rise == 0 && fall != 0 && x != 0) assert(end < x);
    }

    /// @dev A higher start, a smaller fall and a larger rise give no lower end.
    function check_DriftingIsMonotone(
        uint48 low,
        uint48 high,
        uint48 lateLevel,
        uint96 moreFall,
        uint96 lessFall,
        uint96 lessRise,
        uint96 moreRise
    ) external pure {
        if (low > high || lessFall > moreFall || lessRise > moreRise) return;
        assert(
            BatchFee.drift(low, moreFall, lessRise, lateLevel) <= BatchFee.drift(high, lessFall, moreRise, lateLevel)
        );
    }

    /// @dev Two climbs are one: the same level, and the excesses add up. If the first left an excess, the second is all
    /// excess: that is why a fraction of a step is rounded in one call only.
    function check_ClimbingComposes(uint48 x, uint48 cap, uint64 first, uint64 second) external pure {
        if (x > cap) return;
        (uint48 whole, uint256 excess) = BatchFee.climb(x, uint256(first) + second, cap);
        (uint48 middle, uint256 firstExcess) = BatchFee.climb(x, first, cap);
        (uint48 end, uint256 secondExcess) = BatchFee.climb(middle, second, cap);

        assert(end == whole && end <= cap);
        assert(firstExcess + secondExcess == excess);
        assert(firstExcess == 0 || (middle == cap && secondExcess == second));
        assert(uint256(x) + first + second == uint256(end) + excess);
    }

    /// @dev Whatever F is (three symbolic values, equal where their arguments are), its differences telescope, and the part
    /// at the cap adds up before rounding.
    function check_TheCostTelescopesForAnyCostFunction(
        uint48 x,
        uint48 cap,
        uint64 first,
        uint64 second,
        uint128[3] calldata f,
        uint128 wholeF
    ) external pure {
        if (x > cap) return;
        (uint48 whole, uint256 excess) = BatchFee.climb(x, uint256(first) + second, cap);
        (uint48 middle, uint256 firstExcess) = BatchFee.climb(x, first, cap);
        (uint48 end, uint256 secondExcess) = BatchFee.climb(middle, second, cap);
        if (end == whole && wholeF != f[2]) return; // not a function

        int256 split = (int256(uint256(f[1])) - int256(uint256(f[0]))) + (int256(uint256(f[2])) - int256(uint256(f[1])));
        assert(split == int256(uint256(wholeF)) - int256(uint256(f[0])));
        assert(firstExcess + secondExcess == excess);
    }
}
