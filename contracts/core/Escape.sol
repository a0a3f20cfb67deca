// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEscape} from "../interfaces/IEscape.sol";
import {Account} from "../interfaces/IStateMachine.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {MessageFormat} from "../libraries/MessageFormat.sol";
import {Checkpoint, Sequence} from "../types/Commitments.sol";
import {Head, Settlement, Status} from "../types/Slots.sol";
import {Emergency} from "./Emergency.sol";
import {Exits} from "./Exits.sol";
import {Messages} from "./Messages.sol";

/// @title Escape
/// @notice See `IEscape`.
abstract contract Escape is Emergency, Exits, Messages {
    using Commitments for Checkpoint;

    /// @notice Root of the accounts tree the chain closed with.
    bytes32 public closedAccountsRoot;
    /// @notice Messages the state it closed with has consumed.
    uint32 public consumedMessages;
    /// @notice Whether the balance of an account was paid out.
    mapping(uint32 index => bool) public accountEscaped;
    /// @notice Whether an unconsumed message was refunded.
    mapping(uint32 number => bool) public messageRefunded;

    /// @inheritdoc IEscape
    function close(Checkpoint calldata last, bytes32 accountsRoot, uint32 consumedMessages_) external {
        Head memory head_ = _loadHead();
        _requireCloseDue(head_);
        _requireCheckpoint(head_.lastVerified, last.opening());
        // Beyond the queue every accumulator reads as zero, like the one before the first message.
        uint32 count = _queue.messageCount;
        if (consumedMessages_ > count) revert UnknownMessage(consumedMessages_, count);
        stateMachine.requireState(last.stateRoot, accountsRoot, messageAccOf[consumedMessages_]);
        closedAccountsRoot = accountsRoot;
        consumedMessages = consumedMessages_;
        head_.status = Status.Closed;
        _storeHead(head_);
        emit ChainClosed(head_.lastVerified, accountsRoot, consumedMessages_);
    }

    /// @inheritdoc IEscape
    function escapeAccount(
        uint32 index,
        Account calldata account,
        bytes32[32] calldata siblings,
        bytes calldata publicKey,
        address l1Owner
    ) external {
        _requireClosed();
        _requireIdentity(index, publicKey, l1Owner);
        if (accountEscaped[index] || account.balance == 0) revert NothingToRefund();
        stateMachine.requireAccount(closedAccountsRoot, index, account, siblings);
        accountEscaped[index] = true;
        _creditEther(l1Owner, account.balance);
        emit AccountEscaped(index, l1Owner, account.balance);
    }

    /// @inheritdoc IEscape
    function refundMessage(uint32 number, bytes calldata message, bytes calldata publicKey, address l1Owner) external {
        _requireClosed();
        uint32 count = _queue.messageCount;
        if (number > count) revert UnknownMessage(number, count);
        if (number <= consumedMessages) revert MessageConsumed(number, consumedMessages);
        if (Accumulators.stepMessage(messageAccOf[number - 1], message) != messageAccOf[number]) {
            revert MessageMismatch(number);
        }
        if (messageRefunded[number]) revert NothingToRefund();
        messageRefunded[number] = true;
        (uint32 index, uint256 valueGwei) = MessageFormat.indexAndValue(message);
        _requireIdentity(index, publicKey, l1Owner);
        _creditEther(l1Owner, valueGwei);
        emit MessageRefunded(number, l1Owner, valueGwei);
    }

    /// @inheritdoc IEscape
    function refundSequence(uint40 sequence, Sequence calldata preimage) external {
        _requireUnverified(sequence);
        _requireSequence(sequence, preimage);
        // After a rewind the prefix that was paid out before has left the ledger.
        bool paidOut = preimage.cumulativeFee <= _loadSettlement().paidCumulativeFee;
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
        head_ = _loadHead();
        if (head_.status != Status.Closed) revert WrongStatus(uint8(head_.status));
    }

    function _requireUnverified(uint40 sequence) private view {
        Head memory head_ = _requireClosed();
        if (sequence <= head_.lastVerified) revert SequenceVerified(sequence, head_.lastVerified);
    }

    function _requireIdentity(uint32 index, bytes calldata publicKey, address l1Owner) private view {
        bytes32 identity = MessageFormat.identity(index, publicKey, l1Owner);
        if (identityOf[index] != identity) revert IdentityMismatch(index, identity, identityOf[index]);
    }

    /// @dev Real time, not chain time: a halt that nobody ends must not hold the money for ever. A halt and a resume count as progress.
    function _requireCloseDue(Head memory head_) private view {
        if (head_.status == Status.Closed) revert WrongStatus(uint8(head_.status));
        Settlement memory settlement_ = _loadSettlement();
        uint256 elapsed = block.timestamp - settlement_.progressAt;
        if (head_.status == Status.Halted) {
            _requireRewound(head_);
        } else {
            if (head_.lastSequence == head_.lastVerified) revert NothingPending();
            uint256 waited = _clock(head_.status, _loadMarket()) - head_.oldestPendingAt;
            if (waited < elapsed) elapsed = waited;
        }
        if (elapsed < escapeDelay) revert EscapeNotDue(elapsed, escapeDelay);
    }
}
