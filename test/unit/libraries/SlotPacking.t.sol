// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

import {SlotPacking} from "../../../contracts/libraries/SlotPacking.sol";
import {Head, Sequenced, Settlement, Status} from "../../../contracts/types/Slots.sol";

contract SlotPackingTest is Test {
    using SlotPacking for *;

    uint256 private constant MAX_36 = (1 << 36) - 1;
    uint256 private constant MAX_33 = (1 << 33) - 1;
    uint256 private constant MAX_100 = (1 << 100) - 1;

    function packSequenced(Sequenced memory s) external pure returns (uint256) {
        return s.pack();
    }

    function packHead(Head memory h) external pure returns (uint256) {
        return h.pack();
    }

    function packSettlement(Settlement memory s) external pure returns (uint256) {
        return s.pack();
    }

    /* ROUND TRIPS */

    function testFuzz_WhenEveryFieldFits(Sequenced memory s, uint256 headWord, uint256 status, Settlement memory t)
        external
        pure
    {
        // A head of any bits but the status, which has three values.
        headWord = (headWord & ((1 << 245) - 1)) | (status % 3) << 245;
        assertEq(headWord.unpackHead().pack(), headWord);
        _checkRoundTrip(_trim(s), headWord.unpackHead(), _trim(t));
    }

    function test_WhenEveryFieldFits() external pure {
        Sequenced memory s = Sequenced(1, 2, 3, 4, 5);
        Head memory h = Head(1, 2, 3, 4, 5, 6, 7, 8, 9, Status.Closed);
        Settlement memory t = Settlement(1, 2, 3, 4);
        _checkRoundTrip(s, h, t);
        // The layouts, spelt out.
        assertEq(s.pack(), uint256(1) | 2 << 36 | 3 << 72 | 4 << 172 | 5 << 220);
        assertEq(
            h.pack(),
            uint256(1) | 2 << 36 | 3 << 72 | 4 << 108 | 5 << 140 | 6 << 172 | 7 << 205 | 8 << 221 | 9 << 229 | 2 << 245
        );
        assertEq(t.pack(), uint256(1) | 2 << 100 | 3 << 136 | 4 << 172);
    }

    function _checkRoundTrip(Sequenced memory s, Head memory h, Settlement memory t) private pure {
        assertEq(keccak256(abi.encode(s.pack().unpackSequenced())), keccak256(abi.encode(s)));
        assertEq(keccak256(abi.encode(h.pack().unpackHead())), keccak256(abi.encode(h)));
        assertEq(keccak256(abi.encode(t.pack().unpackSettlement())), keccak256(abi.encode(t)));
    }

    function _trim(Sequenced memory s) private pure returns (Sequenced memory) {
        s.lastSequence &= uint40(MAX_36);
        s.cumulativeBatches &= uint40(MAX_36);
        s.cumulativeFee &= uint112(MAX_100);
        s.updatedAt &= uint40(MAX_36);
        return s;
    }

    function _trim(Settlement memory t) private pure returns (Settlement memory) {
        t.paidCumulativeFee &= uint112(MAX_100);
        t.progressAt &= uint40(MAX_36);
        t.verifiedBatches &= uint40(MAX_36);
        t.verifiedAccPrefix &= uint88((1 << 84) - 1);
        return t;
    }

    function test_WhenEveryFieldIsAtItsMaximum() external pure {
        Sequenced memory s =
            Sequenced(uint40(MAX_36), uint40(MAX_36), uint112(MAX_100), type(uint48).max, uint40(MAX_36));
        Head memory h = Head(
            uint40(MAX_36),
            uint40(MAX_36),
            uint40(MAX_36),
            type(uint32).max,
            type(uint32).max,
            uint40(MAX_33),
            type(uint16).max,
            type(uint8).max,
            type(uint16).max,
            Status.Closed
        );
        Settlement memory t = Settlement(uint112(MAX_100), uint40(MAX_36), uint40(MAX_36), uint88((1 << 84) - 1));
        _checkRoundTrip(s, h, t);
        assertEq(s.pack(), type(uint256).max);
        assertEq(h.pack(), (1 << 245) - 1 | 2 << 245);
        assertEq(t.pack(), type(uint256).max);
    }

    /* OVERFLOW */

    function testFuzz_RevertWhen_AFieldOutgrowsItsBits(uint256 field, uint256 excess) external {
        field = bound(field, 0, 9);
        if (field == 2 || field == 8) _checkFee(field, bound(excess, MAX_100 + 1, type(uint112).max));
        else if (field == 7) _checkCounter(field, uint40(bound(excess, MAX_33 + 1, type(uint40).max)), 33);
        else _checkCounter(field, uint40(bound(excess, MAX_36 + 1, type(uint40).max)), 36);
    }

    /// @dev Refused, not cut: a cut counter would start again from zero.
    /// @custom:req R45
    function test_RevertWhen_AFieldOutgrowsItsBits() external {
        for (uint256 field = 0; field < 10; ++field) {
            if (field == 2 || field == 8) _checkFee(field, MAX_100 + 1);
            else if (field == 7) _checkCounter(field, uint40(MAX_33 + 1), 33);
            else _checkCounter(field, uint40(MAX_36 + 1), 36);
        }
    }

    function _checkFee(uint256 field, uint256 value) private {
        Sequenced memory s;
        Settlement memory t;
        vm.expectRevert(abi.encodeWithSelector(SlotPacking.FieldOverflow.selector, value, 100));
        if (field == 2) {
            s.cumulativeFee = uint112(value);
            this.packSequenced(s);
        } else {
            t.paidCumulativeFee = uint112(value);
            this.packSettlement(t);
        }
    }

    function _checkCounter(uint256 field, uint40 value, uint256 bits) private {
        Sequenced memory s;
        Head memory h;
        Settlement memory t;
        if (field == 0) s.lastSequence = value;
        else if (field == 1) s.cumulativeBatches = value;
        else if (field == 3) s.updatedAt = value;
        else if (field == 4) h.lastVerified = value;
        else if (field == 5) h.paidBatches = value;
        else if (field == 6) h.oldestPendingAt = value;
        else if (field == 7) h.nextIndex = value;
        else t.progressAt = value;
        vm.expectRevert(abi.encodeWithSelector(SlotPacking.FieldOverflow.selector, value, bits));
        if (field < 4) this.packSequenced(s);
        else if (field < 8) this.packHead(h);
        else this.packSettlement(t);
    }
}
