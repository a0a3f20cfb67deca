// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IMessages} from "../interfaces/IMessages.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {MessageFormat} from "../libraries/MessageFormat.sol";
import {SlotPacking} from "../libraries/SlotPacking.sol";
import {Head} from "../types/Slots.sol";
import {PoEBase} from "./PoEBase.sol";

/// @title Messages
/// @notice See `IMessages`.
abstract contract Messages is PoEBase {
    using SlotPacking for uint256;
    /// @dev With less than 2^61 gwei ever taken in, no sum of balances on L2 can overflow
    /// (docs/spec/state-transition.md, ST-5).
    uint256 internal constant GROSS_DEPOSIT_CAP_GWEI = 1 << 61;
    /// @dev Accounts are the leaves of a tree of depth 32.
    uint256 internal constant MAX_ACCOUNTS = 1 << 32;
    /// @dev A tenth of an ether: a higher fee would keep users out.
    uint256 internal constant MAX_BASE_FEE_GWEI = 1e8;

    uint256 private immutable _baseFeeGwei;
    uint256 private immutable _feeDepth;

    /// @inheritdoc IMessages
    uint256 public grossDepositsGwei;
    /// @inheritdoc IMessages
    mapping(uint32 index => bytes32 identity) public identityOf;
    /// @inheritdoc IMessages
    mapping(uint32 number => bytes32 acc) public messageAccOf;

    constructor(uint64 baseFeeGwei, uint32 feeDepth) {
        if (baseFeeGwei == 0 || baseFeeGwei > MAX_BASE_FEE_GWEI || feeDepth == 0) {
            revert InvalidMessageFee(baseFeeGwei, feeDepth);
        }
        _baseFeeGwei = baseFeeGwei;
        _feeDepth = feeDepth;
    }

    /// @inheritdoc IMessages
    function register(bytes calldata publicKey, address l1Owner, uint256 maxFeeGwei)
        external
        payable
        returns (uint32 index)
    {
        Head memory head_ = _runningHead();
        if (l1Owner == address(0)) revert ZeroAddress();
        if (head_.nextIndex >= MAX_ACCOUNTS) revert AccountsExhausted();
        stateMachine.requireValidKey(publicKey);

        index = uint32(head_.nextIndex++);
        identityOf[index] = MessageFormat.identity(index, publicKey, l1Owner);
        (uint64 amount, uint64 fee) = _takeEther(head_, maxFeeGwei);
        _enqueue(head_, index, MessageFormat.register(index, publicKey, l1Owner, amount, fee));
    }

    /// @inheritdoc IMessages
    function deposit(uint32 index, bytes32 expectedIdentity, uint256 maxFeeGwei) external payable {
        Head memory head_ = _runningHead();
        bytes32 identity = identityOf[index];
        if (identity == 0 || identity != expectedIdentity) revert IdentityMismatch(index, expectedIdentity, identity);
        (uint64 amount, uint64 fee) = _takeEther(head_, maxFeeGwei);
        _enqueue(head_, index, MessageFormat.deposit(index, amount, fee));
    }

    /// @inheritdoc IMessages
    function messageFeeGwei() external view returns (uint256) {
        return _messageFeeGwei(_head.unpackHead());
    }

    /// @notice Attaches the oldest pending messages to one more batch, as many as it has room for, in memory.
    /// @return messageAcc Message accumulator after them; zero if none is pending, which saves reading the old one.
    function _attachMessages(Head memory head_) internal view returns (bytes32 messageAcc) {
        if (head_.attachedMessages == head_.messageCount) return 0;
        uint256 room = uint256(head_.attachedMessages) + head_.messageCapacity;
        // forge-lint: disable-next-line(unsafe-typecast) cast only where it is below messageCount, a uint32
        head_.attachedMessages = room < head_.messageCount ? uint32(room) : head_.messageCount;
        return messageAccOf[head_.attachedMessages];
    }

    /// @dev Counts the ether sent and splits it into the message fee and the amount credited, both in gwei.
    function _takeEther(Head memory head_, uint256 maxFeeGwei) private returns (uint64 amount, uint64 fee) {
        uint256 feeGwei = _messageFeeGwei(head_);
        uint256 valueGwei = msg.value / 1 gwei;
        if (msg.value % 1 gwei != 0) revert NotWholeGwei(msg.value);
        if (feeGwei > maxFeeGwei) revert MessageFeeAboveLimit(feeGwei, maxFeeGwei);
        if (valueGwei < feeGwei) revert MessageFeeNotCovered(valueGwei, feeGwei);
        uint256 gross = grossDepositsGwei + valueGwei;
        if (gross >= GROSS_DEPOSIT_CAP_GWEI) revert DepositCapReached(gross, GROSS_DEPOSIT_CAP_GWEI);
        grossDepositsGwei = gross;
        // forge-lint: disable-next-line(unsafe-typecast) both are at most `gross`, which is below 2^61
        return (uint64(valueGwei - feeGwei), uint64(feeGwei));
    }

    /// @dev The ether goes to the vault last, when everything is written.
    function _enqueue(Head memory head_, uint32 index, bytes memory message) private {
        uint32 number = ++head_.messageCount;
        _storeHead(head_);
        messageAccOf[number] = Accumulators.stepMessage(messageAccOf[number - 1], message);
        emit MessageQueued(number, index, message);
        exitVault.receiveDeposit{value: msg.value}();
    }

    /// @dev Linear in the queue, so that a flood of n messages costs its author a sum quadratic in n, paid to those who
    /// clear it.
    function _messageFeeGwei(Head memory head_) private view returns (uint256) {
        uint256 waiting = head_.messageCount - head_.attachedMessages;
        return _baseFeeGwei + _baseFeeGwei * waiting / _feeDepth;
    }
}
