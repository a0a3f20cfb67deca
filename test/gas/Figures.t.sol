// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../../contracts/interfaces/IProving.sol";
import {ISequencing} from "../../contracts/interfaces/ISequencing.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {BatchFee} from "../../contracts/libraries/BatchFee.sol";
import {Statement} from "../../contracts/libraries/Statement.sol";
import {FeeParameters, FeeParametersLibrary} from "../../contracts/types/FeeParameters.sol";
import {TransactionTest} from "../utils/TransactionTest.sol";

/// @notice The performance figures of the contracts, group "figures", under the rules of Osaka. Gas is that of whole
/// transactions, sent by plain accounts,
/// one transaction a block.
/// @dev The peer's figures in scripts/figures.json were measured on PolygonZkEVM v1.1.0-fork.4 under Cancun. Under Osaka a
/// transaction costs the larger of that and its floor, 21,000 + 10 a token: which lifts its late proof (996 bytes, some
/// 3,500 tokens) from 46.5k to about 56k and a batch of 10,000 bytes from 276k to about 425k, and leaves the winning
/// proof
/// and the batch of 100 bytes as they are.
contract FiguresTest is TransactionTest {
    /// @dev The verifier is a mock here. What the real one may use (P6): at most, and at best. The share of a late
    /// proof is worst against the latter.
    uint256 private constant VERIFIER_GAS_LIMIT = 345_000;
    uint256 private constant VERIFIER_GAS_AIM = 285_000;

    ISequencing.Limits private bounds;

    function setUp() public override {
        super.setUp();
        // What a sequencer would state: a bound of two tokens, ten minutes, the newest sequence.
        bounds = limits();
        bounds.maxFee = 2 ether;
        bounds.deadline = block.timestamp + 10 minutes;
    }

    /* PROVING */

    function test_Gas_P9_WinningProof() external {
        _pass(12);
        sequence(1);
        _winningProof("");
    }

    /// @dev The number of batches does not matter.
    /// @custom:req R24
    function test_Gas_P9_WinningProofOfManyBatches() external {
        for (uint256 i = 0; i < 10; ++i) {
            _pass(12);
            sequence(10);
        }
        _winningProof(", 10 sequences of 10 batches");
    }

    function _winningProof(string memory variant) private {
        uint40 last = poe.sequenced().lastSequence;
        IProving.Claim memory claim = claimFor(1, last, aggregator, rootAfter(last), 0);
        bytes memory callData = abi.encodeCall(IProving.verifyBatches, (1, last, claim, proofOf(1, claim)));
        uint256 verifierGas = _verifierGas(claim);
        uint256 metered = _meteredExecution(callData, true);
        Transaction memory t = _send(aggregator, callData);
        if (isolated) assertEq(t.execution, metered, "transaction and meter disagree");

        uint256 core = t.execution - verifierGas;
        assertLe(core, 55_000, "P9");
        _record(string.concat("P9 verifyBatches core execution gas", variant), core);
        _record(
            string.concat("P10 winning transaction gas without the verifier's execution", variant),
            t.total - verifierGas
        );
    }

    function test_Gas_P11_LateProof() external {
        _pass(12);
        uint40 last = sequence(1);
        IProving.Claim memory claim = claimFor(1, last, aggregator, rootAfter(last), 0);
        bytes memory callData = abi.encodeCall(IProving.verifyBatches, (1, last, claim, proofOf(1, claim)));
        uint256 verifierGas = _verifierGas(claim);
        Transaction memory winner = _send(aggregator, callData);

        uint256 execution = _meteredExecution(callData, false);
        Transaction memory late = _sendReverting(stranger, callData);
        uint256 expected = late.standard + execution;
        if (expected < late.floor) expected = late.floor;
        if (isolated) assertEq(late.total, expected, "P11: reported and computed");

        uint256 core = winner.total - verifierGas;
        assertLe(expected, 100_000, "P11");
        assertLe(execution, 6000, "P11: execution");
        _record("P11 late proof transaction gas", expected);
        _record("P11 late proof execution gas", execution);
        // Against the cheapest winner there can be: a cheaper verifier makes the share larger.
        uint256 share = _basisPoints(expected, core + VERIFIER_GAS_AIM);
        assertLe(share, 2500, "P11: share");
        _record("P11 late proof share of the winner in basis points", share);
        _record(
            "P11 late proof share in basis points, verifier at its limit of 345,000",
            _basisPoints(expected, core + VERIFIER_GAS_LIMIT)
        );
        _record("P11 late proof share in basis points, mock verifier", _basisPoints(expected, winner.total));
    }

    /* SEQUENCING */

    function test_Gas_P12_OneSlot() external {
        _pass(12);
        sequence(1);
        _pass(12);
        Transaction memory t = _sequence(slots(1, 1));
        assertLe(t.total, 85_000, "P12");
        _record("P12 sequenceBatches one slot transaction gas", t.total);
        _record("P12 sequenceBatches one slot execution gas", t.execution);
    }

    function test_Gas_P12_OneSlotNothingElsePending() external {
        _pass(12);
        _record("P12 sequenceBatches one slot transaction gas, nothing else pending", _sequence(slots(1, 1)).total);
    }

    function test_Gas_P12_OneSlotWithMessages() external {
        _pass(12);
        sequence(1);
        for (uint256 i = 0; i < M; ++i) {
            _register(user, 1 ether);
        }
        _pass(12);
        _record("P12 sequenceBatches one slot transaction gas, with messages", _sequence(slots(1, 1)).total);
    }

    function test_Gas_P12_OneSlotAfterTheAnchor() external {
        _pass(12);
        sequence(1);
        bounds = limits();
        bounds.maxFee = 2 ether;
        bounds.deadline = block.timestamp + 10 minutes;
        sequence(1);
        _pass(12);
        _record("P12 sequenceBatches one slot transaction gas, anchor not the newest", _sequenceAt(slots(1, 1)).total);
    }

    /// @dev The price of one more batch in a call, its calldata apart: ten more, over ten.
    function test_Gas_P13_FurtherBatch() external {
        _pass(12);
        sequence(1);
        _pass(12);
        uint256 snapshot = vm.snapshotState();
        uint256 one = _sequence(slots(1, 1)).execution;
        vm.revertToState(snapshot);
        uint256 eleven = _sequence(slots(11, 1)).execution;
        uint256 further = (eleven - one) / 10;
        assertLe(further, 7000, "P13");
        _record("P13 further batch execution gas", further);
    }

    /// @dev The dearest of the branches: past and within the target, at the cap, and across it. The core is compiled by
    /// a better pipeline than this test:
    /// there the update costs less.
    /// @custom:req R24
    function test_Gas_P14_FeeUpdate() external {
        FeeParameters p = FeeParametersLibrary.pack(_feeConfig());
        uint48 cap = uint48(_feeConfig().maxLogPrice);
        uint256 dearest = _feeUpdate(p, 5e12, 12, 60, 1);
        dearest = _max(dearest, _feeUpdate(p, 5e12, 3600, 2000, 1));
        dearest = _max(dearest, _feeUpdate(p, 5e12, 365 days, 365 days, 100));
        dearest = _max(dearest, _feeUpdate(p, cap, 0, 60, 1));
        dearest = _max(dearest, _feeUpdate(p, 5e12, 12, 60, 1 << 24));
        assertLe(dearest, 6000, "P14");
        _record("P14 batch fee update execution gas", dearest);
    }

    function _feeUpdate(FeeParameters p, uint48 x, uint256 gap, uint256 age, uint256 batches)
        private
        view
        returns (uint256)
    {
        uint256 at = block.timestamp;
        uint256 before = gasleft();
        BatchFee.charge(p, BatchFee.settle(p, x, at - gap, at, at - age, true), batches);
        return before - gasleft();
    }

    function test_Gas_P15_RuntimeCode() external view {
        assertLe(address(poe).code.length, 22_000, "P15");
    }

    function test_Gas_P17_FullBatch() external {
        _fullBatches("P17 sequencing gas per transfer in a full batch", 1, true);
    }

    function test_Gas_P17_FullBatches() external {
        _fullBatches("P17 sequencing gas per transfer, five full batches in a call", 5, true);
    }

    function test_Gas_P17_FullBatchWithoutZeroBytes() external {
        _fullBatches("P17 sequencing gas per transfer in a full batch, no zero byte", 1, false);
    }

    function test_Gas_P17_FullBatchesWithoutZeroBytes() external {
        _fullBatches("P17 sequencing gas per transfer, five full batches in a call, no zero byte", 5, false);
    }

    function _fullBatches(string memory key, uint256 count, bool realistic) private {
        _pass(12);
        sequence(1);
        _pass(12);
        Transaction memory t = _sequence(realistic ? _transfers(count) : slots(count, T));
        assertEq(t.total, t.floor, "P17: not priced by the floor");
        uint256 perTransfer = t.total / (count * T);
        assertLe(perTransfer, 4200, "P17");
        _record(key, perTransfer);
    }

    /// @dev Transfers as a payments rollup of some 10^5 accounts would see them: indices of three bytes, 0.01 to 4
    /// ether, a fee of some thousand gwei, a
    /// nonce below 256, bound to one sequencer, a signature of 30-bit limbs (FMT-6).
    function _transfers(uint256 count) private pure returns (bytes[] memory batches) {
        batches = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            for (uint256 j = 0; j < T; ++j) {
                batches[i] = bytes.concat(batches[i], _transfer(uint256(keccak256(abi.encode(i, j)))));
            }
        }
    }

    function _transfer(uint256 seed) private pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(
            uint32(65_536 + seed % 100_000),
            uint32(65_536 + (seed >> 32) % 100_000),
            uint64(10_000_000 + (seed >> 64) % 4_000_000_000),
            uint64(1000 + (seed >> 128) % 60_000),
            uint32(1 + (seed >> 160) % 255),
            uint32(1 + (seed >> 192) % 255)
        );
        bytes memory signature;
        for (uint256 limb = 0; limb < 15; ++limb) {
            signature = abi.encodePacked(signature, uint32(uint256(keccak256(abi.encode(seed, limb))) >> 226));
        }
        return bytes.concat(head, signature, bytes4(0));
    }

    /* TRANSACTIONS */

    function _sequence(bytes[] memory batches) private returns (Transaction memory) {
        uint40 last = poe.sequenced().lastSequence;
        bounds.anchor = last;
        bounds.anchorAcc = limitsAt(last).anchorAcc;
        bounds.anchorRest = limitsAt(last).anchorRest;
        return _sequenceAt(batches);
    }

    function _sequenceAt(bytes[] memory batches) private returns (Transaction memory) {
        return _send(sequencer, abi.encodeCall(ISequencing.sequenceBatches, (batches, 1, bounds)));
    }

    function _verifierGas(IProving.Claim memory claim) private returns (uint256 used) {
        uint256[2] memory inputs = Statement.publicInputs(statementOf(claim, 1));
        bool ok;
        (ok, used) = meter.measure(address(verifier), abi.encodeCall(IVerifier.verify, (inputs, proofOf(1, claim))));
        assertTrue(ok, "the verifier refused the proof");
    }
}
