// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IFeeLedger} from "../interfaces/IFeeLedger.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {RebasingTokens} from "../libraries/RebasingTokens.sol";
import {SlotPacking} from "../libraries/SlotPacking.sol";
import {Checkpoint} from "../types/Commitments.sol";
import {PoEBase} from "./PoEBase.sol";

/// @title FeeLedger
/// @notice See `IFeeLedger`.
abstract contract FeeLedger is PoEBase {
    using SlotPacking for uint256;
    using SafeERC20 for IERC20;
    using Commitments for Checkpoint;

    /// @inheritdoc IFeeLedger
    IERC20 public immutable feeToken;

    /// @inheritdoc IFeeLedger
    mapping(address account => uint256 amount) public feeBalanceOf;
    /// @inheritdoc IFeeLedger
    mapping(uint40 sequence => uint256 amount) public tipsOn;
    /// @inheritdoc IFeeLedger
    mapping(uint40 sequence => mapping(address tipper => uint256 amount)) public tipOf;

    constructor(IERC20 feeToken_) {
        if (address(feeToken_).code.length == 0) revert NotAToken(address(feeToken_));
        RebasingTokens.refuse(address(feeToken_));
        feeToken = feeToken_;
    }

    /// @inheritdoc IFeeLedger
    function depositFees(address account, uint256 amount) public nonReentrant returns (uint256 received) {
        if (account == address(0)) revert ZeroAddress();
        // What arrives counts, not what was asked for: the token may keep a part of it.
        uint256 before = feeToken.balanceOf(address(this));
        feeToken.safeTransferFrom(msg.sender, address(this), amount);
        received = feeToken.balanceOf(address(this)) - before;
        if (received == 0) revert ZeroAmount();
        feeBalanceOf[account] += received;
        emit FeesDeposited(msg.sender, account, received);
    }

    /// @inheritdoc IFeeLedger
    function depositFeesWithPermit(address account, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 received)
    {
        // A permit copied from the mempool and submitted first must not break this call: the transfer decides.
        // solhint-disable-next-line no-empty-blocks
        try IERC20Permit(address(feeToken)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        // Nothing was read before the token was called, and depositFees is guarded.
        // slither-disable-next-line reentrancy-benign,reentrancy-events
        return depositFees(account, amount);
    }

    /// @inheritdoc IFeeLedger
    function withdrawFees(address recipient, uint256 amount) external nonReentrant {
        if (recipient == address(0)) revert ZeroAddress();
        if (amount == 0) revert ZeroAmount();
        _debit(msg.sender, amount);
        feeToken.safeTransfer(recipient, amount);
        emit FeesWithdrawn(msg.sender, recipient, amount);
    }

    /// @inheritdoc IFeeLedger
    function tip(uint40 sequence, uint256 amount) external {
        uint40 lastVerified = _runningHead().lastVerified;
        uint40 lastSequence = _sequenced.unpackSequenced().lastSequence;
        if (sequence <= lastVerified || sequence > lastSequence) {
            revert SequenceNotPending(sequence, lastVerified, lastSequence);
        }
        if (amount == 0) revert ZeroAmount();
        _debit(msg.sender, amount);
        tipsOn[sequence] += amount;
        tipOf[sequence][msg.sender] += amount;
        emit SequenceTipped(sequence, msg.sender, amount);
    }

    /// @inheritdoc IFeeLedger
    function claimTips(uint40 sequence, uint40 checkpoint, Checkpoint calldata preimage) external {
        _requireCheckpoint(checkpoint, preimage.opening());
        if (sequence <= preimage.previous || sequence > checkpoint) {
            revert NotCovered(sequence, preimage.previous, checkpoint);
        }
        _requireMatured(checkpoint);
        uint256 amount = tipsOn[sequence];
        if (amount == 0) revert ZeroAmount();
        tipsOn[sequence] = 0;
        feeBalanceOf[preimage.beneficiary] += amount;
        emit TipsClaimed(sequence, preimage.beneficiary, amount);
    }

    function _debit(address account, uint256 amount) internal {
        uint256 balance = feeBalanceOf[account];
        if (balance < amount) revert InsufficientFeeBalance(account, balance, amount);
        unchecked {
            feeBalanceOf[account] = balance - amount;
        }
    }
}
