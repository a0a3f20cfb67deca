// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {CheckpointOpening} from "../../../contracts/types/Commitments.sol";
import {BaseHandler} from "./BaseHandler.sol";

/// @notice Claimants, who walk the exit chain in pieces of any length from anywhere and claim any records, and
/// thieves who claim early, twice or what a rewind has voided.
abstract contract ExitHandler is BaseHandler {
    using Commitments for *;

    /// @dev From any checkpoint, final or not, honest or not.
    function claimExits(uint256 checkpointSeed, uint256 length, uint256 maskSeed) external transition {
        uint40 checkpoint = path[checkpointSeed % path.length];
        CheckpointOpening memory opening = checkpoints[checkpoint].opening();
        if (!isMatured(checkpoint)) {
            vm.expectPartialRevert(IProofOfEfficiency.NotMatured.selector);
            return vault.claimExits(checkpoint, opening, new IExitVault.ExitLink[](0));
        }
        IExitVault.ExitLink[] memory walk = _walk(opening.exitAcc, _bound(length, 0, 4), maskSeed, false);
        vault.claimExits(checkpoint, opening, walk);
        reached[opening.exitAcc] = true;
        _noteWalk(opening.exitAcc, walk);
    }

    /// @dev From any link, whether a walk has reached it or not.
    function continueClaim(uint256 linkSeed, uint256 length, uint256 maskSeed) external transition {
        if (links.length == 0) return;
        bytes32 exitAcc = links[linkSeed % links.length].acc;
        IExitVault.ExitLink[] memory walk = _walk(exitAcc, _bound(length, 1, 4), maskSeed, false);
        if (!reached[exitAcc]) {
            vm.expectRevert(abi.encodeWithSelector(IExitVault.ExitAccNotReached.selector, exitAcc));
            return vault.claimExitsFrom(exitAcc, walk);
        }
        vault.claimExitsFrom(exitAcc, walk);
        _noteWalk(exitAcc, walk);
    }

    /// @dev What was paid once is passed over; what a link does not hold is refused.
    function claimTwice(uint256 linkSeed, uint256 kind) external transition {
        if (links.length == 0) return;
        Link storage link = links[linkSeed % links.length];
        if (link.claimed == 0 || !reached[link.acc]) return;
        IExitVault.ExitLink[] memory walk = _walk(link.acc, 1, 0, true);
        bytes4 refusal;
        if (kind % 3 == 1) {
            walk[0].claimMask = 1 << 255;
            refusal = IExitVault.NoSuchExit.selector;
        } else if (kind % 3 == 2) {
            walk[0].previousAcc = ~walk[0].previousAcc;
            refusal = IExitVault.ExitLinkMismatch.selector;
        }
        if (refusal != 0) vm.expectPartialRevert(refusal);
        vault.claimExitsFrom(link.acc, walk);
        if (refusal == 0) reached[walk[0].previousAcc] = true;
    }

    /// @dev The exits of a false result that a rewind has voided.
    function claimVoided(uint256 seed) external transition {
        if (voidedDishonest.length == 0) return;
        VoidedCheckpoint storage voided = voidedDishonest[seed % voidedDishonest.length];
        vm.expectRevert(abi.encodeWithSelector(IProving.CheckpointMismatch.selector, voided.number));
        vault.claimExits(voided.number, voided.opening, new IExitVault.ExitLink[](0));
    }

    function withdrawEther(uint256 who, uint256 amount) external transition {
        address account = etherOwners[who % etherOwners.length];
        uint256 balance = etherOf[account];
        amount = _bound(amount, 1, balance + 1);
        if (amount > balance) {
            vm.expectRevert(abi.encodeWithSelector(IExitVault.InsufficientEther.selector, account, balance, amount));
        } else {
            etherOf[account] -= amount;
            etherOut += amount;
        }
        vm.prank(account);
        vault.withdrawEther(payable(account), amount);
    }

    /// @param claimedOnly Name the records that were claimed instead of those that were not.
    function _walk(bytes32 exitAcc, uint256 length, uint256 maskSeed, bool claimedOnly)
        private
        view
        returns (IExitVault.ExitLink[] memory walk)
    {
        IExitVault.ExitLink[] memory buffer = new IExitVault.ExitLink[](length);
        uint256 count;
        while (count < length && linkAfter[exitAcc] != 0) {
            Link storage link = links[linkAfter[exitAcc] - 1];
            uint256 mask = claimedOnly ? link.claimed : _unclaimed(link) & (maskSeed >> (2 * count));
            buffer[count++] = IExitVault.ExitLink(link.previousAcc, abi.encodePacked(link.records), mask);
            exitAcc = link.previousAcc;
        }
        walk = new IExitVault.ExitLink[](count);
        for (uint256 i = 0; i < count; ++i) {
            walk[i] = buffer[i];
        }
    }

    function _unclaimed(Link storage link) private view returns (uint256 mask) {
        for (uint256 i = 0; i < link.records.length; ++i) {
            if (link.records[i] != 0) mask |= 1 << i;
        }
        return mask & ~link.claimed;
    }

    function _noteWalk(bytes32 exitAcc, IExitVault.ExitLink[] memory walk) private {
        for (uint256 i = 0; i < walk.length; ++i) {
            Link storage link = links[linkAfter[exitAcc] - 1];
            for (uint256 j = 0; j < link.records.length; ++j) {
                if ((walk[i].claimMask >> j) & 1 == 0) continue;
                bytes32 record = link.records[j];
                etherOf[address(bytes20(record))] += uint256(uint64(uint256(record))) * 1 gwei;
            }
            link.claimed |= walk[i].claimMask;
            exitAcc = link.previousAcc;
        }
        if (walk.length != 0) reached[exitAcc] = true;
    }
}
