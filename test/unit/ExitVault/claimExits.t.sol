// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../../contracts/interfaces/IExitVault.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {CheckpointOpening} from "../../../contracts/types/Commitments.sol";
import {ExitsTest} from "../../utils/ExitsTest.sol";

contract ClaimExitsTest is ExitsTest {
    using Commitments for *;

    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");
    uint40 private first;
    uint40 private second;

    /// @dev Links 1 and 2 behind checkpoint `first`, 3 to 5 behind `second`. Link 2 holds three exits: alice 10, bob 20, alice 30.
    function setUp() public override {
        super.setUp();
        addExit(bob, 1);
        bytes32[] memory batch = new bytes32[](3);
        (batch[0], batch[1], batch[2]) = (exitRecord(alice, 7, 10), exitRecord(bob, 8, 20), exitRecord(alice, 9, 30));
        addLink(paddedRecords(batch));
        first = proveExits();
        skip(1 days);
        addExit(bob, 3);
        addExit(alice, 4);
        addExit(bob, 5);
        second = proveExits();
    }

    function mature(uint40 checkpoint) private {
        vm.warp(Commitments.timeOf(poe.commitmentOf(checkpoint)) + EXIT_DELAY);
    }

    function link2(uint256 mask) private view returns (IExitVault.ExitLink[] memory links) {
        links = linksDown(2, 2);
        links[0].claimMask = mask;
    }

    function balances() private view returns (uint256 ofAlice, uint256 ofBob) {
        return (vault.etherBalanceOf(alice) / 1 gwei, vault.etherBalanceOf(bob) / 1 gwei);
    }

    function requireBalances(uint256 ofAlice, uint256 ofBob) private view {
        (uint256 a, uint256 b) = balances();
        assertEq(a, ofAlice, "alice");
        assertEq(b, ofBob, "bob");
    }

    function test_RevertWhen_TheOpeningIsNotThatOfTheCheckpoint() external {
        mature(second);
        CheckpointOpening memory opening = checkpoints[first].opening();
        opening.exitAcc = exitAccs[5];
        vm.expectRevert(abi.encodeWithSelector(IProving.CheckpointMismatch.selector, first));
        vault.claimExits(first, opening, linksDown(5, 5));
        vm.expectRevert(abi.encodeWithSelector(IProving.CheckpointMismatch.selector, second + 1));
        vault.claimExits(second + 1, checkpoints[second].opening(), linksDown(5, 5));
    }

    function test_RevertWhen_TheCheckpointHasNotMatured() external {
        mature(first);
        claim(first, link2(7));
        uint256 maturesAt = Commitments.timeOf(poe.commitmentOf(second)) + EXIT_DELAY;
        refuseClaim(
            second, linksDown(5, 5), abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, second, maturesAt)
        );
        vm.warp(maturesAt - 1);
        refuseClaim(
            second, linksDown(5, 5), abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, second, maturesAt)
        );
        skip(1);
        claim(second, linksDown(5, 5));
    }

    /// @custom:req R48
    function test_RevertWhen_TheChainHaltedBeforeTheCheckpointMatured() external {
        mature(first);
        haltOver(second);
        skip(1000 days);
        refuseClaim(
            second,
            linksDown(5, 5),
            abi.encodeWithSelector(IProofOfEfficiency.NotMatured.selector, second, type(uint256).max)
        );
        // What had matured is payable all the time.
        claim(first, link2(7));
        requireBalances(40, 20);
    }

    function test_RevertWhen_ALinkDoesNotLeadToTheAccumulator() external {
        mature(second);
        bytes memory none;
        for (uint256 change = 0; change < 5; ++change) {
            IExitVault.ExitLink[] memory links = linksDown(5, 4);
            if (change == 0) links[0].previousAcc = exitAccs[3];
            if (change == 1) links[1].previousAcc = exitAccs[2];
            if (change == 2) links[1].records[0] ^= 0x01;
            if (change == 3) links[0].records = bytes.concat(links[0].records, bytes32(0));
            if (change == 4) links[1].records = none;
            (uint256 at, bytes32 from) = change == 0 || change == 3 ? (0, exitAccs[5]) : (1, exitAccs[4]);
            bytes32 computed = stepExits(links[at].previousAcc, links[at].records);
            refuseClaim(second, links, abi.encodeWithSelector(IExitVault.ExitLinkMismatch.selector, from, computed));
        }
        // Before the first link there is nothing to claim.
        refuseClaim(
            second,
            _append(linksDown(5, 1)),
            abi.encodeWithSelector(IExitVault.ExitLinkMismatch.selector, 0, stepExits(0, records[1]))
        );
    }

    function _append(IExitVault.ExitLink[] memory links) private view returns (IExitVault.ExitLink[] memory longer) {
        longer = new IExitVault.ExitLink[](links.length + 1);
        for (uint256 i = 0; i < links.length; ++i) {
            longer[i] = links[i];
        }
        longer[links.length].records = records[1];
    }

    function test_RevertWhen_ARecordDoesNotExist() external {
        mature(first);
        uint256[3] memory positions = [uint256(E), 254, 255];
        for (uint256 i = 0; i < 3; ++i) {
            refuseClaim(
                first,
                link2(1 << positions[i]),
                abi.encodeWithSelector(IExitVault.NoSuchExit.selector, exitAccs[2], positions[i])
            );
        }
    }

    /// @dev Padding has no owner. Paying it would credit the null address.
    function test_RevertWhen_ARecordIsPadding() external {
        mature(first);
        for (uint256 i = 3; i < E; ++i) {
            refuseClaim(first, link2(1 << i), abi.encodeWithSelector(IExitVault.NoSuchExit.selector, exitAccs[2], i));
        }
        refuseClaim(first, link2(15), abi.encodeWithSelector(IExitVault.NoSuchExit.selector, exitAccs[2], 3));
        requireBalances(0, 0);
    }

    /// @dev Whoever claims in front of a walk must not void it: what is claimed is passed over, and paid once.
    function test_WhenARecordWasClaimedBefore() external {
        mature(second);
        claim(first, link2(2));
        claim(first, link2(2));
        requireBalances(0, 20);
        // Nor by a walk from a later checkpoint, nor by one that goes on.
        IExitVault.ExitLink[] memory links = linksDown(5, 2);
        links[3].claimMask = 3;
        claim(second, links);
        requireBalances(10, 20);
        vault.claimExitsFrom(exitAccs[2], link2(7));
        requireBalances(40, 20);
    }

    /// @dev A walk that visits a link twice in one call pays it once.
    function testFuzz_EachRecordIsPaidOnce(uint8[8] memory masks) external {
        mature(second);
        uint256 claimed;
        for (uint256 i = 0; i < 8; ++i) {
            uint256 mask = masks[i] & 7;
            claimed |= mask;
            vault.claimExits(first, checkpoints[first].opening(), link2(mask));
        }
        (bool reached, uint256 state) = vault.exitStateOf(exitAccs[2]);
        assertTrue(reached);
        assertEq(state, claimed);
        requireBalances((claimed & 1) * 10 + (claimed >> 2) * 30, ((claimed >> 1) & 1) * 20);
    }

    /// @dev A circuit makes only links of the exit capacity; the vault need not trust it.
    function test_RevertWhen_TheRecordsAreNotWholeOrTooMany() external {
        bytes memory odd = bytes.concat(exitRecord(alice, 1, 5), hex"00");
        bytes memory many = new bytes(256 * 32);
        many[0] = 0x01;
        addLink(odd);
        addLink(many);
        uint40 third = proveExits();
        mature(third);
        IExitVault.ExitLink[] memory links = linksDown(7, 6);
        links[1].claimMask = 1;
        refuseClaim(third, links, abi.encodeWithSelector(IExitVault.InvalidRecordsLength.selector, 33));
        links[0].claimMask = 1;
        refuseClaim(third, links, abi.encodeWithSelector(IExitVault.InvalidRecordsLength.selector, 256 * 32));
        // They bar nobody's way to what lies before.
        claim(third, linksDown(7, 6));
        vault.claimExitsFrom(exitAccs[5], linksDown(5, 3));
        vault.claimExitsFrom(exitAccs[2], link2(7));
        requireBalances(40, 20);
    }

    function test_RevertWhen_AWalkBeginsWhereNoneHasBeen() external {
        mature(second);
        for (uint256 i = 0; i <= 5; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IExitVault.ExitAccNotReached.selector, exitAccs[i]));
            vault.claimExitsFrom(exitAccs[i], linksDown(2, 2));
        }
        // A chain of one's own making begins at no matured checkpoint either.
        bytes memory own = abi.encodePacked(exitRecord(stranger, 1, 1_000_000));
        bytes32 acc = stepExits(exitAccs[5], own);
        vm.expectRevert(abi.encodeWithSelector(IExitVault.ExitAccNotReached.selector, acc));
        vault.claimExitsFrom(acc, linksDown(2, 2));
    }

    function test_GivenSomeRecordsAreChosen() external {
        mature(first);
        vm.expectEmit(address(vault));
        emit IExitVault.ExitClaimed(alice, 7, 10, exitAccs[2], 0);
        vm.expectEmit(address(vault));
        emit IExitVault.ExitClaimed(alice, 9, 30, exitAccs[2], 2);
        vm.prank(stranger);
        claim(first, link2(5));
        requireBalances(40, 0);
        (bool reached, uint256 claimed) = vault.exitStateOf(exitAccs[2]);
        assertTrue(reached);
        assertEq(claimed, 5);
    }

    function test_GivenTheExitLiesSeveralLinksBack() external {
        mature(second);
        IExitVault.ExitLink[] memory links = linksDown(5, 4);
        links[1].claimMask = 1;
        claim(second, links);
        requireBalances(4, 0);
        (, uint256 claimed) = vault.exitStateOf(exitAccs[5]);
        assertEq(claimed, 0, "the exit in between is still there");
        links = linksDown(5, 5);
        links[0].claimMask = 1;
        claim(second, links);
        requireBalances(4, 5);
    }

    function test_GivenTheWalkCrossesCheckpoints() external {
        mature(second);
        IExitVault.ExitLink[] memory links = linksDown(5, 1);
        for (uint256 i = 0; i < 5; ++i) {
            links[i].claimMask = i == 3 ? 7 : 1;
        }
        claim(second, links);
        requireBalances(44, 29);
    }

    function test_GivenAWalkStops() external {
        mature(second);
        claim(second, linksDown(5, 4));
        (bool reached,) = vault.exitStateOf(exitAccs[3]);
        assertTrue(reached, "where it stopped");
        vm.prank(bob);
        vault.claimExitsFrom(exitAccs[3], linksDown(3, 3));
        IExitVault.ExitLink[] memory links = linksDown(2, 1);
        links[0].claimMask = 7;
        links[1].claimMask = 1;
        vault.claimExitsFrom(exitAccs[2], links);
        requireBalances(40, 21);
        (reached,) = vault.exitStateOf(0);
        assertTrue(reached, "the start");
    }

    /// @dev Many checkpoints may share an accumulator: none has exits of its own. All lead to the same records.
    function test_ACheckpointWithoutExitsLeadsToEarlierOnes() external {
        uint40 third = proveExits();
        mature(third);
        IExitVault.ExitLink[] memory links = linksDown(5, 5);
        links[0].claimMask = 1;
        claim(third, links);
        uint256 paid = vault.etherBalanceOf(alice) + vault.etherBalanceOf(bob);
        claim(second, links);
        assertEq(vault.etherBalanceOf(alice) + vault.etherBalanceOf(bob), paid, "once");
    }

    function test_GivenABatchOf255Exits() external {
        bytes memory full;
        for (uint256 i = 0; i < 255; ++i) {
            full = bytes.concat(full, exitRecord(i % 2 == 0 ? alice : bob, uint32(i), 1));
        }
        addLink(full);
        uint40 third = proveExits();
        mature(third);
        IExitVault.ExitLink[] memory links = linksDown(6, 6);
        links[0].claimMask = 1 << 254;
        claim(third, links);
        requireBalances(1, 0);
        // The highest record shares a word with the mark of the walk, and neither disturbs the other.
        links[0].claimMask = type(uint256).max >> 2;
        claim(third, links);
        requireBalances(128, 127);
        (bool reached, uint256 claimed) = vault.exitStateOf(exitAccs[6]);
        assertTrue(reached);
        assertEq(claimed, type(uint256).max >> 1);
    }

    /// @dev Exits that a rewind voided are not on the chain that matures.
    /// @custom:req R17
    function test_VoidedExitsAreNeverPaid() external {
        haltOver(second);
        rewindTo(first);
        freezeRoute(1, 2);
        resume(2);
        proveTo(first, second, rootAfter(second), exitAccs[2]);
        mature(second);
        refuseClaim(
            second,
            linksDown(5, 5),
            abi.encodeWithSelector(IExitVault.ExitLinkMismatch.selector, exitAccs[2], exitAccs[5])
        );
        claim(second, link2(7));
        requireBalances(40, 20);
    }
}
