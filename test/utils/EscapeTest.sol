// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../contracts/interfaces/IExitVault.sol";
import {Account as Leaf} from "../../contracts/interfaces/IStateMachine.sol";
import {MessageFormat} from "../../contracts/libraries/MessageFormat.sol";
import {AccountsTree} from "./AccountsTree.sol";
import {EmergencyTest} from "./EmergencyTest.sol";

/// @notice A chain whose last checkpoint, 2, holds a true state, and that has stopped being proven:
///
///   account 1  of `user`, registered, with 5,000,000 gwei
///   account 2  of `user` again, registered and empty
///   account 3  of `stranger`, registered on L1 but not yet on L2; its leaf holds 777 gwei of fees
///
///   message 1  registers 1, message 2 registers 2: both consumed
///   message 3  registers 3, message 4 deposits into 1: not consumed
///
///   sequence 3 of `sequencer` and sequence 4 of `aggregator` are pending; `user` has put 3 tokens and `stranger` 2 on sequence 4
abstract contract EscapeTest is EmergencyTest, AccountsTree {
    uint32 internal constant CONSUMED = 2;
    uint64 internal constant BALANCE = 5_000_000;
    uint64 internal constant FEES = 777;
    uint256 internal constant REGISTRATION_VALUE = 1 ether;
    uint256 internal constant DEPOSIT_VALUE = 0.25 ether;

    /// @dev Bytes of messages 3 and 4.
    bytes internal registration;
    bytes internal deposit_;

    function setUp() public virtual override {
        super.setUp();
        _register(user, REGISTRATION_VALUE);
        sequence(1);
        setLeaf(1, leafOf(user, BALANCE, 7));
        setLeaf(2, leafOf(user, 0, 0));
        setLeaf(3, unregisteredLeaf(FEES));
        proveTo(1, 2, stateRootOf(accountsRoot(), poe.messageAccOf(CONSUMED)), 0);

        uint64 fee = uint64(poe.messageFeeGwei());
        _register(stranger, REGISTRATION_VALUE);
        registration =
            MessageFormat.register(3, generatorKey(), stranger, uint64(REGISTRATION_VALUE / 1 gwei) - fee, fee);
        fee = uint64(poe.messageFeeGwei());
        vm.deal(user, DEPOSIT_VALUE);
        vm.prank(user);
        poe.deposit{value: DEPOSIT_VALUE}(1, identityOf(1, user), MAX_MESSAGE_FEE);
        deposit_ = MessageFormat.deposit(1, uint64(DEPOSIT_VALUE / 1 gwei) - fee, fee);

        sequence(3);
        skip(1 hours);
        sequenceAs(aggregator, 2);
        _tip(user, 4, 3 ether);
        _tip(stranger, 4, 2 ether);
    }

    function _tip(address tipper, uint40 number, uint256 amount) internal {
        _fund(tipper, amount);
        vm.prank(tipper);
        poe.tip(number, amount);
    }

    function leafOf(address l1Owner, uint64 balance, uint64 nonce) internal pure returns (Leaf memory) {
        return Leaf({publicKey: generatorKey(), l1Owner: l1Owner, balance: balance, nonce: nonce, registered: true});
    }

    function unregisteredLeaf(uint64 balance) internal pure returns (Leaf memory) {
        return Leaf({publicKey: new bytes(80), l1Owner: address(0), balance: balance, nonce: 0, registered: false});
    }

    /// @dev When the running chain may be closed: `ESCAPE_DELAY` after sequence 3.
    function closeDueAt() internal view returns (uint256) {
        return poe.head().oldestPendingAt + ESCAPE_DELAY;
    }

    function closeChain() internal {
        vm.warp(closeDueAt());
        vm.prank(stranger);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
    }

    function noLinks() internal pure returns (IExitVault.ExitLink[] memory) {
        return new IExitVault.ExitLink[](0);
    }
}
