// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account, IStateMachine} from "../interfaces/IStateMachine.sol";
import {EcGFp5} from "./EcGFp5.sol";
import {Goldilocks} from "./Goldilocks.sol";
import {PoseidonGoldilocks} from "./PoseidonGoldilocks.sol";
import {SparseMerkleTree} from "./SparseMerkleTree.sol";

/// @title The reference payments rollup as L1 sees it
/// @notice Keys are ecGFp5 elements, the state is a depth-32 sparse Merkle tree over Poseidon-Goldilocks:
///
///   stateRoot = H(accountsRoot[4], messageAcc as 8 big-endian u32 words)
///   leaf      = H(identity[4], balance, nonce, registered, 0)
///   identity  = H(x[5], u[5], l1Owner as 5 big-endian u32 words)
///
/// with H plonky2's `hash_no_pad`. A public key is 80 bytes: ten big-endian 64-bit limbs x[0..4], u[0..4], each below p;
/// x = x[0] + x[1] z + .. in F_p[z] / (z^5 - 3), u likewise. An empty leaf is the same formula on zeros.
contract PaymentsStateMachine is IStateMachine {
    uint256 private constant KEY_LENGTH = 80;
    uint256 private constant KEY_LIMBS = 10;

    /// @dev Gross deposits stay below 2^61 gwei and nothing else creates money, so no balance reaches 2^62. The bound
    /// also keeps a balance below p: one balance, one field element.
    uint256 private constant BALANCE_LIMIT = 1 << 62;

    /// @dev A withdraw may spend nonce 2^32 - 1 and leaves 2^32; nothing can follow it.
    uint256 private constant LAST_NONCE = 1 << 32;

    /// @dev H(root of 2^32 empty leaves, accumulator 0).
    bytes32 private constant GENESIS_ROOT = 0x56376d1dc189d55d761596cd145a7f3e715e894284ff425022d56d395a2bcd60;

    /// @inheritdoc IStateMachine
    function genesisRoot() external pure returns (bytes32) {
        return GENESIS_ROOT;
    }

    /// @inheritdoc IStateMachine
    function requireValidKey(bytes calldata publicKey) external pure {
        uint256[5] memory x;
        uint256[5] memory u;
        uint256[] memory limbs = new uint256[](KEY_LIMBS);
        _decodeKey(publicKey, limbs);
        unchecked {
            for (uint256 i = 0; i < 5; ++i) {
                x[i] = limbs[i];
                u[i] = limbs[5 + i];
            }
        }
        EcGFp5.requireGroupElement(x, u);
    }

    /// @inheritdoc IStateMachine
    function requireCanonicalRoot(bytes32 stateRoot) external pure {
        if (stateRoot == 0) revert ZeroRoot();
        Goldilocks.requireCanonical(stateRoot);
    }

    /// @inheritdoc IStateMachine
    function requireState(bytes32 stateRoot, bytes32 accountsRoot, bytes32 messageAcc) external pure {
        Goldilocks.requireCanonical(accountsRoot);
        uint256[] memory preimage = new uint256[](12);
        _putDigest(preimage, accountsRoot);
        _putWords(preimage, 4, uint256(messageAcc), 8);
        bytes32 computed = PoseidonGoldilocks.hashNoPad(preimage, PoseidonGoldilocks.loadRoundConstants());
        if (computed != stateRoot) revert StateMismatch(stateRoot, computed);
    }

    /// @inheritdoc IStateMachine
    function requireAccount(bytes32 accountsRoot, uint32 index, Account calldata account, bytes32[32] calldata siblings)
        external
        pure
    {
        if (account.balance >= BALANCE_LIMIT) revert BalanceOutOfRange(account.balance);
        if (account.nonce > LAST_NONCE) revert NonceOutOfRange(account.nonce);
        bytes memory roundConstants = PoseidonGoldilocks.loadRoundConstants();
        bytes32 leaf = _leaf(account, roundConstants);
        bytes32 computed = SparseMerkleTree.computeRoot(leaf, index, siblings, roundConstants);
        if (computed != accountsRoot) revert AccountMismatch(index, accountsRoot, computed);
    }

    function _leaf(Account calldata account, bytes memory roundConstants) private pure returns (bytes32) {
        uint256[] memory preimage = new uint256[](8);
        _putDigest(preimage, _identity(account, roundConstants));
        preimage[4] = account.balance;
        preimage[5] = account.nonce;
        preimage[6] = account.registered ? 1 : 0;
        return PoseidonGoldilocks.hashNoPad(preimage, roundConstants);
    }

    function _identity(Account calldata account, bytes memory roundConstants) private pure returns (bytes32) {
        uint256[] memory preimage = new uint256[](KEY_LIMBS + 5);
        _decodeKey(account.publicKey, preimage);
        _putWords(preimage, KEY_LIMBS, uint160(account.l1Owner), 5);
        return PoseidonGoldilocks.hashNoPad(preimage, roundConstants);
    }

    /// @dev Writes the ten limbs of an encoded key to the front of `elements`; each must be canonical.
    function _decodeKey(bytes calldata publicKey, uint256[] memory elements) private pure {
        if (publicKey.length != KEY_LENGTH) revert InvalidKeyLength(publicKey.length);
        unchecked {
            for (uint256 i = 0; i < KEY_LIMBS; ++i) {
                uint64 limb = uint64(bytes8(publicKey[8 * i:]));
                if (limb >= Goldilocks.PRIME) revert Goldilocks.NonCanonicalLimb(i, limb);
                elements[i] = limb;
            }
        }
    }

    /// @dev Writes the four limbs of `digest` to the front of `elements`.
    function _putDigest(uint256[] memory elements, bytes32 digest) private pure {
        unchecked {
            for (uint256 i = 0; i < 4; ++i) {
                elements[i] = Goldilocks.limb(digest, i);
            }
        }
    }

    /// @dev Writes the low `count` u32 words of `value`, most significant first, to `elements` from `offset`.
    function _putWords(uint256[] memory elements, uint256 offset, uint256 value, uint256 count) private pure {
        unchecked {
            for (uint256 i = 0; i < count; ++i) {
                elements[offset + i] = (value >> (32 * (count - 1 - i))) & 0xFFFFFFFF;
            }
        }
    }
}
