// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {LifecycleTest} from "../../utils/LifecycleTest.sol";
import {NoReturnToken} from "../../utils/weird-tokens/NoReturnToken.sol";

contract DepositFeesTest is LifecycleTest {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    address private alice;
    uint256 private aliceKey;

    function setUp() public override {
        super.setUp();
        (alice, aliceKey) = makeAddrAndKey("alice");
        token.mint(alice, 100 ether);
    }

    /* DEPOSIT */

    function test_DepositFees_RevertWhen_TheAccountIsNull() external {
        _approve(alice, 1 ether);
        vm.expectRevert(IFeeLedger.ZeroAddress.selector);
        vm.prank(alice);
        poe.depositFees(address(0), 1 ether);
    }

    function test_DepositFees_RevertWhen_NothingArrives() external {
        vm.expectRevert(IFeeLedger.ZeroAmount.selector);
        vm.prank(alice);
        poe.depositFees(alice, 0);
    }

    /// @custom:req R30
    function test_DepositFees_RevertWhen_TheAllowanceDoesNotSuffice() external {
        _approve(alice, 1 ether - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(poe), 1 ether - 1, 1 ether)
        );
        vm.prank(alice);
        poe.depositFees(alice, 1 ether);
        // An allowance of somebody else is no source of money.
        vm.expectRevert();
        vm.prank(stranger);
        poe.depositFees(stranger, 1 ether - 1);
    }

    /// @custom:req R30
    function testFuzz_DepositFees_WhenTheAccountIsAnotherThanTheCaller(address account, uint256 amount) external {
        vm.assume(account != address(0) && account != sequencer && account != aggregator);
        _checkDeposit(account, bound(amount, 1, 100 ether));
    }

    /// @custom:req R30
    function test_DepositFees_WhenTheAccountIsAnotherThanTheCaller() external {
        _checkDeposit(stranger, 3 ether);
        _checkDeposit(stranger, 4 ether);
        assertEq(poe.feeBalanceOf(stranger), 7 ether, "balances add up");
    }

    function _checkDeposit(address account, uint256 amount) private {
        uint256 held = token.balanceOf(address(poe));
        uint256 balance = poe.feeBalanceOf(account);
        uint256 tokens = token.balanceOf(alice);
        _approve(alice, amount);
        vm.expectEmit(address(poe));
        emit IFeeLedger.FeesDeposited(alice, account, amount);
        vm.prank(alice);
        assertEq(poe.depositFees(account, amount), amount);
        assertEq(poe.feeBalanceOf(account), balance + amount);
        assertEq(token.balanceOf(alice), tokens - amount);
        assertEq(token.balanceOf(address(poe)), held + amount);
    }

    /// @custom:req R49
    function test_DepositFees_WhenTheChainIsNotRunning() external {
        _haltChain();
        _checkDeposit(alice, 1 ether);
        super.setUp();
        token.mint(alice, 100 ether);
        _closeChain();
        _checkDeposit(alice, 1 ether);
    }

    /* WITH A PERMIT */

    function test_DepositFeesWithPermit_WhenThePermitIsValid() external {
        (uint8 v, bytes32 r, bytes32 s) = _permit(aliceKey, alice, 5 ether, block.timestamp);
        vm.prank(alice);
        assertEq(poe.depositFeesWithPermit(stranger, 5 ether, block.timestamp, v, r, s), 5 ether);
        assertEq(poe.feeBalanceOf(stranger), 5 ether);
        assertEq(token.allowance(alice, address(poe)), 0);
    }

    /// @custom:req R34
    function test_DepositFeesWithPermit_WhenSomebodyElseHasUsedThePermitFirst() external {
        (uint8 v, bytes32 r, bytes32 s) = _permit(aliceKey, alice, 5 ether, block.timestamp);
        vm.prank(stranger);
        token.permit(alice, address(poe), 5 ether, block.timestamp, v, r, s);
        vm.prank(alice);
        assertEq(poe.depositFeesWithPermit(alice, 5 ether, block.timestamp, v, r, s), 5 ether);
        assertEq(poe.feeBalanceOf(alice), 5 ether);
    }

    /// @custom:req R34
    function test_DepositFeesWithPermit_GivenTheAllowanceSuffices() external {
        _approve(alice, 5 ether);
        vm.prank(alice);
        assertEq(poe.depositFeesWithPermit(alice, 5 ether, block.timestamp - 1, 27, 0, 0), 5 ether);
    }

    function test_DepositFeesWithPermit_RevertGiven_ThereIsNoAllowance() external {
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(poe), 0, 5 ether)
        );
        vm.prank(alice);
        poe.depositFeesWithPermit(alice, 5 ether, block.timestamp, 27, 0, 0);
    }

    /// @dev A stolen signature moves nothing: only the caller pays.
    /// @custom:req R30
    function test_DepositFeesWithPermit_RevertWhen_ThePermitIsOfSomebodyElse() external {
        (uint8 v, bytes32 r, bytes32 s) = _permit(aliceKey, alice, 5 ether, block.timestamp);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(poe), 0, 5 ether)
        );
        vm.prank(stranger);
        poe.depositFeesWithPermit(stranger, 5 ether, block.timestamp, v, r, s);
    }

    /// @custom:req R33
    function test_DepositFeesWithPermit_WhenTheTokenHasNoPermit() external {
        NoReturnToken plain = new NoReturnToken();
        IProofOfEfficiency.Configuration memory config = _configuration();
        config.feeToken = IERC20(address(plain));
        IProofOfEfficiency other = _deploy(config);
        plain.mint(alice, 1 ether);
        vm.startPrank(alice);
        plain.approve(address(other), 1 ether);
        assertEq(other.depositFeesWithPermit(alice, 1 ether, block.timestamp, 27, 0, 0), 1 ether);
    }

    function _approve(address account, uint256 amount) private {
        vm.prank(account);
        token.approve(address(poe), amount);
    }

    function _permit(uint256 key, address account, uint256 amount, uint256 deadline)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 content =
            keccak256(abi.encode(PERMIT_TYPEHASH, account, address(poe), amount, token.nonces(account), deadline));
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), content)));
    }
}
