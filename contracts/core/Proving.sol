// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../interfaces/IProving.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {Checkpoint, Sequence} from "../types/Commitments.sol";
import {Head, Sequenced, Settlement} from "../types/Slots.sol";
import {FeeLedger} from "./FeeLedger.sol";

/// @title Proving
/// @notice See `IProving`.
abstract contract Proving is FeeLedger {
    using Commitments for *;

    /// @inheritdoc IProving
    function verifyBatches(uint40 init, uint40 last, Claim calldata claim, bytes calldata proof) external {
        // The cheapest check comes first: this is how most proofs of a race end.
        Head memory head_ = _loadHead();
        if (last <= head_.lastVerified) revert LateProof(last, head_.lastVerified);
        _requireRunning(head_);
        Sequenced memory sequenced_ = _loadSequenced();
        if (last > sequenced_.lastSequence) revert UnknownSequence(last, sequenced_.lastSequence);
        if (init > head_.lastVerified) revert StartNotVerified(init, head_.lastVerified);
        if (claim.beneficiary == address(0)) revert ZeroAddress();

        uint40 sequencedAt = _requireSequence(last, claim.end);
        Settlement memory settlement_ = _loadSettlement();
        uint256 reward = _earned(settlement_, claim.end.cumulativeFee);
        if (reward < claim.minReward) revert RewardBelowMinimum(reward, claim.minReward);

        _requireCheckpoint(init, claim.start);
        _requireOneVersion(init, claim.end.version);
        _requireProof(claim.beneficiary, claim.start, claim.end, claim.newStateRoot, claim.newExitAcc, proof);

        _settlePrice(head_, sequenced_);
        _storeSequenced(sequenced_);
        settlement_.paidCumulativeFee += uint112(reward);
        settlement_.progressAt = uint40(block.timestamp);
        feeBalanceOf[claim.beneficiary] += reward;
        _addCheckpoint(head_, settlement_, last, sequencedAt, claim);
        emit BatchesVerified(last, claim.beneficiary, init, claim.newStateRoot, claim.newExitAcc, reward);
    }

    /// @dev What verified batches paid and nobody has been paid for. After a rewind the prefix up to
    /// `paidCumulativeFee` has been: it earns nothing twice.
    function _earned(Settlement memory settlement_, uint112 cumulativeFee) internal pure returns (uint256) {
        return cumulativeFee > settlement_.paidCumulativeFee ? cumulativeFee - settlement_.paidCumulativeFee : 0;
    }

    function _addCheckpoint(
        Head memory head_,
        Settlement memory settlement_,
        uint40 last,
        uint40 sequencedAt,
        Claim calldata claim
    ) private {
        Checkpoint memory checkpoint = Checkpoint({
            sequence: claim.end,
            sequencedAt: sequencedAt,
            stateRoot: claim.newStateRoot,
            exitAcc: claim.newExitAcc,
            previous: head_.lastVerified,
            beneficiary: claim.beneficiary
        });
        _commitments[last] = checkpoint.word(block.timestamp);
        _moveVerified(head_, settlement_, last, checkpoint.sequence);
    }

    /// @dev Makes `last` the newest checkpoint.
    function _moveVerified(Head memory head_, Settlement memory settlement_, uint40 last, Sequence memory sequence)
        internal
    {
        head_.lastVerified = last;
        head_.verifiedBatches = sequence.cumulativeBatches;
        // The next sequence may be older than the last resume, from which on it counts as waiting; then the time that
        // stands is the later one.
        uint40 nextAt = _commitments[last + 1].timeOf();
        if (nextAt > head_.oldestPendingAt) head_.oldestPendingAt = nextAt;
        settlement_.verifiedAccPrefix = _prefix(sequence.acc);
        _storeHead(head_);
        _storeSettlement(settlement_);
    }
}
