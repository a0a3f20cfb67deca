// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IVerifier} from "../../../contracts/interfaces/IVerifier.sol";
import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {VerifierRouter} from "../../../contracts/router/VerifierRouter.sol";
import {CheckpointOpening} from "../../../contracts/types/Commitments.sol";
import {FeeParameters} from "../../../contracts/types/FeeParameters.sol";
import {Sequenced, Status} from "../../../contracts/types/Slots.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {BaseTest} from "../../utils/BaseTest.sol";
import {TestToken} from "../../utils/TestToken.sol";
import {ListedStateMachine} from "./ListedStateMachine.sol";

/// @notice A second, plain account of all that happens: no packing, no hashing, no prefix sums, one flag for one
/// fact. Handlers write it after each call; invariants
/// compare it with the contracts. `sequences` and `checkpoints` of `BaseTest` hold the preimages.
///
/// The L2 is simulated as far as money goes: what each sequence does (messages it consumes, exits it makes) is fixed
/// when it is sequenced, as in the protocol, so every
/// honest proof up to a sequence has the same result, and the exits can be paid.
abstract contract GhostLedger is BaseTest {
    /* SMALL CAPACITIES, SO THAT THEY ARE REACHED */

    uint16 internal constant SLOTS = 2;
    uint8 internal constant MESSAGES = 2;
    uint8 internal constant EXITS = 2;
    uint24 internal constant PENDING_LIMIT = 24;
    uint256 internal constant ACCOUNTS = 6;
    uint256 internal constant NEVER = type(uint256).max;
    /// @dev The clock of the contract ends in the year 4147 (`SlotPacking`).
    uint256 internal constant END_OF_TIME = (1 << 36) - 1;

    /* WHAT HAPPENED */

    /// @param attached Messages attached up to this sequence.
    /// @param paid A prover has earned its fee.
    /// @param refunded Its fee went back to the payer.
    /// @param exitAcc Exit accumulator of the honest state after it.
    struct SequenceFacts {
        uint40 sequencedAt;
        uint32 attached;
        bool paid;
        bool refunded;
        bytes32 exitAcc;
    }

    /// @param honest Its result is what its batches do.
    struct CheckpointFacts {
        uint256 maturesAt;
        uint40 verifiedAt;
        bool honest;
    }

    struct Message {
        uint32 index;
        uint64 amountGwei;
        uint64 feeGwei;
        bytes32 acc;
        bytes data;
    }

    /// @param claimed Records already paid.
    struct Link {
        bytes32 previousAcc;
        bytes32 acc;
        bytes32[] records;
        uint256 claimed;
    }

    /// @dev A change of an L2 balance, in gwei.
    struct Effect {
        uint40 number;
        uint32 index;
        int256 amount;
    }

    struct VoidedCheckpoint {
        uint40 number;
        CheckpointOpening opening;
    }

    uint256 internal present;
    uint256 internal lastProgress;
    uint256 internal lastResume;
    Status internal status;
    uint16 internal currentVersion;
    uint40 internal conflictStart;
    /// @dev Routes that accepted both sides of a conflict.
    uint16[] internal contradicted;
    /// @dev The farthest sequence ever verified.
    uint40 internal farthest;

    uint40 internal newest;
    mapping(uint40 number => SequenceFacts) internal sequenceFacts;
    /// @dev Numbers of the checkpoints that stand, genesis first.
    uint40[] internal path;
    mapping(uint40 number => CheckpointFacts) internal checkpointFacts;
    VoidedCheckpoint[] internal voidedDishonest;
    uint256 internal falseProofs;

    Message[] internal messages;
    address[] internal l1Owners;
    uint32 internal attached;
    Effect[] internal effects;
    mapping(uint32 index => uint64 gweiAmount) internal l2BalanceOf;
    Link[] internal links;
    mapping(bytes32 exitAcc => uint256 position) internal linkAfter;
    mapping(bytes32 exitAcc => bool) internal reached;
    bytes32 internal newestExitAcc;

    /* MONEY */

    address[] internal feeAccounts;
    mapping(address account => uint256 amount) internal feesOf;
    uint256 internal feesIn;
    uint256 internal feesOut;
    uint256 internal donated;
    uint256 internal escrow;
    uint256 internal feesRefunded;
    uint40[] internal tipped;
    mapping(uint40 number => uint256 amount) internal tips;
    mapping(uint40 number => mapping(address tipper => uint256 amount)) internal tipBy;

    address[] internal etherOwners;
    mapping(address owner => uint256 amount) internal etherOf;
    uint256 internal etherIn;
    uint256 internal etherOut;

    /* AFTER THE CHAIN HAS CLOSED */

    mapping(uint32 index => uint64 gweiAmount) internal closingBalanceOf;
    mapping(uint32 index => bool) internal escaped;
    mapping(uint32 number => bool) internal messageRefunded;

    /* DEPLOYMENT */

    function setUp() public virtual override {
        present = 1_800_000_000;
        vm.warp(present);
        token = _newToken();
        verifier = _newVerifier();
        router = new VerifierRouter(owner, ROUTE_DELAY, verifier, true);
        stateMachine = new ListedStateMachine();
        vm.startPrank(owner);
        for (uint256 i = 0; i < 3; ++i) {
            router.addRoute(_newVerifier());
        }
        vm.stopPrank();
        IProofOfEfficiency.Configuration memory config = _configuration();
        config.maxPendingBatches = PENDING_LIMIT;
        poe = _deploy(config);
        vault = poe.exitVault();
        _noteGenesis();

        // The spare routes become usable, genesis matures.
        present += ROUTE_DELAY + 1;
        vm.warp(present);
    }

    function _newToken() internal virtual returns (TestToken) {
        return new TestToken();
    }

    function _newVerifier() internal returns (MockVerifier) {
        return new MockVerifier(SLOTS, MESSAGES, EXITS);
    }

    function _noteGenesis() private {
        checkpoints[0].sequence.acc = poe.lastAcc();
        checkpoints[0].stateRoot = stateMachine.genesisRoot();
        sequences[0] = checkpoints[0].sequence;
        checkpointFacts[0] = CheckpointFacts(present + EXIT_DELAY, uint40(present), true);
        path.push(0);
        currentVersion = 1;
        lastProgress = present;
        messages.push();
        l1Owners.push();
    }

    /* WHAT FOLLOWS FROM IT */

    function lastVerified() internal view returns (uint40) {
        return path[path.length - 1];
    }

    /// @dev What the limit counts: batches behind the farthest sequence ever verified, so that a rewind leaves room.
    function pendingBatches() internal view returns (uint256) {
        return batchesAt(newest) - batchesAt(farthest);
    }

    /// @dev The farthest sequence up to `last` that one checkpoint may cover now.
    function provable(uint40 last) internal view returns (uint40) {
        while (batchesAt(last) - batchesAt(lastVerified()) > PENDING_LIMIT) {
            --last;
        }
        return last;
    }

    function batchesAt(uint40 number) internal view returns (uint256) {
        return sequences[number].cumulativeBatches;
    }

    /// @dev The oldest pending sequence waits from when it was sequenced, or from the last resume.
    function oldestPendingAt() internal view returns (uint256) {
        uint256 at = sequenceFacts[lastVerified() + 1].sequencedAt;
        return at > lastResume ? at : lastResume;
    }

    function isPending(uint40 number) internal view returns (bool) {
        return number > lastVerified() && number <= newest;
    }

    /// @dev What the next `count` batches cost now.
    function price(uint256 count) internal view returns (uint256 fee) {
        Sequenced memory s = poe.sequenced();
        FeeParameters p = poe.feeParameters();
        bool waiting = newest > lastVerified();
        uint48 logPrice = BatchFee.settle(p, s.logPrice, s.updatedAt, present, oldestPendingAt(), waiting);
        (fee,) = BatchFee.charge(p, logPrice, count);
    }

    /// @dev The sum of the fees that a proof up to `last` is the first to cover: fee by fee, without prefix sums.
    function rewardUpTo(uint40 last) internal view returns (uint256 reward) {
        for (uint40 i = lastVerified() + 1; i <= last; ++i) {
            if (!sequenceFacts[i].paid) reward += sequences[i].fee;
        }
    }

    function isMatured(uint40 checkpoint) internal view returns (bool) {
        return status == Status.Closed || checkpointFacts[checkpoint].maturesAt <= present;
    }

    /// @dev Whether a rewind must stop here.
    function isSettled(uint40 checkpoint) internal view returns (bool) {
        return isMatured(checkpoint) || checkpoint <= conflictStart;
    }

    /// @dev Position in `path` of the first checkpoint whose result is false; 0 if there is none (genesis is true).
    function firstDishonest() internal view returns (uint256) {
        for (uint256 i = 1; i < path.length; ++i) {
            if (!checkpointFacts[path[i]].honest) return i;
        }
        return 0;
    }

    function payer(uint256 seed) internal view returns (address) {
        return feeAccounts[seed % feeAccounts.length];
    }

    function registered() internal view returns (uint256) {
        return l1Owners.length - 1;
    }

    function messageCount() internal view returns (uint32) {
        return uint32(messages.length - 1);
    }

    /// @dev Every account's key differs.
    function keyOf(uint32 index) internal pure returns (bytes memory) {
        return abi.encodePacked(new bytes(76), index);
    }

    function newVersion() internal returns (uint16) {
        IVerifier next = _newVerifier();
        vm.prank(owner);
        return router.addRoute(next);
    }

    /// @dev The newest version that may be used now, if it is newer than the current one; 0 if there is none.
    function usableVersion(uint256 seed) internal view returns (uint16) {
        uint16 latest = router.latestVersion();
        if (latest == currentVersion) return 0;
        uint16 version = uint16(currentVersion + 1 + seed % (latest - currentVersion));
        bool frozen = router.routeOf(version).successor != 0;
        return frozen || router.routeOf(version).activeAt > present ? 0 : version;
    }
}
