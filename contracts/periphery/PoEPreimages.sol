// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../interfaces/IProving.sol";
import {ISequencing} from "../interfaces/ISequencing.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {Statement} from "../libraries/Statement.sol";
import {Checkpoint, Sequence} from "../types/Commitments.sol";

/// @title PoEPreimages
/// @notice Builds from the protocol's own structs what its calls take and its hashes commit to, so that no caller
/// assembles a hash by hand.
/// @dev The formats themselves (docs/spec/formats.md) are defined once, in the libraries of the core; this one only
/// puts them to use.
library PoEPreimages {
    using Commitments for *;

    /// @notice A batch has this many bytes instead of a multiple of 96 up to `maxLength`.
    error NotWholeSlots(uint256 index, uint256 length, uint256 maxLength);
    /// @notice Every batch names the message accumulator it takes, zero for none: as many as there are batches.
    error MessageAccsMismatch(uint256 batches, uint256 messageAccs);
    /// @notice More exits than the circuit has room for.
    error TooManyExits(uint256 exits, uint256 exitCapacity);

    /// @notice Limits anchored at a sequence.
    /// @param maxFee Most the call may cost, in token wei.
    /// @param deadline Last block time, in seconds, at which it may land.
    /// @param anchor Number of the sequence; if a proof ends there before the call lands, the word changes and the call
    /// is refused unless `anchor` is the newest checkpoint or the newest sequence.
    function limitsAt(uint256 maxFee, uint256 deadline, uint40 anchor, Sequence memory preimage)
        internal
        pure
        returns (ISequencing.Limits memory)
    {
        return ISequencing.Limits(maxFee, deadline, anchor, preimage.acc, preimage.rest());
    }

    /// @notice Limits anchored at a checkpoint, which stands until a conflict voids it.
    function limitsAt(uint256 maxFee, uint256 deadline, uint40 anchor, Checkpoint memory preimage)
        internal
        pure
        returns (ISequencing.Limits memory)
    {
        return ISequencing.Limits(maxFee, deadline, anchor, preimage.sequence.acc, preimage.opening().rest());
    }

    /// @notice The checkpoint every deployment starts from, number 0.
    function genesisCheckpoint(uint256 chainId, address deployment, bytes32 genesisRoot)
        internal
        pure
        returns (Checkpoint memory checkpoint)
    {
        checkpoint.sequence.acc = Accumulators.genesis(chainId, deployment, genesisRoot);
        checkpoint.stateRoot = genesisRoot;
    }

    /// @notice Statement of `claim` when route `resolvedVersion` checks its proof (FMT-14).
    function statement(bytes32 domain, uint16 resolvedVersion, IProving.Claim memory claim)
        internal
        pure
        returns (bytes32)
    {
        return Statement.hash(
            domain, resolvedVersion, claim.beneficiary, claim.start, claim.end.acc, claim.newStateRoot, claim.newExitAcc
        );
    }

    /// @notice The checkpoint that proving `claim` makes.
    /// @param sequencedAt Block time at which its last sequence was sequenced.
    /// @param previous Newest checkpoint before it.
    /// @param provenBy Route to which the version of the range resolved when it was proven.
    function checkpointOf(IProving.Claim memory claim, uint40 sequencedAt, uint40 previous, uint16 provenBy)
        internal
        pure
        returns (Checkpoint memory)
    {
        return Checkpoint({
            sequence: claim.end,
            sequencedAt: sequencedAt,
            stateRoot: claim.newStateRoot,
            exitAcc: claim.newExitAcc,
            previous: previous,
            beneficiary: claim.beneficiary,
            provenBy: provenBy
        });
    }

    /// @notice Accumulator after `batches` (FMT-7, FMT-8).
    /// @param slotCapacity T of the route `version`.
    /// @param messageAccs For each batch the message accumulator after the messages it takes; zero if it takes none.
    function accAfter(
        bytes32 acc,
        uint16 version,
        uint16 slotCapacity,
        bytes[] calldata batches,
        bytes32[] memory messageAccs,
        uint32 feeRecipient
    ) internal view returns (bytes32) {
        if (batches.length != messageAccs.length) {
            revert MessageAccsMismatch(batches.length, messageAccs.length);
        }
        bytes memory buffer = Accumulators.newDataBuffer(slotCapacity);
        for (uint256 i = 0; i < batches.length; ++i) {
            uint256 length = batches[i].length;
            if (length > buffer.length || length % Accumulators.SLOT_BYTES != 0) {
                revert NotWholeSlots(i, length, buffer.length);
            }
            bytes32 dataHash = Accumulators.dataHash(batches[i], buffer);
            acc = Accumulators.step(acc, version, dataHash, messageAccs[i], feeRecipient);
        }
        return acc;
    }

    /// @notice An exit record (FMT-13).
    function exitRecord(address l1Owner, uint32 index, uint64 amountGwei) internal pure returns (bytes32) {
        return bytes32(abi.encodePacked(l1Owner, index, amountGwei));
    }

    /// @notice The records of one batch as its exit link carries them: zero-padded to the exit capacity E (FMT-13).
    function paddedRecords(bytes32[] memory records, uint8 exitCapacity) internal pure returns (bytes memory padded) {
        if (records.length > exitCapacity) revert TooManyExits(records.length, exitCapacity);
        bytes32[] memory full = new bytes32[](exitCapacity);
        for (uint256 i = 0; i < records.length; ++i) {
            full[i] = records[i];
        }
        return abi.encodePacked(full);
    }
}
