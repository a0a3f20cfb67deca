// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {MessageFormat} from "../../../contracts/libraries/MessageFormat.sol";
import {EscapeTest} from "../../utils/EscapeTest.sol";

/// @custom:req R37
/// @custom:req R44
contract RefundMessageTest is EscapeTest {
    function refuseRefund(uint32 number, bytes memory message, address l1Owner, bytes memory reason) private {
        vm.expectRevert(reason);
        vault.refundMessage(number, message, generatorKey(), l1Owner);
    }

    /// @custom:req R49
    function test_RevertWhen_TheChainIsNotClosed() external {
        bytes memory reason = abi.encodeWithSelector(IExitVault.ChainNotClosed.selector);
        refuseRefund(3, registration, stranger, reason);
        prove(2, 3);
        haltOver(3);
        refuseRefund(3, registration, stranger, reason);
    }

    function test_RevertWhen_TheMessageWasConsumed() external {
        closeChain();
        for (uint32 number = 0; number <= CONSUMED; ++number) {
            refuseRefund(
                number,
                registration,
                stranger,
                abi.encodeWithSelector(IExitVault.MessageConsumed.selector, number, CONSUMED)
            );
        }
    }

    /// @custom:req R43
    function test_RevertWhen_TheBytesAreNotThoseOfTheMessage() external {
        closeChain();
        bytes memory reason = abi.encodeWithSelector(IExitVault.MessageMismatch.selector, 3);
        refuseRefund(3, deposit_, stranger, reason);
        refuseRefund(3, "", stranger, reason);
        refuseRefund(3, bytes.concat(registration, hex"00"), stranger, reason);
        for (uint256 i = 0; i < registration.length; ++i) {
            bytes memory forged = registration;
            forged[i] ^= 0x01;
            refuseRefund(3, forged, stranger, reason);
        }
        // Beyond the queue there is no message.
        refuseRefund(5, deposit_, user, abi.encodeWithSelector(IExitVault.MessageMismatch.selector, 5));
        refuseRefund(
            type(uint32).max,
            deposit_,
            user,
            abi.encodeWithSelector(IExitVault.MessageMismatch.selector, type(uint32).max)
        );
    }

    /// @custom:req R43
    function test_RevertWhen_ItWasRefundedBefore() external {
        closeChain();
        vault.refundMessage(4, deposit_, generatorKey(), user);
        refuseRefund(4, deposit_, user, abi.encodeWithSelector(IExitVault.NothingToPay.selector));
    }

    function test_RevertWhen_TheIdentityIsNotTheRegisteredOne() external {
        closeChain();
        refuseRefund(
            3,
            registration,
            user,
            abi.encodeWithSelector(IExitVault.NotTheIdentity.selector, 3, identityOf(3, user), identityOf(3, stranger))
        );
        // Who deposited is not who owns the account.
        refuseRefund(
            4,
            deposit_,
            stranger,
            abi.encodeWithSelector(IExitVault.NotTheIdentity.selector, 1, identityOf(1, stranger), identityOf(1, user))
        );
        bytes memory otherKey = generatorKey();
        otherKey[79] = 0x01;
        vm.expectRevert(
            abi.encodeWithSelector(
                IExitVault.NotTheIdentity.selector,
                3,
                MessageFormat.identity(3, otherKey, stranger),
                identityOf(3, stranger)
            )
        );
        vault.refundMessage(3, registration, otherKey, stranger);
    }

    function test_GivenItIsARegistration() external {
        closeChain();
        vm.expectEmit(address(vault));
        emit IExitVault.MessageRefunded(3, stranger, REGISTRATION_VALUE / 1 gwei);
        vm.prank(sequencer);
        vault.refundMessage(3, registration, generatorKey(), stranger);
        assertEq(vault.etherBalanceOf(stranger), REGISTRATION_VALUE, "the fee included");
        assertTrue(vault.messageRefunded(3));
    }

    /// @dev A message attached to a batch that nobody proved is as unconsumed as one that waits in the queue.
    function test_GivenItIsADeposit() external {
        assertEq(poe.head().attachedMessages, 4, "attached");
        closeChain();
        vault.refundMessage(4, deposit_, generatorKey(), user);
        assertEq(vault.etherBalanceOf(user), DEPOSIT_VALUE, "the fee included");
        assertTrue(vault.messageRefunded(4));
        assertFalse(vault.messageRefunded(3), "one at a time");
    }

    /// @dev A rewind gives messages back too: those the voided state had consumed are refunded if the chain then closes.
    function test_AMessageOfAVoidedCheckpointIsRefunded() external {
        prove(2, 4);
        haltOver(4);
        rewindTo(2);
        skip(ESCAPE_DELAY);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
        vault.refundMessage(3, registration, generatorKey(), stranger);
        vault.refundMessage(4, deposit_, generatorKey(), user);
        assertEq(vault.etherBalanceOf(stranger), REGISTRATION_VALUE);
        assertEq(vault.etherBalanceOf(user), DEPOSIT_VALUE);
    }
}
