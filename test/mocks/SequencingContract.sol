// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {ISequencing} from "../../contracts/interfaces/ISequencing.sol";

/// @notice A contract that sequences from its own fee balance.
contract SequencingContract {
    function sequenceBatches(IProofOfEfficiency poe, bytes[] calldata batches, ISequencing.Limits calldata limits)
        external
        returns (uint40)
    {
        return poe.sequenceBatches(batches, 1, limits);
    }
}
