// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {Head, Sequenced, Settlement, Status} from "../../../contracts/types/Slots.sol";
import {GhostLedger} from "../stores/GhostLedger.sol";

/// @notice What all handlers share: the clock, and the check that a call made no forbidden transition. Handlers bound
/// their inputs so that they know what a call must do:
/// an expected revert is asserted by its selector, and any other one fails the campaign (`fail_on_revert`).
abstract contract BaseHandler is GhostLedger {
    struct Observed {
        Head head;
        Sequenced sequenced;
        Settlement settlement;
        uint256 grossDeposits;
        uint40 final_;
    }

    /// @dev Around every handler. Cheat codes do not outlive a call of a campaign: the time is set anew.
    modifier transition() {
        vm.warp(present);
        Observed memory before = _observe();
        _;
        _requireLawful(before, _observe());
    }

    function _observe() private view returns (Observed memory o) {
        o.head = poe.head();
        o.sequenced = poe.sequenced();
        o.settlement = poe.settlement();
        o.grossDeposits = poe.grossDepositsGwei();
        for (uint256 i = path.length; i > 0 && o.final_ == 0; --i) {
            if (isMatured(path[i - 1])) o.final_ = path[i - 1];
        }
    }

    function _requireLawful(Observed memory a, Observed memory b) private pure {
        bool sameStatus = a.head.status == b.head.status;
        assertTrue(sameStatus || a.head.status != Status.Closed, "Closed is for ever");

        assertGe(b.sequenced.lastSequence, a.sequenced.lastSequence, "lastSequence fell");
        assertGe(b.sequenced.cumulativeBatches, a.sequenced.cumulativeBatches, "cumulativeBatches fell");
        assertGe(b.sequenced.cumulativeFee, a.sequenced.cumulativeFee, "cumulativeFee fell");
        assertGe(b.sequenced.updatedAt, a.sequenced.updatedAt, "updatedAt fell");
        assertGe(b.settlement.paidCumulativeFee, a.settlement.paidCumulativeFee, "paidCumulativeFee fell");
        assertGe(b.settlement.progressAt, a.settlement.progressAt, "progressAt fell");
        assertGe(b.head.messageCount, a.head.messageCount, "messageCount fell");
        assertGe(b.head.attachedMessages, a.head.attachedMessages, "attachedMessages fell");
        assertGe(b.head.nextIndex, a.head.nextIndex, "nextIndex fell");
        assertGe(b.head.version, a.head.version, "version fell");
        assertGe(b.grossDeposits, a.grossDeposits, "grossDepositsGwei fell");

        if (b.head.lastVerified < a.head.lastVerified) {
            assertTrue(a.head.status == Status.Halted && sameStatus, "verified batches undone outside a rewind");
            assertGe(b.head.lastVerified, a.final_, "a matured checkpoint was undone");
        }
        if (a.head.status != Status.Running && sameStatus) {
            assertEq(b.sequenced.lastSequence, a.sequenced.lastSequence, "sequenced while not running");
            assertLe(b.head.lastVerified, a.head.lastVerified, "proven while not running");
            assertEq(b.head.messageCount, a.head.messageCount, "message queued while not running");
        }
    }

    /// @dev Announces that the next call reverts if the chain does not run.
    function _refusedUnlessRunning() internal returns (bool refused) {
        refused = status != Status.Running;
        if (refused) _expectWrongStatus();
    }

    function _expectWrongStatus() internal {
        vm.expectRevert(abi.encodeWithSelector(IEmergency.WrongStatus.selector, uint8(status)));
    }
}
