// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {FeeConfig, FeeParameters, FeeParametersLibrary} from "../../../contracts/types/FeeParameters.sol";

/// @notice Parameters and bounds shared by the tests of the batch-fee controller.
abstract contract BatchFeeBase is Test {
    using FeeParametersLibrary for FeeConfig;

    /// @dev The specification's time bound.
    uint256 internal constant MAX_TIME_GAP = 1 << 40;

    FeeParameters internal p = recommended().pack();

    /// @dev The recommended set of docs/spec/batch-fee.md.
    function recommended() internal pure returns (FeeConfig memory) {
        return FeeConfig({
            minFeeGwei: 10_000_000,
            maxLogPrice: 11_512_925_464_970,
            lateLogPrice: 9_210_340_371_976,
            step: 1_000_000_000,
            decayPerSecond: 83_333_333,
            risePerSecond: 192_540_884,
            targetSeconds: 30 minutes
        });
    }

    /// @dev A valid parameter word: prices and rates spread evenly in the number of their digits, each field from its own
    /// part of the seed, bounds included.
    function randomParameters(uint256 seed) internal pure returns (FeeParameters) {
        FeeConfig memory c;
        c.minFeeGwei = _digits(seed, "minFeeGwei", 1, type(uint40).max);
        uint256 widest = _widestRange(c.minFeeGwei);
        c.step = _digits(seed, "step", FeeParametersLibrary.MIN_STEP, FeeParametersLibrary.MAX_STEP);
        c.maxLogPrice = _digits(seed, "maxLogPrice", c.step, widest);
        c.lateLogPrice = _digits(seed, "lateLogPrice", 1, c.maxLogPrice);
        uint256 slowest = FeeParametersLibrary.MAX_TRAVERSE_SECONDS;
        c.decayPerSecond =
            _digits(seed, "decay", FixedPointMathLib.divUp(c.maxLogPrice, slowest), FeeParametersLibrary.MAX_RATE);
        c.risePerSecond =
            _digits(seed, "rise", FixedPointMathLib.divUp(c.lateLogPrice, slowest), FeeParametersLibrary.MAX_RATE);
        c.targetSeconds =
            _digits(seed, "target", FeeParametersLibrary.MIN_TARGET_SECONDS, FeeParametersLibrary.MAX_TARGET_SECONDS);
        return c.pack();
    }

    /// @dev A log price in range, one time in four within two steps of the cap.
    function randomLogPrice(FeeParameters q, uint256 seed) internal pure returns (uint48) {
        uint256 top = q.maxLogPrice();
        uint256 low = seed % 4 == 0 ? FixedPointMathLib.zeroFloorSub(top, 2 * q.step()) : 0;
        return uint48(_bound(uint256(keccak256(abi.encode(seed, "x"))), low, top));
    }

    /// @dev Error bound of `cumulativeCost` at `x` (docs/spec/batch-fee.md, FEE-29), in wei, rounded up.
    function costError(FeeParameters q, uint48 x) internal pure returns (uint256) {
        uint256 logUnits = 1e12;
        uint256 relative = BatchFee.price(q, x) * logUnits / q.step() / (1 << 64);
        uint256 absolute = q.minFeeGwei() * 1e9 * logUnits / q.step() / 1e18;
        return relative + absolute + 3;
    }

    function minFee(FeeParameters q) internal pure returns (uint256) {
        return q.minFeeGwei() * 1e9;
    }

    /// @dev Largest `maxLogPrice` the ceiling of the highest price leaves to `minFeeGwei`, short of rounding.
    function _widestRange(uint256 minFeeGwei) private pure returns (uint256) {
        int256 ln = FixedPointMathLib.lnWad(int256(uint256(1 << 100) * 1e18 / (minFeeGwei * 1e9)));
        return uint256(ln) / 1e6 - 1;
    }

    function _digits(uint256 seed, string memory field, uint256 low, uint256 high) private pure returns (uint256) {
        uint256 random = uint256(keccak256(abi.encode(seed, field)));
        if (random % 16 == 0) return low;
        if (random % 16 == 1) return high;
        uint256 bits = _bound(random >> 128, FixedPointMathLib.log2(low), FixedPointMathLib.log2(high));
        return _bound(
            uint256(keccak256(abi.encode(random))),
            FixedPointMathLib.max(low, 1 << bits),
            FixedPointMathLib.min(high, (2 << bits) - 1)
        );
    }
}

/// @notice The library behind external calls, so that tests can expect its reverts.
contract BatchFeeHarness {
    function pack(FeeConfig calldata config) external pure returns (FeeParameters) {
        return FeeParametersLibrary.pack(config);
    }

    function charge(FeeParameters q, uint48 x, uint256 batches) external pure returns (uint256 fee, uint48 newX) {
        return BatchFee.charge(q, x, batches);
    }
}
