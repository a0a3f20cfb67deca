// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../contracts/interfaces/IEmergency.sol";
import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../contracts/interfaces/IProving.sol";
import {ISequencing} from "../../contracts/interfaces/ISequencing.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {SlotPacking} from "../../contracts/libraries/SlotPacking.sol";
import {Checkpoint, Sequence} from "../../contracts/types/Commitments.sol";
import {Halt, Head, Settlement, Status} from "../../contracts/types/Slots.sol";
import {TestToken} from "../utils/TestToken.sol";
import {SymbolicDeployment} from "./SymbolicDeployment.sol";

/// @notice Rewards and maturity in the deployed core (halmos): for every sum that was paid out before a proof, and
/// for every history of halts.
contract SettlementAndMaturitySymbolic is SymbolicDeployment {
    using SlotPacking for *;
    using Commitments for *;

    address private constant PROVER = address(0xA11CE);
    bytes32 private constant ROOT = bytes32(uint256(5));

    IProofOfEfficiency private _poe;
    Checkpoint private _genesis;
    Sequence private _end;

    /// @dev One sequence of two batches is pending.
    function setUp() public {
        TestToken token = new TestToken();
        _poe = deployCore(token);
        _genesis.sequence.acc = _poe.lastAcc();
        _genesis.stateRoot = _poe.stateMachine().genesisRoot();
        token.mint(address(this), 1_000 ether);
        token.approve(address(_poe), 1_000 ether);
        _poe.depositFees(address(this), 1_000 ether);
        vm.deal(address(this), 1 ether);
        _poe.register{value: 1 ether}(new bytes(80), PROVER, 1 ether);
        ISequencing.Limits memory limits = ISequencing.Limits(1_000 ether, START, 0, _genesis.sequence.acc, bytes32(0));
        _poe.sequenceBatches(new bytes[](2), 1, limits);
        uint112 fee = _poe.sequenced().cumulativeFee;
        _end = Sequence(_poe.lastAcc(), fee, fee, 2, 1, address(this));
        require(bytes32(_poe.head().pack()) == vm.load(address(_poe), HEAD_SLOT), "storage layout");
    }

    /* REWARDS */

    /// @dev Whatever was paid before, and after a rewind it may exceed what the proof covers: the prefix never falls,
    /// and the prover gets what it rises by.
    /// @custom:req R6, R18, R19
    function check_TheRewardIsWhatThePaidPrefixRisesBy(uint112 paidBefore) external {
        if (paidBefore >= 1 << 100) return;
        Settlement memory settlement = _poe.settlement();
        settlement.paidCumulativeFee = paidBefore;
        vm.store(address(_poe), SETTLEMENT_SLOT, bytes32(settlement.pack()));

        _prove();

        uint256 paidAfter = _poe.settlement().paidCumulativeFee;
        assert(paidAfter == (paidBefore > _end.cumulativeFee ? paidBefore : _end.cumulativeFee));
        assert(_poe.feeBalanceOf(PROVER) == paidAfter - paidBefore);
    }

    /* MATURITY */

    /// @dev The definition, case by case, and that time alone never takes maturity back.
    /// @custom:req R48
    function check_Maturity(uint40 maturedBefore, uint40 resumedAt, uint8 status, uint40 time, uint40 later) external {
        if (status > uint8(Status.Closed)) return;
        _storeHistory(maturedBefore, resumedAt);
        Head memory head = _poe.head();
        head.status = Status(status);
        vm.store(address(_poe), HEAD_SLOT, bytes32(head.pack()));

        bool matured = _genesisMaturedAt(time);
        if (head.status == Status.Closed || maturedBefore >= START) {
            assert(matured == (time >= START));
        } else if (head.status == Status.Halted) {
            assert(!matured);
        } else {
            uint256 from = resumedAt > START ? resumedAt : START;
            assert(matured == (time >= from + EXIT_DELAY));
        }
        if (matured && later >= time) assert(_genesisMaturedAt(later));
    }

    /// @dev A halt neither ends a wait nor undoes maturity, whatever halts came before it.
    /// @custom:req R17, R48
    function check_AHaltChangesNoMaturity(uint40 maturedBefore, uint40 resumedAt, uint40 time) external {
        // Histories that can be: a resume follows a halt, and what had matured at that halt had waited a whole delay.
        if (time < START || time >= 1 << 36) return;
        if (resumedAt > time || uint256(maturedBefore) + EXIT_DELAY > resumedAt) return;
        vm.warp(time);
        _prove();
        _storeHistory(maturedBefore, resumedAt);
        bool before = _genesisMaturedAt(time);

        IEmergency.Conflict memory conflict = IEmergency.Conflict({
            start: _genesis.opening(),
            end: Checkpoint(_end, uint40(START), ROOT, 0, 0, PROVER, 1),
            beneficiary: PROVER,
            newStateRoot: bytes32(uint256(6)),
            newExitAcc: 0
        });
        _poe.haltOnConflict(1, conflict, "");

        assert(_poe.head().status == Status.Halted);
        assert(_genesisMaturedAt(time) == before);
    }

    function _storeHistory(uint40 maturedBefore, uint40 resumedAt) private {
        vm.store(address(_poe), HALT_SLOT, bytes32(uint256(maturedBefore) | (uint256(resumedAt) << 40)));
        Halt memory halt = _poe.halt();
        require(halt.maturedBefore == maturedBefore && halt.resumedAt == resumedAt, "storage layout");
    }

    function _genesisMaturedAt(uint256 time) private returns (bool matured) {
        vm.warp(time);
        (matured,) = address(_poe).staticcall(abi.encodeCall(_poe.requireMatured, (0, _genesis.opening())));
    }

    function _prove() private {
        _poe.verifyBatches(0, 1, IProving.Claim(PROVER, 0, _genesis.opening(), _end, ROOT, 0), "");
    }
}
