// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {IMessages} from "../../../contracts/interfaces/IMessages.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {MessagesBase} from "./MessagesBase.sol";

contract DepositTest is MessagesBase {
    /* REFUSED */

    /// @custom:req R49
    function test_RevertGiven_TheChainIsHalted() external {
        _haltChain();
        _expectRevert(abi.encodeWithSelector(IEmergency.WrongStatus.selector, uint8(Status.Halted)), 1 ether);
    }

    function test_RevertGiven_TheChainIsClosed() external {
        _closeChain();
        _expectRevert(abi.encodeWithSelector(IEmergency.WrongStatus.selector, uint8(Status.Closed)), 1 ether);
    }

    function testFuzz_RevertWhen_TheAccountIsNotRegistered(uint32 index) external {
        if (index == 1) index = 2;
        _expectMismatch(index, 0, 0);
        _expectMismatch(index, identityOf(index, user), 0);
    }

    /// @dev Zero names no identity, not even that of an account there is not.
    function test_RevertWhen_TheAccountIsNotRegistered() external {
        _expectMismatch(0, 0, 0);
        _expectMismatch(2, 0, 0);
        _expectMismatch(2, identityOf(2, user), 0);
        _expectMismatch(type(uint32).max, 0, 0);
    }

    function test_RevertWhen_TheAccountHasAnotherIdentity() external {
        _expectMismatch(1, 0, identityOf(1, user));
        _expectMismatch(1, identityOf(1, stranger), identityOf(1, user));
        _expectMismatch(1, identityOf(2, user), identityOf(1, user));
    }

    function _expectMismatch(uint32 index, bytes32 given, bytes32 actual) private {
        _expectDepositRevert(
            abi.encodeWithSelector(IMessages.IdentityMismatch.selector, index, given, actual),
            index,
            given,
            1 ether,
            FEE
        );
    }

    function testFuzz_RevertWhen_TheValueIsNotWholeGwei(uint256 gweiAmount, uint256 rest) external {
        uint256 value = bound(gweiAmount, 0, 1e12) * 1 gwei + bound(rest, 1, 1 gwei - 1);
        _expectRevert(abi.encodeWithSelector(IMessages.NotWholeGwei.selector, value), value);
    }

    function test_RevertWhen_TheValueIsNotWholeGwei() external {
        _expectRevert(abi.encodeWithSelector(IMessages.NotWholeGwei.selector, 1), 1);
        _expectRevert(abi.encodeWithSelector(IMessages.NotWholeGwei.selector, 1 ether + 1), 1 ether + 1);
    }

    function test_RevertWhen_TheMessageFeeExceedsTheBoundOfTheCaller() external {
        _expectDepositRevert(
            abi.encodeWithSelector(IMessages.MessageFeeAboveLimit.selector, FEE, FEE - 1),
            1,
            identityOf(1, user),
            1 ether,
            FEE - 1
        );
    }

    /// @custom:req R38, R42
    function test_RevertWhen_TheValueDoesNotCoverTheMessageFee() external {
        _expectRevert(abi.encodeWithSelector(IMessages.MessageFeeNotCovered.selector, 0, FEE), 0);
        _expectRevert(abi.encodeWithSelector(IMessages.MessageFeeNotCovered.selector, FEE - 1, FEE), (FEE - 1) * 1 gwei);
    }

    function test_RevertWhen_TheDepositsReachTheCap() external {
        uint256 room = CAP_GWEI - poe.grossDepositsGwei();
        _expectRevert(abi.encodeWithSelector(IMessages.DepositCapReached.selector, CAP_GWEI, CAP_GWEI), room * 1 gwei);
        _deposit((room - 1) * 1 gwei);
        assertEq(poe.grossDepositsGwei(), CAP_GWEI - 1);
    }

    /// @dev The money cannot end in an account that took over the number.
    /// @custom:req R47
    function test_RevertWhen_AReorganisationOfL1GaveTheIndexToSomebodyElse() external {
        uint256 fork = vm.snapshotState();
        uint32 index = _register(user, 1 ether);
        bytes32 signed = identityOf(index, user);
        assertEq(poe.identityOf(index), signed);
        vm.revertToState(fork);
        assertEq(_register(stranger, 1 ether), index);
        _expectDepositRevert(
            abi.encodeWithSelector(IMessages.IdentityMismatch.selector, index, signed, identityOf(index, stranger)),
            index,
            signed,
            1 ether,
            MAX_MESSAGE_FEE
        );
    }

    function _expectRevert(bytes memory reason, uint256 value) private {
        _expectDepositRevert(reason, 1, identityOf(1, user), value, MAX_MESSAGE_FEE);
    }

    /* ACCEPTED */

    /// @custom:req R41, R43
    function test_WhenAllIsInOrder() external {
        _checkDeposit(1 ether, 1);
        _checkDeposit(poe.messageFeeGwei() * 1 gwei, 2);
    }

    /// @custom:req R41, R43
    function testFuzz_WhenAllIsInOrder(uint256 valueGwei, uint256 waiting) external {
        waiting = bound(waiting, 0, 20);
        for (uint256 i = 0; i < waiting; ++i) {
            _deposit(1 ether);
        }
        valueGwei = bound(valueGwei, poe.messageFeeGwei(), 1e18);
        _checkDeposit(valueGwei * 1 gwei, uint32(1 + waiting));
    }

    /// @param queued Messages queued so far.
    function _checkDeposit(uint256 value, uint32 queued) private {
        uint256 held = address(vault).balance;
        uint256 gross = poe.grossDepositsGwei();
        uint64 fee = uint64(poe.messageFeeGwei());
        bytes memory message = _depositBytes(1, uint64(value / 1 gwei) - fee, fee);
        assertEq(message.length, 124);

        // It should queue the bytes of the message.
        vm.expectEmit(address(poe));
        emit IMessages.MessageQueued(queued + 1, 1, message);
        _deposit(value);

        // It should extend the message accumulator.
        assertEq(poe.messageAccOf(queued + 1), sha256(bytes.concat(poe.messageAccOf(queued), message)));
        assertEq(poe.head().messageCount, queued + 1);

        // It should put all ether into the vault.
        assertEq(address(vault).balance, held + value);
        assertEq(address(poe).balance, 0);
        assertEq(poe.grossDepositsGwei(), gross + value / 1 gwei);
    }

    function test_ReceiveDeposit_RevertWhen_TheSenderIsNotTheCore() external {
        vm.deal(stranger, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IExitVault.OnlyCore.selector, stranger));
        vm.prank(stranger);
        vault.receiveDeposit{value: 1 ether}();
    }
}
