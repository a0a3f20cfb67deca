// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../interfaces/IEmergency.sol";
import {BatchFee} from "../libraries/BatchFee.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {SlotPacking} from "../libraries/SlotPacking.sol";
import {Checkpoint} from "../types/Commitments.sol";
import {FeeConfig, FeeParameters, FeeParametersLibrary} from "../types/FeeParameters.sol";
import {Head, Sequenced, Settlement, Status} from "../types/Slots.sol";
import {Proving} from "./Proving.sol";

/// @title Emergency
/// @notice See `IEmergency`.
abstract contract Emergency is Proving {
    using SlotPacking for uint256;
    using Commitments for *;

    /// @dev Routes whose verifier accepted a contradiction to what it had accepted, each once, so that `resume` walks no more
    /// of them than the router has: the newest under 0, and under each of them one more than the one before it.
    mapping(uint256 version => uint256) private _contradicted;

    /// @inheritdoc IEmergency
    function haltOnConflict(uint40 last, Conflict calldata conflict, bytes calldata proof) external {
        Head memory head_ = _head.unpackHead();
        if (head_.status == Status.Closed) revert WrongStatus(uint8(head_.status));
        // Both sides of a conflict are about the sequences of one checkpoint, which lie in one version: the proof that was
        // accepted covered them.
        uint40 init = conflict.end.previous;
        // Whoever halts first must not choose how deep: a halted chain still takes a conflict that starts earlier.
        bool halted = head_.status == Status.Halted;
        if (halted && init >= _halt.conflictStart) revert ConflictNotDeeper(init, _halt.conflictStart);
        _requireContested(last, conflict);
        _requireCheckpoint(init, conflict.start);
        uint16 version = _requireProof(
            conflict.beneficiary,
            conflict.start,
            conflict.end.sequence,
            conflict.newStateRoot,
            conflict.newExitAcc,
            proof
        );

        _halt.conflictStart = init;
        // Of two routes that disagree the other one is frozen already, and nothing says which is wrong.
        if (version == conflict.end.provenBy && _contradicted[version] == 0) {
            _contradicted[version] = _contradicted[0] + 1;
            _contradicted[0] = version;
        }
        if (!halted) _stop(head_);
        emit ChainHalted(init, last, version, conflict.newStateRoot, conflict.newExitAcc);
    }

    /// @inheritdoc IEmergency
    function rewind(Checkpoint[] calldata path) external {
        Head memory head_ = _head.unpackHead();
        _requireStatus(head_, Status.Halted);
        if (path.length < 2) revert RewindTooShort(path.length);
        uint40 at = head_.lastVerified;
        _requireCheckpoint(at, path[0].opening());
        for (uint256 i = 1; i < path.length; ++i) {
            if (_settled(at)) revert RewindComplete(at);
            Checkpoint calldata voided = path[i - 1];
            _requireCheckpoint(voided.previous, path[i].opening());
            _commitments[at] = voided.sequence.word(voided.sequencedAt);
            emit CheckpointVoided(at, voided.previous);
            at = voided.previous;
        }
        _moveVerified(
            head_,
            _settlement.unpackSettlement(),
            at,
            path[path.length - 1].sequence,
            _sequenced.unpackSequenced().lastSequence
        );
    }

    /// @inheritdoc IEmergency
    function resume(uint16 version) external onlyOwner {
        Head memory head_ = _head.unpackHead();
        _requireStatus(head_, Status.Halted);
        _requireRewound(head_);
        // Only the number of the route matters here, not its verifier.
        // slither-disable-next-line unused-return
        _requireContradictedFrozen();

        Sequenced memory sequenced_ = _sequenced.unpackSequenced();
        if (version != head_.version) _activate(version, head_, sequenced_.lastSequence + 1);
        // No clock has run: the price stands where it stood, and what is pending waits from now on.
        sequenced_.updatedAt = uint40(block.timestamp);
        head_.oldestPendingAt = uint40(block.timestamp);
        _halt.resumedAt = uint40(block.timestamp);
        _storeSequenced(sequenced_);
        _enter(Status.Running, head_);
        emit ChainResumed(version);
    }

    /// @inheritdoc IEmergency
    function activateVersion(uint16 version) external onlyOwner {
        Head memory head_ = _runningHead();
        _activate(version, head_, _sequenced.unpackSequenced().lastSequence + 1);
        _storeHead(head_);
    }

    /// @inheritdoc IEmergency
    function setFeeParameters(FeeConfig calldata config) external onlyOwner {
        Head memory head_ = _runningHead();
        Sequenced memory sequenced_ = _sequenced.unpackSequenced();
        FeeParameters parameters = FeeParametersLibrary.pack(config);
        _requireBelowCeiling(parameters);
        FeeParameters former = _settlePrice(head_, sequenced_);
        sequenced_.logPrice = BatchFee.convert(former, sequenced_.logPrice, parameters);
        feeParameters = parameters;
        _storeSequenced(sequenced_);
        emit FeeParametersChanged(config);
    }

    /// @dev Stops the clocks: settles the price, and fixes which checkpoints have matured.
    function _stop(Head memory head_) private {
        Sequenced memory sequenced_ = _sequenced.unpackSequenced();
        _settlePrice(head_, sequenced_);
        _storeSequenced(sequenced_);
        if (_halt.resumedAt + exitDelay <= block.timestamp) _halt.maturedBefore = uint40(block.timestamp - exitDelay);
        _enter(Status.Halted, head_);
    }

    /// @dev A halt and a resume are progress: whoever waits to close the chain waits from there.
    function _enter(Status status, Head memory head_) private {
        head_.status = status;
        _storeHead(head_);
        Settlement memory settlement_ = _settlement.unpackSettlement();
        settlement_.progressAt = uint40(block.timestamp);
        _storeSettlement(settlement_);
    }

    /// @dev The checkpoint exists, may still be undone, and the conflict contradicts it.
    function _requireContested(uint40 last, Conflict calldata conflict) private view {
        _requireCheckpoint(last, conflict.end.opening());
        if (_isMatured(last)) revert AlreadyMatured(last);
        if (conflict.newStateRoot == conflict.end.stateRoot && conflict.newExitAcc == conflict.end.exitAcc) {
            revert NoConflict(last);
        }
    }

    /// @dev A frozen route resolves to another, and that one is not frozen, hence not contradicted.
    function _requireContradictedFrozen() private view {
        uint256 next = _contradicted[0];
        while (next != 0) {
            // forge-lint: disable-next-line(unsafe-typecast) what is noted are versions
            uint16 version = uint16(next);
            // slither-disable-next-line unused-return,calls-loop the number of the route is all that matters
            (, uint16 resolved) = router.resolve(version);
            if (resolved == version) revert ContradictedVersionInUse(resolved);
            next = _contradicted[version] - 1;
        }
    }

    /// @dev Whether the rewind must stop at checkpoint `at`: the conflict begins there or later. Above its start none has
    /// matured, since the contested checkpoint, the lowest of them, had not.
    function _settled(uint40 at) internal view returns (bool) {
        return at <= _halt.conflictStart;
    }

    function _requireRewound(Head memory head_) internal view {
        if (!_settled(head_.lastVerified)) revert RewindIncomplete(head_.lastVerified, _halt.conflictStart);
    }
}
