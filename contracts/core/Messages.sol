// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IMessages} from "../interfaces/IMessages.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {MessageFormat} from "../libraries/MessageFormat.sol";
import {Head, MessageQueue} from "../types/Slots.sol";
import {PoEBase} from "./PoEBase.sol";

/// @title Messages
/// @notice See `IMessages`.
abstract contract Messages is PoEBase {
    /// @dev With less than 2^61 gwei ever taken in, no sum of balances on L2 can overflow (docs/spec/state-transition.md, ST-5).
    uint256 internal constant GROSS_DEPOSIT_CAP_GWEI = 1 << 61;
    /// @dev Accounts are the leaves of a tree of depth 32.
    uint256 internal constant MAX_ACCOUNTS = 1 << 32;

    uint256 private immutable _baseFeeGwei;
    uint256 private immutable _feeDepth;

    /// @inheritdoc IMessages
    mapping(uint32 index => bytes32 identity) public identityOf;
    /// @inheritdoc IMessages
    mapping(uint32 number => bytes32 acc) public messageAccOf;

    constructor(uint64 baseFeeGwei, uint32 feeDepth) {
        if (baseFeeGwei == 0 || feeDepth == 0) revert InvalidMessageFee(baseFeeGwei, feeDepth);
        _baseFeeGwei = baseFeeGwei;
        _feeDepth = feeDepth;
    }

    /// @inheritdoc IMessages
    function register(bytes calldata publicKey, address l1Owner, uint256 maxFeeGwei)
        external
        payable
        returns (uint32 index)
    {
        if (l1Owner == address(0)) revert ZeroAddress();
        stateMachine.requireValidKey(publicKey);
        uint40 next = _queue.nextIndex;
        if (next >= MAX_ACCOUNTS) revert AccountsExhausted();
        index = uint32(next);
        _queue.nextIndex = next + 1;
        identityOf[index] = MessageFormat.identity(index, publicKey, l1Owner);
        (uint64 amount, uint64 fee) = _takeEther(maxFeeGwei);
        _enqueue(index, MessageFormat.register(index, publicKey, l1Owner, amount, fee));
    }

    /// @inheritdoc IMessages
    function deposit(uint32 index, bytes32 expectedIdentity, uint256 maxFeeGwei) external payable {
        bytes32 identity = identityOf[index];
        if (identity == 0 || identity != expectedIdentity) revert IdentityMismatch(index, expectedIdentity, identity);
        (uint64 amount, uint64 fee) = _takeEther(maxFeeGwei);
        _enqueue(index, MessageFormat.deposit(index, amount, fee));
    }

    /// @inheritdoc IMessages
    function messageFeeGwei() external view returns (uint256) {
        return _messageFeeGwei(_loadHead(), _queue);
    }

    /// @dev Attaches the oldest pending messages to one more batch, as many as it has room for.
    /// @return attached Messages attached so far, these included.
    function _attach(uint256 attached, uint256 messageCount, uint256 capacity) internal pure returns (uint256) {
        uint256 room = attached + capacity;
        return room < messageCount ? room : messageCount;
    }

    /// @dev Splits the ether sent into the message fee and the amount credited, both in gwei.
    function _takeEther(uint256 maxFeeGwei) private returns (uint64 amount, uint64 fee) {
        Head memory head_ = _runningHead();
        MessageQueue memory queue = _queue;
        uint256 feeGwei = _messageFeeGwei(head_, queue);
        uint256 valueGwei = msg.value / 1 gwei;
        if (msg.value % 1 gwei != 0) revert NotWholeGwei(msg.value);
        if (feeGwei > maxFeeGwei) revert MessageFeeAboveLimit(feeGwei, maxFeeGwei);
        if (valueGwei < feeGwei) revert MessageFeeNotCovered(valueGwei, feeGwei);
        uint256 gross = queue.grossDepositsGwei + valueGwei;
        if (gross >= GROSS_DEPOSIT_CAP_GWEI) revert DepositCapReached(gross, GROSS_DEPOSIT_CAP_GWEI);
        _queue.grossDepositsGwei = uint64(gross);
        return (uint64(valueGwei - feeGwei), uint64(feeGwei));
    }

    function _enqueue(uint32 index, bytes memory message) private {
        uint32 number = _queue.messageCount + 1;
        _queue.messageCount = number;
        messageAccOf[number] = Accumulators.stepMessage(messageAccOf[number - 1], message);
        emit MessageQueued(number, index, message);
    }

    /// @dev Linear in the queue, so that a flood of n messages costs its author a sum quadratic in n, paid to those who clear it.
    function _messageFeeGwei(Head memory head_, MessageQueue memory queue) private view returns (uint256) {
        uint256 waiting = queue.messageCount - head_.attachedMessages;
        return _baseFeeGwei + _baseFeeGwei * waiting / _feeDepth;
    }
}
