// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ExitVault} from "../exits/ExitVault.sol";
import {IExitVault} from "../interfaces/IExitVault.sol";
import {IProofOfEfficiency} from "../interfaces/IProofOfEfficiency.sol";
import {IStateMachine} from "../interfaces/IStateMachine.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {Goldilocks} from "../l2/Goldilocks.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {BatchFee} from "../libraries/BatchFee.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {SlotPacking} from "../libraries/SlotPacking.sol";
import {Statement} from "../libraries/Statement.sol";
import {Checkpoint, CheckpointOpening, Sequence} from "../types/Commitments.sol";
import {FeeParameters, FeeParametersLibrary} from "../types/FeeParameters.sol";
import {Halt, Head, Sequenced, Settlement, Status} from "../types/Slots.sol";

/// @title PoEBase
/// @notice What all parts of the contract share: immutables, storage, the clock, and the checks of commitments and
/// proofs.
abstract contract PoEBase is IProofOfEfficiency, Ownable2Step, ReentrancyGuardTransient {
    using SlotPacking for *;
    using Commitments for *;

    /// @dev An escape later than this would be none.
    uint256 private constant MAX_ESCAPE_DELAY = 365 days;

    /* IMMUTABLES */

    /// @inheritdoc IProofOfEfficiency
    IVerifierRouter public immutable router;
    /// @inheritdoc IProofOfEfficiency
    IStateMachine public immutable stateMachine;
    /// @inheritdoc IProofOfEfficiency
    IExitVault public immutable exitVault;
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

    /* STORAGE: the words of the hot paths, each read and written once a call, then the maps */

    uint256 internal _sequenced;
    uint256 internal _head;
    uint256 internal _settlement;
    /// @inheritdoc IProofOfEfficiency
    FeeParameters public feeParameters;
    /// @inheritdoc IProofOfEfficiency
    bytes32 public lastAcc;

    mapping(uint40 sequence => bytes32 word) internal _commitments;
    mapping(uint16 version => uint40 sequence) internal _firstSequence;
    Halt internal _halt;

    constructor(Configuration memory config) Ownable(config.owner) {
        router = config.router;
        exitVault = new ExitVault();
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
    function sequenced() external view returns (Sequenced memory) {
        return _sequenced.unpackSequenced();
    }

    /// @inheritdoc IProofOfEfficiency
    function head() external view returns (Head memory) {
        return _head.unpackHead();
    }

    /// @inheritdoc IProofOfEfficiency
    function settlement() external view returns (Settlement memory) {
        return _settlement.unpackSettlement();
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
    function requireMatured(uint40 checkpoint, CheckpointOpening calldata opening) external view {
        _requireCheckpoint(checkpoint, opening);
        _requireMatured(checkpoint);
    }

    /* STORAGE ACCESS */

    function _storeHead(Head memory head_) internal {
        _head = head_.pack();
    }

    function _storeSequenced(Sequenced memory sequenced_) internal {
        _sequenced = sequenced_.pack();
    }

    function _storeSettlement(Settlement memory settlement_) internal {
        _settlement = settlement_.pack();
    }

    /* STATUS AND TIME */

    /// @dev The head of a running chain; reverts in any other status.
    function _runningHead() internal view returns (Head memory head_) {
        head_ = _head.unpackHead();
        _requireRunning(head_);
    }

    function _requireRunning(Head memory head_) internal pure {
        _requireStatus(head_, Status.Running);
    }

    function _requireStatus(Head memory head_, Status expected) internal pure {
        if (head_.status != expected) revert WrongStatus(uint8(head_.status));
    }

    /// @dev From when on nothing can undo `checkpoint`. A closed chain has no tripwire, so all it has left is final.
    function _maturesAt(uint40 checkpoint) internal view returns (uint256) {
        Status status = _head.unpackHead().status;
        uint256 verifiedAt = _commitments[checkpoint].timeOf();
        Halt memory halt_ = _halt;
        if (status == Status.Closed || verifiedAt <= halt_.maturedBefore) return verifiedAt;
        if (status == Status.Halted) return type(uint256).max;
        return (verifiedAt > halt_.resumedAt ? verifiedAt : halt_.resumedAt) + exitDelay;
    }

    function _isMatured(uint40 checkpoint) internal view returns (bool) {
        return block.timestamp >= _maturesAt(checkpoint);
    }

    function _requireMatured(uint40 checkpoint) internal view {
        uint256 maturesAt = _maturesAt(checkpoint);
        if (block.timestamp < maturesAt) revert NotMatured(checkpoint, maturesAt);
    }

    /// @dev Brings the price up to the present; everything that changes what it depends on calls this first.
    function _settlePrice(Head memory head_, Sequenced memory sequenced_)
        internal
        view
        returns (FeeParameters parameters)
    {
        parameters = feeParameters;
        sequenced_.logPrice = BatchFee.settle(
            parameters,
            sequenced_.logPrice,
            sequenced_.updatedAt,
            block.timestamp,
            head_.oldestPendingAt,
            sequenced_.lastSequence > head_.lastVerified
        );
        sequenced_.updatedAt = uint40(block.timestamp);
    }

    /* COMMITMENTS AND PROOFS */

    /// @notice Requires that `preimage` is the one `sequence` commits to.
    /// @return sequencedAt Block time at which `sequence` was sequenced.
    function _requireSequence(uint40 sequence, Sequence memory preimage) internal view returns (uint40 sequencedAt) {
        bytes32 word = _commitments[sequence];
        sequencedAt = word.timeOf();
        if (preimage.word(sequencedAt) != word) revert SequenceMismatch(sequence);
    }

    /// @notice Requires that `opening` opens the word of `checkpoint`.
    /// @return verifiedAt Block time at which `checkpoint` was verified.
    function _requireCheckpoint(uint40 checkpoint, CheckpointOpening memory opening)
        internal
        view
        returns (uint40 verifiedAt)
    {
        bytes32 word = _commitments[checkpoint];
        verifiedAt = word.timeOf();
        if (opening.word(verifiedAt) != word) revert CheckpointMismatch(checkpoint);
    }

    /// @dev Versions never decrease along the queue, so the first and the last sequence of a range settle it for all of
    /// them.
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
        if (newStateRoot == 0) revert IStateMachine.ZeroRoot();
        Goldilocks.requireCanonical(newStateRoot);
        IVerifier verifier;
        (verifier, resolvedVersion) = router.resolve(end.version);
        bytes32 statement =
            Statement.hash(domain, resolvedVersion, beneficiary, start, end.acc, newStateRoot, newExitAcc);
        verifier.verify(Statement.publicInputs(statement), proof);
    }

    /* VERSIONS AND PARAMETERS */

    /// @dev Pins sequences from `firstSequence` on to `version` and takes over its capacities, in memory.
    function _activate(uint16 version, Head memory head_, uint40 firstSequence) internal {
        if (version <= head_.version) revert VersionNotNewer(version, head_.version);
        IVerifierRouter.Route memory route = router.requireUsable(version);
        head_.version = version;
        head_.slotCapacity = route.slotCapacity;
        head_.messageCapacity = route.messageCapacity;
        _firstSequence[version] = firstSequence;
        emit VersionActivated(version, firstSequence);
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

        Settlement memory settlement_;
        settlement_.progressAt = uint40(block.timestamp);
        settlement_.verifiedAccPrefix = _prefix(genesis.sequence.acc);
        _storeSettlement(settlement_);

        Sequenced memory sequenced_;
        sequenced_.updatedAt = uint40(block.timestamp);
        _storeSequenced(sequenced_);

        Head memory head_;
        head_.nextIndex = 1;
        _activate(1, head_, 1);
        _storeHead(head_);
    }

    /// @dev Leading 84 bits of an accumulator: enough against accident, which is what the anchor is for. Who makes both
    /// accumulators, before and after an L1 reorganisation, could match them with 2^42 tries.
    function _prefix(bytes32 acc) internal pure returns (uint88) {
        // forge-lint: disable-next-line(unsafe-typecast) the leading bytes are what is wanted
        // forge-lint: disable-next-line(unsafe-typecast) 84 bits are left
        return uint88(uint256(acc) >> 172);
    }

    function _requireConsistentDelays(Configuration memory config) private view {
        uint256 backlog = uint256(config.maxPendingBatches) * config.batchProvingSeconds;
        if (backlog == 0) revert InvalidBacklog(config.maxPendingBatches, config.batchProvingSeconds);
        if (config.exitDelay < 2 * backlog) revert ExitDelayTooShort(config.exitDelay, 2 * backlog);

        uint256 routeDelay = config.router.delay();
        uint256 leaving = config.exitDelay + FeeParametersLibrary.MAX_TARGET_SECONDS + backlog;
        if (routeDelay <= leaving) revert RouteDelayTooShort(routeDelay, leaving + 1);

        uint256 installing = routeDelay + config.exitDelay;
        if (config.escapeDelay <= installing || config.escapeDelay > MAX_ESCAPE_DELAY) {
            revert EscapeDelayOutOfRange(config.escapeDelay, installing + 1, MAX_ESCAPE_DELAY);
        }
        if (config.fee.targetSeconds <= config.batchProvingSeconds) {
            revert TargetTooShort(config.fee.targetSeconds, config.batchProvingSeconds);
        }
    }
}
