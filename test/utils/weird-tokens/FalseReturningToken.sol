// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {TestToken} from "../TestToken.sol";

/// @notice While it fails, it returns false and moves nothing instead of reverting.
contract FalseReturningToken is TestToken {
    bool public failing;

    function setFailing(bool failing_) external {
        failing = failing_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return !failing && super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !failing && super.transferFrom(from, to, amount);
    }
}
