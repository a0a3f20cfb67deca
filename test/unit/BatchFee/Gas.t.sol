// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {FeeParameters} from "../../../contracts/types/FeeParameters.sol";
import {BatchFeeBase} from "./BatchFeeBase.sol";

/// @notice Gas of the controller's arithmetic: flat in the number of batches, in the time passed and in the backlog.
/// @custom:req R24
contract GasTest is BatchFeeBase {
    using BatchFee for FeeParameters;

    uint256 private constant NOW = 1_700_000_000;
    /// @dev P14 of the requirements.
    uint256 private constant MOST_GAS = 6000;

    function test_SettleAndChargeAreCheap() external {
        uint48 cap = uint48(p.maxLogPrice());
        _measure("one batch, on time", 5e12, 12, 60, 1);
        _measure("one batch, turned late", 5e12, 3600, 1500, 1);
        _measure("one batch, after a year of stall", 5e12, 365 days, 365 days, 1);
        _measure("a hundred batches", 5e12, 12, 60, 100);
        _measure("batches across the cap", 5e12, 12, 60, 1 << 24);
        _measure("one batch, at the cap", cap, 0, 60, 1);
    }

    function test_ConvertIsCheap() external {
        FeeParameters wider = randomParameters(1);
        FeeParameters q = p;
        uint256 before = gasleft();
        q.convert(5e12, wider);
        _record("convert", before - gasleft());
    }

    function _measure(string memory name, uint48 x, uint256 gap, uint256 age, uint256 batches) private {
        FeeParameters q = p;
        uint256 before = gasleft();
        q.charge(q.settle(x, NOW - gap, NOW, NOW - age, true), batches);
        _record(string.concat("settle and charge, ", name), before - gasleft());
    }

    function _record(string memory name, uint256 used) private {
        assertLe(used, MOST_GAS, name);
        vm.snapshotValue("BatchFee", name, used);
    }
}
