// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {stdError} from "forge-std/StdError.sol";

import {Accumulators} from "../../../contracts/libraries/Accumulators.sol";
import {MessageFormat} from "../../../contracts/libraries/MessageFormat.sol";
import {Checkpoint} from "../../../contracts/types/Commitments.sol";
import {Head} from "../../../contracts/types/Slots.sol";
import {FormatVectors} from "../libraries/FormatVectors.sol";
import {MessagesBase} from "./MessagesBase.sol";

contract QueueTest is MessagesBase, FormatVectors {
    function test_WhenNoMessageIsWaiting() external view {
        assertEq(poe.messageFeeGwei(), MESSAGE_FEE_GWEI);
    }

    /// @dev Linear: doubled at the configured depth.
    /// @custom:req R42
    function test_WhenMessagesAreWaiting() external {
        for (uint256 waiting = 0; waiting <= 2 * MESSAGE_FEE_DEPTH; ++waiting) {
            assertEq(poe.messageFeeGwei(), FEE + FEE * waiting / MESSAGE_FEE_DEPTH);
            if (waiting == MESSAGE_FEE_DEPTH) assertEq(poe.messageFeeGwei(), 2 * FEE);
            _deposit(1 ether);
        }
    }

    /// @custom:req R38, R42
    function testFuzz_WhenAFloodIsQueued(uint256 count) external {
        _checkFlood(bound(count, 1, 60));
    }

    /// @custom:req R38, R42
    function test_WhenAFloodIsQueued() external {
        _checkFlood(100);
    }

    /// @dev n messages cost n base fees and, for their depth, another n(n - 1) / 2 parts of one; the division rounds
    /// each down by less than a gwei.
    function _checkFlood(uint256 count) private {
        uint256 paid = 0;
        for (uint256 i = 0; i < count; ++i) {
            paid += poe.messageFeeGwei();
            _deposit(1 ether);
        }
        uint256 exact = FEE * count + FEE * (count * (count - 1) / 2) / MESSAGE_FEE_DEPTH;
        assertLe(paid, exact);
        assertGe(paid + count, exact);
    }

    /// @custom:req R42
    function test_WhenABatchTakesMessages() external {
        for (uint256 i = 0; i < 10; ++i) {
            _deposit(1 ether);
        }
        for (uint256 waiting = 10; waiting > 0;) {
            assertEq(poe.messageFeeGwei(), FEE + FEE * waiting / MESSAGE_FEE_DEPTH);
            sequence(1);
            waiting = waiting > M ? waiting - M : 0;
        }
        assertEq(poe.messageFeeGwei(), FEE);
    }

    /// @dev What is queued stays queued, what is attached stays attached to its batch, whose accumulator a rewind does
    /// not touch.
    /// @custom:req R44
    function test_WhenTheChainIsHaltedAndRewound() external {
        for (uint256 i = 0; i < 6; ++i) {
            _deposit(1 ether);
        }
        sequence(1);
        prove(1, 2);
        bytes32 acc = poe.lastAcc();
        bytes32 messageAcc = poe.messageAccOf(7);
        Head memory before = poe.head();
        _haltChain();
        Checkpoint[] memory path = new Checkpoint[](3);
        (path[0], path[1], path[2]) = (checkpoints[2], checkpoints[1], checkpoints[0]);
        poe.rewind(path);

        Head memory rewound = poe.head();
        assertEq(rewound.lastVerified, 0);
        assertEq(rewound.messageCount, before.messageCount);
        assertEq(rewound.attachedMessages, before.attachedMessages);
        assertEq(poe.lastAcc(), acc);
        assertEq(poe.messageAccOf(7), messageAcc);
    }

    /// @dev The count never wraps round to messages taken long ago.
    function test_RevertWhen_TheQueueHasCountedToItsEnd() external {
        Head memory head = poe.head();
        head.messageCount = head.attachedMessages = type(uint32).max;
        _setHead(head);
        _expectDepositRevert(stdError.arithmeticError, 1, identityOf(1, user), 1 ether, FEE);
    }

    /// @dev From the Rust implementation (test/fixtures/formats/messages.json).
    /// @custom:req R15
    function test_WhenTheSharedVectorsAreQueued() external view {
        string memory json = vectors("messages");
        for (uint256 i = 0; i < casesOf(json); ++i) {
            bytes memory message = bytesOf(json, i, "bytes");
            uint256 kind = uintOf(json, i, "kind");
            // The vectors hold rubbish too, for the hash alone.
            if (kind == 1 || kind == 2) assertEq(_format(json, i, kind), message);
            assertEq(
                Accumulators.stepMessage(bytes32Of(json, i, "messageAcc"), message), bytes32Of(json, i, "newMessageAcc")
            );
        }
    }

    function _format(string memory json, uint256 i, uint256 kind) private pure returns (bytes memory) {
        uint32 index = uint32(uintOf(json, i, "index"));
        uint64 amount = uint64(uintOf(json, i, "amount"));
        uint64 fee = uint64(uintOf(json, i, "fee"));
        return kind == 1
            ? MessageFormat.register(index, bytesOf(json, i, "key"), addressOf(json, i, "l1Owner"), amount, fee)
            : MessageFormat.deposit(index, amount, fee);
    }
}
