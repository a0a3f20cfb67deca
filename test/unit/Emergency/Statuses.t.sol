// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IEscape} from "../../../contracts/interfaces/IEscape.sol";
import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {EscapeTest} from "../../utils/EscapeTest.sol";

/// @notice Every entry that changes state, and what it does while the chain runs, is halted, is halted and rewound, and is closed. A table: one row an entry,
/// one column a status; every cell is a call with arguments that are valid as far as the status allows.
/// @custom:req R49
contract StatusesTest is EscapeTest {
    using Commitments for *;

    /// @dev `expected[i]` is the error in column i; 0 where the call must succeed.
    struct Row {
        string name;
        address target;
        address caller;
        uint256 value;
        bytes data;
        bytes4[4] expected;
    }

    uint256 private constant RUNNING = 0;
    uint256 private constant HALTED = 1;
    uint256 private constant REWOUND = 2;
    uint256 private constant CLOSED = 3;

    bytes4 private constant OK = 0;
    bytes4 private immutable NO = IEmergency.WrongStatus.selector;
    bytes4 private immutable NOT_CLOSED = IExitVault.ChainNotClosed.selector;

    address private newOwner = makeAddr("new owner");
    Row[] private rows;

    /// @dev As in `EscapeTest`, and: checkpoint 2 holds an exit of `user` and one of `stranger`, and `user` has put a token on sequence 2; all of
    /// that has matured. Sequence 3 is proven, and not matured. `stranger`'s exit is claimed.
    function setUp() public override {
        super.setUp();
        bytes32[] memory batch = new bytes32[](2);
        (batch[0], batch[1]) = (exitRecord(user, 1, 5), exitRecord(stranger, 3, 6));
        exits = paddedRecords(batch);
        // Checkpoint 2 again, with exits and a tip.
        haltOver(2);
        rewindTo(1);
        freezeRoute(1, 2);
        resume(2);
        _tip(user, 2, 1 ether);
        proveTo(1, 2, stateRootOf(accountsRoot(), poe.messageAccOf(CONSUMED)), stepExits(0, exits));
        skip(EXIT_DELAY);
        vault.claimExits(2, checkpoints[2].opening(), links(2));
        prove(2, 3);
        vm.prank(owner);
        Ownable2Step(address(poe)).transferOwnership(newOwner);
        uint16 next = addRoute();
        assertEq(next, 4);
        skip(1 hours);
    }

    bytes private exits;

    function links(uint256 mask) private view returns (IExitVault.ExitLink[] memory one) {
        one = new IExitVault.ExitLink[](1);
        one[0] = IExitVault.ExitLink({previousAcc: 0, records: exits, claimMask: mask});
    }

    /* COLUMNS */

    function enter(uint256 column) private {
        if (column == RUNNING) return;
        haltOver(3);
        if (column == HALTED) return;
        rewindTo(2);
        freezeRoute(2, 3);
        skip(ESCAPE_DELAY);
        if (column == REWOUND) return;
        poe.close(checkpoints[2], accountsRoot(), CONSUMED);
    }

    /* ROWS */

    function add(address caller, string memory name, bytes memory data, bytes4[4] memory expected) private {
        rows.push(Row(name, address(poe), caller, 0, data, expected));
    }

    function addVault(address caller, string memory name, bytes memory data, bytes4[4] memory expected) private {
        rows.push(Row(name, address(vault), caller, 0, data, expected));
    }

    function always() private pure returns (bytes4[4] memory) {
        return [OK, OK, OK, OK];
    }

    function onlyRunning() private view returns (bytes4[4] memory) {
        return [OK, NO, NO, NO];
    }

    function onlyClosed(bytes4 otherwise) private pure returns (bytes4[4] memory) {
        return [otherwise, otherwise, otherwise, OK];
    }

    function addCoreRows() private {
        add(
            sequencer, "sequenceBatches", abi.encodeCall(poe.sequenceBatches, (slots(1, 1), 1, limits())), onlyRunning()
        );
        add(stranger, "announce", abi.encodeCall(poe.announce, ("https://example.org")), always());
        bytes memory proof = proofOf(3, claimOf(3, 4));
        add(stranger, "verifyBatches", abi.encodeCall(poe.verifyBatches, (3, 4, claimOf(3, 4), proof)), onlyRunning());
        token.mint(sequencer, 2);
        add(sequencer, "depositFees", abi.encodeCall(poe.depositFees, (user, 1)), always());
        add(
            sequencer,
            "depositFeesWithPermit",
            abi.encodeCall(poe.depositFeesWithPermit, (user, 1, 0, 0, 0, 0)),
            always()
        );
        add(sequencer, "withdrawFees", abi.encodeCall(poe.withdrawFees, (sequencer, 1)), always());
        add(sequencer, "tip", abi.encodeCall(poe.tip, (4, 1)), onlyRunning());
        add(stranger, "claimTips", abi.encodeCall(poe.claimTips, (2, 2, checkpoints[2])), always());
        add(user, "register", abi.encodeCall(poe.register, (generatorKey(), user, MAX_MESSAGE_FEE)), onlyRunning());
        rows[rows.length - 1].value = 1 ether;
        add(user, "deposit", abi.encodeCall(poe.deposit, (1, identityOf(1, user), MAX_MESSAGE_FEE)), onlyRunning());
        rows[rows.length - 1].value = 1 ether;
    }

    function addEmergencyRows() private {
        IEmergency.Conflict memory conflict = conflictOver(3);
        add(
            stranger,
            "haltOnConflict",
            abi.encodeCall(poe.haltOnConflict, (3, conflict, proofOfConflict(conflict))),
            [OK, IEmergency.ConflictNotDeeper.selector, IEmergency.ConflictNotDeeper.selector, NO]
        );
        // Once the state is rewound, the path no longer begins at the last checkpoint.
        add(
            stranger,
            "rewind",
            abi.encodeCall(poe.rewind, (pathDown(3, 2))),
            [NO, OK, IProving.CheckpointMismatch.selector, NO]
        );
        add(owner, "resume", abi.encodeCall(poe.resume, (3)), [NO, IEmergency.RewindIncomplete.selector, OK, NO]);
        add(owner, "activateVersion", abi.encodeCall(poe.activateVersion, (3)), onlyRunning());
        add(owner, "setFeeParameters", abi.encodeCall(poe.setFeeParameters, (_feeConfig())), onlyRunning());
        add(
            stranger,
            "close",
            abi.encodeCall(poe.close, (checkpoints[2], accountsRoot(), CONSUMED)),
            [IEscape.EscapeNotDue.selector, IEmergency.RewindIncomplete.selector, OK, NO]
        );
        add(stranger, "refundSequence", abi.encodeCall(poe.refundSequence, (4, sequences[4])), onlyClosed(NO));
        add(user, "refundTip", abi.encodeCall(poe.refundTip, (4)), onlyClosed(NO));
        Ownable2Step core = Ownable2Step(address(poe));
        add(owner, "transferOwnership", abi.encodeCall(core.transferOwnership, (user)), always());
        add(newOwner, "acceptOwnership", abi.encodeCall(core.acceptOwnership, ()), always());
        add(owner, "renounceOwnership", abi.encodeWithSignature("renounceOwnership()"), always());
    }

    function addVaultRows() private {
        addVault(
            stranger, "claimExits", abi.encodeCall(vault.claimExits, (2, checkpoints[2].opening(), links(1))), always()
        );
        addVault(
            stranger, "claimExitsFrom", abi.encodeCall(vault.claimExitsFrom, (stepExits(0, exits), links(1))), always()
        );
        addVault(stranger, "withdrawEther", abi.encodeCall(vault.withdrawEther, (payable(stranger), 1)), always());
        addVault(stranger, "withdrawEtherFor", abi.encodeCall(vault.withdrawEtherFor, (payable(stranger))), always());
        addVault(
            stranger,
            "escapeAccount",
            abi.encodeCall(vault.escapeAccount, (1, leafOf(user, BALANCE, 7), siblingsOf(1), generatorKey(), user)),
            onlyClosed(NOT_CLOSED)
        );
        addVault(
            stranger,
            "refundMessage",
            abi.encodeCall(vault.refundMessage, (3, registration, generatorKey(), stranger)),
            onlyClosed(NOT_CLOSED)
        );
        bytes4 onlyCore = IExitVault.OnlyCore.selector;
        addVault(
            stranger,
            "receiveDeposit",
            abi.encodeCall(vault.receiveDeposit, ()),
            [onlyCore, onlyCore, onlyCore, onlyCore]
        );
    }

    /* TESTS */

    function test_EveryEntryDoesWhatItsStatusAllows() external {
        addCoreRows();
        addEmergencyRows();
        addVaultRows();
        for (uint256 column = RUNNING; column <= CLOSED; ++column) {
            uint256 before = vm.snapshotState();
            enter(column);
            for (uint256 i = 0; i < rows.length; ++i) {
                uint256 snapshot = vm.snapshotState();
                _check(rows[i], column);
                vm.revertToState(snapshot);
            }
            vm.revertToState(before);
        }
    }

    function _check(Row memory row, uint256 column) private {
        vm.deal(row.caller, row.value);
        vm.prank(row.caller, row.caller);
        (bool ok, bytes memory answer) = row.target.call{value: row.value}(row.data);
        string memory cell = string.concat(row.name, ", column ", vm.toString(column));
        bytes4 expected = row.expected[column];
        assertEq(ok, expected == OK, cell);
        if (!ok) assertEq(bytes4(answer), expected, cell);
    }

    /// @dev The table has a row for every function of the two contracts that is not a view: a new entry without a row fails here.
    function test_TheTableNamesEveryEntry() external {
        addCoreRows();
        addEmergencyRows();
        addVaultRows();
        uint256 entries = _requireRows("out/ProofOfEfficiency.sol/ProofOfEfficiency.json");
        entries += _requireRows("out/ExitVault.sol/ExitVault.json");
        assertEq(entries, rows.length);
    }

    function _requireRows(string memory artifact) private view returns (uint256 entries) {
        string memory json = vm.readFile(artifact);
        for (uint256 i = 0; vm.keyExistsJson(json, string.concat(".abi[", vm.toString(i), "]")); ++i) {
            string memory item = string.concat(".abi[", vm.toString(i), "]");
            if (!_isEqual(vm.parseJsonString(json, string.concat(item, ".type")), "function")) continue;
            string memory mutability = vm.parseJsonString(json, string.concat(item, ".stateMutability"));
            if (_isEqual(mutability, "view") || _isEqual(mutability, "pure")) continue;
            string memory name = vm.parseJsonString(json, string.concat(item, ".name"));
            assertTrue(_hasRow(name), name);
            ++entries;
        }
    }

    function _hasRow(string memory name) private view returns (bool) {
        for (uint256 i = 0; i < rows.length; ++i) {
            if (_isEqual(rows[i].name, name)) return true;
        }
        return false;
    }

    function _isEqual(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    /* CLOCKS */

    /// @dev However long a halt lasts, no clock of the protocol runs in it: the price, the lateness of what is pending, the maturity of exits and tips.
    /// @custom:req R48
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_NoClockRunsInAHalt(uint256 duration) external {
        duration = bound(duration, 0, 2 * uint256(ESCAPE_DELAY));
        uint256 snapshot = vm.snapshotState();
        haltOver(3);
        rewindTo(2);
        freezeRoute(2, 3);
        resume(3);
        (uint256 price, uint256 maturity) = _anHourLater();

        vm.revertToState(snapshot);
        haltOver(3);
        skip(duration);
        rewindTo(2);
        freezeRoute(2, 3);
        resume(3);
        (uint256 priceAfterHalt, uint256 maturityAfterHalt) = _anHourLater();
        assertEq(priceAfterHalt, price, "price an hour after the resume");
        assertEq(maturityAfterHalt, maturity, "time from a new checkpoint to its exits");
    }

    function _anHourLater() private returns (uint256 price, uint256 maturity) {
        skip(1 hours);
        sequence(1);
        price = sequences[5].fee;
        prove(2, 3);
        for (uint256 at = block.timestamp;; skip(6 hours)) {
            (bool matured,) = address(poe).staticcall(abi.encodeCall(poe.requireMatured, (3, checkpoints[3].opening())));
            if (matured) return (price, block.timestamp - at);
        }
    }

    /// @dev Tips on what had matured are payable in a halt; others wait for the resume.
    /// @custom:req R48
    function test_TipsWaitInAHalt() external {
        haltOver(3);
        poe.claimTips(2, 2, checkpoints[2]);
        assertEq(poe.tipsOn(2), 0);
        skip(365 days);
        vm.expectRevert();
        poe.claimTips(3, 3, checkpoints[3]);
    }

    /// @dev A halt of any length makes no sequence late: the price after the resume first falls with time, and does not rise.
    /// @custom:req R48
    function test_WhatIsPendingIsNotLateAfterAHalt() external {
        // Settled at the halt.
        haltOver(3);
        uint256 price = poe.sequenced().logPrice;
        assertGt(price, 0);
        skip(60 days);
        rewindTo(2);
        freezeRoute(2, 3);
        resume(3);
        skip(_feeConfig().targetSeconds);
        sequence(1);
        uint256 fallen = _feeConfig().targetSeconds * _feeConfig().decayPerSecond;
        uint256 expected = price > fallen ? price - fallen : 0;
        assertEq(poe.sequenced().logPrice, expected + _feeConfig().step);
    }
}
