// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Head, Sequenced, Settlement, Status} from "../types/Slots.sol";

/// @title SlotPacking
/// @notice Packs the hot structs into one word each, so that a call reads and writes every one of them exactly once.
/// @dev Assigning a packed struct to storage makes the compiler read, mask and write the slot once for every field.
/// Numbers and times get 36 bits: enough for 6.8e10 sequences and until the year 4147; fee sums get 100: 1.2e12 tokens
/// of 18 decimals. A value that does not fit is refused, not cut.
library SlotPacking {
    /// @notice A counter has outgrown its field.
    error FieldOverflow(uint256 value, uint256 bits);

    // After its shift the wanted field is in the low bits: the cast drops the fields above it, which is its purpose.
    // forge-lint: disable-start(unsafe-typecast)

    /// @notice `s` as one word, its first field in the low bits: 36, 36, 100, 48, 36 bits.
    function pack(Sequenced memory s) internal pure returns (uint256) {
        return _fit(s.lastSequence, 36) | (_fit(s.cumulativeBatches, 36) << 36) | (_fit(s.cumulativeFee, 100) << 72)
            | (uint256(s.logPrice) << 172) | (_fit(s.updatedAt, 36) << 220);
    }

    /// @notice Inverse of `pack(Sequenced)`.
    function unpackSequenced(uint256 word) internal pure returns (Sequenced memory s) {
        s.lastSequence = uint40(_cut(word, 36));
        s.cumulativeBatches = uint40(_cut(word >> 36, 36));
        s.cumulativeFee = uint112(_cut(word >> 72, 100));
        s.logPrice = uint48(word >> 172);
        s.updatedAt = uint40(word >> 220);
    }

    /// @notice `h` as one word, its first field in the low bits: 36, 36, 36, 32, 32, 33, 16, 8, 16, 8 bits.
    function pack(Head memory h) internal pure returns (uint256) {
        return _fit(h.lastVerified, 36) | (_fit(h.paidBatches, 36) << 36) | (_fit(h.oldestPendingAt, 36) << 72)
            | (uint256(h.messageCount) << 108) | (uint256(h.attachedMessages) << 140) | (_fit(h.nextIndex, 33) << 172)
            | (uint256(h.slotCapacity) << 205) | (uint256(h.messageCapacity) << 221) | (uint256(h.version) << 229)
            | (uint256(h.status) << 245);
    }

    /// @notice Inverse of `pack(Head)`.
    function unpackHead(uint256 word) internal pure returns (Head memory h) {
        h.lastVerified = uint40(_cut(word, 36));
        h.paidBatches = uint40(_cut(word >> 36, 36));
        h.oldestPendingAt = uint40(_cut(word >> 72, 36));
        h.messageCount = uint32(word >> 108);
        h.attachedMessages = uint32(word >> 140);
        h.nextIndex = uint40(_cut(word >> 172, 33));
        h.slotCapacity = uint16(word >> 205);
        h.messageCapacity = uint8(word >> 221);
        h.version = uint16(word >> 229);
        h.status = Status(uint8(word >> 245));
    }

    /// @notice `s` as one word, its first field in the low bits: 100, 36, 36, 84 bits.
    function pack(Settlement memory s) internal pure returns (uint256) {
        return _fit(s.paidCumulativeFee, 100) | (_fit(s.progressAt, 36) << 100) | (_fit(s.verifiedBatches, 36) << 136)
            | (_fit(s.verifiedAccPrefix, 84) << 172);
    }

    /// @notice Inverse of `pack(Settlement)`.
    function unpackSettlement(uint256 word) internal pure returns (Settlement memory s) {
        s.paidCumulativeFee = uint112(_cut(word, 100));
        s.progressAt = uint40(_cut(word >> 100, 36));
        s.verifiedBatches = uint40(_cut(word >> 136, 36));
        s.verifiedAccPrefix = uint88(word >> 172);
    }

    // forge-lint: disable-end(unsafe-typecast)

    function _fit(uint256 value, uint256 bits) private pure returns (uint256) {
        if (value >> bits != 0) revert FieldOverflow(value, bits);
        return value;
    }

    function _cut(uint256 word, uint256 bits) private pure returns (uint256) {
        return word & ((1 << bits) - 1);
    }
}
