// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {MessageFormat} from "../../../contracts/libraries/MessageFormat.sol";
import {FormatVectors} from "./FormatVectors.sol";

/// @custom:req R15
contract MessageFormatTest is FormatVectors {
    function indexAndValue(bytes calldata message) external pure returns (uint32, uint256) {
        return MessageFormat.indexAndValue(message);
    }

    function testFuzz_Register_HoldsEveryFieldInItsPlace(
        uint32 index,
        address l1Owner,
        uint64 amount,
        uint64 fee,
        uint8 seed
    ) external pure {
        bytes memory key = _key(seed);
        assertEq(
            MessageFormat.register(index, key, l1Owner, amount, fee),
            bytes.concat(hex"00000001", bytes4(index), key, bytes20(l1Owner), bytes8(amount), bytes8(fee))
        );
    }

    function testFuzz_Deposit_HasNoKeyAndNoOwner(uint32 index, uint64 amount, uint64 fee) external pure {
        bytes memory message = MessageFormat.deposit(index, amount, fee);
        assertEq(message.length, MessageFormat.MESSAGE_BYTES);
        assertEq(message, bytes.concat(hex"00000002", bytes4(index), new bytes(100), bytes8(amount), bytes8(fee)));
    }

    /// @dev The sum of two uint64 does not fit in one: a refund must not lose the carry.
    function testFuzz_IndexAndValue_ReadsWhatWasWritten(uint32 index, uint64 amount, uint64 fee, uint8 seed)
        external
        view
    {
        uint256 value = uint256(amount) + fee;
        (uint32 readIndex, uint256 readValue) = this.indexAndValue(MessageFormat.deposit(index, amount, fee));
        assertEq(readIndex, index);
        assertEq(readValue, value);
        (readIndex, readValue) = this.indexAndValue(MessageFormat.register(index, _key(seed), address(1), amount, fee));
        assertEq(readIndex, index);
        assertEq(readValue, value);
    }

    function test_IndexAndValue_DoesNotLoseTheCarry() external view {
        (, uint256 value) = this.indexAndValue(MessageFormat.deposit(1, type(uint64).max, type(uint64).max));
        assertEq(value, 2 * uint256(type(uint64).max));
    }

    function testFuzz_Identity_DependsOnEveryField(uint32 index, address l1Owner, uint8 seed) external pure {
        bytes32 identity = MessageFormat.identity(index, _key(seed), l1Owner);
        assertNotEq(MessageFormat.identity(index ^ 1, _key(seed), l1Owner), identity);
        assertNotEq(MessageFormat.identity(index, _key(seed ^ 1), l1Owner), identity);
        assertNotEq(MessageFormat.identity(index, _key(seed), address(uint160(l1Owner) ^ 1)), identity);
    }

    function test_Identity_IsThatOfTheSharedVectors() external view {
        string memory json = vectors("identities");
        for (uint256 i = 0; i < casesOf(json); ++i) {
            bytes32 identity = MessageFormat.identity(
                uint32(uintOf(json, i, "index")), bytesOf(json, i, "key"), addressOf(json, i, "l1Owner")
            );
            assertEq(identity, bytes32Of(json, i, "identity"));
        }
    }

    function _key(uint8 seed) private pure returns (bytes memory key) {
        key = new bytes(MessageFormat.KEY_BYTES);
        for (uint256 i = 0; i < key.length; ++i) {
            key[i] = bytes1(uint8(uint256(keccak256(abi.encode(seed, i)))));
        }
    }
}
