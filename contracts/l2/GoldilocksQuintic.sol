// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Goldilocks} from "./Goldilocks.sol";

/// @title The quintic extension F_p5 = F_p[z] / (z^5 - 3) of the Goldilocks field
/// @notice An element c0 + c1 z + .. + c4 z^4 is the memory array [c0, .., c4]. Every function takes coefficients below
/// 2^65 (so a sum of two canonical elements needs no reduction) and returns canonical ones.
library GoldilocksQuintic {
    uint256 private constant P = Goldilocks.PRIME;

    // The Frobenius map c -> c^p multiplies z^i by D^i with D = 3^((p - 1) / 5), a fifth root of unity
    // (plonky2_field 1.0.0, src/goldilocks_extensions.rs, DTH_ROOT).
    uint256 private constant D1 = 0x0E736627A0AEB983;
    uint256 private constant D2 = 0xDB8EDC802DC0B266;
    uint256 private constant D3 = 0x02EFB5C2A6F35241;
    uint256 private constant D4 = 0x130E07948A9D41D6;

    /// @notice Whether `a` is zero, given canonical coefficients.
    function isZero(uint256[5] memory a) internal pure returns (bool) {
        return (a[0] | a[1] | a[2] | a[3] | a[4]) == 0;
    }

    /// @notice Whether `a` equals `b`, given canonical coefficients.
    function equal(uint256[5] memory a, uint256[5] memory b) internal pure returns (bool) {
        return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4])) == 0;
    }

    /// @notice a * b.
    function mul(uint256[5] memory a, uint256[5] memory b) internal pure returns (uint256[5] memory r) {
        (uint256 a0, uint256 a1, uint256 a2, uint256 a3, uint256 a4) = (a[0], a[1], a[2], a[3], a[4]);
        // Each line sums at most 13 products below 2^130: no overflow.
        unchecked {
            r[0] = (a0 * b[0] + 3 * (a1 * b[4] + a2 * b[3] + a3 * b[2] + a4 * b[1])) % P;
            r[1] = (a0 * b[1] + a1 * b[0] + 3 * (a2 * b[4] + a3 * b[3] + a4 * b[2])) % P;
            r[2] = (a0 * b[2] + a1 * b[1] + a2 * b[0] + 3 * (a3 * b[4] + a4 * b[3])) % P;
            r[3] = (a0 * b[3] + a1 * b[2] + a2 * b[1] + a3 * b[0] + 3 * (a4 * b[4])) % P;
            r[4] = (a0 * b[4] + a1 * b[3] + a2 * b[2] + a3 * b[1] + a4 * b[0]) % P;
        }
    }

    /// @notice a^p.
    function frobenius(uint256[5] memory a) internal pure returns (uint256[5] memory r) {
        r[0] = a[0] % P;
        r[1] = mulmod(a[1], D1, P);
        r[2] = mulmod(a[2], D2, P);
        r[3] = mulmod(a[3], D3, P);
        r[4] = mulmod(a[4], D4, P);
    }

    /// @notice a^(p^2).
    function frobeniusTwice(uint256[5] memory a) internal pure returns (uint256[5] memory r) {
        r[0] = a[0] % P;
        r[1] = mulmod(a[1], D2, P);
        r[2] = mulmod(a[2], D4, P);
        r[3] = mulmod(a[3], D1, P);
        r[4] = mulmod(a[4], D3, P);
    }

    /// @notice The norm a^(1 + p + p^2 + p^3 + p^4), an element of F_p; zero only for a = 0.
    function norm(uint256[5] memory a) internal pure returns (uint256) {
        uint256[5] memory t = mul(frobenius(a), frobeniusTwice(a)); // a^(p + p^2)
        t = mul(t, frobeniusTwice(t)); // a^(p + p^2 + p^3 + p^4)
        unchecked {
            // a * t lies in F_p, so its constant coefficient is all of it.
            return (a[0] * t[0] + 3 * (a[1] * t[4] + a[2] * t[3] + a[3] * t[2] + a[4] * t[1])) % P;
        }
    }

    /// @notice Whether `a` is a non-zero square in F_p5.
    /// @dev a^((p^5 - 1) / 2) = norm(a)^((p - 1) / 2), so the question moves to F_p.
    function isSquare(uint256[5] memory a) internal pure returns (bool) {
        return Goldilocks.isSquare(norm(a));
    }
}
