// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title IVerifier
/// @notice A stateless proof verifier for one circuit. It accepts by returning and rejects by reverting, so a caller
/// cannot forget to look.
interface IVerifier {
    /// @notice Returns if and only if `proof` proves the statement whose two halves are `publicInputs`; reverts
    /// otherwise.
    /// @param publicInputs High and low 128 bits of the statement hash, each below the scalar field of the proof
    /// system.
    /// @param proof Exactly one encoding of a proof is valid; trailing bytes are rejected.
    function verify(uint256[2] calldata publicInputs, bytes calldata proof) external view;

    /// @notice T: transaction slots of a batch of this circuit.
    function slotCapacity() external view returns (uint16);

    /// @notice M: L1 messages a batch of this circuit can take.
    function messageCapacity() external view returns (uint8);

    /// @notice E: exits a batch of this circuit can make.
    function exitCapacity() external view returns (uint8);

    /// @notice Hash of the lock entry of the circuits this verifier stands for.
    function circuitHash() external view returns (bytes32);

    /// @notice Whether the trusted setup behind this verifier is a development one whose secret is public.
    function insecureSetup() external view returns (bool);
}
