// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {stdError} from "forge-std/StdError.sol";

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IEscape} from "../../../contracts/interfaces/IEscape.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {EscapeTest} from "../../utils/EscapeTest.sol";

/// @custom:req R37
contract RefundTipTest is EscapeTest {
    function refuseRefund(address caller, uint40 number, bytes memory reason) private {
        vm.prank(caller);
        vm.expectRevert(reason);
        poe.refundTip(number);
    }

    function test_RevertWhen_TheChainIsNotClosed() external {
        refuseRefund(user, 4, abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Running));
        prove(2, 3);
        haltOver(3);
        refuseRefund(user, 4, abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Halted));
    }

    /// @dev Who proved the sequence has earned the tip, whether claimed or not.
    function test_RevertWhen_TheSequenceWasVerified() external {
        _tip(user, 3, 1 ether);
        setLeaf(3, unregisteredLeaf(FEES + 1));
        proveTo(2, 3, stateRootOf(accountsRoot(), poe.messageAccOf(4)), 0);
        skip(ESCAPE_DELAY);
        poe.close(checkpoints[3], accountsRoot(), 4);
        refuseRefund(user, 3, abi.encodeWithSelector(IEscape.SequenceVerified.selector, 3, 3));
        uint256 balance = poe.feeBalanceOf(aggregator);
        poe.claimTips(3, 3, checkpoints[3]);
        assertEq(poe.feeBalanceOf(aggregator) - balance, 1 ether);
    }

    function test_RevertWhen_TheCallerHasNoTipOnTheSequence() external {
        closeChain();
        refuseRefund(sequencer, 4, abi.encodeWithSelector(IEscape.NothingToRefund.selector));
        refuseRefund(user, 3, abi.encodeWithSelector(IEscape.NothingToRefund.selector));
        refuseRefund(user, 5, abi.encodeWithSelector(IEscape.NothingToRefund.selector));
    }

    function test_RevertWhen_ItWasRefundedBefore() external {
        closeChain();
        vm.prank(user);
        poe.refundTip(4);
        refuseRefund(user, 4, abi.encodeWithSelector(IEscape.NothingToRefund.selector));
    }

    function test_WhenNobodyHasEarnedTheTip() external {
        closeChain();
        vm.expectEmit(address(poe));
        emit IEscape.TipRefunded(4, user, 3 ether);
        vm.prank(user);
        poe.refundTip(4);
        assertEq(poe.feeBalanceOf(user), 3 ether, "the tipper's own");
        assertEq(poe.tipsOn(4), 2 ether, "the other tip stays");
        vm.prank(stranger);
        poe.refundTip(4);
        assertEq(poe.feeBalanceOf(stranger), 2 ether);
        assertEq(poe.tipsOn(4), 0);
    }

    /// @dev A tip on a sequence whose proof a halt voided has not been earned: it waits for the next proof, or goes back.
    /// @custom:req R18
    function test_ATipOnAVoidedProofGoesBack() external {
        prove(2, 4);
        haltOver(4);
        rewindTo(2);
        skip(ESCAPE_DELAY);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
        vm.prank(user);
        poe.refundTip(4);
        assertEq(poe.feeBalanceOf(user), 3 ether);
    }

    /// @dev A token that gives out without end could else wrap the balance around.
    function test_WhenTheBalanceHasNoRoomForIt() external {
        closeChain();
        fillFeeBalance(user);
        vm.prank(user);
        vm.expectRevert(stdError.arithmeticError);
        poe.refundTip(4);
        deal(address(token), address(poe), 3 ether);
        vm.prank(user);
        poe.withdrawFees(stranger, 3 ether);
        vm.prank(user);
        poe.refundTip(4);
        assertEq(poe.feeBalanceOf(user), type(uint256).max);
    }
}
