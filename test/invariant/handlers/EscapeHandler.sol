// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IEscape} from "../../../contracts/interfaces/IEscape.sol";
import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Account as Leaf} from "../../../contracts/interfaces/IStateMachine.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {ListedStateMachine} from "../stores/ListedStateMachine.sol";
import {OwnerHandler} from "./OwnerHandler.sol";

/// @notice The end of the chain, and everybody's way out of it. Before the end, all of these doors are shut.
abstract contract EscapeHandler is OwnerHandler {
    function close() external transition {
        _watch(present);
        uint40 last = lastVerified();
        bytes32 accountsRoot = keccak256(abi.encode("accounts", last));
        uint32 consumed = sequenceFacts[last].attached;
        _listState(last, accountsRoot, consumed);
        bool refused = true;
        if (status == Status.Closed) {
            _expectWrongStatus();
        } else if (status == Status.Halted && !isSettled(last)) {
            vm.expectPartialRevert(IEmergency.RewindIncomplete.selector);
        } else if (present < _closableAt()) {
            vm.expectPartialRevert(IEscape.EscapeNotDue.selector);
        } else {
            refused = false;
        }
        poe.close(checkpoints[last], accountsRoot, consumed);
        if (!refused) status = Status.Closed;
    }

    function refundSequence(uint256 numberSeed) external transition {
        uint40 number = uint40(numberSeed % (uint256(newest) + 1));
        SequenceFacts storage facts = sequenceFacts[number];
        bool refused = true;
        if (status != Status.Closed) _expectWrongStatus();
        else if (number <= lastVerified()) vm.expectPartialRevert(IEscape.SequenceVerified.selector);
        else if (facts.refunded) vm.expectPartialRevert(IProving.SequenceMismatch.selector);
        else if (facts.paid) vm.expectRevert(IEscape.NothingToRefund.selector);
        else refused = false;
        poe.refundSequence(number, sequences[number]);
        if (refused) return;
        facts.refunded = true;
        feesOf[sequences[number].payer] += sequences[number].fee;
        escrow -= sequences[number].fee;
        feesRefunded += sequences[number].fee;
    }

    function refundTip(uint256 tipSeed, uint256 who) external transition {
        address account = payer(who);
        uint40 number = tipped.length == 0 ? newest : tipped[tipSeed % tipped.length];
        uint256 amount = tipBy[number][account];
        bool refused = true;
        if (status != Status.Closed) _expectWrongStatus();
        else if (number <= lastVerified()) vm.expectPartialRevert(IEscape.SequenceVerified.selector);
        else if (amount == 0) vm.expectRevert(IEscape.NothingToRefund.selector);
        else refused = false;
        vm.prank(account);
        poe.refundTip(number);
        if (refused) return;
        tipBy[number][account] = 0;
        tips[number] -= amount;
        feesOf[account] += amount;
    }

    function escapeAccount(uint256 indexSeed, bool impostor) external transition {
        uint32 index = uint32(1 + indexSeed % registered());
        Leaf memory leaf = Leaf(keyOf(index), l1Owners[index], closingBalanceOf[index], 0, true);
        address l1Owner = impostor ? stranger : l1Owners[index];
        bool refused = true;
        if (status != Status.Closed) vm.expectRevert(IExitVault.ChainNotClosed.selector);
        else if (impostor) vm.expectPartialRevert(IExitVault.NotTheIdentity.selector);
        else if (escaped[index] || leaf.balance == 0) vm.expectRevert(IExitVault.NothingToPay.selector);
        else refused = false;
        bytes32[32] memory siblings;
        vault.escapeAccount(index, leaf, siblings, keyOf(index), l1Owner);
        if (refused) return;
        escaped[index] = true;
        etherOf[l1Owner] += uint256(leaf.balance) * 1 gwei;
    }

    function refundMessage(uint256 numberSeed) external transition {
        uint32 number = uint32(1 + numberSeed % messageCount());
        Message storage message = messages[number];
        address l1Owner = l1Owners[message.index];
        bool refused = true;
        if (status != Status.Closed) vm.expectRevert(IExitVault.ChainNotClosed.selector);
        else if (number <= poe.consumedMessages()) vm.expectPartialRevert(IExitVault.MessageConsumed.selector);
        else if (messageRefunded[number]) vm.expectRevert(IExitVault.NothingToPay.selector);
        else refused = false;
        vault.refundMessage(number, message.data, keyOf(message.index), l1Owner);
        if (refused) return;
        messageRefunded[number] = true;
        etherOf[l1Owner] += (uint256(message.amountGwei) + message.feeGwei) * 1 gwei;
    }

    /// @dev Running: the oldest pending sequence and the last progress are both `ESCAPE_DELAY` ago. Halted: the halt
    /// is.
    function _closableAt() private view returns (uint256) {
        uint256 from = lastProgress;
        if (status == Status.Running && oldestPendingAt() > from) from = oldestPendingAt();
        bool idle = status == Status.Running && newest == lastVerified();
        return from + (idle ? 2 : 1) * uint256(ESCAPE_DELAY);
    }

    /// @dev The accounts after sequence `last`: the sum of all effects up to it.
    function _listState(uint40 last, bytes32 accountsRoot, uint32 consumed) private {
        if (status == Status.Closed) return;
        ListedStateMachine list = ListedStateMachine(address(stateMachine));
        list.list(checkpoints[last].stateRoot, accountsRoot, messages[consumed].acc);
        int256[] memory balances = new int256[](l1Owners.length);
        for (uint256 i = 0; i < effects.length && effects[i].number <= last; ++i) {
            balances[effects[i].index] += effects[i].amount;
        }
        for (uint32 index = 1; index < balances.length; ++index) {
            closingBalanceOf[index] = uint64(uint256(balances[index]));
            list.listBalance(accountsRoot, index, closingBalanceOf[index]);
        }
    }
}
