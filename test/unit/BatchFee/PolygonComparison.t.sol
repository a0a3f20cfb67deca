// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {PolygonBatchFee} from "../../models/PolygonBatchFee.sol";
import {PrefixFeeLedger} from "../../models/PrefixFeeLedger.sol";
import {BatchFeeBase} from "./BatchFeeBase.sol";

/// @notice This controller and Polygon's historical rule on the same traces. The model itself is held to published figures.
contract PolygonComparisonTest is BatchFeeBase {
    uint256 private constant NOW = 1_700_000_000;
    /// @dev ln 10: 0.1 tokens under the recommended parameters, Polygon's first fee.
    uint48 private constant TENTH = 2_302_585_092_994;

    PolygonBatchFee private polygon;
    PrefixFeeLedger private ours;

    function setUp() external {
        vm.warp(NOW);
        polygon = new PolygonBatchFee(1002);
        ours = new PrefixFeeLedger(p, TENTH);
        assertApproxEqRel(ours.price(), polygon.batchFee(), 1e6, "both start at a tenth of a token");
    }

    /// @dev Known of the historical rule: 385 calls from 0.1 to the cap of 1000 tokens with a multiplier of 1.002, 34 with 1.023.
    function test_ModelClimbsToItsCapInTheKnownNumberOfCalls() external {
        assertEq(_callsToCap(new PolygonBatchFee(1002)), 385);
        assertEq(_callsToCap(new PolygonBatchFee(1023)), 34);
    }

    /// @dev Known of the historical rule: one call moves the fee by at most 1.0243 with 1.002, and by 1.314 with 1.023.
    function test_ModelMovesByTheKnownFactorsInACall() external {
        polygon.move(1_000_000, 0);
        assertApproxEqAbs(polygon.batchFee(), 0.10243 ether, 0.00001 ether);
        PolygonBatchFee steep = new PolygonBatchFee(1023);
        steep.move(12, 0);
        assertApproxEqAbs(steep.batchFee(), 0.1314 ether, 0.0001 ether);
        steep.move(0, 12);
        assertApproxEqAbs(steep.batchFee(), 0.1 ether, 10, "and back");
    }

    /// @dev Known of the historical rule: a batch exactly as old as the target is late.
    function test_ModelIsLateFromTheTargetOn() external {
        polygon.sequence(3);
        skip(30 minutes - 1);
        polygon.verify(1);
        assertLt(polygon.batchFee(), 0.1 ether, "a second before: early");
        polygon.setBatchFee(0.1 ether);
        polygon.sequence(3);
        skip(30 minutes);
        polygon.verify(1);
        assertGt(polygon.batchFee(), 0.1 ether, "on the target: late");
    }

    /// @notice Stall: sequencers go on for a week, nobody proves. Polygon's fee cannot move; ours has reached the late level.
    /// @custom:req R25
    function test_Stall() external {
        for (uint256 i = 0; i < 7 * 288; ++i) {
            polygon.sequence(1);
            ours.sequence(1);
            skip(5 minutes);
        }
        assertEq(polygon.batchFee(), 0.1 ether, "historical rule: no proof, no move");
        assertGe(ours.price(), 99.9 ether, "late level: 100 tokens");
    }

    /// @notice Stall without any call at all: one batch is posted, then nothing happens for a day.
    /// @custom:req R25
    function test_StallWithoutAnyCall() external {
        polygon.sequence(1);
        ours.sequence(1);
        skip(1 days);
        assertEq(polygon.batchFee(), 0.1 ether);
        assertGe(ours.price(), 99.9 ether, "the next batch pays a prover a thousand times as much");
    }

    /// @notice Dilution: ten batches paid 1 token each; an attacker adds ninety at 0.1. Polygon's pool pays the prover of the
    /// ten 1.9 tokens; the prefix sum pays what they paid.
    /// @custom:req R19
    function test_Dilution() external {
        polygon.setBatchFee(1 ether);
        uint256 paid = polygon.sequence(10);
        assertEq(paid, 10 ether);
        polygon.setBatchFee(0.1 ether);
        polygon.sequence(90);
        assertEq(polygon.verify(1), 1.9 ether, "historical rule: 19 tokens over 100 batches");
        assertEq(polygon.verify(1), 17.1 ether, "the attacker's own ninety return more than the 9 they cost");

        uint256 honest = ours.sequence(10);
        skip(10 minutes);
        uint256 attacker = ours.sequence(90);
        assertEq(ours.verify(1), honest, "what the ten paid");
        assertEq(ours.verify(1), attacker, "what the ninety paid");
    }

    /// @notice The same twenty late sequences in one proof and in twenty: Polygon's fee depends on it, ours does not.
    /// @custom:req R23
    function test_CapOfACallIsNoCapOfABlock() external {
        PolygonBatchFee polygonSplit = new PolygonBatchFee(1002);
        PrefixFeeLedger oursSplit = new PrefixFeeLedger(p, TENTH);
        for (uint256 i = 0; i < 20; ++i) {
            polygon.sequence(12);
            polygonSplit.sequence(12);
            ours.sequence(12);
            oursSplit.sequence(12);
        }
        skip(1 hours);

        polygon.verify(20);
        uint256 reward = ours.verify(20);
        uint256 splitReward = 0;
        for (uint256 i = 0; i < 20; ++i) {
            polygonSplit.verify(1);
            splitReward += oursSplit.verify(1);
        }
        assertApproxEqAbs(polygon.batchFee(), 0.10243 ether, 0.00001 ether, "one call: x 1.024");
        assertApproxEqAbs(
            polygonSplit.batchFee(), 0.16153 ether, 0.00001 ether, "twenty calls in the same block: x 1.615"
        );
        assertEq(oursSplit.logPrice(), ours.logPrice(), "ours: the same price");
        assertEq(splitReward, reward, "and the same reward");
    }

    /// @notice A week of sequences five minutes apart: Polygon walks the young ones of the proof, ours looks at one.
    /// @custom:req R24
    function test_TheHistoricalRuleWalks() external {
        for (uint256 i = 0; i < 2016; ++i) {
            polygon.sequence(1);
            ours.sequence(1);
        }
        uint256 before = gasleft();
        polygon.verify(2016);
        uint256 historical = before - gasleft();
        assertEq(polygon.walked(), 2016, "every one");

        before = gasleft();
        ours.verify(2016);
        uint256 constantGas = before - gasleft();
        assertGt(historical, 50 * constantGas, "and it shows in the gas");
    }

    /// @notice Both agree on the direction: proofs in time lower the fee, late ones raise it.
    /// @custom:req R22
    function test_SameDirection() external {
        uint256 theirs = polygon.batchFee();
        uint256 mine = ours.price();
        polygon.sequence(3);
        ours.sequence(3);
        skip(10 minutes);
        polygon.verify(1);
        ours.verify(1);
        assertLt(polygon.batchFee(), theirs, "historical rule: early, down");
        assertLt(ours.price(), mine, "ours: on time, down");

        (theirs, mine) = (polygon.batchFee(), ours.price());
        polygon.sequence(3);
        ours.sequence(3);
        skip(2 hours);
        polygon.verify(1);
        assertGt(polygon.batchFee(), theirs, "historical rule: late, up");
        assertGt(ours.price(), mine, "ours: late, up");
    }

    function _callsToCap(PolygonBatchFee model) private returns (uint256 calls) {
        for (; model.batchFee() < model.MAX_FEE(); ++calls) {
            model.move(12, 0);
        }
    }
}
