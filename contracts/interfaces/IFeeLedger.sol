// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Checkpoint} from "../types/Commitments.sol";

/// @title IFeeLedger
/// @notice Balances in the fee token. Sequencing debits them, proving credits them; tokens move only when somebody
/// deposits or withdraws.
/// @dev Assumptions on the fee token that safety needs:
/// - a balance changes only through transfers (no rebasing, no fee taken from holders, no administrator who moves
///   balances);
/// - `balanceOf` is truthful. It may take a fee on transfer, return nothing or false, call hooks, and refuse to pay
///   some accounts. Assumptions that liveness needs:
/// - the token lets this contract receive and send; while it does not, deposits and withdrawals wait, and nothing else
///   does.
interface IFeeLedger {
    /// @notice `payer` moved tokens in, of which `amount` wei arrived for `account`.
    event FeesDeposited(address indexed payer, address indexed account, uint256 amount);
    /// @notice `amount` wei left the balance of `account` for `recipient`.
    event FeesWithdrawn(address indexed account, address indexed recipient, uint256 amount);
    /// @notice `tipper` added `amount` wei to what proving `sequence` earns.
    event SequenceTipped(uint40 indexed sequence, address indexed tipper, uint256 amount);
    /// @notice The tips on `sequence` were credited to the beneficiary of the proof that covered it.
    event TipsClaimed(uint40 indexed sequence, address indexed beneficiary, uint256 amount);

    /// @notice The balance of `account` does not cover what the call costs.
    error InsufficientFeeBalance(address account, uint256 balance, uint256 needed);
    /// @notice Nothing would move.
    error ZeroAmount();
    /// @notice The null address cannot hold a balance or receive a payment.
    error ZeroAddress();
    /// @notice Only a pending sequence can be tipped: `lastVerified < sequence <= lastSequence`.
    error SequenceNotPending(uint40 sequence, uint40 lastVerified, uint40 lastSequence);
    /// @notice The proof that covers `sequence` is not the one that made `checkpoint`, which covers `(previous,
    /// checkpoint]`.
    error NotCovered(uint40 sequence, uint40 previous, uint40 checkpoint);
    /// @notice The fee token changes balances by itself and is refused.
    error RebasingToken(address token, bytes4 marker);

    /// @notice Moves `amount` wei from the caller into the balance of `account`, which grows by what arrives.
    /// @return received Wei credited.
    function depositFees(address account, uint256 amount) external returns (uint256 received);

    /// @notice As `depositFees`, with an EIP-2612 permit. A permit that somebody else has already submitted is not an
    /// error as long as the allowance is there.
    function depositFeesWithPermit(address account, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 received);

    /// @notice Pays `amount` wei of the caller's balance out to `recipient`.
    function withdrawFees(address recipient, uint256 amount) external;

    /// @notice Adds `amount` wei of the caller's balance to what proving the pending `sequence` earns.
    function tip(uint40 sequence, uint256 amount) external;

    /// @notice Credits the tips on `sequence` to the beneficiary of `checkpoint`, the first one at or after it.
    /// @dev Waits for the exit delay like an exit does, so that a proof voided by a halt earns no tip. Anyone may call.
    function claimTips(uint40 sequence, uint40 checkpoint, Checkpoint calldata preimage) external;

    /// @notice The fee token.
    function feeToken() external view returns (IERC20);

    /// @notice Fee balance of `account`, in token wei.
    function feeBalanceOf(address account) external view returns (uint256);

    /// @notice Tips waiting on `sequence`, in token wei.
    function tipsOn(uint40 sequence) external view returns (uint256);

    /// @notice What `tipper` put on `sequence`, in token wei. Refunded if the chain closes first.
    function tipOf(uint40 sequence, address tipper) external view returns (uint256);
}
