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
    /// @param payer Who moved the tokens, i.e. the caller.
    /// @param account Whose balance grew.
    /// @param amount What arrived, in token wei.
    event FeesDeposited(address indexed payer, address indexed account, uint256 amount);
    /// @notice `amount` wei left the balance of `account` for `recipient`.
    /// @param account Whose balance fell, i.e. the caller.
    /// @param recipient Who was sent the tokens.
    /// @param amount What left the balance, in token wei.
    event FeesWithdrawn(address indexed account, address indexed recipient, uint256 amount);
    /// @notice `tipper` added `amount` wei to what proving `sequence` earns.
    /// @param sequence Number of the pending sequence.
    /// @param tipper Whose balance paid, i.e. the caller.
    /// @param amount What was added, in token wei.
    event SequenceTipped(uint40 indexed sequence, address indexed tipper, uint256 amount);
    /// @notice The tips on `sequence` were credited to the beneficiary of the proof that covered it.
    /// @param sequence Number of the tipped sequence.
    /// @param beneficiary Whose balance grew.
    /// @param amount All tips on the sequence, in token wei.
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
    /// @notice The address given as fee token holds no code: every deposit would fail.
    error NotAToken(address token);
    /// @notice The fee token changes balances by itself and is refused.
    error RebasingToken(address token, bytes4 marker);

    /// @notice Moves `amount` wei from the caller into the balance of `account`, which grows by what arrives.
    /// @param account Whose balance grows; not null.
    /// @param amount What the token is asked to move, in token wei.
    /// @return received Wei credited.
    function depositFees(address account, uint256 amount) external returns (uint256 received);

    /// @notice As `depositFees`, with an EIP-2612 permit. A permit that somebody else has already submitted is not an
    /// error as long as the allowance is there.
    /// @param account Whose balance grows; not null.
    /// @param amount What the permit allows and the token is asked to move, in token wei.
    /// @param deadline Last block time, in seconds, at which the permit is valid.
    /// @param v Recovery byte of the caller's signature of the permit.
    /// @param r First half of the signature.
    /// @param s Second half of the signature.
    /// @return received Wei credited.
    function depositFeesWithPermit(address account, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 received);

    /// @notice Pays `amount` wei of the caller's balance out to `recipient`.
    /// @param recipient Who is sent the tokens; not null.
    /// @param amount What leaves the balance, in token wei; not zero.
    function withdrawFees(address recipient, uint256 amount) external;

    /// @notice Adds `amount` wei of the caller's balance to what proving the pending `sequence` earns.
    /// @param sequence Number of a pending sequence.
    /// @param amount What is added, in token wei; not zero.
    function tip(uint40 sequence, uint256 amount) external;

    /// @notice Credits the tips on `sequence` to the beneficiary of `checkpoint`, the first one at or after it.
    /// @dev Waits for the exit delay like an exit does, so that a proof voided by a halt earns no tip. Anyone may call.
    /// @param sequence Number of the tipped sequence.
    /// @param checkpoint Number of the checkpoint whose proof covered it.
    /// @param preimage Preimage of that checkpoint.
    function claimTips(uint40 sequence, uint40 checkpoint, Checkpoint calldata preimage) external;

    /// @notice The fee token.
    function feeToken() external view returns (IERC20);

    /// @notice Fee balance of `account`, in token wei.
    /// @param account The holder.
    function feeBalanceOf(address account) external view returns (uint256);

    /// @notice Tips waiting on `sequence`, in token wei.
    /// @param sequence Number of the sequence.
    function tipsOn(uint40 sequence) external view returns (uint256);

    /// @notice What `tipper` put on `sequence`, in token wei. Refunded if the chain closes first.
    /// @param sequence Number of the sequence.
    /// @param tipper Who paid.
    function tipOf(uint40 sequence, address tipper) external view returns (uint256);
}
