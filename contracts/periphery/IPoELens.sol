// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../interfaces/IExitVault.sol";
import {IProofOfEfficiency} from "../interfaces/IProofOfEfficiency.sol";
import {IProving} from "../interfaces/IProving.sol";
import {ISequencing} from "../interfaces/ISequencing.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {Checkpoint, CheckpointOpening, Sequence} from "../types/Commitments.sol";
import {Status} from "../types/Slots.sol";

/// @title IPoELens
/// @notice Answers, for any deployment, what a sequencer, an aggregator or a user asks before a transaction: what it
/// costs, what it earns, whether it is possible, and what its arguments are. Stateless and without powers: the answers
/// are computed from the views of the deployment that is asked.
/// @dev Amounts are in base units of the fee token ("wei") unless a name says gwei; times are block times in seconds.
/// `type(uint256).max` as a time means never, as things stand.
interface IPoELens {
    /// @notice One deployment at one moment.
    /// @param status Running, Halted or Closed.
    /// @param lastSequence Number of the newest sequence.
    /// @param lastVerified Number of the newest checkpoint.
    /// @param lastAcc Accumulator of the newest sequence.
    /// @param pendingBatches Batches that wait for a proof, those that a rewind made pending again included.
    /// @param roomBatches Batches that may be sequenced before a proof must land, in calls of at most 64; 0 unless
    /// running.
    /// @param oldestPendingAt Time from which the oldest pending sequence counts as waiting; 0 if none is pending.
    /// @param oldestAge Seconds it has waited by the protocol's clock, which stands during a halt; 0 if none is
    /// pending.
    /// @param late Whether that exceeds the target, so that the price rises.
    /// @param price Marginal price of a batch.
    /// @param nextBatchFee What one batch costs now.
    /// @param backlogReward Batch fees that proving everything pending earns.
    /// @param version Route new sequences are pinned to.
    /// @param slotCapacity T of that route: slots of a batch.
    /// @param messageCapacity M of that route: messages of a batch.
    /// @param waitingMessages L1 messages not yet bound to a batch.
    /// @param nextMessageFeeGwei Fee of the next L1 message, in gwei.
    /// @param nextIndex Account index the next registration gets; fee recipients are below it.
    /// @param closableAt Time from which anyone may close the chain if nothing is proven, halted or resumed until then.
    /// @param closableIn Seconds until then; 0 if it is due.
    /// @param rewindNeeded Whether the chain is halted and its state must be rewound before it can be resumed or
    /// closed.
    struct Overview {
        Status status;
        uint40 lastSequence;
        uint40 lastVerified;
        bytes32 lastAcc;
        uint256 pendingBatches;
        uint256 roomBatches;
        uint256 oldestPendingAt;
        uint256 oldestAge;
        bool late;
        uint256 price;
        uint256 nextBatchFee;
        uint256 backlogReward;
        uint16 version;
        uint16 slotCapacity;
        uint8 messageCapacity;
        uint256 waitingMessages;
        uint256 nextMessageFeeGwei;
        uint40 nextIndex;
        uint256 closableAt;
        uint256 closableIn;
        bool rewindNeeded;
    }

    /// @notice A quote is for the present or the future.
    error QuoteInThePast(uint256 at, uint256 timestamp);
    /// @notice The range must end at a sequence that exists and is not proven yet.
    error NotPending(uint40 sequence, uint40 lastVerified, uint40 lastSequence);
    /// @notice The preimage is not that of this sequence on this deployment.
    error WrongSequencePreimage(uint40 sequence, bytes32 word, bytes32 computed);
    /// @notice The opening is not that of this checkpoint on this deployment.
    error WrongCheckpointOpening(uint40 checkpoint, bytes32 word, bytes32 computed);

    /* PRICE */

    /// @notice What sequencing `batches` batches costs now, to the wei, in as many calls as they take.
    /// @dev During a halt no clock runs: this is what it will cost at the moment of the resume.
    function quoteFee(IProofOfEfficiency poe, uint256 batches) external view returns (uint256 fee);

    /// @notice What sequencing `batches` batches costs at block time `at`, to the wei, in as many calls as they take, if
    /// nobody else sequences, proves or changes the parameters until then.
    function quoteFeeAt(IProofOfEfficiency poe, uint256 batches, uint256 at) external view returns (uint256 fee);

    /// @notice Marginal price of a batch now; a whole batch costs about half a step more.
    function price(IProofOfEfficiency poe) external view returns (uint256);

    /// @notice Batches that may be sequenced before a proof must land, in calls of at most 64: what `maxPendingBatches`
    /// leaves. 0 unless the chain is running.
    function roomBatches(IProofOfEfficiency poe) external view returns (uint256);

    /* REWARD */

    /// @notice Batch fees that a proof up to `last` earns now.
    /// @param preimage Preimage of sequence `last`.
    function pendingReward(IProofOfEfficiency poe, uint40 last, Sequence calldata preimage)
        external
        view
        returns (uint256);

    /// @notice Batch fees that proving everything pending earns now. Needs no preimage.
    function backlogReward(IProofOfEfficiency poe) external view returns (uint256);

    /// @notice Tips that a proof up to `last` will be able to claim when it has matured. Reads one word for each
    /// sequence of the range.
    function pendingTips(IProofOfEfficiency poe, uint40 last) external view returns (uint256);

    /* STATE */

    /// @notice Everything that fits one call.
    function overview(IProofOfEfficiency poe) external view returns (Overview memory);

    /// @notice Time from which nothing can undo `checkpoint`, so that its exits and tips are payable: 0 on a closed
    /// chain, where all that is left is final; `type(uint256).max` during a halt it had not matured before.
    function maturesAt(IProofOfEfficiency poe, uint40 checkpoint, CheckpointOpening calldata opening)
        external
        view
        returns (uint256);

    /// @notice The route that checks proofs of batches pinned to `version`: its own or that of the last successor.
    function routeInForce(IProofOfEfficiency poe, uint16 version)
        external
        view
        returns (IVerifierRouter.Route memory route, uint16 resolvedVersion);

    /* ARGUMENTS */

    /// @notice Limits anchored at a sequence that is pending, or was when the caller read it.
    /// @dev Sequences on top of the anchor do no harm. A proof that ends exactly at the anchor does none while it is
    /// the newest checkpoint or sequence; when a later one follows, the call is refused and has to be built again.
    function limitsAtSequence(uint256 maxFee, uint256 deadline, uint40 anchor, Sequence calldata preimage)
        external
        pure
        returns (ISequencing.Limits memory);

    /// @notice Limits anchored at a checkpoint: they stand until a conflict voids it.
    function limitsAtCheckpoint(uint256 maxFee, uint256 deadline, uint40 anchor, Checkpoint calldata preimage)
        external
        pure
        returns (ISequencing.Limits memory);

    /// @notice Limits that bind to nothing but the deployment.
    function limitsAtGenesis(IProofOfEfficiency poe, uint256 maxFee, uint256 deadline)
        external
        view
        returns (ISequencing.Limits memory);

    /// @notice Accumulator that `sequenceBatches(batches, feeRecipient, ...)` would lead to now, the messages it would
    /// attach included.
    function predictAcc(IProofOfEfficiency poe, bytes[] calldata batches, uint32 feeRecipient)
        external
        view
        returns (bytes32 acc);

    /// @notice Statement that a proof of `claim` has to prove now, and its two halves as the verifier takes them
    /// (FMT-14, FMT-15).
    function statementOf(IProofOfEfficiency poe, IProving.Claim calldata claim)
        external
        view
        returns (bytes32 statement, uint256[2] memory publicInputs);

    /// @notice The checkpoint every deployment starts from, number 0.
    function genesisCheckpoint(IProofOfEfficiency poe) external view returns (Checkpoint memory);

    /* FORMATS */

    /// @notice Word of a sequence (FMT-16).
    function sequenceWord(Sequence calldata preimage, uint40 sequencedAt) external pure returns (bytes32);

    /// @notice Word of a checkpoint (FMT-17).
    function checkpointWord(Checkpoint calldata preimage, uint40 verifiedAt) external pure returns (bytes32);

    /// @notice The part of a checkpoint that a proof or a claim of exits takes (FMT-17).
    function openingOf(Checkpoint calldata preimage) external pure returns (CheckpointOpening memory);

    /// @notice The checkpoint that proving `claim` makes.
    /// @param provenBy Route to which the version of the range resolved when it was proven.
    function checkpointOf(IProving.Claim calldata claim, uint40 sequencedAt, uint40 previous, uint16 provenBy)
        external
        pure
        returns (Checkpoint memory);

    /// @notice Accumulator after `batches`, from any accumulator (FMT-8).
    /// @param messageAccs For each batch the message accumulator after the messages it takes; zero if it takes none.
    function accAfter(
        bytes32 acc,
        uint16 version,
        uint16 slotCapacity,
        bytes[] calldata batches,
        bytes32[] calldata messageAccs,
        uint32 feeRecipient
    ) external view returns (bytes32);

    /// @notice The 124 bytes of a registration (FMT-10).
    function registerMessage(uint32 index, bytes calldata publicKey, address l1Owner, uint64 amountGwei, uint64 feeGwei)
        external
        pure
        returns (bytes memory);

    /// @notice The 124 bytes of a deposit (FMT-10).
    function depositMessage(uint32 index, uint64 amountGwei, uint64 feeGwei) external pure returns (bytes memory);

    /// @notice Message accumulator after one more message (FMT-11).
    function messageAccAfter(bytes32 messageAcc, bytes calldata message) external pure returns (bytes32);

    /// @notice Identity of an account (FMT-18), as `deposit` expects it.
    function identity(uint32 index, bytes calldata publicKey, address l1Owner) external pure returns (bytes32);

    /// @notice An exit record (FMT-13).
    function exitRecord(address l1Owner, uint32 index, uint64 amountGwei) external pure returns (bytes32);

    /// @notice The link of the exit chain that a batch with exits `records` makes, and the accumulator after it
    /// (FMT-13).
    /// @param exitCapacity E of the route the batch is pinned to.
    /// @param claimMask Records to pay out, bit i for record i.
    function exitLink(bytes32 previousAcc, bytes32[] calldata records, uint8 exitCapacity, uint256 claimMask)
        external
        pure
        returns (IExitVault.ExitLink memory link, bytes32 exitAcc);
}
