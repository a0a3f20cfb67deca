// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {ForbiddenVerifier} from "../mocks/HostileVerifiers.sol";
import {BaseTest} from "./BaseTest.sol";

/// @notice Claims for any beneficiary and sequences from any payer, beside those of `BaseTest`.
abstract contract ProvingTest is BaseTest {
    /// @dev The claim that `prove` makes.
    function claimOf(uint40 init, uint40 last) internal view returns (IProving.Claim memory) {
        return claimFor(init, last, aggregator, rootAfter(last), checkpoints[init].exitAcc);
    }

    function proveFor(uint40 init, uint40 last, address beneficiary) internal {
        submit(init, last, claimFor(init, last, beneficiary, rootAfter(last), checkpoints[init].exitAcc));
    }

    /// @dev Submits `claim` with a proof of it, and notes the checkpoint.
    function submit(uint40 init, uint40 last, IProving.Claim memory claim) internal {
        bytes memory proof = proofOf(init, claim);
        uint40 previous = poe.head().lastVerified;
        uint40 sequencedAt = Commitments.timeOf(poe.commitmentOf(last));
        poe.verifyBatches(init, last, claim, proof);
        recordCheckpoint(last, previous, sequencedAt, claim);
    }

    /// @dev The call must revert with exactly `reason`.
    function refuse(uint40 init, uint40 last, IProving.Claim memory claim, bytes memory proof, bytes memory reason)
        internal
    {
        vm.expectRevert(reason);
        poe.verifyBatches(init, last, claim, proof);
    }

    function sequenceAs(address payer, uint256 count) internal returns (uint40 number) {
        bytes[] memory batches = slots(count, 1);
        address former = sequencer;
        sequencer = payer;
        number = sequence(batches, 1);
        sequencer = former;
    }

    /// @dev What sequences `(init, last]` paid.
    function feesOf(uint40 init, uint40 last) internal view returns (uint256 sum) {
        for (uint40 i = init + 1; i <= last; ++i) {
            sum += sequences[i].fee;
        }
    }

    /// @dev From now on a call of the verifier shows as `VerifierCalled`.
    function forbidVerifier() internal {
        vm.etch(address(verifier), address(new ForbiddenVerifier()).code);
    }
}
