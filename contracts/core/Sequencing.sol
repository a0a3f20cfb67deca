// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ISequencing} from "../interfaces/ISequencing.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {BatchFee} from "../libraries/BatchFee.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {SlotPacking} from "../libraries/SlotPacking.sol";
import {MAX_BATCHES_PER_SEQUENCE, Sequence} from "../types/Commitments.sol";
import {FeeParameters} from "../types/FeeParameters.sol";
import {Head, Sequenced} from "../types/Slots.sol";
import {FeeLedger} from "./FeeLedger.sol";
import {Messages} from "./Messages.sol";

/// @title Sequencing
/// @notice See `ISequencing`.
abstract contract Sequencing is FeeLedger, Messages {
    using SlotPacking for uint256;
    using Commitments for Sequence;

    /// @dev Where a plain encoding of the arguments of `sequenceBatches` has the first offset of a batch: after the
    /// selector, seven words of arguments and the number of batches.
    uint256 private constant BATCHES_OFFSET = 4 + 8 * 32;

    /// @inheritdoc ISequencing
    function sequenceBatches(bytes[] calldata batches, uint32 feeRecipient, Limits calldata limits)
        external
        returns (uint40 sequence)
    {
        Head memory head_ = _head.unpackHead();
        _requireRunning(head_);
        Sequenced memory sequenced_ = _sequenced.unpackSequenced();
        _requireLimits(head_, sequenced_, limits);
        _requireRoom(head_, sequenced_, batches.length);

        uint32 attachedBefore = head_.attachedMessages;
        bytes32 acc = _accumulate(head_, batches, feeRecipient);
        uint112 fee = _charge(head_, sequenced_, batches.length, limits.maxFee);

        // The head stays as it is unless messages were attached or nothing else is pending.
        bool alone = sequenced_.lastSequence == head_.lastVerified;
        if (alone) head_.oldestPendingAt = uint40(block.timestamp);
        if (alone || head_.attachedMessages != attachedBefore) _storeHead(head_);

        sequence = ++sequenced_.lastSequence;
        sequenced_.cumulativeBatches += uint40(batches.length);
        _storeSequenced(sequenced_);

        lastAcc = acc;
        _commitments[sequence] = Sequence({
            acc: acc,
            cumulativeFee: sequenced_.cumulativeFee,
            fee: fee,
            cumulativeBatches: sequenced_.cumulativeBatches,
            version: head_.version,
            payer: msg.sender
        }).word(block.timestamp);
        emit BatchesSequenced(sequence, msg.sender, acc, feeRecipient, fee, head_.attachedMessages);
        _publishBatches(sequence, batches);
    }

    /// @inheritdoc ISequencing
    function announce(string calldata url) external {
        emit SequencerAnnounced(msg.sender, url);
    }

    function _requireRoom(Head memory head_, Sequenced memory sequenced_, uint256 count) private view {
        if (count == 0 || count > MAX_BATCHES_PER_SEQUENCE) revert InvalidBatchCount(count, MAX_BATCHES_PER_SEQUENCE);
        uint256 pending = sequenced_.cumulativeBatches - head_.paidBatches;
        if (pending + count > maxPendingBatches) revert TooManyPendingBatches(pending, count, maxPendingBatches);
    }

    function _requireLimits(Head memory head_, Sequenced memory sequenced_, Limits calldata limits) private view {
        if (block.timestamp > limits.deadline) revert DeadlinePassed(limits.deadline, block.timestamp);
        if (!_anchorStands(head_, sequenced_, limits.anchor, limits.anchorAcc, limits.anchorRest)) {
            revert AnchorMismatch(limits.anchor, limits.anchorAcc);
        }
    }

    /// @dev The anchor may have become the newest checkpoint since the caller signed: its word then commits to results
    /// the caller could not know, and the prefix kept of its accumulator decides.
    function _anchorStands(
        Head memory head_,
        Sequenced memory sequenced_,
        uint40 anchor,
        bytes32 anchorAcc,
        bytes32 anchorRest
    ) private view returns (bool) {
        if (anchor == sequenced_.lastSequence) return anchorAcc == lastAcc;
        if (anchor == head_.lastVerified) {
            return _prefix(anchorAcc) == _settlement.unpackSettlement().verifiedAccPrefix;
        }
        bytes32 word = _commitments[anchor];
        return Commitments.seal(anchorAcc, anchorRest, Commitments.timeOf(word)) == word;
    }

    /// @dev Debits the caller for `count` batches and moves the price.
    function _charge(Head memory head_, Sequenced memory sequenced_, uint256 count, uint256 maxFee_)
        private
        returns (uint112 charged)
    {
        FeeParameters parameters = _settlePrice(head_, sequenced_);
        uint256 fee;
        (fee, sequenced_.logPrice) = BatchFee.charge(parameters, sequenced_.logPrice, count);
        if (fee > maxFee_) revert FeeAboveLimit(fee, maxFee_);
        _debit(msg.sender, fee);
        charged = SafeCast.toUint112(fee);
        sequenced_.cumulativeFee += charged;
    }

    /// @dev Folds the batches, each with the messages it takes, into the accumulator.
    function _accumulate(Head memory head_, bytes[] calldata batches, uint32 feeRecipient)
        private
        view
        returns (bytes32 acc)
    {
        if (feeRecipient == 0 || feeRecipient >= head_.nextIndex) {
            revert UnknownFeeRecipient(feeRecipient, head_.nextIndex);
        }
        bytes memory buffer = Accumulators.newDataBuffer(head_.slotCapacity);
        acc = lastAcc;
        for (uint256 i = 0; i < batches.length; ++i) {
            _requireWholeSlots(i, batches[i].length, buffer.length);
            bytes32 dataHash = Accumulators.dataHash(batches[i], buffer);
            acc = Accumulators.step(acc, head_.version, dataHash, _attachMessages(head_), feeRecipient);
        }
    }

    /// @dev A batch the circuit cannot process must be impossible to sequence: nobody could prove past it.
    function _requireWholeSlots(uint256 index, uint256 length, uint256 maxLength) private pure {
        if (length > maxLength || length % Accumulators.SLOT_BYTES != 0) {
            revert InvalidBatchLength(index, length, maxLength);
        }
    }

    /// @dev Only if a plain account calls this contract directly is the calldata that of the transaction itself. An
    /// account with code (EIP-7702) may call from its code. In all other cases the log carries the data, so that nobody
    /// needs traces to rebuild the state.
    function _publishBatches(uint40 sequence, bytes[] calldata batches) private {
        bool isCalldata = msg.sender == tx.origin && msg.sender.code.length == 0 && _isPlainlyEncoded(batches);
        if (!isCalldata) emit BatchData(sequence, batches);
    }

    /// @dev Whether the calldata is laid out as every ABI encoder does it. This contract would also read offsets that
    /// overlap or point backwards; a decoder that refuses them must not lose the batches.
    function _isPlainlyEncoded(bytes[] calldata batches) private pure returns (bool) {
        uint256 at;
        assembly ("memory-safe") {
            at := batches.offset
        }
        if (at != BATCHES_OFFSET) return false;
        at += 32 * batches.length;
        for (uint256 i = 0; i < batches.length; ++i) {
            bytes calldata batch = batches[i];
            uint256 dataAt;
            assembly ("memory-safe") {
                dataAt := batch.offset
            }
            if (dataAt != at + 32) return false;
            // slither-disable-next-line divide-before-multiply rounds up to whole words
            at = dataAt + (batch.length + 31) / 32 * 32;
        }
        return at == msg.data.length;
    }
}
