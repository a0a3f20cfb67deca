// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../interfaces/IProving.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {Checkpoint, Sequence} from "../types/Commitments.sol";
import {Head, Market, Settlement} from "../types/Slots.sol";
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
        if (last > head_.lastSequence) revert UnknownSequence(last, head_.lastSequence);
        if (init > head_.lastVerified) revert StartNotVerified(init, head_.lastVerified);
        if (claim.beneficiary == address(0)) revert ZeroAddress();

        uint40 sequencedAt = _requireSequence(last, claim.end);
        Settlement memory settlement_ = _loadSettlement();
        uint256 reward = _earned(settlement_, claim.end.cumulativeFee);
        if (reward < claim.minReward) revert RewardBelowMinimum(reward, claim.minReward);

        _requireCheckpoint(init, claim.start);
        _requireOneVersion(init, claim.end.version);
        _requireProof(claim.beneficiary, claim.start, claim.end, claim.newStateRoot, claim.newExitAcc, proof);

        _advance(head_, settlement_, last, sequencedAt, claim, reward);
    }

    /// @dev What verified batches paid and nobody has been paid for. After a rewind the prefix up to `paidCumulativeFee` has been: it earns nothing twice.
    function _earned(Settlement memory settlement_, uint112 cumulativeFee) internal pure returns (uint256) {
        return cumulativeFee > settlement_.paidCumulativeFee ? cumulativeFee - settlement_.paidCumulativeFee : 0;
    }

    function _advance(
        Head memory head_,
        Settlement memory settlement_,
        uint40 last,
        uint40 sequencedAt,
        Claim calldata claim,
        uint256 reward
    ) private {
        Market memory market_ = _loadMarket();
        _settlePrice(head_, market_);

        Checkpoint memory checkpoint = Checkpoint({
            sequence: claim.end,
            sequencedAt: sequencedAt,
            stateRoot: claim.newStateRoot,
            exitAcc: claim.newExitAcc,
            previous: head_.lastVerified,
            beneficiary: claim.beneficiary
        });
        _commitments[last] = checkpoint.word(market_.updatedAt);

        settlement_.paidCumulativeFee += uint112(reward);
        settlement_.progressAt = uint40(block.timestamp);
        _moveVerified(head_, settlement_, last, checkpoint.sequence);
        _storeHead(head_);
        _storeMarket(market_);
        _storeSettlement(settlement_);

        feeBalanceOf[claim.beneficiary] += reward;
        emit BatchesVerified(
            last,
            claim.beneficiary,
            checkpoint.previous,
            claim.newStateRoot,
            claim.newExitAcc,
            reward,
            market_.updatedAt
        );
    }

    /// @dev Makes `last` the newest checkpoint, in memory.
    function _moveVerified(Head memory head_, Settlement memory settlement_, uint40 last, Sequence memory sequence)
        internal
        view
    {
        head_.lastVerified = last;
        head_.pendingBatches = uint32(head_.cumulativeBatches - sequence.cumulativeBatches);
        head_.oldestPendingAt = last < head_.lastSequence ? _commitments[last + 1].timeOf() : 0;
        settlement_.verifiedAccPrefix = _prefix(sequence.acc);
    }
}
