// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../interfaces/IProving.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {SlotPacking} from "../libraries/SlotPacking.sol";
import {Checkpoint, CheckpointOpening, Sequence} from "../types/Commitments.sol";
import {Head, Sequenced, Settlement} from "../types/Slots.sol";
import {FeeLedger} from "./FeeLedger.sol";

/// @title Proving
/// @notice See `IProving`.
abstract contract Proving is FeeLedger {
    using SlotPacking for uint256;
    using Commitments for *;

    /// @inheritdoc IProving
    function verifyBatches(uint40 init, uint40 last, Claim calldata claim, bytes calldata proof) external {
        // The cheapest check comes first: this is how most proofs of a race end.
        Head memory head_ = _head.unpackHead();
        if (last <= head_.lastVerified) revert LateProof(last, head_.lastVerified);
        _requireRunning(head_);
        Sequenced memory sequenced_ = _sequenced.unpackSequenced();
        if (last > sequenced_.lastSequence) revert UnknownSequence(last, sequenced_.lastSequence);
        if (init != head_.lastVerified) _requireRecentStart(init, head_.lastVerified);
        if (claim.beneficiary == address(0)) revert ZeroAddress();

        // Into memory once: every use from calldata would copy and check them anew.
        CheckpointOpening memory start = claim.start;
        Checkpoint memory next;
        next.sequence = claim.end;
        next.sequencedAt = _requireSequence(last, next.sequence);
        Settlement memory settlement_ = _settlement.unpackSettlement();
        uint256 reward = _earned(settlement_, next.sequence.cumulativeFee);
        if (reward < claim.minReward) revert RewardBelowMinimum(reward, claim.minReward);

        _requireInterval(settlement_.verifiedBatches, next.sequence.cumulativeBatches);
        _requireCheckpoint(init, start);
        _requireOneVersion(init, next.sequence.version);
        (next.stateRoot, next.exitAcc) = (claim.newStateRoot, claim.newExitAcc);
        (next.previous, next.beneficiary) = (head_.lastVerified, claim.beneficiary);
        next.provenBy = _requireProof(next.beneficiary, start, next.sequence, next.stateRoot, next.exitAcc, proof);
        _advance(head_, sequenced_, settlement_, last, next, reward);
    }

    /// @dev Makes `next` the newest checkpoint, with number `last`, and pays for it.
    function _advance(
        Head memory head_,
        Sequenced memory sequenced_,
        Settlement memory settlement_,
        uint40 last,
        Checkpoint memory next,
        uint256 reward
    ) private {
        _settlePrice(head_, sequenced_);
        _storeSequenced(sequenced_);
        // forge-lint: disable-next-line(unsafe-typecast) a difference of two uint112
        settlement_.paidCumulativeFee += uint112(reward);
        settlement_.progressAt = uint40(block.timestamp);
        feeBalanceOf[next.beneficiary] += reward;
        _commitments[last] = next.word(block.timestamp);
        _moveVerified(head_, settlement_, last, next.sequence, sequenced_.lastSequence);
        emit BatchesVerified(last, next.beneficiary, next.provenBy, next.stateRoot, next.exitAcc, reward);
    }

    /// @dev A proof may pass over checkpoints, but for those that have matured or that stood when the chain last resumed: if
    /// one of these were false and stayed, proofs from below and from above it would contradict each other, though their
    /// verifier is sound. The word behind the start is that of the next checkpoint, or of a sequence, which is older.
    function _requireRecentStart(uint40 init, uint40 lastVerified) private view {
        if (init > lastVerified) revert StartNotVerified(init, lastVerified);
        uint40 since = _commitments[init + 1].timeOf();
        if (since <= _halt.resumedAt || since + exitDelay <= block.timestamp) revert StartTooOld(init, since);
    }

    /// @dev What verified batches paid and nobody has been paid for. After a rewind the prefix up to
    /// `paidCumulativeFee` has been: it earns nothing twice.
    function _earned(Settlement memory settlement_, uint112 cumulativeFee) internal pure returns (uint256) {
        return cumulativeFee > settlement_.paidCumulativeFee ? cumulativeFee - settlement_.paidCumulativeFee : 0;
    }

    /// @dev After a rewind more may be pending than the limit; a checkpoint still covers no more than that at once, which
    /// is what the exit delay leaves time to contest. One sequence always fits.
    function _requireInterval(uint256 verifiedBatches, uint256 cumulativeBatches) private view {
        uint256 batches = cumulativeBatches - verifiedBatches;
        if (batches > maxPendingBatches) revert IntervalTooLong(batches, maxPendingBatches);
    }

    /// @dev Makes `last` the newest checkpoint.
    function _moveVerified(
        Head memory head_,
        Settlement memory settlement_,
        uint40 last,
        Sequence memory sequence,
        uint40 lastSequence
    ) internal {
        head_.lastVerified = last;
        settlement_.verifiedBatches = sequence.cumulativeBatches;
        if (sequence.cumulativeBatches > head_.paidBatches) head_.paidBatches = sequence.cumulativeBatches;
        // The next sequence may be older than the last resume, from which on it counts as waiting; then the time that
        // stands is the later one.
        if (last < lastSequence) {
            uint40 nextAt = _commitments[last + 1].timeOf();
            if (nextAt > head_.oldestPendingAt) head_.oldestPendingAt = nextAt;
        }
        settlement_.verifiedAccPrefix = _prefix(sequence.acc);
        _storeHead(head_);
        _storeSettlement(settlement_);
    }
}
