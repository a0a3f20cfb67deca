// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Why a script stops
/// @notice Every refusal names the value it found and, in `remedy`, what a person can do about it.
library Refusals {
    /* CONFIGURATION */

    /// @notice There is no configuration file for this chain.
    error ConfigMissing(uint256 chainId, string path, string remedy);
    /// @notice The configuration is for another chain than the one connected to.
    error WrongChain(uint256 connected, uint256 configured, string path, string remedy);
    /// @notice A key is missing.
    error KeyMissing(string path, string key, string remedy);
    /// @notice A key means nothing to the script: a typing error, or a key of another version.
    error UnknownKey(string path, string key, string remedy);
    /// @notice The value of a key is not of the kind it must be.
    error BadValue(string path, string key, string expected);
    /// @notice A number does not fit.
    error ValueTooLarge(string path, string key, uint256 value, uint256 most);
    /// @notice Addresses that must be named are not.
    error AddressUnset(string path, string key, string remedy);
    /// @notice The timelock's delay is too short for a public mainnet.
    error TimelockDelayTooShort(uint256 seconds_, uint256 least, string remedy);
    /// @notice Without a new route there would be no time left before anyone may close the chain.
    error EscapeBeforeNewRoute(uint256 escapeDelay, uint256 least, string remedy);

    /* VERIFIER, TOKEN, ROLES */

    /// @notice A mock verifier accepts false statements.
    error MockVerifierRefused(uint256 chainId, string remedy);
    /// @notice The secret of the verifier's setup is public: anybody can prove false statements.
    error InsecureSetupRefused(uint256 chainId, address verifier, string remedy);
    /// @notice The verifier's setup is that of no ceremony this project knows.
    error UnknownSetupRefused(uint256 chainId, address verifier, uint256[4] tauG2, string remedy);
    /// @notice A token anybody can mint is no fee token.
    error TestTokenRefused(uint256 chainId, string remedy);
    /// @notice There is no contract at this address.
    error NoCode(string what, address account, string remedy);
    /// @notice The contract does not answer as it must.
    error BadAnswer(string what, address account, string call, string remedy);
    /// @notice The token has other decimals than the configuration says.
    error WrongDecimals(address token, uint256 decimals, uint256 configured, string remedy);
    /// @notice On a public mainnet a role would be held by a single key.
    error RoleOfSingleKey(string role, address account, string remedy);

    /* CHAIN */

    /// @notice The CREATE2 deployer is not on this chain.
    error Create2DeployerMissing(address deployer, string remedy);
    /// @notice The constructor refuses without saying why.
    error ConstructorFails(string what);
    /// @notice What the deployer made is not where it was computed to be.
    error DeploymentFailed(string what, address expected);
    /// @notice A precompile or an instruction of the EVM is missing on this chain, or gives another result.
    error ChainLacks(string what, bytes given, bytes expected);

    /* DEPLOYMENT FILE AND SELF-CHECK */

    /// @notice There is no addresses file.
    error DeploymentFileMissing(string path, string remedy);
    /// @notice A check of the deployment failed.
    error CheckFailed(string check, string found, string expected);

    /* OWNER OPERATIONS */

    /// @notice The sender may not do this; `calldata_` is what somebody with the role has to send to `timelock`.
    error SenderLacksRole(address sender, string role, address timelock, bytes calldata_, string remedy);
    /// @notice The operation is scheduled already.
    error AlreadyScheduled(bytes32 id, uint256 readyAt, string remedy);
    /// @notice The operation was executed already.
    error AlreadyExecuted(bytes32 id, string remedy);
    /// @notice The operation was never scheduled, or was cancelled.
    error NotScheduled(bytes32 id, string remedy);
    /// @notice The operation may be executed from `readyAt` on.
    error NotReady(bytes32 id, uint256 readyAt, uint256 timestamp);
}
