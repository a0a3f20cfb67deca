// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice The contents of one leaf of the accounts tree.
/// @param publicKey The key in the encoding `IStateMachine.requireValidKey` takes; all zeros while not registered.
/// @param l1Owner The L1 address that exits pay; zero while not registered.
/// @param balance Gwei. Fee credits may precede the registration, so it can be positive while not registered.
/// @param nonce Number of L2 transactions the account has sent, 2^32 at most (inclusive: a last withdraw may use
/// nonce 2^32 - 1).
/// @param registered Whether a registration message reached the index: the only test of existence.
struct Account {
    bytes publicKey;
    address l1Owner;
    uint64 balance;
    uint64 nonce;
    bool registered;
}

/// @title What L1 must know about the L2 state machine it settles
/// @notice The core treats the L2 as a statement hash and a route to a verifier. Three moments need more: a key enters
/// the state (registration), a state root enters L1 (proving) and an account leaves without an operator (escape). They
/// stand behind this interface, so that another state machine can be plugged in without touching the core.
/// @dev Implementations are stateless: every `require` function either returns, meaning that the claim holds, or
/// reverts with a typed error. They are `view` so that an implementation may call precompiles. A state root is opaque to
/// the core, apart from the limbs' range, which it checks itself on every proof: the call here, for the deployment's
/// self-check and for integrators, would cost the hot path an external call.
interface IStateMachine {
    /// @notice A public key has `length` bytes instead of the length of this state machine's encoding.
    error InvalidKeyLength(uint256 length);

    /// @notice The zero word is no state root.
    error ZeroRoot();

    /// @notice The given accounts root and message accumulator belong to state `computed`, not to `stateRoot`.
    error StateMismatch(bytes32 stateRoot, bytes32 computed);

    /// @notice No state holds an account of `balance` gwei: conservation keeps every balance below 2^62.
    error BalanceOutOfRange(uint64 balance);

    /// @notice No state holds an account with this nonce: the last transaction an account can send has nonce 2^32 - 1.
    error NonceOutOfRange(uint64 nonce);

    /// @notice The account at `index` and its siblings lead to the root `computed`, not to `accountsRoot`.
    error AccountMismatch(uint32 index, bytes32 accountsRoot, bytes32 computed);

    /// @notice The state root of a chain on which nothing happened: no accounts, no message consumed.
    /// @return The root the first batch starts from.
    function genesisRoot() external pure returns (bytes32);

    /// @notice Requires that `publicKey` can be registered: canonical encoding of a non-neutral element of the group.
    /// @dev Circuits rely on it: with such keys the complete addition law of the curve has no exceptional case.
    /// @param publicKey The encoded key (for the payments state machine: 80 bytes).
    function requireValidKey(bytes calldata publicKey) external view;

    /// @notice Requires that `stateRoot` is not zero and the only encoding of the root it denotes.
    /// @param stateRoot The root a proof or a caller names.
    function requireCanonicalRoot(bytes32 stateRoot) external view;

    /// @notice Requires that `stateRoot` commits to exactly this accounts root and this message accumulator.
    /// @param stateRoot The root of a checkpoint.
    /// @param accountsRoot The root of the accounts tree.
    /// @param messageAcc The accumulator of the L1 messages that state has consumed.
    function requireState(bytes32 stateRoot, bytes32 accountsRoot, bytes32 messageAcc) external view;

    /// @notice Requires that the accounts tree of root `accountsRoot` holds `account` at `index`.
    /// @dev A key is bound, not judged: whatever the state holds passed `requireValidKey` when it was registered.
    /// @param accountsRoot A root established by `requireState`.
    /// @param index The leaf's position; bit i, least significant first, is 1 if the path is a right child at level i.
    /// @param account The leaf's contents.
    /// @param siblings The other child at each level, from the leaf up.
    function requireAccount(bytes32 accountsRoot, uint32 index, Account calldata account, bytes32[32] calldata siblings)
        external
        view;
}
