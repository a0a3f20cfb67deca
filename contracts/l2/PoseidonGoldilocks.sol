// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Goldilocks} from "./Goldilocks.sol";
import {POSEIDON_GOLDILOCKS_ROUND_CONSTANTS} from "./PoseidonGoldilocksConstants.sol";

/// @title Poseidon over Goldilocks as plonky2 1.1.0 defines it
/// @notice Width 12, rate 8, S-box x^7, 4 + 22 + 4 rounds, MDS matrix circulant(17, 15, 41, 16, 2, 28, 13, 13, 39, 18,
/// 34, 20) + diagonal(8, 0, .., 0).
///
/// State layout: four words of three 84-bit lanes; element i sits in word i mod 4, lane i / 4 (lane 0 is the least
/// significant). Why: split 12 = 4 * 3 and the circulant matrix becomes a 4 x 4 block matrix whose blocks are circulants
/// of size 3, and multiplying by one of those is *one* multiplication modulo 2^252 - 1, where a carry out of the top
/// lane comes back into lane 0. So a layer of 144 products costs 16 `mulmod`.
///
/// Lanes are reduced modulo p lazily; 84 bits leave 20 spare. Bounds, with |w| the largest lane: adding constants
/// |w| + 2^64; `mds` 264 |w|; `fold` maps |w| < 2^84 below 2^64 + 2^52. A full round enters `mds` with canonical lanes
/// and leaves it below 2^72.1; two partial rounds after a `fold` stay below 2^80.2.
library PoseidonGoldilocks {
    uint256 private constant PRIME = 0xFFFFFFFF_00000001;

    uint256 private constant LANE = 0xFFFFF_FFFFFFFF_FFFFFFFF;
    uint256 private constant LOW_64_EACH_LANE = 0x00000FFFFFFFFFFFFFFFF_00000FFFFFFFFFFFFFFFF_00000FFFFFFFFFFFFFFFF;
    /// @dev 2^252 - 1: modulo this, multiplying by 2^84 rotates the lanes.
    uint256 private constant CYCLE = 0x0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF;

    // Lane e of BLOCK_d is entry d - 4e (mod 12) of the circulant row.
    uint256 private constant BLOCK_0 = 0x02_000000000000000000027_000000000000000000011; // 2, 39, 17
    uint256 private constant BLOCK_1 = 0x1c_000000000000000000012_00000000000000000000f; // 28, 18, 15
    uint256 private constant BLOCK_2 = 0x0d_000000000000000000022_000000000000000000029; // 13, 34, 41
    uint256 private constant BLOCK_3 = 0x0d_000000000000000000014_000000000000000000010; // 13, 20, 16
    uint256 private constant BLOCK_MINUS_1 = 0x10_00000000000000000000d_000000000000000000014; // 16, 13, 20
    uint256 private constant BLOCK_MINUS_2 = 0x29_00000000000000000000d_000000000000000000022; // 41, 13, 34
    uint256 private constant BLOCK_MINUS_3 = 0x0f_00000000000000000001c_000000000000000000012; // 15, 28, 18

    /// @notice The table every other function takes. Load it once per call: it is 3,840 bytes of code.
    function loadRoundConstants() internal pure returns (bytes memory) {
        return POSEIDON_GOLDILOCKS_ROUND_CONSTANTS;
    }

    /// @notice plonky2 `hash_no_pad`: the overwrite-mode sponge without padding, squeezed once.
    /// @dev Injective only among inputs of one length; each caller hashes one length.
    /// @param inputs Field elements, canonical.
    function hashNoPad(uint256[] memory inputs, bytes memory roundConstants) internal pure returns (bytes32) {
        uint256[4] memory state;
        unchecked {
            for (uint256 i = 0; i < inputs.length; ++i) {
                uint256 position = i % 8;
                _overwrite(state, position, inputs[i]);
                // What a short last chunk does not overwrite keeps its value.
                if (position == 7 || i + 1 == inputs.length) permute(state, roundConstants);
            }
        }
        return _squeeze(state);
    }

    /// @notice plonky2 `two_to_one`: first four elements of the permutation of (left, right, 0, 0, 0, 0).
    /// @param left A canonical digest.
    /// @param right A canonical digest.
    function compress(bytes32 left, bytes32 right, bytes memory roundConstants) internal pure returns (bytes32) {
        uint256[4] memory state;
        unchecked {
            for (uint256 i = 0; i < 4; ++i) {
                state[i] = uint256(Goldilocks.limb(left, i)) | (uint256(Goldilocks.limb(right, i)) << 84);
            }
        }
        permute(state, roundConstants);
        return _squeeze(state);
    }

    /// @notice The permutation, in place.
    /// @param state Lanes below 2^73 going in and coming out: congruent to the elements, not reduced.
    // Long because Yul functions live in the block that calls them.
    // solhint-disable-next-line function-max-lines
    function permute(uint256[4] memory state, bytes memory roundConstants) internal pure {
        assembly ("memory-safe") {
            // x^7 in each lane. x < 2^84, so the bare products x * x and x^3 * x^3 do not overflow.
            function sboxEachLane(w) -> r {
                let x := and(w, LANE)
                let cube := mulmod(mul(x, x), x, PRIME)
                r := mulmod(mul(cube, cube), x, PRIME)
                x := and(shr(84, w), LANE)
                cube := mulmod(mul(x, x), x, PRIME)
                r := or(r, shl(84, mulmod(mul(cube, cube), x, PRIME)))
                x := shr(168, w)
                cube := mulmod(mul(x, x), x, PRIME)
                r := or(r, shl(168, mulmod(mul(cube, cube), x, PRIME)))
            }

            // x^7 in lane 0 only.
            function sboxFirst(w) -> r {
                let x := and(w, LANE)
                let cube := mulmod(mul(x, x), x, PRIME)
                r := add(sub(w, x), mulmod(mul(cube, cube), x, PRIME))
            }

            // 2^64 = 2^32 - 1 mod p: each lane hi * 2^64 + lo becomes hi * (2^32 - 1) + lo.
            function fold(w) -> r {
                let lo := and(w, LOW_64_EACH_LANE)
                r := add(lo, mul(shr(64, sub(w, lo)), 0xffffffff))
            }

            // Block (r, s) of the matrix depends on s - r alone.
            function mds(w0, w1, w2, w3) -> r0, r1, r2, r3 {
                let m := CYCLE
                r0 := add(
                    add(mulmod(w0, BLOCK_0, m), mulmod(w1, BLOCK_1, m)),
                    add(mulmod(w2, BLOCK_2, m), mulmod(w3, BLOCK_3, m))
                )
                r0 := add(r0, shl(3, and(w0, LANE))) // the diagonal
                r1 := add(
                    add(mulmod(w0, BLOCK_MINUS_1, m), mulmod(w1, BLOCK_0, m)),
                    add(mulmod(w2, BLOCK_1, m), mulmod(w3, BLOCK_2, m))
                )
                r2 := add(
                    add(mulmod(w0, BLOCK_MINUS_2, m), mulmod(w1, BLOCK_MINUS_1, m)),
                    add(mulmod(w2, BLOCK_0, m), mulmod(w3, BLOCK_1, m))
                )
                r3 := add(
                    add(mulmod(w0, BLOCK_MINUS_3, m), mulmod(w1, BLOCK_MINUS_2, m)),
                    add(mulmod(w2, BLOCK_MINUS_1, m), mulmod(w3, BLOCK_0, m))
                )
            }

            let w0 := mload(state)
            let w1 := mload(add(state, 0x20))
            let w2 := mload(add(state, 0x40))
            let w3 := mload(add(state, 0x60))
            let c := add(roundConstants, 0x20) // four words a round

            for { let lastHalf := 0 } 1 { lastHalf := 1 } {
                // Four full rounds.
                for { let end := add(c, 0x200) } lt(c, end) { c := add(c, 0x80) } {
                    w0 := sboxEachLane(add(w0, mload(c)))
                    w1 := sboxEachLane(add(w1, mload(add(c, 0x20))))
                    w2 := sboxEachLane(add(w2, mload(add(c, 0x40))))
                    w3 := sboxEachLane(add(w3, mload(add(c, 0x60))))
                    w0, w1, w2, w3 := mds(w0, w1, w2, w3)
                }
                if lastHalf { break }
                // 22 partial rounds, two at a time: as many as the lanes hold without folding.
                for { let end := add(c, 0xb00) } lt(c, end) { c := add(c, 0x100) } {
                    w0 := sboxFirst(fold(add(w0, mload(c))))
                    w1 := fold(add(w1, mload(add(c, 0x20))))
                    w2 := fold(add(w2, mload(add(c, 0x40))))
                    w3 := fold(add(w3, mload(add(c, 0x60))))
                    w0, w1, w2, w3 := mds(w0, w1, w2, w3)
                    w0 := sboxFirst(add(w0, mload(add(c, 0x80))))
                    w1 := add(w1, mload(add(c, 0xa0)))
                    w2 := add(w2, mload(add(c, 0xc0)))
                    w3 := add(w3, mload(add(c, 0xe0)))
                    w0, w1, w2, w3 := mds(w0, w1, w2, w3)
                }
            }

            mstore(state, w0)
            mstore(add(state, 0x20), w1)
            mstore(add(state, 0x40), w2)
            mstore(add(state, 0x60), w3)
        }
    }

    /// @dev Writes `value` over element `i` of the state.
    function _overwrite(uint256[4] memory state, uint256 i, uint256 value) private pure {
        unchecked {
            // The quotient is the lane of the element, meant to be whole.
            // slither-disable-next-line divide-before-multiply
            uint256 shift = 84 * (i / 4);
            state[i % 4] = (state[i % 4] & ~(LANE << shift)) | (value << shift);
        }
    }

    /// @dev The first four elements, canonical, as a digest.
    function _squeeze(uint256[4] memory state) private pure returns (bytes32) {
        return bytes32(
            ((state[0] & LANE) % PRIME) << 192 | ((state[1] & LANE) % PRIME) << 128 | ((state[2] & LANE) % PRIME) << 64
                | ((state[3] & LANE) % PRIME)
        );
    }
}
