// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Checkpoint, CheckpointOpening, Sequence} from "../../../contracts/types/Commitments.sol";
import {FormatVectors} from "./FormatVectors.sol";

/// @custom:req R7
contract CommitmentsTest is FormatVectors {
    using Commitments for *;

    uint256 private constant TIME_MASK = type(uint40).max;

    function _sequence(string memory json, uint256 i) private pure returns (Sequence memory) {
        return Sequence({
            acc: bytes32Of(json, i, "acc"),
            cumulativeFee: uint112(uintOf(json, i, "cumulativeFee")),
            fee: uint112(uintOf(json, i, "fee")),
            cumulativeBatches: uint40(uintOf(json, i, "cumulativeBatches")),
            version: uint16(uintOf(json, i, "version")),
            payer: addressOf(json, i, "payer")
        });
    }

    /* SEQUENCES */

    /// @custom:req R15
    function test_SequenceWord_WhenTheSharedVectorsAreSealed() external view {
        string memory json = vectors("sequences");
        for (uint256 i = 0; i < casesOf(json); ++i) {
            bytes32 word = _sequence(json, i).word(uintOf(json, i, "sequencedAt"));
            assertEq(word, bytes32Of(json, i, "word"));
            assertEq(word.timeOf(), uintOf(json, i, "sequencedAt"));
        }
    }

    function testFuzz_SequenceWord_WhenAnyFieldDiffers(Sequence memory sequence, uint40 at, uint256 field)
        external
        pure
    {
        bytes32 word = sequence.word(at);
        _change(sequence, bound(field, 0, 5));
        assertNotEq(sequence.word(at), word);
    }

    function test_SequenceWord_WhenAnyFieldDiffers() external pure {
        for (uint256 field = 0; field < 6; ++field) {
            Sequence memory sequence;
            bytes32 word = sequence.word(1);
            _change(sequence, field);
            assertNotEq(sequence.word(1), word);
        }
    }

    /// @dev The rest keeps the hash; a time in the clear cannot be part of it twice.
    function testFuzz_SequenceWord_WhenOnlyTheTimeDiffers(Sequence memory sequence, uint40 a, uint40 b) external pure {
        _checkTime(sequence, a, b);
    }

    function test_SequenceWord_WhenOnlyTheTimeDiffers() external pure {
        Sequence memory sequence;
        _checkTime(sequence, 0, type(uint40).max);
    }

    function _checkTime(Sequence memory sequence, uint40 a, uint40 b) private pure {
        assertEq(sequence.word(a).timeOf(), a);
        assertEq(uint256(sequence.word(a) ^ sequence.word(b)), uint256(a ^ b));
    }

    function _change(Sequence memory sequence, uint256 field) private pure {
        if (field == 0) sequence.acc ^= bytes32(uint256(1));
        else if (field == 1) sequence.cumulativeFee ^= 1;
        else if (field == 2) sequence.fee ^= 1;
        else if (field == 3) sequence.cumulativeBatches ^= 1;
        else if (field == 4) sequence.version ^= 1;
        else sequence.payer = address(uint160(sequence.payer) ^ 1);
    }

    /* CHECKPOINTS */

    /// @custom:req R15
    function test_CheckpointWord_WhenTheSharedVectorsAreSealed() external view {
        string memory json = vectors("checkpoints");
        for (uint256 i = 0; i < casesOf(json); ++i) {
            Checkpoint memory checkpoint = Checkpoint({
                sequence: _sequence(json, i),
                sequencedAt: uint40(uintOf(json, i, "sequencedAt")),
                stateRoot: bytes32Of(json, i, "stateRoot"),
                exitAcc: bytes32Of(json, i, "exitAcc"),
                previous: uint40(uintOf(json, i, "previous")),
                beneficiary: addressOf(json, i, "beneficiary"),
                provenBy: uint16(uintOf(json, i, "provenBy"))
            });
            bytes32 word = checkpoint.word(uintOf(json, i, "verifiedAt"));
            assertEq(word, bytes32Of(json, i, "word"));
            assertEq(word.timeOf(), uintOf(json, i, "verifiedAt"));
        }
    }

    function testFuzz_CheckpointWord_WhenAnyFieldDiffers(Checkpoint memory checkpoint, uint40 at, uint256 field)
        external
        pure
    {
        bytes32 word = checkpoint.word(at);
        _changeCheckpoint(checkpoint, bound(field, 0, 11));
        assertNotEq(checkpoint.word(at), word);
    }

    function test_CheckpointWord_WhenAnyFieldDiffers() external pure {
        for (uint256 field = 0; field < 12; ++field) {
            Checkpoint memory checkpoint;
            bytes32 word = checkpoint.word(1);
            _changeCheckpoint(checkpoint, field);
            assertNotEq(checkpoint.word(1), word);
        }
    }

    function _changeCheckpoint(Checkpoint memory checkpoint, uint256 field) private pure {
        if (field < 6) _change(checkpoint.sequence, field);
        else if (field == 6) checkpoint.sequencedAt ^= 1;
        else if (field == 7) checkpoint.stateRoot ^= bytes32(uint256(1));
        else if (field == 8) checkpoint.exitAcc ^= bytes32(uint256(1));
        else if (field == 9) checkpoint.previous ^= 1;
        else checkpoint.beneficiary = address(uint160(checkpoint.beneficiary) ^ 1);
    }

    function testFuzz_CheckpointWord_WhenOnlyTheOpeningIsGiven(Checkpoint memory checkpoint, uint40 at) external pure {
        CheckpointOpening memory opening = checkpoint.opening();
        assertEq(opening.word(at), checkpoint.word(at));
        assertEq(opening.acc, checkpoint.sequence.acc);
        assertEq(opening.stateRoot, checkpoint.stateRoot);
        assertEq(opening.exitAcc, checkpoint.exitAcc);
    }

    function test_CheckpointWord_WhenOnlyTheOpeningIsGiven() external pure {
        Checkpoint memory checkpoint;
        assertEq(checkpoint.opening().word(7), checkpoint.word(7));
    }

    /* BOTH */

    /// @dev A pending sequence must never pass for a checkpoint, nor the other way round.
    function testFuzz_Seal_WhenASequenceAndACheckpointAgreeInAllTheyShare(Checkpoint memory checkpoint, uint40 at)
        external
        pure
    {
        assertNotEq(checkpoint.word(at), checkpoint.sequence.word(at));
    }

    function test_Seal_WhenASequenceAndACheckpointAgreeInAllTheyShare() external pure {
        Checkpoint memory checkpoint;
        assertNotEq(checkpoint.word(1), checkpoint.sequence.word(1));
    }

    function testFuzz_Seal_WhenTheTimeExceedsItsField(bytes32 acc, bytes32 rest, uint256 time) external pure {
        assertEq(Commitments.seal(acc, rest, time), Commitments.seal(acc, rest, time & TIME_MASK));
    }

    function test_Seal_WhenTheTimeExceedsItsField() external pure {
        bytes32 hash = keccak256(abi.encode(bytes32(uint256(1)), bytes32(uint256(2))));
        bytes32 word = Commitments.seal(bytes32(uint256(1)), bytes32(uint256(2)), type(uint256).max);
        assertEq(uint256(word), uint256(hash) | TIME_MASK);
    }
}
