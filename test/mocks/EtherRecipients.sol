// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../contracts/interfaces/IExitVault.sol";

/// @notice Has a balance in the vault, and withdraws again from within each payment.
contract GreedyRecipient {
    IExitVault private immutable _vault;
    uint256 public calls;

    constructor(IExitVault vault) {
        _vault = vault;
    }

    function take(uint256 amount) external {
        _vault.withdrawEther(payable(address(this)), amount);
    }

    receive() external payable {
        ++calls;
        // What is left is smaller; asking for more than that reverts, and the attacker swallows the error.
        if (calls < 10) try _vault.withdrawEther(payable(address(this)), msg.value) {} catch {}
    }
}

/// @notice Takes no ether.
contract RefusingRecipient {
    error No();

    receive() external payable {
        revert No();
    }
}
