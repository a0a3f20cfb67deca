// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../interfaces/IExitVault.sol";
import {IProofOfEfficiency} from "../interfaces/IProofOfEfficiency.sol";
import {IProving} from "../interfaces/IProving.sol";
import {ISequencing} from "../interfaces/ISequencing.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {BatchFee} from "../libraries/BatchFee.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {MessageFormat} from "../libraries/MessageFormat.sol";
import {Statement} from "../libraries/Statement.sol";
import {Checkpoint, CheckpointOpening, Sequence} from "../types/Commitments.sol";
import {FeeParameters} from "../types/FeeParameters.sol";
import {Halt, Head, Sequenced, Settlement, Status} from "../types/Slots.sol";
import {IPoELens} from "./IPoELens.sol";
import {PoEPreimages} from "./PoEPreimages.sol";

/// @title PoELens
/// @notice See `IPoELens`.
contract PoELens is IPoELens {
    using Commitments for *;

    uint256 private constant NEVER = type(uint256).max;

    /* PRICE */

    /// @inheritdoc IPoELens
    function quoteFee(IProofOfEfficiency poe, uint256 batches) external view returns (uint256 fee) {
        return _quote(poe, poe.head(), poe.sequenced(), batches, block.timestamp);
    }

    /// @inheritdoc IPoELens
    function quoteFeeAt(IProofOfEfficiency poe, uint256 batches, uint256 at) external view returns (uint256 fee) {
        if (at < block.timestamp) revert QuoteInThePast(at, block.timestamp);
        return _quote(poe, poe.head(), poe.sequenced(), batches, at);
    }

    /// @inheritdoc IPoELens
    function price(IProofOfEfficiency poe) external view returns (uint256) {
        return _price(poe, poe.head(), poe.sequenced());
    }

    /// @inheritdoc IPoELens
    function roomBatches(IProofOfEfficiency poe) external view returns (uint256) {
        return _room(poe, poe.head(), poe.sequenced());
    }

    /* REWARD */

    /// @inheritdoc IPoELens
    function pendingReward(IProofOfEfficiency poe, uint40 last, Sequence calldata preimage)
        external
        view
        returns (uint256)
    {
        _requirePending(poe, last);
        bytes32 word = poe.commitmentOf(last);
        bytes32 computed = preimage.word(word.timeOf());
        if (computed != word) revert WrongSequencePreimage(last, word, computed);
        return _earned(poe, preimage.cumulativeFee);
    }

    /// @inheritdoc IPoELens
    function backlogReward(IProofOfEfficiency poe) external view returns (uint256) {
        return _backlogReward(poe, poe.head(), poe.sequenced());
    }

    /// @inheritdoc IPoELens
    function pendingTips(IProofOfEfficiency poe, uint40 last) external view returns (uint256 tips) {
        uint40 first = _requirePending(poe, last) + 1;
        for (uint40 k = first; k <= last; ++k) {
            // A view: who asks chooses the range.
            // slither-disable-next-line calls-loop
            tips += poe.tipsOn(k);
        }
    }

    /* STATE */

    /// @inheritdoc IPoELens
    function overview(IProofOfEfficiency poe) external view returns (Overview memory o) {
        Head memory head = poe.head();
        Sequenced memory sequenced = poe.sequenced();
        o.status = head.status;
        o.lastSequence = sequenced.lastSequence;
        o.lastVerified = head.lastVerified;
        o.lastAcc = poe.lastAcc();
        o.pendingBatches = sequenced.cumulativeBatches - poe.settlement().verifiedBatches;
        o.roomBatches = _room(poe, head, sequenced);
        o.price = _price(poe, head, sequenced);
        o.nextBatchFee = _quote(poe, head, sequenced, 1, block.timestamp);
        o.backlogReward = _backlogReward(poe, head, sequenced);
        o.version = head.version;
        o.slotCapacity = head.slotCapacity;
        o.messageCapacity = head.messageCapacity;
        o.waitingMessages = head.messageCount - head.attachedMessages;
        o.nextMessageFeeGwei = poe.messageFeeGwei();
        o.nextIndex = head.nextIndex;
        if (sequenced.lastSequence > head.lastVerified) {
            o.oldestPendingAt = head.oldestPendingAt;
            o.oldestAge = _clock(poe, head) - head.oldestPendingAt;
            // A second on the target is not late yet: the price rises from there on.
            o.late = o.oldestAge > poe.feeParameters().targetSeconds();
        }
        o.closableAt = _closableAt(poe, head, sequenced);
        o.closableIn = o.closableAt > block.timestamp ? o.closableAt - block.timestamp : 0;
        o.rewindNeeded = head.status == Status.Halted && !_rewound(poe, head);
    }

    /// @inheritdoc IPoELens
    function maturesAt(IProofOfEfficiency poe, uint40 checkpoint, CheckpointOpening calldata opening)
        external
        view
        returns (uint256)
    {
        bytes32 word = poe.commitmentOf(checkpoint);
        bytes32 computed = opening.word(word.timeOf());
        if (computed != word) revert WrongCheckpointOpening(checkpoint, word, computed);
        return _maturesAt(poe, poe.head().status, word.timeOf());
    }

    /// @inheritdoc IPoELens
    function routeInForce(IProofOfEfficiency poe, uint16 version)
        external
        view
        returns (IVerifierRouter.Route memory route, uint16 resolvedVersion)
    {
        IVerifierRouter router = poe.router();
        // Only the number of the route is of interest.
        // slither-disable-next-line unused-return
        (, resolvedVersion) = router.resolve(version);
        route = router.routeOf(resolvedVersion);
    }

    /* ARGUMENTS */

    /// @inheritdoc IPoELens
    function limitsAtSequence(uint256 maxFee, uint256 deadline, uint40 anchor, Sequence calldata preimage)
        external
        pure
        returns (ISequencing.Limits memory)
    {
        return PoEPreimages.limitsAt(maxFee, deadline, anchor, preimage);
    }

    /// @inheritdoc IPoELens
    function limitsAtCheckpoint(uint256 maxFee, uint256 deadline, uint40 anchor, Checkpoint calldata preimage)
        external
        pure
        returns (ISequencing.Limits memory)
    {
        return PoEPreimages.limitsAt(maxFee, deadline, anchor, preimage);
    }

    /// @inheritdoc IPoELens
    function limitsAtGenesis(IProofOfEfficiency poe, uint256 maxFee, uint256 deadline)
        external
        view
        returns (ISequencing.Limits memory)
    {
        return PoEPreimages.limitsAt(maxFee, deadline, 0, genesisCheckpoint(poe));
    }

    /// @inheritdoc IPoELens
    function predictAcc(IProofOfEfficiency poe, bytes[] calldata batches, uint32 feeRecipient)
        external
        view
        returns (bytes32)
    {
        Head memory head = poe.head();
        bytes32[] memory messageAccs = new bytes32[](batches.length);
        uint256 attached = head.attachedMessages;
        for (uint256 i = 0; i < batches.length && attached < head.messageCount; ++i) {
            attached += head.messageCapacity;
            if (attached > head.messageCount) attached = head.messageCount;
            // A view: who asks chooses the range.
            // slither-disable-start calls-loop
            // forge-lint: disable-next-line(unsafe-typecast) at most messageCount, a uint32
            messageAccs[i] = poe.messageAccOf(uint32(attached));
            // slither-disable-end calls-loop
        }
        return PoEPreimages.accAfter(poe.lastAcc(), head.version, head.slotCapacity, batches, messageAccs, feeRecipient);
    }

    /// @inheritdoc IPoELens
    function statementOf(IProofOfEfficiency poe, IProving.Claim calldata claim)
        external
        view
        returns (bytes32 statement, uint256[2] memory publicInputs)
    {
        // Only the number of the route is of interest.
        // slither-disable-next-line unused-return
        (, uint16 resolvedVersion) = poe.router().resolve(claim.end.version);
        statement = PoEPreimages.statement(poe.domain(), resolvedVersion, claim);
        publicInputs = Statement.publicInputs(statement);
    }

    /// @inheritdoc IPoELens
    function genesisCheckpoint(IProofOfEfficiency poe) public view returns (Checkpoint memory) {
        return PoEPreimages.genesisCheckpoint(block.chainid, address(poe), poe.stateMachine().genesisRoot());
    }

    /* FORMATS */

    /// @inheritdoc IPoELens
    function sequenceWord(Sequence calldata preimage, uint40 sequencedAt) external pure returns (bytes32) {
        return preimage.word(sequencedAt);
    }

    /// @inheritdoc IPoELens
    function checkpointWord(Checkpoint calldata preimage, uint40 verifiedAt) external pure returns (bytes32) {
        return preimage.word(verifiedAt);
    }

    /// @inheritdoc IPoELens
    function openingOf(Checkpoint calldata preimage) external pure returns (CheckpointOpening memory) {
        return preimage.opening();
    }

    /// @inheritdoc IPoELens
    function checkpointOf(IProving.Claim calldata claim, uint40 sequencedAt, uint40 previous, uint16 provenBy)
        external
        pure
        returns (Checkpoint memory)
    {
        return PoEPreimages.checkpointOf(claim, sequencedAt, previous, provenBy);
    }

    /// @inheritdoc IPoELens
    function accAfter(
        bytes32 acc,
        uint16 version,
        uint16 slotCapacity,
        bytes[] calldata batches,
        bytes32[] calldata messageAccs,
        uint32 feeRecipient
    ) external view returns (bytes32) {
        return PoEPreimages.accAfter(acc, version, slotCapacity, batches, messageAccs, feeRecipient);
    }

    /// @inheritdoc IPoELens
    function registerMessage(uint32 index, bytes calldata publicKey, address l1Owner, uint64 amountGwei, uint64 feeGwei)
        external
        pure
        returns (bytes memory)
    {
        return MessageFormat.register(index, publicKey, l1Owner, amountGwei, feeGwei);
    }

    /// @inheritdoc IPoELens
    function depositMessage(uint32 index, uint64 amountGwei, uint64 feeGwei) external pure returns (bytes memory) {
        return MessageFormat.deposit(index, amountGwei, feeGwei);
    }

    /// @inheritdoc IPoELens
    function messageAccAfter(bytes32 messageAcc, bytes calldata message) external pure returns (bytes32) {
        return Accumulators.stepMessage(messageAcc, message);
    }

    /// @inheritdoc IPoELens
    function identity(uint32 index, bytes calldata publicKey, address l1Owner) external pure returns (bytes32) {
        return MessageFormat.identity(index, publicKey, l1Owner);
    }

    /// @inheritdoc IPoELens
    function exitRecord(address l1Owner, uint32 index, uint64 amountGwei) external pure returns (bytes32) {
        return PoEPreimages.exitRecord(l1Owner, index, amountGwei);
    }

    /// @inheritdoc IPoELens
    function exitLink(bytes32 previousAcc, bytes32[] calldata records, uint8 exitCapacity, uint256 claimMask)
        external
        pure
        returns (IExitVault.ExitLink memory link, bytes32 exitAcc)
    {
        link = IExitVault.ExitLink(previousAcc, PoEPreimages.paddedRecords(records, exitCapacity), claimMask);
        exitAcc = Accumulators.stepExits(previousAcc, link.records);
    }

    /* WHAT THE CORE COMPUTES, FROM ITS VIEWS */

    function _logPrice(FeeParameters parameters, Head memory head, Sequenced memory sequenced, uint256 at)
        private
        pure
        returns (uint48)
    {
        if (head.status != Status.Running) return sequenced.logPrice;
        return BatchFee.settle(
            parameters,
            sequenced.logPrice,
            sequenced.updatedAt,
            at,
            head.oldestPendingAt,
            sequenced.lastSequence > head.lastVerified
        );
    }

    function _quote(IProofOfEfficiency poe, Head memory head, Sequenced memory sequenced, uint256 batches, uint256 at)
        private
        view
        returns (uint256 fee)
    {
        FeeParameters parameters = poe.feeParameters();
        // Only the fee is of interest.
        // slither-disable-next-line unused-return
        (fee,) = BatchFee.charge(parameters, _logPrice(parameters, head, sequenced, at), batches);
    }

    function _price(IProofOfEfficiency poe, Head memory head, Sequenced memory sequenced)
        private
        view
        returns (uint256)
    {
        FeeParameters parameters = poe.feeParameters();
        return BatchFee.price(parameters, _logPrice(parameters, head, sequenced, block.timestamp));
    }

    function _room(IProofOfEfficiency poe, Head memory head, Sequenced memory sequenced)
        private
        view
        returns (uint256)
    {
        if (head.status != Status.Running) return 0;
        uint256 pending = sequenced.cumulativeBatches - head.paidBatches;
        uint256 most = poe.maxPendingBatches();
        return most > pending ? most - pending : 0;
    }

    function _earned(IProofOfEfficiency poe, uint112 cumulativeFee) private view returns (uint256) {
        uint112 paid = poe.settlement().paidCumulativeFee;
        // After a rewind the prefix up to `paid` has been paid for already.
        return cumulativeFee > paid ? cumulativeFee - paid : 0;
    }

    function _backlogReward(IProofOfEfficiency poe, Head memory head, Sequenced memory sequenced)
        private
        view
        returns (uint256)
    {
        return sequenced.lastSequence > head.lastVerified ? _earned(poe, sequenced.cumulativeFee) : 0;
    }

    function _requirePending(IProofOfEfficiency poe, uint40 last) private view returns (uint40 lastVerified) {
        lastVerified = poe.head().lastVerified;
        uint40 lastSequence = poe.sequenced().lastSequence;
        if (last <= lastVerified || last > lastSequence) revert NotPending(last, lastVerified, lastSequence);
    }

    /// @dev The protocol's clock: it stands while the chain is halted, and a halt counts as progress.
    function _clock(IProofOfEfficiency poe, Head memory head) private view returns (uint256) {
        return head.status == Status.Halted ? poe.settlement().progressAt : block.timestamp;
    }

    function _maturesAt(IProofOfEfficiency poe, Status status, uint256 verifiedAt) private view returns (uint256) {
        if (status == Status.Closed) return 0;
        Halt memory halt = poe.halt();
        uint256 exitDelay = poe.exitDelay();
        if (verifiedAt <= halt.maturedBefore) return verifiedAt + exitDelay;
        if (status == Status.Halted) return NEVER;
        return (verifiedAt > halt.resumedAt ? verifiedAt : halt.resumedAt) + exitDelay;
    }

    /// @dev Of a halted chain: whether its newest checkpoint is one the conflict does not touch.
    function _rewound(IProofOfEfficiency poe, Head memory head) private view returns (bool) {
        return head.lastVerified <= poe.halt().conflictStart;
    }

    function _closableAt(IProofOfEfficiency poe, Head memory head, Sequenced memory sequenced)
        private
        view
        returns (uint256)
    {
        if (head.status == Status.Closed) return NEVER;
        Settlement memory settlement = poe.settlement();
        uint256 since = settlement.progressAt;
        if (head.status == Status.Running) {
            if (sequenced.lastSequence == head.lastVerified) return since + 2 * uint256(poe.escapeDelay());
            if (head.oldestPendingAt > since) since = head.oldestPendingAt;
        }
        return since + poe.escapeDelay();
    }
}
