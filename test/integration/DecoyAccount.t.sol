// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account as Leaf} from "../../contracts/interfaces/IStateMachine.sol";
import {AccountsTree} from "../utils/AccountsTree.sol";
import {EmergencyTest} from "../utils/EmergencyTest.sol";

/// @notice A registration proves no possession of the key. Somebody who sees a registration in the mempool registers the same key
/// first, with an L1 owner of their own: of the two accounts that the victim's key can spend from, the first one leaves to the thief.
contract DecoyAccountTest is EmergencyTest, AccountsTree {
    address private thief = makeAddr("thief");
    address private victim = makeAddr("victim");

    function test_TheFirstAccountOfAKeyMayLeaveToSomebodyElse() external {
        vm.deal(thief, 1 ether);
        vm.prank(thief);
        uint32 decoy = poe.register{value: uint256(MESSAGE_FEE_GWEI) * 2 gwei}(generatorKey(), thief, MAX_MESSAGE_FEE);
        uint32 own = _register(victim, 10 ether);
        assertEq(own, decoy + 1, "the decoy comes first");
        sequence(1);

        // Somebody pays "the account of that key", which poe wallet shows first: 5 ether on the decoy.
        uint64 paid = 5_000_000_000;
        setLeaf(decoy, Leaf(generatorKey(), thief, paid, 0, true));
        setLeaf(own, Leaf(generatorKey(), victim, 10_000_000_000, 0, true));
        proveTo(1, 2, stateRootOf(accountsRoot(), poe.messageAccOf(3)), 0);
        sequence(1);
        vm.warp(poe.head().oldestPendingAt + ESCAPE_DELAY);
        poe.close(checkpoints[2], accountsRoot(), 3);
        vault.escapeAccount(decoy, Leaf(generatorKey(), thief, paid, 0, true), siblingsOf(decoy), generatorKey(), thief);
        assertEq(vault.etherBalanceOf(thief), 5 ether, "of an account that the victim's key owns on L2");
    }
}
