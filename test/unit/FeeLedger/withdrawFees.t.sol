// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {LifecycleTest} from "../../utils/LifecycleTest.sol";

contract WithdrawFeesTest is LifecycleTest {
    function test_RevertWhen_TheRecipientIsNull() external {
        vm.expectRevert(IFeeLedger.ZeroAddress.selector);
        vm.prank(sequencer);
        poe.withdrawFees(address(0), 1);
    }

    function test_RevertWhen_TheAmountIsZero() external {
        vm.expectRevert(IFeeLedger.ZeroAmount.selector);
        vm.prank(sequencer);
        poe.withdrawFees(sequencer, 0);
    }

    /// @custom:req R30
    function testFuzz_RevertWhen_TheBalanceDoesNotCoverTheAmount(uint256 balance, uint256 amount) external {
        balance = bound(balance, 1, 100 ether);
        amount = bound(amount, balance + 1, type(uint256).max);
        _fund(stranger, balance);
        _expectInsufficient(stranger, balance, amount);
    }

    /// @custom:req R30
    function test_RevertWhen_TheBalanceDoesNotCoverTheAmount() external {
        _expectInsufficient(stranger, 0, 1);
        uint256 balance = poe.feeBalanceOf(sequencer);
        _expectInsufficient(sequencer, balance, balance + 1);
    }

    function _expectInsufficient(address account, uint256 balance, uint256 amount) private {
        vm.expectRevert(abi.encodeWithSelector(IFeeLedger.InsufficientFeeBalance.selector, account, balance, amount));
        vm.prank(account);
        poe.withdrawFees(account, amount);
    }

    function testFuzz_WhenTheBalanceCoversTheAmount(uint256 amount) external {
        _checkWithdrawal(user, bound(amount, 1, poe.feeBalanceOf(sequencer)));
    }

    function test_WhenTheBalanceCoversTheAmount() external {
        _checkWithdrawal(user, 1);
        _checkWithdrawal(sequencer, poe.feeBalanceOf(sequencer));
        assertEq(poe.feeBalanceOf(sequencer), 0);
    }

    /// @custom:req R20, R49
    function test_WhenTheChainIsNotRunning() external {
        _haltChain();
        _checkWithdrawal(sequencer, 1 ether);
        super.setUp();
        _closeChain();
        _checkWithdrawal(sequencer, 1 ether);
    }

    function _checkWithdrawal(address recipient, uint256 amount) private {
        uint256 held = token.balanceOf(address(poe));
        uint256 balance = poe.feeBalanceOf(sequencer);
        uint256 tokens = token.balanceOf(recipient);
        vm.expectEmit(address(poe));
        emit IFeeLedger.FeesWithdrawn(sequencer, recipient, amount);
        vm.prank(sequencer);
        poe.withdrawFees(recipient, amount);
        assertEq(poe.feeBalanceOf(sequencer), balance - amount);
        assertEq(token.balanceOf(recipient), tokens + amount);
        assertEq(token.balanceOf(address(poe)), held - amount);
    }
}
