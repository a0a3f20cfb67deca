// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {SlotPacking} from "../../contracts/libraries/SlotPacking.sol";
import {Sequenced} from "../../contracts/types/Slots.sol";
import {TestToken} from "../utils/TestToken.sol";
import {SymbolicDeployment} from "./SymbolicDeployment.sol";

/// @notice The fee ledger of the deployed core, for all amounts (halmos): what one account gains another or the token
/// loses.
contract FeeLedgerSymbolic is SymbolicDeployment {
    using SlotPacking for Sequenced;

    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    uint40 private constant PENDING = 1;

    IProofOfEfficiency private _poe;
    TestToken private _token;

    function setUp() public {
        _token = new TestToken();
        _poe = deployCore(_token);
        _token.mint(ALICE, type(uint128).max);
        vm.prank(ALICE);
        _token.approve(address(_poe), type(uint256).max);
        // One sequence is pending, so that it can be tipped.
        Sequenced memory sequenced = _poe.sequenced();
        sequenced.lastSequence = PENDING;
        vm.store(address(_poe), SEQUENCED_SLOT, bytes32(sequenced.pack()));
        require(_poe.sequenced().lastSequence == PENDING, "storage layout");
    }

    /// @custom:req R18
    function check_DepositCreditsWhatArrives(uint128 amount, bool forBob) external {
        address account = forBob ? BOB : ALICE;
        vm.prank(ALICE);
        (bool ok,) = address(_poe).call(abi.encodeCall(_poe.depositFees, (account, amount)));
        assert(ok == (amount != 0));
        assert(_poe.feeBalanceOf(account) == amount && _poe.feeBalanceOf(forBob ? ALICE : BOB) == 0);
        assert(_token.balanceOf(address(_poe)) == amount);
    }

    /// @custom:req R18, R30
    function check_WithdrawalTakesFromTheCallerAlone(uint128 mine, uint128 others, uint256 amount) external {
        _deposit(ALICE, mine);
        _deposit(BOB, others);
        vm.prank(ALICE);
        (bool ok,) = address(_poe).call(abi.encodeCall(_poe.withdrawFees, (BOB, amount)));
        assert(ok == (amount != 0 && amount <= mine));
        uint256 moved = ok ? amount : 0;
        assert(_poe.feeBalanceOf(ALICE) == mine - moved && _poe.feeBalanceOf(BOB) == others);
        assert(_token.balanceOf(BOB) == moved);
        assert(_token.balanceOf(address(_poe)) == uint256(mine) + others - moved);
    }

    /// @custom:req R18
    function check_TipMovesFromBalanceToSequence(uint128 mine, uint256 first, uint256 second) external {
        _deposit(ALICE, mine);
        bool firstOk = _tip(first);
        bool secondOk = _tip(second);
        assert(firstOk == (first != 0 && first <= mine));
        uint256 tipped = (firstOk ? first : 0) + (secondOk ? second : 0);
        assert(_poe.tipsOn(PENDING) == tipped && _poe.tipOf(PENDING, ALICE) == tipped);
        assert(_poe.feeBalanceOf(ALICE) == mine - tipped);
        assert(_token.balanceOf(address(_poe)) == mine);
    }

    /// @dev Only what is pending can be tipped, whatever the queue looks like.
    function check_OnlyPendingSequencesAreTipped(uint40 number, uint40 last) external {
        if (last >= 1 << 36) return;
        Sequenced memory sequenced = _poe.sequenced();
        sequenced.lastSequence = last;
        vm.store(address(_poe), SEQUENCED_SLOT, bytes32(sequenced.pack()));
        _deposit(ALICE, 1);
        vm.prank(ALICE);
        (bool ok,) = address(_poe).call(abi.encodeCall(_poe.tip, (number, 1)));
        assert(ok == (number != 0 && number <= last));
    }

    function _tip(uint256 amount) private returns (bool ok) {
        vm.prank(ALICE);
        (ok,) = address(_poe).call(abi.encodeCall(_poe.tip, (PENDING, amount)));
    }

    function _deposit(address account, uint128 amount) private {
        if (amount == 0) return;
        _token.mint(address(this), amount);
        _token.approve(address(_poe), amount);
        _poe.depositFees(account, amount);
    }
}
