// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SlotPacking} from "../../contracts/libraries/SlotPacking.sol";
import {Head, Sequenced, Settlement, Status} from "../../contracts/types/Slots.sol";

/// @notice The three packed words, for every value of every field (halmos): what fits comes back, what does not is
/// refused, never cut.
contract SlotPackingSymbolic {
    using SlotPacking for *;

    /// @custom:req R45
    function check_SequencedComesBack(Sequenced memory s) external view {
        bool fits = s.lastSequence < 1 << 36 && s.cumulativeBatches < 1 << 36 && s.cumulativeFee < 1 << 100
            && s.updatedAt < 1 << 36;
        try this.packSequenced(s) returns (uint256 word) {
            Sequenced memory back = word.unpackSequenced();
            assert(fits);
            assert(back.lastSequence == s.lastSequence && back.cumulativeBatches == s.cumulativeBatches);
            assert(back.cumulativeFee == s.cumulativeFee && back.logPrice == s.logPrice);
            assert(back.updatedAt == s.updatedAt);
        } catch (bytes memory reason) {
            assert(!fits && bytes4(reason) == SlotPacking.FieldOverflow.selector);
        }
    }

    /// @custom:req R45
    function check_HeadComesBack(Head memory h, uint8 status) external view {
        if (status > uint8(Status.Closed)) return;
        h.status = Status(status);
        bool fits =
            h.lastVerified < 1 << 36 && h.paidBatches < 1 << 36 && h.oldestPendingAt < 1 << 36 && h.nextIndex < 1 << 33;
        try this.packHead(h) returns (uint256 word) {
            Head memory back = word.unpackHead();
            assert(fits);
            assert(back.lastVerified == h.lastVerified && back.paidBatches == h.paidBatches);
            assert(back.oldestPendingAt == h.oldestPendingAt && back.messageCount == h.messageCount);
            assert(back.attachedMessages == h.attachedMessages && back.nextIndex == h.nextIndex);
            assert(back.slotCapacity == h.slotCapacity && back.messageCapacity == h.messageCapacity);
            assert(back.version == h.version && back.status == h.status);
        } catch (bytes memory reason) {
            assert(!fits && bytes4(reason) == SlotPacking.FieldOverflow.selector);
        }
    }

    function check_SettlementComesBack(Settlement memory s) external view {
        bool fits = s.paidCumulativeFee < 1 << 100 && s.progressAt < 1 << 36 && s.verifiedBatches < 1 << 36
            && s.verifiedAccPrefix < 1 << 84;
        try this.packSettlement(s) returns (uint256 word) {
            Settlement memory back = word.unpackSettlement();
            assert(fits);
            assert(back.paidCumulativeFee == s.paidCumulativeFee && back.progressAt == s.progressAt);
            assert(back.verifiedBatches == s.verifiedBatches && back.verifiedAccPrefix == s.verifiedAccPrefix);
        } catch (bytes memory reason) {
            assert(!fits && bytes4(reason) == SlotPacking.FieldOverflow.selector);
        }
    }

    function packSequenced(Sequenced memory s) external pure returns (uint256) {
        return s.pack();
    }

    function packHead(Head memory h) external pure returns (uint256) {
        return h.pack();
    }

    function packSettlement(Settlement memory s) external pure returns (uint256) {
        return s.pack();
    }
}
