// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IExitVault} from "../../contracts/interfaces/IExitVault.sol";
import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../contracts/interfaces/IProving.sol";
import {ISequencing} from "../../contracts/interfaces/ISequencing.sol";
import {IStateMachine} from "../../contracts/interfaces/IStateMachine.sol";
import {PaymentsStateMachine} from "../../contracts/l2/PaymentsStateMachine.sol";
import {Accumulators} from "../../contracts/libraries/Accumulators.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {MessageFormat} from "../../contracts/libraries/MessageFormat.sol";
import {Statement} from "../../contracts/libraries/Statement.sol";
import {VerifierRouter} from "../../contracts/router/VerifierRouter.sol";
import {Checkpoint, CheckpointOpening, MAX_BATCHES_PER_SEQUENCE, Sequence} from "../../contracts/types/Commitments.sol";
import {FeeConfig} from "../../contracts/types/FeeParameters.sol";
import {Head, Sequenced} from "../../contracts/types/Slots.sol";
import {MockVerifier} from "../mocks/MockVerifier.sol";
import {TestToken} from "./TestToken.sol";

/// @notice A deployment with the real router and state machine, a mock verifier and a plain token, and a ledger of all
/// preimages beside it, kept by `sequence` and `prove`, so that a test says what it wants and never assembles a hash.
/// @dev The core is deployed by artifact name: importing it would pull its slow compiler pipeline into the test.
abstract contract BaseTest is Test {
    using Commitments for *;

    uint16 internal constant T = 94;
    uint8 internal constant M = 4;
    uint8 internal constant E = 8;
    uint24 internal constant MAX_PENDING = 256;
    uint40 internal constant EXIT_DELAY = 7 days;
    uint40 internal constant ROUTE_DELAY = 14 days;
    uint40 internal constant ESCAPE_DELAY = 90 days;
    uint64 internal constant MESSAGE_FEE_GWEI = 10_000;
    uint32 internal constant MESSAGE_FEE_DEPTH = 16;
    uint256 internal constant MAX_MESSAGE_FEE = type(uint256).max;
    /// @dev A proof of the size the real verifier is expected to take: 43 words.
    uint256 internal constant PROOF_BYTES = 1376;

    IProofOfEfficiency internal poe;
    IExitVault internal vault;
    IStateMachine internal stateMachine;
    VerifierRouter internal router;
    MockVerifier internal verifier;
    TestToken internal token;

    address internal owner = makeAddr("owner");
    address internal sequencer = makeAddr("sequencer");
    address internal aggregator = makeAddr("aggregator");
    address internal user = makeAddr("user");
    address internal stranger = makeAddr("stranger");

    /// @dev Everything ever sequenced and verified, by number.
    mapping(uint40 sequence => Sequence) internal sequences;
    mapping(uint40 checkpoint => Checkpoint) internal checkpoints;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        token = new TestToken();
        verifier = new MockVerifier(T, M, E);
        router = new VerifierRouter(owner, ROUTE_DELAY, verifier, true);
        stateMachine = new PaymentsStateMachine();
        poe = _deploy(_configuration());
        vault = poe.exitVault();
        checkpoints[0].sequence.acc = poe.lastAcc();
        checkpoints[0].stateRoot = stateMachine.genesisRoot();

        _fund(sequencer, 1_000_000 ether);
        _fund(aggregator, 1_000_000 ether);
        _register(user, 1 ether);
        // The registration is attached to sequence 1, which is proven: tests begin in a steady state.
        sequence(1);
        prove(0, 1);
    }

    /* DEPLOYMENT */

    function _configuration() internal view virtual returns (IProofOfEfficiency.Configuration memory) {
        return IProofOfEfficiency.Configuration({
            owner: owner,
            feeToken: IERC20(address(token)),
            router: router,
            stateMachine: stateMachine,
            maxPendingBatches: MAX_PENDING,
            batchProvingSeconds: 60,
            exitDelay: EXIT_DELAY,
            escapeDelay: ESCAPE_DELAY,
            messageFeeGwei: MESSAGE_FEE_GWEI,
            messageFeeDepth: MESSAGE_FEE_DEPTH,
            feeCeiling: 1_000 ether,
            fee: _feeConfig()
        });
    }

    /// @dev 0.01 to about 220 tokens; K = 500; about 1,200 batches an hour in equilibrium; late after half an hour.
    function _feeConfig() internal pure virtual returns (FeeConfig memory) {
        return FeeConfig({
            minFeeGwei: 1e7,
            maxLogPrice: 10e12,
            lateLogPrice: 8e12,
            step: 2e9,
            decayPerSecond: 666_666_667,
            risePerSecond: 200_000_000,
            targetSeconds: 30 minutes
        });
    }

    function _deploy(IProofOfEfficiency.Configuration memory config) internal returns (IProofOfEfficiency) {
        return IProofOfEfficiency(deployCode("ProofOfEfficiency.sol:ProofOfEfficiency", abi.encode(config)));
    }

    /* ACTORS */

    /// @dev Gives `account` a fee balance of `amount` wei.
    function _fund(address account, uint256 amount) internal {
        token.mint(account, amount);
        vm.startPrank(account);
        token.approve(address(poe), type(uint256).max);
        poe.depositFees(account, amount);
        vm.stopPrank();
    }

    /// @dev Raises the fee balance of `account` to the most there is, with a token that forgets what the core held.
    function fillFeeBalance(address account) internal {
        uint256 amount = type(uint256).max - poe.feeBalanceOf(account);
        deal(address(token), account, amount);
        deal(address(token), address(poe), 0);
        vm.startPrank(account);
        token.approve(address(poe), amount);
        poe.depositFees(account, amount);
        vm.stopPrank();
    }

    /// @dev Registers an account of `l1Owner` with the generator of ecGFp5 as its key; `value` includes the message
    /// fee.
    function _register(address l1Owner, uint256 value) internal returns (uint32 index) {
        vm.deal(l1Owner, l1Owner.balance + value);
        vm.prank(l1Owner);
        return poe.register{value: value}(generatorKey(), l1Owner, MAX_MESSAGE_FEE);
    }

    /* SEQUENCING */

    /// @dev Sequences `count` batches of one slot each, from `sequencer`.
    function sequence(uint256 count) internal returns (uint40) {
        return sequence(slots(count, 1), 1);
    }

    /// @dev Sequences `count` batches of no slots, in as few calls as hold them; the number of the last.
    function sequenceInCalls(uint256 count) internal returns (uint40 number) {
        while (count > MAX_BATCHES_PER_SEQUENCE) {
            sequence(new bytes[](MAX_BATCHES_PER_SEQUENCE), 1);
            count -= MAX_BATCHES_PER_SEQUENCE;
        }
        return sequence(new bytes[](count), 1);
    }

    function sequence(bytes[] memory batches, uint32 feeRecipient) internal returns (uint40 number) {
        ISequencing.Limits memory limits_ = limits();
        vm.prank(sequencer, sequencer);
        number = poe.sequenceBatches(batches, feeRecipient, limits_);
        recordSequence(number, sequencer, batches.length);
    }

    /// @dev Notes the preimage of the newest sequence; for tests that call `sequenceBatches` themselves.
    function recordSequence(uint40 number, address payer, uint256 batchCount) internal {
        uint40 before = number - 1;
        Sequence memory former = before <= poe.head().lastVerified && checkpoints[before].sequence.acc != 0
            ? checkpoints[before].sequence
            : sequences[before];
        uint112 cumulativeFee = poe.sequenced().cumulativeFee;
        sequences[number] = Sequence({
            acc: poe.lastAcc(),
            cumulativeFee: cumulativeFee,
            fee: cumulativeFee - former.cumulativeFee,
            cumulativeBatches: former.cumulativeBatches + uint40(batchCount),
            version: poe.head().version,
            payer: payer
        });
    }

    /// @dev No bound but the newest sequence as anchor.
    function limits() internal view returns (ISequencing.Limits memory) {
        uint40 last = poe.sequenced().lastSequence;
        return limitsAt(last);
    }

    function limitsAt(uint40 anchor) internal view returns (ISequencing.Limits memory) {
        bytes32 acc;
        bytes32 rest;
        if (checkpoints[anchor].sequence.acc != 0) {
            acc = checkpoints[anchor].sequence.acc;
            rest = Commitments.rest(checkpoints[anchor].opening());
        } else {
            acc = sequences[anchor].acc;
            rest = Commitments.rest(sequences[anchor]);
        }
        return ISequencing.Limits({
            maxFee: type(uint256).max, deadline: type(uint256).max, anchor: anchor, anchorAcc: acc, anchorRest: rest
        });
    }

    /// @dev `count` batches of `slotCount` slots without a zero byte.
    function slots(uint256 count, uint256 slotCount) internal pure returns (bytes[] memory batches) {
        batches = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            batches[i] = new bytes(slotCount * 96);
            for (uint256 j = 0; j < batches[i].length; j += 32) {
                _setWord(batches[i], j, keccak256(abi.encode(i, j)) | bytes32(type(uint256).max / 255));
            }
        }
    }

    /* PROVING */

    /// @dev Proves `(init, last]` for `aggregator`, leaving the exits as they are and the state root a function of
    /// `last`.
    function prove(uint40 init, uint40 last) internal {
        proveTo(init, last, rootAfter(last), checkpoints[init].exitAcc);
    }

    function proveTo(uint40 init, uint40 last, bytes32 newStateRoot, bytes32 newExitAcc) internal {
        IProving.Claim memory claim = claimFor(init, last, aggregator, newStateRoot, newExitAcc);
        bytes memory proof = proofOf(init, claim);
        uint40 previous = poe.head().lastVerified;
        uint40 sequencedAt = Commitments.timeOf(poe.commitmentOf(last));
        poe.verifyBatches(init, last, claim, proof);
        recordCheckpoint(last, previous, sequencedAt, claim);
    }

    function claimFor(uint40 init, uint40 last, address beneficiary, bytes32 newStateRoot, bytes32 newExitAcc)
        internal
        view
        returns (IProving.Claim memory)
    {
        return IProving.Claim({
            beneficiary: beneficiary,
            minReward: 0,
            start: checkpoints[init].opening(),
            end: sequences[last],
            newStateRoot: newStateRoot,
            newExitAcc: newExitAcc
        });
    }

    /// @dev What the mock verifier takes for a proof of `claim`.
    function proofOf(uint40, IProving.Claim memory claim) internal view returns (bytes memory) {
        (, uint16 version) = router.resolve(claim.end.version);
        return proofOf(statementOf(claim, version));
    }

    function statementOf(IProving.Claim memory claim, uint16 version) internal view returns (bytes32) {
        return Statement.hash(
            poe.domain(), version, claim.beneficiary, claim.start, claim.end.acc, claim.newStateRoot, claim.newExitAcc
        );
    }

    function proofOf(bytes32 statement) internal pure returns (bytes memory proof) {
        proof = new bytes(PROOF_BYTES);
        _setWord(proof, 0, statement);
        for (uint256 i = 32; i < PROOF_BYTES; i += 32) {
            _setWord(proof, i, bytes32(type(uint256).max / 255 * 0xA5));
        }
    }

    /// @dev A byte at a time would take most of the time of most tests.
    function _setWord(bytes memory data, uint256 offset, bytes32 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), offset), word)
        }
    }

    function recordCheckpoint(uint40 last, uint40 previous, uint40 sequencedAt, IProving.Claim memory claim) internal {
        checkpoints[last] = Checkpoint({
            sequence: claim.end,
            sequencedAt: sequencedAt,
            stateRoot: claim.newStateRoot,
            exitAcc: claim.newExitAcc,
            previous: previous,
            beneficiary: claim.beneficiary,
            provenBy: _resolved(claim.end.version)
        });
    }

    function _resolved(uint16 version) internal view returns (uint16 resolved) {
        (, resolved) = router.resolve(version);
    }

    /// @dev A canonical root that depends on `number` only.
    function rootAfter(uint40 number) internal pure returns (bytes32) {
        return keccak256(abi.encode("root", number))
            & bytes32(uint256(0x7fffffffffffffff7fffffffffffffff7fffffffffffffff7fffffffffffffff));
    }

    /* DATA */

    /// @dev The generator of ecGFp5 (pornin/ecgfp5): a valid key.
    function generatorKey() internal pure returns (bytes memory) {
        return abi.encodePacked(
            uint64(12883135586176881569),
            uint64(4356519642755055268),
            uint64(5248930565894896907),
            uint64(2165973894480315022),
            uint64(2448410071095648785),
            uint64(13835058052060938241),
            uint64(0),
            uint64(0),
            uint64(0),
            uint64(0)
        );
    }

    /// @dev Identity of account `index` with the generator as its key.
    function identityOf(uint32 index, address l1Owner) internal pure returns (bytes32) {
        return MessageFormat.identity(index, generatorKey(), l1Owner);
    }

    /// @dev An exit record (docs/spec/formats.md, FMT-13).
    function exitRecord(address l1Owner, uint32 index, uint64 amountGwei) internal pure returns (bytes32) {
        return bytes32(abi.encodePacked(l1Owner, index, amountGwei));
    }

    /// @dev `records` zero-padded to the exit capacity.
    function paddedRecords(bytes32[] memory records) internal pure returns (bytes memory padded) {
        padded = new bytes(uint256(E) * 32);
        for (uint256 i = 0; i < records.length; ++i) {
            bytes32 record = records[i];
            assembly ("memory-safe") {
                mstore(add(add(padded, 32), mul(i, 32)), record)
            }
        }
    }

    function stepExits(bytes32 exitAcc, bytes memory records) internal pure returns (bytes32) {
        return Accumulators.stepExits(exitAcc, records);
    }
}
