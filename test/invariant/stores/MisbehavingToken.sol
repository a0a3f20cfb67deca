// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {TestToken} from "../../utils/TestToken.sol";

/// @notice Keeps one percent of every transfer and calls a hook in the middle of it.
contract MisbehavingToken is TestToken {
    Reenterer public hook;

    function setHook(Reenterer hook_) external {
        hook = hook_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, amount);
        uint256 kept = amount / 100;
        super._update(from, address(this), kept);
        if (address(hook) != address(0)) hook.onTransfer();
        super._update(from, to, amount - kept);
    }
}

/// @notice Tries, in the middle of every transfer of the fee token, to deposit and to withdraw once more. Both must
/// fail: between the two balances that a deposit
/// measures no other deposit may arrive and nothing may leave.
contract Reenterer {
    IProofOfEfficiency private immutable _poe;
    TestToken private immutable _token;
    bool private _inside;
    uint256 public attempts;
    uint256 public successes;

    constructor(IProofOfEfficiency poe, TestToken token) {
        _poe = poe;
        _token = token;
        token.approve(address(poe), type(uint256).max);
    }

    function deposit() external {
        _poe.depositFees(address(this), 1 ether);
    }

    function onTransfer() external {
        if (_inside || msg.sender != address(_token)) return;
        _inside = true;
        attempts += 2;
        try _poe.depositFees(address(this), 1 ether) {
            ++successes;
        } catch {}
        try _poe.withdrawFees(address(this), 1 gwei) {
            ++successes;
        } catch {}
        _inside = false;
    }
}
