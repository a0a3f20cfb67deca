// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {FeeConfig, FeeParameters, FeeParametersLibrary} from "../../../contracts/types/FeeParameters.sol";
import {BatchFeeBase, BatchFeeHarness} from "./BatchFeeBase.sol";

/// @custom:req R35 R36
contract FeeParametersTest is BatchFeeBase {
    BatchFeeHarness private harness = new BatchFeeHarness();

    function test_WhenEveryFieldIsInRange() external pure {
        FeeConfig memory config = recommended();
        FeeParameters packed = FeeParametersLibrary.pack(config);
        assertEq(abi.encode(packed.unpack()), abi.encode(config), "fields");

        assertEq(
            FeeParameters.unwrap(packed),
            config.minFeeGwei + config.maxLogPrice * 2 ** 40 + config.lateLogPrice * 2 ** 88 + config.step * 2 ** 136
                + config.decayPerSecond * 2 ** 172 + config.risePerSecond * 2 ** 204 + config.targetSeconds * 2 ** 236,
            "layout"
        );
    }

    function testFuzz_WhenEveryFieldIsInRange_RoundTrips(uint256 seed) external pure {
        FeeParameters packed = randomParameters(seed);
        assertEq(FeeParameters.unwrap(FeeParametersLibrary.pack(packed.unpack())), FeeParameters.unwrap(packed));
    }

    /// @dev Two sets that differ in one field differ in one field: none shares a bit with its neighbours.
    function testFuzz_WhenEveryFieldIsInRange_GettersAreIndependent(uint256 word, uint256 field) external pure {
        uint256[8] memory start = [uint256(0), 40, 88, 136, 172, 204, 236, 256];
        field = _bound(field, 0, 6);
        uint256 width = start[field + 1] - start[field];
        uint256 mask = ((1 << width) - 1) << start[field];

        bytes memory changed = abi.encode(FeeParameters.wrap(word ^ mask).unpack());
        bytes memory original = abi.encode(FeeParameters.wrap(word).unpack());
        uint256[7] memory a = abi.decode(original, (uint256[7]));
        uint256[7] memory b = abi.decode(changed, (uint256[7]));
        for (uint256 i = 0; i < 7; ++i) {
            assertEq(a[i] ^ b[i], i == field ? (1 << width) - 1 : 0, "only this field");
        }
    }

    function test_WhenAFieldIsAtABound() external view {
        FeeConfig memory config = recommended();
        config.minFeeGwei = 1;
        harness.pack(config);

        config.maxLogPrice = 48.5e12;
        config.decayPerSecond = 18_711_420; // 48.5e12 / 30 days, rounded up
        harness.pack(config);
        config.lateLogPrice = config.maxLogPrice;
        harness.pack(config);

        config = recommended();
        config.minFeeGwei = type(uint40).max;
        config.maxLogPrice = 20.8e12;
        harness.pack(config);

        config = recommended();
        config.step = 1e6;
        harness.pack(config);
        config.maxLogPrice = config.step;
        config.lateLogPrice = 1;
        config.decayPerSecond = 1;
        config.risePerSecond = 1;
        config.targetSeconds = 300;
        harness.pack(config);

        config.decayPerSecond = type(uint32).max;
        config.risePerSecond = type(uint32).max;
        config.targetSeconds = 1 days;
        harness.pack(config);

        config = recommended();
        config.step = 2 ** 36 - 1;
        harness.pack(config);
        config.maxLogPrice = config.step;
        config.lateLogPrice = config.step;
        harness.pack(config);
    }

    function test_RevertWhen_TheLowestPriceIsOutOfRange() external {
        FeeConfig memory config = recommended();
        config.minFeeGwei = 0;
        _expect(config, FeeParametersLibrary.MinFeeGweiOutOfRange.selector, 0, 1, 2 ** 40 - 1);
        config.minFeeGwei = 2 ** 40;
        _expect(config, FeeParametersLibrary.MinFeeGweiOutOfRange.selector, 2 ** 40, 1, 2 ** 40 - 1);
        config.minFeeGwei = type(uint256).max;
        _expect(config, FeeParametersLibrary.MinFeeGweiOutOfRange.selector, type(uint256).max, 1, 2 ** 40 - 1);
    }

    function test_RevertWhen_TheStepIsOutOfRange() external {
        FeeConfig memory config = recommended();
        config.step = 1e6 - 1;
        _expect(config, FeeParametersLibrary.StepOutOfRange.selector, 1e6 - 1, 1e6, 2 ** 36 - 1);
        config.step = 0;
        _expect(config, FeeParametersLibrary.StepOutOfRange.selector, 0, 1e6, 2 ** 36 - 1);
        config.step = 2 ** 36;
        _expect(config, FeeParametersLibrary.StepOutOfRange.selector, 2 ** 36, 1e6, 2 ** 36 - 1);
    }

    function test_RevertWhen_TheHighestLogPriceIsOutOfRange() external {
        FeeConfig memory config = recommended();
        config.maxLogPrice = config.step - 1;
        _expect(config, FeeParametersLibrary.MaxLogPriceOutOfRange.selector, config.step - 1, config.step, 49e12);
        config.maxLogPrice = 49e12 + 1;
        _expect(config, FeeParametersLibrary.MaxLogPriceOutOfRange.selector, 49e12 + 1, config.step, 49e12);
    }

    function test_RevertWhen_TheLateLevelIsOutOfRange() external {
        FeeConfig memory config = recommended();
        config.lateLogPrice = 0;
        _expect(config, FeeParametersLibrary.LateLogPriceOutOfRange.selector, 0, 1, config.maxLogPrice);
        config.lateLogPrice = config.maxLogPrice + 1;
        _expect(
            config, FeeParametersLibrary.LateLogPriceOutOfRange.selector, config.lateLogPrice, 1, config.maxLogPrice
        );
    }

    function test_RevertWhen_TheHighestPriceExceedsTheCeiling() external {
        // ln(2^100 / 1e9) = 48.5914522190481: the last log price under the ceiling and the next one.
        FeeConfig memory config = recommended();
        config.minFeeGwei = 1;
        config.maxLogPrice = 48_591_452_219_048;
        harness.pack(config);

        config.maxLogPrice += 1;
        vm.expectPartialRevert(FeeParametersLibrary.MaxFeeTooHigh.selector);
        harness.pack(config);
    }

    function test_RevertWhen_TheDecayIsOutOfRange() external {
        FeeConfig memory config = recommended();
        config.decayPerSecond = 4_441_715; // 11512925464970 / 2592000 = 4441715.07
        _expect(config, FeeParametersLibrary.DecayPerSecondOutOfRange.selector, 4_441_715, 4_441_716, 2 ** 32 - 1);
        config.decayPerSecond = 4_441_716;
        harness.pack(config);
        config.decayPerSecond = 2 ** 32;
        _expect(config, FeeParametersLibrary.DecayPerSecondOutOfRange.selector, 2 ** 32, 4_441_716, 2 ** 32 - 1);
    }

    function test_RevertWhen_TheRiseIsOutOfRange() external {
        FeeConfig memory config = recommended();
        config.risePerSecond = 3_553_372; // 9210340371976 / 2592000 = 3553372.06
        _expect(config, FeeParametersLibrary.RisePerSecondOutOfRange.selector, 3_553_372, 3_553_373, 2 ** 32 - 1);
        config.risePerSecond = 3_553_373;
        harness.pack(config);
        config.risePerSecond = 2 ** 32;
        _expect(config, FeeParametersLibrary.RisePerSecondOutOfRange.selector, 2 ** 32, 3_553_373, 2 ** 32 - 1);
    }

    function test_RevertWhen_TheTargetIsOutOfRange() external {
        FeeConfig memory config = recommended();
        config.targetSeconds = 299;
        _expect(config, FeeParametersLibrary.TargetSecondsOutOfRange.selector, 299, 300, 86_400);
        config.targetSeconds = 86_401;
        _expect(config, FeeParametersLibrary.TargetSecondsOutOfRange.selector, 86_401, 300, 86_400);
    }

    /// @dev No configuration meets a panic or an error without data: it packs, or one of the named errors says why not.
    function testFuzz_RevertWhen_AnyFieldIsOutOfRange(uint256 seed, uint256 field, uint256 value) external view {
        uint256[7] memory fields = abi.decode(abi.encode(randomParameters(seed).unpack()), (uint256[7]));
        fields[field % 7] = value >> (seed % 256);
        FeeConfig memory config = abi.decode(abi.encode(fields), (FeeConfig));

        try harness.pack(config) returns (FeeParameters packed) {
            assertEq(abi.encode(packed.unpack()), abi.encode(config));
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            assertTrue(
                selector == FeeParametersLibrary.MinFeeGweiOutOfRange.selector
                    || selector == FeeParametersLibrary.StepOutOfRange.selector
                    || selector == FeeParametersLibrary.MaxLogPriceOutOfRange.selector
                    || selector == FeeParametersLibrary.LateLogPriceOutOfRange.selector
                    || selector == FeeParametersLibrary.MaxFeeTooHigh.selector
                    || selector == FeeParametersLibrary.DecayPerSecondOutOfRange.selector
                    || selector == FeeParametersLibrary.RisePerSecondOutOfRange.selector
                    || selector == FeeParametersLibrary.TargetSecondsOutOfRange.selector,
                "a named error"
            );
        }
    }

    function _expect(FeeConfig memory config, bytes4 selector, uint256 value, uint256 low, uint256 high) private {
        vm.expectRevert(abi.encodeWithSelector(selector, value, low, high));
        harness.pack(config);
    }
}
