// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../contracts/interfaces/IExitVault.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {EmergencyTest} from "./EmergencyTest.sol";

/// @notice A chain of exits: each `link` adds one batch's records, `proveExits` puts what has been added behind a checkpoint.
abstract contract ExitsTest is EmergencyTest {
    using Commitments for *;

    /// @dev Exit accumulator after each link; 0 is the start.
    bytes32[] internal exitAccs;
    bytes[] internal records;

    function setUp() public virtual override {
        super.setUp();
        exitAccs.push(0);
        records.push("");
        // Ether that is there to be paid out: what an L2 without bugs lets out never exceeds what came in.
        vm.deal(address(vault), 1_000 ether);
    }

    function addLink(bytes memory data) internal {
        exitAccs.push(stepExits(exitAccs[exitAccs.length - 1], data));
        records.push(data);
    }

    /// @dev A batch with one exit.
    function addExit(address l1Owner, uint64 amountGwei) internal {
        bytes32[] memory batch = new bytes32[](1);
        batch[0] = exitRecord(l1Owner, 1, amountGwei);
        addLink(paddedRecords(batch));
    }

    /// @dev Sequences and proves one more sequence whose exits end at the newest link.
    function proveExits() internal returns (uint40 last) {
        last = sequence(1);
        proveTo(last - 1, last, rootAfter(last), exitAccs[exitAccs.length - 1]);
    }

    /// @dev The links from number `newest` down to number `oldest`, nothing claimed yet.
    function linksDown(uint256 newest, uint256 oldest) internal view returns (IExitVault.ExitLink[] memory links) {
        links = new IExitVault.ExitLink[](newest - oldest + 1);
        for (uint256 i = 0; i < links.length; ++i) {
            links[i].previousAcc = exitAccs[newest - i - 1];
            links[i].records = records[newest - i];
        }
    }

    function claim(uint40 checkpoint, IExitVault.ExitLink[] memory links) internal {
        vault.claimExits(checkpoint, checkpoints[checkpoint].opening(), links);
    }

    function refuseClaim(uint40 checkpoint, IExitVault.ExitLink[] memory links, bytes memory reason) internal {
        vm.expectRevert(reason);
        vault.claimExits(checkpoint, checkpoints[checkpoint].opening(), links);
    }
}
