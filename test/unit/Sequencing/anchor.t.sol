// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {SequencingBase} from "./SequencingBase.sol";

/// @notice The anchor: a sequencer's batches land on the chain they were built on, or not at all.
/// @custom:req R26, R47
contract AnchorTest is SequencingBase {
    function setUp() public override {
        super.setUp();
        _fund(stranger, 1000 ether);
    }

    /* THE NEWEST SEQUENCE */

    function testFuzz_GivenItsAccumulatorIsTheAnchors(bytes32 anyRest) external {
        sequence(1);
        ISequencing.Limits memory limits_ = limits();
        limits_.anchorRest = anyRest;
        _post(sequencer, _empty(1), limits_);
    }

    function test_GivenItsAccumulatorIsTheAnchors() external {
        sequence(1);
        _post(sequencer, _empty(1), limits());
        // Also where everything is proven, so that it is a checkpoint at the same time.
        prove(1, 3);
        _post(sequencer, _empty(1), limits());
    }

    function testFuzz_RevertGiven_ItsAccumulatorIsAnother(uint8 bit) external {
        sequence(1);
        ISequencing.Limits memory limits_ = limits();
        limits_.anchorAcc ^= bytes32(1 << uint256(bit));
        _expectMismatch(limits_);
        // The prefix rule for checkpoints must not weaken the check of the newest sequence.
        prove(1, 2);
        _expectMismatch(limits_);
    }

    function test_RevertGiven_ItsAccumulatorIsAnother() external {
        sequence(1);
        ISequencing.Limits memory limits_ = limits();
        limits_.anchorAcc = 0;
        _expectMismatch(limits_);
    }

    /* AN OLDER, PENDING ONE */

    function test_GivenThePreimageIsItsOwn() external {
        uint40 anchor = sequence(1);
        ISequencing.Limits memory limits_ = limits();
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp(block.timestamp + 12);
            _post(stranger, slots(2, 1), limitsAt(anchor));
        }
        assertEq(_post(sequencer, _empty(1), limits_), anchor + 4);
    }

    function testFuzz_RevertGiven_TheAccumulatorIsAnother(bytes32 acc) external {
        ISequencing.Limits memory limits_ = _older();
        vm.assume(acc != limits_.anchorAcc);
        limits_.anchorAcc = acc;
        _expectMismatch(limits_);
    }

    function test_RevertGiven_TheAccumulatorIsAnother() external {
        ISequencing.Limits memory limits_ = _older();
        limits_.anchorAcc = poe.lastAcc();
        _expectMismatch(limits_);
    }

    function testFuzz_RevertGiven_TheOtherFieldsAreAnothers(bytes32 rest) external {
        ISequencing.Limits memory limits_ = _older();
        vm.assume(rest != limits_.anchorRest);
        limits_.anchorRest = rest;
        _expectMismatch(limits_);
    }

    function test_RevertGiven_TheOtherFieldsAreAnothers() external {
        ISequencing.Limits memory limits_ = _older();
        limits_.anchorRest = limitsAt(3).anchorRest;
        _expectMismatch(limits_);
    }

    /// @dev Limits anchored at sequence 2 of 3.
    function _older() private returns (ISequencing.Limits memory) {
        sequence(1);
        sequence(1);
        return limitsAt(2);
    }

    /* PROVEN IN BETWEEN */

    function test_GivenTheAccumulatorStands() external {
        ISequencing.Limits memory signed = _older();
        prove(1, 2);
        assertEq(_post(sequencer, _empty(1), signed), 4);
    }

    /// @dev The 84 bits kept decide.
    function testFuzz_RevertGiven_TheAccumulatorDiffersInALeadingBit(uint256 bit) external {
        ISequencing.Limits memory signed = _older();
        prove(1, 2);
        signed.anchorAcc ^= bytes32(1 << bound(bit, 172, 255));
        _expectMismatch(signed);
    }

    function test_RevertGiven_TheAccumulatorDiffersInALeadingBit() external {
        ISequencing.Limits memory signed = _older();
        prove(1, 2);
        signed.anchorAcc ^= bytes32(uint256(1 << 172));
        _expectMismatch(signed);
    }

    function test_WhenALongerProofCoveredTheAnchorInBetween() external {
        ISequencing.Limits memory signed = _older();
        prove(1, 3);
        sequence(1);
        assertEq(_post(sequencer, _empty(1), signed), 5);
    }

    /* AN OLDER CHECKPOINT */

    function test_GivenThePreimageIsThatOfTheCheckpoint() external {
        _superseded();
        assertEq(_post(sequencer, _empty(1), limitsAt(2)), 5);
    }

    /// @dev Only the newest checkpoint is known by its prefix: who waits for two proofs signs again.
    function test_RevertGiven_ThePreimageIsThatOfTheSequence() external {
        ISequencing.Limits memory signed = _superseded();
        _expectMismatch(signed);
    }

    /// @dev Sequence 2 proven, then 3, with 4 pending.
    /// @return signed What was signed while 2 was pending.
    function _superseded() private returns (ISequencing.Limits memory signed) {
        signed = _older();
        prove(1, 2);
        prove(2, 3);
        sequence(1);
    }

    /* GENESIS */

    function test_WhenTheAnchorIsGenesis() external {
        sequence(1);
        // Superseded by checkpoint 1: with its preimage.
        _post(sequencer, _empty(1), limitsAt(0));
        ISequencing.Limits memory limits_ = limitsAt(0);
        limits_.anchorRest = 0;
        _expectMismatch(limits_);

        // While it is the newest checkpoint the accumulator suffices, and it binds to the deployment.
        bytes32 acc = poe.lastAcc();
        poe = _deploy(_configuration());
        _fund(sequencer, 10 ether);
        _register(user, 1 ether);
        limits_.anchorAcc = poe.lastAcc();
        bytes32 genesisAcc = limits_.anchorAcc;
        vm.startPrank(sequencer, sequencer);
        poe.sequenceBatches(_empty(1), 1, limits_);
        poe.sequenceBatches(_empty(1), 1, limits_);
        vm.stopPrank();
        limits_.anchorAcc = acc;
        assertNotEq(acc, genesisAcc);
        _expectMismatch(limits_);
    }

    /* WHAT IS NOT THERE */

    function testFuzz_RevertWhen_TheAnchorDoesNotExist(uint40 anchor, bytes32 acc, bytes32 rest) external {
        sequence(1);
        ISequencing.Limits memory limits_ = limits();
        limits_.anchor = uint40(bound(anchor, 3, type(uint40).max));
        limits_.anchorAcc = acc;
        limits_.anchorRest = rest;
        _expectMismatch(limits_);
    }

    function test_RevertWhen_TheAnchorDoesNotExist() external {
        ISequencing.Limits memory limits_ = limits();
        limits_.anchor = 2;
        _expectMismatch(limits_);
    }

    /// @dev The caller built on sequence 2; after the reorganisation somebody else's batch has that number, or the same
    /// batch landed in another block and
    /// under another price.
    function test_RevertWhen_AReorganisationOfL1PutAnotherSequenceUnderItsNumber() external {
        uint256 fork = vm.snapshotState();
        _post(stranger, slots(1, 1), limits());
        ISequencing.Limits memory signed = limits();
        vm.revertToState(fork);

        fork = vm.snapshotState();
        _post(stranger, slots(1, 2), limits());
        _expectMismatch(signed);
        _post(stranger, slots(1, 1), limits());
        _expectMismatch(signed);
        prove(1, 2);
        _expectMismatch(signed);
        vm.revertToState(fork);

        _expectMismatch(signed);
        // Mined again as it was, it stands again.
        _post(stranger, slots(1, 1), limits());
        _post(sequencer, _empty(1), signed);
    }

    function _expectMismatch(ISequencing.Limits memory limits_) private {
        _expectRevert(
            abi.encodeWithSelector(ISequencing.AnchorMismatch.selector, limits_.anchor, limits_.anchorAcc),
            _empty(1),
            limits_
        );
    }
}
