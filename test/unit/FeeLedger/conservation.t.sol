// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {FeeConfig} from "../../../contracts/types/FeeParameters.sol";
import {BaseTest} from "../../utils/BaseTest.sol";

/// @notice Every wei of the fee token is in one of three places: a balance, a tip, or the fees of batches not yet
/// proven.
/// @custom:req R18
contract ConservationTest is BaseTest {
    uint256 private constant STEPS = 12;
    uint256 private donated;
    uint256 private tips;

    function setUp() public override {
        super.setUp();
        _fund(stranger, 1000 ether);
    }

    /// @dev Any interleaving of what moves money.
    function testFuzz_Conservation_UnderAnyInterleaving(uint256 seed) external {
        for (uint256 i = 0; i < STEPS; ++i) {
            seed = uint256(keccak256(abi.encode(seed, i)));
            vm.warp(block.timestamp + (seed >> 128) % 2 hours);
            _act(seed % 8, (seed >> 8) % 10 ether + 1, uint32(seed >> 96));
            _requireConserved();
        }
    }

    function _act(uint256 action, uint256 amount, uint32 choice) private {
        uint40 verified = poe.head().lastVerified;
        uint40 last = poe.sequenced().lastSequence;
        if (action == 0) {
            _fund(stranger, amount);
        } else if (action == 1 && poe.feeBalanceOf(aggregator) >= amount) {
            vm.prank(aggregator);
            poe.withdrawFees(user, amount);
        } else if (action == 2) {
            token.mint(address(poe), amount);
            donated += amount;
        } else if (action == 3 && last > verified) {
            vm.prank(stranger);
            poe.tip(verified + 1 + choice % (last - verified), amount);
            tips += amount;
        } else if (action == 4 && last > verified) {
            prove(verified, verified + 1 + choice % (last - verified));
        } else if (action == 5 && verified > 1) {
            _claim(verified);
        } else {
            sequence(1 + choice % 5);
        }
    }

    function _claim(uint40 checkpoint) private {
        uint256 amount = poe.tipsOn(checkpoint);
        if (amount == 0) return;
        vm.warp(block.timestamp + EXIT_DELAY);
        poe.claimTips(checkpoint, checkpoint, checkpoints[checkpoint]);
        tips -= amount;
    }

    function _requireConserved() private view {
        uint256 balances = poe.feeBalanceOf(sequencer) + poe.feeBalanceOf(aggregator) + poe.feeBalanceOf(stranger);
        uint256 escrow = poe.sequenced().cumulativeFee - poe.settlement().paidCumulativeFee;
        assertEq(token.balanceOf(address(poe)), balances + escrow + tips + donated);
    }

    /// @dev Dilution and the like: later sequences, donations, deposits and another price do not touch what a batch
    /// earns.
    /// @custom:req R19
    function testFuzz_Conservation_TheRewardIsFixedWhenSequenced(uint256 later, uint256 donation, uint256 minFeeGwei)
        external
    {
        uint40 number = sequence(3);
        uint256 fee = sequences[number].fee;
        token.mint(address(poe), bound(donation, 0, 1e6 ether));
        sequenceInCalls(bound(later, 1, 100));
        vm.warp(block.timestamp + 2 hours);
        FeeConfig memory config = _feeConfig();
        config.minFeeGwei = bound(minFeeGwei, 1, 4e7);
        vm.prank(owner);
        poe.setFeeParameters(config);
        uint256 balance = poe.feeBalanceOf(aggregator);
        prove(1, number);
        assertEq(poe.feeBalanceOf(aggregator), balance + fee);
    }

    /// @dev Everybody leaves, and nothing is missing or left over.
    /// @custom:req R20
    function test_Conservation_TheLastProverIsPaid() external {
        for (uint256 i = 0; i < 4; ++i) {
            sequence(5);
        }
        for (uint40 number = 2; number < 6; ++number) {
            prove(number - 1, number);
        }
        address[3] memory accounts = [sequencer, stranger, aggregator];
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 balance = poe.feeBalanceOf(accounts[i]);
            vm.prank(accounts[i]);
            poe.withdrawFees(accounts[i], balance);
        }
        assertEq(token.balanceOf(address(poe)), 0);
    }
}
