// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";

// Verifiers that watch or abuse the call they get. They have no constructor arguments and no immutables, so that a test can put their code in the place
// of a verifier that a router knows. `verify` is declared as it suits them: the caller's interface decides how it is called.

/// @notice Tells that it was called.
contract ForbiddenVerifier {
    error VerifierCalled();

    function verify(uint256[2] calldata, bytes calldata) external pure {
        revert VerifierCalled();
    }
}

/// @notice Tells the gas it was given.
contract GasReportingVerifier {
    error GasGiven(uint256 gas);

    function verify(uint256[2] calldata, bytes calldata) external view {
        revert GasGiven(gasleft());
    }
}

/// @notice Accepts everything, and takes as much gas as a repricing might make it take.
contract CostlyVerifier {
    uint256 internal constant GAS = 20_000_000;

    function verify(uint256[2] calldata, bytes calldata) external view {
        uint256 end = gasleft() - GAS;
        bytes32 hash;
        while (gasleft() > end) {
            hash = keccak256(abi.encode(hash));
        }
    }
}

/// @notice Accepts everything, but writes to its own storage first.
contract WritingVerifier {
    uint256 public calls;

    function verify(uint256[2] calldata, bytes calldata) external {
        ++calls;
    }
}

/// @notice Accepts everything, but first calls the core with what the "proof" holds, and insists that the call goes through.
contract ReenteringVerifier {
    function verify(uint256[2] calldata, bytes calldata proof) external {
        (bool ok, bytes memory reason) = msg.sender.call(proof);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}

/// @notice Accepts everything, after reading from the core that the checkpoint it is asked about does not exist yet.
contract ReadingVerifier {
    error StateMovedTooEarly();

    function verify(uint256[2] calldata, bytes calldata) external view {
        if (IProofOfEfficiency(msg.sender).head().lastVerified != 1) revert StateMovedTooEarly();
    }
}
