// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {stdError} from "forge-std/StdError.sol";

import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {LifecycleTest} from "../../utils/LifecycleTest.sol";
import {TestToken} from "../../utils/TestToken.sol";
import {AdministeredToken} from "../../utils/weird-tokens/AdministeredToken.sol";
import {FalseReturningToken} from "../../utils/weird-tokens/FalseReturningToken.sol";
import {FeeOnTransferToken} from "../../utils/weird-tokens/FeeOnTransferToken.sol";
import {HookToken} from "../../utils/weird-tokens/HookToken.sol";
import {NoReturnToken} from "../../utils/weird-tokens/NoReturnToken.sol";
import {RebasingMarkerToken} from "../../utils/weird-tokens/RebasingMarkerToken.sol";
import {ReenteringHolder} from "../../utils/weird-tokens/ReenteringHolder.sol";

/// @notice Fee tokens that are not plain: none of them may break the ledger, and only what the token itself refuses may
/// wait.
/// @custom:req R32
contract WeirdTokensTest is LifecycleTest {
    bytes4[5] private MARKERS = [
        bytes4(keccak256("sharesOf(address)")),
        bytes4(keccak256("scaledBalanceOf(address)")),
        bytes4(keccak256("scaledTotalSupply()")),
        bytes4(keccak256("gonsForBalance(uint256)")),
        bytes4(keccak256("creditsBalanceOf(address)"))
    ];

    function _deployWith(address weird) private returns (IProofOfEfficiency) {
        IProofOfEfficiency.Configuration memory config = _configuration();
        config.feeToken = IERC20(weird);
        return _deploy(config);
    }

    /// @dev Starts the fixture's history again with `weird` as the fee token.
    function _useToken(TestToken weird) private {
        token = weird;
        poe = _deployWith(address(weird));
        checkpoints[0].sequence.acc = poe.lastAcc();
        checkpoints[0].stateRoot = stateMachine.genesisRoot();
        delete checkpoints[1];
        _fund(sequencer, 1000 ether);
        _register(user, 1 ether);
        sequence(1);
        prove(0, 1);
    }

    /* FEES ON TRANSFER */

    /// @custom:req R18
    function testFuzz_WhenTheTokenKeepsAFee(uint256 basisPoints, uint256 amount) external {
        FeeOnTransferToken weird = new FeeOnTransferToken();
        _useToken(weird);
        basisPoints = bound(basisPoints, 0, 9999);
        amount = bound(amount, 1e4, 1000 ether);
        weird.setFee(basisPoints);
        _checkMeasured(amount, amount - amount * basisPoints / 10_000);
    }

    /// @custom:req R18
    function test_WhenTheTokenKeepsAFee() external {
        _useToken(new FeeOnTransferToken());
        _checkMeasured(100 ether, 99 ether);
        // What was credited can be paid out in full, although the payee receives less.
        vm.prank(stranger);
        poe.withdrawFees(stranger, 99 ether);
        assertEq(token.balanceOf(stranger), 98.01 ether);
        assertEq(poe.feeBalanceOf(stranger), 0);
    }

    function _checkMeasured(uint256 amount, uint256 arrives) private {
        uint256 held = token.balanceOf(address(poe));
        token.mint(stranger, amount);
        vm.startPrank(stranger);
        token.approve(address(poe), amount);
        vm.expectEmit(address(poe));
        emit IFeeLedger.FeesDeposited(stranger, stranger, arrives);
        assertEq(poe.depositFees(stranger, amount), arrives);
        vm.stopPrank();
        assertEq(poe.feeBalanceOf(stranger), arrives);
        assertEq(token.balanceOf(address(poe)), held + arrives);
    }

    function test_WhenTheTokenKeepsAll() external {
        FeeOnTransferToken weird = new FeeOnTransferToken();
        _useToken(weird);
        weird.setFee(10_000);
        token.mint(stranger, 1 ether);
        vm.startPrank(stranger);
        token.approve(address(poe), 1 ether);
        vm.expectRevert(IFeeLedger.ZeroAmount.selector);
        poe.depositFees(stranger, 1 ether);
    }

    /* RETURN VALUES */

    /// @custom:req R33
    function test_WhenTheTokenReturnsNothing() external {
        NoReturnToken weird = new NoReturnToken();
        IProofOfEfficiency other = _deployWith(address(weird));
        weird.mint(stranger, 5 ether);
        vm.startPrank(stranger);
        weird.approve(address(other), 5 ether);
        assertEq(other.depositFees(stranger, 5 ether), 5 ether);
        other.withdrawFees(user, 2 ether);
        assertEq(weird.balanceOf(user), 2 ether);
        assertEq(weird.balanceOf(address(other)), 3 ether);
        assertEq(other.feeBalanceOf(stranger), 3 ether);
    }

    /// @custom:req R33
    function test_WhenTheTokenReturnsFalse() external {
        FalseReturningToken weird = new FalseReturningToken();
        _useToken(weird);
        uint256 balance = poe.feeBalanceOf(sequencer);
        weird.mint(sequencer, 1 ether);
        weird.setFailing(true);
        bytes memory reason = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(weird));
        vm.expectRevert(reason);
        vm.prank(sequencer);
        poe.depositFees(sequencer, 1 ether);
        vm.expectRevert(reason);
        vm.prank(sequencer);
        poe.withdrawFees(sequencer, 1 ether);
        assertEq(poe.feeBalanceOf(sequencer), balance);
    }

    /* ADMINISTRATORS */

    /// @custom:req R20, R31
    function test_WhenTheTokenIsPaused() external {
        AdministeredToken weird = new AdministeredToken();
        _useToken(weird);
        uint256 balance = poe.feeBalanceOf(sequencer);
        weird.setPaused(true);
        vm.expectRevert(AdministeredToken.Paused.selector);
        vm.prank(sequencer);
        poe.withdrawFees(sequencer, 1 ether);
        assertEq(poe.feeBalanceOf(sequencer), balance, "a failed payment is not debited");

        sequence(1);
        vm.prank(sequencer);
        poe.tip(2, 1 ether);
        uint256 earned = poe.feeBalanceOf(aggregator);
        prove(1, 2);
        assertEq(poe.feeBalanceOf(aggregator), earned + sequences[2].fee);
        vm.warp(block.timestamp + EXIT_DELAY);
        poe.claimTips(2, 2, checkpoints[2]);

        weird.setPaused(false);
        uint256 owed = poe.feeBalanceOf(aggregator);
        vm.prank(aggregator);
        poe.withdrawFees(aggregator, owed);
        assertEq(weird.balanceOf(aggregator), owed);
    }

    /// @custom:req R31
    function test_WhenThePayeeIsBlacklisted() external {
        AdministeredToken weird = new AdministeredToken();
        _useToken(weird);
        weird.setBlacklisted(aggregator, true);
        sequence(1);
        prove(1, 2);
        uint256 owed = poe.feeBalanceOf(aggregator);
        assertGt(owed, 0);
        vm.startPrank(aggregator);
        vm.expectRevert(abi.encodeWithSelector(AdministeredToken.Blacklisted.selector, aggregator));
        poe.withdrawFees(aggregator, owed);
        // The money is not stuck: any other recipient can have it.
        poe.withdrawFees(user, owed);
        vm.stopPrank();
        assertEq(weird.balanceOf(user), owed);
    }

    /* MORE THAN THERE CAN BE */

    /// @dev Such a token forgets what it moved. Balances that wrapped around would be the loss of their holders.
    function test_WhenTheTokenGivesOutMoreThanABalanceHolds() external {
        fillFeeBalance(stranger);
        deal(address(token), stranger, 1);
        deal(address(token), address(poe), 0);
        vm.startPrank(stranger);
        token.approve(address(poe), 1);
        vm.expectRevert(stdError.arithmeticError);
        poe.depositFees(stranger, 1);
        vm.stopPrank();
        assertEq(poe.feeBalanceOf(stranger), type(uint256).max);
    }

    /* HOOKS */

    function _useHooks() private returns (HookToken weird, ReenteringHolder holder) {
        weird = new HookToken();
        _useToken(weird);
        holder = new ReenteringHolder(poe, weird);
        weird.mint(address(holder), 100 ether);
        holder.deposit(50 ether);
    }

    function test_WhenAHookDepositsAgain() external {
        (HookToken weird, ReenteringHolder holder) = _useHooks();
        holder.prepare(true, abi.encodeCall(IFeeLedger.depositFees, (address(holder), 1 ether)));
        assertEq(holder.deposit(2 ether), 2 ether);
        _requireRefused(holder);
        assertEq(poe.feeBalanceOf(address(holder)), 52 ether);
        _requireSolvent(weird, holder);
    }

    function test_WhenAHookWithdrawsAgain() external {
        (HookToken weird, ReenteringHolder holder) = _useHooks();
        holder.prepare(false, abi.encodeCall(IFeeLedger.withdrawFees, (address(holder), 50 ether)));
        holder.withdraw(50 ether);
        _requireRefused(holder);
        assertEq(weird.balanceOf(address(holder)), 100 ether);
        _requireSolvent(weird, holder);
    }

    /// @dev Otherwise the deposit would measure less, or more, than it brought.
    function test_WhenAHookWithdrawsDuringADeposit() external {
        (HookToken weird, ReenteringHolder holder) = _useHooks();
        holder.prepare(true, abi.encodeCall(IFeeLedger.withdrawFees, (address(holder), 1 ether)));
        assertEq(holder.deposit(2 ether), 2 ether);
        _requireRefused(holder);
        _requireSolvent(weird, holder);
    }

    function test_WhenAHookSequences() external {
        (HookToken weird, ReenteringHolder holder) = _useHooks();
        for (uint256 i = 0; i < 2; ++i) {
            bool sending = i == 0;
            holder.prepare(sending, abi.encodeCall(ISequencing.sequenceBatches, (slots(1, 1), 1, limits())));
            uint256 charged = poe.sequenced().cumulativeFee;
            uint256 balance = poe.feeBalanceOf(address(holder));
            if (sending) holder.deposit(2 ether);
            else holder.withdraw(2 ether);
            _requireAccepted(holder);
            charged = poe.sequenced().cumulativeFee - charged;
            assertGt(charged, 0);
            assertEq(poe.feeBalanceOf(address(holder)), (sending ? balance + 2 ether : balance - 2 ether) - charged);
            recordSequence(poe.sequenced().lastSequence, address(holder), 1);
            _requireSolvent(weird, holder);
        }
    }

    function test_WhenAHookProves() external {
        (HookToken weird, ReenteringHolder holder) = _useHooks();
        sequence(1);
        IProving.Claim memory claim = claimFor(1, 2, address(holder), rootAfter(2), 0);
        bytes memory callData = abi.encodeCall(IProving.verifyBatches, (1, 2, claim, proofOf(1, claim)));
        holder.prepare(true, callData);
        uint256 balance = poe.feeBalanceOf(address(holder));
        holder.deposit(2 ether);
        _requireAccepted(holder);
        assertEq(poe.feeBalanceOf(address(holder)), balance + 2 ether + sequences[2].fee);
        _requireSolvent(weird, holder);
        // A second time it is late, inside a hook as anywhere.
        holder.prepare(false, callData);
        holder.withdraw(2 ether);
        assertEq(holder.calls(), 1);
        assertEq(holder.answer(), abi.encodeWithSelector(IProving.LateProof.selector, 2, 2));
        _requireSolvent(weird, holder);
    }

    function _requireRefused(ReenteringHolder holder) private view {
        assertEq(holder.calls(), 1, "the hook did not run");
        assertFalse(holder.succeeded());
        assertEq(
            holder.answer(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    function _requireAccepted(ReenteringHolder holder) private view {
        assertEq(holder.calls(), 1, "the hook did not run");
        assertTrue(holder.succeeded());
    }

    /// @dev To the wei: all balances and what verified batches have not been paid for yet.
    function _requireSolvent(HookToken weird, ReenteringHolder holder) private view {
        uint256 owed = poe.feeBalanceOf(address(holder)) + poe.feeBalanceOf(sequencer) + poe.feeBalanceOf(aggregator)
            + poe.sequenced().cumulativeFee - poe.settlement().paidCumulativeFee;
        assertEq(weird.balanceOf(address(poe)), owed);
    }

    /* REFUSED AT DEPLOYMENT */

    function test_WhenTheTokenShowsTheMarkerOfARebasingFamily() external {
        IProofOfEfficiency.Configuration memory config = _configuration();
        for (uint256 i = 0; i < MARKERS.length; ++i) {
            config.feeToken = IERC20(address(new RebasingMarkerToken(MARKERS[i], 32)));
            vm.expectRevert(abi.encodeWithSelector(IFeeLedger.RebasingToken.selector, config.feeToken, MARKERS[i]));
            this.deployCore(config);
        }
    }

    /// @dev A fallback that answers everything with nothing is no rebasing token.
    function test_WhenTheTokenAnswersAMarkerWithLessThanAWord() external {
        for (uint256 i = 0; i < MARKERS.length; ++i) {
            _deployWith(address(new RebasingMarkerToken(MARKERS[i], 31)));
        }
    }

    /// @custom:req R33
    function test_WhenTheTokenHasNoCode() external {
        IProofOfEfficiency.Configuration memory config = _configuration();
        config.feeToken = IERC20(makeAddr("no token"));
        vm.expectRevert(abi.encodeWithSelector(IFeeLedger.NotAToken.selector, config.feeToken));
        this.deployCore(config);
    }
}
