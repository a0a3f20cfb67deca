// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title MessageFormat
/// @notice The bytes of an L1 message (docs/spec/formats.md, FMT-10) and the identity of an account (FMT-18).
library MessageFormat {
    bytes32 internal constant TAG_IDENTITY = "PoE/identity/1";

    /// @notice Bytes of a message.
    uint256 internal constant MESSAGE_BYTES = 124;
    /// @notice Bytes of a public key.
    uint256 internal constant KEY_BYTES = 80;
    uint32 internal constant KIND_REGISTER = 1;
    uint32 internal constant KIND_DEPOSIT = 2;

    /// @notice A registration with its first deposit.
    function register(uint32 index, bytes memory publicKey, address l1Owner, uint64 amountGwei, uint64 feeGwei)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(KIND_REGISTER, index, publicKey, l1Owner, amountGwei, feeGwei);
    }

    /// @notice A deposit.
    function deposit(uint32 index, uint64 amountGwei, uint64 feeGwei) internal pure returns (bytes memory) {
        return abi.encodePacked(KIND_DEPOSIT, index, new bytes(KEY_BYTES), address(0), amountGwei, feeGwei);
    }

    /// @notice The account a message is for, and all the ether it brought, fee included, in gwei.
    /// @param message 124 bytes.
    function indexAndValue(bytes calldata message) internal pure returns (uint32 index, uint256 valueGwei) {
        index = uint32(bytes4(message[4:8]));
        valueGwei = uint256(uint64(bytes8(message[108:116]))) + uint64(bytes8(message[116:124]));
    }

    /// @notice What ties an account index to its key and owner on L1.
    function identity(uint32 index, bytes memory publicKey, address l1Owner) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_IDENTITY, index, keccak256(publicKey), l1Owner));
    }
}
