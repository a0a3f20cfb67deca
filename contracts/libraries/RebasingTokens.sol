// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFeeLedger} from "../interfaces/IFeeLedger.sol";

/// @title RebasingTokens
/// @notice Recognises the known families of tokens whose balances change without a transfer, by the views they share.
/// @dev No test can find every such token; this one keeps a deployer from taking a well-known one by mistake.
library RebasingTokens {
    /// @notice Reverts if `token` answers one of the views by which a rebasing token exposes its unscaled balances.
    function refuse(address token) internal view {
        // Lido stETH; Ampleforth and its forks; Aave aTokens; Olympus sOHM; Origin OUSD.
        bytes4[5] memory markers = [
            bytes4(keccak256("sharesOf(address)")),
            bytes4(keccak256("scaledBalanceOf(address)")),
            bytes4(keccak256("scaledTotalSupply()")),
            bytes4(keccak256("gonsForBalance(uint256)")),
            bytes4(keccak256("creditsBalanceOf(address)"))
        ];
        for (uint256 i = 0; i < markers.length; ++i) {
            (bool answered, bytes memory answer) = token.staticcall(abi.encodeWithSelector(markers[i], address(this)));
            if (answered && answer.length >= 32) revert IFeeLedger.RebasingToken(token, markers[i]);
        }
    }
}
