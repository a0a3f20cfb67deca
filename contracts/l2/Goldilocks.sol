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
            uint256 carries = (even + 0x00000000FFFFFFFF000000000000000000000000FFFFFFFF)
                | (odd + 0x00000000FFFFFFFF000000000000000000000000FFFFFFFF);
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

    /// @notice Whether `a` is a non-zero square in F_p, by Euler's criterion a^((p - 1) / 2) = 1.
    /// @dev 1.8k gas; precompile 0x05 takes 1.4k since EIP-7883, a price that has changed before. Stay independent of it.
    /// @param a An element, in any representation below 2^256.
    function isSquare(uint256 a) internal pure returns (bool result) {
        // (p - 1) / 2 = 2^31 (2^32 - 1). ones_k is a^(2^k - 1): k ones in binary, doubled by k squarings and a product.
        assembly ("memory-safe") {
            function squareFour(x) -> y {
                y := mulmod(x, x, PRIME)
                y := mulmod(y, y, PRIME)
                y := mulmod(y, y, PRIME)
                y := mulmod(y, y, PRIME)
            }

            let ones := mulmod(mulmod(a, a, PRIME), a, PRIME) // ones_2
            let t := mulmod(ones, ones, PRIME)
            ones := mulmod(mulmod(t, t, PRIME), ones, PRIME) // ones_4
            ones := mulmod(squareFour(ones), ones, PRIME) // ones_8
            t := squareFour(squareFour(ones))
            ones := mulmod(t, ones, PRIME) // ones_16
            t := squareFour(squareFour(squareFour(squareFour(ones))))
            ones := mulmod(t, ones, PRIME) // ones_32

            // 31 = 28 + 3
            t := squareFour(squareFour(squareFour(squareFour(squareFour(squareFour(squareFour(ones)))))))
            t := mulmod(t, t, PRIME)
            t := mulmod(t, t, PRIME)
            result := eq(mulmod(t, t, PRIME), 1)
        }
    }
}
