// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title ISequencing
/// @notice Anyone posts batches of L2 transactions; their order and content are fixed here, and with them the virtual
/// state.
interface ISequencing {
    /// @notice What the caller agrees to.
    /// @param maxFee Most the whole call may cost, in token wei.
    /// @param deadline Last block time, in seconds, at which the call may land.
    /// @param anchor A sequence the caller built on. If the L1 chain has another one under that number the call
    /// reverts; sequences that landed after it do no harm, nor does the proof that ends at it, as long as it is the
    /// newest. Once a later checkpoint supersedes that one, the preimage has to be the checkpoint's. 0 with the genesis
    /// accumulator binds to nothing but the deployment.
    /// @param anchorAcc Accumulator of the anchor.
    /// @param anchorRest Hash of the anchor's other fields (docs/spec/formats.md, FMT-16 and FMT-17).
    struct Limits {
        uint256 maxFee;
        uint256 deadline;
        uint40 anchor;
        bytes32 anchorAcc;
        bytes32 anchorRest;
    }

    /// @notice Batches were sequenced. With the calldata (or `BatchData`) this and the messages before it is all that
    /// is needed to compute the virtual state.
    /// @dev Running sums (batches, fees) and the version (`VersionActivated`) are not repeated here: 256 gas a word.
    /// @param sequence Number of the sequence.
    /// @param payer Who paid, i.e. the caller.
    /// @param acc Accumulator after it.
    /// @param feeRecipient L2 account that earns the L2 fees of these batches.
    /// @param fee What it cost, in token wei.
    /// @param attachedMessages L1 messages ever attached to a batch.
    event BatchesSequenced(
        uint40 indexed sequence,
        address indexed payer,
        bytes32 acc,
        uint32 feeRecipient,
        uint256 fee,
        uint32 attachedMessages
    );
    /// @notice The batches of `sequence`, repeated in the log because they are not the calldata of the transaction
    /// itself.
    /// @param sequence Number of the sequence.
    /// @param batches Raw slots of each batch, as they were passed.
    event BatchData(uint40 indexed sequence, bytes[] batches);
    /// @notice `sequencer` says where users reach it.
    /// @param sequencer The caller.
    /// @param url Where its service answers; not judged here.
    event SequencerAnnounced(address indexed sequencer, string url);

    /// @notice A sequence holds 1 to `maximum` batches; spread more over several calls.
    error InvalidBatchCount(uint256 count, uint256 maximum);
    /// @notice Batch `index` of the call is not a whole number of 96-byte slots, or has more of them than the circuit
    /// takes.
    error InvalidBatchLength(uint256 index, uint256 length, uint256 maxLength);
    /// @notice Unproven batches would exceed the limit; prove some first.
    error TooManyPendingBatches(uint256 pending, uint256 added, uint256 limit);
    /// @notice The fee recipient is not a registered account index in `[1, nextIndex)`.
    error UnknownFeeRecipient(uint32 feeRecipient, uint40 nextIndex);
    /// @notice The call costs more than the caller agreed to.
    error FeeAboveLimit(uint256 fee, uint256 maxFee);
    /// @notice The call landed too late.
    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    /// @notice The anchor is not what stands on this chain: an L1 reorganisation, or a wrong preimage.
    error AnchorMismatch(uint40 anchor, bytes32 anchorAcc);

    /// @notice Sequences `batches` in order, at the current price, paid from the caller's fee balance.
    /// @dev Each batch takes the oldest pending L1 messages, as many as the circuit has room for.
    /// @param batches 1 to 64 of them: raw slots, a multiple of 96 bytes each, at most `slotCapacity * 96`. Their content
    /// is not judged here: rubbish is a provable no-op.
    /// @param feeRecipient L2 account index that earns the L2 fees and message fees of these batches.
    /// @param limits What the caller agrees to.
    /// @return sequence Number of the sequence.
    function sequenceBatches(bytes[] calldata batches, uint32 feeRecipient, Limits calldata limits)
        external
        returns (uint40 sequence);

    /// @notice Lets users find a sequencer. Binds to nothing.
    /// @param url Where the caller's service answers; not judged here.
    function announce(string calldata url) external;
}
