// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../contracts/interfaces/IExitVault.sol";
import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../contracts/interfaces/IProving.sol";
import {ISequencing} from "../../contracts/interfaces/ISequencing.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {MAX_BATCHES_PER_SEQUENCE} from "../../contracts/types/Commitments.sol";
import {ExitsTest} from "../utils/ExitsTest.sol";

/// @notice What a halt leaves behind: a rewound chain with more pending than the limit goes on for sequencers,
/// aggregators and users alike.
contract AfterAHaltTest is ExitsTest {
    using Commitments for *;

    uint40 private constant FARTHEST = 5;
    /// @dev The least limit under which a sequence can be as long as any may be.
    uint24 private constant LIMIT = uint24(MAX_BATCHES_PER_SEQUENCE);

    function _configuration() internal view override returns (IProofOfEfficiency.Configuration memory config) {
        config = super._configuration();
        config.maxPendingBatches = LIMIT;
    }

    /// @dev Sequences 2 to 5 of 50 batches each, all proven and all taken back.
    function _rewindFarBelowTheLimit() private {
        for (uint40 number = 2; number <= FARTHEST; ++number) {
            sequence(50);
            prove(number - 1, number);
        }
        _haltAndResume(1, 2);
        assertEq(poe.head().lastVerified, 1);
        assertGt(_pending(), LIMIT, "more than the limit");
    }

    /// @dev Halts over `(init, last]`, takes the state back to `init`, and goes on with the next route.
    function _haltAndResume(uint40 init, uint40 last) private {
        haltOver(last);
        rewindTo(init);
        (, uint16 present) = router.resolve(poe.head().version);
        freezeRoute(present, present + 1);
        resume(present + 1);
    }

    function _pending() private view returns (uint256) {
        return poe.sequenced().cumulativeBatches - poe.settlement().verifiedBatches;
    }

    function _refuseSequence(uint256 pending, uint256 count) private {
        ISequencing.Limits memory limits_ = limits();
        vm.expectRevert(abi.encodeWithSelector(ISequencing.TooManyPendingBatches.selector, pending, count, LIMIT));
        vm.prank(sequencer, sequencer);
        poe.sequenceBatches(slots(count, 1), 1, limits_);
    }

    function _refuseRange(uint40 init, uint40 last, uint256 batches) private {
        IProving.Claim memory claim = claimOf(init, last);
        refuse(
            init,
            last,
            claim,
            proofOf(init, claim),
            abi.encodeWithSelector(IProving.IntervalTooLong.selector, batches, LIMIT)
        );
    }

    /// @dev Whoever sequences after a rewind does not wait for those who prove again what earns nothing.
    /// @custom:req R38
    function test_SequencingGoesOnBeyondTheFarthestProof() external {
        _rewindFarBelowTheLimit();
        sequence(50);
        _refuseSequence(50, 15);
        sequence(14);
        _refuseSequence(64, 1);
        assertEq(_pending(), 200 + LIMIT);

        // Proving again makes no room: only what is new counts.
        for (uint40 number = 2; number <= FARTHEST; ++number) {
            prove(number - 1, number);
            _refuseSequence(64, 1);
        }
        prove(5, 6);
        sequence(50);
        _refuseSequence(64, 1);
    }

    /// @dev Proven again for nothing, proven for the first time in full.
    /// @custom:req R6
    /// @custom:req R18
    function test_ProvingAgainPaysNothingAndNewBatchesPay() external {
        _rewindFarBelowTheLimit();
        sequence(10);
        sequence(20);
        uint256 balance = poe.feeBalanceOf(stranger);
        for (uint40 number = 2; number <= FARTHEST; ++number) {
            proveFor(number - 1, number, stranger);
            assertEq(poe.feeBalanceOf(stranger), balance, "paid twice");
        }
        proveFor(5, 6, stranger);
        assertEq(poe.feeBalanceOf(stranger) - balance, sequences[6].fee, "the first new sequence");
        proveFor(6, 7, stranger);
        assertEq(poe.feeBalanceOf(stranger) - balance, sequences[6].fee + sequences[7].fee, "the second");
        assertEq(poe.settlement().paidCumulativeFee, poe.sequenced().cumulativeFee, "all is paid, once");
    }

    /// @dev The exit delay leaves time to contest a full queue; one checkpoint over more would leave too little.
    /// @custom:req R17
    function test_ACheckpointCoversNoMoreThanTheLimit() external {
        _rewindFarBelowTheLimit();
        _refuseRange(1, 5, 200);
        _refuseRange(1, 3, 100);
        skip(1);
        prove(1, 2);
        // Counted from the last checkpoint, wherever the proof begins: 1 is not too old, 2 was proven after the resume.
        _refuseRange(1, 4, 100);
        prove(2, 3);
        prove(3, 4);
        sequence(14);
        prove(4, 5);
        sequence(50);
        prove(5, 7);
        assertEq(checkpoints[7].sequence.cumulativeBatches - checkpoints[5].sequence.cumulativeBatches, LIMIT);
    }

    /// @dev Nothing that could be sequenced can become too long to be proven.
    /// @custom:req R38
    function test_TheLongestSequenceFitsAfterARewindToo() external {
        uint40 first = sequence(LIMIT);
        prove(1, first);
        uint40 second = sequence(LIMIT);
        prove(first, second);
        _haltAndResume(1, first);
        uint40 third = sequence(LIMIT);
        _refuseRange(1, second, 2 * LIMIT);
        prove(1, first);
        prove(first, second);
        prove(second, third);
        assertEq(_pending(), 0);
    }

    /// @dev An exit that survives two halts, both within its first delay, waits a whole delay after the second resume;
    /// the exit behind the conflict is never paid.
    /// @custom:req R48
    function test_AnExitOutlivesTwoHaltsWithinOneDelay() external {
        addExit(user, 10);
        uint40 kept = proveExits();
        skip(EXIT_DELAY / 2);
        addExit(stranger, 20);
        uint40 voided = proveExits();
        _haltAndResume(kept, voided);
        skip(EXIT_DELAY / 4);
        prove(kept, voided);
        _haltAndResume(kept, voided);
        uint256 due = block.timestamp + EXIT_DELAY;

        IExitVault.ExitLink[] memory links = linksDown(1, 1);
        links[0].claimMask = 1;
        vm.warp(due - 1);
        refuseClaim(kept, links, abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, kept, due));
        vm.warp(due);
        claim(kept, links);
        assertEq(vault.etherBalanceOf(user), 10 gwei);
        // Proven a third time, without the exit that only the false proof had.
        prove(kept, voided);
        skip(EXIT_DELAY);
        claim(voided, links);
        assertEq(vault.etherBalanceOf(user), 10 gwei, "once");
        vm.expectRevert(abi.encodeWithSelector(IExitVault.ExitAccNotReached.selector, exitAccs[2]));
        vault.claimExitsFrom(exitAccs[2], linksDown(2, 2));
    }
}
