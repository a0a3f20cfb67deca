// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title The Goldilocks field F_p, p = 2^64 - 2^32 + 1, and its packing into words
/// @notice A *digest* (state root, tree node) is four field elements in one word: big-endian 64-bit limbs, limb 0 in
/// the most significant 8 bytes. 2^64 exceeds p, so an element below 2^32 - 1 has a second spelling; every digest that
/// crosses the L1 boundary must be the canonical one.
library Goldilocks {
    /// @dev p = 2^64 - 2^32 + 1.
    uint256 internal constant PRIME = 0xFFFFFFFF00000001;

    /// @notice Limb `index` of an encoded sequence is `value`, which is not below p.
    error NonCanonicalLimb(uint256 index, uint64 value);

    /// @notice Requires that each of the four limbs of `digest` is below p.
    function requireCanonical(bytes32 digest) internal pure {
        requireCanonical(digest, 0);
    }

    /// @notice As above for limbs that stand at `firstIndex` and after in a longer sequence.
    function requireCanonical(bytes32 digest, uint256 firstIndex) internal pure {
        // A limb is at least p exactly if adding 2^32 - 1 carries out of 64 bits. Even and odd limbs are added apart,
        // so that every carry lands in an empty half.
        uint256 even = (uint256(digest) >> 64) & 0xFFFFFFFFFFFFFFFF0000000000000000FFFFFFFFFFFFFFFF;
        uint256 odd = uint256(digest) & 0xFFFFFFFFFFFFFFFF0000000000000000FFFFFFFFFFFFFFFF;
        unchecked {
            uint256 carries = (even + 0xFFFFFFFF00000000000000000000000000000000FFFFFFFF)
                | (odd + 0xFFFFFFFF00000000000000000000000000000000FFFFFFFF);
            if (carries & 0x1000000000000000000000000000000010000000000000000 == 0) return;
            for (uint256 i = 0; i < 4; ++i) {
                uint64 value = limb(digest, i);
                if (value >= PRIME) revert NonCanonicalLimb(firstIndex + i, value);
            }
        }
    }

    /// @notice Limb `index` (0..3) of `digest`, 0 being the most significant.
    function limb(bytes32 digest, uint256 index) internal pure returns (uint64) {
        unchecked {
            return uint64(uint256(digest) >> (192 - 64 * index));
        }
    }

    /// @notice Whether `a` is a non-zero square in F_p, by Euler's criterion.
    /// @param a An element, in any representation below 2^256.
    function isSquare(uint256 a) internal pure returns (bool) {
        // (p - 1) / 2 = 2^31 * (2^32 - 1): build a^(2^32 - 1) by doubling the run of ones, then square 31 times.
        uint256 power = a;
        for (uint256 run = 1; run < 32; run <<= 1) {
            power = mulmod(_squareTimes(power, run), power, PRIME);
        }
        return _squareTimes(power, 31) == 1;
    }

    /// @dev a^(2^n) mod p.
    function _squareTimes(uint256 a, uint256 n) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := a
            for {} n { n := sub(n, 1) } { r := mulmod(r, r, PRIME) }
        }
    }
}
