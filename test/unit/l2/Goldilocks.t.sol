// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Goldilocks} from "../../../contracts/l2/Goldilocks.sol";
import {Fixtures} from "./Fixtures.sol";

contract GoldilocksTest is Fixtures {
    /// @dev A generator of the multiplicative group, hence a non-square (plonky2_field 1.0.0, goldilocks_field.rs).
    uint256 private constant GENERATOR = 7;

    function requireCanonical(bytes32 digest, uint256 firstIndex) external pure {
        Goldilocks.requireCanonical(digest, firstIndex);
    }

    /// @custom:req R8
    function test_RequireCanonical_AcceptsTheLargestAndSmallestLimbs() public pure {
        Goldilocks.requireCanonical(0);
        for (uint256 i = 0; i < 4; ++i) {
            Goldilocks.requireCanonical(withLimb(0, i, uint64(P - 1)));
            Goldilocks.requireCanonical(withLimb(0, i, 0xFFFFFFFEFFFFFFFF));
        }
        uint256 largest = P - 1;
        Goldilocks.requireCanonical(bytes32(largest << 192 | largest << 128 | largest << 64 | largest));
    }

    /// @custom:req R8
    function test_RequireCanonical_RevertWhen_ALimbIsNotBelowP() public {
        uint64[3] memory values = [uint64(P), uint64(P + 1), type(uint64).max];
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 v = 0; v < 3; ++v) {
                vm.expectRevert(abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, 8 + i, values[v]));
                this.requireCanonical(withLimb(0, i, values[v]), 8);
            }
        }
    }

    /// @dev Canonical limbs are told by one addition for two of them: none is looked at alone, however large it is.
    function test_RequireCanonical_CostsTheSameForAllCanonicalDigests() public view {
        uint256 least = gasOfRequireCanonical(0);
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(gasOfRequireCanonical(withLimb(0, i, 1 << 32)), least, "a limb of 33 bits");
            assertEq(gasOfRequireCanonical(withLimb(0, i, uint64(P - 1))), least, "the largest limb");
        }
    }

    function gasOfRequireCanonical(bytes32 digest) private view returns (uint256) {
        this.requireCanonical(digest, 0);
        return vm.lastCallGas().gasTotalUsed;
    }

    function test_RequireCanonical_ReportsTheFirstOfTwo() public {
        bytes32 digest = withLimb(withLimb(0, 3, uint64(P)), 1, type(uint64).max);
        vm.expectRevert(abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, 1, type(uint64).max));
        this.requireCanonical(digest, 0);
    }

    /// @dev Against the definition, on limbs drawn to lie near the bound.
    function testFuzz_RequireCanonical_MatchesItsDefinition(uint64[4] memory limbs, uint8 near) public {
        bytes32 digest;
        uint256 firstBad = 4;
        for (uint256 i = 4; i > 0; --i) {
            uint64 value = limbs[i - 1];
            if (near >> (i - 1) & 1 == 1) value = uint64(P - 2 + value % 4);
            else if (near >> (i + 3) & 1 == 1) value = uint64(value % 2 ** 32) | 0xFFFFFFFE00000000;
            digest = withLimb(digest, i - 1, value);
            if (value >= P) firstBad = i - 1;
        }
        if (firstBad < 4) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    Goldilocks.NonCanonicalLimb.selector, firstBad, Goldilocks.limb(digest, firstBad)
                )
            );
        }
        this.requireCanonical(digest, 0);
    }

    function test_Limb_CountsFromTheMostSignificant() public pure {
        bytes32 digest = 0x0000000000000001000000000000000200000000000000030000000000000004;
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(Goldilocks.limb(digest, i), i + 1);
        }
    }

    function test_IsSquare_IsFalseForZeroAndTheGenerator() public pure {
        assertFalse(Goldilocks.isSquare(0));
        assertFalse(Goldilocks.isSquare(P));
        assertFalse(Goldilocks.isSquare(GENERATOR));
        assertTrue(Goldilocks.isSquare(1));
        assertTrue(Goldilocks.isSquare(P - 1), "p = 1 mod 4");
    }

    function testFuzz_IsSquare_SeparatesSquaresFromGeneratorMultiples(uint256 a) public pure {
        a = bound(a, 1, P - 1);
        uint256 square = mulmod(a, a, P);
        assertTrue(Goldilocks.isSquare(square));
        assertFalse(Goldilocks.isSquare(mulmod(square, GENERATOR, P)));
    }

    function testFuzz_IsSquare_IsMultiplicative(uint256 a, uint256 b) public pure {
        (a, b) = (bound(a, 1, P - 1), bound(b, 1, P - 1));
        assertEq(Goldilocks.isSquare(mulmod(a, b, P)), Goldilocks.isSquare(a) == Goldilocks.isSquare(b));
    }

    function testFuzz_IsSquare_AgreesWithTheModexpPrecompile(uint256 a) public view {
        assertEq(Goldilocks.isSquare(a), _isSquareByPrecompile(a));
    }

    function _isSquareByPrecompile(uint256 a) private view returns (bool) {
        (bool ok, bytes memory result) = address(5).staticcall(abi.encode(32, 32, 32, a, (P - 1) / 2, P));
        require(ok);
        return abi.decode(result, (uint256)) == 1;
    }
}
