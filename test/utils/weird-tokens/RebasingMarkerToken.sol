// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice Answers the one view that gives a family of rebasing tokens away, with `length` bytes, and no other.
contract RebasingMarkerToken {
    bytes4 private immutable MARKER;
    uint256 private immutable LENGTH;

    error UnknownFunction(bytes4 selector);

    constructor(bytes4 marker, uint256 length) {
        MARKER = marker;
        LENGTH = length;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        if (msg.sig != MARKER) revert UnknownFunction(msg.sig);
        return new bytes(LENGTH);
    }
}
