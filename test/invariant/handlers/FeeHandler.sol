// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {BaseHandler} from "./BaseHandler.sol";

/// @notice Deposits, withdrawals, tips and donations in the fee token.
abstract contract FeeHandler is BaseHandler {
    function depositFees(uint256 who, uint256 forWhom, uint256 amount) external transition {
        amount = _bound(amount, 1 ether, 1_000 ether);
        _depositFees(payer(who), payer(forWhom), amount);
    }

    /// @dev Now and then one wei more than there is.
    function withdrawFees(uint256 who, uint256 toWhom, uint256 amount) external transition {
        address account = payer(who);
        uint256 balance = feesOf[account];
        amount = _bound(amount, 1, balance + 1);
        if (amount > balance) {
            vm.expectRevert(
                abi.encodeWithSelector(IFeeLedger.InsufficientFeeBalance.selector, account, balance, amount)
            );
        } else {
            feesOf[account] -= amount;
            feesOut += amount;
        }
        vm.prank(account);
        poe.withdrawFees(payer(toWhom), amount);
    }

    /// @dev Tokens that nobody deposited belong to nobody.
    function donate(uint256 amount) external transition {
        amount = _bound(amount, 1, 1_000 ether);
        token.mint(address(poe), amount);
        donated += amount;
    }

    function tip(uint256 who, uint256 numberSeed, uint256 amount) external transition {
        address account = payer(who);
        uint40 number = uint40(numberSeed % (uint256(newest) + 2));
        uint256 balance = feesOf[account];
        amount = _bound(amount, 1, balance / 4 + 1);
        bool refused = _refusedUnlessRunning();
        if (!refused && !isPending(number)) {
            refused = true;
            vm.expectPartialRevert(IFeeLedger.SequenceNotPending.selector);
        } else if (!refused && amount > balance) {
            refused = true;
            vm.expectPartialRevert(IFeeLedger.InsufficientFeeBalance.selector);
        }
        vm.prank(account);
        poe.tip(number, amount);
        if (refused) return;
        if (tips[number] == 0) tipped.push(number);
        feesOf[account] -= amount;
        tips[number] += amount;
        tipBy[number][account] += amount;
    }

    /// @dev Any tip against any checkpoint: paid only to who covered it, and only once that is final.
    function claimTips(uint256 tipSeed, uint256 checkpointSeed) external transition {
        if (tipped.length == 0) return;
        uint40 number = tipped[tipSeed % tipped.length];
        uint40 checkpoint = checkpointSeed % 2 == 0 ? _coveredBy(number) : path[checkpointSeed % path.length];
        bool covered = checkpoint != 0 && number <= checkpoint && number > checkpoints[checkpoint].previous;
        bool paid;
        if (!covered) vm.expectPartialRevert(IFeeLedger.NotCovered.selector);
        else if (!isMatured(checkpoint)) vm.expectPartialRevert(IProofOfEfficiency.NotMatured.selector);
        else if (tips[number] == 0) vm.expectRevert(IFeeLedger.ZeroAmount.selector);
        else paid = true;
        poe.claimTips(number, checkpoint, checkpoints[checkpoint]);
        if (!paid) return;
        feesOf[checkpoints[checkpoint].beneficiary] += tips[number];
        tips[number] = 0;
    }

    /// @dev What arrives when `amount` is sent.
    function _arrives(uint256 amount) internal view virtual returns (uint256) {
        return amount;
    }

    function _depositFees(address account, address forWhom, uint256 amount) internal {
        token.mint(account, amount);
        vm.startPrank(account);
        token.approve(address(poe), amount);
        uint256 received = poe.depositFees(forWhom, amount);
        vm.stopPrank();
        assertEq(received, _arrives(amount), "credited is what arrived");
        feesOf[forWhom] += received;
        feesIn += received;
    }

    /// @dev The checkpoint whose proof was the first to cover `number`; 0 if there is none.
    function _coveredBy(uint40 number) private view returns (uint40) {
        for (uint256 i = 1; i < path.length; ++i) {
            if (path[i] >= number) return path[i];
        }
        return 0;
    }
}
