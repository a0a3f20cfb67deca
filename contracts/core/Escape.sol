// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEscape} from "../interfaces/IEscape.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {SlotPacking} from "../libraries/SlotPacking.sol";
import {Checkpoint, Sequence} from "../types/Commitments.sol";
import {Head, Settlement, Status} from "../types/Slots.sol";
import {Emergency} from "./Emergency.sol";
import {Messages} from "./Messages.sol";

/// @title Escape
/// @notice See `IEscape`.
abstract contract Escape is Emergency, Messages {
    using SlotPacking for uint256;
    using Commitments for Checkpoint;

    /// @inheritdoc IEscape
    bytes32 public closedAccountsRoot;
    /// @inheritdoc IEscape
    uint32 public consumedMessages;

    /// @inheritdoc IEscape
    function close(Checkpoint calldata last, bytes32 accountsRoot, uint32 consumedMessages_) external {
        Head memory head_ = _head.unpackHead();
        _requireCloseDue(head_);
        _requireCheckpoint(head_.lastVerified, last.opening());
        // Beyond the queue every accumulator reads as zero, like the one before the first message.
        if (consumedMessages_ > head_.messageCount) revert UnknownMessage(consumedMessages_, head_.messageCount);
        stateMachine.requireState(last.stateRoot, accountsRoot, messageAccOf[consumedMessages_]);
        closedAccountsRoot = accountsRoot;
        consumedMessages = consumedMessages_;
        head_.status = Status.Closed;
        _storeHead(head_);
        emit ChainClosed(head_.lastVerified, accountsRoot, consumedMessages_);
    }

    /// @inheritdoc IEscape
    function refundSequence(uint40 sequence, Sequence calldata preimage) external {
        _requireUnverified(sequence);
        _requireSequence(sequence, preimage);
        // After a rewind the prefix that was paid out before has left the ledger.
        bool paidOut = preimage.cumulativeFee <= _settlement.unpackSettlement().paidCumulativeFee;
        if (paidOut || preimage.fee == 0) revert NothingToRefund();
        delete _commitments[sequence];
        feeBalanceOf[preimage.payer] += preimage.fee;
        emit SequenceRefunded(sequence, preimage.payer, preimage.fee);
    }

    /// @inheritdoc IEscape
    function refundTip(uint40 sequence) external {
        _requireUnverified(sequence);
        uint256 amount = tipOf[sequence][msg.sender];
        if (amount == 0) revert NothingToRefund();
        tipOf[sequence][msg.sender] = 0;
        tipsOn[sequence] -= amount;
        feeBalanceOf[msg.sender] += amount;
        emit TipRefunded(sequence, msg.sender, amount);
    }

    function _requireClosed() private view returns (Head memory head_) {
        head_ = _head.unpackHead();
        _requireStatus(head_, Status.Closed);
    }

    function _requireUnverified(uint40 sequence) private view {
        Head memory head_ = _requireClosed();
        if (sequence <= head_.lastVerified) revert SequenceVerified(sequence, head_.lastVerified);
    }

    /// @dev This clock runs in a halt too: one that nobody ends must not hold the money for ever.
    function _requireCloseDue(Head memory head_) private view {
        if (head_.status == Status.Closed) revert WrongStatus(uint8(head_.status));
        Settlement memory settlement_ = _settlement.unpackSettlement();
        uint256 elapsed = block.timestamp - settlement_.progressAt;
        uint256 due = escapeDelay;
        if (head_.status == Status.Halted) {
            _requireRewound(head_);
        } else if (_sequenced.unpackSequenced().lastSequence == head_.lastVerified) {
            // Idle is not dead, but nobody can tell the two apart for ever: a fee token that has stopped looks the same.
            due = 2 * due;
        } else {
            uint256 waited = block.timestamp - head_.oldestPendingAt;
            if (waited < elapsed) elapsed = waited;
        }
        if (elapsed < due) revert EscapeNotDue(elapsed, due);
    }
}
