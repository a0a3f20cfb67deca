// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title IGeneratedVerifier
/// @notice What every verifier answers that verifier-gen writes, beside `IVerifier`.
interface IGeneratedVerifier {
    /// @notice [tau]_2 of the trusted setup: the two parts of x, then those of y, the real part first.
    function srsTauG2() external view returns (uint256[4] memory);
}
