// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {GreedyRecipient, RefusingRecipient} from "../../mocks/EtherRecipients.sol";
import {ExitsTest} from "../../utils/ExitsTest.sol";

contract WithdrawEtherTest is ExitsTest {
    GreedyRecipient private greedy;
    address private alice = makeAddr("alice");

    /// @dev Alice and the attacker have 10 gwei each, the vault holds more.
    function setUp() public override {
        super.setUp();
        greedy = new GreedyRecipient(vault);
        addExit(alice, 10);
        addExit(address(greedy), 10);
        uint40 last = proveExits();
        skip(EXIT_DELAY);
        IExitVault.ExitLink[] memory links = linksDown(2, 1);
        links[0].claimMask = 1;
        links[1].claimMask = 1;
        claim(last, links);
    }

    function refuseWithdrawal(address caller, address recipient, uint256 amount, bytes memory reason) private {
        vm.prank(caller);
        vm.expectRevert(reason);
        vault.withdrawEther(payable(recipient), amount);
    }

    function test_RevertWhen_TheRecipientIsNull() external {
        refuseWithdrawal(alice, address(0), 1, abi.encodeWithSelector(IExitVault.ZeroRecipient.selector));
    }

    function test_RevertWhen_TheAmountIsZero() external {
        refuseWithdrawal(alice, alice, 0, abi.encodeWithSelector(IExitVault.NothingToPay.selector));
    }

    /// @custom:req R30
    function test_RevertWhen_TheBalanceDoesNotCoverIt() external {
        refuseWithdrawal(
            alice,
            alice,
            10 gwei + 1,
            abi.encodeWithSelector(IExitVault.InsufficientEther.selector, alice, 10 gwei, 10 gwei + 1)
        );
        // Nobody spends another's balance.
        refuseWithdrawal(
            stranger, stranger, 1, abi.encodeWithSelector(IExitVault.InsufficientEther.selector, stranger, 0, 1)
        );
    }

    /// @custom:req R31
    function test_RevertWhen_TheRecipientRefuses() external {
        address refusing = address(new RefusingRecipient());
        refuseWithdrawal(
            alice, refusing, 4 gwei, abi.encodeWithSelector(IExitVault.EtherTransferFailed.selector, refusing, 4 gwei)
        );
        assertEq(vault.etherBalanceOf(alice), 10 gwei, "the balance is untouched");
        vm.prank(alice);
        vault.withdrawEther(payable(stranger), 10 gwei);
        assertEq(stranger.balance, 10 gwei, "another recipient takes it");
    }

    /// @custom:req R32
    function test_WhenTheRecipientCallsBack() external {
        greedy.take(10 gwei);
        assertEq(address(greedy).balance, 10 gwei, "once");
        assertEq(greedy.calls(), 1, "the second call finds nothing");
        assertEq(vault.etherBalanceOf(address(greedy)), 0);
        assertEq(vault.etherBalanceOf(alice), 10 gwei, "nobody else's");
    }

    /// @dev In pieces, from within each other: still no more than the balance.
    /// @custom:req R32
    function testFuzz_ARecipientThatCallsBackTakesNoMoreThanItsBalance(uint256 piece) external {
        piece = bound(piece, 1, 10 gwei);
        uint256 before = address(vault).balance;
        greedy.take(piece);
        uint256 taken = address(greedy).balance;
        assertEq(taken + vault.etherBalanceOf(address(greedy)), 10 gwei);
        assertEq(before - address(vault).balance, taken);
    }

    function test_WhenTheRecipientAccepts(uint256 amount) external {
        amount = bound(amount, 1, 10 gwei);
        uint256 before = address(vault).balance;
        vm.expectEmit(address(vault));
        emit IExitVault.EtherWithdrawn(alice, stranger, amount);
        vm.prank(alice);
        vault.withdrawEther(payable(stranger), amount);
        assertEq(stranger.balance, amount);
        assertEq(vault.etherBalanceOf(alice), 10 gwei - amount);
        assertEq(before - address(vault).balance, amount);
    }

    /// @dev Ether enters with L1 messages only, so that all of it is accounted for on L2.
    function test_EtherComesInFromTheCoreAlone() external {
        vm.deal(stranger, 1 ether);
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IExitVault.OnlyCore.selector, stranger));
        vault.receiveDeposit{value: 1 gwei}();
        (bool accepted,) = address(vault).call{value: 1 gwei}("");
        assertFalse(accepted, "no plain transfer");
        (accepted,) = address(poe).call{value: 1 gwei}("");
        assertFalse(accepted, "nor to the core");
        vm.stopPrank();

        uint256 before = address(vault).balance;
        _register(stranger, 1 ether);
        assertEq(address(vault).balance - before, 1 ether, "all of a message's ether");
        assertEq(address(poe).balance, 0, "the core keeps none");
    }
}
