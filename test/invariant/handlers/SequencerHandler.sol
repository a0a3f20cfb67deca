// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {Accumulators} from "../../../contracts/libraries/Accumulators.sol";
import {MAX_BATCHES_PER_SEQUENCE, Sequence} from "../../../contracts/types/Commitments.sol";
import {BaseHandler} from "./BaseHandler.sol";

/// @notice Sequencers: plain accounts and a contract, one batch or several, with any standing sequence as anchor,
/// paying exactly the price and not a wei more.
abstract contract SequencerHandler is BaseHandler {
    function sequenceOnce(uint256 who, uint256 count, uint256 seed) external transition {
        _sequence(payer(who), _bound(count, 1, 4), seed);
    }

    /// @dev Several in a row: queues grow deep enough for overlapping proofs and full backlogs.
    function sequenceRepeatedly(uint256 who, uint256 times, uint256 seed) external transition {
        times = _bound(times, 2, 5);
        for (uint256 i = 0; i < times; ++i) {
            _sequence(payer(who % 64 + i), 1 + (seed >> i) % 3, uint256(keccak256(abi.encode(seed, i))));
        }
    }

    /// @dev Everything a careless or hostile sequencer can get wrong.
    function sequenceWrongly(uint256 who, uint256 kind, uint256 seed) external transition {
        address account = payer(who);
        bytes[] memory batches = _randomBatches(1, seed);
        ISequencing.Limits memory limits_ = limitsAt(newest);
        uint32 recipient = 1;
        kind = _bound(kind, 0, 5);
        if (_refusedUnlessRunning()) {
            // Nothing else is looked at.
        } else if (kind == 0) {
            batches = new bytes[](seed % 2 == 0 ? 0 : MAX_BATCHES_PER_SEQUENCE + 1);
            vm.expectPartialRevert(ISequencing.InvalidBatchCount.selector);
        } else if (kind == 1) {
            if (pendingBatches() >= PENDING_LIMIT) return;
            recipient = seed % 2 == 0 ? 0 : uint32(registered() + 1);
            vm.expectPartialRevert(ISequencing.UnknownFeeRecipient.selector);
        } else if (kind == 2) {
            limits_.deadline = present - 1;
            vm.expectPartialRevert(ISequencing.DeadlinePassed.selector);
        } else if (kind == 3) {
            limits_.anchorAcc = ~limits_.anchorAcc;
            vm.expectPartialRevert(ISequencing.AnchorMismatch.selector);
        } else if (kind == 4) {
            batches = _randomBatches(PENDING_LIMIT + 1, seed);
            vm.expectPartialRevert(ISequencing.TooManyPendingBatches.selector);
        } else {
            if (pendingBatches() >= PENDING_LIMIT) return;
            batches[0] = new bytes((uint256(SLOTS) + seed % 2) * 96 + (1 - seed % 2));
            vm.expectPartialRevert(ISequencing.InvalidBatchLength.selector);
        }
        vm.prank(account, account);
        poe.sequenceBatches(batches, recipient, limits_);
    }

    function _sequence(address account, uint256 count, uint256 seed) internal {
        bytes[] memory batches = _randomBatches(count, seed);
        uint32 recipient = uint32(1 + seed % registered());
        ISequencing.Limits memory limits_ = limitsAt(_randomAnchor(seed));
        uint256 fee = price(count);
        limits_.maxFee = fee;
        limits_.deadline = present;

        bool refused = _expectIfRefused(account, count, fee);
        if (!refused && seed % 16 == 0) {
            limits_.maxFee = fee - 1;
            refused = true;
            vm.expectRevert(abi.encodeWithSelector(ISequencing.FeeAboveLimit.selector, fee, fee - 1));
        }
        vm.prank(account, seed % 2 == 0 ? account : stranger);
        uint40 number = poe.sequenceBatches(batches, recipient, limits_);
        if (refused) return;
        assertEq(number, newest + 1, "numbers are consecutive");
        _noteSequence(account, uint112(fee), count, _fold(batches, recipient, seed));
    }

    /// @dev A number that stands on the chain and was not refunded.
    function _randomAnchor(uint256 seed) private view returns (uint40 anchor) {
        anchor = uint40((seed >> 32) % (newest + 1));
        if (sequenceFacts[anchor].refunded) anchor = newest;
    }

    function _expectIfRefused(address account, uint256 count, uint256 fee) private returns (bool) {
        if (_refusedUnlessRunning()) return true;
        if (pendingBatches() + count > PENDING_LIMIT) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ISequencing.TooManyPendingBatches.selector, pendingBatches(), count, PENDING_LIMIT
                )
            );
            return true;
        }
        if (feesOf[account] < fee) {
            vm.expectRevert(
                abi.encodeWithSelector(IFeeLedger.InsufficientFeeBalance.selector, account, feesOf[account], fee)
            );
            return true;
        }
        return false;
    }

    function _noteSequence(address account, uint112 fee, uint256 count, bytes32 acc) private {
        Sequence memory former = sequences[newest];
        feesOf[account] -= fee;
        escrow += fee;
        sequences[++newest] = Sequence({
            acc: acc,
            cumulativeFee: former.cumulativeFee + fee,
            fee: fee,
            cumulativeBatches: former.cumulativeBatches + uint40(count),
            version: currentVersion,
            payer: account
        });
        sequenceFacts[newest] = SequenceFacts(uint40(present), attached, false, false, newestExitAcc);
    }

    /* WHAT THE BATCHES DO */

    /// @dev Folds the batches into the accumulator and plays them on L2: each takes messages, then makes exits.
    function _fold(bytes[] memory batches, uint32 recipient, uint256 seed) private returns (bytes32 acc) {
        acc = sequences[newest].acc;
        for (uint256 i = 0; i < batches.length; ++i) {
            bytes32 messageAcc = _takeMessages(recipient);
            bytes memory padding = new bytes(uint256(SLOTS) * 96 - batches[i].length);
            bytes32 dataHash = sha256(bytes.concat(batches[i], padding));
            acc = Accumulators.step(acc, currentVersion, dataHash, messageAcc, recipient);
            _makeExits(uint256(keccak256(abi.encode(seed, i))));
        }
    }

    function _takeMessages(uint32 recipient) private returns (bytes32 messageAcc) {
        for (uint256 i = 0; i < MESSAGES && attached < messageCount(); ++i) {
            Message storage message = messages[++attached];
            _changeL2(message.index, int256(uint256(message.amountGwei)));
            _changeL2(recipient, int256(uint256(message.feeGwei)));
            messageAcc = message.acc;
        }
    }

    function _makeExits(uint256 seed) private {
        uint256 count = seed % (uint256(EXITS) + 1);
        bytes32[] memory records = new bytes32[](EXITS);
        uint256 made;
        for (uint256 i = 0; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint32 index = uint32(1 + seed % registered());
            uint64 amount = uint64((seed >> 64) % (uint256(l2BalanceOf[index]) + 1));
            if (amount == 0) continue;
            _changeL2(index, -int256(uint256(amount)));
            records[made++] = exitRecord(l1Owners[index], index, amount);
        }
        if (made == 0) return;
        Link storage link = links.push();
        link.previousAcc = newestExitAcc;
        link.records = records;
        newestExitAcc = link.acc = Accumulators.stepExits(newestExitAcc, abi.encodePacked(records));
        linkAfter[newestExitAcc] = links.length;
    }

    function _changeL2(uint32 index, int256 amount) private {
        l2BalanceOf[index] = uint64(uint256(int256(uint256(l2BalanceOf[index])) + amount));
        effects.push(Effect(newest + 1, index, amount));
    }

    /// @dev Zero to SLOTS slots each.
    function _randomBatches(uint256 count, uint256 seed) private pure returns (bytes[] memory batches) {
        batches = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            batches[i] = new bytes(((seed >> i) % (uint256(SLOTS) + 1)) * 96);
            if (batches[i].length != 0) batches[i][i % 96] = bytes1(uint8(seed >> 8 | 1));
        }
    }
}
