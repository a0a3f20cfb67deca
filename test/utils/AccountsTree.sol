// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account as Leaf} from "../../contracts/interfaces/IStateMachine.sol";
import {PoseidonGoldilocks} from "../../contracts/l2/PoseidonGoldilocks.sol";

/// @notice A true accounts tree of the payments state machine, of depth 32, as docs/spec/formats.md defines it: for tests that leave by Merkle proof.
/// @dev Written from the specification, not from the contract it tests.
abstract contract AccountsTree {
    uint256 private constant DEPTH = 32;

    bytes32[33] private _emptyNodes;
    mapping(uint256 level => mapping(uint256 position => bytes32)) private _nodes;
    bytes private _roundConstants;

    /// @dev Puts `leaf` at `index`, and brings its path up to date.
    function setLeaf(uint32 index, Leaf memory leaf) internal {
        _prepare();
        bytes memory constants = _roundConstants;
        bytes32 node = hashLeaf(leaf, constants);
        for (uint256 level = 0; level < DEPTH; ++level) {
            uint256 position = uint256(index) >> level;
            _nodes[level][position] = node;
            bytes32 sibling = _nodeAt(level, position ^ 1);
            (bytes32 left, bytes32 right) = position & 1 == 0 ? (node, sibling) : (sibling, node);
            node = PoseidonGoldilocks.compress(left, right, constants);
        }
        _nodes[DEPTH][0] = node;
    }

    function accountsRoot() internal view returns (bytes32) {
        return _nodeAt(DEPTH, 0);
    }

    /// @dev Root of a tree without accounts; after the first `setLeaf`.
    function emptyAccountsRoot() internal view returns (bytes32) {
        return _emptyNodes[DEPTH];
    }

    function siblingsOf(uint32 index) internal view returns (bytes32[32] memory siblings) {
        for (uint256 level = 0; level < DEPTH; ++level) {
            siblings[level] = _nodeAt(level, (uint256(index) >> level) ^ 1);
        }
    }

    /// @dev H(accountsRoot, messageAcc as eight u32 words).
    function stateRootOf(bytes32 root, bytes32 messageAcc) internal view returns (bytes32) {
        uint256[] memory elements = new uint256[](12);
        for (uint256 i = 0; i < 4; ++i) {
            elements[i] = uint64(uint256(root) >> (192 - 64 * i));
        }
        for (uint256 i = 0; i < 8; ++i) {
            elements[4 + i] = uint32(uint256(messageAcc) >> (224 - 32 * i));
        }
        return PoseidonGoldilocks.hashNoPad(elements, _roundConstants);
    }

    /// @dev H(identity, balance, nonce, registered, 0) with identity = H(key as ten u64 words, owner as five u32 words).
    function hashLeaf(Leaf memory leaf, bytes memory constants) internal pure returns (bytes32) {
        uint256[] memory elements = new uint256[](15);
        for (uint256 i = 0; i < 80; ++i) {
            elements[i / 8] = (elements[i / 8] << 8) | uint8(leaf.publicKey[i]);
        }
        for (uint256 i = 0; i < 5; ++i) {
            elements[10 + i] = uint32(uint160(leaf.l1Owner) >> (128 - 32 * i));
        }
        bytes32 identity = PoseidonGoldilocks.hashNoPad(elements, constants);
        elements = new uint256[](8);
        for (uint256 i = 0; i < 4; ++i) {
            elements[i] = uint64(uint256(identity) >> (192 - 64 * i));
        }
        (elements[4], elements[5], elements[6]) = (leaf.balance, leaf.nonce, leaf.registered ? 1 : 0);
        return PoseidonGoldilocks.hashNoPad(elements, constants);
    }

    function _nodeAt(uint256 level, uint256 position) private view returns (bytes32) {
        bytes32 node = _nodes[level][position];
        return node == 0 ? _emptyNodes[level] : node;
    }

    function _prepare() private {
        if (_emptyNodes[0] != 0) return;
        bytes memory constants = PoseidonGoldilocks.loadRoundConstants();
        _roundConstants = constants;
        Leaf memory empty;
        empty.publicKey = new bytes(80);
        _emptyNodes[0] = hashLeaf(empty, constants);
        for (uint256 level = 0; level < DEPTH; ++level) {
            _emptyNodes[level + 1] = PoseidonGoldilocks.compress(_emptyNodes[level], _emptyNodes[level], constants);
        }
    }
}
