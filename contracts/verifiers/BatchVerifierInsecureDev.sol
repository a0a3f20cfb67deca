// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @title BatchVerifierInsecureDev
/// @notice Verifies KZG proofs of one halo2 circuit over BN254, opened by SHPLONK. Written by verifier-gen 0.1.0 from
/// the circuit's verifying key: change the generator, not this file.
/// @dev The proof is copied into memory as the transcript absorbs it, word by word; every constant below that has no
/// other meaning is the offset of a word from `m`, where that memory begins. The scalar field is `r`, its elements are
/// kept below it. Many proofs are valid for one statement: nothing may be keyed by a proof.
/// INSECURE: the secret of its trusted setup is known to everybody, who can prove false statements with it.
contract BatchVerifierInsecureDev is IVerifier {
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

    /// @inheritdoc IVerifier
    uint16 public constant slotCapacity = 94;
    /// @inheritdoc IVerifier
    uint8 public constant messageCapacity = 4;
    /// @inheritdoc IVerifier
    uint8 public constant exitCapacity = 8;
    /// @inheritdoc IVerifier
    bytes32 public constant circuitHash = 0xd9ea48f39ff400c741eb6b26e94bf0533bf19bcbca089cd17a959bc43d403c6c;
    /// @inheritdoc IVerifier
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
    uint256 private constant VK_DIGEST = 0x11097103ec1d20522fa371d07369dec32680e30d2318ff5ebb3936c861a86fe1;
    uint256 private constant PROOF_BYTES = 1600;

    // The domain: 2^20 rows, 9 of them blinded.
    uint256 private constant LOG_ROWS = 20;
    uint256 private constant ROWS_INVERSE = 0x30644b6c9c4a72169e4daa317d25f04512ae15c53b34e8f5acd8e155d0a6c101;
    uint256 private constant OMEGA = 0x2a14464f1ff42de3856402b62520e670745e39fada049d5b2f0e1e3182673378;
    /// @dev omega to the last usable row, -10.
    uint256 private constant OMEGA_LAST = 0x03e993999c4b76f4fcb814a4d6a97775e5e004db0c3bb134219a9c27cf543bb0;
    uint256 private constant BLINDING_ROWS = 9;
    /// @dev Rows a Lagrange polynomial is evaluated for: the last usable one, the blinded ones, then those of public inputs.
    uint256 private constant LAGRANGE_ROWS = 12;

    uint256 private constant OMEGA_MINUS_1 = 0x220db0d8bf832baf9eecbf4fa49947e0b2a3d31df0a733ea5ae8abbdab442d5f;
    uint256 private constant OMEGA_0 = 1;
    uint256 private constant OMEGA_1 = 0x2a14464f1ff42de3856402b62520e670745e39fada049d5b2f0e1e3182673378;
    uint256 private constant OMEGA_2 = 0x0cf1526aaafac6bacbb67d11a4077806b123f767e4b0883d14cc0193568fc082;
    uint256 private constant OMEGA_3 = 0x157057e61fa68c20f015bccca35a72daa53b29abd151cfa1431a92029ece5c0e;
    uint256 private constant OMEGA_4 = 0x0f60c8fe0414cb9379b2d39267945f6bd60d06a05216231b26a9fcf88ddbfebe;
    uint256 private constant OMEGA_5 = 0x0bb1b800e0fc2016082cf25a117ee7ebc61bdc048d093fbf025ec0794556abea;
    uint256 private constant OMEGA_6 = 0x09f83b8b9c5b192f9193a231814c3163b9b8c636b1d40961a83ac1f42dc63b26;

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
    uint256 private constant FIXED_0_X = 0x013fd7d139216dd358b16b19419de753e47d5216d94d51cce0b6d5bcad08cd2a;
    uint256 private constant FIXED_0_Y = 0x290a276d6312613a91f3018776f783ad8280133a0efc8cf1a28983acc6fa5384;
    uint256 private constant FIXED_1_X = 0x04c0a35b627f73c3a62193210f59b89f86c1c0622a240f9cf18a03f6ddb4b4cb;
    uint256 private constant FIXED_1_Y = 0x0566d788bc2ef0de85d5cb17dd50fab1e3eff23da7d984fb9d055d8d73c2bfbd;
    uint256 private constant FIXED_2_X = 0x1250ded305286e4615b95718a32a43b3f334062420ab326ca51439b9da847fcf;
    uint256 private constant FIXED_2_Y = 0x099d7572fee0271ae6808350be50a6c320ddac11f260d6cd4ec332a915c30bc8;
    uint256 private constant FIXED_3_X = 0x0b721d208f63630f94e96c9f2dd047592e1306a71413f123c8482fa5f631bef2;
    uint256 private constant FIXED_3_Y = 0x191722af58dbff7a78ecaebb168ddd93e86bab0c83428b11cf06d73674bc6680;
    uint256 private constant FIXED_4_X = 0x09db298de7ba44c0a395a7a2600a0cd433390ce24ea1bfd60c7937ef7a0b636c;
    uint256 private constant FIXED_4_Y = 0x22dd7d49b6161098cfbee6bf8c7a1481af398d777d64627abb3300fd5d222f02;
    uint256 private constant FIXED_5_X = 0x210a16da7e13c1f4da0b66f8fc5a97fc2f3f7388447f5973a23f1338707354b6;
    uint256 private constant FIXED_5_Y = 0x075f521ebfd23fcff297450eb3f05be1a38c965abf00107b18a27f72591e8249;
    uint256 private constant FIXED_6_X = 0x09cd09314319c7847ebaa5dbfded35243e970cc22c26ffca75ba1ba08604ad49;
    uint256 private constant FIXED_6_Y = 0x14866680498abcbef0e0b906974f7d6cc49c15fd6e73f132def5d9ff09c65fe0;
    uint256 private constant SIGMA_0_X = 0x0097eef68d29d861f143508926521923424999afd79e508ca4b86b0729c78dfd;
    uint256 private constant SIGMA_0_Y = 0x0b977eb7101628542ab43b1d699236a2f2f6b446908248e07ffa6571ccf4e709;
    uint256 private constant SIGMA_1_X = 0x191171490701896cacc7bb2657cc1d626ce8ca3a5b048813a8241a8acc44dce0;
    uint256 private constant SIGMA_1_Y = 0x18b1ddb659fe23bd3e4766802a86d78f4e0edd5eb0fe6a5b526bcd72e6123c91;
    uint256 private constant SIGMA_2_X = 0x279f138dd86280a3f3c95ba4233d75f739cbc5870aa30c4f207398a58464484c;
    uint256 private constant SIGMA_2_Y = 0x2dab50d8b2783b980ed33bd3ef960cd314e6756138171ef3b5b2856fe8bb7959;

    // Words of the transcript, segment by segment; a point is two words. The hash before a segment is its first word.
    uint256 private constant DIGEST = 0x0000;
    uint256 private constant INPUTS = 0x0020;
    uint256 private constant ADVICE_0 = 0x0060;
    uint256 private constant HASH_1 = 0x00a0;
    uint256 private constant LOOKUP_INPUT_0 = 0x00c0;
    uint256 private constant LOOKUP_TABLE_0 = 0x0100;
    uint256 private constant HASH_2 = 0x0140;
    uint256 private constant PERMUTATION_0 = 0x0160;
    uint256 private constant LOOKUP_0 = 0x01a0;
    uint256 private constant RANDOM = 0x01e0;
    uint256 private constant HASH_3 = 0x0220;
    uint256 private constant QUOTIENT_0 = 0x0240;
    uint256 private constant QUOTIENT_1 = 0x0280;
    uint256 private constant QUOTIENT_2 = 0x02c0;
    uint256 private constant QUOTIENT_3 = 0x0300;
    uint256 private constant HASH_4 = 0x0340;
    uint256 private constant EVAL_ADVICE_0_AT_0 = 0x0360;
    uint256 private constant EVAL_ADVICE_0_AT_1 = 0x0380;
    uint256 private constant EVAL_ADVICE_0_AT_2 = 0x03a0;
    uint256 private constant EVAL_ADVICE_0_AT_3 = 0x03c0;
    uint256 private constant EVAL_ADVICE_0_AT_4 = 0x03e0;
    uint256 private constant EVAL_ADVICE_0_AT_5 = 0x0400;
    uint256 private constant EVAL_ADVICE_0_AT_6 = 0x0420;
    uint256 private constant EVAL_FIXED_1_AT_0 = 0x0440;
    uint256 private constant EVAL_FIXED_0_AT_0 = 0x0460;
    uint256 private constant EVAL_FIXED_2_AT_0 = 0x0480;
    uint256 private constant EVAL_FIXED_4_AT_0 = 0x04a0;
    uint256 private constant EVAL_FIXED_3_AT_0 = 0x04c0;
    uint256 private constant EVAL_FIXED_3_AT_MINUS_1 = 0x04e0;
    uint256 private constant EVAL_FIXED_5_AT_0 = 0x0500;
    uint256 private constant EVAL_FIXED_6_AT_0 = 0x0520;
    uint256 private constant EVAL_RANDOM = 0x0540;
    uint256 private constant EVAL_SIGMA_0 = 0x0560;
    uint256 private constant EVAL_SIGMA_1 = 0x0580;
    uint256 private constant EVAL_SIGMA_2 = 0x05a0;
    uint256 private constant EVAL_PERMUTATION_0 = 0x05c0;
    uint256 private constant EVAL_PERMUTATION_0_NEXT = 0x05e0;
    uint256 private constant EVAL_LOOKUP_0 = 0x0600;
    uint256 private constant EVAL_LOOKUP_0_NEXT = 0x0620;
    uint256 private constant EVAL_LOOKUP_INPUT_0 = 0x0640;
    uint256 private constant EVAL_LOOKUP_INPUT_0_BEFORE = 0x0660;
    uint256 private constant EVAL_LOOKUP_TABLE_0 = 0x0680;
    uint256 private constant HASH_5 = 0x06a0;
    uint256 private constant W = 0x06c0;
    uint256 private constant HASH_6 = 0x0700;
    uint256 private constant W_PRIME = 0x0720;
    uint256 private constant THETA = 0x0760;
    uint256 private constant BETA = 0x0780;
    uint256 private constant GAMMA = 0x07a0;
    uint256 private constant Y = 0x07c0;
    uint256 private constant X = 0x07e0;
    uint256 private constant MU = 0x0800;
    uint256 private constant NU = 0x0820;
    uint256 private constant U = 0x0840;
    uint256 private constant X_TO_ROWS = 0x0860;
    uint256 private constant FIRST_SET = 0x0880;
    uint256 private constant L_FIRST = 0x08a0;
    uint256 private constant L_LAST = 0x08c0;
    uint256 private constant L_ACTIVE = 0x08e0;
    uint256 private constant EVAL_INSTANCE = 0x0900;
    uint256 private constant EVAL_QUOTIENT = 0x0920;
    uint256 private constant QUOTIENT_X = 0x0940;
    uint256 private constant QUOTIENT_Y = 0x0960;
    uint256 private constant TOTAL_X = 0x0980;
    uint256 private constant TOTAL_Y = 0x09a0;
    uint256 private constant DENOMINATORS = 0x09c0;
    uint256 private constant VANISHING_INVERSE = 0x0b40;
    uint256 private constant X_INVERSE = 0x0b60;
    uint256 private constant GAP_MINUS_1 = 0x0b80;
    uint256 private constant GAP_0 = 0x0ba0;
    uint256 private constant GAP_1 = 0x0bc0;
    uint256 private constant GAP_2 = 0x0be0;
    uint256 private constant GAP_3 = 0x0c00;
    uint256 private constant GAP_4 = 0x0c20;
    uint256 private constant GAP_5 = 0x0c40;
    uint256 private constant GAP_6 = 0x0c60;
    uint256 private constant PREFIXES = 0x0c80;
    uint256 private constant DENOMINATOR_BYTES = 0x02c0;
    uint256 private constant TEMPORARY_0 = 0x0f40;
    uint256 private constant TEMPORARY_1 = 0x0f60;
    uint256 private constant TEMPORARY_2 = 0x0f80;
    uint256 private constant TEMPORARY_3 = 0x0fa0;
    uint256 private constant TEMPORARY_4 = 0x0fc0;
    uint256 private constant TEMPORARY_5 = 0x0fe0;
    uint256 private constant TEMPORARY_6 = 0x1000;
    uint256 private constant TEMPORARY_7 = 0x1020;
    uint256 private constant TEMPORARY_8 = 0x1040;
    uint256 private constant TEMPORARY_9 = 0x1060;
    uint256 private constant TEMPORARY_10 = 0x1080;
    uint256 private constant TEMPORARY_11 = 0x10a0;
    uint256 private constant TEMPORARY_12 = 0x10c0;
    uint256 private constant TEMPORARY_13 = 0x10e0;
    uint256 private constant TEMPORARY_14 = 0x1100;
    uint256 private constant TEMPORARY_15 = 0x1120;
    uint256 private constant TEMPORARY_16 = 0x1140;
    uint256 private constant TEMPORARY_17 = 0x1160;
    uint256 private constant TEMPORARY_18 = 0x1180;
    uint256 private constant TEMPORARY_19 = 0x11a0;
    uint256 private constant TEMPORARY_20 = 0x11c0;
    uint256 private constant TEMPORARY_21 = 0x11e0;
    uint256 private constant TEMPORARY_22 = 0x1200;
    uint256 private constant TEMPORARY_23 = 0x1220;
    uint256 private constant TEMPORARY_24 = 0x1240;
    uint256 private constant TEMPORARY_25 = 0x1260;
    uint256 private constant TEMPORARY_26 = 0x1280;
    uint256 private constant TEMPORARY_27 = 0x12a0;
    uint256 private constant TEMPORARY_28 = 0x12c0;
    uint256 private constant TEMPORARY_29 = 0x12e0;
    uint256 private constant TEMPORARY_30 = 0x1300;
    uint256 private constant TEMPORARY_31 = 0x1320;
    uint256 private constant TEMPORARY_32 = 0x1340;
    uint256 private constant TEMPORARY_33 = 0x1360;
    uint256 private constant TEMPORARY_34 = 0x1380;
    uint256 private constant TEMPORARY_35 = 0x13a0;
    uint256 private constant TEMPORARY_36 = 0x13c0;
    uint256 private constant TEMPORARY_37 = 0x13e0;
    uint256 private constant TEMPORARY_38 = 0x1400;
    uint256 private constant TEMPORARY_39 = 0x1420;
    uint256 private constant TEMPORARY_40 = 0x1440;
    uint256 private constant TEMPORARY_41 = 0x1460;
    uint256 private constant TEMPORARY_42 = 0x1480;
    uint256 private constant TEMPORARY_43 = 0x14a0;
    uint256 private constant TEMPORARY_44 = 0x14c0;
    uint256 private constant TEMPORARY_45 = 0x14e0;
    uint256 private constant TEMPORARY_46 = 0x1500;
    uint256 private constant TEMPORARY_47 = 0x1520;
    uint256 private constant TEMPORARY_48 = 0x1540;
    uint256 private constant TEMPORARY_49 = 0x1560;
    uint256 private constant TEMPORARY_50 = 0x1580;
    uint256 private constant TEMPORARY_51 = 0x15a0;
    uint256 private constant TEMPORARY_52 = 0x15c0;
    uint256 private constant TEMPORARY_53 = 0x15e0;
    uint256 private constant TEMPORARY_54 = 0x1600;
    uint256 private constant TEMPORARY_55 = 0x1620;
    uint256 private constant TEMPORARY_56 = 0x1640;
    uint256 private constant TEMPORARY_57 = 0x1660;
    uint256 private constant TEMPORARY_58 = 0x1680;
    uint256 private constant TEMPORARY_59 = 0x16a0;
    uint256 private constant TEMPORARY_60 = 0x16c0;
    uint256 private constant TEMPORARY_61 = 0x16e0;
    uint256 private constant TEMPORARY_62 = 0x1700;
    uint256 private constant TEMPORARY_63 = 0x1720;
    uint256 private constant TEMPORARY_64 = 0x1740;
    uint256 private constant TEMPORARY_65 = 0x1760;
    uint256 private constant TEMPORARY_66 = 0x1780;
    uint256 private constant SCRATCH = 0x17a0;
    uint256 private constant MEMORY_BYTES = 0x1940;

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

    /// @inheritdoc IVerifier
    function verify(uint256[2] calldata publicInputs, bytes calldata proof) external view {
        if (proof.length != PROOF_BYTES) revert ProofLengthWrong(proof.length, PROOF_BYTES);
        for (uint256 i = 0; i < 2; ++i) {
            if (publicInputs[i] >= R) revert PublicInputNotInField(i, publicInputs[i]);
        }
        uint256 m;
        assembly ("memory-safe") {
            m := mload(0x40)
            mstore(0x40, add(m, MEMORY_BYTES))
            mstore(add(m, DIGEST), VK_DIGEST)
            calldatacopy(add(m, INPUTS), publicInputs, 0x0040)
            calldatacopy(add(m, ADVICE_0), add(proof.offset, 0x0000), 0x0040)
            calldatacopy(add(m, LOOKUP_INPUT_0), add(proof.offset, 0x0040), 0x0080)
            calldatacopy(add(m, PERMUTATION_0), add(proof.offset, 0x00c0), 0x00c0)
            calldatacopy(add(m, QUOTIENT_0), add(proof.offset, 0x0180), 0x0100)
            calldatacopy(add(m, EVAL_ADVICE_0_AT_0), add(proof.offset, 0x0280), 0x0340)
            calldatacopy(add(m, W), add(proof.offset, 0x05c0), 0x0040)
            calldatacopy(add(m, W_PRIME), add(proof.offset, 0x0600), 0x0040)
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
            for { let i := 0 } lt(i, 26) { i := add(i, 1) } {
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
            hash := keccak256(add(m, DIGEST), 0x00a0)
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
            hash := keccak256(add(m, HASH_4), 0x0360)
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
            for { let i := 0 } lt(i, 0x0040) { i := add(i, 0x20) } {
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
            // gate "1 column a + b * c = out", 1 of 1
            mstore(
                add(m, TEMPORARY_0),
                addmod(
                    addmod(
                        mload(add(m, EVAL_ADVICE_0_AT_0)),
                        mulmod(mload(add(m, EVAL_ADVICE_0_AT_1)), mload(add(m, EVAL_ADVICE_0_AT_2)), r),
                        r
                    ),
                    sub(r, mload(add(m, EVAL_ADVICE_0_AT_3))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, EVAL_FIXED_5_AT_0)), mload(add(m, TEMPORARY_0)), r), r)
            // gate "Poseidon, full round", 1 of 4
            mstore(
                add(m, TEMPORARY_1),
                addmod(
                    mload(add(m, EVAL_ADVICE_0_AT_0)),
                    mulmod(
                        mload(add(m, EVAL_FIXED_4_AT_0)),
                        0xf1445235f2148c5986587169fc1bcd887b08d4d00868df5696fff40956e864,
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_2),
                addmod(
                    mload(add(m, EVAL_ADVICE_0_AT_3)),
                    sub(r, mulmod(mload(add(m, TEMPORARY_1)), mload(add(m, TEMPORARY_1)), r)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_3),
                mulmod(mload(add(m, EVAL_FIXED_2_AT_0)), addmod(2, sub(r, mload(add(m, EVAL_FIXED_2_AT_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_3)), mload(add(m, TEMPORARY_2)), r), r)
            // gate "Poseidon, full round", 2 of 4
            mstore(
                add(m, TEMPORARY_4),
                mulmod(
                    mload(add(m, EVAL_FIXED_4_AT_0)),
                    0x08dff3487e8ac99e1f29a058d0fa80b930c728730b7ab36ce879f3890ecf73f5,
                    r
                )
            )
            mstore(add(m, TEMPORARY_5), addmod(mload(add(m, EVAL_ADVICE_0_AT_1)), mload(add(m, TEMPORARY_4)), r))
            mstore(
                add(m, TEMPORARY_6),
                addmod(
                    mload(add(m, EVAL_ADVICE_0_AT_4)),
                    sub(r, mulmod(mload(add(m, TEMPORARY_5)), mload(add(m, TEMPORARY_5)), r)),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_3)), mload(add(m, TEMPORARY_6)), r), r)
            // gate "Poseidon, full round", 3 of 4
            mstore(
                add(m, TEMPORARY_7),
                mulmod(
                    mload(add(m, EVAL_FIXED_4_AT_0)),
                    0x0ee9a592ba9a9518d05986d656f40c2114c4993c11bb29938d21d47304cd8e6e,
                    r
                )
            )
            mstore(add(m, TEMPORARY_8), addmod(mload(add(m, EVAL_ADVICE_0_AT_2)), mload(add(m, TEMPORARY_7)), r))
            mstore(
                add(m, TEMPORARY_9),
                addmod(
                    mload(add(m, EVAL_ADVICE_0_AT_5)),
                    sub(r, mulmod(mload(add(m, TEMPORARY_8)), mload(add(m, TEMPORARY_8)), r)),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_3)), mload(add(m, TEMPORARY_9)), r), r)
            // gate "Poseidon, full round", 4 of 4
            mstore(
                add(m, TEMPORARY_10),
                mulmod(mload(add(m, EVAL_ADVICE_0_AT_5)), mload(add(m, EVAL_ADVICE_0_AT_5)), r)
            )
            mstore(
                add(m, TEMPORARY_11),
                mulmod(mload(add(m, EVAL_ADVICE_0_AT_4)), mload(add(m, EVAL_ADVICE_0_AT_4)), r)
            )
            mstore(
                add(m, TEMPORARY_12),
                mulmod(mload(add(m, EVAL_ADVICE_0_AT_3)), mload(add(m, EVAL_ADVICE_0_AT_3)), r)
            )
            mstore(
                add(m, TEMPORARY_13),
                addmod(
                    mulmod(
                        mulmod(mload(add(m, TEMPORARY_12)), mload(add(m, TEMPORARY_1)), r),
                        0x2e2419f9ec02ec394c9871c832963dc1b89d743c8c7b964029b2311687b1fe23,
                        r
                    ),
                    mulmod(
                        mulmod(mload(add(m, TEMPORARY_11)), mload(add(m, TEMPORARY_5)), r),
                        0x101071f0032379b697315876690f053d148d4e109f5fb065c8aacc55a0f89bfa,
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_14),
                addmod(
                    mload(add(m, TEMPORARY_13)),
                    mulmod(
                        mulmod(mload(add(m, TEMPORARY_10)), mload(add(m, TEMPORARY_8)), r),
                        0x2969f27eed31a480b9c36c764379dbca2cc8fdd1415c3dded62940bcde0bd771,
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_15),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_6)), sub(r, mload(add(m, TEMPORARY_14))), r),
                    sub(r, mload(add(m, EVAL_FIXED_1_AT_0))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_3)), mload(add(m, TEMPORARY_15)), r), r)
            // gate "Poseidon, second output", 1 of 1
            mstore(
                add(m, TEMPORARY_16),
                mulmod(
                    mulmod(
                        mload(add(m, TEMPORARY_11)),
                        addmod(mload(add(m, EVAL_ADVICE_0_AT_1)), mload(add(m, TEMPORARY_7)), r),
                        r
                    ),
                    0x1a73dab3df1310ad4c6a3244a9be5d94670d097127e14d51f6a753a522cfb83b,
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_17),
                mulmod(
                    mulmod(
                        mload(add(m, TEMPORARY_12)),
                        addmod(mload(add(m, EVAL_ADVICE_0_AT_0)), mload(add(m, TEMPORARY_4)), r),
                        r
                    ),
                    0x02c1494d9826cf0d33e3406b9ab6e2f84f338513308d945c40866194eeae36b1,
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_18),
                addmod(
                    addmod(
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_5)),
                            0x0a1369e0ee405c2d209214208d668e1612135b1404db164d85f340100a6b2efb,
                            r
                        ),
                        mload(add(m, TEMPORARY_17)),
                        r
                    ),
                    mload(add(m, TEMPORARY_16)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_19),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_6)), sub(r, mload(add(m, TEMPORARY_18))), r),
                    sub(r, mload(add(m, EVAL_FIXED_1_AT_0))),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_20),
                mulmod(mload(add(m, EVAL_FIXED_3_AT_0)), addmod(2, sub(r, mload(add(m, EVAL_FIXED_3_AT_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_20)), mload(add(m, TEMPORARY_19)), r), r)
            // gate "Poseidon, third output", 1 of 1
            mstore(
                add(m, TEMPORARY_21),
                mulmod(
                    mulmod(
                        mload(add(m, TEMPORARY_12)),
                        addmod(mload(add(m, EVAL_ADVICE_0_AT_0)), mload(add(m, TEMPORARY_7)), r),
                        r
                    ),
                    0x26ed47a40828a77a0e3e8c572c43917cdce431d1189989099b9d195f6abbe8dd,
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_22),
                addmod(
                    addmod(
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_4)),
                            0x0de20097480e7555471785de07bd9809d57dd859bbe827307c33ae9ed7890597,
                            r
                        ),
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_5)),
                            0x072f2a6287fb984bb810df8c5788eebcfd2825613cb72bb80cde8edd76d2e97d,
                            r
                        ),
                        r
                    ),
                    mload(add(m, TEMPORARY_21)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_23),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_6)), sub(r, mload(add(m, TEMPORARY_22))), r),
                    sub(r, mload(add(m, EVAL_FIXED_1_AT_0))),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_24),
                mulmod(
                    mload(add(m, EVAL_FIXED_3_AT_MINUS_1)),
                    addmod(2, sub(r, mload(add(m, EVAL_FIXED_3_AT_MINUS_1))), r),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_24)), mload(add(m, TEMPORARY_23)), r), r)
            // gate "Poseidon, partial round", 1 of 2
            mstore(
                add(m, TEMPORARY_25),
                addmod(
                    mload(add(m, EVAL_ADVICE_0_AT_1)),
                    sub(r, mulmod(mload(add(m, EVAL_ADVICE_0_AT_0)), mload(add(m, EVAL_ADVICE_0_AT_0)), r)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_26),
                mulmod(mload(add(m, EVAL_FIXED_2_AT_0)), addmod(1, sub(r, mload(add(m, EVAL_FIXED_2_AT_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_26)), mload(add(m, TEMPORARY_25)), r), r)
            // gate "Poseidon, partial round", 2 of 2
            mstore(
                add(m, TEMPORARY_27),
                mulmod(
                    mulmod(mload(add(m, EVAL_ADVICE_0_AT_1)), mload(add(m, EVAL_ADVICE_0_AT_1)), r),
                    mload(add(m, EVAL_ADVICE_0_AT_0)),
                    r
                )
            )
            mstore(add(m, TEMPORARY_28), mulmod(mload(add(m, TEMPORARY_12)), mload(add(m, EVAL_ADVICE_0_AT_2)), r))
            mstore(
                add(m, TEMPORARY_29),
                mulmod(
                    mulmod(mload(add(m, TEMPORARY_10)), mload(add(m, EVAL_ADVICE_0_AT_4)), r),
                    0x109b7f411ba0e4c9b2b70caf5c36a7b194be7c11ad24378bfedb68592ba8118b,
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_30),
                addmod(
                    addmod(
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_4)),
                            0x1763c79161417803ac02abffe9173ea436add2f719c6652658f7d859b4d7d402,
                            r
                        ),
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_2)),
                            0x0d5befe0d730640fcfd1bb7df80262f223d203a893c4cfacc3e8e571053098be,
                            r
                        ),
                        r
                    ),
                    mload(add(m, TEMPORARY_29)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_31),
                addmod(
                    addmod(
                        mload(add(m, TEMPORARY_30)),
                        mulmod(
                            mload(add(m, TEMPORARY_28)),
                            0x2f063609b91aaa68a71aca9b9953164c65be0a81c827c233fe5f2f1bf09a29e2,
                            r
                        ),
                        r
                    ),
                    mulmod(
                        mload(add(m, TEMPORARY_27)),
                        0x222384b1af875b9cc33701aeaf21a587f612e66f59d3603b4067e912f65e0e98,
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_32),
                addmod(
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_6)), sub(r, mload(add(m, TEMPORARY_31))), r),
                    sub(r, mload(add(m, EVAL_FIXED_1_AT_0))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_26)), mload(add(m, TEMPORARY_32)), r), r)
            // gate "Poseidon, partial rounds begin", 1 of 2
            mstore(
                add(m, TEMPORARY_33),
                addmod(
                    addmod(
                        mulmod(
                            mload(add(m, TEMPORARY_28)),
                            0x109b7f411ba0e4c9b2b70caf5c36a7b194be7c11ad24378bfedb68592ba8118b,
                            r
                        ),
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_0)),
                            0x16ed41e13bb9c0c66ae119424fddbcbc9314dc9fdbdeea55d6c64543dc4903e0,
                            r
                        ),
                        r
                    ),
                    mulmod(
                        mload(add(m, EVAL_ADVICE_0_AT_1)),
                        0x2b90bba00fca0589f617e7dcbfe82e0df706ab640ceb247b791a93b74e36736d,
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_34),
                addmod(
                    mload(add(m, EVAL_ADVICE_0_AT_4)),
                    sub(
                        r,
                        addmod(
                            mload(add(m, TEMPORARY_33)),
                            0x0a8526e9d9e0da22ce8d94e263a8ed5484d34614da2d768462cdf6dea7989b6b,
                            r
                        )
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_35),
                mulmod(mload(add(m, EVAL_FIXED_4_AT_0)), addmod(1, sub(r, mload(add(m, EVAL_FIXED_4_AT_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_35)), mload(add(m, TEMPORARY_34)), r), r)
            // gate "Poseidon, partial rounds begin", 2 of 2
            mstore(
                add(m, TEMPORARY_36),
                addmod(
                    addmod(
                        mload(add(m, TEMPORARY_29)),
                        mulmod(
                            mload(add(m, TEMPORARY_28)),
                            0x01e507fb65a14b9c13e94ca2118bbc2b74ff0351d0404d3627a6d4e77316d345,
                            r
                        ),
                        r
                    ),
                    mulmod(
                        mload(add(m, EVAL_ADVICE_0_AT_0)),
                        0x07d4ea96a5398ba96ea0ec5d4d239311c18dfaec2b96e45ead603cef8554e335,
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_37),
                addmod(
                    addmod(
                        mload(add(m, TEMPORARY_36)),
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_1)),
                            0x1d5309f362807f11b24f80db88f2fcd395e771a07dc7df2d217f402a86e97920,
                            r
                        ),
                        r
                    ),
                    0x1116fa006c17831ef3dc42d9dbeb7721d6372943d145e1d3572ce1e83d658fa7,
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_38),
                mulmod(
                    mload(add(m, TEMPORARY_35)),
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_6)), sub(r, mload(add(m, TEMPORARY_37))), r),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_38)), r)
            // gate "Poseidon, partial rounds end", 1 of 4
            mstore(
                add(m, TEMPORARY_39),
                mulmod(mload(add(m, EVAL_FIXED_3_AT_0)), addmod(1, sub(r, mload(add(m, EVAL_FIXED_3_AT_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_39)), mload(add(m, TEMPORARY_25)), r), r)
            // gate "Poseidon, partial rounds end", 2 of 4
            mstore(
                add(m, TEMPORARY_40),
                addmod(
                    mload(add(m, EVAL_ADVICE_0_AT_3)),
                    sub(r, mulmod(mload(add(m, EVAL_ADVICE_0_AT_2)), mload(add(m, EVAL_ADVICE_0_AT_2)), r)),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_39)), mload(add(m, TEMPORARY_40)), r), r)
            // gate "Poseidon, partial rounds end", 3 of 4
            mstore(
                add(m, TEMPORARY_41),
                addmod(
                    addmod(
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_4)),
                            0x21a146d1bcf9c3ff13ab9b9181eebda9af7765bc98c9036d2bb34a3d0025e570,
                            r
                        ),
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_2)),
                            0x188fd68a5bef42d728a24856d091ff6b73538bde48715cf41b3049fea7d35c62,
                            r
                        ),
                        r
                    ),
                    mulmod(
                        mload(add(m, TEMPORARY_28)),
                        0x4a7bc12d8261e48cba4b33c303487351e67a6e218d8f84ea9799755d67ae00,
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_42),
                addmod(
                    addmod(
                        mload(add(m, TEMPORARY_41)),
                        mulmod(
                            mload(add(m, TEMPORARY_27)),
                            0x130dccdd71b916d8e1c09297396b83016f0745003533a346086b7b643af3f58d,
                            r
                        ),
                        r
                    ),
                    0x05abacf71f3acc55d666c76364768152498c867761a79e5c0609105bd8290014,
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_43),
                mulmod(
                    mload(add(m, TEMPORARY_39)),
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_5)), sub(r, mload(add(m, TEMPORARY_42))), r),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_43)), r)
            // gate "Poseidon, partial rounds end", 4 of 4
            mstore(
                add(m, TEMPORARY_44),
                addmod(
                    addmod(
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_4)),
                            0x05e3f11232952e0d546bcaa8c1a2ca34f3ab52b292623ec8c8a4b576b1e00582,
                            r
                        ),
                        mulmod(
                            mload(add(m, EVAL_ADVICE_0_AT_2)),
                            0x1d00f18e664722a658f514017fc0d6cb8999e005d5d908d2c4f6e0ada58cbe1e,
                            r
                        ),
                        r
                    ),
                    mulmod(
                        mload(add(m, TEMPORARY_28)),
                        0x18dcbddaf5a4e9902cce3b5933e3f0906924f234ddbf95d5f36a3eab324d4a1f,
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_45),
                addmod(
                    addmod(
                        mload(add(m, TEMPORARY_44)),
                        mulmod(
                            mload(add(m, TEMPORARY_27)),
                            0x2f45d8c2c3f58e32d0ea2c121de1009f054d9efa2c88ab9e62eec9a121209634,
                            r
                        ),
                        r
                    ),
                    0x10fcff0bfaeff5fc3cfe6e881962c53791f5b2957d96a9e04dc83441fe35e98f,
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_46),
                mulmod(
                    mload(add(m, TEMPORARY_39)),
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_6)), sub(r, mload(add(m, TEMPORARY_45))), r),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_46)), r)
            // gate "Poseidon, lane 0 once more", 1 of 1
            mstore(
                add(m, TEMPORARY_47),
                mulmod(
                    mload(add(m, EVAL_FIXED_3_AT_MINUS_1)),
                    addmod(1, sub(r, mload(add(m, EVAL_FIXED_3_AT_MINUS_1))), r),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_48),
                mulmod(
                    mload(add(m, TEMPORARY_47)),
                    addmod(mload(add(m, EVAL_ADVICE_0_AT_6)), sub(r, mload(add(m, EVAL_ADVICE_0_AT_3))), r),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_48)), r)
            // permutation: the product begins with 1
            mstore(
                add(m, TEMPORARY_49),
                mulmod(mload(add(m, L_FIRST)), addmod(1, sub(r, mload(add(m, EVAL_PERMUTATION_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_49)), r)
            // permutation: the product ends with 0 or 1
            mstore(
                add(m, TEMPORARY_50),
                addmod(
                    mulmod(mload(add(m, EVAL_PERMUTATION_0)), mload(add(m, EVAL_PERMUTATION_0)), r),
                    sub(r, mload(add(m, EVAL_PERMUTATION_0))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_50)), mload(add(m, L_LAST)), r), r)
            // permutation: product 0 multiplies its columns
            mstore(
                add(m, TEMPORARY_51),
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
                add(m, TEMPORARY_52),
                addmod(
                    mload(add(m, EVAL_ADVICE_0_AT_0)),
                    mulmod(
                        mload(add(m, BETA)),
                        mulmod(mload(add(m, X)), 0x09226b6e22c6f0ca64ec26aad4c86e715b5f898e5e963f25870e56bbe533e9a2, r),
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_53),
                addmod(
                    addmod(mload(add(m, EVAL_FIXED_1_AT_0)), mulmod(mload(add(m, BETA)), mload(add(m, X)), r), r),
                    mload(add(m, GAMMA)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_54),
                mulmod(
                    mulmod(
                        mulmod(mload(add(m, EVAL_PERMUTATION_0)), mload(add(m, TEMPORARY_53)), r),
                        addmod(mload(add(m, TEMPORARY_52)), mload(add(m, GAMMA)), r),
                        r
                    ),
                    addmod(mload(add(m, TEMPORARY_51)), mload(add(m, GAMMA)), r),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_55),
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
                add(m, TEMPORARY_56),
                addmod(
                    addmod(
                        mload(add(m, EVAL_ADVICE_0_AT_0)),
                        mulmod(mload(add(m, BETA)), mload(add(m, EVAL_SIGMA_1)), r),
                        r
                    ),
                    mload(add(m, GAMMA)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_57),
                addmod(
                    addmod(
                        mload(add(m, EVAL_FIXED_1_AT_0)),
                        mulmod(mload(add(m, BETA)), mload(add(m, EVAL_SIGMA_0)), r),
                        r
                    ),
                    mload(add(m, GAMMA)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_58),
                mulmod(
                    mulmod(
                        mulmod(mload(add(m, EVAL_PERMUTATION_0_NEXT)), mload(add(m, TEMPORARY_57)), r),
                        mload(add(m, TEMPORARY_56)),
                        r
                    ),
                    mload(add(m, TEMPORARY_55)),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_59),
                mulmod(
                    addmod(mload(add(m, TEMPORARY_58)), sub(r, mload(add(m, TEMPORARY_54))), r),
                    mload(add(m, L_ACTIVE)),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_59)), r)
            // lookup "lookup": the product begins with 1
            mstore(
                add(m, TEMPORARY_60),
                mulmod(mload(add(m, L_FIRST)), addmod(1, sub(r, mload(add(m, EVAL_LOOKUP_0))), r), r)
            )
            sum := addmod(mulmod(sum, y, r), mload(add(m, TEMPORARY_60)), r)
            // lookup "lookup": the product ends with 0 or 1
            mstore(
                add(m, TEMPORARY_61),
                addmod(
                    mulmod(mload(add(m, EVAL_LOOKUP_0)), mload(add(m, EVAL_LOOKUP_0)), r),
                    sub(r, mload(add(m, EVAL_LOOKUP_0))),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, L_LAST)), mload(add(m, TEMPORARY_61)), r), r)
            // lookup "lookup": the product multiplies inputs and table
            mstore(
                add(m, TEMPORARY_62),
                mulmod(
                    mload(add(m, EVAL_LOOKUP_0)),
                    addmod(
                        mulmod(mload(add(m, EVAL_FIXED_6_AT_0)), mload(add(m, EVAL_ADVICE_0_AT_0)), r),
                        mload(add(m, BETA)),
                        r
                    ),
                    r
                )
            )
            mstore(
                add(m, TEMPORARY_63),
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
                add(m, TEMPORARY_64),
                addmod(
                    mload(add(m, TEMPORARY_63)),
                    sub(
                        r,
                        mulmod(
                            mload(add(m, TEMPORARY_62)),
                            addmod(mload(add(m, EVAL_FIXED_0_AT_0)), mload(add(m, GAMMA)), r),
                            r
                        )
                    ),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_64)), mload(add(m, L_ACTIVE)), r), r)
            // lookup "lookup": the first input is the first of the table
            mstore(
                add(m, TEMPORARY_65),
                addmod(mload(add(m, EVAL_LOOKUP_INPUT_0)), sub(r, mload(add(m, EVAL_LOOKUP_TABLE_0))), r)
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, L_FIRST)), mload(add(m, TEMPORARY_65)), r), r)
            // lookup "lookup": an input repeats the one before or is the table's
            mstore(
                add(m, TEMPORARY_66),
                mulmod(
                    mload(add(m, TEMPORARY_65)),
                    addmod(mload(add(m, EVAL_LOOKUP_INPUT_0)), sub(r, mload(add(m, EVAL_LOOKUP_INPUT_0_BEFORE))), r),
                    r
                )
            )
            sum := addmod(mulmod(sum, y, r), mulmod(mload(add(m, TEMPORARY_66)), mload(add(m, L_ACTIVE)), r), r)
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
            // Set 0: ADVICE_0 at x, omega x, omega^2 x, omega^3 x, omega^4 x, omega^5 x, omega^6 x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_ADVICE_0_AT_0))
                value := mulmod(
                    mulmod(folded, mload(add(m, GAP_0)), r),
                    0x05cdea95183ac56c0b5348f4aef0dcc19b32ab0a6ea97a935b18055cd1a1cf5d,
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_1))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_1)), r),
                        0x1a1f262a1897c7b40cae4508d20a877ee4ef38693f9c416c27b7894629afa657,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_2))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_2)), r),
                        0x2e2c8acdf196788d1cd5ebdec16906f5697c246fbbfe106cef1e3491b7d9da64,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_3))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_3)), r),
                        0x03d804e309b2c6485eb2526d9eb6d7dad9259719275f95288ea923504f903690,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_4))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_4)), r),
                        0x11e6fa756bde7aa8c0280a6da67327581125450b64abd202682b6b76ee7a28ec,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_5))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_5)), r),
                        0x031a6110c0c9dee2361c2271d0ccbe5b45760d2610d05fa0b87d81edbc76953a,
                        r
                    ),
                    r
                )
                folded := mload(add(m, EVAL_ADVICE_0_AT_6))
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_6)), r),
                        0x2a39ef624ad0bafc9f22d7fa2c28e0535f3cc7ab660cbe7baa660cd22253bb35,
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
                    0x0a1a7e4ddd823f4f4b79c91d1cde0f7d0e2b10b6687b55f3be89b3225aae08ef,
                    r
                )
                folded := mload(add(m, EVAL_LOOKUP_0_NEXT))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_PERMUTATION_0_NEXT)), r)
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_1)), r),
                        0x2649d02503af60da6cd67c9964a348e01a08d792113e1a9d855842719551f712,
                        r
                    ),
                    r
                )
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                claim := addmod(claim, mulmod(power, value, r), r)
            }
            power := mulmod(power, mload(add(m, NU)), r)
            // Set 2: LOOKUP_INPUT_0, FIXED_3 at omega^-1 x, x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_FIXED_3_AT_MINUS_1))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_LOOKUP_INPUT_0_BEFORE)), r)
                value := mulmod(
                    mulmod(folded, mload(add(m, GAP_MINUS_1)), r),
                    0x0a1a7e4ddd823f4f4b79c91d1cde0f7d0e2b10b6687b55f3be89b3225aae08ee,
                    r
                )
                folded := mload(add(m, EVAL_FIXED_3_AT_0))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_LOOKUP_INPUT_0)), r)
                value := addmod(
                    value,
                    mulmod(
                        mulmod(folded, mload(add(m, GAP_0)), r),
                        0x2649d02503af60da6cd67c9964a348e01a08d792113e1a9d855842719551f713,
                        r
                    ),
                    r
                )
                value := mulmod(value, mload(add(m, X_INVERSE)), r)
                claim := addmod(claim, mulmod(power, value, r), r)
            }
            power := mulmod(power, mload(add(m, NU)), r)
            // Set 3: LOOKUP_TABLE_0, FIXED_1, FIXED_0, FIXED_2, FIXED_4, FIXED_5, FIXED_6, SIGMA_0, SIGMA_1, SIGMA_2, QUOTIENT, RANDOM at x
            {
                let value
                let folded
                folded := mload(add(m, EVAL_RANDOM))
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_QUOTIENT)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_SIGMA_2)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_SIGMA_1)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_SIGMA_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_6_AT_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_5_AT_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_4_AT_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_2_AT_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_0_AT_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_FIXED_1_AT_0)), r)
                folded := addmod(mulmod(folded, mu, r), mload(add(m, EVAL_LOOKUP_TABLE_0)), r)
                value := mulmod(folded, mload(add(m, GAP_0)), r)
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
            mcopy(scratch, add(m, ADVICE_0), 0x40)
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
            mstore(scratch, FIXED_3_X)
            mstore(add(scratch, 0x20), FIXED_3_Y)
            failure := or(failure, combineProof(scratch, mu, add(m, LOOKUP_INPUT_0)))
            power := mulmod(power, mload(add(m, NU)), r)
            {
                let scale := power
                scale := mulmod(scale, mload(add(m, GAP_MINUS_1)), r)
                scale := mulmod(scale, mload(add(m, GAP_0)), r)
                failure := or(failure, combineProof(scratch, scale, add(m, TOTAL_X)))
            }
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
            // Set 3
            mcopy(scratch, add(m, RANDOM), 0x40)
            failure := or(failure, combineProof(scratch, mu, add(m, QUOTIENT_X)))
            failure := or(failure, combine(scratch, mu, SIGMA_2_X, SIGMA_2_Y))
            failure := or(failure, combine(scratch, mu, SIGMA_1_X, SIGMA_1_Y))
            failure := or(failure, combine(scratch, mu, SIGMA_0_X, SIGMA_0_Y))
            failure := or(failure, combine(scratch, mu, FIXED_6_X, FIXED_6_Y))
            failure := or(failure, combine(scratch, mu, FIXED_5_X, FIXED_5_Y))
            failure := or(failure, combine(scratch, mu, FIXED_4_X, FIXED_4_Y))
            failure := or(failure, combine(scratch, mu, FIXED_2_X, FIXED_2_Y))
            failure := or(failure, combine(scratch, mu, FIXED_0_X, FIXED_0_Y))
            failure := or(failure, combine(scratch, mu, FIXED_1_X, FIXED_1_Y))
            failure := or(failure, combineProof(scratch, mu, add(m, LOOKUP_TABLE_0)))
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
                mstore(add(scratch, 0xe0), sub(Q, mload(add(m, 0x0740))))
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
