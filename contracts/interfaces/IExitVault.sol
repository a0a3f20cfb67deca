// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {CheckpointOpening} from "../types/Commitments.sol";
import {Account} from "./IStateMachine.sol";

/// @title IExitVault
/// @notice Holds all ether of the L2. Pays out withdrawals once the checkpoint that holds them has matured and, after
/// the chain has closed, the balances of the last checkpoint and the messages it has not consumed.
/// @dev Exits form a hash chain, one link for each batch that has any. A claimant walks it backwards from a matured
/// checkpoint to the link that holds the exit. Links in between cost their calldata and one hash each and need not be
/// paid out, so what other people's exits can impose on a claimant is bounded by the batches of one checkpoint
/// interval, at most the limit of pending batches, each `32 * E` bytes of calldata. A walk may stop anywhere; the next
/// one goes on from there.
interface IExitVault {
    /// @notice One link of the exit chain.
    /// @param previousAcc Exit accumulator before it.
    /// @param records Its exits, zero-padded to the exit capacity: 32 bytes each (FMT-13).
    /// @param claimMask Bit i set: pay out record i now, unless it was before.
    struct ExitLink {
        bytes32 previousAcc;
        bytes records;
        uint256 claimMask;
    }

    /// @notice An exit became spendable ether of `owner`.
    /// @param owner Whose ether balance grew.
    /// @param index L2 account that withdrew.
    /// @param amountGwei Amount, in gwei.
    /// @param exitAcc Exit accumulator after the link that holds the exit.
    /// @param position Position of the record in the link, from 0.
    event ExitClaimed(
        address indexed owner, uint32 indexed index, uint256 amountGwei, bytes32 exitAcc, uint256 position
    );
    /// @notice The balance of account `index` in the closed chain became spendable ether of `owner`.
    /// @param index L2 account that left.
    /// @param owner Whose ether balance grew: its L1 owner.
    /// @param amountGwei Its balance, in gwei.
    event AccountEscaped(uint32 indexed index, address indexed owner, uint256 amountGwei);
    /// @notice A message the closed chain never consumed was refunded to `owner`, its fee included.
    /// @param number Position of the message in the queue.
    /// @param owner Whose ether balance grew: the L1 owner of the account it was for.
    /// @param amountGwei Amount and message fee together, in gwei.
    event MessageRefunded(uint32 indexed number, address indexed owner, uint256 amountGwei);
    /// @notice `amount` wei of ether left the balance of `owner` for `recipient`.
    /// @param owner Whose balance fell, i.e. the caller.
    /// @param recipient Who was sent the ether.
    /// @param amount Amount, in wei.
    event EtherWithdrawn(address indexed owner, address indexed recipient, uint256 amount);

    /// @notice Ether comes in with L1 messages only.
    error OnlyCore(address sender);
    /// @notice No walk from a matured checkpoint has reached this accumulator.
    error ExitAccNotReached(bytes32 exitAcc);
    /// @notice The link does not hash to the accumulator the walk stands at.
    error ExitLinkMismatch(bytes32 exitAcc, bytes32 computed);
    /// @notice Records must be whole and few enough: a multiple of 32 bytes, at most 255 of them.
    error InvalidRecordsLength(uint256 length);
    /// @notice There is no exit at this position of the link.
    error NoSuchExit(bytes32 exitAcc, uint256 position);
    /// @notice The balance of `owner` is smaller.
    error InsufficientEther(address owner, uint256 balance, uint256 needed);
    /// @notice The recipient refused the ether.
    error EtherTransferFailed(address recipient, uint256 amount);
    /// @notice Nothing would move.
    error NothingToPay();
    /// @notice Ether cannot be sent to the null address.
    error ZeroRecipient();
    /// @notice Only possible after the chain has closed.
    error ChainNotClosed();
    /// @notice The key and owner are not those registered on L1 for account `index`.
    error NotTheIdentity(uint32 index, bytes32 given, bytes32 registered);
    /// @notice The message was consumed by the last checkpoint: it is part of the state.
    error MessageConsumed(uint32 number, uint32 consumedMessages);
    /// @notice The bytes are not those of this message, or there is no such message.
    error MessageMismatch(uint32 number);

    /// @notice Takes in the ether of an L1 message. Only the core.
    function receiveDeposit() external payable;

    /// @notice Walks the exit chain from a matured checkpoint, paying the chosen records into the balances of their
    /// owners. Anyone may call.
    /// @param checkpoint Number of a matured checkpoint.
    /// @param opening Its opening; the walk starts at its exit accumulator.
    /// @param links Links of the chain, newest first.
    function claimExits(uint40 checkpoint, CheckpointOpening calldata opening, ExitLink[] calldata links) external;

    /// @notice Goes on with a walk from an accumulator where an earlier one stopped.
    /// @param exitAcc Accumulator an earlier walk has reached.
    /// @param links Links of the chain, newest first, the first of which ends at `exitAcc`.
    function claimExitsFrom(bytes32 exitAcc, ExitLink[] calldata links) external;

    /// @notice After the chain has closed: pays the balance of an account in the last checkpoint into the ether balance
    /// of its L1 owner. Anyone may call.
    /// @param index The account.
    /// @param account Its leaf.
    /// @param siblings Merkle path, from the leaf up.
    /// @param publicKey Key registered on L1 for `index`.
    /// @param l1Owner Owner registered on L1 for `index`: who is paid, even where the leaf holds only fees because its
    /// registration was never consumed.
    function escapeAccount(
        uint32 index,
        Account calldata account,
        bytes32[32] calldata siblings,
        bytes calldata publicKey,
        address l1Owner
    ) external;

    /// @notice After the chain has closed: refunds a message the last checkpoint has not consumed, fee included, to the
    /// L1 owner of the account it was for. Anyone may call.
    /// @param number Position in the queue.
    /// @param message Its 124 bytes.
    /// @param publicKey Key registered on L1 for the account.
    /// @param l1Owner Owner registered on L1 for the account.
    function refundMessage(uint32 number, bytes calldata message, bytes calldata publicKey, address l1Owner) external;

    /// @notice Pays `amount` wei of the caller's ether balance out to `recipient`.
    /// @param recipient Who is sent the ether; not null.
    /// @param amount Amount, in wei; not zero.
    function withdrawEther(address payable recipient, uint256 amount) external;

    /// @notice Pays the whole ether balance of `owner` out to `owner`: for owners that cannot call. Anyone may call.
    /// @param owner Whose balance, and who receives it.
    function withdrawEtherFor(address payable owner) external;

    /// @notice Ether balance of `owner`, in wei.
    /// @param owner The holder.
    function etherBalanceOf(address owner) external view returns (uint256);

    /// @notice Whether a walk has reached `exitAcc`, and which records of the link that ends there are claimed (bit i =
    /// record i).
    /// @param exitAcc Exit accumulator after the link.
    /// @return reached Whether a walk has reached it.
    /// @return claimed Bit i is set if record i of the link was paid.
    function exitStateOf(bytes32 exitAcc) external view returns (bool reached, uint256 claimed);

    /// @notice Whether the balance of account `index` was paid out after the chain closed.
    /// @param index Account index.
    function accountEscaped(uint32 index) external view returns (bool);

    /// @notice Whether message `number` was refunded after the chain closed.
    /// @param number Position in the queue.
    function messageRefunded(uint32 number) external view returns (bool);
}
