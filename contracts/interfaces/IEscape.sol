// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Checkpoint, Sequence} from "../types/Commitments.sol";

/// @title IEscape
/// @notice The end of a chain nobody proves any more. Anyone closes it; then everybody leaves with what the last
/// checkpoint says is theirs (accounts and unconsumed messages through `IExitVault`, unearned fees and tips here). No
/// operator is needed.
interface IEscape {
    /// @notice The chain closed at checkpoint `lastVerified`, whose state has consumed `consumedMessages` messages.
    /// @param lastVerified Number of the checkpoint the chain closed at.
    /// @param accountsRoot Root of the accounts tree of its state.
    /// @param consumedMessages Number of messages its state has consumed.
    event ChainClosed(uint40 indexed lastVerified, bytes32 accountsRoot, uint32 consumedMessages);
    /// @notice The fee of a sequence nobody proved returned to `payer`.
    /// @param sequence Number of the sequence.
    /// @param payer Whose fee balance grew.
    /// @param amount Its batch fees, in token wei.
    event SequenceRefunded(uint40 indexed sequence, address indexed payer, uint256 amount);
    /// @notice A tip nobody earned returned to `tipper`.
    /// @param sequence Number of the tipped sequence.
    /// @param tipper Whose fee balance grew, i.e. the caller.
    /// @param amount Their tip, in token wei.
    event TipRefunded(uint40 indexed sequence, address indexed tipper, uint256 amount);

    /// @notice The chain may be closed when `elapsed` seconds without progress reach `due`.
    error EscapeNotDue(uint256 elapsed, uint256 due);
    /// @notice This sequence or tip has nothing left to refund.
    error NothingToRefund();
    /// @notice No such message.
    error UnknownMessage(uint32 number, uint32 messageCount);
    /// @notice The last checkpoint covers this sequence.
    error SequenceVerified(uint40 sequence, uint40 lastVerified);

    /// @notice Closes the chain for good. Anyone may call, when it is due:
    /// - something is pending: the oldest of it has waited `escapeDelay`, and no checkpoint was added meanwhile;
    /// - nothing is pending: no checkpoint was added for twice `escapeDelay`. Whoever wants an idle chain to live sequences
    ///   a batch and has it proven;
    /// - halted: `escapeDelay` has passed since the halt, and the state is rewound.
    /// @param last Preimage of the last checkpoint.
    /// @param accountsRoot Root of the accounts tree under its state root.
    /// @param consumedMessages_ Number of messages its state has consumed.
    function close(Checkpoint calldata last, bytes32 accountsRoot, uint32 consumedMessages_) external;

    /// @notice Refunds the fee of a sequence that no proof has earned to who paid it. Anyone may call.
    /// @param sequence Number of a sequence after the last checkpoint.
    /// @param preimage Its preimage.
    function refundSequence(uint40 sequence, Sequence calldata preimage) external;

    /// @notice Refunds the caller's tip on a sequence that was never verified.
    /// @param sequence Number of a sequence after the last checkpoint.
    function refundTip(uint40 sequence) external;

    /// @notice Root of the accounts tree the chain closed with; zero before.
    function closedAccountsRoot() external view returns (bytes32);

    /// @notice Messages the state it closed with has consumed.
    function consumedMessages() external view returns (uint32);
}
