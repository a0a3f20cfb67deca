// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {stdError} from "forge-std/StdError.sol";

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IEscape} from "../../../contracts/interfaces/IEscape.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Sequence} from "../../../contracts/types/Commitments.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {EscapeTest} from "../../utils/EscapeTest.sol";

/// @custom:req R37
contract RefundSequenceTest is EscapeTest {
    function refuseRefund(uint40 number, Sequence memory preimage, bytes memory reason) private {
        vm.expectRevert(reason);
        poe.refundSequence(number, preimage);
    }

    function test_RevertWhen_TheChainIsNotClosed() external {
        refuseRefund(3, sequences[3], abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Running));
        prove(2, 3);
        haltOver(3);
        rewindTo(2);
        refuseRefund(4, sequences[4], abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Halted));
    }

    function test_RevertWhen_TheSequenceWasVerified() external {
        closeChain();
        for (uint40 number = 0; number <= 2; ++number) {
            refuseRefund(
                number, sequences[number], abi.encodeWithSelector(IEscape.SequenceVerified.selector, number, 2)
            );
        }
    }

    function test_RevertWhen_ThePreimageIsNotThatOfTheSequence() external {
        closeChain();
        bytes memory reason = abi.encodeWithSelector(IProving.SequenceMismatch.selector, 3);
        refuseRefund(3, sequences[4], reason);
        Sequence memory forged = sequences[3];
        forged.payer = stranger;
        refuseRefund(3, forged, reason);
        forged = sequences[3];
        forged.fee *= 2;
        refuseRefund(3, forged, reason);
        refuseRefund(5, sequences[3], abi.encodeWithSelector(IProving.SequenceMismatch.selector, 5));
    }

    function test_RevertWhen_ItWasRefundedBefore() external {
        closeChain();
        poe.refundSequence(3, sequences[3]);
        refuseRefund(3, sequences[3], abi.encodeWithSelector(IProving.SequenceMismatch.selector, 3));
        assertEq(poe.commitmentOf(3), 0);
    }

    /// @dev What the beneficiary of a voided proof has earned may be spent already: the ledger pays each fee once.
    /// @custom:req R18
    function test_RevertWhen_AProofThatAHaltVoidedWasPaidForIt() external {
        prove(2, 3);
        haltOver(3);
        rewindTo(2);
        skip(ESCAPE_DELAY);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
        refuseRefund(3, sequences[3], abi.encodeWithSelector(IEscape.NothingToRefund.selector));
        uint256 balance = poe.feeBalanceOf(aggregator);
        poe.refundSequence(4, sequences[4]);
        assertEq(poe.feeBalanceOf(aggregator) - balance, sequences[4].fee, "never proven, hence refunded");
    }

    function test_WhenNobodyHasEarnedItsFee() external {
        closeChain();
        uint256 ofSequencer = poe.feeBalanceOf(sequencer);
        uint256 ofAggregator = poe.feeBalanceOf(aggregator);
        vm.expectEmit(address(poe));
        emit IEscape.SequenceRefunded(3, sequencer, sequences[3].fee);
        vm.prank(stranger);
        poe.refundSequence(3, sequences[3]);
        poe.refundSequence(4, sequences[4]);
        assertEq(poe.feeBalanceOf(sequencer) - ofSequencer, sequences[3].fee, "to who paid it");
        assertEq(poe.feeBalanceOf(aggregator) - ofAggregator, sequences[4].fee, "to who paid it");
        uint256 withdrawn = poe.feeBalanceOf(sequencer);
        vm.prank(sequencer);
        poe.withdrawFees(sequencer, withdrawn);
        assertEq(token.balanceOf(sequencer), withdrawn, "and out");
    }

    /// @dev After everything is refunded and withdrawn the contract holds nothing: no fee is stuck and none is paid twice.
    /// @custom:req R18
    function test_EveryTokenLeaves() external {
        closeChain();
        poe.refundSequence(3, sequences[3]);
        poe.refundSequence(4, sequences[4]);
        address[4] memory holders = [sequencer, aggregator, user, stranger];
        for (uint256 i = 0; i < 4; ++i) {
            vm.startPrank(holders[i]);
            if (poe.tipOf(4, holders[i]) != 0) poe.refundTip(4);
            poe.withdrawFees(holders[i], poe.feeBalanceOf(holders[i]));
            vm.stopPrank();
        }
        assertEq(token.balanceOf(address(poe)), 0);
    }

    /// @dev A token that gives out without end could else wrap the balance around.
    function test_WhenTheBalanceHasNoRoomForIt() external {
        closeChain();
        fillFeeBalance(sequencer);
        vm.expectRevert(stdError.arithmeticError);
        poe.refundSequence(3, sequences[3]);
        deal(address(token), address(poe), sequences[3].fee);
        vm.prank(sequencer);
        poe.withdrawFees(stranger, sequences[3].fee);
        poe.refundSequence(3, sequences[3]);
        assertEq(poe.feeBalanceOf(sequencer), type(uint256).max);
    }
}
