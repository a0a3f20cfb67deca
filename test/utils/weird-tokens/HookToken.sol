// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {TestToken} from "../TestToken.sol";

/// @notice Who is called before tokens leave it and after tokens reach it.
interface ITokenHolder {
    function tokensToSend() external;
    function tokensReceived() external;
}

/// @notice Calls both ends of a transfer, like an ERC-777 token, if they are contracts that asked for it.
contract HookToken is TestToken {
    mapping(address account => bool) public hooked;

    function setHooked(bool hooked_) external {
        hooked[msg.sender] = hooked_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (hooked[from]) ITokenHolder(from).tokensToSend();
        super._update(from, to, value);
        if (hooked[to]) ITokenHolder(to).tokensReceived();
    }
}
