// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IMessages} from "../../../contracts/interfaces/IMessages.sol";
import {MessageFormat} from "../../../contracts/libraries/MessageFormat.sol";
import {BaseHandler} from "./BaseHandler.sol";

/// @notice Users who register and deposit ether.
abstract contract MessageHandler is BaseHandler {
    function register(uint256 who, uint256 amountGwei) external transition {
        if (registered() >= ACCOUNTS) return _deposit(uint32(1 + who % ACCOUNTS), amountGwei);
        _registerAccount(etherOwners[who % etherOwners.length], amountGwei);
    }

    function depositEther(uint256 indexSeed, uint256 amountGwei) external transition {
        _deposit(uint32(1 + indexSeed % registered()), amountGwei);
    }

    /// @dev A flood in one block: the price of a message rises with each.
    function depositOften(uint256 indexSeed, uint256 times) external transition {
        times = _bound(times, 2, 6);
        for (uint256 i = 0; i < times; ++i) {
            _deposit(uint32(1 + (indexSeed >> i) % registered()), i);
        }
    }

    function depositWrongly(uint256 indexSeed, uint256 kind) external transition {
        uint32 index = uint32(1 + indexSeed % registered());
        bytes32 identity = poe.identityOf(index);
        uint256 fee = _fee();
        uint256 value = fee * 1 gwei;
        kind = _bound(kind, 0, 4);
        if (_refusedUnlessRunning()) {
            // Nothing else is looked at.
        } else if (kind == 0) {
            identity = ~identity;
            vm.expectPartialRevert(IMessages.IdentityMismatch.selector);
        } else if (kind == 1) {
            index = uint32(registered() + 1);
            identity = 0;
            vm.expectPartialRevert(IMessages.IdentityMismatch.selector);
        } else if (kind == 2) {
            value += 1;
            vm.expectRevert(abi.encodeWithSelector(IMessages.NotWholeGwei.selector, value));
        } else if (kind == 3) {
            value -= 1 gwei;
            vm.expectRevert(abi.encodeWithSelector(IMessages.MessageFeeNotCovered.selector, fee - 1, fee));
        } else {
            fee -= 1;
            vm.expectRevert(abi.encodeWithSelector(IMessages.MessageFeeAboveLimit.selector, fee + 1, fee));
        }
        vm.deal(address(this), value);
        poe.deposit{value: value}(index, identity, fee);
    }

    function _registerAccount(address l1Owner, uint256 amountGwei) internal {
        uint32 index = uint32(registered() + 1);
        uint64 fee = uint64(_fee());
        uint64 amount = uint64(_bound(amountGwei, 0, 1_000 ether / 1 gwei));
        bool refused = _refusedUnlessRunning();
        hoax(l1Owner, uint256(amount + fee) * 1 gwei);
        uint32 given = poe.register{value: uint256(amount + fee) * 1 gwei}(keyOf(index), l1Owner, fee);
        if (refused) return;
        assertEq(given, index, "indices are consecutive");
        l1Owners.push(l1Owner);
        _noteMessage(index, amount, fee, MessageFormat.register(index, keyOf(index), l1Owner, amount, fee));
    }

    function _deposit(uint32 index, uint256 amountGwei) private {
        uint64 fee = uint64(_fee());
        uint64 amount = uint64(_bound(amountGwei, 0, 1_000 ether / 1 gwei));
        bytes32 identity = MessageFormat.identity(index, keyOf(index), l1Owners[index]);
        bool refused = _refusedUnlessRunning();
        hoax(stranger, uint256(amount + fee) * 1 gwei);
        poe.deposit{value: uint256(amount + fee) * 1 gwei}(index, identity, fee);
        if (!refused) _noteMessage(index, amount, fee, MessageFormat.deposit(index, amount, fee));
    }

    function _noteMessage(uint32 index, uint64 amount, uint64 fee, bytes memory data) private {
        bytes32 former = messages[messages.length - 1].acc;
        messages.push(Message(index, amount, fee, sha256(bytes.concat(former, data)), data));
        etherIn += uint256(amount + fee) * 1 gwei;
    }

    /// @dev It doubles when MESSAGE_FEE_DEPTH messages wait.
    function _fee() private view returns (uint256) {
        return MESSAGE_FEE_GWEI + uint256(MESSAGE_FEE_GWEI) * (messageCount() - attached) / MESSAGE_FEE_DEPTH;
    }
}
