// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../interfaces/IEmergency.sol";
import {BatchFee} from "../libraries/BatchFee.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {Checkpoint, CheckpointOpening} from "../types/Commitments.sol";
import {FeeConfig, FeeParameters, FeeParametersLibrary} from "../types/FeeParameters.sol";
import {Halt, Head, Market, Settlement, Status} from "../types/Slots.sol";
import {Proving} from "./Proving.sol";

/// @title Emergency
/// @notice See `IEmergency`.
abstract contract Emergency is Proving {
    using Commitments for *;

    /// @inheritdoc IEmergency
    function haltOnConflict(uint40 init, uint40 last, Conflict calldata conflict, bytes calldata proof) external {
        Head memory head_ = _runningHead();
        if (init >= last) revert EmptyRange(init, last);
        _requireContested(last, conflict);
        _requireCheckpoint(init, conflict.start);
        _requireOneVersion(init, conflict.end.sequence.version);
        uint16 version = _requireProof(
            conflict.beneficiary,
            conflict.start,
            conflict.end.sequence,
            conflict.newStateRoot,
            conflict.newExitAcc,
            proof
        );

        Market memory market_ = _loadMarket();
        _settlePrice(head_, market_);
        _storeMarket(market_);
        head_.status = Status.Halted;
        _storeHead(head_);
        _halt = Halt(uint40(block.timestamp), init, version, false);
        Settlement memory settlement_ = _loadSettlement();
        settlement_.progressAt = uint40(block.timestamp);
        _storeSettlement(settlement_);
        emit ChainHalted(init, last, version, conflict.newStateRoot, conflict.newExitAcc);
    }

    /// @inheritdoc IEmergency
    function rewind(Checkpoint[] calldata path) external {
        Head memory head_ = _loadHead();
        if (head_.status != Status.Halted) revert WrongStatus(uint8(head_.status));
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
        Settlement memory settlement_ = _loadSettlement();
        _moveVerified(head_, settlement_, at, path[path.length - 1].sequence);
        _storeHead(head_);
        _storeSettlement(settlement_);
    }

    /// @inheritdoc IEmergency
    function resume(uint16 version) external onlyOwner {
        Head memory head_ = _loadHead();
        if (head_.status != Status.Halted) revert WrongStatus(uint8(head_.status));
        _requireRewound(head_);
        (, uint16 resolved) = router.resolve(_halt.conflictVersion);
        if (resolved == _halt.conflictVersion) revert ConflictedVersionInUse(resolved);

        Market memory market_ = _loadMarket();
        if (version == market_.version) router.requireUsable(version);
        else _activate(version, head_, market_);
        market_.pausedSeconds += uint32(block.timestamp - _halt.haltedAt);
        head_.status = Status.Running;
        Settlement memory settlement_ = _loadSettlement();
        settlement_.progressAt = uint40(block.timestamp);
        delete _halt;
        _storeHead(head_);
        _storeMarket(market_);
        _storeSettlement(settlement_);
        emit ChainResumed(version, market_.pausedSeconds);
    }

    /// @inheritdoc IEmergency
    function activateVersion(uint16 version) external onlyOwner {
        Head memory head_ = _runningHead();
        Market memory market_ = _loadMarket();
        _activate(version, head_, market_);
        _storeHead(head_);
        _storeMarket(market_);
    }

    /// @inheritdoc IEmergency
    function setFeeParameters(FeeConfig calldata config) external onlyOwner {
        Head memory head_ = _runningHead();
        Market memory market_ = _loadMarket();
        FeeParameters parameters = FeeParametersLibrary.pack(config);
        _requireBelowCeiling(parameters);
        _settlePrice(head_, market_);
        market_.logPrice = BatchFee.convert(feeParameters, market_.logPrice, parameters);
        feeParameters = parameters;
        _storeMarket(market_);
        emit FeeParametersChanged(config);
    }

    /// @dev The checkpoint exists, may still be undone, and the conflict contradicts it.
    function _requireContested(uint40 last, Conflict calldata conflict) private view {
        _requireCheckpoint(last, conflict.end.opening());
        (bool matured,,) = _maturity(_commitments[last]);
        if (matured) revert AlreadyMatured(last);
        if (conflict.newStateRoot == conflict.end.stateRoot && conflict.newExitAcc == conflict.end.exitAcc) {
            revert NoConflict(last);
        }
    }

    /// @dev Whether the rewind must stop at checkpoint `at`: the conflict begins there or later, or its exits may have been paid.
    function _settled(uint40 at) internal view returns (bool) {
        (bool matured,,) = _maturity(_commitments[at]);
        return matured || at <= _halt.conflictStart;
    }

    function _requireRewound(Head memory head_) internal view {
        if (!_settled(head_.lastVerified)) revert RewindIncomplete(head_.lastVerified, _halt.conflictStart);
    }
}
