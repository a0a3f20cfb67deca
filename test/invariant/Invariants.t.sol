// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifierRouter} from "../../contracts/interfaces/IVerifierRouter.sol";
import {BatchFee} from "../../contracts/libraries/BatchFee.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {IPoELens} from "../../contracts/periphery/IPoELens.sol";
import {PoELens} from "../../contracts/periphery/PoELens.sol";
import {FeeConfig, FeeParameters} from "../../contracts/types/FeeParameters.sol";
import {Head, Sequenced, Settlement, Status} from "../../contracts/types/Slots.sol";
import {TestToken} from "../utils/TestToken.sol";
import {EscapeHandler} from "./handlers/EscapeHandler.sol";
import {ExitHandler} from "./handlers/ExitHandler.sol";
import {FeeHandler} from "./handlers/FeeHandler.sol";
import {MessageHandler} from "./handlers/MessageHandler.sol";
import {SequencerHandler} from "./handlers/SequencerHandler.sol";
import {MisbehavingToken, Reenterer} from "./stores/MisbehavingToken.sol";

/// @notice What holds after every call, whatever the order of calls and whoever makes them (docs/spec/invariants.md).
/// README.md says which change of the contracts each one has caught.
abstract contract Invariants is SequencerHandler, EscapeHandler, FeeHandler, MessageHandler, ExitHandler {
    using Commitments for *;

    /// @dev Words checked after each call; the rest is checked at the end of each run.
    uint40 private constant RECENT = 32;

    PoELens private _lens;

    function setUp() public virtual override {
        super.setUp();
        _lens = new PoELens();
        address contractCaller = makeAddr("contract caller");
        vm.etch(contractCaller, hex"00");
        feeAccounts = [sequencer, aggregator, makeAddr("alice"), contractCaller, stranger];
        etherOwners = [user, makeAddr("bob"), makeAddr("carol")];
        for (uint256 i = 0; i < feeAccounts.length; ++i) {
            _depositFees(feeAccounts[i], feeAccounts[i], 2_000 ether);
        }
        _registerAccount(user, 1 ether / 1 gwei);
        _registerAccount(etherOwners[1], 5 ether / 1 gwei);
        _sequence(sequencer, 1, 3);
        _target();
    }

    /// @dev The campaign calls the handlers of this contract itself, so that they and the invariants share one ledger.
    function _target() private {
        bytes4[] memory s = new bytes4[](30);
        (s[0], s[1], s[2]) = (this.sequenceOnce.selector, this.sequenceRepeatedly.selector, this.prove.selector);
        (s[3], s[4], s[5]) = (this.proveEverything.selector, this.race.selector, this.proveFalsely.selector);
        (s[6], s[7], s[8]) = (this.depositFees.selector, this.withdrawFees.selector, this.donate.selector);
        (s[9], s[10], s[11]) = (this.tip.selector, this.claimTips.selector, this.register.selector);
        (s[12], s[13], s[14]) = (this.depositEther.selector, this.depositOften.selector, this.claimExits.selector);
        (s[15], s[16], s[17]) = (this.continueClaim.selector, this.withdrawEther.selector, this.showConflict.selector);
        (s[18], s[19], s[20]) = (this.rewindSteps.selector, this.resume.selector, this.setFeeParameters.selector);
        (s[21], s[22], s[23]) = (this.activateVersion.selector, this.changeRoutes.selector, this.passTime.selector);
        (s[24], s[25], s[26]) = (this.passLongTime.selector, this.abandon.selector, this.leave.selector);
        (s[27], s[28], s[29]) = (this.abuse.selector, this.workday.selector, this.repair.selector);
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), s));
    }

    /* SEQUENCES OF CALLS THAT CHANCE SELDOM FINDS */

    /// @dev Load, proofs, the exit delay, claims.
    function workday(uint256 a, uint256 b, uint256 c) external {
        this.depositEther(a, b);
        this.sequenceRepeatedly(a, b, c);
        this.tip(a, newest, b);
        this.prove(b, c, a);
        this.passOneExitDelay();
        this.claimExits(path.length - 1, 4, c);
        this.claimTips(c, 0);
    }

    /// @dev Anyone rewinds, the owner resumes.
    function repair(uint256 versionSeed) external {
        this.rewindFully();
        this.resume(versionSeed);
    }

    /// @dev Nobody proves for too long; somebody closes the chain.
    function abandon(uint256 seed) external {
        if (seed % 4 == 0) this.passEscapeDelay();
        this.close();
        if (status == Status.Closed) _everybodyLeaves();
    }

    /// @dev The ways out, which all are shut until the chain has closed.
    function leave(uint256 a, uint256 b) external {
        this.refundSequence(a);
        this.refundTip(a, b);
        this.escapeAccount(a, b % 4 == 0);
        this.refundMessage(a);
        if (status == Status.Closed) _everybodyLeaves();
    }

    /// @dev And everybody tries twice.
    function _everybodyLeaves() private {
        for (uint256 i = 0; i < 2 * registered(); ++i) {
            this.escapeAccount(i, false);
        }
        for (uint256 i = 0; i < 2 * feeAccounts.length && tipped.length != 0; ++i) {
            this.refundTip(tipped.length - 1, i);
        }
        this.refundMessage(messageCount() - 1);
        this.refundSequence(newest);
    }

    /// @dev What must be refused.
    function abuse(uint256 kind, uint256 a, uint256 b) external {
        kind = _bound(kind, 0, 5);
        if (kind == 0) this.sequenceWrongly(a, a >> 8, b);
        else if (kind == 1) this.proveWrongly(a, b);
        else if (kind == 2) this.depositWrongly(a, b);
        else if (kind == 3) this.claimTwice(a, b);
        else if (kind == 4) this.claimVoided(a);
        else this.showNoConflict(a, b);
    }

    /* INVARIANTS */

    /// @dev One campaign checks all of them: a campaign for each would walk the same paths again.
    /// @custom:req R6, R7, R18, R19, R20, R21, R32, R40, R43, R44, R45, R48
    function invariant_HoldAfterEveryCall() public {
        vm.warp(present);
        _checkFeesAreConserved();
        _checkEveryFeeIsPaidOnce();
        _checkEtherIsConserved();
        _checkTheQueueIsInOrder();
        _checkEveryWordOpens();
        _checkFinalityIsFinal();
        _checkThePriceStaysInItsBounds();
        _checkViewsAnswer();
        _checkTheLensTellsTheTruth();
        _checkToken();
    }

    /// @dev What a particular token adds.
    function _checkToken() internal view virtual {}

    function _checkFeesAreConserved() private view {
        uint256 balances;
        uint256 allTips;
        for (uint256 i = 0; i < feeAccounts.length; ++i) {
            balances += poe.feeBalanceOf(feeAccounts[i]);
        }
        for (uint256 i = 0; i < tipped.length; ++i) {
            allTips += poe.tipsOn(tipped[i]);
        }
        uint256 held = poe.sequenced().cumulativeFee - poe.settlement().paidCumulativeFee - feesRefunded;
        assertEq(held, escrow, "escrow is the sum of the fees nobody has been paid");
        assertEq(feesIn, feesOut + balances + allTips + held, "deposited = withdrawn + balances + tips + escrow");
        assertEq(token.balanceOf(address(poe)), feesIn - feesOut + donated, "the tokens are there");
    }

    function _checkEveryFeeIsPaidOnce() private view {
        for (uint256 i = 0; i < feeAccounts.length; ++i) {
            assertEq(poe.feeBalanceOf(feeAccounts[i]), feesOf[feeAccounts[i]], "fee balance");
        }
        for (uint256 i = 0; i < tipped.length; ++i) {
            assertEq(poe.tipsOn(tipped[i]), tips[tipped[i]], "tips on a sequence");
        }
    }

    function _checkEtherIsConserved() private view {
        uint256 owed;
        for (uint256 i = 0; i < etherOwners.length; ++i) {
            uint256 balance = vault.etherBalanceOf(etherOwners[i]);
            assertEq(balance, etherOf[etherOwners[i]], "ether balance");
            owed += balance;
        }
        assertEq(vault.etherBalanceOf(stranger), 0, "exits of a false result were paid");
        assertGe(address(vault).balance, owed, "the vault can pay");
        assertEq(address(vault).balance, etherIn - etherOut, "taken in = held + withdrawn");
        assertEq(poe.grossDepositsGwei() * 1 gwei, etherIn, "gross deposits");
        assertEq(address(poe).balance, 0, "the vault holds all ether");
    }

    function _checkTheQueueIsInOrder() private view {
        Head memory head = poe.head();
        Sequenced memory sequenced = poe.sequenced();
        assertEq(sequenced.lastSequence, newest, "lastSequence");
        assertEq(sequenced.cumulativeBatches, batchesAt(newest), "cumulativeBatches");
        assertEq(sequenced.cumulativeFee, sequences[newest].cumulativeFee, "cumulativeFee");
        assertLe(sequenced.updatedAt, present, "updatedAt");
        assertEq(poe.lastAcc(), sequences[newest].acc, "lastAcc");

        assertEq(head.lastVerified, lastVerified(), "lastVerified");
        assertLe(head.lastVerified, newest, "lastVerified <= lastSequence");
        assertEq(poe.settlement().verifiedBatches, batchesAt(lastVerified()), "verifiedBatches");
        assertEq(sequenced.cumulativeBatches - head.paidBatches, pendingBatches(), "pending batches");
        assertEq(head.messageCount, messageCount(), "messageCount");
        assertEq(head.attachedMessages, attached, "attachedMessages");
        assertLe(attached, messageCount(), "attachedMessages <= messageCount");
        assertLe(attached, MESSAGES * batchesAt(newest), "at most M messages a batch");
        assertEq(head.nextIndex, registered() + 1, "nextIndex");
        assertEq(poe.messageAccOf(messageCount()), messages[messageCount()].acc, "messageAcc");
        assertLe(head.oldestPendingAt, present, "oldestPendingAt <= now");
        if (status == Status.Running && newest > lastVerified()) {
            assertEq(head.oldestPendingAt, oldestPendingAt(), "oldestPendingAt");
        }
    }

    function _checkEveryWordOpens() private view {
        _checkWords(newest > RECENT ? newest - RECENT : 0);
    }

    function _checkFinalityIsFinal() private view {
        assertEq(uint8(poe.head().status), uint8(status), "status");
        assertEq(poe.head().version, currentVersion, "version");
        for (uint256 i = path.length; i > 0 && i + RECENT > path.length; --i) {
            uint40 number = path[i - 1];
            (bool matured,) =
                address(poe).staticcall(abi.encodeCall(poe.requireMatured, (number, checkpoints[number].opening())));
            assertEq(matured, isMatured(number), "matured");
        }
        for (uint256 i = 0; i < links.length; ++i) {
            (bool reached_, uint256 claimed) = vault.exitStateOf(links[i].acc);
            assertEq(claimed, links[i].claimed, "claimed records");
            assertEq(reached_, reached[links[i].acc], "reached by a walk");
        }
    }

    function _checkThePriceStaysInItsBounds() private view {
        FeeParameters p = poe.feeParameters();
        Sequenced memory s = poe.sequenced();
        assertLe(s.logPrice, p.maxLogPrice(), "the log price is at most the highest");
        uint256 spot = BatchFee.price(p, s.logPrice);
        assertGe(spot, p.minFeeGwei() * 1 gwei, "price >= minFee");
        assertLe(spot, BatchFee.maxFee(p), "price <= maxFee");
        assertLe(BatchFee.maxFee(p), poe.feeCeiling(), "maxFee <= feeCeiling");
        uint256 one = price(1);
        assertGt(one, 0, "a batch costs something");
        assertLe(one, BatchFee.maxFee(p) + 1, "a batch costs at most maxFee, up to one wei of rounding");
    }

    function _checkViewsAnswer() private view {
        poe.halt();
        poe.messageFeeGwei();
        poe.firstSequenceOf(currentVersion);
        poe.commitmentOf(type(uint40).max);
        poe.closedAccountsRoot();
        FeeConfig memory config = poe.feeParameters().unpack();
        assertGt(config.step, 0, "parameters are there");
        IVerifierRouter router_ = poe.router();
        for (uint16 version = 1; version <= currentVersion; ++version) {
            (, uint16 resolved) = router_.resolve(version);
            assertEq(router_.routeOf(resolved).successor, 0, "a route leads to one that is not frozen");
        }
        assertEq(poe.consumedMessages(), status == Status.Closed ? sequenceFacts[lastVerified()].attached : 0);
    }

    function _checkTheLensTellsTheTruth() private view {
        IPoELens.Overview memory o = _lens.overview(poe);
        assertEq(o.pendingBatches, batchesAt(newest) - batchesAt(lastVerified()), "lens: pending batches");
        assertEq(o.backlogReward, rewardUpTo(newest), "lens: reward of the backlog");
        assertEq(o.waitingMessages, messageCount() - attached, "lens: waiting messages");
        bool room = status == Status.Running && pendingBatches() < PENDING_LIMIT;
        assertEq(o.roomBatches, room ? PENDING_LIMIT - pendingBatches() : 0, "lens: room");
        if (status == Status.Running) {
            assertEq(o.nextBatchFee, price(1), "lens: fee");
            assertEq(_lens.quoteFee(poe, 3), price(3), "lens: quote");
        }
        uint40 last = lastVerified();
        bool matured = _lens.maturesAt(poe, last, checkpoints[last].opening()) <= present;
        assertEq(matured, isMatured(last), "lens: maturity");
        assertEq(o.rewindNeeded, status == Status.Halted && !isSettled(last), "lens: rewind needed");
        if (newest > last) {
            assertEq(_lens.pendingTips(poe, newest), _pendingTips(), "lens: tips");
        }
    }

    function _pendingTips() private view returns (uint256 sum) {
        for (uint40 number = lastVerified() + 1; number <= newest; ++number) {
            sum += tips[number];
        }
    }

    function afterInvariant() public view {
        _checkWords(0);
    }

    /// @dev A checkpoint where a proof ended and stands, nothing where a fee was refunded, a sequence elsewhere.
    function _checkWords(uint40 from) private view {
        for (uint40 number = from; number <= newest; ++number) {
            SequenceFacts storage facts = sequenceFacts[number];
            bytes32 expected;
            if (checkpointFacts[number].verifiedAt != 0) {
                expected = checkpoints[number].word(checkpointFacts[number].verifiedAt);
            } else if (!facts.refunded) {
                expected = sequences[number].word(facts.sequencedAt);
            }
            assertEq(poe.commitmentOf(number), expected, "word");
        }
        assertEq(poe.commitmentOf(newest + 1), 0, "nothing beyond the newest");
    }
}

/// forge-config: default.invariant.runs = 16
/// forge-config: default.invariant.depth = 96
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: ci.invariant.runs = 64
/// forge-config: ci.invariant.depth = 192
/// forge-config: ci.invariant.fail-on-revert = true
/// forge-config: deep.invariant.runs = 1000
/// forge-config: deep.invariant.depth = 512
/// forge-config: deep.invariant.fail-on-revert = true
contract PlainTokenInvariants is Invariants {}

/// @notice The same with a token that keeps a part of every transfer and calls a hook in the middle of it.
/// forge-config: default.invariant.runs = 8
/// forge-config: default.invariant.depth = 64
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: ci.invariant.runs = 32
/// forge-config: ci.invariant.depth = 128
/// forge-config: ci.invariant.fail-on-revert = true
/// forge-config: deep.invariant.runs = 500
/// forge-config: deep.invariant.depth = 512
/// forge-config: deep.invariant.fail-on-revert = true
contract MisbehavingTokenInvariants is Invariants {
    Reenterer private _hook;

    function setUp() public override {
        super.setUp();
        _hook = new Reenterer(poe, token);
        token.mint(address(_hook), 1_000_000 ether);
        _hook.deposit();
        uint256 received = poe.feeBalanceOf(address(_hook));
        feeAccounts.push(address(_hook));
        feesOf[address(_hook)] = received;
        feesIn += received;
        MisbehavingToken(address(token)).setHook(_hook);
    }

    function _checkToken() internal view override {
        assertEq(_hook.successes(), 0, "a hook moved money during a transfer");
    }

    function _newToken() internal override returns (TestToken) {
        return new MisbehavingToken();
    }

    function _arrives(uint256 amount) internal pure override returns (uint256) {
        return amount - amount / 100;
    }
}
