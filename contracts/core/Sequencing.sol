// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ISequencing} from "../interfaces/ISequencing.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {BatchFee} from "../libraries/BatchFee.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {Sequence} from "../types/Commitments.sol";
import {Head, Market, MessageQueue} from "../types/Slots.sol";
import {FeeLedger} from "./FeeLedger.sol";
import {Messages} from "./Messages.sol";

/// @title Sequencing
/// @notice See `ISequencing`.
abstract contract Sequencing is FeeLedger, Messages {
    using Commitments for Sequence;

    /// @inheritdoc ISequencing
    function sequenceBatches(bytes[] calldata batches, uint32 feeRecipient, Limits calldata limits)
        external
        returns (uint40 sequence)
    {
        Head memory head_ = _runningHead();
        Market memory market_ = _loadMarket();
        _requireLimits(head_, limits);
        _requireRoom(head_, batches.length);

        uint112 fee = _charge(head_, market_, batches.length, limits.maxFee);
        bytes32 acc = _accumulate(head_, market_.version, batches, feeRecipient);

        sequence = ++head_.lastSequence;
        head_.cumulativeBatches += uint40(batches.length);
        head_.pendingBatches += uint32(batches.length);
        if (head_.oldestPendingAt == 0) head_.oldestPendingAt = market_.updatedAt;

        Sequence memory entry =
            Sequence(acc, market_.cumulativeFee, fee, head_.cumulativeBatches, market_.version, msg.sender);
        lastAcc = acc;
        _commitments[sequence] = entry.word(market_.updatedAt);
        _storeHead(head_);
        _storeMarket(market_);
        _announceBatches(sequence, entry, feeRecipient, head_.attachedMessages);
        _publishBatches(sequence, batches);
    }

    /// @inheritdoc ISequencing
    function announce(string calldata url) external {
        emit SequencerAnnounced(msg.sender, url);
    }

    function _requireRoom(Head memory head_, uint256 count) private view {
        if (count == 0) revert NoBatches();
        if (head_.pendingBatches + count > maxPendingBatches) {
            revert TooManyPendingBatches(head_.pendingBatches, count, maxPendingBatches);
        }
    }

    function _requireLimits(Head memory head_, Limits calldata limits) private view {
        if (block.timestamp > limits.deadline) revert DeadlinePassed(limits.deadline, block.timestamp);
        if (!_anchorStands(head_, limits.anchor, limits.anchorAcc, limits.anchorRest)) {
            revert AnchorMismatch(limits.anchor, limits.anchorAcc);
        }
    }

    /// @dev The anchor may have become the newest checkpoint since the caller signed: its word then commits to results the caller could not know, and
    /// the prefix kept of its accumulator decides.
    function _anchorStands(Head memory head_, uint40 anchor, bytes32 anchorAcc, bytes32 anchorRest)
        private
        view
        returns (bool)
    {
        if (anchor == head_.lastSequence) return anchorAcc == lastAcc;
        if (anchor == head_.lastVerified) return _prefix(anchorAcc) == _loadSettlement().verifiedAccPrefix;
        bytes32 word = _commitments[anchor];
        return word != 0 && Commitments.seal(anchorAcc, anchorRest, Commitments.timeOf(word)) == word;
    }

    /// @dev Debits the caller for `count` batches and moves the price.
    function _charge(Head memory head_, Market memory market_, uint256 count, uint256 maxFee_)
        private
        returns (uint112 charged)
    {
        _settlePrice(head_, market_);
        (uint256 fee, uint48 logPrice) = BatchFee.charge(feeParameters, market_.logPrice, count);
        if (fee > maxFee_) revert FeeAboveLimit(fee, maxFee_);
        _debit(msg.sender, fee);
        charged = SafeCast.toUint112(fee);
        market_.cumulativeFee += charged;
        market_.logPrice = logPrice;
    }

    /// @dev Folds the batches, each with the messages it takes, into the accumulator.
    function _accumulate(Head memory head_, uint16 version, bytes[] calldata batches, uint32 feeRecipient)
        private
        returns (bytes32 acc)
    {
        MessageQueue memory queue = _queue;
        if (feeRecipient == 0 || feeRecipient >= queue.nextIndex) {
            revert UnknownFeeRecipient(feeRecipient, queue.nextIndex);
        }
        bytes memory buffer = Accumulators.newDataBuffer(head_.slotCapacity);
        acc = lastAcc;
        uint256 attached = head_.attachedMessages;
        bytes32 messageAcc = messageAccOf[uint32(attached)];
        for (uint256 i = 0; i < batches.length; ++i) {
            if (attached < queue.messageCount) {
                attached = _attach(attached, queue.messageCount, head_.messageCapacity);
                messageAcc = messageAccOf[uint32(attached)];
            }
            _requireWholeSlots(i, batches[i].length, buffer.length);
            acc = Accumulators.step(acc, version, Accumulators.dataHash(batches[i], buffer), messageAcc, feeRecipient);
        }
        head_.attachedMessages = uint32(attached);
    }

    /// @dev A batch the circuit cannot process must be impossible to sequence: nobody could prove past it.
    function _requireWholeSlots(uint256 index, uint256 length, uint256 maxLength) private pure {
        if (length > maxLength || length % Accumulators.SLOT_BYTES != 0) {
            revert InvalidBatchLength(index, length, maxLength);
        }
    }

    function _announceBatches(uint40 sequence, Sequence memory entry, uint32 feeRecipient, uint32 attached) private {
        emit BatchesSequenced(
            sequence,
            entry.payer,
            entry.acc,
            feeRecipient,
            entry.fee,
            entry.cumulativeFee,
            entry.cumulativeBatches,
            attached,
            entry.version
        );
    }

    /// @dev Only if a plain account calls this contract directly is the calldata that of the transaction itself. An account with code (EIP-7702) may call
    /// from its code. In all other cases the log carries the data, so that nobody needs traces to rebuild the state.
    function _publishBatches(uint40 sequence, bytes[] calldata batches) private {
        if (msg.sender != tx.origin || msg.sender.code.length != 0) emit BatchData(sequence, batches);
    }
}
