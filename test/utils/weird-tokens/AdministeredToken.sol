// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {TestToken} from "../TestToken.sol";

/// @notice Can be paused, and refuses whom it has blacklisted.
contract AdministeredToken is TestToken {
    bool public paused;
    mapping(address account => bool) public blacklisted;

    error Paused();
    error Blacklisted(address account);

    function setPaused(bool paused_) external {
        paused = paused_;
    }

    function setBlacklisted(address account, bool blacklisted_) external {
        blacklisted[account] = blacklisted_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (paused) revert Paused();
        if (blacklisted[from]) revert Blacklisted(from);
        if (blacklisted[to]) revert Blacklisted(to);
        super._update(from, to, value);
    }
}
