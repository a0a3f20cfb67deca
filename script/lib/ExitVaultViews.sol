// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title ExitVaultViews
/// @notice What the exit vault answers beyond `IExitVault`. Scripts cannot import the vault itself: it has the compiler pipeline of the core.
interface ExitVaultViews {
    /// @notice The contract whose exits the vault pays.
    function core() external view returns (address);
}
