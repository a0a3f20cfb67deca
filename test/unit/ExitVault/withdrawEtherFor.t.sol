// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {GreedyRecipient, RefusingRecipient} from "../../mocks/EtherRecipients.sol";
import {ExitsTest} from "../../utils/ExitsTest.sol";

/// @notice Somebody else pays the gas: an owner without ether on L1 is paid all the same.
contract WithdrawEtherForTest is ExitsTest {
    GreedyRecipient private greedy;
    address private refusing = address(new RefusingRecipient());
    address private alice = makeAddr("alice");

    /// @dev Alice, the attacker and the one who refuses have 10 gwei each, the vault holds more.
    function setUp() public override {
        super.setUp();
        greedy = new GreedyRecipient(vault);
        addExit(alice, 10);
        addExit(address(greedy), 10);
        addExit(refusing, 10);
        uint40 last = proveExits();
        skip(EXIT_DELAY);
        IExitVault.ExitLink[] memory links = linksDown(3, 1);
        for (uint256 i = 0; i < links.length; ++i) {
            links[i].claimMask = 1;
        }
        claim(last, links);
    }

    function test_RevertWhen_TheOwnerHasNoEther() external {
        vm.expectRevert(IExitVault.NothingToPay.selector);
        vault.withdrawEtherFor(payable(stranger));
        vault.withdrawEtherFor(payable(alice));
        vm.expectRevert(IExitVault.NothingToPay.selector);
        vault.withdrawEtherFor(payable(alice));
    }

    /// @custom:req R31
    function test_RevertWhen_TheOwnerRefuses() external {
        vm.expectRevert(abi.encodeWithSelector(IExitVault.EtherTransferFailed.selector, refusing, 10 gwei));
        vault.withdrawEtherFor(payable(refusing));
        assertEq(vault.etherBalanceOf(refusing), 10 gwei, "the balance is untouched");
        vm.prank(refusing);
        vault.withdrawEther(payable(stranger), 10 gwei);
        assertEq(stranger.balance, 10 gwei, "and still the owner's to send elsewhere");
    }

    /// @custom:req R32
    function test_WhenTheOwnerCallsBack() external {
        vault.withdrawEtherFor(payable(address(greedy)));
        assertEq(address(greedy).balance, 10 gwei, "once");
        assertEq(greedy.calls(), 1, "the second call finds nothing");
        assertEq(vault.etherBalanceOf(alice), 10 gwei, "nobody else's");
    }

    /// @custom:req R30
    function testFuzz_WhenTheOwnerAccepts(address caller) external {
        vm.assume(caller != alice && caller != address(vault));
        uint256 before = address(vault).balance;
        uint256 callersBefore = caller.balance;
        vm.expectEmit(address(vault));
        emit IExitVault.EtherWithdrawn(alice, alice, 10 gwei);
        vm.prank(caller);
        vault.withdrawEtherFor(payable(alice));
        assertEq(alice.balance, 10 gwei, "to the owner");
        assertEq(caller.balance, callersBefore, "not to the caller");
        assertEq(vault.etherBalanceOf(alice), 0, "all of it");
        assertEq(before - address(vault).balance, 10 gwei);
    }

    function test_WhenTheOwnerAccepts() external {
        vm.prank(stranger);
        vault.withdrawEtherFor(payable(alice));
        assertEq(alice.balance, 10 gwei);
        assertEq(stranger.balance, 0);
    }
}
