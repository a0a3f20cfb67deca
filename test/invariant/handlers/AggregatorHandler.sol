// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {BaseHandler} from "./BaseHandler.sol";

/// @notice Aggregators: honest ones that race, overlap and come late; hostile ones that tamper with proofs; and one
/// that has found an unsound verifier.
abstract contract AggregatorHandler is BaseHandler {
    using Commitments for *;

    /// @dev A proof of any pending range from any checkpoint at or below the last.
    function prove(uint256 who, uint256 lastSeed, uint256 initSeed) external transition {
        if (newest == lastVerified()) return _proveLate(who, lastSeed);
        uint40 last = provable(uint40(_bound(lastSeed, lastVerified() + 1, newest)));
        uint40 init = path[initSeed % path.length];
        if (_isTooOld(init)) {
            _prove(payer(who), init, last);
            init = lastVerified();
        }
        if (status == Status.Running && sequences[init + 1].version != sequences[last].version) {
            _proveAcrossVersions(init, last);
            init = lastVerified();
            if (sequences[init + 1].version != sequences[last].version) return;
        }
        _prove(payer(who), init, last);
    }

    /// @dev All that waits, from the last checkpoint, one version after the other.
    function proveEverything(uint256 who) external transition {
        while (status == Status.Running && lastVerified() < newest) {
            uint40 init = lastVerified();
            uint40 last = provable(newest);
            while (sequences[last].version != sequences[init + 1].version) {
                --last;
            }
            _prove(payer(who), init, last);
        }
    }

    /// @dev After a rewind more may wait than one checkpoint covers.
    function proveTooMuch(uint256 lastSeed) external transition {
        uint40 init = lastVerified();
        if (status != Status.Running || provable(newest) == newest) return;
        uint40 last = uint40(_bound(lastSeed, provable(newest) + 1, newest));
        IProving.Claim memory claim = _honestClaim(aggregator, init, last);
        bytes memory proof = _proof(claim);
        vm.expectPartialRevert(IProving.IntervalTooLong.selector);
        poe.verifyBatches(init, last, claim, proof);
    }

    /// @dev Two finish the same range at once; the loser keeps its longer proof for later.
    function race(uint256 who, uint256 lastSeed, uint256 longerSeed) external transition {
        uint40 init = lastVerified();
        if (status != Status.Running || newest == init) return _proveLate(who, lastSeed);
        uint40 last = provable(uint40(_bound(lastSeed, init + 1, newest)));
        uint40 longer = provable(uint40(_bound(longerSeed, last, newest)));
        if (sequences[longer].version != sequences[init + 1].version) return;
        IProving.Claim memory second = _honestClaim(payer(who % 64 + 1), init, last);
        bytes memory proof = _proof(second);
        _prove(payer(who), init, last);
        vm.expectRevert(abi.encodeWithSelector(IProving.LateProof.selector, last, last));
        poe.verifyBatches(init, last, second, proof);
        if (longer > last) _prove(payer(who % 64 + 1), init, longer);
    }

    /// @dev Each field of a valid call changed in turn: none may pass.
    function proveWrongly(uint256 kind, uint256 lastSeed) external transition {
        uint40 init = lastVerified();
        if (status != Status.Running || newest == init) return _proveLate(kind, lastSeed);
        uint40 last = provable(uint40(_bound(lastSeed, init + 1, newest)));
        if (sequences[init + 1].version != sequences[last].version) return;
        IProving.Claim memory claim = _honestClaim(aggregator, init, last);
        bytes memory proof = _proof(claim);
        kind = _bound(kind, 0, 10);
        bytes4 refusal = MockVerifier.MockProofRejected.selector;
        if (kind == 0) claim.beneficiary = stranger;
        else if (kind == 1) claim.newStateRoot = rootAfter(last + 1);
        else if (kind == 2) claim.newExitAcc = ~claim.newExitAcc;
        else if (kind == 3) proof[0] = ~proof[0];
        else refusal = _mutateOutsideProof(kind, init, claim);
        if (kind == 9) last = newest + 1;
        if (kind == 10) init = last;
        vm.expectPartialRevert(refusal);
        poe.verifyBatches(init, last, claim, proof);
    }

    /// @dev A false result with a proof the verifier accepts. Its exits would rob the vault.
    function proveFalsely(uint256 lastSeed, uint256 initSeed) external transition {
        if (status != Status.Running || newest == lastVerified()) return;
        uint40 last = provable(uint40(_bound(lastSeed, lastVerified() + 1, newest)));
        uint40 init = path[initSeed % path.length];
        if (sequences[init + 1].version != sequences[last].version) return;
        (bytes32 root, bytes32 exitAcc) = _falseResult(init);
        _submit(claimFor(init, last, stranger, root, exitAcc), init, last, false);
    }

    /// @dev A root and exits of nobody's batches: the thief takes a million ether.
    function _falseResult(uint40 init) internal returns (bytes32 root, bytes32 exitAcc) {
        root = rootAfter(uint40(type(uint40).max - ++falseProofs));
        bytes32[] memory records = new bytes32[](EXITS);
        records[0] = exitRecord(stranger, uint32(falseProofs), 1e15);
        exitAcc = stepExits(checkpoints[init].exitAcc, abi.encodePacked(records));
    }

    /// @dev What honest execution of `(init, last]` leads to. From a false state it leads to another false one.
    function _honestClaim(address beneficiary, uint40 init, uint40 last) internal view returns (IProving.Claim memory) {
        return checkpointFacts[init].honest
            ? claimFor(init, last, beneficiary, rootAfter(last), sequenceFacts[last].exitAcc)
            : claimFor(init, last, beneficiary, _rootFrom(init, last), checkpoints[init].exitAcc);
    }

    function _rootFrom(uint40 init, uint40 last) private view returns (bytes32) {
        return rootAfter(uint40(uint256(keccak256(abi.encode(checkpoints[init].stateRoot, last)))));
    }

    function _proof(IProving.Claim memory claim) internal view returns (bytes memory) {
        (, uint16 version) = router.resolve(claim.end.version);
        return abi.encodePacked(statementOf(claim, version));
    }

    function _prove(address beneficiary, uint40 init, uint40 last) internal {
        _submit(_honestClaim(beneficiary, init, last), init, last, checkpointFacts[init].honest);
    }

    function _submit(IProving.Claim memory claim, uint40 init, uint40 last, bool honest) private {
        uint256 reward = rewardUpTo(last);
        claim.minReward = reward;
        bytes memory proof = _proof(claim);
        bool refused = _refusedUnlessRunning();
        if (_isTooOld(init)) {
            refused = true;
            vm.expectPartialRevert(IProving.StartTooOld.selector);
        }
        vm.prank(stranger);
        poe.verifyBatches(init, last, claim, proof);
        if (refused) return;
        _requirePassedOverIsYoung(init);

        uint40 previous = lastVerified();
        recordCheckpoint(last, previous, sequenceFacts[last].sequencedAt, claim);
        for (uint40 i = previous + 1; i <= last; ++i) {
            sequenceFacts[i].paid = true;
        }
        path.push(last);
        if (last > farthest) farthest = last;
        checkpointFacts[last] = CheckpointFacts(present + EXIT_DELAY, uint40(present), honest);
        lastProgress = present;
        feesOf[claim.beneficiary] += reward;
        escrow -= reward;
    }

    /// @dev Whether a proof from `init` is refused for what follows it, as far as the word behind `init` tells its age.
    function _isTooOld(uint40 init) private view returns (bool) {
        if (status != Status.Running || init == lastVerified()) return false;
        uint256 since = checkpointFacts[init + 1].verifiedAt;
        if (since == 0) since = sequenceFacts[init + 1].sequencedAt;
        return since <= lastResume || since + EXIT_DELAY <= present;
    }

    /// @dev What an accepted proof passes over can be undone, and was proven since the last resume.
    function _requirePassedOverIsYoung(uint40 init) private view {
        for (uint256 i = path.length - 1; path[i] != init; --i) {
            assertFalse(isMatured(path[i]), "passes over what has matured");
            assertGt(checkpointFacts[path[i]].verifiedAt, lastResume, "passes over what stood at the resume");
        }
    }

    /// @dev A late proof is refused before anything else is looked at, in every status.
    function _proveLate(uint256 who, uint256 lastSeed) private {
        uint40 last = uint40(lastSeed % (uint256(lastVerified()) + 1));
        IProving.Claim memory claim;
        claim.beneficiary = payer(who);
        vm.expectRevert(abi.encodeWithSelector(IProving.LateProof.selector, last, lastVerified()));
        poe.verifyBatches(0, last, claim, "");
    }

    function _proveAcrossVersions(uint40 init, uint40 last) private {
        IProving.Claim memory claim = _honestClaim(aggregator, init, last);
        bytes memory proof = _proof(claim);
        vm.expectPartialRevert(IProving.RangeSpansVersions.selector);
        poe.verifyBatches(init, last, claim, proof);
    }

    function _mutateOutsideProof(uint256 kind, uint40 init, IProving.Claim memory claim) private pure returns (bytes4) {
        if (kind == 4) {
            claim.beneficiary = address(0);
            return IFeeLedger.ZeroAddress.selector;
        } else if (kind == 5) {
            claim.end.cumulativeFee += 1;
            return IProving.SequenceMismatch.selector;
        } else if (kind == 6) {
            claim.end.fee ^= 1;
            return IProving.SequenceMismatch.selector;
        } else if (kind == 7) {
            claim.start.stateRoot = rootAfter(init + 77);
            return IProving.CheckpointMismatch.selector;
        } else if (kind == 8) {
            claim.minReward = type(uint256).max;
            return IProving.RewardBelowMinimum.selector;
        }
        return kind == 9 ? IProving.UnknownSequence.selector : IProving.StartNotVerified.selector;
    }
}
