// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {FeeParameters} from "../types/FeeParameters.sol";

/// @title BatchFee
/// @notice The price of a batch as a function of stored state and time. The state is one number, the *log price*
/// `x = ln(price / minFee)` in units of 1e-12 nat, `0 <= x <= maxLogPrice`. Each batch adds `step` to it; each second takes
/// `decayPerSecond` while proofs are on time and adds `risePerSecond`, up to `lateLogPrice`, while they are late.
///
/// n batches cost the integral of the price over the stretch of log price they climb, `F(x') - F(x)` with one rounded integer
/// function F, so that a call of n batches and n calls of one cost the same to the wei, and lead to the same state.
/// @dev Pure and O(1). Amounts are in base units of the fee token ("wei"), times in seconds. Every function expects
/// parameters made by `FeeParametersLibrary.pack` and a log price not above their `maxLogPrice`; every function here keeps
/// it there. `docs/spec/batch-fee.md` is the normative text and holds the error bounds.
library BatchFee {
    /// @notice Most batches one charge covers. With it no product below leaves 256 bits and no fee reaches 2^125.
    uint256 internal constant MAX_BATCHES_PER_CHARGE = 1 << 24;

    /// @dev Log prices are in 1e-12 nat, the exponential takes and gives 1e-18.
    uint256 private constant WAD_PER_LOG_UNIT = 1e6;
    /// @dev Base units in a gwei of the fee token, times the 1e12 log units in a nat, over the 1e18 of the exponential.
    uint256 private constant COST_SCALE = 1e3;

    /// @notice `batches` exceeds `max`.
    error TooManyBatchesToCharge(uint256 batches, uint256 max);

    /// @notice The log price at `to`, from the log price `x` at `from`.
    /// @dev Exact: settling a to b and b to c gives what a to c gives, so calling often moves nothing. The caller settles
    /// before every change of the set of pending sequences. A clock that stands, or runs back, changes nothing.
    /// @param from Time of the last settlement.
    /// @param to Time to settle to.
    /// @param oldestPendingAt Time the oldest pending sequence was posted, below 2^64; not read without one.
    /// @param hasPending Whether any sequence is pending.
    function settle(FeeParameters p, uint48 x, uint256 from, uint256 to, uint256 oldestPendingAt, bool hasPending)
        internal
        pure
        returns (uint48)
    {
        (uint256 onTime, uint256 late) = elapsed(p.targetSeconds(), from, to, oldestPendingAt, hasPending);
        return drift(x, onTime * p.decayPerSecond(), late * p.risePerSecond(), p.lateLogPrice());
    }

    /// @notice What `batches` more batches cost at log price `x`, in wei, and the log price after them.
    /// @dev Split-invariant to the wei: the part below the cap telescopes, and the part at the cap is a multiple of the step
    /// in all calls but the one that reaches it. Reverts above `MAX_BATCHES_PER_CHARGE`. The fee is below 2^125.
    function charge(FeeParameters p, uint48 x, uint256 batches) internal pure returns (uint256 fee, uint48 newX) {
        if (batches > MAX_BATCHES_PER_CHARGE) revert TooManyBatchesToCharge(batches, MAX_BATCHES_PER_CHARGE);

        uint256 step = p.step();
        uint256 excess;
        (newX, excess) = climb(x, batches * step, p.maxLogPrice());

        fee = cumulativeCost(p, newX) - cumulativeCost(p, x);
        if (excess != 0) fee += maxFee(p) * excess / step;
    }

    /// @notice The marginal price at log price `x`, in wei: what an infinitesimal part of a batch costs, by the batch.
    /// @dev The next whole batch costs between `price(x)` and `price(x + step)`, about half a step above `price(x)`.
    function price(FeeParameters p, uint48 x) internal pure returns (uint256) {
        return p.minFeeGwei() * _expWad(x) / 1e9;
    }

    /// @notice The price at the cap, in wei: what every batch costs there. At most 2^100.
    function maxFee(FeeParameters p) internal pure returns (uint256) {
        return p.minFeeGwei() * _expWad(p.maxLogPrice()) / 1e9;
    }

    /// @notice The log price that keeps, under `newP`, the price `x` stands for under `oldP`, clamped to the new bounds.
    /// @dev The price moves by at most 1e-12 of itself where the bounds do not clamp it. Keeps `x` if `minFeeGwei` is kept.
    function convert(FeeParameters oldP, uint48 x, FeeParameters newP) internal pure returns (uint48) {
        // The difference of two logarithms: the quotient as a wad would lose its digits if the new minimum is much larger.
        // forge-lint: disable-next-line(unsafe-typecast) below 2^68
        int256 wad = int256(x * WAD_PER_LOG_UNIT) + _lnMinFeeWad(oldP) - _lnMinFeeWad(newP);
        if (wad <= 0) return 0;
        // forge-lint: disable-next-line(unsafe-typecast) positive
        uint256 nearest = (uint256(wad) + WAD_PER_LOG_UNIT / 2) / WAD_PER_LOG_UNIT;
        // forge-lint: disable-next-line(unsafe-typecast) at most maxLogPrice, a uint48
        return uint48(FixedPointMathLib.min(nearest, newP.maxLogPrice()));
    }

    /// @notice F: what climbing from minus infinity to log price `x` costs, `minFee * K * e^x` rounded down, in wei.
    /// @dev Only its differences have a meaning.
    function cumulativeCost(FeeParameters p, uint48 x) internal pure returns (uint256) {
        return p.minFeeGwei() * COST_SCALE * _expWad(x) / p.step();
    }

    /// @notice Climbs `rise` from `x`, at most to `cap`: the level reached, and the part of `rise` beyond the cap.
    function climb(uint48 x, uint256 rise, uint256 cap) internal pure returns (uint48 reached, uint256 excess) {
        uint256 room = cap - x;
        if (rise <= room) {
            // forge-lint: disable-next-line(unsafe-typecast) at most cap, a uint48
            return (uint48(x + rise), 0);
        }
        // forge-lint: disable-next-line(unsafe-typecast) cap is a uint48
        return (uint48(cap), rise - room);
    }

    /// @notice The seconds from `from` to `to` in which proofs were on time, and those, after them, in which they were late.
    function elapsed(uint256 targetSeconds, uint256 from, uint256 to, uint256 oldestPendingAt, bool hasPending)
        internal
        pure
        returns (uint256 onTime, uint256 late)
    {
        if (to <= from) return (0, 0);
        if (!hasPending) return (to - from, 0);
        uint256 lateFrom = FixedPointMathLib.clamp(oldestPendingAt + targetSeconds, from, to);
        return (lateFrom - from, to - lateFrom);
    }

    /// @notice The log price `x` after a fall of `fall`, at most to 0, and then a rise of `rise`, at most to `lateLevel`.
    /// @dev Load may have carried the price above the late level: lateness neither raises it further nor lets it fall.
    function drift(uint48 x, uint256 fall, uint256 rise, uint256 lateLevel) internal pure returns (uint48) {
        uint256 level = FixedPointMathLib.zeroFloorSub(x, fall);
        if (level < lateLevel) level = FixedPointMathLib.min(level + rise, lateLevel);
        // forge-lint: disable-next-line(unsafe-typecast) at most the larger of x and the late level, both uint48
        return uint48(level);
    }

    /// @dev e^x with 18 decimals, rounded down.
    function _expWad(uint256 x) private pure returns (uint256) {
        // forge-lint: disable-next-line(unsafe-typecast) x is below 2^48, the exponential positive
        return uint256(FixedPointMathLib.expWad(int256(x * WAD_PER_LOG_UNIT)));
    }

    /// @dev ln(minFeeGwei) with 18 decimals.
    function _lnMinFeeWad(FeeParameters p) private pure returns (int256) {
        // forge-lint: disable-next-line(unsafe-typecast) below 2^100
        return FixedPointMathLib.lnWad(int256(p.minFeeGwei() * 1e18));
    }
}
