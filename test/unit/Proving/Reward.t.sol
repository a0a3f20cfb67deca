// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {FeeConfig} from "../../../contracts/types/FeeParameters.sol";
import {Sequenced} from "../../../contracts/types/Slots.sol";
import {ProvingTest} from "../../utils/ProvingTest.sol";

/// @notice The reward of a range is what its batches paid: whoever proves it, whenever, in whatever pieces, and whatever happens beside it.
contract RewardTest is ProvingTest {
    address private other = makeAddr("other aggregator");

    /// @dev Sequences `count` times, at uneven times and sizes, and so at uneven prices.
    function sequenceUnevenly(uint256 seed, uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, i)));
            skip((draw >> 8) % 20 minutes);
            sequenceAs(draw % 2 == 0 ? sequencer : aggregator, 1 + (draw >> 64) % 6);
        }
    }

    /// @custom:req R18
    function testFuzz_IsWhatTheBatchesPaid(uint256 seed) external {
        uint256 ledger = token.balanceOf(address(poe));
        uint256 before = poe.feeBalanceOf(sequencer) + poe.feeBalanceOf(aggregator);
        sequenceUnevenly(seed, 6);
        uint256 spent = before - poe.feeBalanceOf(sequencer) - poe.feeBalanceOf(aggregator);
        assertEq(spent, feesOf(1, 7), "what was debited");
        for (uint40 at = 1; at < 7;) {
            uint40 last = at + 1 + uint40(uint256(keccak256(abi.encode(seed, "range", at))) % (7 - at));
            uint256 balance = poe.feeBalanceOf(other);
            proveFor(at, last, other);
            assertEq(poe.feeBalanceOf(other) - balance, feesOf(at, last), "this range");
            at = last;
        }
        assertEq(poe.feeBalanceOf(other), spent, "all of it, to the wei");
        assertEq(token.balanceOf(address(poe)), ledger, "no token moved");
    }

    /// @dev Two aggregators with overlapping ranges: each sequence pays once, the one whose proof came first.
    /// @custom:req R6
    function testFuzz_OverlappingProofsArePaidOnce(uint256 seed) external {
        sequenceUnevenly(seed, 6);
        uint40 init;
        while (poe.head().lastVerified < 7) {
            uint40 verified = poe.head().lastVerified;
            uint256 draw = uint256(keccak256(abi.encode(seed, "overlap", verified)));
            uint40 last = verified + 1 + uint40(draw % (7 - verified));
            address beneficiary = draw % 3 == 0 ? other : stranger;
            uint256 balance = poe.feeBalanceOf(beneficiary);
            // From any earlier checkpoint: 0, or where the former proof began.
            proveFor((draw >> 128) % 2 == 0 ? 0 : init, last, beneficiary);
            assertEq(poe.feeBalanceOf(beneficiary) - balance, feesOf(verified, last), "the new part");
            init = verified;
        }
        assertEq(poe.feeBalanceOf(other) + poe.feeBalanceOf(stranger), feesOf(1, 7), "never twice");
    }

    /// @custom:req R19
    function test_IsNotChangedByWhatComesAfter() external {
        sequenceUnevenly(1, 3); // 2..4
        uint256 reward = feesOf(1, 4);
        IProving.Claim memory claim = claimFor(1, 4, other, rootAfter(4), 0);
        bytes memory proof = proofOf(1, claim);

        // Sequences at other prices; a tip; a donation; deposits; parameters; a long wait.
        sequenceInCalls(200);
        vm.prank(sequencer);
        poe.tip(3, 5 ether);
        token.mint(address(poe), 1_000 ether);
        _fund(stranger, 7 ether);
        FeeConfig memory config = _feeConfig();
        config.minFeeGwei *= 10;
        config.maxLogPrice = 9e12;
        vm.prank(owner);
        poe.setFeeParameters(config);
        skip(3 days);

        claim.minReward = reward;
        poe.verifyBatches(1, 4, claim, proof);
        assertEq(poe.feeBalanceOf(other), reward, "neither more nor less");
        assertEq(poe.tipsOn(3), 5 ether, "the tip waits");
    }

    /// @dev A token sent to the contract outside `depositFees` belongs to nobody: no reward, balance or withdrawal reaches it.
    /// @custom:req R18
    function testFuzz_ADonationIsNeverPaidOut(uint96 donation) external {
        sequenceUnevenly(2, 2);
        token.mint(address(poe), donation);
        proveFor(1, 3, other);
        uint256 held = poe.feeBalanceOf(sequencer) + poe.feeBalanceOf(aggregator) + poe.feeBalanceOf(other);
        assertEq(held + donation, token.balanceOf(address(poe)));
    }

    /// @dev A finished proof earns the same an hour later, unless somebody else was faster: then it earns less.
    /// @custom:req R27
    function testFuzz_HoldingAProofBackNeverPaysMore(uint256 seed, uint256 wait, bool overtaken) external {
        sequenceUnevenly(seed, 3);
        IProving.Claim memory claim = claimFor(1, 4, other, rootAfter(4), 0);
        bytes memory proof = proofOf(1, claim);
        uint256 snapshot = vm.snapshotState();
        poe.verifyBatches(1, 4, claim, proof);
        uint256 atOnce = poe.feeBalanceOf(other);

        vm.revertToState(snapshot);
        skip(bound(wait, 1, 80 days));
        sequenceUnevenly(~seed, 2);
        if (overtaken) proveFor(1, 2, stranger);
        poe.verifyBatches(1, 4, claim, proof);
        uint256 later = poe.feeBalanceOf(other);
        assertLe(later, atOnce);
        assertEq(later, overtaken ? feesOf(2, 4) : atOnce);
    }

    /// @dev Nor does it leave more for the batches to come: the price after late proofs is never lower for having been proven late.
    /// @custom:req R27
    /// @custom:req R25
    function test_AStallMakesOwnBatchesPayMore() external {
        sequence(1);
        uint256 onTime = sequences[2].fee;
        // Nobody proves; the price rises with age, without any successful call.
        skip(8 hours);
        sequenceAs(_funded(other), 1);
        assertGt(sequences[3].fee, 100 * onTime, "the risen price");
        // Whoever proves now earns it, and a tip beside it.
        uint256 balance = poe.feeBalanceOf(aggregator);
        prove(1, 3);
        assertEq(poe.feeBalanceOf(aggregator) - balance, onTime + uint256(sequences[3].fee));
    }

    function _funded(address account) private returns (address) {
        _fund(account, 1_000 ether);
        return account;
    }

    /// @dev Proving piece by piece, in one block, earns what one proof earns and leads to the same price.
    /// @custom:req R23
    function testFuzz_SplitProofsEarnWhatOneProofEarns(uint256 seed, uint256 wait, uint256 then) external {
        sequenceUnevenly(seed, 5);
        skip(bound(wait, 0, 3 hours));
        then = bound(then, 0, 2 hours);
        uint256 snapshot = vm.snapshotState();
        proveFor(1, 6, other);
        (uint256 one, Sequenced memory afterOne) = _settleLater(then);

        vm.revertToState(snapshot);
        for (uint40 at = 1; at < 6;) {
            uint40 last = at + 1 + uint40(uint256(keccak256(abi.encode(seed, "split", at))) % (6 - at));
            proveFor(at, last, other);
            at = last;
        }
        (uint256 many, Sequenced memory afterMany) = _settleLater(then);
        assertEq(many, one, "reward");
        assertEq(afterMany.logPrice, afterOne.logPrice, "price");
        assertEq(afterMany.cumulativeFee, afterOne.cumulativeFee, "what the next batch costs");
    }

    function _settleLater(uint256 wait) private returns (uint256 reward, Sequenced memory state) {
        reward = poe.feeBalanceOf(other);
        skip(wait);
        sequence(1);
        state = poe.sequenced();
    }

    /// @dev As many sequences as may be pending are proven in one call, for the gas of proving one: a longer backlog cannot make proving impossible.
    /// @custom:req R24
    function test_ABacklogIsProvenInOneCallForTheGasOfOne() external {
        sequence(1);
        uint256 few = _gasOfProving(1, 2);
        uint40 first = poe.head().lastVerified;
        for (uint256 i = 0; i < 200; ++i) {
            skip(5 minutes);
            sequence(1);
        }
        uint40 last = poe.sequenced().lastSequence;
        // The price is settled across more time; nothing is paid a sequence.
        assertLe(_gasOfProving(first, last), few + 5_000, "flat in the number of sequences");
    }

    function _gasOfProving(uint40 init, uint40 last) private returns (uint256 used) {
        IProving.Claim memory claim = claimOf(init, last);
        bytes memory proof = proofOf(init, claim);
        vm.cool(address(poe));
        uint40 sequencedAt = Commitments.timeOf(poe.commitmentOf(last));
        used = gasleft();
        poe.verifyBatches(init, last, claim, proof);
        used -= gasleft();
        recordCheckpoint(last, init, sequencedAt, claim);
    }
}
