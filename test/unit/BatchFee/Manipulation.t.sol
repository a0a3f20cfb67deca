// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {FeeParameters} from "../../../contracts/types/FeeParameters.sol";
import {PrefixFeeLedger} from "../../models/PrefixFeeLedger.sol";
import {BatchFeeBase} from "./BatchFeeBase.sol";

/// @notice What it takes to move the price when the fee comes back to whoever proves: a sequencer that proves its own batches
/// pays gas and proving only, so the number of batches is the price of manipulation. Figures for the recommended parameters.
contract ManipulationTest is BatchFeeBase {
    using BatchFee for FeeParameters;

    uint256 private constant NOW = 1_700_000_000;
    uint256 private constant BLOCK = 12;
    /// @dev ln 10: 0.1 tokens.
    uint48 private constant TENTH = 2_302_585_092_994;

    PrefixFeeLedger private ledger;

    function setUp() external {
        vm.warp(NOW);
        ledger = new PrefixFeeLedger(p, TENTH);
    }

    /// @notice K batches to a factor e, 694 to double the price, all at once or one a call; all of them must be proven.
    function test_DoublingThePriceTakes694Batches() external {
        uint256 start = ledger.price();
        ledger.sequence(693);
        assertLt(ledger.price(), 2 * start, "693 do not");
        ledger.sequence(1);
        assertGe(ledger.price(), 2 * start, "694 do");
    }

    /// @notice Holding the doubled price takes a batch in every block for ever: the load at which the price stands still.
    function test_HoldingThePriceTakesTheTargetLoad() external {
        ledger.sequence(694);
        ledger.verify(1);
        uint256 pumped = ledger.price();
        for (uint256 i = 0; i < 300; ++i) {
            skip(BLOCK);
            ledger.sequence(1);
            ledger.verify(1);
        }
        assertApproxEqRel(ledger.price(), pumped, 1e10, "one a block holds it");

        skip(694 * BLOCK);
        assertApproxEqRel(ledger.price(), pumped / 2, 0.001e18, "without, it halves in as many blocks");
    }

    /// @notice In a round trip of its own the self-proving sequencer gets back exactly what it paid.
    /// @custom:req R18
    function testFuzz_TheSelfProvingSequencerIsPaidWhatItPaid(uint256 seed, uint8 rounds) external {
        uint256 paid;
        uint256 earned;
        for (uint256 i = 0; i < rounds % 16; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            paid += ledger.sequence(1 + seed % 1000);
            skip((seed >> 128) % 4 hours);
            earned += ledger.verify(1);
        }
        assertEq(earned, paid);
    }

    /// @notice What it adds to the bill of the others: ten honest batches right after a pump of 694 pay double, no more.
    function test_TheHarmToOthersIsBoundedByTheBatchesSpent() external {
        (uint256 quiet,) = p.charge(ledger.logPrice(), 10);
        ledger.sequence(694);
        uint256 pumped = ledger.sequence(10);
        assertApproxEqRel(pumped, 2 * quiet, 0.001e18);
    }

    /// @notice A prover that holds a finished proof back raises the price of later batches only while the oldest is late,
    /// by a factor e^(g dt), to the late level at most; what its own pending batches pay it stays what they paid.
    /// @custom:req R27
    function test_HoldingAProofBackRaisesNothingBeforeTheTargetAndNoRewardEver() external {
        uint256 paid = ledger.sequence(5);
        uint256 start = ledger.price();

        uint256 snapshot = vm.snapshotState();
        skip(30 minutes);
        assertLt(ledger.price(), start, "within the target waiting lowers the price");
        assertEq(ledger.verify(1), paid, "on time");

        vm.revertToState(snapshot);
        skip(90 minutes);
        assertEq(ledger.verify(1), paid, "an hour late: the same reward");

        vm.revertToState(snapshot);
        skip(365 days);
        assertLe(ledger.price(), p.price(uint48(p.lateLogPrice())), "the late level bounds the rest");
    }

    /// @notice Calls in one block beyond the first settlement move the price by their batches only.
    /// @custom:req R23
    function testFuzz_CallsInOneBlockMoveThePriceByTheirBatchesOnly(uint256 gap, uint256 pokes) external {
        ledger.sequence(3);
        gap = _bound(gap, 1, 10 days);
        pokes = _bound(pokes, 1, 20);
        skip(gap);
        ledger.poke();
        uint48 once = ledger.logPrice();
        for (uint256 i = 0; i < pokes; ++i) {
            ledger.poke();
        }
        assertEq(ledger.logPrice(), once, "poking again");
        ledger.verify(1);
        assertEq(ledger.logPrice(), once, "proving");
        ledger.sequence(1);
        assertEq(ledger.logPrice(), once + p.step(), "a batch: one step");
    }
}
