// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";

/// @title MockVerifier
/// @notice FOR CONTRACT UNIT TESTS ONLY. It proves nothing: its "proof" is the statement itself, followed by anything.
/// A test that gets any field of the statement wrong is still rejected, but anybody can make such a proof.
contract MockVerifier is IVerifier {
    uint16 public immutable slotCapacity;
    uint8 public immutable messageCapacity;
    uint8 public immutable exitCapacity;
    bytes32 public constant circuitHash = keccak256("MockVerifier");
    bool public constant insecureSetup = true;

    error MockProofRejected();

    constructor(uint16 slotCapacity_, uint8 messageCapacity_, uint8 exitCapacity_) {
        slotCapacity = slotCapacity_;
        messageCapacity = messageCapacity_;
        exitCapacity = exitCapacity_;
    }

    function verify(uint256[2] calldata publicInputs, bytes calldata proof) external pure {
        bytes32 statement = bytes32(publicInputs[0] << 128 | publicInputs[1]);
        if (proof.length < 32 || bytes32(proof[:32]) != statement) revert MockProofRejected();
    }
}
