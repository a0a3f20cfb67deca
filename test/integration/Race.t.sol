// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../contracts/interfaces/IExitVault.sol";
import {IProving} from "../../contracts/interfaces/IProving.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {ProvingTest} from "../utils/ProvingTest.sol";

/// @notice The protocol's everyday life: several sequencers and aggregators, none of whom knows the others, and users who deposit and leave.
/// Every balance is followed to the wei.
contract RaceTest is ProvingTest {
    using Commitments for *;

    // Sequencers.
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");
    // Aggregators.
    address private carol = makeAddr("carol");
    address private dave = makeAddr("dave");
    address private erin = makeAddr("erin");
    // Users.
    address private frank = makeAddr("frank");
    address private grace = makeAddr("grace");

    uint256 private constant FUNDS = 1_000 ether;

    bytes32 private exitAcc;
    bytes private firstRecords;
    bytes private secondRecords;

    function setUp() public override {
        super.setUp();
        _fund(alice, FUNDS);
        _fund(bob, FUNDS);
    }

    /// @custom:req R5
    /// @custom:req R6
    /// @custom:req R18
    function test_FirstProofWinsAndEverythingAddsUp() external {
        uint256 tokensBefore = token.balanceOf(address(poe));
        uint256 etherBefore = address(vault).balance;

        _sequencersAndUsers();
        _aggregatorsRace();
        _usersLeave();
        _everybodyWithdraws(tokensBefore, etherBefore);
    }

    /// @dev Sequences 2 to 6, from two sequencers, with two messages that nobody can skip.
    function _sequencersAndUsers() private {
        uint32 franks = _register(frank, 2 ether);
        assertEq(poe.head().attachedMessages, 1, "waits for a batch");
        sequenceAs(alice, 3); // 2
        assertEq(poe.head().attachedMessages, 2, "taken by the next batch, whoever posts it");
        skip(2 minutes);
        sequenceAs(bob, 1); // 3
        vm.deal(grace, 1 ether);
        bytes32 identity = identityOf(franks, frank);
        vm.prank(grace);
        poe.deposit{value: 1 ether}(franks, identity, MAX_MESSAGE_FEE);
        skip(2 minutes);
        sequenceAs(alice, 5); // 4
        assertEq(poe.head().attachedMessages, 3);
        sequenceAs(bob, 2); // 5
        skip(10 minutes);
        sequenceAs(alice, 1); // 6

        // Alice is in a hurry.
        vm.prank(alice);
        poe.tip(5, 2 ether);
        assertEq(poe.feeBalanceOf(alice) + 2 ether, FUNDS - sequences[2].fee - sequences[4].fee - sequences[6].fee);
        assertEq(poe.feeBalanceOf(bob), FUNDS - sequences[3].fee - sequences[5].fee);
    }

    /// @dev Carol proves (1, 3], Dave (1, 4], Erin (1, 6], all from the same checkpoint; they land in this order. Dave's copy of Carol's proof and Erin's late one
    /// come to nothing; Dave and Erin salvage their tails.
    function _aggregatorsRace() private {
        bytes32[] memory exits = new bytes32[](2);
        (exits[0], exits[1]) = (exitRecord(frank, 2, 1_500_000_000), exitRecord(user, 1, 400_000_000));
        firstRecords = paddedRecords(exits);
        bytes32 accAt4 = stepExits(0, firstRecords);
        exits = new bytes32[](1);
        exits[0] = exitRecord(user, 1, 100_000_000);
        secondRecords = paddedRecords(exits);
        exitAcc = stepExits(accAt4, secondRecords);

        IProving.Claim memory carols = claimFor(1, 3, carol, rootAfter(3), 0);
        IProving.Claim memory daves = claimFor(1, 4, dave, rootAfter(4), accAt4);
        IProving.Claim memory erins = claimFor(1, 6, erin, rootAfter(6), exitAcc);

        submit(1, 3, carols);
        assertEq(poe.feeBalanceOf(carol), feesOf(1, 3), "the first proof wins");

        // Late: the same range again, and a shorter one.
        IProving.Claim memory late = claimFor(1, 3, dave, rootAfter(3), 0);
        refuse(1, 3, late, proofOf(1, late), abi.encodeWithSelector(IProving.LateProof.selector, 3, 3));
        late = claimFor(1, 2, erin, rootAfter(2), 0);
        refuse(1, 2, late, proofOf(1, late), abi.encodeWithSelector(IProving.LateProof.selector, 2, 3));

        // Dave wants the whole range paid, and learns what is left of it; then takes that.
        daves.minReward = feesOf(1, 4);
        refuse(
            1,
            4,
            daves,
            proofOf(1, daves),
            abi.encodeWithSelector(IProving.RewardBelowMinimum.selector, feesOf(3, 4), feesOf(1, 4))
        );
        daves.minReward = feesOf(3, 4);
        submit(1, 4, daves);
        assertEq(poe.feeBalanceOf(dave), feesOf(3, 4), "the tail alone");

        // A new sequence lands while Erin's transaction waits.
        sequenceAs(bob, 4); // 7
        submit(1, 6, erins);
        assertEq(poe.feeBalanceOf(erin), feesOf(4, 6), "the tail alone");
        assertEq(poe.feeBalanceOf(carol), feesOf(1, 3), "Carol's stays Carol's");

        prove(6, 7);
        assertEq(poe.settlement().paidCumulativeFee, poe.sequenced().cumulativeFee, "all is paid");
    }

    /// @dev Frank's exit lies behind Dave's checkpoint, the user's two behind Dave's and Erin's.
    function _usersLeave() private {
        skip(EXIT_DELAY);
        IExitVault.ExitLink[] memory links = new IExitVault.ExitLink[](1);
        links[0] = IExitVault.ExitLink({previousAcc: 0, records: firstRecords, claimMask: 1});
        vault.claimExits(4, checkpoints[4].opening(), links);
        assertEq(vault.etherBalanceOf(frank), 1.5 ether);

        links = new IExitVault.ExitLink[](2);
        links[0] = IExitVault.ExitLink({previousAcc: checkpoints[4].exitAcc, records: secondRecords, claimMask: 1});
        links[1] = IExitVault.ExitLink({previousAcc: 0, records: firstRecords, claimMask: 2});
        vault.claimExits(7, checkpoints[7].opening(), links);
        assertEq(vault.etherBalanceOf(user), 0.5 ether);

        // Erin's proof covered sequence 5, and earns its tip.
        poe.claimTips(5, 6, checkpoints[6]);
    }

    function _everybodyWithdraws(uint256 tokensBefore, uint256 etherBefore) private {
        uint256 spentByAlice = uint256(sequences[2].fee) + sequences[4].fee + sequences[6].fee + 2 ether;
        uint256 spentByBob = uint256(sequences[3].fee) + sequences[5].fee + sequences[7].fee;
        _withdraw(alice, FUNDS - spentByAlice);
        _withdraw(bob, FUNDS - spentByBob);
        _withdraw(carol, feesOf(1, 3));
        _withdraw(dave, feesOf(3, 4));
        _withdraw(erin, feesOf(4, 6) + 2 ether);
        uint256 ofAggregator = poe.feeBalanceOf(aggregator) - 1_000_000 ether;
        assertEq(ofAggregator, sequences[1].fee + feesOf(6, 7), "who proved the first and the last");
        assertEq(
            token.balanceOf(address(poe)),
            tokensBefore - 2 * FUNDS + feesOf(6, 7),
            "what is left belongs to who was there before, and to who proved the last"
        );

        vm.prank(frank);
        vault.withdrawEther(payable(frank), 1.5 ether);
        vm.prank(user);
        vault.withdrawEther(payable(grace), 0.5 ether);
        assertEq(frank.balance, 1.5 ether);
        assertEq(grace.balance, 0.5 ether);
        assertEq(address(vault).balance, etherBefore + 3 ether - 2 ether, "in and out");
        assertEq(address(poe).balance, 0);
    }

    function _withdraw(address account, uint256 amount) private {
        assertEq(poe.feeBalanceOf(account), amount, vm.getLabel(account));
        vm.prank(account);
        poe.withdrawFees(account, amount);
        assertEq(token.balanceOf(account), amount);
        assertEq(poe.feeBalanceOf(account), 0);
    }
}
