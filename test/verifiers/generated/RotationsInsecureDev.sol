// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title RotationsInsecureDev
/// @notice Verifies KZG proofs of one halo2 circuit over BN254, opened by SHPLONK. Written by verifier-gen 0.1.0 from
/// the circuit's verifying key: change the generator, not this file.
/// @dev The proof is copied into memory as the transcript absorbs it, word by word; every constant below that has no
/// other meaning is the offset of a word from `m`, where that memory begins. The scalar field is `r`, its elements are
/// kept below it. Many proofs are valid for one statement: nothing may be keyed by a proof.
/// INSECURE: the secret of its trusted setup is known to everybody, who can prove false statements with it.
contract RotationsInsecureDev {
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
    uint256 private constant VK_DIGEST = 0x07984f00f2a1357ba8662c3fdc55862c42442772f6e5d910db1ba68bbd5200e4;
    uint256 private constant PROOF_BYTES = 1728;

    // The domain: 2^6 rows, 13 of them blinded.
    uint256 private constant LOG_ROWS = 6;
    uint256 private constant ROWS_INVERSE = 0x2fa2bd3915acd9a9116f049fa77b52fbb39318a757d28acefed26dbda0400001;
    uint256 private constant OMEGA = 0x1c4c3a258629905ef6036a4037c3aa6ae18d1d2452d64bd2684cfa8ede70fdc7;
    /// @dev omega to the last usable row, -14.
    uint256 private constant OMEGA_LAST = 0x0e2ab23ecd95a07c0f72414bd5308efa99fed0a4d566f73ddefa7dc68a4460b9;
    uint256 private constant BLINDING_ROWS = 13;
    /// @dev Rows a Lagrange polynomial is evaluated for: the last usable one, the blinded ones, then those of public inputs.
    uint256 private constant LAGRANGE_ROWS = 15;

    uint256 private constant OMEGA_MINUS_14 = 0x0e2ab23ecd95a07c0f72414bd5308efa99fed0a4d566f73ddefa7dc68a4460b9;
    uint256 private constant OMEGA_MINUS_2 = 0x2724713603bfbd790aeaf3e7df25d8e7ef8f311334905b4d8c99980cf210979d;
    uint256 private constant OMEGA_MINUS_1 = 0x0a4cd1802e9062efb4f3694119d8b1e65030515c5c875ca2cb138b8879c29672;
    uint256 private constant OMEGA_0 = 1;
    uint256 private constant OMEGA_1 = 0x1c4c3a258629905ef6036a4037c3aa6ae18d1d2452d64bd2684cfa8ede70fdc7;
    uint256 private constant OMEGA_2 = 0x09c532c6306b93d29678200d47c0b2a99c18d51b838eeb1d3eed4c533bb512d0;
    uint256 private constant OMEGA_3 = 0x18c482c8ee14065e620fa2a5df9eeb5cea344fbae45ce443a771ec1ea70f079b;
    uint256 private constant OMEGA_4 = 0x21082ca216cbbf4e1c6e4f4594dd508c996dfbe1174efb98b11509c6e306460b;
    uint256 private constant OMEGA_5 = 0x2d972f69843a2c0c19b85cd3bb8809d36ec7153e10828792cea1af45e28eef24;
    uint256 private constant OMEGA_6 = 0x1277ae6415f0ef18f2ba5fb162c39eb7311f386e2d26d64401f4a25da77c253b;
    uint256 private constant OMEGA_7 = 0x2afeab77bda713a70999e33dd82d13bc8f7febab6f3409b984185f685361d95e;
    uint256 private constant OMEGA_8 = 0x2b337de1c8c14f22ec9b9e2f96afef3652627366f8170a0a948dad4ac1bd5e80;

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
    uint256 private constant FIXED_0_X = 0x17c7495e4933a574e1423adaf59e23ed1c8471eb88068b1fd236cf5d62b9fcaa;
    uint256 private constant FIXED_0_Y = 0x11cbb157dd06c022f4f4c3cdb3e86b66bbb2f11999bf6f4802212f8552720125;
    uint256 private constant SIGMA_0_X = 0x235676f22d6d3f1eabb8736bee02343d036c89d97ff925443d6ab8fc8ce72a21;
    uint256 private constant SIGMA_0_Y = 0x2787cb82582da819c3d6fa6c5cf354ddb19aea24fcfc8af88de431742f12c596;
    uint256 private constant SIGMA_1_X = 0x125f9c1f1eb989643df7539b01a3d804b65c5c095054c88a4671b745d1673902;
    uint256 private constant SIGMA_1_Y = 0x27d8c463cf1a3e81632e41fdcef55d92a781ce46b7ea3a01b77248cea2e7618f;
    uint256 private constant SIGMA_2_X = 0x1419e6be8b29560a840b0151d2c3d6d5594c76087e8ef9e4ffdb427b77c376fc;
    uint256 private constant SIGMA_2_Y = 0x028333a9c3af4f7bbe8ebf802bc7240229480edea41742bdcee7328b1bed7e68;

    // Words of the transcript, segment by segment; a point is two words. The hash before a segment is its first word.
    uint256 private constant DIGEST = 0x0000;
    uint256 private constant INPUTS = 0x0020;
    uint256 private constant ADVICE_0 = 0x0040;
    uint256 private constant ADVICE_1 = 0x0080;
    uint256 private constant HASH_1 = 0x00c0;
    uint256 private constant HASH_2 = 0x00e0;
    uint256 private constant PERMUTATION_0 = 0x0100;
    uint256 private constant PERMUTATION_1 = 0x0140;
    uint256 private constant PERMUTATION_2 = 0x0180;
    uint256 private constant RANDOM = 0x01c0;
    uint256 private constant HASH_3 = 0x0200;
    uint256 private constant QUOTIENT_0 = 0x0220;
    uint256 private constant QUOTIENT_1 = 0x0260;
    uint256 private constant HASH_4 = 0x02a0;
    uint256 private constant EVAL_ADVICE_0_AT_0 = 0x02c0;
    uint256 private constant EVAL_ADVICE_1_AT_0 = 0x02e0;
    uint256 private constant EVAL_ADVICE_0_AT_MINUS_2 = 0x0300;
    uint256 private constant EVAL_ADVICE_0_AT_MINUS_1 = 0x0320;
    uint256 private constant EVAL_ADVICE_0_AT_1 = 0x0340;
    uint256 private constant EVAL_ADVICE_0_AT_2 = 0x0360;
    uint256 private constant EVAL_ADVICE_0_AT_3 = 0x0380;
    uint256 private constant EVAL_ADVICE_0_AT_4 = 0x03a0;
    uint256 private constant EVAL_ADVICE_0_AT_5 = 0x03c0;
    uint256 private constant EVAL_ADVICE_0_AT_6 = 0x03e0;
    uint256 private constant EVAL_ADVICE_0_AT_7 = 0x0400;
    uint256 private constant EVAL_ADVICE_0_AT_8 = 0x0420;
    uint256 private constant EVAL_ADVICE_1_AT_MINUS_1 = 0x0440;
    uint256 private constant EVAL_ADVICE_1_AT_1 = 0x0460;
    uint256 private constant EVAL_ADVICE_1_AT_2 = 0x0480;
    uint256 private constant EVAL_ADVICE_1_AT_3 = 0x04a0;
    uint256 private constant EVAL_ADVICE_1_AT_4 = 0x04c0;
    uint256 private constant EVAL_ADVICE_1_AT_5 = 0x04e0;
    uint256 private constant EVAL_ADVICE_1_AT_6 = 0x0500;
    uint256 private constant EVAL_ADVICE_1_AT_7 = 0x0520;
    uint256 private constant EVAL_ADVICE_1_AT_8 = 0x0540;
    uint256 private constant EVAL_FIXED_0_AT_0 = 0x0560;
    uint256 private constant EVAL_RANDOM = 0x0580;
    uint256 private constant EVAL_SIGMA_0 = 0x05a0;
    uint256 private constant EVAL_SIGMA_1 = 0x05c0;
    uint256 private constant EVAL_SIGMA_2 = 0x05e0;
    uint256 private constant EVAL_PERMUTATION_0 = 0x0600;
    uint256 private constant EVAL_PERMUTATION_0_NEXT = 0x0620;
    uint256 private constant EVAL_PERMUTATION_0_LAST = 0x0640;
    uint256 private constant EVAL_PERMUTATION_1 = 0x0660;
    uint256 private constant EVAL_PERMUTATION_1_NEXT = 0x0680;
    uint256 private constant EVAL_PERMUTATION_1_LAST = 0x06a0;
    uint256 private constant EVAL_PERMUTATION_2 = 0x06c0;
    uint256 private constant EVAL_PERMUTATION_2_NEXT = 0x06e0;
    uint256 private constant HASH_5 = 0x0700;
    uint256 private constant W = 0x0720;
    uint256 private constant HASH_6 = 0x0760;
    uint256 private constant W_PRIME = 0x0780;
    uint256 private constant THETA = 0x07c0;
    uint256 private constant BETA = 0x07e0;
    uint256 private constant GAMMA = 0x0800;
    uint256 private constant Y = 0x0820;
    uint256 private constant X = 0x0840;
    uint256 private constant MU = 0x0860;
    uint256 private constant NU = 0x0880;
    uint256 private constant U = 0x08a0;
    uint256 private constant X_TO_ROWS = 0x08c0;
    uint256 private constant FIRST_SET = 0x08e0;
    uint256 private constant L_FIRST = 0x0900;
    uint256 private constant L_LAST = 0x0920;
    uint256 private constant L_ACTIVE = 0x0940;
    uint256 private constant EVAL_INSTANCE = 0x0960;
    uint256 private constant EVAL_QUOTIENT = 0x0980;
    uint256 private constant QUOTIENT_X = 0x09a0;
    uint256 private constant QUOTIENT_Y = 0x09c0;
    uint256 private constant TOTAL_X = 0x09e0;
    uint256 private constant TOTAL_Y = 0x0a00;
    uint256 private constant DENOMINATORS = 0x0a20;
    uint256 private constant VANISHING_INVERSE = 0x0c00;
    uint256 private constant X_INVERSE = 0x0c20;
    uint256 private constant GAP_MINUS_14 = 0x0c40;
    uint256 private constant GAP_MINUS_2 = 0x0c60;
    uint256 private constant GAP_MINUS_1 = 0x0c80;
    uint256 private constant GAP_0 = 0x0ca0;
    uint256 private constant GAP_1 = 0x0cc0;
    uint256 private constant GAP_2 = 0x0ce0;
    uint256 private constant GAP_3 = 0x0d00;
    uint256 private constant GAP_4 = 0x0d20;
    uint256 private constant GAP_5 = 0x0d40;
    uint256 private constant GAP_6 = 0x0d60;
    uint256 private constant GAP_7 = 0x0d80;
    uint256 private constant GAP_8 = 0x0da0;
    uint256 private constant PREFIXES = 0x0dc0;
    uint256 private constant DENOMINATOR_BYTES = 0x03a0;
    uint256 private constant TEMPORARY_0 = 0x1160;
    uint256 private constant TEMPORARY_1 = 0x1180;
    uint256 private constant TEMPORARY_2 = 0x11a0;
    uint256 private constant TEMPORARY_3 = 0x11c0;
    uint256 private constant TEMPORARY_4 = 0x11e0;
    uint256 private constant TEMPORARY_5 = 0x1200;
    uint256 private constant TEMPORARY_6 = 0x1220;
    uint256 private constant TEMPORARY_7 = 0x1240;
    uint256 private constant TEMPORARY_8 = 0x1260;
    uint256 private constant TEMPORARY_9 = 0x1280;
    uint256 private constant TEMPORARY_10 = 0x12a0;
    uint256 private constant TEMPORARY_11 = 0x12c0;
    uint256 private constant TEMPORARY_12 = 0x12e0;
    uint256 private constant TEMPORARY_13 = 0x1300;
    uint256 private constant TEMPORARY_14 = 0x1320;
    uint256 private constant TEMPORARY_15 = 0x1340;
    uint256 private constant TEMPORARY_16 = 0x1360;
    uint256 private constant TEMPORARY_17 = 0x1380;
    uint256 private constant TEMPORARY_18 = 0x13a0;
    uint256 private constant TEMPORARY_19 = 0x13c0;
    uint256 private constant TEMPORARY_20 = 0x13e0;
    uint256 private constant TEMPORARY_21 = 0x1400;
    uint256 private constant TEMPORARY_22 = 0x1420;
    uint256 private constant TEMPORARY_23 = 0x1440;
    uint256 private constant TEMPORARY_24 = 0x1460;
    uint256 private constant TEMPORARY_25 = 0x1480;
    uint256 private constant TEMPORARY_26 = 0x14a0;
    uint256 private constant TEMPORARY_27 = 0x14c0;
    uint256 private constant TEMPORARY_28 = 0x14e0;
    uint256 private constant TEMPORARY_29 = 0x1500;
    uint256 private constant SCRATCH = 0x1520;
    uint256 private constant MEMORY_BYTES = 0x16c0;

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
            calldatacopy(add(m, ADVICE_0), add(proof.offset, 0x0000), 0x0080)
            calldatacopy(add(m, PERMUTATION_0), add(proof.offset, 0x0080), 0x0100)
            calldatacopy(add(m, QUOTIENT_0), add(proof.offset, 0x0180), 0x0080)
            calldatacopy(add(m, EVAL_ADVICE_0_AT_0), add(proof.offset, 0x0200), 0x0440)
            calldatacopy(add(m, W), add(proof.offset, 0x0640), 0x0040)
            calldatacopy(add(m, W_PRIME), add(proof.offset, 0x0680), 0x0040)
        }
        _checkPoints(m, ADVICE_0, 2, 0);
        _checkPoints(m, PERMUTATION_0, 4, 2);
        _checkPoints(m, QUOTIENT_0, 2, 6);
        _checkPoints(m, W, 1, 8);
        _checkPoints(m, W_PRIME, 1, 9);
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
            for { let i := 0 } lt(i, 34) { i := add(i, 1) } {
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
            hash := keccak256(add(m, DIGEST), 0x00c0)
            mstore(add(m, THETA), mod(hash, r))
            mstore(add(m, HASH_1), hash)
            mstore(0x00, hash)
            mstore8(0x20, 1)
            hash := keccak256(0x00, 0x21)
            mstore(add(m, BETA), mod(hash, r))
            mstore(0x00, hash)
            mstore8(0x20, 1)
            hash := keccak256(0x00, 0x21)
            mstore(add(m, GAMMA), mod(hash, r))
            mstore(add(m, HASH_2), hash)
            hash := keccak256(add(m, HASH_2), 0x0120)
            mstore(add(m, Y), mod(hash, r))
            mstore(add(m, HASH_3), hash)
            hash := keccak256(add(m, HASH_3), 0x00a0)
            mstore(add(m, X), mod(hash, r))
            mstore(add(m, HASH_4), hash)
            hash := keccak256(add(m, HASH_4), 0x0460)
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
            at := addmod(u, sub(r, mulmod(x, OMEGA_MINUS_14, r)), r)
            mstore(add(m, GAP_MINUS_14), at)
            at := addmod(u, sub(r, mulmod(x, OMEGA_MINUS_2, r)), r)
            mstore(add(m, GAP_MINUS_2), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_MINUS_1, r)), r)
            mstore(add(m, GAP_MINUS_1), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_0, r)), r)
            mstore(add(m, GAP_0), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_1, r)), r)
            mstore(add(m, GAP_1), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_2, r)), r)
            mstore(add(m, GAP_2), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_3, r)), r)
            mstore(add(m, GAP_3), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_4, r)), r)
            mstore(add(m, GAP_4), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_5, r)), r)
            mstore(add(m, GAP_5), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_6, r)), r)
            mstore(add(m, GAP_6), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_7, r)), r)
            mstore(add(m, GAP_7), at)
            first := mulmod(first, at, r)
            at := addmod(u, sub(r, mulmod(x, OMEGA_8, r)), r)
            mstore(add(m, GAP_8), at)
            first := mulmod(first, at, r)
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
            // gate "sums of two before, as far as one sees", 1 of 9
            mstore(
                add(m, TEMPORARY_0),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_0)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_MINUS_1))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_MINUS_2))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_0)), r), r)
            // gate "sums of two before, as far as one sees", 2 of 9
            mstore(
                add(m, TEMPORARY_1),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_1)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_0))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_MINUS_1))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_1)), r), r)
            // gate "sums of two before, as far as one sees", 3 of 9
            mstore(
                add(m, TEMPORARY_2),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_2)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_1))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_0))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_2)), r), r)
            // gate "sums of two before, as far as one sees", 4 of 9
            mstore(
                add(m, TEMPORARY_3),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_3)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_2))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_1))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_3)), r), r)
            // gate "sums of two before, as far as one sees", 5 of 9
            mstore(
                add(m, TEMPORARY_4),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_4)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_3))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_2))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_4)), r), r)
            // gate "sums of two before, as far as one sees", 6 of 9
            mstore(
                add(m, TEMPORARY_5),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_5)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_4))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_3))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_5)), r), r)
            // gate "sums of two before, as far as one sees", 7 of 9
            mstore(
                add(m, TEMPORARY_6),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_6)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_5))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_4))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_6)), r), r)
            // gate "sums of two before, as far as one sees", 8 of 9
            mstore(
                add(m, TEMPORARY_7),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_7)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_6))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_5))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_7)), r), r)
            // gate "sums of two before, as far as one sees", 9 of 9
            mstore(
                add(m, TEMPORARY_8),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_8)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_7))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_6))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_8)), r), r)
            // gate "sums of two before, as far as one sees", 1 of 8
            mstore(
                add(m, TEMPORARY_9),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_1_AT_1)), sub(r, mload(add(m, EVAL_ADVICE_1_AT_0))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_1_AT_MINUS_1))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_9)), r), r)
            // gate "sums of two before, as far as one sees", 2 of 8
            mstore(
                add(m, TEMPORARY_10),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_1_AT_2)), sub(r, mload(add(m, EVAL_ADVICE_1_AT_1))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_1_AT_0))),
                    r
                )
            )
            sum := addmod(
                mulmod(sum, y, r),
                mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_10)), r),
                r
            )
            // gate "sums of two before, as far as one sees", 3 of 8
            mstore(
                add(m, TEMPORARY_11),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_1_AT_3)), sub(r, mload(add(m, EVAL_ADVICE_1_AT_2))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_1_AT_1))),
                    r
                )
            )
            sum := addmod(
                mulmod(sum, y, r),
                mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_11)), r),
                r
            )
            // gate "sums of two before, as far as one sees", 4 of 8
            mstore(
                add(m, TEMPORARY_12),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_1_AT_4)), sub(r, mload(add(m, EVAL_ADVICE_1_AT_3))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_1_AT_2))),
                    r
                )
            )
            sum := addmod(
                mulmod(sum, y, r),
                mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_12)), r),
                r
            )
            // gate "sums of two before, as far as one sees", 5 of 8
            mstore(
                add(m, TEMPORARY_13),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_1_AT_5)), sub(r, mload(add(m, EVAL_ADVICE_1_AT_4))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_1_AT_3))),
                    r
                )
            )
            sum := addmod(
                mulmod(sum, y, r),
                mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_13)), r),
                r
            )
            // gate "sums of two before, as far as one sees", 6 of 8
            mstore(
                add(m, TEMPORARY_14),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_1_AT_6)), sub(r, mload(add(m, EVAL_ADVICE_1_AT_5))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_1_AT_4))),
                    r
                )
            )
            sum := addmod(
                mulmod(sum, y, r),
                mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_14)), r),
                r
            )
            // gate "sums of two before, as far as one sees", 7 of 8
            mstore(
                add(m, TEMPORARY_15),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_1_AT_7)), sub(r, mload(add(m, EVAL_ADVICE_1_AT_6))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_1_AT_5))),
                    r
                )
            )
            sum := addmod(
                mulmod(sum, y, r),
                mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_15)), r),
                r
            )
            // gate "sums of two before, as far as one sees", 8 of 8
            mstore(
                add(m, TEMPORARY_16),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_1_AT_8)), sub(r, mload(add(m, EVAL_ADVICE_1_AT_7))), r),
                    sub(r, mload(add(m, EVAL_ADVICE_1_AT_6))),
                    r
                )
            )
            sum := addmod(
                mulmod(sum, y, r),
                mulmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, TEMPORARY_16)), r),
                r
            )
            // permutation: the product begins with 1
            mstore(
                add(m, TEMPORARY_17),
                mulmod(mload(add(m, L_FIRST)), addmod(1, sub(r, mload(add(m, EVAL_PERMUTATION_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_17)), r)
            // permutation: the product ends with 0 or 1
            mstore(
                add(m, TEMPORARY_18),
                addmod(
                    mulmod(mload(add(m, EVAL_PERMUTATION_2)), mload(add(m, EVAL_PERMUTATION_2)), r),
                    sub(r, mload(add(m, EVAL_PERMUTATION_2))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_18)), mload(add(m, L_LAST)), r), r)
            // permutation: product 1 begins where product 0 ends
            mstore(
                add(m, TEMPORARY_19),
                mulmod(
                    addmod(mload(add(m, EVAL_PERMUTATION_1)), sub(r, mload(add(m, EVAL_PERMUTATION_0_LAST))), r),
                    mload(add(m, L_FIRST)),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_19)), r)
            // permutation: product 2 begins where product 1 ends
            mstore(
                add(m, TEMPORARY_20),
                mulmod(
                    addmod(mload(add(m, EVAL_PERMUTATION_2)), sub(r, mload(add(m, EVAL_PERMUTATION_1_LAST))), r),
                    mload(add(m, L_FIRST)),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_20)), r)
            // permutation: product 0 multiplies its columns
            mstore(
                add(m, TEMPORARY_21),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_0)), mulmod(mload(add(m, BETA)), mload(add(m, X)), r), r),
                    mload(add(m, GAMMA)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_22),
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
                add(m, TEMPORARY_23),
                addmod(
                    mulmod(mload(add(m, EVAL_PERMUTATION_0_NEXT)), mload(add(m, TEMPORARY_22)), r),
                    sub(r, mulmod(mload(add(m, EVAL_PERMUTATION_0)), mload(add(m, TEMPORARY_21)), r)),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_23)), mload(add(m, L_ACTIVE)), r), r)
            // permutation: product 1 multiplies its columns
            mstore(
                add(m, TEMPORARY_24),
                addmod(
                    mload(add(m, EVAL_ADVICE_1_AT_0)),
                    mulmod(
                        mload(add(m, BETA)),
                        mulmod(mload(add(m, X)), 0x09226b6e22c6f0ca64ec26aad4c86e715b5f898e5e963f25870e56bbe533e9a2, r),
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_25),
                addmod(
                    addmod(
                        mload(add(m, EVAL_ADVICE_1_AT_0)),
                        mulmod(mload(add(m, BETA)), mload(add(m, EVAL_SIGMA_1)), r),
                        r
                    ),
                    mload(add(m, GAMMA)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_26),
                addmod(
                    mulmod(mload(add(m, EVAL_PERMUTATION_1_NEXT)), mload(add(m, TEMPORARY_25)), r),
                    sub(
                        r,
                        mulmod(
                            mload(add(m, EVAL_PERMUTATION_1)),
                            addmod(mload(add(m, TEMPORARY_24)), mload(add(m, GAMMA)), r),
                            r
                        )
                    ),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_26)), mload(add(m, L_ACTIVE)), r), r)
            // permutation: product 2 multiplies its columns
            mstore(
                add(m, TEMPORARY_27),
                addmod(
                    mload(add(m, EVAL_INSTANCE)),
                    mulmod(
                        mload(add(m, BETA)),
                        mulmod(mload(add(m, X)), 0x13b360d4e82fe915fed16081038f98c211427b87a281bd733c277dbadf10372b, r),
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_28),
                addmod(
                    addmod(
                        mload(add(m, EVAL_INSTANCE)),
                        mulmod(mload(add(m, BETA)), mload(add(m, EVAL_SIGMA_2)), r),
                        r
                    ),
                    mload(add(m, GAMMA)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_29),
                addmod(
                    mulmod(mload(add(m, EVAL_PERMUTATION_2_NEXT)), mload(add(m, TEMPORARY_28)), r),
                    sub(
                        r,
                        mulmod(
                            mload(add(m, EVAL_PERMUTATION_2)),
                            addmod(mload(add(m, TEMPORARY_27)), mload(add(m, GAMMA)), r),
                            r
                        )
                    ),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_29)), mload(add(m, L_ACTIVE)), r), r)
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
            // Set 0: ADVICE_0 at omega^-2 x, omega^-1 x, x, omega x, omega^2 x, omega^3 x, omega^4 x, omega^5 x, omega^6 x, omega^7 x, omega^8 x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_ADVICE_0_AT_MINUS_2))
                value := mulmod(
                    mulmod(folded, mload(add(m, GAP_MINUS_2)), r),
                    0x10b1ddf0447cb0a9dfaede7131c8cf9dd73f5851e8ae1248951d69768ab42826,
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_MINUS_1))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_MINUS_1)), r),
                        0x0a22c5feb3eee2d5ce2eb4578e0685074928dc585cdef00ec13d5d805a3b4dfe,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_0))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_0)), r),
                        0x26f54546ba503eb385dfd0f3039668596e6a1ca7c69dfa83fa1a0dfddfd7fc96,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_1))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_1)), r),
                        0x0fd90f12d116454b74c43c8d798e3ac0510cca453adc59ed2d6f1225f2887ac8,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_2))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_2)), r),
                        0x0ceadffb6ea30e0385663629c817121a3092783778cd1d99566e71b69111fde7,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_3))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_3)), r),
                        0x2900e4b756ab825147da00f5059a88953468a4cb3bcc74c8370a5ddbc92c3993,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_4))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_4)), r),
                        0x2d63aeb38420c8569619fb1386d426826901338384aaa95d59c3b5c306f6d251,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_5))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_5)), r),
                        0x031049e75030d7fad28b6fa9776a659c5519c07c572fc796a0d83898ee244ab2,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_6))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_6)), r),
                        0x1b043b48259dd30717067b4fb50b884cc9b4998d306267514c85df5d90c12b42,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_7))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_7)), r),
                        0x1203d644fac5c3d559b2e3072b1a42995364d5c15eaa3f04259079ffac4fcc64,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_8))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_8)), r),
                        0x0ceac11b282241cf4a70bc149e7cd05ea8f4ed81fa173262db5acd7d6c45c660,
                        r
                    ),
                    r
                )
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                claim := addmod(claim, mulmod(power, value, r), r)
            }
            power := mulmod(power, mload(add(m, NU)), r)
            // Set 1: ADVICE_1 at omega^-1 x, x, omega x, omega^2 x, omega^3 x, omega^4 x, omega^5 x, omega^6 x, omega^7 x, omega^8 x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_ADVICE_1_AT_MINUS_1))
                value := mulmod(
                    mulmod(folded, mload(add(m, GAP_MINUS_1)), r),
                    0x1d7df6120232869cc3b00ab23564861d03dc853f55134064bb8395d56b5660db,
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_1_AT_0))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_0)), r),
                        0x07ccacfdb6e4b6b0059c5ebc2047205d2a0b867ae4ca1e65a1b01a7f01d4b60a,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_1_AT_1))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_1)), r),
                        0x06f19f365f424cf5d735649063742ce37a348e2acb41d87994d4627c9d5f77a3,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_1_AT_2))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_2)), r),
                        0x1968ac34d6041a1948c82915a5d4b7af27464a4fc2afe069748e66f29b1fd1e3,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_1_AT_3))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_3)), r),
                        0x1828a3c24b8db56c01762cdcec981ac68c1a4b39d0036629d3bf86e7e98b3f1e,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_1_AT_4))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_4)), r),
                        0x093f835eb9a45ba5e3b3e08373d5fcbcf95ae37723f762f4de13c85a5325ce4b,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_1_AT_5))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_5)), r),
                        0x2a06d8918217bb1fdc7e45b5793a5ac88ebb5d439dadf9aee8bd38e517164cd8,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_1_AT_6))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_6)), r),
                        0x130165960c23f3e5da660fa927efcf73256688294240d9bf6031b9b2a3abadd4,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_1_AT_7))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_7)), r),
                        0x0c313cb1426248a65ba04c2a618b1863ea8512ff35aaa94d17978d9545554108,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_1_AT_8))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_8)), r),
                        0x114aa956c098d38d004870dc43ed7c44ad5095d0158264bd96978d1cdd8d567c,
                        r
                    ),
                    r
                )
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                claim := addmod(claim, mulmod(power, value, r), r)
            }
            power := mulmod(power, mload(add(m, NU)), r)
            // Set 2: PERMUTATION_0, PERMUTATION_1 at omega^-14 x, x, omega x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_PERMUTATION_1_LAST))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_PERMUTATION_0_LAST)), r)
                value := mulmod(
                    mulmod(folded, mload(add(m, GAP_MINUS_14)), r),
                    0x2393cec06e245c35a3f1e83201f367b3c8a3b81a18a66fca6899fdaeb61d0a7a,
                    r
                )
                folded := mload(add(m, EVAL_PERMUTATION_1))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_PERMUTATION_0)), r)
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_0)), r),
                        0x2563347319fb0dea66a21028703a9aa74819428e24c0ed42002d04a0784185f9,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_PERMUTATION_1_NEXT))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_PERMUTATION_0_NEXT)), r)
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_1)), r),
                        0x17d199b23a43d633660c931290d4ae5f3faad5e8b60b84161efce8d8b1a16f8f,
                        r
                    ),
                    r
                )
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                claim := addmod(claim, mulmod(power, value, r), r)
            }
            power := mulmod(power, mload(add(m, NU)), r)
            // Set 3: PERMUTATION_2 at x, omega x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_PERMUTATION_2))
                value := mulmod(
                    mulmod(folded, mload(add(m, GAP_0)), r),
                    0x298c9a27909ff94e7ab3a0494cc1b5c5293e4ebac9e8e3d294e8f83936f25b04,
                    r
                )
                folded := mload(add(m, EVAL_PERMUTATION_2_NEXT))
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
            // Set 4: FIXED_0, SIGMA_0, SIGMA_1, SIGMA_2, QUOTIENT, RANDOM at x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_RANDOM))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_QUOTIENT)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_SIGMA_2)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_SIGMA_1)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_SIGMA_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_0_AT_0)), r)
                value := mulmod(folded, mload(add(m, GAP_0)), r)
                claim := addmod(claim, mulmod(power, value, r), r)
            }
            claim := mulmod(claim, mload(add(m, FIRST_SET)), r)

            // The quotient's commitment, from its pieces.
            mcopy(scratch, add(m, QUOTIENT_1), 0x40)
            failure := or(failure, combineProof(scratch, mload(add(m, X_TO_ROWS)), add(m, QUOTIENT_0)))
            mstore(add(m, QUOTIENT_X), mload(scratch))
            mstore(add(m, QUOTIENT_Y), mload(add(scratch, 0x20)))

            // Commitments, set by set.
            power := mload(add(m, FIRST_SET))
            // Set 0
            mcopy(scratch, add(m, ADVICE_0), 0x40)
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
            // Set 1
            mcopy(scratch, add(m, ADVICE_1), 0x40)
            power := mulmod(power, mload(add(m, NU)), r)
            {
                let scale := power
                scale := mulmod(scale, mload(add(m, GAP_MINUS_1)), r)
                scale := mulmod(scale, mload(add(m, GAP_0)), r)
                scale := mulmod(scale, mload(add(m, GAP_1)), r)
                scale := mulmod(scale, mload(add(m, GAP_2)), r)
                scale := mulmod(scale, mload(add(m, GAP_3)), r)
                scale := mulmod(scale, mload(add(m, GAP_4)), r)
                scale := mulmod(scale, mload(add(m, GAP_5)), r)
                scale := mulmod(scale, mload(add(m, GAP_6)), r)
                scale := mulmod(scale, mload(add(m, GAP_7)), r)
                scale := mulmod(scale, mload(add(m, GAP_8)), r)
                failure := or(failure, combineProof(scratch, scale, add(m, TOTAL_X)))
            }
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
            // Set 2
            mcopy(scratch, add(m, PERMUTATION_1), 0x40)
            failure := or(failure, combineProof(scratch, mu, add(m, PERMUTATION_0)))
            power := mulmod(power, mload(add(m, NU)), r)
            {
                let scale := power
                scale := mulmod(scale, mload(add(m, GAP_MINUS_14)), r)
                scale := mulmod(scale, mload(add(m, GAP_0)), r)
                scale := mulmod(scale, mload(add(m, GAP_1)), r)
                failure := or(failure, combineProof(scratch, scale, add(m, TOTAL_X)))
            }
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
            // Set 3
            mcopy(scratch, add(m, PERMUTATION_2), 0x40)
            power := mulmod(power, mload(add(m, NU)), r)
            {
                let scale := power
                scale := mulmod(scale, mload(add(m, GAP_0)), r)
                scale := mulmod(scale, mload(add(m, GAP_1)), r)
                failure := or(failure, combineProof(scratch, scale, add(m, TOTAL_X)))
            }
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
            // Set 4
            mcopy(scratch, add(m, RANDOM), 0x40)
            failure := or(failure, combineProof(scratch, mu, add(m, QUOTIENT_X)))
            failure := or(failure, combine(scratch, mu, SIGMA_2_X, SIGMA_2_Y))
            failure := or(failure, combine(scratch, mu, SIGMA_1_X, SIGMA_1_Y))
            failure := or(failure, combine(scratch, mu, SIGMA_0_X, SIGMA_0_Y))
            failure := or(failure, combine(scratch, mu, FIXED_0_X, FIXED_0_Y))
            power := mulmod(power, mload(add(m, NU)), r)
            {
                let scale := power
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
                mstore(add(scratch, 0xe0), sub(Q, mload(add(m, 0x07a0))))
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
