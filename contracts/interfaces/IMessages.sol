// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title IMessages
/// @notice Registrations and deposits, queued on L1 and taken in order by the batches that follow. No sequencer can
/// skip them.
interface IMessages {
    /// @notice A message was queued; it alone rebuilds the message accumulator.
    /// @param number Position in the queue, from 1.
    /// @param index Account it is for.
    /// @param message Its 124 bytes (docs/spec/formats.md, FMT-10).
    event MessageQueued(uint32 indexed number, uint32 indexed index, bytes message);

    /// @notice Ether is accepted in whole gwei only.
    error NotWholeGwei(uint256 value);
    /// @notice The ether sent does not cover the message fee.
    error MessageFeeNotCovered(uint256 valueGwei, uint256 feeGwei);
    /// @notice The message fee has risen above what the caller agreed to.
    error MessageFeeAboveLimit(uint256 feeGwei, uint256 maxFeeGwei);
    /// @notice Deposits over the life of a deployment stay below 2^61 gwei.
    error DepositCapReached(uint256 grossGwei, uint256 capGwei);
    /// @notice All 2^32 - 1 account indices are taken.
    error AccountsExhausted();
    /// @notice Account `index` has another identity: it was never registered, or an L1 reorganisation gave it to
    /// somebody else.
    error IdentityMismatch(uint32 index, bytes32 expected, bytes32 actual);

    /// @notice Registers a new account and deposits into it all ether sent beyond the message fee.
    /// @param publicKey 80 bytes, an ecGFp5 group element other than the neutral one (FMT-12).
    /// @param l1Owner Who receives the account's withdrawals on L1; not null.
    /// @param maxFeeGwei Most the caller pays for the message, in gwei.
    /// @return index Index of the account.
    function register(bytes calldata publicKey, address l1Owner, uint256 maxFeeGwei)
        external
        payable
        returns (uint32 index);

    /// @notice Deposits all ether sent beyond the message fee into an account, whoever owns it.
    /// @param index The account.
    /// @param expectedIdentity Its identity (FMT-18), so that the money cannot end in an account that took over the
    /// number in a reorganisation.
    /// @param maxFeeGwei Most the caller pays for the message, in gwei.
    function deposit(uint32 index, bytes32 expectedIdentity, uint256 maxFeeGwei) external payable;

    /// @notice What queueing the next message costs, in gwei. It rises with the number of messages waiting.
    function messageFeeGwei() external view returns (uint256);

    /// @notice Ether ever taken in, in gwei; below 2^61.
    function grossDepositsGwei() external view returns (uint256);

    /// @notice Identity of account `index` (FMT-18); zero if not registered.
    /// @param index Account index.
    function identityOf(uint32 index) external view returns (bytes32);

    /// @notice Message accumulator after message `number`.
    /// @param number Position in the queue, from 1; 0, and any beyond the queue, reads as zero.
    function messageAccOf(uint32 number) external view returns (bytes32);
}
