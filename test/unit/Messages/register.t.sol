// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {IMessages} from "../../../contracts/interfaces/IMessages.sol";
import {IStateMachine} from "../../../contracts/interfaces/IStateMachine.sol";
import {EcGFp5} from "../../../contracts/l2/EcGFp5.sol";
import {Head, Status} from "../../../contracts/types/Slots.sol";
import {MessagesBase} from "./MessagesBase.sol";

contract RegisterTest is MessagesBase {
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

    function test_RevertWhen_TheOwnerIsNull() external {
        _expectRegisterRevert(
            abi.encodeWithSelector(IFeeLedger.ZeroAddress.selector), generatorKey(), address(0), 1 ether, FEE
        );
    }

    function test_RevertWhen_AllAccountIndicesAreTaken() external {
        Head memory head = poe.head();
        head.nextIndex = 1 << 32;
        _setHead(head);
        _expectRevert(abi.encodeWithSelector(IMessages.AccountsExhausted.selector), 1 ether);
        // Deposits into the accounts there are go on.
        _deposit(1 ether);
    }

    function test_WhenTheLastAccountIndexIsFree() external {
        Head memory head = poe.head();
        head.nextIndex = type(uint32).max;
        _setHead(head);
        assertEq(_register(user, 1 ether), type(uint32).max);
        assertEq(poe.identityOf(type(uint32).max), identityOf(type(uint32).max, user));
        assertEq(poe.head().nextIndex, 1 << 32);
        // The highest index is a fee recipient like any other.
        sequence(new bytes[](1), type(uint32).max);
    }

    function test_RevertWhen_TheKeyIsInvalid() external {
        bytes memory key = new bytes(79);
        _expectRegisterRevert(
            abi.encodeWithSelector(IStateMachine.InvalidKeyLength.selector, 79), key, user, 1 ether, FEE
        );
        _expectRegisterRevert(abi.encodeWithSelector(EcGFp5.NeutralKey.selector), new bytes(80), user, 1 ether, FEE);
        key = generatorKey();
        key[79] = 0x01;
        _expectRegisterRevert(abi.encodeWithSelector(EcGFp5.NotOnCurve.selector), key, user, 1 ether, FEE);
    }

    function testFuzz_RevertWhen_TheValueIsNotWholeGwei(uint256 gweiAmount, uint256 rest) external {
        uint256 value = bound(gweiAmount, FEE, 1e12) * 1 gwei + bound(rest, 1, 1 gwei - 1);
        _expectRevert(abi.encodeWithSelector(IMessages.NotWholeGwei.selector, value), value);
    }

    function test_RevertWhen_TheValueIsNotWholeGwei() external {
        _expectRevert(abi.encodeWithSelector(IMessages.NotWholeGwei.selector, 1 ether + 1), 1 ether + 1);
        _expectRevert(abi.encodeWithSelector(IMessages.NotWholeGwei.selector, 1 ether - 1), 1 ether - 1);
    }

    function test_RevertWhen_TheMessageFeeExceedsTheBoundOfTheCaller() external {
        _expectRegisterRevert(
            abi.encodeWithSelector(IMessages.MessageFeeAboveLimit.selector, FEE, FEE - 1),
            generatorKey(),
            user,
            1 ether,
            FEE - 1
        );
    }

    /// @dev A message costs more than nothing.
    /// @custom:req R38, R42
    function test_RevertWhen_TheValueDoesNotCoverTheMessageFee() external {
        _expectRevert(abi.encodeWithSelector(IMessages.MessageFeeNotCovered.selector, 0, FEE), 0);
        _expectRevert(abi.encodeWithSelector(IMessages.MessageFeeNotCovered.selector, FEE - 1, FEE), (FEE - 1) * 1 gwei);
    }

    function test_WhenTheValueIsTheMessageFee() external {
        uint32 index = uint32(poe.head().nextIndex);
        vm.expectEmit(address(poe));
        emit IMessages.MessageQueued(2, index, _registerBytes(index, user, 0, uint64(FEE)));
        assertEq(_register(user, FEE * 1 gwei), index);
    }

    function test_RevertWhen_TheDepositsReachTheCap() external {
        uint256 room = CAP_GWEI - poe.grossDepositsGwei();
        _expectRevert(abi.encodeWithSelector(IMessages.DepositCapReached.selector, CAP_GWEI, CAP_GWEI), room * 1 gwei);
        _expectRevert(
            abi.encodeWithSelector(IMessages.DepositCapReached.selector, CAP_GWEI + 1e15, CAP_GWEI),
            (room + 1e15) * 1 gwei
        );
    }

    function test_WhenTheDepositsStayBelowTheCap() external {
        _register(user, (CAP_GWEI - 1 - poe.grossDepositsGwei()) * 1 gwei);
        assertEq(poe.grossDepositsGwei(), CAP_GWEI - 1);
        // From here on not even a fee fits.
        uint256 fee = poe.messageFeeGwei();
        _expectRevert(
            abi.encodeWithSelector(IMessages.DepositCapReached.selector, CAP_GWEI - 1 + fee, CAP_GWEI), fee * 1 gwei
        );
    }

    function _expectRevert(bytes memory reason, uint256 value) private {
        _expectRegisterRevert(reason, generatorKey(), user, value, MAX_MESSAGE_FEE);
    }

    /* ACCEPTED */

    function test_WhenTheKeyIsRegisteredAlready() external {
        uint32 first = _register(user, 1 ether);
        uint32 second = _register(user, 1 ether);
        assertEq(second, first + 1);
        assertNotEq(poe.identityOf(first), poe.identityOf(second));
    }

    /// @custom:req R41, R43
    function test_WhenAllIsInOrder() external {
        _checkRegistration(stranger, 3 ether, 1);
    }

    /// @custom:req R41, R43
    function testFuzz_WhenAllIsInOrder(address l1Owner, uint256 valueGwei, uint256 waiting) external {
        vm.assume(l1Owner != address(0));
        waiting = bound(waiting, 0, 20);
        for (uint256 i = 0; i < waiting; ++i) {
            _deposit(1 ether);
        }
        valueGwei = bound(valueGwei, poe.messageFeeGwei(), 1e18);
        _checkRegistration(l1Owner, valueGwei * 1 gwei, uint32(1 + waiting));
    }

    /// @param queued Messages queued so far.
    function _checkRegistration(address l1Owner, uint256 value, uint32 queued) private {
        uint32 index = uint32(poe.head().nextIndex);
        uint256 held = address(vault).balance;
        uint256 gross = poe.grossDepositsGwei();
        uint64 fee = uint64(poe.messageFeeGwei());
        bytes memory message = _registerBytes(index, l1Owner, uint64(value / 1 gwei) - fee, fee);
        assertEq(message.length, 124);

        // It should queue the bytes of the message.
        vm.deal(user, value);
        vm.expectEmit(address(poe));
        emit IMessages.MessageQueued(queued + 1, index, message);
        vm.prank(user);
        assertEq(poe.register{value: value}(generatorKey(), l1Owner, fee), index);

        // It should extend the message accumulator.
        assertEq(poe.messageAccOf(queued + 1), sha256(bytes.concat(poe.messageAccOf(queued), message)));
        assertEq(poe.head().messageCount, queued + 1);

        // It should record the identity.
        bytes32 identity = keccak256(abi.encode(bytes32("PoE/identity/1"), index, keccak256(generatorKey()), l1Owner));
        assertEq(poe.identityOf(index), identity);
        assertEq(poe.head().nextIndex, index + 1);

        // It should put all ether into the vault.
        assertEq(address(vault).balance, held + value);
        assertEq(address(poe).balance, 0);
        assertEq(poe.grossDepositsGwei(), gross + value / 1 gwei);
    }
}
