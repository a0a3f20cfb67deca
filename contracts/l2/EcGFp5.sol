// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {GoldilocksQuintic} from "./GoldilocksQuintic.sol";

/// @title The group ecGFp5 of T. Pornin (ePrint 2022/274), in (x, u) coordinates
/// @notice The curve y^2 = x (x^2 + 2x + b), b = 263 z, over F_p5 has 2n points, n an odd prime. With u = x / y the
/// equation reads x = u^2 (x^2 + 2x + b). The group is the n points *outside* the subgroup of order n: they are those
/// whose x is not a square, together with the neutral element N = (0, 0).
library EcGFp5 {
    using GoldilocksQuintic for uint256[5];

    /// @dev The coefficient of z in b; the other coefficients are zero.
    uint256 internal constant B1 = 263;

    /// @notice A coordinate is zero. Only the neutral element has one, and any signature verifies under that key.
    error NeutralKey();

    /// @notice The coordinates do not satisfy x = u^2 (x^2 + 2x + b).
    error NotOnCurve();

    /// @notice The point is on the curve but in the coset of order-n points, where the group's addition law has
    /// exceptional cases.
    error NotInGroup();

    /// @notice Requires that (x, u) is an element of the group other than the neutral one.
    /// @param x The x coordinate, canonical.
    /// @param u The u coordinate, canonical.
    function requireGroupElement(uint256[5] memory x, uint256[5] memory u) internal pure {
        if (x.isZero() || u.isZero()) revert NeutralKey();
        if (!isOnCurve(x, u)) revert NotOnCurve();
        // Membership is "b * x is a square". b is not a square, so for x != 0 that is "x is not a square".
        if (x.isSquare()) revert NotInGroup();
    }

    /// @notice Whether x = u^2 (x^2 + 2x + b), given canonical coordinates.
    function isOnCurve(uint256[5] memory x, uint256[5] memory u) internal pure returns (bool) {
        unchecked {
            uint256[5] memory xPlus2 = [x[0] + 2, x[1], x[2], x[3], x[4]];
            uint256[5] memory cubicOverX = x.mul(xPlus2);
            cubicOverX[1] += B1;
            return u.mul(u).mul(cubicOverX).equal(x);
        }
    }
}
