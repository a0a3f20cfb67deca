// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IProofOfEfficiency} from "../interfaces/IProofOfEfficiency.sol";
import {IStateMachine} from "../interfaces/IStateMachine.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {BatchFee} from "../libraries/BatchFee.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {SlotPacking} from "../libraries/SlotPacking.sol";
import {Statement} from "../libraries/Statement.sol";
import {Checkpoint, CheckpointOpening, Sequence} from "../types/Commitments.sol";
import {FeeParameters, FeeParametersLibrary} from "../types/FeeParameters.sol";
import {Halt, Head, Market, MessageQueue, Settlement, Status} from "../types/Slots.sol";

/// @title PoEBase
/// @notice What all parts of the contract share: immutables, storage, the clock, and the checks of commitments and proofs.
abstract contract PoEBase is IProofOfEfficiency, Ownable2Step, ReentrancyGuardTransient {
    using SlotPacking for *;
    using Commitments for *;

    /* IMMUTABLES */

    /// @inheritdoc IProofOfEfficiency
    IVerifierRouter public immutable router;
    /// @inheritdoc IProofOfEfficiency
    IStateMachine public immutable stateMachine;
    /// @inheritdoc IProofOfEfficiency
    bytes32 public immutable domain;
    /// @inheritdoc IProofOfEfficiency
    uint24 public immutable maxPendingBatches;
    /// @inheritdoc IProofOfEfficiency
    uint40 public immutable exitDelay;
    /// @inheritdoc IProofOfEfficiency
    uint40 public immutable escapeDelay;
    /// @inheritdoc IProofOfEfficiency
    uint256 public immutable feeCeiling;

    /* STORAGE: five words that every call finds warm or pays for once, then the maps */

    uint256 private _head;
    uint256 private _market;
    uint256 private _settlement;
    /// @inheritdoc IProofOfEfficiency
    FeeParameters public feeParameters;
    /// @inheritdoc IProofOfEfficiency
    bytes32 public lastAcc;

    mapping(uint40 sequence => bytes32 word) internal _commitments;
    mapping(uint16 version => uint40 sequence) internal _firstSequence;
    MessageQueue internal _queue;
    Halt internal _halt;

    constructor(Configuration memory config) Ownable(config.owner) {
        router = config.router;
        stateMachine = config.stateMachine;
        maxPendingBatches = config.maxPendingBatches;
        exitDelay = config.exitDelay;
        escapeDelay = config.escapeDelay;
        feeCeiling = config.feeCeiling;
        _requireConsistentDelays(config);

        feeParameters = FeeParametersLibrary.pack(config.fee);
        _requireBelowCeiling(feeParameters);

        domain = Accumulators.domain(block.chainid, address(this));
        _startAtGenesis(config.stateMachine.genesisRoot());
    }

    /* VIEWS */

    /// @inheritdoc IProofOfEfficiency
    function head() external view returns (Head memory) {
        return _loadHead();
    }

    /// @inheritdoc IProofOfEfficiency
    function market() external view returns (Market memory) {
        return _loadMarket();
    }

    /// @inheritdoc IProofOfEfficiency
    function settlement() external view returns (Settlement memory) {
        return _loadSettlement();
    }

    /// @inheritdoc IProofOfEfficiency
    function messageQueue() external view returns (MessageQueue memory) {
        return _queue;
    }

    /// @inheritdoc IProofOfEfficiency
    function halt() external view returns (Halt memory) {
        return _halt;
    }

    /// @inheritdoc IProofOfEfficiency
    function commitmentOf(uint40 sequence) external view returns (bytes32) {
        return _commitments[sequence];
    }

    /// @inheritdoc IProofOfEfficiency
    function firstSequenceOf(uint16 version) external view returns (uint40) {
        return _firstSequence[version];
    }

    /// @inheritdoc IProofOfEfficiency
    function clock() external view returns (uint40) {
        return _clock(_loadHead().status, _loadMarket());
    }

    /* STORAGE ACCESS */

    function _loadHead() internal view returns (Head memory) {
        return _head.unpackHead();
    }

    function _storeHead(Head memory head_) internal {
        _head = head_.pack();
    }

    function _loadMarket() internal view returns (Market memory) {
        return _market.unpackMarket();
    }

    function _storeMarket(Market memory market_) internal {
        _market = market_.pack();
    }

    function _loadSettlement() internal view returns (Settlement memory) {
        return _settlement.unpackSettlement();
    }

    function _storeSettlement(Settlement memory settlement_) internal {
        _settlement = settlement_.pack();
    }

    /* STATUS AND TIME */

    /// @dev The head of a running chain; reverts in any other status.
    function _runningHead() internal view returns (Head memory head_) {
        head_ = _loadHead();
        _requireRunning(head_);
    }

    function _requireRunning(Head memory head_) internal pure {
        if (head_.status != Status.Running) revert WrongStatus(uint8(head_.status));
    }

    function _clock(Status status, Market memory market_) internal view returns (uint40) {
        uint256 time = status == Status.Halted ? _halt.haltedAt : block.timestamp;
        return uint40(time - market_.pausedSeconds);
    }

    /// @dev Whether nothing can undo a checkpoint of this word any more. A closed chain has no tripwire: all it has left is final.
    function _maturity(bytes32 word) internal view returns (bool matured, uint256 maturesAt, uint256 now_) {
        Status status = _loadHead().status;
        maturesAt = uint256(word.timeOf()) + exitDelay;
        now_ = _clock(status, _loadMarket());
        matured = status == Status.Closed || now_ >= maturesAt;
    }

    function _requireMatured(uint40 checkpoint) internal view {
        (bool matured, uint256 maturesAt, uint256 now_) = _maturity(_commitments[checkpoint]);
        if (!matured) revert NotMatured(checkpoint, maturesAt, now_);
    }

    /// @dev Brings the price up to the present; everything that changes what it depends on calls this first.
    function _settlePrice(Head memory head_, Market memory market_) internal view {
        uint40 now_ = _clock(head_.status, market_);
        market_.logPrice = BatchFee.settle(
            feeParameters,
            market_.logPrice,
            market_.updatedAt,
            now_,
            head_.oldestPendingAt,
            head_.lastSequence > head_.lastVerified
        );
        market_.updatedAt = now_;
    }

    /* COMMITMENTS AND PROOFS */

    /// @return sequencedAt Chain time at which `sequence` was sequenced.
    function _requireSequence(uint40 sequence, Sequence memory preimage) internal view returns (uint40 sequencedAt) {
        bytes32 word = _commitments[sequence];
        sequencedAt = word.timeOf();
        if (word == 0 || preimage.word(sequencedAt) != word) revert SequenceMismatch(sequence);
    }

    /// @return verifiedAt Chain time at which `checkpoint` was verified.
    function _requireCheckpoint(uint40 checkpoint, CheckpointOpening memory opening)
        internal
        view
        returns (uint40 verifiedAt)
    {
        bytes32 word = _commitments[checkpoint];
        verifiedAt = word.timeOf();
        if (word == 0 || opening.word(verifiedAt) != word) revert CheckpointMismatch(checkpoint);
    }

    /// @dev Versions never decrease along the queue, so the first and the last sequence of a range settle it for all of them.
    function _requireOneVersion(uint40 init, uint16 version) internal view {
        uint40 first = _firstSequence[version];
        if (first > init + 1) revert RangeSpansVersions(init, version, first);
    }

    /// @dev Returns if `proof` proves that `end` follows from `start` with the given result; reverts otherwise.
    function _requireProof(
        address beneficiary,
        CheckpointOpening memory start,
        Sequence memory end,
        bytes32 newStateRoot,
        bytes32 newExitAcc,
        bytes calldata proof
    ) internal view returns (uint16 resolvedVersion) {
        stateMachine.requireCanonicalRoot(newStateRoot);
        (IVerifier verifier, uint16 resolved) = router.resolve(end.version);
        bytes32 statement =
            Statement.hash(domain, resolved, beneficiary, start, end.acc, newStateRoot, newExitAcc);
        verifier.verify(Statement.publicInputs(statement), proof);
        return resolved;
    }

    /* VERSIONS AND PARAMETERS */

    /// @dev Pins new sequences to `version` and takes over its capacities.
    function _activate(uint16 version, Head memory head_, Market memory market_) internal {
        if (version <= market_.version) revert VersionNotNewer(version, market_.version);
        IVerifierRouter.Route memory route = router.requireUsable(version);
        market_.version = version;
        head_.slotCapacity = route.slotCapacity;
        head_.messageCapacity = route.messageCapacity;
        _firstSequence[version] = head_.lastSequence + 1;
        emit VersionActivated(version, head_.lastSequence + 1);
    }

    function _requireBelowCeiling(FeeParameters parameters) internal view {
        uint256 maxFee = BatchFee.maxFee(parameters);
        if (maxFee > feeCeiling) revert FeeCeilingExceeded(maxFee, feeCeiling);
    }

    /* DEPLOYMENT */

    function _startAtGenesis(bytes32 genesisRoot) private {
        Checkpoint memory genesis;
        genesis.sequence.acc = Accumulators.genesis(block.chainid, address(this), genesisRoot);
        genesis.stateRoot = genesisRoot;
        lastAcc = genesis.sequence.acc;
        _commitments[0] = genesis.word(block.timestamp);
        _queue.nextIndex = 1;

        Settlement memory settlement_;
        settlement_.progressAt = uint40(block.timestamp);
        settlement_.verifiedAccPrefix = _prefix(genesis.sequence.acc);
        _storeSettlement(settlement_);

        Head memory head_;
        Market memory market_;
        market_.updatedAt = uint40(block.timestamp);
        _activate(1, head_, market_);
        _storeHead(head_);
        _storeMarket(market_);
    }

    /// @dev Leading 104 bits of an accumulator. Finding another accumulator with the same ones takes 2^104 hashes.
    function _prefix(bytes32 acc) internal pure returns (uint104) {
        return uint104(uint256(acc) >> 152);
    }

    function _requireConsistentDelays(Configuration memory config) private view {
        uint256 backlog = uint256(config.maxPendingBatches) * config.batchProvingSeconds;
        if (backlog == 0) revert InvalidBacklog(config.maxPendingBatches, config.batchProvingSeconds);
        if (config.exitDelay < 2 * backlog) revert ExitDelayTooShort(config.exitDelay, 2 * backlog);

        uint256 routeDelay = config.router.delay();
        uint256 leaving = config.exitDelay + FeeParametersLibrary.MAX_TARGET_SECONDS + backlog;
        if (routeDelay <= leaving) revert RouteDelayTooShort(routeDelay, leaving + 1);

        uint256 installing = routeDelay + config.exitDelay;
        if (config.escapeDelay <= installing) revert EscapeDelayTooShort(config.escapeDelay, installing + 1);
    }
}
