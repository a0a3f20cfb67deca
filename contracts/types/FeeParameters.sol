// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice The parameters of the batch-fee controller in one storage word. Only `FeeParametersLibrary.pack` makes one that
/// is known to be in range; `docs/spec/batch-fee.md` is the normative text.
/// @dev Layout, from the least significant bit:
///
/// | bits      | field            | unit                                                     |
/// |-----------|------------------|----------------------------------------------------------|
/// | 0..39     | `minFeeGwei`     | 1e9 base units of the fee token                          |
/// | 40..87    | `maxLogPrice`    | 1e-12 nat                                                |
/// | 88..135   | `lateLogPrice`   | 1e-12 nat                                                |
/// | 136..171  | `step`           | 1e-12 nat a batch                                        |
/// | 172..203  | `decayPerSecond` | 1e-12 nat a second                                       |
/// | 204..235  | `risePerSecond`  | 1e-12 nat a second                                       |
/// | 236..255  | `targetSeconds`  | seconds                                                  |
type FeeParameters is uint256;

using FeeParametersLibrary for FeeParameters global;

/// @notice The same parameters, one field each, for configuration files, setters and views. The fields are full words so that
/// a value out of range meets the named error below and not an ABI decoder without one.
/// @dev A *log price* is `ln(price / minFee)`, a non-negative integer in units of 1e-12 nat.
struct FeeConfig {
    /// The lowest price of a batch, in gwei of the fee token: 1e9 of its base units, 1e-9 of a token with 18 decimals.
    uint256 minFeeGwei;
    /// The highest log price: `ln(maxFee / minFee)`.
    uint256 maxLogPrice;
    /// The level to which lateness alone can raise the log price.
    uint256 lateLogPrice;
    /// What each batch adds to the log price: 1e12 / K.
    uint256 step;
    /// What each second takes from the log price while proofs are on time. `decayPerSecond / step` is the number of batches
    /// a second at which the price stands still.
    uint256 decayPerSecond;
    /// What each second adds to a log price below `lateLogPrice` while proofs are late.
    uint256 risePerSecond;
    /// Age, in seconds, from which on the oldest pending sequence is late.
    uint256 targetSeconds;
}

/// @title FeeParametersLibrary
/// @notice Range checks, packing and reading of `FeeParameters`.
library FeeParametersLibrary {
    /// @notice Longest and shortest age at which a pending sequence may begin to count as late, in seconds. The shortest is
    /// what one proof takes from its last leaf to its inclusion: below it every proof would be late.
    uint256 internal constant MIN_TARGET_SECONDS = 5 minutes;
    uint256 internal constant MAX_TARGET_SECONDS = 1 days;

    /// @notice Smallest step: K = 1e6 batches to a factor e. Below it the rounding of the cost function shows in the cost of a batch.
    uint256 internal constant MIN_STEP = 1e6;
    /// @notice Largest step, by the width of its field: K = 14.6, one batch raises the price by at most 7.2 %.
    uint256 internal constant MAX_STEP = (1 << 36) - 1;

    /// @notice Largest value of the two rates, by the width of their fields: 0.43 % a second.
    uint256 internal constant MAX_RATE = type(uint32).max;

    /// @notice Longest time, in seconds, the price may take from the cap to the floor when nothing is sequenced, and from
    /// the floor to the late level when nothing is proven. Slower parameters would be bounds the price cannot leave.
    uint256 internal constant MAX_TRAVERSE_SECONDS = 30 days;

    /// @notice Upper bound of the highest price, in base units of the fee token.
    uint256 internal constant MAX_FEE_CEILING = 1 << 100;
    /// @notice Upper bound of `maxLogPrice`: above ln(2^100 / 1e9) = 48.6 nats no lowest price meets `MAX_FEE_CEILING`.
    uint256 internal constant MAX_LOG_PRICE_CEILING = 49e12;

    uint256 private constant MAX_LOG_PRICE_AT = 40;
    uint256 private constant LATE_LOG_PRICE_AT = 88;
    uint256 private constant STEP_AT = 136;
    uint256 private constant DECAY_PER_SECOND_AT = 172;
    uint256 private constant RISE_PER_SECOND_AT = 204;
    uint256 private constant TARGET_SECONDS_AT = 236;

    /// @notice The lowest price is not in `[low, high]`, in gwei of the fee token.
    error MinFeeGweiOutOfRange(uint256 minFeeGwei, uint256 low, uint256 high);
    /// @notice The highest log price is not in `[low, high]`; `low` is the step, so that one batch fits below the cap.
    error MaxLogPriceOutOfRange(uint256 maxLogPrice, uint256 low, uint256 high);
    /// @notice The late level is not in `[low, high]`; `high` is the highest log price.
    error LateLogPriceOutOfRange(uint256 lateLogPrice, uint256 low, uint256 high);
    /// @notice The step is not in `[low, high]`.
    error StepOutOfRange(uint256 step, uint256 low, uint256 high);
    /// @notice The decay is not in `[low, high]`; `low` takes the price from cap to floor in `MAX_TRAVERSE_SECONDS`.
    error DecayPerSecondOutOfRange(uint256 decayPerSecond, uint256 low, uint256 high);
    /// @notice The rise is not in `[low, high]`; `low` takes the price from floor to late level in `MAX_TRAVERSE_SECONDS`.
    error RisePerSecondOutOfRange(uint256 risePerSecond, uint256 low, uint256 high);
    /// @notice The proof-time target is not in `[low, high]` seconds.
    error TargetSecondsOutOfRange(uint256 targetSeconds, uint256 low, uint256 high);
    /// @notice The highest price, `minFee * e^maxLogPrice` in base units of the fee token, exceeds `ceiling`.
    error MaxFeeTooHigh(uint256 maxFee, uint256 ceiling);

    /// @notice Checks `config` and packs it.
    /// @dev Reverts with the error of the first field out of range.
    function pack(FeeConfig memory config) internal pure returns (FeeParameters) {
        _checkPrices(config);
        _checkRates(config);
        uint256 word = config.minFeeGwei;
        word |= config.maxLogPrice << MAX_LOG_PRICE_AT;
        word |= config.lateLogPrice << LATE_LOG_PRICE_AT;
        word |= config.step << STEP_AT;
        word |= config.decayPerSecond << DECAY_PER_SECOND_AT;
        word |= config.risePerSecond << RISE_PER_SECOND_AT;
        word |= config.targetSeconds << TARGET_SECONDS_AT;
        return FeeParameters.wrap(word);
    }

    /// @notice The fields of `p`: `unpack(pack(config))` equals `config`.
    function unpack(FeeParameters p) internal pure returns (FeeConfig memory) {
        return FeeConfig({
            minFeeGwei: minFeeGwei(p),
            maxLogPrice: maxLogPrice(p),
            lateLogPrice: lateLogPrice(p),
            step: step(p),
            decayPerSecond: decayPerSecond(p),
            risePerSecond: risePerSecond(p),
            targetSeconds: targetSeconds(p)
        });
    }

    /// @notice The lowest price of a batch, in gwei of the fee token.
    function minFeeGwei(FeeParameters p) internal pure returns (uint256) {
        return FeeParameters.unwrap(p) & type(uint40).max;
    }

    /// @notice The highest log price, in 1e-12 nat.
    function maxLogPrice(FeeParameters p) internal pure returns (uint256) {
        return (FeeParameters.unwrap(p) >> MAX_LOG_PRICE_AT) & type(uint48).max;
    }

    /// @notice The level to which lateness alone can raise the log price, in 1e-12 nat.
    function lateLogPrice(FeeParameters p) internal pure returns (uint256) {
        return (FeeParameters.unwrap(p) >> LATE_LOG_PRICE_AT) & type(uint48).max;
    }

    /// @notice What each batch adds to the log price, in 1e-12 nat.
    function step(FeeParameters p) internal pure returns (uint256) {
        return (FeeParameters.unwrap(p) >> STEP_AT) & MAX_STEP;
    }

    /// @notice What each second takes from the log price while proofs are on time, in 1e-12 nat.
    function decayPerSecond(FeeParameters p) internal pure returns (uint256) {
        return (FeeParameters.unwrap(p) >> DECAY_PER_SECOND_AT) & type(uint32).max;
    }

    /// @notice What each second adds to a log price below the late level while proofs are late, in 1e-12 nat.
    function risePerSecond(FeeParameters p) internal pure returns (uint256) {
        return (FeeParameters.unwrap(p) >> RISE_PER_SECOND_AT) & type(uint32).max;
    }

    /// @notice Age, in seconds, from which on the oldest pending sequence is late.
    function targetSeconds(FeeParameters p) internal pure returns (uint256) {
        return FeeParameters.unwrap(p) >> TARGET_SECONDS_AT;
    }

    function _checkPrices(FeeConfig memory config) private pure {
        if (config.minFeeGwei == 0 || config.minFeeGwei > type(uint40).max) {
            revert MinFeeGweiOutOfRange(config.minFeeGwei, 1, type(uint40).max);
        }
        if (config.step < MIN_STEP || config.step > MAX_STEP) {
            revert StepOutOfRange(config.step, MIN_STEP, MAX_STEP);
        }
        if (config.maxLogPrice < config.step || config.maxLogPrice > MAX_LOG_PRICE_CEILING) {
            revert MaxLogPriceOutOfRange(config.maxLogPrice, config.step, MAX_LOG_PRICE_CEILING);
        }
        if (config.lateLogPrice == 0 || config.lateLogPrice > config.maxLogPrice) {
            revert LateLogPriceOutOfRange(config.lateLogPrice, 1, config.maxLogPrice);
        }
        // forge-lint: disable-next-line(unsafe-typecast) at most 49e18, checked above; the exponential is positive
        uint256 maxFee = config.minFeeGwei * uint256(FixedPointMathLib.expWad(int256(config.maxLogPrice * 1e6))) / 1e9;
        if (maxFee > MAX_FEE_CEILING) revert MaxFeeTooHigh(maxFee, MAX_FEE_CEILING);
    }

    /// @dev Runs after `_checkPrices`: the lowest rates follow from the levels.
    function _checkRates(FeeConfig memory config) private pure {
        uint256 lowest = FixedPointMathLib.divUp(config.maxLogPrice, MAX_TRAVERSE_SECONDS);
        if (config.decayPerSecond < lowest || config.decayPerSecond > MAX_RATE) {
            revert DecayPerSecondOutOfRange(config.decayPerSecond, lowest, MAX_RATE);
        }
        lowest = FixedPointMathLib.divUp(config.lateLogPrice, MAX_TRAVERSE_SECONDS);
        if (config.risePerSecond < lowest || config.risePerSecond > MAX_RATE) {
            revert RisePerSecondOutOfRange(config.risePerSecond, lowest, MAX_RATE);
        }
        if (config.targetSeconds < MIN_TARGET_SECONDS || config.targetSeconds > MAX_TARGET_SECONDS) {
            revert TargetSecondsOutOfRange(config.targetSeconds, MIN_TARGET_SECONDS, MAX_TARGET_SECONDS);
        }
    }
}
