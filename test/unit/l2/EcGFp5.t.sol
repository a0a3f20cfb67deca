// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EcGFp5} from "../../../contracts/l2/EcGFp5.sol";
import {GoldilocksQuintic} from "../../../contracts/l2/GoldilocksQuintic.sol";
import {Fixtures} from "./Fixtures.sol";
import {stdJson} from "forge-std/Test.sol";

contract EcGFp5Test is Fixtures {
    using stdJson for string;
    using GoldilocksQuintic for uint256[5];

    struct Point {
        uint256[5] x;
        uint256[5] u;
    }

    function requireGroupElement(Point memory point) external pure {
        EcGFp5.requireGroupElement(point.x, point.u);
    }

    function key(uint256 i) private view returns (Point memory p) {
        (p.x, p.u) = decodeKey(derivedJson.readBytes(item(".keys", i, ".key")));
    }

    /// @dev Entry i of the published list; the derived fixture holds its x, entry 0 there being the generator.
    function published(uint256 i) private view returns (Point memory p) {
        p = key(i);
        uint256[5] memory w = readElement(curveJson, item(".w", i, ""));
        assertTrue(w.mul(p.u).equal(one()), "w = 1/u");
    }

    /// @dev The complete affine addition law of ePrint 2022/274.
    function addPoints(Point memory a, Point memory b) private pure returns (Point memory sum) {
        uint256[5] memory t1 = a.x.mul(b.x);
        uint256[5] memory t3 = a.u.mul(b.u);
        uint256[5] memory t5 = add(a.x, b.x);
        uint256[5] memory t7 = add(t1, curveB());
        uint256[5] memory t9 = t3.mul(add(scale(curveB().mul(t5), 2), scale(t7, 2)));
        uint256[5] memory t10 = add(scale(t3, 2), one()).mul(add(t5, t7));
        sum.x = curveB().mul(sub(t10, t7)).mul(inverse(sub(t7, t9)));
        sum.u = add(a.u, b.u).mul(sub(curveB(), t1)).mul(inverse(add(t7, t9)));
    }

    function assertSame(Point memory a, Point memory b) private pure {
        assertTrue(a.x.equal(b.x) && a.u.equal(b.u));
    }

    /// @custom:req C6
    function test_RequireGroupElement_AcceptsTheGenerator() public view {
        EcGFp5.requireGroupElement(readElement(curveJson, ".generator.x"), readElement(curveJson, ".generator.u"));
    }

    /// @custom:req C6
    function test_PublishedPoints_AreGroupElementsAndAddUp() public view {
        for (uint256 i = 1; i < 8; ++i) {
            Point memory p = published(i);
            EcGFp5.requireGroupElement(p.x, p.u);
        }
        assertSame(addPoints(published(1), published(2)), published(3));
        assertSame(addPoints(published(1), published(1)), published(4));
        assertSame(addPoints(published(2), published(2)), published(5));
        assertSame(addPoints(published(4), published(2)), published(6));
        assertSame(addPoints(published(1), published(5)), published(7));
    }

    /// @dev w encodes a point exactly if x^2 - (w^2 - 2) x + b has roots, that is if (w^2 - 2)^2 - 4b is a square.
    /// @custom:req C6
    function test_PublishedEncodings_HaveADiscriminantThatIsASquareExactlyIfTheyDecode() public view {
        for (uint256 i = 0; i < 8; ++i) {
            assertEq(_discriminant(item(".w", i, "")).isSquare(), i != 0);
        }
        for (uint256 i = 0; i < 6; ++i) {
            assertFalse(_discriminant(item(".undecodable", i, "")).isSquare());
        }
    }

    function _discriminant(string memory path) private view returns (uint256[5] memory) {
        uint256[5] memory w = readElement(curveJson, path);
        uint256[5] memory e = sub(w.mul(w), scale(one(), 2));
        return sub(e.mul(e), scale(curveB(), 4));
    }

    /// @dev For each u that belongs to no point, every published x fails.
    function test_RequireGroupElement_RevertWhen_UEncodesNoPoint() public {
        for (uint256 i = 0; i < 6; ++i) {
            Point memory p = published(1 + i);
            p.u = inverse(readElement(curveJson, item(".undecodable", i, "")));
            vm.expectRevert(EcGFp5.NotOnCurve.selector);
            this.requireGroupElement(p);
        }
    }

    function test_RequireGroupElement_RevertWhen_ThePointIsOffTheCurve() public {
        for (uint256 i = 0; i < 5; ++i) {
            Point memory p = key(9);
            p.x[i] = addmod(p.x[i], 1, P);
            vm.expectRevert(EcGFp5.NotOnCurve.selector);
            this.requireGroupElement(p);
            p = key(9);
            p.u[i] = addmod(p.u[i], 1, P);
            vm.expectRevert(EcGFp5.NotOnCurve.selector);
            this.requireGroupElement(p);
        }
    }

    function test_RequireGroupElement_RevertWhen_CoordinatesAreSwapped() public {
        for (uint256 i = 0; i < 20; ++i) {
            Point memory p = key(i);
            (p.x, p.u) = (p.u, p.x);
            vm.expectRevert(EcGFp5.NotOnCurve.selector);
            this.requireGroupElement(p);
        }
    }

    /// @dev (b/x, u) solves the same equation and lies in the subgroup of order n instead.
    function test_RequireGroupElement_RevertWhen_ThePointHasOrderN() public {
        for (uint256 i = 0; i < 20; ++i) {
            Point memory p;
            (p.x, p.u) = decodeKey(derivedJson.readBytes(item(".keys", i, ".outside")));
            assertTrue(EcGFp5.isOnCurve(p.x, p.u));
            assertTrue(p.x.mul(key(i).x).equal(curveB()));
            vm.expectRevert(EcGFp5.NotInGroup.selector);
            this.requireGroupElement(p);
        }
    }

    function test_RequireGroupElement_RevertWhen_ACoordinateIsZero() public {
        uint256[5] memory zero;
        vm.expectRevert(EcGFp5.NeutralKey.selector);
        this.requireGroupElement(Point(zero, zero));
        vm.expectRevert(EcGFp5.NeutralKey.selector);
        this.requireGroupElement(Point(key(0).x, zero));
        vm.expectRevert(EcGFp5.NeutralKey.selector);
        this.requireGroupElement(Point(zero, key(0).u));
    }

    /// @dev The group is closed: sums, inverses and twins land where the membership test says they should.
    function testFuzz_Group_IsClosedAndTwinsStayOutside(uint8[6] memory picks) public {
        Point memory p = key(picks[0] % 20);
        for (uint256 i = 1; i < 6; ++i) {
            p = addPoints(p, key(picks[i] % 20));
        }
        vm.assume(!p.x.isZero());
        EcGFp5.requireGroupElement(p.x, p.u);
        assertTrue(curveB().mul(p.x).isSquare(), "b * x is a square in the group");

        Point memory negative = Point(p.x, scale(p.u, P - 1));
        EcGFp5.requireGroupElement(negative.x, negative.u);
        Point memory neutral = addPoints(p, negative);
        assertTrue(neutral.x.isZero() && neutral.u.isZero());
        assertSame(addPoints(p, neutral), p);

        Point memory twin = Point(curveB().mul(inverse(p.x)), p.u);
        vm.expectRevert(EcGFp5.NotInGroup.selector);
        this.requireGroupElement(twin);
    }

    /// @dev Random coordinates are on the curve with probability 2^-320.
    function testFuzz_RequireGroupElement_RevertWhen_CoordinatesAreRandom(uint256[5] memory x, uint256[5] memory u)
        public
    {
        Point memory p = Point(element(x), element(u));
        vm.assume(!p.x.isZero() && !p.u.isZero());
        vm.expectRevert(EcGFp5.NotOnCurve.selector);
        this.requireGroupElement(p);
    }
}
