// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifierRouter} from "../../contracts/interfaces/IVerifierRouter.sol";
import {BatchFee} from "../../contracts/libraries/BatchFee.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {FeeConfig, FeeParameters} from "../../contracts/types/FeeParameters.sol";
import {Head, Sequenced, Settlement, Status} from "../../contracts/types/Slots.sol";
import {TestToken} from "../utils/TestToken.sol";
import {EscapeHandler} from "./handlers/EscapeHandler.sol";
import {ExitHandler} from "./handlers/ExitHandler.sol";
import {FeeHandler} from "./handlers/FeeHandler.sol";
import {MessageHandler} from "./handlers/MessageHandler.sol";
import {SequencerHandler} from "./handlers/SequencerHandler.sol";
import {MisbehavingToken, Reenterer} from "./stores/MisbehavingToken.sol";

/// @notice What holds after every call, whatever the order of calls and whoever makes them (docs/spec/invariants.md). README.md says which change of the contracts each one has caught.
abstract contract Invariants is SequencerHandler, EscapeHandler, FeeHandler, MessageHandler, ExitHandler {
    using Commitments for *;

    /// @dev Words checked after each call; the rest is checked at the end of each run.
    uint40 private constant RECENT = 32;

    function setUp() public virtual override {
        super.setUp();
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
        bytes4[] memory s = new bytes4[](35);
        (s[0], s[1], s[2]) =
        (this.sequenceOnce.selector, this.sequenceRepeatedly.selector, this.sequenceWrongly.selector);
        (s[3], s[4], s[5]) = (this.prove.selector, this.proveEverything.selector, this.race.selector);
        (s[6], s[7]) = (this.proveWrongly.selector, this.proveFalsely.selector);
        (s[8], s[9], s[10]) = (this.depositFees.selector, this.withdrawFees.selector, this.donate.selector);
        (s[11], s[12]) = (this.tip.selector, this.claimTips.selector);
        (s[13], s[14], s[15]) = (this.register.selector, this.depositEther.selector, this.depositOften.selector);
        (s[16], s[17], s[18]) = (this.depositWrongly.selector, this.claimExits.selector, this.continueClaim.selector);
        (s[19], s[20], s[21]) = (this.claimTwice.selector, this.claimVoided.selector, this.withdrawEther.selector);
        (s[22], s[23], s[24]) = (this.showConflict.selector, this.showNoConflict.selector, this.rewindSteps.selector);
        (s[25], s[26], s[27]) = (this.rewindFully.selector, this.resume.selector, this.setFeeParameters.selector);
        (s[28], s[29], s[30]) = (this.activateVersion.selector, this.changeRoutes.selector, this.passTime.selector);
        (s[31], s[32], s[33]) = (this.passLongTime.selector, this.passOneExitDelay.selector, this.close.selector);
        s[34] = this.leave.selector;
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), s));
    }

    /// @dev One of the ways out, which all are shut until the chain has closed.
    function leave(uint256 kind, uint256 a, uint256 b) external {
        kind = _bound(kind, 0, 3);
        if (kind == 0) this.refundSequence(a);
        else if (kind == 1) this.refundTip(a, b);
        else if (kind == 2) this.escapeAccount(a, b % 4 == 0);
        else this.refundMessage(a);
    }

    /* INVARIANTS */

    /// @dev One campaign checks all of them: a campaign for each would walk the same paths again.
    /// @custom:req R6, R7, R18, R19, R20, R21, R40, R43, R44, R45, R48
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
        assertEq(head.verifiedBatches, batchesAt(lastVerified()), "verifiedBatches");
        assertLe(pendingBatches(), PENDING_LIMIT, "pending batches");
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
            assertGe(resolved, version, "a route leads to a newer one");
            assertEq(router_.routeOf(version).exitCapacity, EXITS, "with equal capacities");
        }
        assertEq(poe.consumedMessages(), status == Status.Closed ? sequenceFacts[lastVerified()].attached : 0);
    }

    function afterInvariant() public {
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

/// forge-config: default.invariant.runs = 24
/// forge-config: default.invariant.depth = 64
/// forge-config: default.invariant.fail-on-revert = true
contract PlainTokenInvariants is Invariants {}

/// @notice The same with a token that keeps a part of every transfer and calls a hook in the middle of it.
/// forge-config: default.invariant.runs = 12
/// forge-config: default.invariant.depth = 64
/// forge-config: default.invariant.fail-on-revert = true
/// @custom:req R32
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
