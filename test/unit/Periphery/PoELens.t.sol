// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IEscape} from "../../../contracts/interfaces/IEscape.sol";
import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {IVerifier} from "../../../contracts/interfaces/IVerifier.sol";
import {IVerifierRouter} from "../../../contracts/interfaces/IVerifierRouter.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {IPoELens} from "../../../contracts/periphery/IPoELens.sol";
import {PoELens} from "../../../contracts/periphery/PoELens.sol";
import {PoEPreimages} from "../../../contracts/periphery/PoEPreimages.sol";
import {Checkpoint, CheckpointOpening, Sequence} from "../../../contracts/types/Commitments.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {BaseTest} from "../../utils/BaseTest.sol";

/// @notice Whatever the lens says, the chain does.
contract PoELensTest is BaseTest {
    using Commitments for *;

    IPoELens internal lens;

    function setUp() public override {
        super.setUp();
        lens = new PoELens();
    }

    /* PRICE */

    /// @dev A state off the beaten track: `count` batches `age` seconds ago.
    function _backlog(uint256 count, uint256 age) private {
        sequenceInCalls(bound(count, 1, 60));
        skip(bound(age, 0, 5 days));
    }

    function _charged(uint256 count) private returns (uint256) {
        uint256 before = poe.feeBalanceOf(sequencer);
        sequenceInCalls(count);
        return before - poe.feeBalanceOf(sequencer);
    }

    /// @custom:req R26
    function testFuzz_Quote_WhenNow_EqualsWhatSequencingCharges(uint256 count, uint256 age, uint256 batches) external {
        _backlog(count, age);
        batches = bound(batches, 1, 40);
        uint256 quoted = lens.quoteFee(poe, batches);
        assertEq(_charged(batches), quoted);
    }

    function testFuzz_Quote_WhenLater_EqualsWhatSequencingCharges(uint256 count, uint256 wait, uint256 batches)
        external
    {
        _backlog(count, 0);
        batches = bound(batches, 1, 40);
        wait = bound(wait, 0, 10 days);
        uint256 quoted = lens.quoteFeeAt(poe, batches, block.timestamp + wait);
        skip(wait);
        assertEq(_charged(batches), quoted);
    }

    function testFuzz_Quote_WhenNothingIsPending_EqualsWhatSequencingCharges(uint256 wait, uint256 batches) external {
        batches = bound(batches, 1, MAX_PENDING);
        wait = bound(wait, 0, 10 days);
        uint256 quoted = lens.quoteFeeAt(poe, batches, block.timestamp + wait);
        skip(wait);
        assertEq(_charged(batches), quoted);
    }

    function test_Quote_RevertWhen_TheMomentIsPast() external {
        vm.expectRevert(abi.encodeWithSelector(IPoELens.QuoteInThePast.selector, block.timestamp - 1, block.timestamp));
        lens.quoteFeeAt(poe, 1, block.timestamp - 1);
    }

    function test_Quote_WhenHalted_StandsUntilTheResume() external {
        sequence(50);
        skip(3 hours);
        _haltAfterProving(2);
        uint256 quoted = lens.quoteFee(poe, 3);
        uint256 price = lens.price(poe);
        skip(20 days);
        assertEq(lens.quoteFee(poe, 3), quoted);
        _resume();
        assertEq(lens.price(poe), price);
        assertEq(_charged(3), quoted);
    }

    /* REWARD */

    function testFuzz_Reward_EqualsWhatProvingPays(uint256 first, uint256 second, uint256 wait) external {
        sequenceInCalls(bound(first, 1, 60));
        skip(bound(wait, 0, 2 days));
        sequenceInCalls(bound(second, 1, 60));
        uint256 upTo2 = lens.pendingReward(poe, 2, sequences[2]);
        uint256 all = lens.backlogReward(poe);
        assertEq(all, lens.pendingReward(poe, 3, sequences[3]));

        uint256 before = poe.feeBalanceOf(aggregator);
        prove(1, 2);
        assertEq(poe.feeBalanceOf(aggregator) - before, upTo2);
        assertEq(lens.pendingReward(poe, 3, sequences[3]), all - upTo2);
        prove(2, 3);
        assertEq(poe.feeBalanceOf(aggregator) - before, all);
        assertEq(lens.backlogReward(poe), 0);
    }

    function test_Reward_AfterARewind_LeavesOutWhatHasBeenPaid() external {
        sequence(5);
        _haltAfterProving(2);
        _rewindTo1();
        assertEq(lens.backlogReward(poe), 0, "the voided part was paid");
        _resumeRewound();
        uint256 before = poe.feeBalanceOf(sequencer);
        sequence(2);
        assertEq(lens.backlogReward(poe), before - poe.feeBalanceOf(sequencer));
    }

    function test_Reward_RevertWhen_ThePreimageIsAnother() external {
        sequence(1);
        Sequence memory wrong = sequences[2];
        wrong.cumulativeFee += 1;
        bytes32 word = poe.commitmentOf(2);
        vm.expectRevert(
            abi.encodeWithSelector(IPoELens.WrongSequencePreimage.selector, 2, word, wrong.word(word.timeOf()))
        );
        lens.pendingReward(poe, 2, wrong);
    }

    function test_Reward_RevertWhen_NothingIsPendingThere() external {
        Sequence memory preimage = sequences[1];
        vm.expectRevert(abi.encodeWithSelector(IPoELens.NotPending.selector, 1, 1, 1));
        lens.pendingReward(poe, 1, preimage);
        vm.expectRevert(abi.encodeWithSelector(IPoELens.NotPending.selector, 2, 1, 1));
        lens.pendingTips(poe, 2);
    }

    function test_Tips_AreThoseOfTheRange() external {
        sequence(1);
        sequence(1);
        sequence(1);
        vm.startPrank(sequencer);
        poe.tip(2, 5 ether);
        poe.tip(3, 7 ether);
        poe.tip(4, 11 ether);
        vm.stopPrank();
        assertEq(lens.pendingTips(poe, 3), 12 ether);
        prove(1, 2);
        assertEq(lens.pendingTips(poe, 4), 18 ether);
    }

    /* OVERVIEW */

    function test_Overview_SaysWhatIsPending() external {
        _register(stranger, 1 ether);
        sequence(10);
        _register(user, 1 ether);
        skip(10 minutes);
        IPoELens.Overview memory o = lens.overview(poe);
        assertEq(uint8(o.status), uint8(Status.Running));
        assertEq(o.lastSequence, 2);
        assertEq(o.lastVerified, 1);
        assertEq(o.lastAcc, sequences[2].acc);
        assertEq(o.pendingBatches, 10);
        assertEq(o.roomBatches, MAX_PENDING - 10);
        assertEq(o.oldestAge, 10 minutes);
        assertEq(o.oldestPendingAt, block.timestamp - 10 minutes);
        assertEq(o.price, lens.price(poe));
        assertEq(o.nextBatchFee, lens.quoteFee(poe, 1));
        assertEq(o.backlogReward, sequences[2].fee);
        assertEq(o.version, 1);
        assertEq(o.slotCapacity, T);
        assertEq(o.messageCapacity, M);
        assertEq(o.waitingMessages, 1);
        assertEq(o.nextMessageFeeGwei, poe.messageFeeGwei());
        assertEq(o.nextIndex, 4);
        assertFalse(o.late);
        assertFalse(o.rewindNeeded);
    }

    /// @dev A rewind makes proven batches pending again. That does not lessen the room, which counts from the farthest proof.
    function test_Overview_AfterARewind_SaysWhatWaitsForAProof() external {
        sequence(10);
        sequence(3);
        _haltAfterProving(2);
        assertEq(lens.overview(poe).pendingBatches, 3);
        _resume();
        IPoELens.Overview memory o = lens.overview(poe);
        assertEq(o.lastVerified, 1);
        assertEq(o.pendingBatches, 13, "ten again and the three behind them");
        assertEq(o.roomBatches, MAX_PENDING - 3, "what a rewind makes pending again takes no room");
    }

    function testFuzz_Room_IsExactlyWhatSequencingAccepts(uint256 count) external {
        sequenceInCalls(bound(count, 1, MAX_PENDING));
        uint256 room = lens.roomBatches(poe);
        if (room != 0) sequenceInCalls(room);
        assertEq(lens.roomBatches(poe), 0);
        ISequencing.Limits memory l = limits();
        bytes[] memory batches = slots(1, 1);
        vm.expectRevert(abi.encodeWithSelector(ISequencing.TooManyPendingBatches.selector, MAX_PENDING, 1, MAX_PENDING));
        poe.sequenceBatches(batches, 1, l);
    }

    function test_Overview_LateBeginsAfterTheTarget() external {
        sequence(1);
        skip(30 minutes);
        assertFalse(lens.overview(poe).late);
        uint256 price = lens.price(poe);
        skip(1);
        assertTrue(lens.overview(poe).late);
        assertGt(lens.price(poe), price, "the price rises exactly when the lens says late");
    }

    function test_Overview_WhenNothingIsPending_HasNoAge() external {
        skip(1 days);
        IPoELens.Overview memory o = lens.overview(poe);
        assertEq(o.oldestAge, 0);
        assertEq(o.oldestPendingAt, 0);
        assertFalse(o.late);
        uint256 idleUntil = poe.settlement().progressAt + 2 * uint256(ESCAPE_DELAY);
        assertEq(o.closableAt, idleUntil, "twice the delay for an idle chain");
    }

    /// @dev `close` refuses with `EscapeNotDue` until the moment the lens names, and for another reason from then on.
    function testFuzz_ClosableAt_IsTheFirstMomentCloseIsDue(uint256 idle, uint256 age) external {
        skip(bound(idle, 0, 200 days));
        sequence(1);
        skip(bound(age, 0, 30 days));
        _requireDueExactlyAtClosable();
    }

    function testFuzz_ClosableAt_WhenHalted(uint256 age) external {
        sequence(3);
        _haltAfterProving(2);
        skip(bound(age, 0, 30 days));
        assertTrue(lens.overview(poe).rewindNeeded);
        _rewindTo1();
        assertFalse(lens.overview(poe).rewindNeeded);
        _requireDueExactlyAtClosable();
    }

    function _requireDueExactlyAtClosable() private {
        IPoELens.Overview memory o = lens.overview(poe);
        assertEq(o.closableIn, o.closableAt - block.timestamp);
        vm.warp(o.closableAt - 1);
        _expectClose(IEscape.EscapeNotDue.selector);
        vm.warp(o.closableAt);
        assertEq(lens.overview(poe).closableIn, 0);
        // The mock's roots open to nothing, so that an overdue chain still does not close in this test.
        _expectClose(bytes4(keccak256("StateMismatch(bytes32,bytes32)")));
    }

    function _expectClose(bytes4 selector) private {
        vm.expectPartialRevert(selector);
        poe.close(checkpoints[1], 0, 0);
    }

    /* MATURITY */

    function testFuzz_Maturity_IsWhenExitsArePaid(uint256 wait) external {
        skip(bound(wait, 0, 30 days));
        sequence(1);
        prove(1, 2);
        CheckpointOpening memory opening = checkpoints[2].opening();
        uint256 at = lens.maturesAt(poe, 2, opening);
        assertEq(at, block.timestamp + EXIT_DELAY);
        vm.warp(at - 1);
        vm.expectRevert(abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, 2, at));
        poe.requireMatured(2, opening);
        vm.warp(at);
        poe.requireMatured(2, opening);
    }

    function test_Maturity_WhenHalted() external {
        uint256 first = lens.maturesAt(poe, 1, checkpoints[1].opening());
        skip(EXIT_DELAY);
        sequence(1);
        _haltAfterProving(2);
        assertEq(lens.maturesAt(poe, 1, checkpoints[1].opening()), first, "matured before the halt");
        assertEq(lens.maturesAt(poe, 2, checkpoints[2].opening()), type(uint256).max);
        skip(2 days);
        _rewindTo1();
        _resumeRewound();
        prove(1, 2);
        assertEq(lens.maturesAt(poe, 2, checkpoints[2].opening()), block.timestamp + EXIT_DELAY);
    }

    /// @dev The wait of what a halt interrupted starts anew at the resume.
    function test_Maturity_AfterAResume_StartsAnew() external {
        sequence(1);
        prove(1, 2);
        sequence(1);
        skip(1 hours);
        _haltOnConflict(2, 3);
        vm.warp(block.timestamp + 2 days);
        _rewind(3, 2);
        _resumeRewound();
        CheckpointOpening memory opening = checkpoints[2].opening();
        assertEq(lens.maturesAt(poe, 2, opening), block.timestamp + EXIT_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, 2, block.timestamp + EXIT_DELAY));
        poe.requireMatured(2, opening);
    }

    function test_Maturity_WhenClosed_IsAtOnce() external {
        vm.store(address(poe), _headSlot(), _withStatus(uint8(Status.Closed)));
        assertEq(uint8(poe.head().status), uint8(Status.Closed));
        assertEq(lens.maturesAt(poe, 1, checkpoints[1].opening()), 0);
        poe.requireMatured(1, checkpoints[1].opening());
        assertEq(lens.overview(poe).closableAt, type(uint256).max);
        assertEq(lens.roomBatches(poe), 0);
    }

    function test_Maturity_RevertWhen_ItIsNoCheckpoint() external {
        sequence(1);
        CheckpointOpening memory opening = checkpoints[1].opening();
        bytes32 word = poe.commitmentOf(2);
        vm.expectRevert(
            abi.encodeWithSelector(IPoELens.WrongCheckpointOpening.selector, 2, word, opening.word(word.timeOf()))
        );
        lens.maturesAt(poe, 2, opening);
        // A number that was never used has the word zero, which no opening has.
        vm.expectPartialRevert(IPoELens.WrongCheckpointOpening.selector);
        lens.maturesAt(poe, 99, opening);
    }

    /* ROUTE */

    function test_RouteInForce_FollowsSuccessors() external {
        (IVerifierRouter.Route memory route, uint16 resolved) = lens.routeInForce(poe, 1);
        assertEq(resolved, 1);
        assertEq(address(route.verifier), address(verifier));
        uint16 next = _addRoute();
        vm.prank(owner);
        router.freezeRoute(1, next);
        (route, resolved) = lens.routeInForce(poe, 1);
        assertEq(resolved, next);
        assertEq(address(route.verifier), address(router.routeOf(next).verifier));
    }

    /* ARGUMENTS */

    function test_Limits_AtASequence_AreAccepted() external {
        sequence(1);
        sequence(1);
        // Not the newest any more: the whole word must match.
        _sequenceWith(lens.limitsAtSequence(type(uint256).max, block.timestamp, 2, sequences[2]));
    }

    function test_Limits_AtACheckpoint_AreAccepted() external {
        sequence(1);
        prove(1, 2);
        sequence(1);
        _sequenceWith(lens.limitsAtCheckpoint(type(uint256).max, block.timestamp, 1, checkpoints[1]));
    }

    function test_Limits_AtGenesis_AreAccepted() external {
        _sequenceWith(lens.limitsAtGenesis(poe, type(uint256).max, block.timestamp));
    }

    function test_Limits_RevertWhen_TheAnchorIsAnotherSequence() external {
        sequence(1);
        sequence(1);
        ISequencing.Limits memory wrong = lens.limitsAtSequence(type(uint256).max, block.timestamp, 2, sequences[3]);
        bytes[] memory batches = slots(1, 1);
        vm.prank(sequencer);
        vm.expectRevert(abi.encodeWithSelector(ISequencing.AnchorMismatch.selector, 2, sequences[3].acc));
        poe.sequenceBatches(batches, 1, wrong);
    }

    function test_Limits_CarryFeeAndDeadline() external {
        ISequencing.Limits memory l = lens.limitsAtGenesis(poe, lens.quoteFee(poe, 1), block.timestamp + 7);
        assertEq(l.deadline, block.timestamp + 7);
        bytes[] memory batches = slots(1, 1);
        vm.prank(sequencer);
        poe.sequenceBatches(batches, 1, l);
        // One wei below the quote is refused.
        l.maxFee = lens.quoteFee(poe, 1) - 1;
        vm.prank(sequencer);
        vm.expectRevert(abi.encodeWithSelector(ISequencing.FeeAboveLimit.selector, l.maxFee + 1, l.maxFee));
        poe.sequenceBatches(batches, 1, l);
    }

    /// @dev With more messages waiting than one batch takes, fewer than all of them, or none.
    function testFuzz_PredictAcc(uint256 messages, uint256 count, uint256 slotCount) external {
        messages = bound(messages, 0, 13);
        for (uint256 i = 0; i < messages; ++i) {
            _register(user, 1 ether);
        }
        bytes[] memory batches = slots(bound(count, 1, 5), bound(slotCount, 0, 3));
        bytes32 predicted = lens.predictAcc(poe, batches, 1);
        sequence(batches, 1);
        assertEq(poe.lastAcc(), predicted);
    }

    function testFuzz_Statement_IsTheOneTheVerifierIsAskedFor(address beneficiary, bytes32 exitAcc, bytes32 seed)
        external
    {
        vm.assume(beneficiary != address(0));
        sequence(2);
        bytes32 root = rootAfter(uint40(uint256(seed)));
        IProving.Claim memory claim = claimFor(1, 2, beneficiary, root, exitAcc);
        (bytes32 statement, uint256[2] memory inputs) = lens.statementOf(poe, claim);
        bytes memory proof = proofOf(statement);
        vm.expectCall(address(verifier), abi.encodeCall(IVerifier.verify, (inputs, proof)));
        uint40 sequencedAt = poe.commitmentOf(2).timeOf();
        poe.verifyBatches(1, 2, claim, proof);

        Checkpoint memory made = lens.checkpointOf(claim, sequencedAt, 1, 1);
        assertEq(lens.checkpointWord(made, uint40(block.timestamp)), poe.commitmentOf(2));
    }

    function test_Statement_NamesTheRouteInForce() external {
        sequence(1);
        uint16 next = _addRoute();
        vm.prank(owner);
        router.freezeRoute(1, next);
        IProving.Claim memory claim = claimFor(1, 2, aggregator, rootAfter(2), 0);
        (bytes32 statement,) = lens.statementOf(poe, claim);
        poe.verifyBatches(1, 2, claim, proofOf(statement));
    }

    function test_Words_AreThoseOfTheChain() external {
        assertEq(
            lens.checkpointWord(lens.genesisCheckpoint(poe), poe.commitmentOf(0).timeOf()),
            poe.commitmentOf(0),
            "genesis"
        );
        sequence(3);
        assertEq(lens.sequenceWord(sequences[2], uint40(block.timestamp)), poe.commitmentOf(2), "sequence");
        CheckpointOpening memory opening = lens.openingOf(checkpoints[1]);
        assertEq(abi.encode(opening), abi.encode(checkpoints[1].opening()));
    }

    /* FORMATS: against the bytes the chain emitted or accepts */

    function testFuzz_Messages_AreThoseTheChainQueues(uint64 amountGwei) external {
        uint64 feeGwei = uint64(poe.messageFeeGwei());
        amountGwei = uint64(bound(amountGwei, 0, 1 << 40));
        bytes memory expected = lens.registerMessage(2, generatorKey(), stranger, amountGwei, feeGwei);
        bytes32 acc = lens.messageAccAfter(poe.messageAccOf(1), expected);
        _register(stranger, (uint256(amountGwei) + feeGwei) * 1 gwei);
        assertEq(poe.messageAccOf(2), acc, "register");

        bytes32 identity = lens.identity(2, generatorKey(), stranger);
        feeGwei = uint64(poe.messageFeeGwei());
        acc = lens.messageAccAfter(acc, lens.depositMessage(2, amountGwei, feeGwei));
        vm.deal(user, (uint256(amountGwei) + feeGwei) * 1 gwei);
        vm.prank(user);
        poe.deposit{value: (uint256(amountGwei) + feeGwei) * 1 gwei}(2, identity, MAX_MESSAGE_FEE);
        assertEq(poe.messageAccOf(3), acc, "deposit");
    }

    function testFuzz_ExitLink_IsPaid(uint64 amountGwei, uint8 position) external {
        position = uint8(bound(position, 0, E - 1));
        // The vault must hold what it credits.
        amountGwei = uint64(bound(amountGwei, 1, 1 gwei / 2));
        bytes32[] memory records = new bytes32[](uint256(position) + 1);
        for (uint256 i = 0; i <= position; ++i) {
            // forge-lint: disable-next-line(unsafe-typecast) at most E
            records[i] = lens.exitRecord(user, uint32(i + 1), amountGwei);
        }
        (IExitVault.ExitLink memory link, bytes32 exitAcc) = lens.exitLink(0, records, E, 1 << position);
        sequence(1);
        proveTo(1, 2, rootAfter(2), exitAcc);
        skip(EXIT_DELAY);
        IExitVault.ExitLink[] memory links = new IExitVault.ExitLink[](1);
        links[0] = link;
        vault.claimExits(2, checkpoints[2].opening(), links);
        assertEq(vault.etherBalanceOf(user), uint256(amountGwei) * 1 gwei);
    }

    function test_ExitLink_RevertWhen_ThereAreMoreExitsThanTheCircuitTakes() external {
        vm.expectRevert(abi.encodeWithSelector(PoEPreimages.TooManyExits.selector, uint256(E) + 1, E));
        lens.exitLink(0, new bytes32[](uint256(E) + 1), E, 0);
    }

    function testFuzz_AccAfter_IsSplitInvariant(uint256 count, uint256 cut) external view {
        count = bound(count, 1, 6);
        cut = bound(cut, 0, count);
        bytes[] memory all = slots(count, 2);
        (bytes[] memory head, bytes[] memory tail) = (new bytes[](cut), new bytes[](count - cut));
        for (uint256 i = 0; i < count; ++i) {
            if (i < cut) head[i] = all[i];
            else tail[i - cut] = all[i];
        }
        bytes32 whole = lens.accAfter(poe.lastAcc(), 1, T, all, new bytes32[](count), 1);
        bytes32 half = lens.accAfter(poe.lastAcc(), 1, T, head, new bytes32[](cut), 1);
        assertEq(lens.accAfter(half, 1, T, tail, new bytes32[](count - cut), 1), whole);
    }

    function test_AccAfter_WhenABatchFillsTheCapacity() external view {
        bytes[] memory batches = new bytes[](1);
        batches[0] = new bytes(uint256(T) * 96);
        bytes32 full = lens.accAfter(poe.lastAcc(), 1, T, batches, new bytes32[](1), 1);
        // Padded with zeros, an empty one is the same.
        batches[0] = "";
        assertEq(full, lens.accAfter(poe.lastAcc(), 1, T, batches, new bytes32[](1), 1));
    }

    function test_AccAfter_RevertWhen_ABatchIsNotWholeSlots() external {
        bytes[] memory batches = new bytes[](1);
        batches[0] = new bytes(95);
        vm.expectRevert(abi.encodeWithSelector(PoEPreimages.NotWholeSlots.selector, 0, 95, uint256(T) * 96));
        lens.accAfter(0, 1, T, batches, new bytes32[](1), 1);
        batches[0] = new bytes(uint256(T) * 96 + 96);
        vm.expectRevert(
            abi.encodeWithSelector(PoEPreimages.NotWholeSlots.selector, 0, uint256(T) * 96 + 96, uint256(T) * 96)
        );
        lens.predictAcc(poe, batches, 1);
    }

    function test_AccAfter_RevertWhen_MessageAccsAreMissing() external {
        bytes[] memory batches = slots(2, 1);
        vm.expectRevert(abi.encodeWithSelector(PoEPreimages.MessageAccsMismatch.selector, 2, 1));
        lens.accAfter(0, 1, T, batches, new bytes32[](1), 1);
    }

    /* HELPERS */

    function _sequenceWith(ISequencing.Limits memory l) private {
        uint40 before = poe.sequenced().lastSequence;
        bytes[] memory batches = slots(1, 1);
        vm.prank(sequencer);
        assertEq(poe.sequenceBatches(batches, 1, l), before + 1);
    }

    function _addRoute() private returns (uint16 version) {
        MockVerifier next = new MockVerifier(T, M, E);
        vm.prank(owner);
        version = router.addRoute(next);
        skip(ROUTE_DELAY);
    }

    function _haltAfterProving(uint40 last) private {
        _haltOnConflict(last - 1, last);
    }

    /// @dev Proves `(init, last]`, then shows a proof of another result.
    function _haltOnConflict(uint40 init, uint40 last) private {
        prove(init, last);
        IProving.Claim memory other = claimFor(init, last, stranger, rootAfter(1000), 0);
        IEmergency.Conflict memory conflict = IEmergency.Conflict({
            start: other.start,
            end: checkpoints[last],
            beneficiary: stranger,
            newStateRoot: other.newStateRoot,
            newExitAcc: 0
        });
        (bytes32 statement,) = lens.statementOf(poe, other);
        poe.haltOnConflict(last, conflict, proofOf(statement));
    }

    function _rewindTo1() private {
        _rewind(2, 1);
    }

    function _rewind(uint40 from, uint40 to) private {
        Checkpoint[] memory path = new Checkpoint[](2);
        path[0] = checkpoints[from];
        path[1] = checkpoints[to];
        poe.rewind(path);
        delete checkpoints[from];
    }

    /// @dev Rewinds and resumes under a successor of the conflicted route.
    function _resume() private {
        _rewindTo1();
        _resumeRewound();
    }

    function _resumeRewound() private {
        uint16 next = _addRoute();
        vm.startPrank(owner);
        router.freezeRoute(1, next);
        poe.resume(next);
        vm.stopPrank();
    }

    /// @dev The packed head: the slot that changes when nothing but the status would.
    function _headSlot() private returns (bytes32 slot) {
        vm.record();
        poe.head();
        (bytes32[] memory reads,) = vm.accesses(address(poe));
        return reads[0];
    }

    function _withStatus(uint8 status) private returns (bytes32) {
        uint256 word = uint256(vm.load(address(poe), _headSlot()));
        return bytes32((word & ~(uint256(0xFF) << 245)) | (uint256(status) << 245));
    }
}
