// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BatchFee} from "../../contracts/libraries/BatchFee.sol";
import {FeeParameters} from "../../contracts/types/FeeParameters.sol";

/// @title PrefixFeeLedger
/// @notice The smallest thing that drives `BatchFee` as the core does: settles before every change of the pending set, and
/// pays a proof what its batches paid, by a difference of prefix sums.
contract PrefixFeeLedger {
    using BatchFee for FeeParameters;

    struct Sequence {
        uint256 timestamp;
        uint256 cumulativeFee;
    }

    FeeParameters private immutable _parameters;
    /// @notice Log price at `settledAt`, in 1e-12 nat.
    uint48 public logPrice;
    uint256 public settledAt = block.timestamp;
    uint256 public cumulativeFee;
    uint256 public verified;
    Sequence[] private _sequences;

    constructor(FeeParameters parameters, uint48 logPrice_) {
        _parameters = parameters;
        logPrice = logPrice_;
    }

    /// @notice Moves the price to now: what any call to the core does before it changes anything.
    function poke() public {
        bool hasPending = verified < _sequences.length;
        uint256 oldestPendingAt = hasPending ? _sequences[verified].timestamp : 0;
        logPrice = _parameters.settle(logPrice, settledAt, block.timestamp, oldestPendingAt, hasPending);
        settledAt = block.timestamp;
    }

    function sequence(uint256 batches) external returns (uint256 paid) {
        poke();
        (paid, logPrice) = _parameters.charge(logPrice, batches);
        cumulativeFee += paid;
        _sequences.push(Sequence({timestamp: block.timestamp, cumulativeFee: cumulativeFee}));
    }

    /// @notice Accepts a proof of the next `count` sequences.
    function verify(uint256 count) external returns (uint256 reward) {
        poke();
        uint256 before = verified == 0 ? 0 : _sequences[verified - 1].cumulativeFee;
        verified += count;
        reward = _sequences[verified - 1].cumulativeFee - before;
    }

    /// @notice The marginal price now, in wei, though nobody called.
    function price() external view returns (uint256) {
        bool hasPending = verified < _sequences.length;
        uint256 oldestPendingAt = hasPending ? _sequences[verified].timestamp : 0;
        return _parameters.price(_parameters.settle(logPrice, settledAt, block.timestamp, oldestPendingAt, hasPending));
    }
}
