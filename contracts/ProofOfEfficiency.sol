// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Escape} from "./core/Escape.sol";
import {FeeLedger} from "./core/FeeLedger.sol";
import {Messages} from "./core/Messages.sol";
import {PoEBase} from "./core/PoEBase.sol";
import {Sequencing} from "./core/Sequencing.sol";

/// @title ProofOfEfficiency
/// @notice The consensus contract of a decentralised zk-rollup. Anyone sequences batches for a load-dependent fee,
/// anyone proves them, the first valid proof wins, and a late one reverts cheaply.
/// @dev One file for each concern in `core/`:
///
///   Sequencing   batches in, at a price, in an order that is final
///   Proving      checkpoints out, the first proof paid
///   FeeLedger    balances and tips in the fee token
///   Messages     registrations and deposits from L1
///   Emergency    tripwire, rewind, resume, and what the owner may change
///   Escape       the end of a chain nobody proves
///
/// There is no proxy and no initializer: code, delays and limits are those of the deployment.
contract ProofOfEfficiency is Sequencing, Escape {
    constructor(Configuration memory config)
        PoEBase(config)
        FeeLedger(config.feeToken)
        Messages(config.messageFeeGwei, config.messageFeeDepth)
    {}
}
