// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {HookToken, ITokenHolder} from "./HookToken.sol";

/// @notice Holds tokens and a fee balance, and makes one prepared call to the core from inside a token's hook.
contract ReenteringHolder is ITokenHolder {
    IProofOfEfficiency private immutable POE;
    HookToken private immutable TOKEN;

    bytes private prepared;
    bool private atSending;

    /// @notice Times the prepared call was made, and how the last one ended.
    uint256 public calls;
    bool public succeeded;
    bytes public answer;

    constructor(IProofOfEfficiency poe, HookToken token) {
        POE = poe;
        TOKEN = token;
        token.approve(address(poe), type(uint256).max);
        token.setHooked(true);
    }

    /// @notice Prepares the call to make when tokens leave (`sending`) or arrive.
    function prepare(bool sending, bytes calldata callData) external {
        (atSending, prepared, calls) = (sending, callData, 0);
    }

    function deposit(uint256 amount) external returns (uint256) {
        return POE.depositFees(address(this), amount);
    }

    function withdraw(uint256 amount) external {
        POE.withdrawFees(address(this), amount);
    }

    /// @notice Gives tokens to the core without a deposit, from inside a hook too.
    function donate(uint256 amount) external {
        require(TOKEN.transfer(address(POE), amount), "donation refused");
    }

    function tokensToSend() external {
        if (atSending) _reenter();
    }

    function tokensReceived() external {
        if (!atSending) _reenter();
    }

    function _reenter() private {
        if (prepared.length == 0) return;
        bytes memory callData = prepared;
        delete prepared;
        ++calls;
        (succeeded, answer) = address(POE).call(callData);
    }
}
