// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Goldilocks} from "./Goldilocks.sol";
import {PoseidonGoldilocks} from "./PoseidonGoldilocks.sol";

/// @title Paths in the accounts tree
/// @notice A binary tree of depth 32 whose nodes are Poseidon `two_to_one` digests of their children.
library SparseMerkleTree {
    /// @notice The root that a leaf and its siblings lead to.
    /// @dev A leaf hash and a node hash are the same function; the fixed depth tells them apart.
    /// @param leaf The leaf's digest, canonical.
    /// @param index Bit i, least significant first, is 1 if the path's node at level i (0 is the leaf) is a right child.
    /// @param siblings The other child at each level, from the leaf up. A non-canonical one reverts with its limb
    /// counted from limb 0 of the first sibling, so that a path has one spelling.
    /// @param roundConstants As loaded by `PoseidonGoldilocks.loadRoundConstants`.
    function computeRoot(bytes32 leaf, uint32 index, bytes32[32] calldata siblings, bytes memory roundConstants)
        internal
        pure
        returns (bytes32 node)
    {
        node = leaf;
        unchecked {
            for (uint256 level = 0; level < 32; ++level) {
                bytes32 sibling = siblings[level];
                Goldilocks.requireCanonical(sibling, 4 * level);
                node = (index >> level) & 1 == 0
                    ? PoseidonGoldilocks.compress(node, sibling, roundConstants)
                    : PoseidonGoldilocks.compress(sibling, node, roundConstants);
            }
        }
    }
}
