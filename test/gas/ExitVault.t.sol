// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../contracts/interfaces/IExitVault.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {EscapeTest} from "../utils/EscapeTest.sol";
import {ExitsTest} from "../utils/ExitsTest.sol";

/// @notice What leaving costs, group "exits": whole transactions, base cost and calldata included, in the isolated run that writes the snapshots.
contract ExitVaultGasTest is ExitsTest {
    using Commitments for *;

    uint256 private constant LINKS = 128;
    /// @dev What one full link of other people's exits may add to a walk, its calldata at the floor price included. Without calldata it is 1,459.
    uint256 private constant MOST_GAS_A_LINK = 10_000;

    /// @dev One exit of `user`, then `LINKS` batches full of other people's.
    function setUp() public override {
        super.setUp();
        addExit(user, 10);
        for (uint256 i = 0; i < LINKS; ++i) {
            bytes32[] memory batch = new bytes32[](E);
            for (uint256 j = 0; j < E; ++j) {
                batch[j] = exitRecord(makeAddr(vm.toString(j)), uint32(j), 1);
            }
            addLink(paddedRecords(batch));
        }
    }

    /// @dev Claims `user`'s exit from `foreign` links away.
    function _claim(uint256 foreign) private returns (uint256 used) {
        uint40 last = sequence(1);
        proveTo(last - 1, last, rootAfter(last), exitAccs[1 + foreign]);
        skip(EXIT_DELAY);
        IExitVault.ExitLink[] memory links = linksDown(1 + foreign, 1);
        links[foreign].claimMask = 1;
        vault.claimExits(last, checkpoints[last].opening(), links);
        return vm.lastCallGas().gasTotalUsed;
    }

    function test_Gas_ClaimOneExit() public {
        _claim(0);
        vm.snapshotGasLastCall("exits", "claimExits, own link at the end of the chain");
    }

    /// @dev The bound that other people's exits put on a claimant: linear, and this much a link.
    function test_Gas_AForeignLink() public {
        uint256 snapshot = vm.snapshotState();
        uint256 few = _claim(1);
        vm.revertToState(snapshot);
        uint256 many = _claim(LINKS);
        uint256 each = (many - few) / (LINKS - 1);
        assertLe(each, MOST_GAS_A_LINK, vm.toString(each));
        vm.snapshotValue("exits", "a foreign link of 8 exits in a walk", each);
    }

    function test_Gas_WithdrawEther() public {
        _claim(0);
        vm.prank(user);
        vault.withdrawEther(payable(user), 10 gwei);
        vm.snapshotGasLastCall("exits", "withdrawEther");
    }
}

/// @notice What leaving a closed chain costs.
contract EscapeGasTest is EscapeTest {
    function test_Gas_Close() public {
        closeChain();
        vm.snapshotGasLastCall("exits", "close");
    }

    function test_Gas_EscapeAccount() public {
        closeChain();
        bytes32[32] memory siblings = siblingsOf(1);
        vault.escapeAccount(1, leafOf(user, BALANCE, 7), siblings, generatorKey(), user);
        vm.snapshotGasLastCall("exits", "escapeAccount");
    }

    function test_Gas_RefundMessage() public {
        closeChain();
        vault.refundMessage(4, deposit_, generatorKey(), user);
        vm.snapshotGasLastCall("exits", "refundMessage");
    }
}
