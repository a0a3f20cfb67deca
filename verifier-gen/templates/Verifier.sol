// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;
{% if description.circuit.is_some() %}
import {IVerifier} from "{{ description.interface_path }}";
{% endif %}
/// @title {{ description.name }}
/// @notice Verifies KZG proofs of one halo2 circuit over BN254, opened by SHPLONK. Written by verifier-gen {{ version }} from
/// the circuit's verifying key: change the generator, not this file.
/// @dev The proof is copied into memory as the transcript absorbs it, word by word; every constant below that has no
/// other meaning is the offset of a word from `m`, where that memory begins. The scalar field is `r`, its elements are
/// kept below it. Many proofs are valid for one statement: nothing may be keyed by a proof.
{%- if insecure %}
/// INSECURE: the secret of its trusted setup is known to everybody, who can prove false statements with it.
{%- endif %}
contract {{ description.name }}{% if description.circuit.is_some() %} is IVerifier{% endif %} {
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
{%- if insecure %}
    /// @notice The setup is insecure, and this chain is none of the test networks it may be used on.
    error InsecureSetupOnPublicChain(uint256 chainId);
{%- endif %}

    // Getters are called by the names of functions.
    // forge-lint: disable-start(screaming-snake-case-const)
{% if let Some(circuit) = description.circuit.as_ref() %}
    /// @inheritdoc IVerifier
    uint16 public constant slotCapacity = {{ circuit.slots }};
    /// @inheritdoc IVerifier
    uint8 public constant messageCapacity = {{ circuit.messages }};
    /// @inheritdoc IVerifier
    uint8 public constant exitCapacity = {{ circuit.exits }};
    /// @inheritdoc IVerifier
    bytes32 public constant circuitHash = 0x{{ circuit.hash_hex() }};
    /// @inheritdoc IVerifier
    bool public constant insecureSetup = {{ insecure }};
{% else %}
    /// @notice Whether the secret of the trusted setup is public.
    bool public constant insecureSetup = {{ insecure }};
{% endif %}
    /// @notice What the transcript begins with: halo2's digest of the verifying key.
    bytes32 public constant vkDigest = bytes32(VK_DIGEST);
    /// @notice Version of the generator.
    string public constant generatorVersion = "{{ version }}";
    // forge-lint: disable-end(screaming-snake-case-const)

    /// @dev Order of the curve's group, whose integers are scalars.
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// @dev Modulus of the coordinates.
    uint256 private constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    uint256 private constant VK_DIGEST = {{ vk_digest }};
    uint256 private constant PROOF_BYTES = {{ proof_bytes }};

    // The domain: 2^{{ k }} rows, {{ blinding_rows }} of them blinded.
    uint256 private constant LOG_ROWS = {{ k }};
    uint256 private constant ROWS_INVERSE = {{ rows_inverse }};
    uint256 private constant OMEGA = {{ omega }};
    /// @dev omega to the last usable row, {{ last_rotation }}.
    uint256 private constant OMEGA_LAST = {{ omega_last }};
    uint256 private constant BLINDING_ROWS = {{ blinding_rows }};
    /// @dev Rows a Lagrange polynomial is evaluated for: the last usable one, the blinded ones, then those of public inputs.
    uint256 private constant LAGRANGE_ROWS = {{ lagrange_rows }};
{% for rotation in rotations %}
    uint256 private constant {{ rotation.omega_name }} = {{ rotation.omega }};
{%- endfor %}

    // The trusted setup: the generator of G2, and the secret times it.
    uint256 private constant G2_X_0 = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 private constant G2_X_1 = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 private constant G2_Y_0 = 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa;
    uint256 private constant G2_Y_1 = 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b;
{%- for (name, value) in tau %}
    uint256 private constant {{ name }} = {{ value }};
{%- endfor %}

    // Commitments of the verifying key: columns of constants and selectors, then the permutation.
{%- for point in key_points %}
    uint256 private constant {{ point.name }}_X = {{ point.x }};
    uint256 private constant {{ point.name }}_Y = {{ point.y }};
{%- endfor %}

    // Words of the transcript, segment by segment; a point is two words. The hash before a segment is its first word.
{%- for (name, offset) in words %}
    uint256 private constant {{ name }} = {{ offset }};
{%- endfor %}
    uint256 private constant MEMORY_BYTES = {{ memory_bytes }};
{% if insecure %}
    constructor() {
        uint256 id = block.chainid;
        // Private chains, then Sepolia, Holesky, Hoodi, and the Sepolias of Base, Arbitrum, OP, Linea and Scroll.
        bool known = id == 31337 || id == 1337 || id == 11155111 || id == 17000 || id == 560048 || id == 84532
            || id == 421614 || id == 11155420 || id == 59141 || id == 534351;
        if (!known) revert InsecureSetupOnPublicChain(id);
    }
{% endif %}
    /// @notice [tau]_2 of the trusted setup: the two parts of x, then those of y, the real part first.
    function srsTauG2() external pure returns (uint256[4] memory) {
        return [TAU_G2_X_0, TAU_G2_X_1, TAU_G2_Y_0, TAU_G2_Y_1];
    }
{% if description.circuit.is_some() %}
    /// @inheritdoc IVerifier
{%- else %}
    /// @notice Returns if and only if `proof` proves that the circuit is satisfied with these public inputs; reverts otherwise.
{%- endif %}
    function verify({{ inputs_parameter }}bytes calldata proof) external view {
        if (proof.length != PROOF_BYTES) revert ProofLengthWrong(proof.length, PROOF_BYTES);
{%- if inputs > 0 %}
        for (uint256 i = 0; i < {{ inputs }}; ++i) {
            if (publicInputs[i] >= R) revert PublicInputNotInField(i, publicInputs[i]);
        }
{%- endif %}
        uint256 m;
        assembly ("memory-safe") {
            m := mload(0x40)
            mstore(0x40, add(m, MEMORY_BYTES))
            mstore(add(m, DIGEST), VK_DIGEST)
{%- if inputs > 0 %}
            calldatacopy(add(m, INPUTS), publicInputs, {{ inputs_bytes }})
{%- endif %}
{%- for copy in copies %}
            calldatacopy(add(m, {{ copy.name }}), add(proof.offset, {{ copy.from }}), {{ copy.bytes }})
{%- endfor %}
        }
{%- for run in point_runs %}
        _checkPoints(m, {{ run.name }}, {{ run.count }}, {{ run.first }});
{%- endfor %}
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
            let start := add(m, {{ first_evaluation }})
            for { let i := 0 } lt(i, {{ evaluations }}) { i := add(i, 1) } {
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
{%- for line in challenge_lines %}
            {{ line }}
{%- endfor %}
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
{%- for rotation in rotations %}
            at := addmod(u, sub(r, mulmod(x, {{ rotation.omega_name }}, r)), r)
            mstore(add(m, {{ rotation.gap_name }}), at)
{%- if rotation.in_first_set %}
            first := mulmod(first, at, r)
{%- endif %}
{%- endfor %}
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
{%- if inputs > 0 %}
            omega := 1
            let value := 0
            for { let i := 0 } lt(i, {{ inputs_bytes }}) { i := add(i, 0x20) } {
                let row := mulmod(mulmod(scale, omega, r), mload(add(at, i)), r)
                value := addmod(value, mulmod(row, mload(add(add(m, INPUTS), i)), r), r)
                omega := mulmod(omega, OMEGA, r)
            }
            mstore(add(m, EVAL_INSTANCE), value)
{%- endif %}
        }
    }

    /// @dev The constraints at x, folded by powers of y, are the vanishing polynomial times the quotient.
    function _constraints(uint256 m) private pure {
        assembly ("memory-safe") {
            let r := R
            let y := mload(add(m, Y))
            let sum := 0
{%- for constraint in constraints %}
            // {{ constraint.title }}
{%- for line in constraint.lines %}
            {{ line }}
{%- endfor %}
            sum := addmod(mulmod(sum, y, r), {{ constraint.value }}, r)
{%- endfor %}
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
                if iszero(and(done, eq(returndatasize(), 0x40))) { failed := 7 leave }
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
{%- for set in sets %}
            // Set {{ set.index }}: {{ set.summary }}
            {
                let value
                let folded
{%- for line in set.claim_lines %}
                {{ line }}
{%- endfor %}
                claim := addmod(claim, mulmod(power, value, r), r)
            }
{%- if !set.is_last %}
            power := mulmod(power, mload(add(m, NU)), r)
{%- endif %}
{%- endfor %}
            claim := mulmod(claim, mload(add(m, FIRST_SET)), r)

            // The quotient's commitment, from its pieces.
{%- for line in quotient_lines %}
            {{ line }}
{%- endfor %}
            mstore(add(m, QUOTIENT_X), mload(scratch))
            mstore(add(m, QUOTIENT_Y), mload(add(scratch, 0x20)))

            // Commitments, set by set.
            power := mload(add(m, FIRST_SET))
{%- for set in sets %}
            // Set {{ set.index }}
{%- for line in set.point_lines %}
            {{ line }}
{%- endfor %}
{%- if set.index > 0 %}
            power := mulmod(power, mload(add(m, NU)), r)
            {
                let scale := power
{%- for line in set.scale_lines %}
                {{ line }}
{%- endfor %}
                failure := or(failure, combineProof(scratch, scale, add(m, TOTAL_X)))
            }
{%- endif %}
            mstore(add(m, TOTAL_X), mload(scratch))
            mstore(add(m, TOTAL_Y), mload(add(scratch, 0x20)))
{%- endfor %}

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
                mstore(add(scratch, 0xe0), sub(Q, mload(add(m, {{ w_prime_y }}))))
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
