// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../interfaces/IExitVault.sol";
import {IProofOfEfficiency} from "../interfaces/IProofOfEfficiency.sol";
import {Account} from "../interfaces/IStateMachine.sol";
import {Accumulators} from "../libraries/Accumulators.sol";
import {MessageFormat} from "../libraries/MessageFormat.sol";
import {CheckpointOpening} from "../types/Commitments.sol";
import {Status} from "../types/Slots.sol";

/// @title ExitVault
/// @notice See `IExitVault`. Deployed by the core, which it asks what has matured and whether the chain has closed;
/// nobody has power over it.
contract ExitVault is IExitVault {
    /// @dev Set in the state of an accumulator that a walk has reached; the bits below it are the claimed records.
    uint256 private constant REACHED = 1 << 255;
    uint256 private constant MAX_RECORDS = 255;

    /// @notice The contract whose exits this vault pays.
    IProofOfEfficiency public immutable core;

    /// @inheritdoc IExitVault
    mapping(address owner => uint256 amount) public etherBalanceOf;
    /// @inheritdoc IExitVault
    mapping(uint32 index => bool) public accountEscaped;
    /// @inheritdoc IExitVault
    mapping(uint32 number => bool) public messageRefunded;
    mapping(bytes32 exitAcc => uint256 state) private _exitStates;

    constructor() {
        core = IProofOfEfficiency(msg.sender);
    }

    /// @inheritdoc IExitVault
    function receiveDeposit() external payable {
        if (msg.sender != address(core)) revert OnlyCore(msg.sender);
    }

    /* EXITS */

    /// @inheritdoc IExitVault
    function claimExits(uint40 checkpoint, CheckpointOpening calldata opening, ExitLink[] calldata links) external {
        core.requireMatured(checkpoint, opening);
        _exitStates[opening.exitAcc] |= REACHED;
        _walk(opening.exitAcc, links);
    }

    /// @inheritdoc IExitVault
    function claimExitsFrom(bytes32 exitAcc, ExitLink[] calldata links) external {
        if (_exitStates[exitAcc] & REACHED == 0) revert ExitAccNotReached(exitAcc);
        _walk(exitAcc, links);
    }

    /// @inheritdoc IExitVault
    function exitStateOf(bytes32 exitAcc) external view returns (bool reached, uint256 claimed) {
        uint256 state = _exitStates[exitAcc];
        return (state & REACHED != 0, state & ~REACHED);
    }

    /// @dev Every accumulator before a matured one is of an earlier batch, hence matured too: the walk needs no other
    /// stop than the caller's wish.
    function _walk(bytes32 exitAcc, ExitLink[] calldata links) private {
        for (uint256 i = 0; i < links.length; ++i) {
            ExitLink calldata link = links[i];
            bytes32 computed = Accumulators.stepExits(link.previousAcc, link.records);
            if (computed != exitAcc) revert ExitLinkMismatch(exitAcc, computed);
            if (link.claimMask != 0) _claim(exitAcc, link.records, link.claimMask);
            exitAcc = link.previousAcc;
        }
        if (links.length != 0) _exitStates[exitAcc] |= REACHED;
    }

    function _claim(bytes32 exitAcc, bytes calldata records, uint256 mask) private {
        uint256 count = records.length / Accumulators.EXIT_BYTES;
        if (records.length % Accumulators.EXIT_BYTES != 0 || count > MAX_RECORDS) {
            revert InvalidRecordsLength(records.length);
        }
        uint256 state = _exitStates[exitAcc];
        for (uint256 i = 0; i < 256 && mask >> i != 0; ++i) {
            if ((mask >> i) & 1 == 0) continue;
            if (i >= count) revert NoSuchExit(exitAcc, i);
            // Claimed by somebody else in the meantime: that must not void the rest of the walk.
            if ((state >> i) & 1 != 0) continue;
            state |= 1 << i;
            _payExit(exitAcc, i, bytes32(records[i * Accumulators.EXIT_BYTES:]));
        }
        _exitStates[exitAcc] = state;
    }

    function _payExit(bytes32 exitAcc, uint256 position, bytes32 record) private {
        // forge-lint: disable-next-line(unsafe-typecast) the owner is the leading 20 bytes (FMT-13)
        address owner = address(bytes20(record));
        if (owner == address(0)) revert NoSuchExit(exitAcc, position);
        uint256 amountGwei = uint64(uint256(record));
        _credit(owner, amountGwei);
        emit ExitClaimed(owner, uint32(uint256(record) >> 64), amountGwei, exitAcc, position);
    }

    /* ESCAPE */

    /// @inheritdoc IExitVault
    function escapeAccount(
        uint32 index,
        Account calldata account,
        bytes32[32] calldata siblings,
        bytes calldata publicKey,
        address l1Owner
    ) external {
        _requireClosed();
        _requireIdentity(index, publicKey, l1Owner);
        if (accountEscaped[index] || account.balance == 0) revert NothingToPay();
        core.stateMachine().requireAccount(core.closedAccountsRoot(), index, account, siblings);
        accountEscaped[index] = true;
        _credit(l1Owner, account.balance);
        emit AccountEscaped(index, l1Owner, account.balance);
    }

    /// @inheritdoc IExitVault
    function refundMessage(uint32 number, bytes calldata message, bytes calldata publicKey, address l1Owner) external {
        _requireClosed();
        uint32 consumed = core.consumedMessages();
        if (number <= consumed) revert MessageConsumed(number, consumed);
        bool isIt = message.length == MessageFormat.MESSAGE_BYTES
            && Accumulators.stepMessage(core.messageAccOf(number - 1), message) == core.messageAccOf(number);
        if (!isIt) revert MessageMismatch(number);
        if (messageRefunded[number]) revert NothingToPay();
        messageRefunded[number] = true;
        (uint32 index, uint256 valueGwei) = MessageFormat.indexAndValue(message);
        _requireIdentity(index, publicKey, l1Owner);
        _credit(l1Owner, valueGwei);
        emit MessageRefunded(number, l1Owner, valueGwei);
    }

    function _requireClosed() private view {
        if (core.head().status != Status.Closed) revert ChainNotClosed();
    }

    function _requireIdentity(uint32 index, bytes calldata publicKey, address l1Owner) private view {
        bytes32 given = MessageFormat.identity(index, publicKey, l1Owner);
        bytes32 registered = core.identityOf(index);
        if (given != registered) revert NotTheIdentity(index, given, registered);
    }

    /* BALANCES */

    /// @inheritdoc IExitVault
    function withdrawEther(address payable recipient, uint256 amount) external {
        if (recipient == address(0)) revert ZeroRecipient();
        _payOut(msg.sender, recipient, amount);
    }

    /// @inheritdoc IExitVault
    function withdrawEtherFor(address payable owner) external {
        _payOut(owner, owner, etherBalanceOf[owner]);
    }

    function _payOut(address owner, address payable recipient, uint256 amount) private {
        if (amount == 0) revert NothingToPay();
        uint256 balance = etherBalanceOf[owner];
        if (balance < amount) revert InsufficientEther(owner, balance, amount);
        // The balance falls before the call: a recipient that calls back finds nothing to take twice.
        etherBalanceOf[owner] = balance - amount;
        emit EtherWithdrawn(owner, recipient, amount);
        (bool accepted,) = recipient.call{value: amount}("");
        if (!accepted) revert EtherTransferFailed(recipient, amount);
    }

    function _credit(address owner, uint256 amountGwei) private {
        etherBalanceOf[owner] += amountGwei * 1 gwei;
    }
}
