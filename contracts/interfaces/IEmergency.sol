// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Checkpoint, CheckpointOpening} from "../types/Commitments.sol";
import {FeeConfig} from "../types/FeeParameters.sol";

/// @title IEmergency
/// @notice The tripwire against an unsound verifier, the way back from it, and the few powers of the owner.
interface IEmergency {
    /// @notice Two valid proofs of different results.
    /// @param start Opening of the checkpoint before `end`, from which the second proof starts.
    /// @param end Preimage of the checkpoint whose result is contested.
    /// @param beneficiary Account the second proof was made for.
    /// @param newStateRoot The other state root.
    /// @param newExitAcc The other exit accumulator.
    struct Conflict {
        CheckpointOpening start;
        Checkpoint end;
        address beneficiary;
        bytes32 newStateRoot;
        bytes32 newExitAcc;
    }

    /// @notice A valid proof contradicts checkpoint `end`: the verifier of `version` is unsound.
    /// @param start Number of the checkpoint the second proof starts from.
    /// @param end Number of the contested checkpoint.
    /// @param version Route whose verifier accepted the second proof.
    /// @param otherStateRoot State root the second proof leads to.
    /// @param otherExitAcc Exit accumulator the second proof leads to.
    event ChainHalted(
        uint40 indexed start, uint40 indexed end, uint16 version, bytes32 otherStateRoot, bytes32 otherExitAcc
    );
    /// @notice Checkpoint `voided` is void; its sequence is pending again. The last checkpoint is now `lastVerified`.
    /// @param voided Number of the void checkpoint.
    /// @param lastVerified Number of the checkpoint before it.
    event CheckpointVoided(uint40 indexed voided, uint40 lastVerified);
    /// @notice The chain runs again, new sequences being pinned to `version`.
    /// @param version Route of new sequences.
    event ChainResumed(uint16 indexed version);
    /// @notice New sequences, from `firstSequence` on, are pinned to `version`.
    /// @param version Route of new sequences.
    /// @param firstSequence Number of the first of them.
    event VersionActivated(uint16 indexed version, uint40 firstSequence);
    /// @notice The fee parameters changed; the price stays where it was unless the new bounds exclude it.
    /// @param config The new parameters.
    event FeeParametersChanged(FeeConfig config);

    /// @notice Not possible in the present status of the chain (0 running, 1 halted, 2 closed).
    error WrongStatus(uint8 status);
    /// @notice The proof proves what the checkpoint says: no conflict.
    error NoConflict(uint40 checkpoint);
    /// @notice The chain is halted already, for a conflict that starts at or before checkpoint `init`.
    error ConflictNotDeeper(uint40 init, uint40 conflictStart);
    /// @notice The exits of the checkpoint have matured: it is beyond recall.
    error AlreadyMatured(uint40 checkpoint);
    /// @notice A rewind needs the checkpoint it leaves and the one it goes to.
    error RewindTooShort(uint256 checkpoints);
    /// @notice The state has already been taken back as far as the conflict demands.
    error RewindComplete(uint40 lastVerified);
    /// @notice First take the state back with `rewind`.
    error RewindIncomplete(uint40 lastVerified, uint40 conflictStart);
    /// @notice A route that accepted two contradictory proofs would still be in use: freeze it first.
    error ContradictedVersionInUse(uint16 version);
    /// @notice Versions only go up.
    error VersionNotNewer(uint16 version, uint16 current);
    /// @notice The highest price would exceed the ceiling fixed at deployment.
    error FeeCeilingExceeded(uint256 maxFee, uint256 ceiling);

    /// @notice Halts the chain by showing a valid proof that contradicts a checkpoint which has not matured: it starts
    /// from the checkpoint before, and leads elsewhere. Anyone may call.
    /// @dev Halted: no sequencing, messages, proving or tips. No clock of the protocol runs: after the resume the price
    /// goes on from where it stood, what is pending counts as sequenced at the resume, and checkpoints that had not
    /// matured wait their whole delay from there. Matured exits and earned balances stay payable throughout. While
    /// halted, a conflict that starts earlier is taken too, and deepens the rewind.
    /// @param last Number of the contested checkpoint.
    /// @param conflict The second result, and what it contradicts.
    /// @param proof Its proof.
    function haltOnConflict(uint40 last, Conflict calldata conflict, bytes calldata proof) external;

    /// @notice Takes the final state of a halted chain back, checkpoint by checkpoint, to the start of the conflict. Anyone
    /// may call, in as many pieces as gas demands.
    /// @param path The last checkpoint, the one before it, and so on: at least two, the last of which stays.
    function rewind(Checkpoint[] calldata path) external;

    /// @notice Lets a halted and rewound chain run again. Only the owner.
    /// @param version Route for new sequences. Those still pending go to whatever the router names for theirs.
    function resume(uint16 version) external;

    /// @notice Pins new sequences to a newer route. Only the owner.
    /// @param version A usable route, newer than the current one.
    function activateVersion(uint16 version) external;

    /// @notice Changes the parameters of the batch fee, within the ceiling fixed at deployment. Only the owner.
    /// @param config The new parameters.
    function setFeeParameters(FeeConfig calldata config) external;
}
