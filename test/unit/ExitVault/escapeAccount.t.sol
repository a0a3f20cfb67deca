// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {Account as Leaf, IStateMachine} from "../../../contracts/interfaces/IStateMachine.sol";
import {MessageFormat} from "../../../contracts/libraries/MessageFormat.sol";
import {EscapeTest} from "../../utils/EscapeTest.sol";

/// @custom:req R37
contract EscapeAccountTest is EscapeTest {
    function escape(uint32 index, Leaf memory leaf, address l1Owner) private {
        bytes32[32] memory siblings = siblingsOf(index);
        vm.prank(stranger);
        vault.escapeAccount(index, leaf, siblings, generatorKey(), l1Owner);
    }

    function refuseEscape(uint32 index, Leaf memory leaf, address l1Owner, bytes memory reason) private {
        bytes32[32] memory siblings = siblingsOf(index);
        vm.expectRevert(reason);
        vault.escapeAccount(index, leaf, siblings, generatorKey(), l1Owner);
    }

    /// @custom:req R49
    function test_RevertWhen_TheChainIsNotClosed() external {
        bytes memory reason = abi.encodeWithSelector(IExitVault.ChainNotClosed.selector);
        refuseEscape(1, leafOf(user, BALANCE, 7), user, reason);
        prove(2, 3);
        haltOver(3);
        refuseEscape(1, leafOf(user, BALANCE, 7), user, reason);
    }

    /// @dev Above all: the fees of a leaf without an owner are not for whoever asks first.
    function test_RevertWhen_TheIdentityIsNotTheRegisteredOne() external {
        closeChain();
        refuseEscape(
            3,
            unregisteredLeaf(FEES),
            user,
            abi.encodeWithSelector(IExitVault.NotTheIdentity.selector, 3, identityOf(3, user), identityOf(3, stranger))
        );
        // Right owner, another key.
        bytes memory otherKey = generatorKey();
        otherKey[79] = 0x01;
        bytes32[32] memory siblings = siblingsOf(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IExitVault.NotTheIdentity.selector, 1, MessageFormat.identity(1, otherKey, user), identityOf(1, user)
            )
        );
        vault.escapeAccount(1, leafOf(user, BALANCE, 7), siblings, otherKey, user);
        // Never registered.
        refuseEscape(
            4,
            unregisteredLeaf(FEES),
            user,
            abi.encodeWithSelector(IExitVault.NotTheIdentity.selector, 4, identityOf(4, user), bytes32(0))
        );
    }

    function test_RevertWhen_TheAccountIsEmpty() external {
        closeChain();
        refuseEscape(2, leafOf(user, 0, 0), user, abi.encodeWithSelector(IExitVault.NothingToPay.selector));
    }

    function test_RevertWhen_TheAccountHasLeftAlready() external {
        closeChain();
        escape(1, leafOf(user, BALANCE, 7), user);
        refuseEscape(1, leafOf(user, BALANCE, 7), user, abi.encodeWithSelector(IExitVault.NothingToPay.selector));
        assertEq(vault.etherBalanceOf(user), uint256(BALANCE) * 1 gwei);
    }

    function test_RevertWhen_TheLeafIsNotInTheTree() external {
        closeChain();
        Leaf[5] memory leaves = [
            leafOf(user, BALANCE + 1, 7),
            leafOf(user, BALANCE, 8),
            leafOf(stranger, BALANCE, 7),
            unregisteredLeaf(BALANCE),
            leafOf(user, 1 << 61, 7)
        ];
        for (uint256 i = 0; i < 5; ++i) {
            bytes32[32] memory siblings = siblingsOf(1);
            vm.expectPartialRevert(IStateMachine.AccountMismatch.selector);
            vault.escapeAccount(1, leaves[i], siblings, generatorKey(), user);
        }
        // The balance of account 1 at index 2, whose owner is the same.
        bytes32[32] memory path = siblingsOf(1);
        vm.expectPartialRevert(IStateMachine.AccountMismatch.selector);
        vault.escapeAccount(2, leafOf(user, BALANCE, 7), path, generatorKey(), user);
    }

    function test_GivenItIsRegistered() external {
        closeChain();
        bytes32[32] memory siblings = siblingsOf(1);
        vm.expectEmit(address(vault));
        emit IExitVault.AccountEscaped(1, user, BALANCE);
        vm.prank(stranger);
        vault.escapeAccount(1, leafOf(user, BALANCE, 7), siblings, generatorKey(), user);
        assertEq(vault.etherBalanceOf(user), uint256(BALANCE) * 1 gwei, "to the owner, whoever asks");
        assertEq(vault.etherBalanceOf(stranger), 0);
        assertTrue(vault.accountEscaped(1));
        uint256 before = user.balance;
        vm.prank(user);
        vault.withdrawEther(payable(user), uint256(BALANCE) * 1 gwei);
        assertEq(user.balance - before, uint256(BALANCE) * 1 gwei);
    }

    function test_GivenItIsNotRegisteredAndHoldsFees() external {
        closeChain();
        escape(3, unregisteredLeaf(FEES), stranger);
        assertEq(vault.etherBalanceOf(stranger), uint256(FEES) * 1 gwei);
        assertTrue(vault.accountEscaped(3));
        // Its registration, which the state has not consumed, is refunded beside it.
        vault.refundMessage(3, registration, generatorKey(), stranger);
        assertEq(vault.etherBalanceOf(stranger), uint256(FEES) * 1 gwei + REGISTRATION_VALUE);
    }

    /// @dev Whatever the tree holds, every account leaves with its balance and no more, in any order.
    /// forge-config: default.fuzz.runs = 16
    function testFuzz_EveryAccountLeaves(uint64 balance, uint32 nonce, bool reverse) external {
        balance = uint64(bound(balance, 1, 1 << 61));
        setLeaf(2, leafOf(user, balance, nonce));
        // Checkpoint 2 is taken back, and proven again with this state.
        haltOver(2);
        rewindTo(1);
        freezeRoute(1, 2);
        resume(2);
        proveTo(1, 2, stateRootOf(accountsRoot(), poe.messageAccOf(CONSUMED)), 0);
        closeChain();
        for (uint256 i = 0; i < 3; ++i) {
            uint32 index = uint32(reverse ? 3 - i : 1 + i);
            if (index == 1) escape(1, leafOf(user, BALANCE, 7), user);
            if (index == 2) escape(2, leafOf(user, balance, nonce), user);
            if (index == 3) escape(3, unregisteredLeaf(FEES), stranger);
        }
        assertEq(vault.etherBalanceOf(user), (uint256(BALANCE) + balance) * 1 gwei);
        assertEq(vault.etherBalanceOf(stranger), uint256(FEES) * 1 gwei);
    }
}
