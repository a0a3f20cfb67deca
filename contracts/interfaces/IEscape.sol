// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Checkpoint, Sequence} from "../types/Commitments.sol";

/// @title IEscape
/// @notice The end of a chain nobody proves any more. Anyone closes it; then everybody leaves with what the last
/// checkpoint says is theirs (accounts and unconsumed messages through `IExitVault`, unearned fees and tips here). No
/// operator is needed.
interface IEscape {
    /// @notice The chain closed at checkpoint `lastVerified`, whose state has consumed `consumedMessages` messages.
    event ChainClosed(uint40 indexed lastVerified, bytes32 accountsRoot, uint32 consumedMessages);
    /// @notice The fee of a sequence nobody proved returned to `payer`.
    event SequenceRefunded(uint40 indexed sequence, address indexed payer, uint256 amount);
    /// @notice A tip nobody earned returned to `tipper`.
    event TipRefunded(uint40 indexed sequence, address indexed tipper, uint256 amount);

    /// @notice There is nothing to escape from: no sequence is pending.
    error NothingPending();
    /// @notice The chain may be closed when `elapsed` reaches `escapeDelay` seconds without progress.
    error EscapeNotDue(uint256 elapsed, uint256 escapeDelay);
    /// @notice This sequence or tip has nothing left to refund.
    error NothingToRefund();
    /// @notice No such message.
    error UnknownMessage(uint32 number, uint32 messageCount);
    /// @notice The last checkpoint covers this sequence.
    error SequenceVerified(uint40 sequence, uint40 lastVerified);

    /// @notice Closes the chain for good. Running: when the oldest pending sequence has waited `escapeDelay` and no
    /// checkpoint was added meanwhile. Halted: when `escapeDelay` has passed since the halt and the state is rewound.
    /// Anyone may call.
    /// @dev An idle chain, with nothing pending, cannot be closed: everybody can still sequence.
    /// @param last Preimage of the last checkpoint.
    /// @param accountsRoot Root of the accounts tree under its state root.
    /// @param consumedMessages Number of messages its state has consumed.
    function close(Checkpoint calldata last, bytes32 accountsRoot, uint32 consumedMessages) external;

    /// @notice Refunds the fee of a sequence that no proof has earned to who paid it. Anyone may call.
    function refundSequence(uint40 sequence, Sequence calldata preimage) external;

    /// @notice Refunds the caller's tip on a sequence that was never verified.
    function refundTip(uint40 sequence) external;

    /// @notice Root of the accounts tree the chain closed with; zero before.
    function closedAccountsRoot() external view returns (bytes32);

    /// @notice Messages the state it closed with has consumed.
    function consumedMessages() external view returns (uint32);
}
