// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {LifecycleTest} from "../../utils/LifecycleTest.sol";

/// @notice What the tests of messages share: calls with ether, and the bytes spelt out (FMT-10).
abstract contract MessagesBase is LifecycleTest {
    uint256 internal constant CAP_GWEI = 1 << 61;
    uint256 internal constant FEE = MESSAGE_FEE_GWEI;

    function _expectRegisterRevert(
        bytes memory reason,
        bytes memory key,
        address l1Owner,
        uint256 value,
        uint256 maxFee
    ) internal {
        vm.deal(user, value);
        vm.expectRevert(reason);
        vm.prank(user);
        poe.register{value: value}(key, l1Owner, maxFee);
    }

    function _expectDepositRevert(bytes memory reason, uint32 index, bytes32 identity, uint256 value, uint256 maxFee)
        internal
    {
        vm.deal(user, value);
        vm.expectRevert(reason);
        vm.prank(user);
        poe.deposit{value: value}(index, identity, maxFee);
    }

    function _deposit(uint256 value) internal {
        vm.deal(stranger, value);
        bytes32 identity = identityOf(1, user);
        vm.prank(stranger);
        poe.deposit{value: value}(1, identity, MAX_MESSAGE_FEE);
    }

    function _registerBytes(uint32 index, address l1Owner, uint64 amount, uint64 fee)
        internal
        pure
        returns (bytes memory)
    {
        return bytes.concat(hex"00000001", bytes4(index), generatorKey(), bytes20(l1Owner), bytes8(amount), bytes8(fee));
    }

    function _depositBytes(uint32 index, uint64 amount, uint64 fee) internal pure returns (bytes memory) {
        return bytes.concat(hex"00000002", bytes4(index), new bytes(100), bytes8(amount), bytes8(fee));
    }
}
