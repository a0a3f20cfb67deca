// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {TrustedSetups} from "../../script/lib/TrustedSetups.sol";

/// @title SetupVerifier
/// @notice FOR DEPLOYMENT TESTS ONLY. A verifier that accepts nothing, and says of its trusted setup whatever the test needs.
contract SetupVerifier is IVerifier {
    uint16 public constant slotCapacity = 94;
    uint8 public constant messageCapacity = 4;
    uint8 public constant exitCapacity = 8;
    bytes32 public constant circuitHash = keccak256("SetupVerifier");
    bool public immutable insecureSetup;

    error ProofRejected();

    constructor(bool insecureSetup_) {
        insecureSetup = insecureSetup_;
    }

    /// @notice That of a known ceremony, as `TrustedSetups` has it, whatever `insecureSetup` says.
    function srsTauG2() external pure returns (uint256[4] memory) {
        return TrustedSetups.hermez();
    }

    function verify(uint256[2] calldata, bytes calldata) external pure {
        revert ProofRejected();
    }
}
