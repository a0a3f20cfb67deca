// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {TestToken} from "../TestToken.sol";

/// @notice Keeps a part of every transfer: a hundredth, or all of it.
contract FeeOnTransferToken is TestToken {
    address private constant COLLECTOR = address(0xFEE);

    uint256 public feeBasisPoints = 100;

    function setFee(uint256 basisPoints) external {
        feeBasisPoints = basisPoints;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        uint256 fee = value * feeBasisPoints / 10_000;
        super._update(from, COLLECTOR, fee);
        super._update(from, to, value - fee);
    }
}
