// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice A well-behaved fee token anybody can mint.
contract TestToken is ERC20Permit {
    constructor() ERC20("Test POL", "tPOL") ERC20Permit("Test POL") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }
}
