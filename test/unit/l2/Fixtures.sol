// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account as Leaf} from "../../../contracts/interfaces/IStateMachine.sol";
import {GoldilocksQuintic} from "../../../contracts/l2/GoldilocksQuintic.sol";
import {Test, stdJson} from "forge-std/Test.sol";

/// @notice Access to the vectors under test/fixtures/l2 and the arithmetic that tests need but the contracts do not.
abstract contract Fixtures is Test {
    using stdJson for string;
    using GoldilocksQuintic for uint256[5];

    uint256 internal constant P = 0xFFFFFFFF00000001;

    string internal poseidonJson = vm.readFile("test/fixtures/l2/poseidon-goldilocks.json");
    string internal curveJson = vm.readFile("test/fixtures/l2/ecgfp5.json");
    string internal derivedJson = vm.readFile("test/fixtures/l2/derived.json");

    function item(string memory list, uint256 index, string memory field) internal pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]", field);
    }

    function readElement(string memory json, string memory path) internal pure returns (uint256[5] memory e) {
        uint256[] memory coefficients = json.readUintArray(path);
        require(coefficients.length == 5, "not an element of F_p5");
        for (uint256 i = 0; i < 5; ++i) {
            e[i] = coefficients[i];
        }
    }

    /// @dev An element of F_p5 from arbitrary words.
    function element(uint256[5] memory words) internal pure returns (uint256[5] memory e) {
        for (uint256 i = 0; i < 5; ++i) {
            e[i] = words[i] % P;
        }
    }

    function add(uint256[5] memory a, uint256[5] memory b) internal pure returns (uint256[5] memory r) {
        for (uint256 i = 0; i < 5; ++i) {
            r[i] = addmod(a[i], b[i], P);
        }
    }

    function scale(uint256[5] memory a, uint256 k) internal pure returns (uint256[5] memory r) {
        for (uint256 i = 0; i < 5; ++i) {
            r[i] = mulmod(a[i], k, P);
        }
    }

    function sub(uint256[5] memory a, uint256[5] memory b) internal pure returns (uint256[5] memory) {
        return add(a, scale(b, P - 1));
    }

    function one() internal pure returns (uint256[5] memory e) {
        e[0] = 1;
    }

    /// @dev The curve's b = 263 z.
    function curveB() internal pure returns (uint256[5] memory e) {
        e[1] = 263;
    }

    function power(uint256 a, uint256 exponent) internal pure returns (uint256 r) {
        r = 1;
        for (uint256 base = a; exponent != 0; exponent >>= 1) {
            if (exponent & 1 == 1) r = mulmod(r, base, P);
            base = mulmod(base, base, P);
        }
    }

    /// @dev a^-1 by Itoh and Tsujii, a being non-zero: the conjugates' product over the norm.
    function inverse(uint256[5] memory a) internal pure returns (uint256[5] memory) {
        uint256[5] memory conjugates = one();
        uint256[5] memory conjugate = a;
        for (uint256 i = 1; i < 5; ++i) {
            conjugate = conjugate.frobenius();
            conjugates = conjugates.mul(conjugate);
        }
        return scale(conjugates, power(a.norm(), P - 2));
    }

    function encodeKey(uint256[5] memory x, uint256[5] memory u) internal pure returns (bytes memory key) {
        for (uint256 i = 0; i < 10; ++i) {
            key = bytes.concat(key, bytes8(uint64(i < 5 ? x[i] : u[i - 5])));
        }
    }

    function decodeKey(bytes memory key) internal pure returns (uint256[5] memory x, uint256[5] memory u) {
        require(key.length == 80, "not a key");
        for (uint256 i = 0; i < 10; ++i) {
            uint64 limb;
            for (uint256 j = 0; j < 8; ++j) {
                limb = (limb << 8) | uint8(key[8 * i + j]);
            }
            if (i < 5) x[i] = limb;
            else u[i - 5] = limb;
        }
    }

    /// @dev `digest` with limb `index` replaced.
    function withLimb(bytes32 digest, uint256 index, uint64 value) internal pure returns (bytes32) {
        uint256 shift = 192 - 64 * index;
        return bytes32((uint256(digest) & ~(uint256(type(uint64).max) << shift)) | (uint256(value) << shift));
    }

    function readAccount(uint256 i)
        internal
        view
        returns (uint32 index, Leaf memory account, bytes32[32] memory siblings)
    {
        string memory list = ".state.accounts";
        index = uint32(derivedJson.readUint(item(list, i, ".index")));
        account = Leaf({
            publicKey: derivedJson.readBytes(item(list, i, ".publicKey")),
            l1Owner: derivedJson.readAddress(item(list, i, ".l1Owner")),
            balance: uint64(derivedJson.readUint(item(list, i, ".balance"))),
            nonce: uint64(derivedJson.readUint(item(list, i, ".nonce"))),
            registered: derivedJson.readBool(item(list, i, ".registered"))
        });
        bytes32[] memory path = derivedJson.readBytes32Array(item(list, i, ".siblings"));
        require(path.length == 32, "not a full path");
        for (uint256 level = 0; level < 32; ++level) {
            siblings[level] = path[level];
        }
    }
}
