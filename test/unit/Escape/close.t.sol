// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IEscape} from "../../../contracts/interfaces/IEscape.sol";
import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {IStateMachine} from "../../../contracts/interfaces/IStateMachine.sol";
import {Goldilocks} from "../../../contracts/l2/Goldilocks.sol";
import {Checkpoint} from "../../../contracts/types/Commitments.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {EscapeTest} from "../../utils/EscapeTest.sol";

contract CloseTest is EscapeTest {
    function refuseClose(bytes memory reason) private {
        vm.expectRevert(reason);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
    }

    function refuseClose(Checkpoint memory last, bytes32 root, uint32 consumed, bytes memory reason) private {
        vm.expectRevert(reason);
        poe.close(last, root, consumed);
    }

    function notDue(uint256 elapsed) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEscape.EscapeNotDue.selector, elapsed, ESCAPE_DELAY);
    }

    function requireClosed(uint40 last) private view {
        assertEq(uint8(poe.head().status), uint8(Status.Closed), "closed");
        assertEq(poe.head().lastVerified, last, "at");
    }

    /// @dev Whoever wants an idle chain to live has twice the delay to show it.
    function test_RevertWhen_NothingIsPendingAndTheChainIsNotIdleForLong() external {
        prove(2, 4);
        skip(2 * ESCAPE_DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IEscape.EscapeNotDue.selector, 2 * ESCAPE_DELAY - 1, 2 * ESCAPE_DELAY));
        poe.close(checkpoints[4], accountsRoot(), CONSUMED);
    }

    /// @custom:req R45
    function test_RevertWhen_TheOldestPendingSequenceHasNotWaitedLongEnough() external {
        vm.warp(closeDueAt() - 1);
        refuseClose(notDue(ESCAPE_DELAY - 1));
        skip(1);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
    }

    /// @dev An idle year is no stall: the wait begins with the sequence that nobody proves.
    function test_RevertWhen_TheChainWasIdleAndTheSequenceIsYoung() external {
        prove(2, 4);
        skip(365 days);
        sequence(1);
        skip(ESCAPE_DELAY - 1);
        vm.expectRevert(notDue(ESCAPE_DELAY - 1));
        poe.close(checkpoints[4], accountsRoot(), CONSUMED);
    }

    function test_RevertWhen_ThereWasProgressMeanwhile() external {
        vm.warp(closeDueAt() - 1);
        prove(2, 3);
        skip(1);
        // Sequence 4 has nearly waited long enough itself, but the chain lives.
        skip(1 hours);
        vm.expectRevert(notDue(1 hours + 1));
        poe.close(checkpoints[3], accountsRoot(), CONSUMED);
    }

    /// @custom:req R48
    function test_RevertWhen_TheChainIsHaltedAndNotRewound() external {
        prove(2, 3);
        haltOver(3);
        skip(ESCAPE_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IEmergency.RewindIncomplete.selector, 3, 2));
        poe.close(checkpoints[3], accountsRoot(), CONSUMED);
    }

    /// @custom:req R48
    function test_RevertWhen_TheChainIsHaltedAndTheHaltIsYoung() external {
        prove(2, 3);
        skip(6 days);
        haltOver(3);
        rewindTo(2);
        skip(ESCAPE_DELAY - 1);
        refuseClose(notDue(ESCAPE_DELAY - 1));
    }

    /// @dev A resume is progress: the wait starts anew, however long the halt was.
    /// @custom:req R48
    function test_RevertWhen_TheChainHasResumedSince() external {
        prove(2, 3);
        haltOver(3);
        rewindTo(2);
        skip(ESCAPE_DELAY);
        freezeRoute(1, 2);
        resume(2);
        skip(ESCAPE_DELAY - 1);
        refuseClose(notDue(ESCAPE_DELAY - 1));
        skip(1);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
    }

    function test_RevertWhen_TheChainIsClosed() external {
        closeChain();
        skip(ESCAPE_DELAY);
        refuseClose(abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Closed));
    }

    function test_RevertWhen_ThePreimageIsNotThatOfTheLastCheckpoint() external {
        vm.warp(closeDueAt());
        bytes memory reason = abi.encodeWithSelector(IProving.CheckpointMismatch.selector, 2);
        refuseClose(checkpoints[1], accountsRoot(), CONSUMED, reason);
        // Another state, with accounts somebody would like better.
        Checkpoint memory other = checkpoints[2];
        setLeaf(3, leafOf(stranger, 1 ether, 0));
        other.stateRoot = stateRootOf(accountsRoot(), poe.messageAccOf(CONSUMED));
        refuseClose(other, accountsRoot(), CONSUMED, reason);
    }

    function test_RevertWhen_TheAccountsRootIsNotThatOfTheState() external {
        vm.warp(closeDueAt());
        setLeaf(3, leafOf(stranger, 1 ether, 0));
        bytes memory reason = abi.encodeWithSelector(
            IStateMachine.StateMismatch.selector,
            checkpoints[2].stateRoot,
            stateRootOf(accountsRoot(), poe.messageAccOf(CONSUMED))
        );
        refuseClose(checkpoints[2], accountsRoot(), CONSUMED, reason);
        bytes32 notCanonical = bytes32(type(uint256).max);
        refuseClose(
            checkpoints[2],
            notCanonical,
            CONSUMED,
            abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, 0, type(uint64).max)
        );
    }

    function test_RevertWhen_TheNumberOfConsumedMessagesIsNotThatOfTheState() external {
        vm.warp(closeDueAt());
        for (uint32 consumed = 0; consumed <= 4; ++consumed) {
            if (consumed == CONSUMED) continue;
            bytes memory reason = abi.encodeWithSelector(
                IStateMachine.StateMismatch.selector,
                checkpoints[2].stateRoot,
                stateRootOf(accountsRoot(), poe.messageAccOf(consumed))
            );
            refuseClose(checkpoints[2], accountsRoot(), consumed, reason);
        }
    }

    function test_RevertWhen_TheNumberOfConsumedMessagesIsBeyondTheQueue() external {
        vm.warp(closeDueAt());
        refuseClose(checkpoints[2], accountsRoot(), 5, abi.encodeWithSelector(IEscape.UnknownMessage.selector, 5, 4));
        refuseClose(
            checkpoints[2],
            accountsRoot(),
            type(uint32).max,
            abi.encodeWithSelector(IEscape.UnknownMessage.selector, type(uint32).max, 4)
        );
    }

    function test_GivenTheChainRuns() external {
        vm.warp(closeDueAt());
        vm.expectEmit(address(poe));
        emit IEscape.ChainClosed(2, accountsRoot(), CONSUMED);
        vm.prank(stranger);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
        requireClosed(2);
        assertEq(poe.closedAccountsRoot(), accountsRoot(), "accounts");
        assertEq(poe.consumedMessages(), CONSUMED, "messages");
    }

    /// @dev Nobody has to end a halt for the money to come out.
    /// @custom:req R37
    function test_GivenTheChainIsHaltedAndRewound() external {
        prove(2, 3);
        haltOver(3);
        skip(ESCAPE_DELAY);
        rewindTo(2);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
        requireClosed(2);
    }

    /// @dev Everything is proven and nobody sequences: after twice the delay anyone may end it, and not a second earlier.
    /// @custom:req R45
    function test_GivenTheChainIsIdle() external {
        proveTo(2, 4, checkpoints[2].stateRoot, 0);
        skip(2 * ESCAPE_DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IEscape.EscapeNotDue.selector, 2 * ESCAPE_DELAY - 1, 2 * ESCAPE_DELAY));
        poe.close(checkpoints[4], accountsRoot(), CONSUMED);
        skip(1);
        vm.prank(stranger);
        poe.close(checkpoints[4], accountsRoot(), CONSUMED);
        requireClosed(4);
    }

    /// @dev With the fee token dead and all fee balances gone nobody can sequence, so nothing is ever pending. The ether
    /// must come out all the same.
    /// @custom:req R37
    function test_AnIdleChainWithADeadFeeTokenLetsTheEtherGo() external {
        proveTo(2, 4, checkpoints[2].stateRoot, 0);
        uint256 fees = poe.feeBalanceOf(sequencer);
        vm.prank(sequencer);
        poe.withdrawFees(sequencer, fees);
        vm.etch(address(token), hex"5f5ffd");
        vm.prank(sequencer);
        vm.expectRevert();
        poe.depositFees(sequencer, 1);
        ISequencing.Limits memory limits_ = limits();
        vm.prank(sequencer, sequencer);
        vm.expectPartialRevert(IFeeLedger.InsufficientFeeBalance.selector);
        poe.sequenceBatches(slots(1, 1), 1, limits_);

        skip(2 * ESCAPE_DELAY);
        poe.close(checkpoints[4], accountsRoot(), CONSUMED);
        vault.escapeAccount(1, leafOf(user, BALANCE, 7), siblingsOf(1), generatorKey(), user);
        uint256 before = user.balance;
        vault.withdrawEtherFor(payable(user));
        assertEq(user.balance - before, uint256(BALANCE) * 1 gwei);
    }

    /// @dev A conflict that starts earlier deepens the halt; it does not begin a new one, or somebody could hold the
    /// money for as many delays as there are checkpoints.
    /// @custom:req R48
    function test_ADeeperConflictDoesNotPutTheEndOff() external {
        prove(2, 3);
        prove(3, 4);
        haltOver(4);
        skip(ESCAPE_DELAY - 1);
        haltOver(3);
        rewindTo(2);
        refuseClose(notDue(ESCAPE_DELAY - 1));
        skip(1);
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
        requireClosed(2);
    }

    /// @dev At genesis no message is consumed, and beyond the queue every accumulator reads as zero too: a count above the queue would make all messages
    /// look consumed, and keep everybody's deposits.
    function test_GivenNothingWasEverProven() external {
        poe = _deploy(_configuration());
        Checkpoint memory genesis;
        genesis.sequence.acc = poe.lastAcc();
        genesis.stateRoot = stateMachine.genesisRoot();
        checkpoints[0] = genesis;
        delete checkpoints[1];
        delete checkpoints[2];
        _fund(sequencer, 1_000 ether);
        _register(user, 1 ether);
        sequence(1);
        skip(ESCAPE_DELAY);
        refuseClose(genesis, emptyAccountsRoot(), 2, abi.encodeWithSelector(IEscape.UnknownMessage.selector, 2, 1));
        poe.close(genesis, emptyAccountsRoot(), 0);
        requireClosed(0);
        assertEq(poe.consumedMessages(), 0);
    }
}
