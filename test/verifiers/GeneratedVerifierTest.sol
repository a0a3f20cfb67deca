// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

/// @title GeneratedVerifierTest
/// @notice What every generated verifier must do, whatever its circuit: each test is run on the contract and the two proofs
/// of its fixture.
abstract contract GeneratedVerifierTest is Test {
    /// @dev Moduli of BN254: of scalars, and of coordinates.
    uint256 internal constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    uint256 internal constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    /// @dev What a caller supplies; a verifier that burns what it is given on a bad proof is a way to grief.
    uint256 internal constant SUPPLIED = 30_000_000;

    error PublicInputNotInField(uint256 index, uint256 value);
    error ProofLengthWrong(uint256 actual, uint256 expected);
    error PointNotOnCurve(uint256 index);
    error EvaluationNotInField(uint256 index);
    error InvertOfZero();
    error PrecompileFailed(uint256 precompile);
    error ProofInvalid();

    address internal verifier;
    uint256[] internal inputs;
    bytes internal proof;
    bytes internal otherProof;
    bytes4 internal selector;
    uint256 internal validGas;

    /// @dev Name of contract and fixture.
    function _name() internal pure virtual returns (string memory);

    /// @dev File of the fixture, and where in it the two proofs are.
    function _fixture() internal pure virtual returns (string memory path, string memory list) {
        return (string.concat("test/fixtures/verifiers/", _name(), ".json"), ".proofs");
    }

    /// @dev How many evaluations there are. Points come before them, and two behind.
    function _evaluationCount() internal pure virtual returns (uint256);

    function setUp() public virtual {
        verifier = deployCode(string.concat(_name(), ".sol:", _name()));
        (string memory path, string memory list) = _fixture();
        string memory json = vm.readFile(path);
        inputs = vm.parseJsonUintArray(json, string.concat(list, "[0].publicInputs"));
        proof = vm.parseJsonBytes(json, string.concat(list, "[0].proof"));
        otherProof = vm.parseJsonBytes(json, string.concat(list, "[1].proof"));
        string memory words = inputs.length == 0 ? "" : string.concat("uint256[", vm.toString(inputs.length), "],");
        selector = bytes4(keccak256(bytes(string.concat("verify(", words, "bytes)"))));
        (bool ok,, uint256 used) = _verify(inputs, proof);
        assertTrue(ok, "the fixture's proof is valid");
        validGas = used;
    }

    /// @dev Words of the proof before the evaluations, and how many those are.
    function _evaluations() internal view returns (uint256 first, uint256 count) {
        count = _evaluationCount();
        first = proof.length / 32 - 4 - count;
    }

    function _encode(uint256[] memory words, bytes memory p) internal view returns (bytes memory) {
        uint256 padding = (32 - p.length % 32) % 32;
        return abi.encodePacked(selector, words, 32 * (words.length + 1), p.length, p, new bytes(padding));
    }

    function _call(bytes memory data) internal view returns (bool ok, bytes memory answer, uint256 used) {
        address to = verifier;
        uint256 before = gasleft();
        (ok, answer) = to.staticcall{gas: SUPPLIED}(data);
        used = before - gasleft();
    }

    function _verify(uint256[] memory words, bytes memory p) internal view returns (bool, bytes memory, uint256) {
        return _call(_encode(words, p));
    }

    function _word(bytes memory p, uint256 index) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(p, 32), mul(index, 32)))
        }
    }

    function _with(bytes memory p, uint256 index, uint256 word) internal pure returns (bytes memory copy) {
        copy = abi.encodePacked(p);
        assembly ("memory-safe") {
            mstore(add(add(copy, 32), mul(index, 32)), word)
        }
    }

    function _refused(bytes memory p, string memory what) internal view {
        (bool ok, bytes memory answer, uint256 used) = _verify(inputs, p);
        assertFalse(ok, what);
        assertGe(answer.length, 4, string.concat(what, ": refused with an error"));
        assertLe(used, validGas + validGas / 10, string.concat(what, ": cheaper than 1.1 valid proofs"));
    }

    function _refusedWith(bytes memory p, bytes memory expected, string memory what) internal view {
        (bool ok, bytes memory answer, uint256 used) = _verify(inputs, p);
        assertFalse(ok, what);
        assertEq(answer, expected, what);
        assertLe(used, validGas + validGas / 10, what);
    }

    function _isEvaluation(uint256 index) internal view returns (bool) {
        (uint256 first, uint256 count) = _evaluations();
        return index >= first && index < first + count;
    }

    /// @dev Number of the point that the word belongs to.
    function _point(uint256 index) internal view returns (uint256) {
        (uint256 first, uint256 count) = _evaluations();
        return (index < first ? index : index - count) / 2;
    }

    /// @custom:req V2, R12
    function test_Verify_RevertWhen_TheLengthIsWrong() public view {
        for (uint256 length = 0; length < proof.length + 70; length += length % 3 == 0 ? 31 : 17) {
            if (length == proof.length) continue;
            bytes memory p = new bytes(length);
            for (uint256 i = 0; i < length && i < proof.length; ++i) {
                p[i] = proof[i];
            }
            _refusedWith(p, abi.encodeWithSelector(ProofLengthWrong.selector, length, proof.length), "length");
        }
    }

    /// @custom:req V2
    function test_Verify_IgnoresCalldataBehindTheArguments() public view {
        (bool ok,,) = _call(abi.encodePacked(_encode(inputs, proof), keccak256("more")));
        assertTrue(ok, "calldata behind the arguments is no argument");
    }

    /// @custom:req V2
    function test_Verify_RevertWhen_CalldataIsShort() public view {
        bytes memory data = _encode(inputs, proof);
        for (uint256 missing = 1; missing < data.length; missing += 37) {
            bytes memory short = new bytes(data.length - missing);
            for (uint256 i = 0; i < short.length; ++i) {
                short[i] = data[i];
            }
            (bool ok,, uint256 used) = _call(short);
            assertFalse(ok, "short calldata");
            assertLe(used, validGas, "short calldata is cheap");
        }
    }

    /// @dev The head says where the argument is; what lies elsewhere does not count.
    /// @custom:req V3
    function test_Verify_FollowsTheHeadOfTheArguments() public view {
        uint256 head = 32 * (inputs.length + 1);
        bytes memory shifted = abi.encodePacked(selector, inputs, head + 96, new bytes(96), proof.length, proof);
        (bool ok,,) = _call(shifted);
        assertTrue(ok, "a shifted argument is the same argument");
        // The right proof where a reader of fixed offsets looks, a wrong one where the head points.
        bytes memory wrong = _with(proof, 0, _word(proof, 0) ^ 1);
        bytes memory twofold =
            abi.encodePacked(selector, inputs, head + 32 + proof.length, proof.length, proof, wrong.length, wrong);
        (ok,,) = _call(twofold);
        assertFalse(ok, "the head decides");
    }

    /// @custom:req V1, R9, R10
    function test_Verify_RevertWhen_AnInputIsNotInTheField() public view {
        for (uint256 i = 0; i < inputs.length; ++i) {
            uint256[3] memory values = [inputs[i] + R, R, type(uint256).max];
            for (uint256 j = 0; j < values.length; ++j) {
                uint256[] memory words = inputs;
                words[i] = values[j];
                (bool ok, bytes memory answer,) = _verify(words, proof);
                assertFalse(ok, "an input out of the field");
                assertEq(answer, abi.encodeWithSelector(PublicInputNotInField.selector, i, values[j]));
            }
        }
    }

    /// @custom:req V8
    function test_Verify_RevertWhen_AnInputIsAnother() public view {
        for (uint256 i = 0; i < inputs.length; ++i) {
            uint256[4] memory values = [addmod(inputs[i], 1, R), inputs[i] ^ 1, 0, R - 1];
            for (uint256 j = 0; j < values.length; ++j) {
                if (values[j] == inputs[i]) continue;
                uint256[] memory words = inputs;
                words[i] = values[j];
                (bool ok, bytes memory answer,) = _verify(words, proof);
                assertFalse(ok, "another input");
                assertEq(answer, abi.encodeWithSelector(ProofInvalid.selector), "another input");
            }
        }
    }

    /// @custom:req V1
    function test_Verify_RevertWhen_AnEvaluationIsNotInTheField() public view {
        (uint256 first, uint256 count) = _evaluations();
        for (uint256 i = 0; i < count; ++i) {
            uint256 word = _word(proof, first + i);
            bytes memory expected = abi.encodeWithSelector(EvaluationNotInField.selector, i);
            if (word < type(uint256).max - R) _refusedWith(_with(proof, first + i, word + R), expected, "+ r");
            _refusedWith(_with(proof, first + i, R), expected, "r");
            _refusedWith(_with(proof, first + i, type(uint256).max), expected, "max");
        }
    }

    /// @custom:req V4, R11
    function test_Verify_RevertWhen_APointIsNone() public view {
        uint256 words = proof.length / 32;
        for (uint256 i = 0; i < words; ++i) {
            if (_isEvaluation(i)) continue;
            bytes memory expected = abi.encodeWithSelector(PointNotOnCurve.selector, _point(i));
            uint256 word = _word(proof, i);
            _refusedWith(_with(proof, i, word ^ 1), expected, "a bit");
            _refusedWith(_with(proof, i, addmod(word, 1, Q)), expected, "+ 1");
            _refusedWith(_with(proof, i, Q), expected, "q");
            _refusedWith(_with(proof, i, word + Q), expected, "+ q");
            _refusedWith(_with(proof, i, type(uint256).max), expected, "max");
            (uint256 first, uint256 count) = _evaluations();
            bool isX = (i < first ? i : i - count) % 2 == 0;
            if (isX) {
                bytes memory infinity = _with(_with(proof, i, 0), i + 1, 0);
                _refusedWith(infinity, expected, "infinity");
            }
        }
    }

    /// @dev On the curve and wrong: the negated point, another point of the proof, the generator.
    /// @custom:req V4 V5
    function test_Verify_RevertWhen_APointIsAnother() public view {
        uint256 words = proof.length / 32;
        (uint256 first, uint256 count) = _evaluations();
        bytes memory expected = abi.encodeWithSelector(ProofInvalid.selector);
        for (uint256 i = 0; i < words; i += 2) {
            if (i == first) i += count;
            _refusedWith(_with(proof, i + 1, Q - _word(proof, i + 1)), expected, "negated");
            _refusedWith(_with(_with(proof, i, 1), i + 1, 2), expected, "the generator");
            uint256 next = i + 2 == first ? first + count : (i + 2) % words;
            bytes memory swapped = _with(_with(proof, i, _word(proof, next)), i + 1, _word(proof, next + 1));
            swapped = _with(_with(swapped, next, _word(proof, i)), next + 1, _word(proof, i + 1));
            if (_word(proof, i) != _word(proof, next)) _refusedWith(swapped, expected, "swapped");
            bytes memory mixed = _with(_with(proof, i, _word(otherProof, i)), i + 1, _word(otherProof, i + 1));
            _refusedWith(mixed, expected, "from another proof");
        }
    }

    /// @custom:req V5 V8
    function test_Verify_RevertWhen_AnEvaluationIsAnother() public view {
        (uint256 first, uint256 count) = _evaluations();
        bytes memory expected = abi.encodeWithSelector(ProofInvalid.selector);
        for (uint256 i = first; i < first + count; ++i) {
            uint256 word = _word(proof, i);
            _refusedWith(_with(proof, i, addmod(word, 1, R)), expected, "+ 1");
            if (word != 0) _refusedWith(_with(proof, i, 0), expected, "0");
            if ((word ^ 1) < R) _refusedWith(_with(proof, i, word ^ 1), expected, "a bit");
            uint256 next = i + 1 == first + count ? first : i + 1;
            if (word != _word(proof, next)) {
                _refusedWith(_with(_with(proof, i, _word(proof, next)), next, word), expected, "swapped");
            }
            if (word != _word(otherProof, i)) {
                _refusedWith(_with(proof, i, _word(otherProof, i)), expected, "from another proof");
            }
        }
    }

    /// @custom:req V6
    function test_Verify_NeverAcceptsOnTooLittleGas() public view {
        bytes memory data = _encode(inputs, proof);
        bytes memory wrong = _encode(inputs, _with(proof, 1, Q - _word(proof, 1)));
        address to = verifier;
        for (uint256 supplied = 1_000; supplied < validGas + 20_000; supplied += 1_993) {
            (bool accepted,) = to.staticcall{gas: supplied}(wrong);
            assertFalse(accepted, "a wrong proof is never accepted");
            (accepted,) = to.staticcall{gas: supplied}(data);
            // A call may take 63 of 64 parts of what is left, and the pairing is the last.
            assertTrue(accepted || supplied < validGas + 5_000, "enough gas is enough");
        }
    }

    /// @custom:req V6, V16
    function testFuzz_Verify_RevertWhen_BytesAreRandom(bytes32 seed) public view {
        bytes memory p = new bytes(proof.length);
        for (uint256 i = 0; i < p.length / 32; ++i) {
            p = _with(p, i, uint256(keccak256(abi.encode(seed, i))));
        }
        _refused(p, "random bytes");
    }

    /// @dev One word more or less is another function, which there is none of.
    /// @custom:req V11
    function test_Verify_TakesExactlyItsInputs() public view {
        for (uint256 count = inputs.length == 0 ? 1 : inputs.length - 1; count <= inputs.length + 1; ++count) {
            if (count == inputs.length) continue;
            uint256[] memory words = new uint256[](count);
            for (uint256 i = 0; i < count && i < inputs.length; ++i) {
                words[i] = inputs[i];
            }
            string memory list = count == 0 ? "" : string.concat("uint256[", vm.toString(count), "],");
            bytes4 other = bytes4(keccak256(bytes(string.concat("verify(", list, "bytes)"))));
            (bool ok,,) = _call(abi.encodePacked(other, words, 32 * (count + 1), proof.length, proof));
            assertFalse(ok, "another number of inputs");
        }
    }

    /// @custom:req V19
    function test_Verifier_HasNoFallback() public {
        (bool ok,) = verifier.call("");
        assertFalse(ok, "no receive");
        (ok,) = verifier.call(hex"deadbeef");
        assertFalse(ok, "no fallback");
        vm.deal(address(this), 1 ether);
        (ok,) = verifier.call{value: 1}(_encode(inputs, proof));
        assertFalse(ok, "not payable");
    }

    /// @custom:req V24
    function test_Constructor_RevertWhen_TheChainIsPublic() public {
        uint256[4] memory ids = [uint256(1), 10, 137, 42_161];
        for (uint256 i = 0; i < ids.length; ++i) {
            assertEq(_deployOn(ids[i]), address(0), "no insecure verifier on a public chain");
        }
    }

    /// @dev Private chains, then Sepolia, Holesky, Hoodi, and the Sepolias of Base, Arbitrum, OP, Linea and Scroll; and
    /// nothing beside them.
    /// @custom:req V24
    function test_Constructor_WhenTheChainIsForTests() public {
        uint256[10] memory ids =
            [uint256(1337), 31_337, 17_000, 59_141, 84_532, 421_614, 534_351, 560_048, 11_155_111, 11_155_420];
        for (uint256 i = 0; i < ids.length; ++i) {
            assertNotEq(_deployOn(ids[i]), address(0), "a chain for tests");
            assertEq(_deployOn(ids[i] - 1), address(0), "below");
            assertEq(_deployOn(ids[i] + 1), address(0), "above");
        }
    }

    /// @dev The verifier deployed on chain `id`; null if it refuses.
    function _deployOn(uint256 id) private returns (address made) {
        bytes memory code = vm.getCode(string.concat(_name(), ".sol:", _name()));
        vm.chainId(id);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
    }
}
