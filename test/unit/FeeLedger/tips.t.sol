// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Checkpoint} from "../../../contracts/types/Commitments.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {LifecycleTest} from "../../utils/LifecycleTest.sol";

/// @custom:req R25
contract TipsTest is LifecycleTest {
    function setUp() public override {
        super.setUp();
        _fund(stranger, 1000 ether);
    }

    /* TIP */

    /// @custom:req R49
    function test_Tip_RevertGiven_TheChainIsNotRunning() external {
        sequence(1);
        uint256 snapshot = vm.snapshotState();
        _haltChain();
        _expectTipRevert(2, 1, abi.encodeWithSelector(IEmergency.WrongStatus.selector, uint8(Status.Halted)));
        vm.revertToState(snapshot);
        _closeChain();
        _expectTipRevert(2, 1, abi.encodeWithSelector(IEmergency.WrongStatus.selector, uint8(Status.Closed)));
    }

    function test_Tip_RevertWhen_TheSequenceIsVerified() external {
        sequence(1);
        for (uint40 number = 0; number < 2; ++number) {
            _expectTipRevert(number, 1, abi.encodeWithSelector(IFeeLedger.SequenceNotPending.selector, number, 1, 2));
        }
    }

    function testFuzz_Tip_RevertWhen_TheSequenceDoesNotExist(uint40 number) external {
        sequence(1);
        number = uint40(bound(number, 3, type(uint40).max));
        _expectTipRevert(number, 1, abi.encodeWithSelector(IFeeLedger.SequenceNotPending.selector, number, 1, 2));
    }

    function test_Tip_RevertWhen_TheSequenceDoesNotExist() external {
        _expectTipRevert(2, 1, abi.encodeWithSelector(IFeeLedger.SequenceNotPending.selector, 2, 1, 1));
    }

    function test_Tip_RevertWhen_TheAmountIsZero() external {
        sequence(1);
        _expectTipRevert(2, 0, abi.encodeWithSelector(IFeeLedger.ZeroAmount.selector));
    }

    function test_Tip_RevertWhen_TheBalanceDoesNotCoverTheTip() external {
        sequence(1);
        _expectTipRevert(
            2,
            1000 ether + 1,
            abi.encodeWithSelector(IFeeLedger.InsufficientFeeBalance.selector, stranger, 1000 ether, 1000 ether + 1)
        );
    }

    function test_Tip_WhenTheSequenceIsPending() external {
        sequence(1);
        sequence(1);
        uint256 balance = poe.feeBalanceOf(sequencer);
        _tip(stranger, 2, 3);
        _tip(stranger, 2, 4);
        _tip(sequencer, 2, 5);
        _tip(stranger, 3, 6);
        assertEq(poe.tipsOn(2), 12);
        assertEq(poe.tipsOn(3), 6);
        assertEq(poe.tipOf(2, stranger), 7);
        assertEq(poe.tipOf(2, sequencer), 5);
        assertEq(poe.tipOf(3, stranger), 6);
        assertEq(poe.feeBalanceOf(stranger), 1000 ether - 13);
        assertEq(poe.feeBalanceOf(sequencer), balance - 5);
    }

    /* CLAIM */

    function test_ClaimTips_RevertWhen_ThePreimageIsNotThatOfTheCheckpoint() external {
        _tipped();
        prove(1, 2);
        _mature();
        Checkpoint memory forged = checkpoints[2];
        forged.beneficiary = stranger;
        _expectClaimRevert(2, 2, forged, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 2));
        forged = checkpoints[2];
        forged.previous = 0;
        _expectClaimRevert(2, 2, forged, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 2));
    }

    function test_ClaimTips_RevertWhen_TheSequenceIsNotVerified() external {
        _tipped();
        // No checkpoint has the number, and none covers it.
        Checkpoint memory none;
        none.sequence = sequences[2];
        _expectClaimRevert(2, 2, none, abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 2));
        _expectClaimRevert(2, 1, checkpoints[1], abi.encodeWithSelector(IFeeLedger.NotCovered.selector, 2, 0, 1));
        _expectClaimRevert(2, 0, checkpoints[0], abi.encodeWithSelector(IFeeLedger.NotCovered.selector, 2, 0, 0));
    }

    /// @dev Who proves sequence 3 has not proven 2.
    function test_ClaimTips_RevertWhen_TheSequenceIsBeforeTheIntervalOfTheCheckpoint() external {
        _tipped();
        prove(1, 2);
        proveFor(stranger, 1, 3);
        _mature();
        _expectClaimRevert(2, 3, checkpoints[3], abi.encodeWithSelector(IFeeLedger.NotCovered.selector, 2, 2, 3));
    }

    function test_ClaimTips_RevertWhen_TheSequenceIsAfterTheCheckpoint() external {
        _tipped();
        prove(1, 2);
        prove(2, 3);
        _mature();
        _expectClaimRevert(3, 2, checkpoints[2], abi.encodeWithSelector(IFeeLedger.NotCovered.selector, 3, 1, 2));
    }

    function test_ClaimTips_RevertWhen_TheCheckpointHasNotMatured() external {
        _tipped();
        prove(1, 2);
        uint256 maturesAt = block.timestamp + EXIT_DELAY;
        vm.warp(maturesAt - 1);
        _expectClaimRevert(
            2, 2, checkpoints[2], abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, 2, maturesAt)
        );
        vm.warp(maturesAt);
        poe.claimTips(2, 2, checkpoints[2]);
    }

    function test_ClaimTips_RevertWhen_NobodyTipped() external {
        sequence(1);
        prove(1, 2);
        _mature();
        _expectClaimRevert(2, 2, checkpoints[2], abi.encodeWithSelector(IFeeLedger.ZeroAmount.selector));
    }

    /// @custom:req R18
    function test_ClaimTips_RevertWhen_TheTipsWereClaimedBefore() external {
        _tipped();
        prove(1, 3);
        _mature();
        poe.claimTips(2, 3, checkpoints[3]);
        _expectClaimRevert(2, 3, checkpoints[3], abi.encodeWithSelector(IFeeLedger.ZeroAmount.selector));
    }

    /// @custom:req R18, R19
    function test_ClaimTips_WhenTheCheckpointCoversTheSequenceAndHasMatured() external {
        _tipped();
        prove(1, 3);
        sequence(1);
        proveFor(stranger, 3, 4);
        _mature();
        for (uint40 number = 2; number < 4; ++number) {
            uint256 balance = poe.feeBalanceOf(aggregator);
            uint256 amount = poe.tipsOn(number);
            vm.expectEmit(address(poe));
            emit IFeeLedger.TipsClaimed(number, aggregator, amount);
            vm.prank(user);
            poe.claimTips(number, 3, checkpoints[3]);
            assertEq(poe.feeBalanceOf(aggregator), balance + amount);
            assertEq(poe.tipsOn(number), 0);
        }
    }

    /// @dev A tip never enters the prefix sum of batch fees: the reward of the proof is the same with and without it.
    /// @custom:req R18, R19
    function testFuzz_ClaimTips_WhenTheCheckpointCoversTheSequenceAndHasMatured(uint256 amount) external {
        sequence(1);
        _tip(stranger, 2, bound(amount, 1, 1000 ether));
        uint256 tips = poe.tipsOn(2);
        uint256 balance = poe.feeBalanceOf(aggregator);
        prove(1, 2);
        assertEq(poe.feeBalanceOf(aggregator), balance + sequences[2].fee);
        _mature();
        poe.claimTips(2, 2, checkpoints[2]);
        assertEq(poe.feeBalanceOf(aggregator), balance + sequences[2].fee + tips);
    }

    /* HELPERS */

    /// @dev Sequences 2 and 3, both tipped.
    function _tipped() private {
        sequence(1);
        sequence(1);
        _tip(stranger, 2, 2 ether);
        _tip(stranger, 3, 3 ether);
    }

    function _tip(address tipper, uint40 number, uint256 amount) private {
        vm.expectEmit(address(poe));
        emit IFeeLedger.SequenceTipped(number, tipper, amount);
        vm.prank(tipper);
        poe.tip(number, amount);
    }

    function _mature() private {
        vm.warp(block.timestamp + EXIT_DELAY);
    }

    function proveFor(address beneficiary, uint40 init, uint40 last) private {
        IProving.Claim memory claim = claimFor(init, last, beneficiary, rootAfter(last), 0);
        bytes memory proof = proofOf(init, claim);
        uint40 previous = poe.head().lastVerified;
        poe.verifyBatches(init, last, claim, proof);
        recordCheckpoint(last, previous, uint40(block.timestamp), claim);
    }

    function _expectTipRevert(uint40 number, uint256 amount, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(stranger);
        poe.tip(number, amount);
    }

    function _expectClaimRevert(uint40 number, uint40 checkpoint, Checkpoint memory preimage, bytes memory reason)
        private
    {
        vm.expectRevert(reason);
        poe.claimTips(number, checkpoint, preimage);
    }
}
