// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Goldilocks} from "../../../contracts/l2/Goldilocks.sol";
import {PoseidonGoldilocks} from "../../../contracts/l2/PoseidonGoldilocks.sol";
import {Fixtures} from "./Fixtures.sol";
import {stdJson} from "forge-std/Test.sol";

contract PoseidonGoldilocksTest is Fixtures {
    using stdJson for string;

    uint256 private constant LANE = 2 ** 84 - 1;

    bytes private roundConstants = PoseidonGoldilocks.loadRoundConstants();

    /// @dev Element i in word i mod 4, lane i / 4.
    function pack(uint256[] memory elements) private pure returns (uint256[4] memory state) {
        assertEq(elements.length, 12);
        for (uint256 i = 0; i < 12; ++i) {
            state[i % 4] |= elements[i] << (84 * (i / 4));
        }
    }

    function assertState(uint256[4] memory state, uint256[] memory expected) private pure {
        assertEq(expected.length, 12);
        for (uint256 i = 0; i < 12; ++i) {
            uint256 lane = (state[i % 4] >> (84 * (i / 4))) & LANE;
            assertLt(lane, 2 ** 73, "lane bound");
            assertEq(lane % P, expected[i]);
        }
    }

    function checkPermutations(string memory json, uint256 count) private view {
        for (uint256 i = 0; i < count; ++i) {
            uint256[4] memory state = pack(json.readUintArray(item(".permutations", i, ".input")));
            PoseidonGoldilocks.permute(state, roundConstants);
            assertState(state, json.readUintArray(item(".permutations", i, ".output")));
        }
    }

    /// @custom:req C6
    function test_Permute_MatchesThePublishedVectors() public view {
        checkPermutations(poseidonJson, 4);
    }

    function test_Permute_MatchesTheBigIntVectors() public view {
        checkPermutations(derivedJson, 16);
    }

    /// @dev Any representative below 2^73 of the same elements gives the same result.
    function testFuzz_Permute_TakesUnreducedLanes(uint64[12] memory words, uint16[12] memory multiples) public view {
        uint256[] memory canonical = new uint256[](12);
        uint256[] memory lazy = new uint256[](12);
        for (uint256 i = 0; i < 12; ++i) {
            canonical[i] = words[i] % P;
            lazy[i] = canonical[i] + (multiples[i] % 512) * P;
        }
        uint256[4] memory expected = pack(canonical);
        uint256[4] memory actual = pack(lazy);
        PoseidonGoldilocks.permute(expected, roundConstants);
        PoseidonGoldilocks.permute(actual, roundConstants);
        for (uint256 i = 0; i < 12; ++i) {
            canonical[i] = ((expected[i % 4] >> (84 * (i / 4))) & LANE) % P;
        }
        assertState(actual, canonical);
    }

    /// @dev The largest lanes the contract promises to take, where an overflow would show first.
    function test_Permute_TakesTheLargestLanes() public view {
        uint256[] memory lazy = new uint256[](12);
        for (uint256 i = 0; i < 12; ++i) {
            lazy[i] = (P - 1) + 511 * P;
        }
        uint256[4] memory state = pack(lazy);
        PoseidonGoldilocks.permute(state, roundConstants);
        assertState(state, poseidonJson.readUintArray(".permutations[2].output"));
    }

    function test_HashNoPad_MatchesTheBigIntVectorsAtEveryLength() public view {
        for (uint256 length = 0; length < 25; ++length) {
            uint256[] memory input;
            if (length > 0) input = derivedJson.readUintArray(item(".hashes", length, ".input"));
            assertEq(input.length, length);
            assertEq(
                PoseidonGoldilocks.hashNoPad(input, roundConstants),
                derivedJson.readBytes32(item(".hashes", length, ".digest"))
            );
        }
    }

    /// @dev `two_to_one` is `hash_no_pad` of the eight limbs, and its output is canonical.
    function testFuzz_Compress_IsTheHashOfBothDigests(uint64[8] memory words) public view {
        uint256[] memory input = new uint256[](8);
        bytes32 left;
        bytes32 right;
        for (uint256 i = 0; i < 8; ++i) {
            input[i] = words[i] % P;
            if (i < 4) left = withLimb(left, i, uint64(input[i]));
            else right = withLimb(right, i - 4, uint64(input[i]));
        }
        bytes32 digest = PoseidonGoldilocks.compress(left, right, roundConstants);
        assertEq(digest, PoseidonGoldilocks.hashNoPad(input, roundConstants));
        Goldilocks.requireCanonical(digest);
    }

    function test_RoundConstants_AreTheFixtures() public view {
        uint256[] memory expected = poseidonJson.readUintArray(".roundConstants");
        assertEq(expected.length, 360);
        assertEq(roundConstants.length, 3840);
        bytes memory table = roundConstants;
        for (uint256 i = 0; i < 360; ++i) {
            uint256 word;
            uint256 offset = 32 + 32 * (4 * (i / 12) + i % 4);
            assembly ("memory-safe") {
                word := mload(add(table, offset))
            }
            assertEq((word >> (84 * (i % 12 / 4))) & LANE, expected[i]);
        }
    }
}
