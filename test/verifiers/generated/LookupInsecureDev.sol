// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title LookupInsecureDev
/// @notice Verifies KZG proofs of one halo2 circuit over BN254, opened by SHPLONK. Written by verifier-gen 0.1.0 from
/// the circuit's verifying key: change the generator, not this file.
/// @dev The proof is copied into memory as the transcript absorbs it, word by word; every constant below that has no
/// other meaning is the offset of a word from `m`, where that memory begins. The scalar field is `r`, its elements are
/// kept below it. Many proofs are valid for one statement: nothing may be keyed by a proof.
/// INSECURE: the secret of its trusted setup is known to everybody, who can prove false statements with it.
contract LookupInsecureDev {
    /// @notice The public input at this place is not below the scalar field's modulus.
    error PublicInputNotInField(uint256 index, uint256 value);
    /// @notice A proof has exactly one length, in bytes.
    error ProofLengthWrong(uint256 actual, uint256 expected);
    /// @notice The point of the proof at this place has a coordinate that is not below the base field's modulus, or is not on the curve.
    error PointNotOnCurve(uint256 index);
    /// @notice The evaluation at this place is not below the scalar field's modulus.
    error EvaluationNotInField(uint256 index);
    /// @notice A challenge hit a point of the domain, or one of another: no honest transcript does.
    error InvertOfZero();
    /// @notice The precompiled contract failed, ran out of gas, or does not exist on this chain.
    error PrecompileFailed(uint256 precompile);
    /// @notice The proof does not prove this statement.
    error ProofInvalid();
    /// @notice The setup is insecure, and this chain is none of the test networks it may be used on.
    error InsecureSetupOnPublicChain(uint256 chainId);

    // Getters are called by the names of functions.
    // forge-lint: disable-start(screaming-snake-case-const)

    /// @notice Whether the secret of the trusted setup is public.
    bool public constant insecureSetup = true;

    /// @notice What the transcript begins with: halo2's digest of the verifying key.
    bytes32 public constant vkDigest = bytes32(VK_DIGEST);
    /// @notice Version of the generator.
    string public constant generatorVersion = "0.1.0";
    // forge-lint: disable-end(screaming-snake-case-const)

    /// @dev Order of the curve's group, whose integers are scalars.
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// @dev Modulus of the coordinates.
    uint256 private constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    uint256 private constant VK_DIGEST = 0x2de0441ce2af7fa332ea5950593fd3051cdf37b8a164c415e50de2969fefbec1;
    uint256 private constant PROOF_BYTES = 1216;

    // The domain: 2^6 rows, 5 of them blinded.
    uint256 private constant LOG_ROWS = 6;
    uint256 private constant ROWS_INVERSE = 0x2fa2bd3915acd9a9116f049fa77b52fbb39318a757d28acefed26dbda0400001;
    uint256 private constant OMEGA = 0x1c4c3a258629905ef6036a4037c3aa6ae18d1d2452d64bd2684cfa8ede70fdc7;
    /// @dev omega to the last usable row, -6.
    uint256 private constant OMEGA_LAST = 0x1910cf3d7f4cf2e06d3d2e6646e7ee7b2ead518c3fe97ec9a1ab0fadd65640b2;
    uint256 private constant BLINDING_ROWS = 5;
    /// @dev Rows a Lagrange polynomial is evaluated for: the last usable one, the blinded ones, then those of public inputs.
    uint256 private constant LAGRANGE_ROWS = 7;

    uint256 private constant OMEGA_MINUS_1 = 0x0a4cd1802e9062efb4f3694119d8b1e65030515c5c875ca2cb138b8879c29672;
    uint256 private constant OMEGA_0 = 1;
    uint256 private constant OMEGA_1 = 0x1c4c3a258629905ef6036a4037c3aa6ae18d1d2452d64bd2684cfa8ede70fdc7;

    // The trusted setup: the generator of G2, and the secret times it.
    uint256 private constant G2_X_0 = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 private constant G2_X_1 = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 private constant G2_Y_0 = 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa;
    uint256 private constant G2_Y_1 = 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b;
    uint256 private constant TAU_G2_X_0 = 0x0b7c2bbaabb3afbf49b2a54cd6229313f1f9a2e1a0a88ef94fa8acfee150b27e;
    uint256 private constant TAU_G2_X_1 = 0x035ccef1fbdceb5e73d543db012302aeb6447f3ef68c936a4d66f6b13e8af7ec;
    uint256 private constant TAU_G2_Y_0 = 0x157ed2c7ad0e2112c6994ff234747fd45f20da88f2a43f759c0e1a4fdc7f78aa;
    uint256 private constant TAU_G2_Y_1 = 0x2c04e5937c78bd2b5bcc3f661930a5794588abda9fb802feb175206572bbe91d;

    // Commitments of the verifying key: columns of constants and selectors, then the permutation.
    uint256 private constant FIXED_0_X = 0x2a0a005d0aed9cfa196225d9e97ab1739f799d5d963daeb6f94df6f924225a58;
    uint256 private constant FIXED_0_Y = 0x130e705b3ea4c4a78c679af09deac86aa20c684597e9e0119c664c305d05e6f8;
    uint256 private constant FIXED_1_X = 0x0000000000000000000000000000000000000000000000000000000000000000;
    uint256 private constant FIXED_1_Y = 0x0000000000000000000000000000000000000000000000000000000000000000;
    uint256 private constant FIXED_2_X = 0x0dd2ff6a5a8217e54b4c91b00c3edfda57f6e46f01b1c17194002b5bf004e496;
    uint256 private constant FIXED_2_Y = 0x0c9b37851c53c00ca7ed6dfaae3f48b5410c44c7f47dff1d7a84451915f2c3cf;
    uint256 private constant SIGMA_0_X = 0x2a4b9fb9645e79d766b526419b0c04a26b1c42612e9b0d649bb617f40c5f3394;
    uint256 private constant SIGMA_0_Y = 0x15436999e3df81cb3c11eea19bcf3d73b96cc1ca13490d5177fe3769f5c2fd81;
    uint256 private constant SIGMA_1_X = 0x0b698a608581e6a1f4d97b3e5867762508e86cfc172cebbfbc5b7a37dbced266;
    uint256 private constant SIGMA_1_Y = 0x2e03df2cb1f63b6025e697816d134c8814c5f2400290177107667455347cb195;

    // Words of the transcript, segment by segment; a point is two words. The hash before a segment is its first word.
    uint256 private constant DIGEST = 0x0000;
    uint256 private constant INPUTS = 0x0020;
    uint256 private constant ADVICE_0 = 0x0040;
    uint256 private constant HASH_1 = 0x0080;
    uint256 private constant LOOKUP_INPUT_0 = 0x00a0;
    uint256 private constant LOOKUP_TABLE_0 = 0x00e0;
    uint256 private constant HASH_2 = 0x0120;
    uint256 private constant PERMUTATION_0 = 0x0140;
    uint256 private constant LOOKUP_0 = 0x0180;
    uint256 private constant RANDOM = 0x01c0;
    uint256 private constant HASH_3 = 0x0200;
    uint256 private constant QUOTIENT_0 = 0x0220;
    uint256 private constant QUOTIENT_1 = 0x0260;
    uint256 private constant QUOTIENT_2 = 0x02a0;
    uint256 private constant QUOTIENT_3 = 0x02e0;
    uint256 private constant HASH_4 = 0x0320;
    uint256 private constant EVAL_ADVICE_0_AT_0 = 0x0340;
    uint256 private constant EVAL_FIXED_0_AT_0 = 0x0360;
    uint256 private constant EVAL_FIXED_1_AT_0 = 0x0380;
    uint256 private constant EVAL_FIXED_2_AT_0 = 0x03a0;
    uint256 private constant EVAL_RANDOM = 0x03c0;
    uint256 private constant EVAL_SIGMA_0 = 0x03e0;
    uint256 private constant EVAL_SIGMA_1 = 0x0400;
    uint256 private constant EVAL_PERMUTATION_0 = 0x0420;
    uint256 private constant EVAL_PERMUTATION_0_NEXT = 0x0440;
    uint256 private constant EVAL_LOOKUP_0 = 0x0460;
    uint256 private constant EVAL_LOOKUP_0_NEXT = 0x0480;
    uint256 private constant EVAL_LOOKUP_INPUT_0 = 0x04a0;
    uint256 private constant EVAL_LOOKUP_INPUT_0_BEFORE = 0x04c0;
    uint256 private constant EVAL_LOOKUP_TABLE_0 = 0x04e0;
    uint256 private constant HASH_5 = 0x0500;
    uint256 private constant W = 0x0520;
    uint256 private constant HASH_6 = 0x0560;
    uint256 private constant W_PRIME = 0x0580;
    uint256 private constant THETA = 0x05c0;
    uint256 private constant BETA = 0x05e0;
    uint256 private constant GAMMA = 0x0600;
    uint256 private constant Y = 0x0620;
    uint256 private constant X = 0x0640;
    uint256 private constant MU = 0x0660;
    uint256 private constant NU = 0x0680;
    uint256 private constant U = 0x06a0;
    uint256 private constant X_TO_ROWS = 0x06c0;
    uint256 private constant FIRST_SET = 0x06e0;
    uint256 private constant L_FIRST = 0x0700;
    uint256 private constant L_LAST = 0x0720;
    uint256 private constant L_ACTIVE = 0x0740;
    uint256 private constant EVAL_INSTANCE = 0x0760;
    uint256 private constant EVAL_QUOTIENT = 0x0780;
    uint256 private constant QUOTIENT_X = 0x07a0;
    uint256 private constant QUOTIENT_Y = 0x07c0;
    uint256 private constant TOTAL_X = 0x07e0;
    uint256 private constant TOTAL_Y = 0x0800;
    uint256 private constant DENOMINATORS = 0x0820;
    uint256 private constant VANISHING_INVERSE = 0x0900;
    uint256 private constant X_INVERSE = 0x0920;
    uint256 private constant GAP_MINUS_1 = 0x0940;
    uint256 private constant GAP_0 = 0x0960;
    uint256 private constant GAP_1 = 0x0980;
    uint256 private constant PREFIXES = 0x09a0;
    uint256 private constant DENOMINATOR_BYTES = 0x0180;
    uint256 private constant TEMPORARY_0 = 0x0b20;
    uint256 private constant TEMPORARY_1 = 0x0b40;
    uint256 private constant TEMPORARY_2 = 0x0b60;
    uint256 private constant TEMPORARY_3 = 0x0b80;
    uint256 private constant TEMPORARY_4 = 0x0ba0;
    uint256 private constant TEMPORARY_5 = 0x0bc0;
    uint256 private constant TEMPORARY_6 = 0x0be0;
    uint256 private constant TEMPORARY_7 = 0x0c00;
    uint256 private constant TEMPORARY_8 = 0x0c20;
    uint256 private constant TEMPORARY_9 = 0x0c40;
    uint256 private constant TEMPORARY_10 = 0x0c60;
    uint256 private constant TEMPORARY_11 = 0x0c80;
    uint256 private constant TEMPORARY_12 = 0x0ca0;
    uint256 private constant TEMPORARY_13 = 0x0cc0;
    uint256 private constant SCRATCH = 0x0ce0;
    uint256 private constant MEMORY_BYTES = 0x0e80;

    constructor() {
        uint256 id = block.chainid;
        // Private chains, then Sepolia, Holesky, Hoodi, and the Sepolias of Base, Arbitrum, OP, Linea and Scroll.
        bool known = id == 31337 || id == 1337 || id == 11155111 || id == 17000 || id == 560048 || id == 84532
            || id == 421614 || id == 11155420 || id == 59141 || id == 534351;
        if (!known) revert InsecureSetupOnPublicChain(id);
    }

    /// @notice [tau]_2 of the trusted setup: the two parts of x, then those of y, the real part first.
    function srsTauG2() external pure returns (uint256[4] memory) {
        return [TAU_G2_X_0, TAU_G2_X_1, TAU_G2_Y_0, TAU_G2_Y_1];
    }

    /// @notice Returns if and only if `proof` proves that the circuit is satisfied with these public inputs; reverts otherwise.
    function verify(uint256[1] calldata publicInputs, bytes calldata proof) external view {
        if (proof.length != PROOF_BYTES) revert ProofLengthWrong(proof.length, PROOF_BYTES);
        for (uint256 i = 0; i < 1; ++i) {
            if (publicInputs[i] >= R) revert PublicInputNotInField(i, publicInputs[i]);
        }
        uint256 m;
        assembly ("memory-safe") {
            m := mload(0x40)
            mstore(0x40, add(m, MEMORY_BYTES))
            mstore(add(m, DIGEST), VK_DIGEST)
            calldatacopy(add(m, INPUTS), publicInputs, 0x0020)
            calldatacopy(add(m, ADVICE_0), add(proof.offset, 0x0000), 0x0040)
            calldatacopy(add(m, LOOKUP_INPUT_0), add(proof.offset, 0x0040), 0x0080)
            calldatacopy(add(m, PERMUTATION_0), add(proof.offset, 0x00c0), 0x00c0)
            calldatacopy(add(m, QUOTIENT_0), add(proof.offset, 0x0180), 0x0100)
            calldatacopy(add(m, EVAL_ADVICE_0_AT_0), add(proof.offset, 0x0280), 0x01c0)
            calldatacopy(add(m, W), add(proof.offset, 0x0440), 0x0040)
            calldatacopy(add(m, W_PRIME), add(proof.offset, 0x0480), 0x0040)
        }
        _checkPoints(m, ADVICE_0, 1, 0);
        _checkPoints(m, LOOKUP_INPUT_0, 2, 1);
        _checkPoints(m, PERMUTATION_0, 3, 3);
        _checkPoints(m, QUOTIENT_0, 4, 6);
        _checkPoints(m, W, 1, 10);
        _checkPoints(m, W_PRIME, 1, 11);
        _checkEvaluations(m);
        _challenges(m);
        _invert(m);
        _lagrange(m);
        _constraints(m);
        _open(m);
    }

    /// @dev `count` points from offset `start` on, which are number `first` of the proof and so on.
    function _checkPoints(uint256 m, uint256 start, uint256 count, uint256 first) private pure {
        uint256 bad = type(uint256).max;
        assembly ("memory-safe") {
            let q := Q
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                let x := mload(add(add(m, start), mul(i, 0x40)))
                let y := mload(add(add(m, start), add(mul(i, 0x40), 0x20)))
                let cubic := addmod(mulmod(mulmod(x, x, q), x, q), 3, q)
                if iszero(and(and(lt(x, q), lt(y, q)), eq(mulmod(y, y, q), cubic))) {
                    bad := add(first, i)
                    break
                }
            }
        }
        if (bad != type(uint256).max) revert PointNotOnCurve(bad);
    }

    /// @dev Every evaluation is the one encoding of an element.
    function _checkEvaluations(uint256 m) private pure {
        uint256 bad = type(uint256).max;
        assembly ("memory-safe") {
            let r := R
            let start := add(m, EVAL_ADVICE_0_AT_0)
            for { let i := 0 } lt(i, 14) { i := add(i, 1) } {
                if iszero(lt(mload(add(start, mul(i, 0x20))), r)) {
                    bad := i
                    break
                }
            }
        }
        if (bad != type(uint256).max) revert EvaluationNotInField(bad);
    }

    /// @dev Keccak-256 of a segment is the first word of the next, and modulo r the challenge. Where nothing lies between two challenges, the hash is hashed with one byte 1 behind it.
    function _challenges(uint256 m) private pure {
        assembly ("memory-safe") {
            let r := R
            let hash
            hash := keccak256(add(m, DIGEST), 0x0080)
            mstore(add(m, THETA), mod(hash, r))
            mstore(add(m, HASH_1), hash)
            hash := keccak256(add(m, HASH_1), 0x00a0)
            mstore(add(m, BETA), mod(hash, r))
            mstore(0x00, hash)
            mstore8(0x20, 1)
            hash := keccak256(0x00, 0x21)
            mstore(add(m, GAMMA), mod(hash, r))
            mstore(add(m, HASH_2), hash)
            hash := keccak256(add(m, HASH_2), 0x00e0)
            mstore(add(m, Y), mod(hash, r))
            mstore(add(m, HASH_3), hash)
            hash := keccak256(add(m, HASH_3), 0x0120)
            mstore(add(m, X), mod(hash, r))
            mstore(add(m, HASH_4), hash)
            hash := keccak256(add(m, HASH_4), 0x01e0)
            mstore(add(m, MU), mod(hash, r))
            mstore(0x00, hash)
            mstore8(0x20, 1)
            hash := keccak256(0x00, 0x21)
            mstore(add(m, NU), mod(hash, r))
            mstore(add(m, HASH_5), hash)
            hash := keccak256(add(m, HASH_5), 0x0060)
            mstore(add(m, U), mod(hash, r))
            mstore(add(m, HASH_6), hash)
        }
    }

    /// @dev Inverts every denominator in place, with one inversion of their product: x minus rows of the domain, the
    /// vanishing polynomial at x, x, and u minus points that were opened.
    function _invert(uint256 m) private view {
        uint256 failure;
        assembly ("memory-safe") {
            let r := R
            let x := mload(add(m, X))
            let power := x
            for { let i := 0 } lt(i, LOG_ROWS) { i := add(i, 1) } { power := mulmod(power, power, r) }
            mstore(add(m, X_TO_ROWS), power)

            let at := add(m, DENOMINATORS)
            let omega := OMEGA_LAST
            for { let i := 0 } lt(i, LAGRANGE_ROWS) { i := add(i, 1) } {
                mstore(at, addmod(x, sub(r, omega), r))
                omega := mulmod(omega, OMEGA, r)
                at := add(at, 0x20)
            }
            mstore(add(m, VANISHING_INVERSE), addmod(power, sub(r, 1), r))
            mstore(add(m, X_INVERSE), x)
            let u := mload(add(m, U))
            // Where the first set of polynomials was opened, u minus every point, multiplied.
            let first := 1
            at := addmod(u, sub(r, mulmod(x, OMEGA_MINUS_1, r)), r)
            mstore(add(m, GAP_MINUS_1), at)
            at := addmod(u, sub(r, mulmod(x, OMEGA_0, r)), r)
            mstore(add(m, GAP_0), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_1, r)), r)
            mstore(add(m, GAP_1), at)
            mstore(add(m, FIRST_SET), first)

            // Products of all that come before.
            let product := 1
            let end := add(m, PREFIXES)
            for { at := add(m, DENOMINATORS) } lt(at, end) { at := add(at, 0x20) } {
                mstore(add(at, DENOMINATOR_BYTES), product)
                product := mulmod(product, mload(at), r)
            }
            // product^(r - 2), by the precompiled contract for powers.
            let free := add(m, SCRATCH)
            mstore(free, 0x20)
            mstore(add(free, 0x20), 0x20)
            mstore(add(free, 0x40), 0x20)
            mstore(add(free, 0x60), product)
            mstore(add(free, 0x80), sub(r, 2))
            mstore(add(free, 0xa0), r)
            let done := staticcall(gas(), 5, free, 0xc0, add(free, 0xc0), 0x20)
            failure := iszero(and(done, eq(returndatasize(), 0x20)))
            if iszero(failure) {
                let inverse := mload(add(free, 0xc0))
                if iszero(eq(mulmod(inverse, product, r), 1)) { failure := 2 }
                for {} gt(at, add(m, DENOMINATORS)) {} {
                    at := sub(at, 0x20)
                    let own := mload(at)
                    mstore(at, mulmod(inverse, mload(add(at, DENOMINATOR_BYTES)), r))
                    inverse := mulmod(inverse, own, r)
                }
            }
        }
        if (failure == 1) revert PrecompileFailed(5);
        if (failure == 2) revert InvertOfZero();
    }

    /// @dev Lagrange polynomials at x: omega^i (x^n - 1) / (n (x - omega^i)). And the value there of the polynomial of public inputs.
    function _lagrange(uint256 m) private pure {
        assembly ("memory-safe") {
            let r := R
            let scale := mulmod(addmod(mload(add(m, X_TO_ROWS)), sub(r, 1), r), ROWS_INVERSE, r)
            let at := add(m, DENOMINATORS)
            let omega := OMEGA_LAST
            let last := mulmod(mulmod(scale, omega, r), mload(at), r)
            mstore(add(m, L_LAST), last)
            let inactive := last
            for { let i := 0 } lt(i, BLINDING_ROWS) { i := add(i, 1) } {
                at := add(at, 0x20)
                omega := mulmod(omega, OMEGA, r)
                inactive := addmod(inactive, mulmod(mulmod(scale, omega, r), mload(at), r), r)
            }
            mstore(add(m, L_ACTIVE), addmod(1, sub(r, inactive), r))
            at := add(at, 0x20)
            mstore(add(m, L_FIRST), mulmod(scale, mload(at), r))
            omega := 1
            let value := 0
            for { let i := 0 } lt(i, 0x0020) { i := add(i, 0x20) } {
                let row := mulmod(mulmod(scale, omega, r), mload(add(at, i)), r)
                value := addmod(value, mulmod(row, mload(add(add(m, INPUTS), i)), r), r)
                omega := mulmod(omega, OMEGA, r)
            }
            mstore(add(m, EVAL_INSTANCE), value)
        }
    }

    /// @dev The constraints at x, folded by powers of y, are the vanishing polynomial times the quotient.
    function _constraints(uint256 m) private pure {
        assembly ("memory-safe") {
            let r := R
            let y := mload(add(m, Y))
            let sum := 0
            // gate "nothing is added", 1 of 1
            sum := addmod(
                mulmod(sum, y, r),
                mulmod(mload(add(m, EVAL_FIXED_1_AT_0)), mload(add(m, EVAL_ADVICE_0_AT_0)), r),
                r
            )
            // permutation: the product begins with 1
            mstore(
                add(m, TEMPORARY_0),
                mulmod(mload(add(m, L_FIRST)), addmod(1, sub(r, mload(add(m, EVAL_PERMUTATION_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_0)), r)
            // permutation: the product ends with 0 or 1
            mstore(
                add(m, TEMPORARY_1),
                addmod(
                    mulmod(mload(add(m, EVAL_PERMUTATION_0)), mload(add(m, EVAL_PERMUTATION_0)), r),
                    sub(r, mload(add(m, EVAL_PERMUTATION_0))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_1)), mload(add(m, L_LAST)), r), r)
            // permutation: product 0 multiplies its columns
            mstore(
                add(m, TEMPORARY_2),
                addmod(
                    mload(add(m, EVAL_INSTANCE)),
                    mulmod(
                        mload(add(m, BETA)),
                        mulmod(mload(add(m, X)), 0x09226b6e22c6f0ca64ec26aad4c86e715b5f898e5e963f25870e56bbe533e9a2, r),
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_3),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_0)), mulmod(mload(add(m, BETA)), mload(add(m, X)), r), r),
                    mload(add(m, GAMMA)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_4),
                addmod(
                    addmod(
                        mload(add(m, EVAL_INSTANCE)),
                        mulmod(mload(add(m, BETA)), mload(add(m, EVAL_SIGMA_1)), r),
                        r
                    ),
                    mload(add(m, GAMMA)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_5),
                addmod(
                    addmod(
                        mload(add(m, EVAL_ADVICE_0_AT_0)),
                        mulmod(mload(add(m, BETA)), mload(add(m, EVAL_SIGMA_0)), r),
                        r
                    ),
                    mload(add(m, GAMMA)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_6),
                addmod(
                    mulmod(
                        mulmod(mload(add(m, EVAL_PERMUTATION_0_NEXT)), mload(add(m, TEMPORARY_5)), r),
                        mload(add(m, TEMPORARY_4)),
                        r
                    ),
                    sub(
                        r,
                        mulmod(
                            mulmod(mload(add(m, EVAL_PERMUTATION_0)), mload(add(m, TEMPORARY_3)), r),
                            addmod(mload(add(m, TEMPORARY_2)), mload(add(m, GAMMA)), r),
                            r
                        )
                    ),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_6)), mload(add(m, L_ACTIVE)), r), r)
            // lookup "small": the product begins with 1
            mstore(
                add(m, TEMPORARY_7),
                mulmod(mload(add(m, L_FIRST)), addmod(1, sub(r, mload(add(m, EVAL_LOOKUP_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_7)), r)
            // lookup "small": the product ends with 0 or 1
            mstore(
                add(m, TEMPORARY_8),
                addmod(
                    mulmod(mload(add(m, EVAL_LOOKUP_0)), mload(add(m, EVAL_LOOKUP_0)), r),
                    sub(r, mload(add(m, EVAL_LOOKUP_0))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, L_LAST)), mload(add(m, TEMPORARY_8)), r), r)
            // lookup "small": the product multiplies inputs and table
            mstore(
                add(m, TEMPORARY_9),
                mulmod(
                    mload(add(m, EVAL_LOOKUP_0)),
                    addmod(
                        mulmod(mload(add(m, EVAL_FIXED_2_AT_0)), mload(add(m, EVAL_ADVICE_0_AT_0)), r),
                        mload(add(m, BETA)),
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_10),
                mulmod(
                    mulmod(
                        mload(add(m, EVAL_LOOKUP_0_NEXT)),
                        addmod(mload(add(m, EVAL_LOOKUP_INPUT_0)), mload(add(m, BETA)), r),
                        r
                    ),
                    addmod(mload(add(m, EVAL_LOOKUP_TABLE_0)), mload(add(m, GAMMA)), r),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_11),
                addmod(
                    mload(add(m, TEMPORARY_10)),
                    sub(
                        r,
                        mulmod(
                            mload(add(m, TEMPORARY_9)),
                            addmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, GAMMA)), r),
                            r
                        )
                    ),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_11)), mload(add(m, L_ACTIVE)), r), r)
            // lookup "small": the first input is the first of the table
            mstore(
                add(m, TEMPORARY_12),
                addmod(mload(add(m, EVAL_LOOKUP_INPUT_0)), sub(r, mload(add(m, EVAL_LOOKUP_TABLE_0))), r)
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, L_FIRST)), mload(add(m, TEMPORARY_12)), r), r)
            // lookup "small": an input repeats the one before or is the table's
            mstore(
                add(m, TEMPORARY_13),
                mulmod(
                    mload(add(m, TEMPORARY_12)),
                    addmod(mload(add(m, EVAL_LOOKUP_INPUT_0)), sub(r, mload(add(m, EVAL_LOOKUP_INPUT_0_BEFORE))), r),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_13)), mload(add(m, L_ACTIVE)), r), r)
            mstore(add(m, EVAL_QUOTIENT), mulmod(sum, mload(add(m, VANISHING_INVERSE)), r))
        }
    }

    /// @dev SHPLONK (Boneh, Drake, Fisch, Gabizon: ePrint 2020/081, section 4.1). Polynomials opened at the same points
    /// are one set; mu folds the polynomials of a set, nu the sets.
    function _open(uint256 m) private view {
        uint256 failure;
        assembly ("memory-safe") {
            let r := R
            let mu := mload(add(m, MU))
            let scratch := add(m, SCRATCH)

            // scalar * (the point in scratch) + (x, y), into scratch. Input and output of a call never overlap.
            function combine(at, scalar, px, py) -> failed {
                mstore(add(at, 0x40), scalar)
                let done := staticcall(gas(), 7, at, 0x60, add(at, 0x80), 0x40)
                if iszero(and(done, eq(returndatasize(), 0x40))) {
                    failed := 7
                    leave
                }
                mstore(add(at, 0xc0), px)
                mstore(add(at, 0xe0), py)
                done := staticcall(gas(), 6, add(at, 0x80), 0x80, at, 0x40)
                if iszero(and(done, eq(returndatasize(), 0x40))) { failed := 6 }
            }
            function combineProof(at, scalar, from) -> failed {
                failed := combine(at, scalar, mload(from), mload(add(from, 0x20)))
            }

            // What the sets claim at u.
            let claim := 0
            let power := 1
            // Set 0: ADVICE_0, LOOKUP_TABLE_0, FIXED_0, FIXED_1, FIXED_2, SIGMA_0, SIGMA_1, QUOTIENT, RANDOM at x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_RANDOM))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_QUOTIENT)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_SIGMA_1)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_SIGMA_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_2_AT_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_1_AT_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_0_AT_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_LOOKUP_TABLE_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_ADVICE_0_AT_0)), r)
                value := mulmod(folded, mload(add(m, GAP_0)), r)
                claim := addmod(claim, mulmod(power, value, r), r)
            }
            power := mulmod(power, mload(add(m, NU)), r)
            // Set 1: PERMUTATION_0, LOOKUP_0 at x, omega x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_LOOKUP_0))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_PERMUTATION_0)), r)
                value := mulmod(
                    mulmod(folded, mload(add(m, GAP_0)), r),
                    0x298c9a27909ff94e7ab3a0494cc1b5c5293e4ebac9e8e3d294e8f83936f25b04,
                    r
                )
                folded := mload(add(m, EVAL_LOOKUP_0_NEXT))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_PERMUTATION_0_NEXT)), r)
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_1)), r),
                        0x06d7b44b5091a6db3d9ca56d34bfa297fef5998dafd08cbeaef8fd5ab90da4fd,
                        r
                    ),
                    r
                )
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                claim := addmod(claim, mulmod(power, value, r), r)
            }
            power := mulmod(power, mload(add(m, NU)), r)
            // Set 2: LOOKUP_INPUT_0 at omega^-1 x, x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_LOOKUP_INPUT_0_BEFORE))
                value := mulmod(
                    mulmod(folded, mload(add(m, GAP_MINUS_1)), r),
                    0x298c9a27909ff94e7ab3a0494cc1b5c5293e4ebac9e8e3d294e8f83936f25b03,
                    r
                )
                folded := mload(add(m, EVAL_LOOKUP_INPUT_0))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_0)), r),
                        0x06d7b44b5091a6db3d9ca56d34bfa297fef5998dafd08cbeaef8fd5ab90da4fe,
                        r
                    ),
                    r
                )
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                claim := addmod(claim, mulmod(power, value, r), r)
            }
            claim := mulmod(claim, mload(add(m, FIRST_SET)), r)

            // The quotient's commitment, from its pieces.
            mcopy(scratch, add(m, QUOTIENT_3), 0x40)
            failure := or(failure, combineProof(scratch, mload(add(m, X_TO_ROWS)), add(m, QUOTIENT_2)))
            failure := or(failure, combineProof(scratch, mload(add(m, X_TO_ROWS)), add(m, QUOTIENT_1)))
            failure := or(failure, combineProof(scratch, mload(add(m, X_TO_ROWS)), add(m, QUOTIENT_0)))
            mstore(add(m, QUOTIENT_X), mload(scratch))
            mstore(add(m, QUOTIENT_Y), mload(add(scratch, 0x20)))

            // Commitments, set by set.
            power := mload(add(m, FIRST_SET))
            // Set 0
            mcopy(scratch, add(m, RANDOM), 0x40)
            failure := or(failure, combineProof(scratch, mu, add(m, QUOTIENT_X)))
            failure := or(failure, combine(scratch, mu, SIGMA_1_X, SIGMA_1_Y))
            failure := or(failure, combine(scratch, mu, SIGMA_0_X, SIGMA_0_Y))
            failure := or(failure, combine(scratch, mu, FIXED_2_X, FIXED_2_Y))
            failure := or(failure, combine(scratch, mu, FIXED_1_X, FIXED_1_Y))
            failure := or(failure, combine(scratch, mu, FIXED_0_X, FIXED_0_Y))
            failure := or(failure, combineProof(scratch, mu, add(m, LOOKUP_TABLE_0)))
            failure := or(failure, combineProof(scratch, mu, add(m, ADVICE_0)))
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
            // Set 1
            mcopy(scratch, add(m, LOOKUP_0), 0x40)
            failure := or(failure, combineProof(scratch, mu, add(m, PERMUTATION_0)))
            power := mulmod(power, mload(add(m, NU)), r)
            {
                let scale := power
                scale := mulmod(scale, mload(add(m, GAP_0)), r)
                scale := mulmod(scale, mload(add(m, GAP_1)), r)
                failure := or(failure, combineProof(scratch, scale, add(m, TOTAL_X)))
            }
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
            // Set 2
            mcopy(scratch, add(m, LOOKUP_INPUT_0), 0x40)
            power := mulmod(power, mload(add(m, NU)), r)
            {
                let scale := power
                scale := mulmod(scale, mload(add(m, GAP_MINUS_1)), r)
                scale := mulmod(scale, mload(add(m, GAP_0)), r)
                failure := or(failure, combineProof(scratch, scale, add(m, TOTAL_X)))
            }
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))

            // Minus the claim, minus the first set's points times W, plus u times W'.
            mstore(scratch, 1)
            mstore(add(scratch, 0x20), 2)
            failure := or(failure, combineProof(scratch, sub(r, claim), add(m, TOTAL_X)))
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
            mcopy(scratch, add(m, W), 0x40)
            failure := or(failure, combineProof(scratch, sub(r, mload(add(m, FIRST_SET))), add(m, TOTAL_X)))
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
            mcopy(scratch, add(m, W_PRIME), 0x40)
            failure := or(failure, combineProof(scratch, mload(add(m, U)), add(m, TOTAL_X)))

            // e(total, [1]_2) = e(W', [tau]_2).
            if iszero(failure) {
                mstore(add(scratch, 0x40), G2_X_1)
                mstore(add(scratch, 0x60), G2_X_0)
                mstore(add(scratch, 0x80), G2_Y_1)
                mstore(add(scratch, 0xa0), G2_Y_0)
                mstore(add(scratch, 0xc0), mload(add(m, W_PRIME)))
                mstore(add(scratch, 0xe0), sub(Q, mload(add(m, 0x05a0))))
                mstore(add(scratch, 0x100), TAU_G2_X_1)
                mstore(add(scratch, 0x120), TAU_G2_X_0)
                mstore(add(scratch, 0x140), TAU_G2_Y_1)
                mstore(add(scratch, 0x160), TAU_G2_Y_0)
                let done := staticcall(gas(), 8, scratch, 0x180, add(scratch, 0x180), 0x20)
                if iszero(and(done, eq(returndatasize(), 0x20))) { failure := 8 }
                if iszero(failure) { if iszero(eq(mload(add(scratch, 0x180)), 1)) { failure := 1 } }
            }
        }
        if (failure == 1) revert ProofInvalid();
        if (failure != 0) revert PrecompileFailed(failure);
    }
}
