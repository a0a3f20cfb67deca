// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RebasingTokens} from "../../contracts/libraries/RebasingTokens.sol";

/// @title TokenProbe
/// @notice Asks a token what the core's constructor will ask it. A contract of its own, made in the simulation only, because the question names the asker
/// and a script has no address to rely on.
contract TokenProbe {
    /// @notice Reverts with `IFeeLedger.RebasingToken` if `token` is one of the families the core refuses.
    function requireNotRebasing(address token) external view {
        RebasingTokens.refuse(token);
    }
}
