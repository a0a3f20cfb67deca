// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Statement} from "../../../contracts/libraries/Statement.sol";
import {CheckpointOpening} from "../../../contracts/types/Commitments.sol";
import {FormatVectors} from "./FormatVectors.sol";
import {stdJson} from "forge-std/Test.sol";

/// @custom:req R15, R16
contract StatementTest is FormatVectors {
    using stdJson for string;

    /// @dev Every field of a statement but the tail of the opening, which is no part of it.
    struct Fields {
        bytes32 domain;
        uint16 version;
        address beneficiary;
        CheckpointOpening start;
        bytes32 newAcc;
        bytes32 newRoot;
        bytes32 newExitAcc;
    }

    function _hash(Fields memory f) private pure returns (bytes32) {
        return Statement.hash(f.domain, f.version, f.beneficiary, f.start, f.newAcc, f.newRoot, f.newExitAcc);
    }

    function test_Hash_IsThatOfTheSharedVectors() external view {
        string memory json = vectors("statements");
        for (uint256 i = 0; i < casesOf(json); ++i) {
            bytes32 hash = _hash(_fields(json, i));
            assertEq(hash, bytes32Of(json, i, "statement"));
            uint256[2] memory inputs = Statement.publicInputs(hash);
            string memory at = string.concat(".cases[", vm.toString(i), "].publicInputs");
            assertEq(inputs[0], json.readUint(string.concat(at, "[0]")));
            assertEq(inputs[1], json.readUint(string.concat(at, "[1]")));
        }
    }

    function _fields(string memory json, uint256 i) private pure returns (Fields memory) {
        CheckpointOpening memory start = CheckpointOpening({
            acc: bytes32Of(json, i, "oldAcc"),
            stateRoot: bytes32Of(json, i, "oldRoot"),
            exitAcc: bytes32Of(json, i, "oldExitAcc"),
            tail: 0
        });
        return Fields({
            domain: bytes32Of(json, i, "domain"),
            version: uint16(uintOf(json, i, "version")),
            beneficiary: addressOf(json, i, "beneficiary"),
            start: start,
            newAcc: bytes32Of(json, i, "newAcc"),
            newRoot: bytes32Of(json, i, "newRoot"),
            newExitAcc: bytes32Of(json, i, "newExitAcc")
        });
    }

    /// @dev 280 bytes, laid out by hand.
    function testFuzz_Hash_IsOfTheBytesOfTheFormat(Fields memory f) external pure {
        bytes memory preimage = bytes.concat(
            bytes32("PoE/statement/1"),
            f.domain,
            bytes4(uint32(f.version)),
            bytes20(f.beneficiary),
            f.start.acc,
            f.newAcc,
            f.start.stateRoot,
            f.newRoot,
            f.start.exitAcc,
            f.newExitAcc
        );
        assertEq(preimage.length, 280);
        assertEq(_hash(f), sha256(preimage));
    }

    /// @custom:req R2, R3
    function testFuzz_Hash_DependsOnEveryField(Fields memory f, uint256 field, uint256 bit) external pure {
        bytes32 hash = _hash(f);
        field = bound(field, 0, 8);
        bytes32 flip = bytes32(1 << bound(bit, 0, 255));
        if (field == 0) f.domain ^= flip;
        else if (field == 1) f.version ^= uint16(1 << bit % 16);
        else if (field == 2) f.beneficiary = address(uint160(f.beneficiary) ^ uint160(1 << bit % 160));
        else if (field == 3) f.start.acc ^= flip;
        else if (field == 4) f.start.stateRoot ^= flip;
        else if (field == 5) f.start.exitAcc ^= flip;
        else if (field == 6) f.newAcc ^= flip;
        else if (field == 7) f.newRoot ^= flip;
        else f.newExitAcc ^= flip;
        assertNotEq(_hash(f), hash);
    }

    /// @dev No bit is lost, and both halves are below any scalar field of 254 bits.
    function testFuzz_PublicInputs_AreTheTwoHalves(bytes32 statement) external pure {
        uint256[2] memory inputs = Statement.publicInputs(statement);
        assertLe(inputs[0], type(uint128).max);
        assertLe(inputs[1], type(uint128).max);
        assertEq(bytes32(inputs[0] << 128 | inputs[1]), statement);
    }
}
