// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account, IStateMachine} from "../../../contracts/interfaces/IStateMachine.sol";

/// @notice A state machine whose states are a list: the ghost ledger says what each root holds, so that invariants
/// can follow money through the escape
/// without building Merkle trees. It is as strict as a real one: what is not listed is refused.
contract ListedStateMachine is IStateMachine {
    mapping(bytes32 stateRoot => bytes32 contents) private _contents;
    mapping(bytes32 accountsRoot => mapping(uint32 index => uint64 balance)) private _balances;

    function list(bytes32 stateRoot, bytes32 accountsRoot, bytes32 messageAcc) external {
        _contents[stateRoot] = keccak256(abi.encode(accountsRoot, messageAcc));
    }

    function listBalance(bytes32 accountsRoot, uint32 index, uint64 balance) external {
        _balances[accountsRoot][index] = balance;
    }

    function genesisRoot() external pure returns (bytes32) {
        return bytes32(uint256(1));
    }

    function requireValidKey(bytes calldata publicKey) external pure {
        if (publicKey.length != 80) revert InvalidKeyLength(publicKey.length);
    }

    function requireCanonicalRoot(bytes32 stateRoot) external pure {
        if (stateRoot == 0) revert ZeroRoot();
    }

    function requireState(bytes32 stateRoot, bytes32 accountsRoot, bytes32 messageAcc) external view {
        bytes32 given = keccak256(abi.encode(accountsRoot, messageAcc));
        if (_contents[stateRoot] != given) revert StateMismatch(stateRoot, given);
    }

    function requireAccount(bytes32 accountsRoot, uint32 index, Account calldata account, bytes32[32] calldata)
        external
        view
    {
        if (_balances[accountsRoot][index] != account.balance) revert AccountMismatch(index, accountsRoot, 0);
    }
}
