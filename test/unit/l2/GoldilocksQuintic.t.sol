// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {GoldilocksQuintic} from "../../../contracts/l2/GoldilocksQuintic.sol";
import {Fixtures} from "./Fixtures.sol";
import {stdJson} from "forge-std/Test.sol";

contract GoldilocksQuinticTest is Fixtures {
    using stdJson for string;
    using GoldilocksQuintic for uint256[5];

    function assertSame(uint256[5] memory a, uint256[5] memory b) private pure {
        for (uint256 i = 0; i < 5; ++i) {
            assertEq(a[i], b[i]);
        }
    }

    /// @custom:req C6
    function test_Operations_MatchTheBigIntVectors() public view {
        for (uint256 i = 0; i < 24; ++i) {
            uint256[5] memory a = readElement(derivedJson, item(".field", i, ".a"));
            uint256[5] memory b = readElement(derivedJson, item(".field", i, ".b"));
            assertSame(a.mul(b), readElement(derivedJson, item(".field", i, ".product")));
            assertSame(a.frobenius(), readElement(derivedJson, item(".field", i, ".frobenius")));
            assertEq(a.norm(), derivedJson.readUint(item(".field", i, ".norm")));
            assertEq(a.isSquare(), derivedJson.readBool(item(".field", i, ".square")));
        }
    }

    function testFuzz_Mul_ObeysTheFieldLaws(uint256[5] memory x, uint256[5] memory y, uint256[5] memory z) public pure {
        (uint256[5] memory a, uint256[5] memory b, uint256[5] memory c) = (element(x), element(y), element(z));
        assertSame(a.mul(b), b.mul(a));
        assertSame(a.mul(b).mul(c), a.mul(b.mul(c)));
        assertSame(a.mul(add(b, c)), add(a.mul(b), a.mul(c)));
        assertSame(a.mul(one()), a);
    }

    /// @dev `mul` promises to take coefficients up to 2^65: sums of two canonical elements.
    function testFuzz_Mul_TakesUnreducedSums(uint256[5] memory x, uint256[5] memory y) public pure {
        (uint256[5] memory a, uint256[5] memory b) = (element(x), element(y));
        uint256[5] memory lazyA;
        uint256[5] memory lazyB;
        for (uint256 i = 0; i < 5; ++i) {
            lazyA[i] = a[i] + P;
            lazyB[i] = b[i] + P;
        }
        assertSame(lazyA.mul(lazyB), a.mul(b));
    }

    function testFuzz_Inverse_Inverts(uint256[5] memory x) public pure {
        uint256[5] memory a = element(x);
        vm.assume(!a.isZero());
        assertSame(a.mul(inverse(a)), one());
    }

    function testFuzz_Frobenius_IsAnAutomorphismOfOrderFive(uint256[5] memory x, uint256[5] memory y) public pure {
        (uint256[5] memory a, uint256[5] memory b) = (element(x), element(y));
        assertSame(a.mul(b).frobenius(), a.frobenius().mul(b.frobenius()));
        assertSame(a.frobenius().frobenius(), a.frobeniusTwice());
        assertSame(a.frobeniusTwice().frobeniusTwice().frobenius(), a);
    }

    function testFuzz_Norm_IsMultiplicativeAndThePowerOfAScalar(uint256[5] memory x, uint256[5] memory y) public pure {
        (uint256[5] memory a, uint256[5] memory b) = (element(x), element(y));
        assertEq(a.mul(b).norm(), mulmod(a.norm(), b.norm(), P));
        assertEq(scale(one(), a[0]).norm(), power(a[0], 5));
    }

    function testFuzz_IsSquare_HoldsForSquaresAndIsMultiplicative(uint256[5] memory x, uint256[5] memory y)
        public
        pure
    {
        (uint256[5] memory a, uint256[5] memory b) = (element(x), element(y));
        vm.assume(!a.isZero() && !b.isZero());
        assertTrue(a.mul(a).isSquare());
        assertFalse(a.mul(a).mul(curveB()).isSquare(), "b is not a square");
        assertEq(a.mul(b).isSquare(), a.isSquare() == b.isSquare());
    }

    function test_IsSquare_IsFalseForZero() public pure {
        uint256[5] memory zero;
        assertFalse(zero.isSquare());
        assertTrue(zero.isZero());
    }

    /// @dev One differing coefficient is enough, wherever it stands.
    function testFuzz_Equal_SeesEveryCoefficient(uint256[5] memory x, uint256 delta) public pure {
        uint256[5] memory a = element(x);
        delta = bound(delta, 1, P - 1);
        assertTrue(a.equal(a));
        for (uint256 i = 0; i < 5; ++i) {
            uint256[5] memory b = element(x);
            b[i] = addmod(b[i], delta, P);
            assertFalse(a.equal(b));
            uint256[5] memory unit;
            unit[i] = delta;
            assertFalse(unit.isZero());
        }
    }
}
