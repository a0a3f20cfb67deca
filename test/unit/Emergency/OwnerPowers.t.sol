// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {ISequencing} from "../../../contracts/interfaces/ISequencing.sol";
import {IVerifierRouter} from "../../../contracts/interfaces/IVerifierRouter.sol";
import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {FeeConfig, FeeParameters, FeeParametersLibrary} from "../../../contracts/types/FeeParameters.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";
import {EmergencyTest} from "../../utils/EmergencyTest.sol";

/// @notice All that the owner can do to a running chain.
contract OwnerPowersTest is EmergencyTest {
    function refuseVersion(uint16 version, bytes memory reason) private {
        vm.prank(owner);
        vm.expectRevert(reason);
        poe.activateVersion(version);
    }

    function refuseFees(FeeConfig memory config, bytes memory reason) private {
        vm.prank(owner);
        vm.expectRevert(reason);
        poe.setFeeParameters(config);
    }

    function setFees(FeeConfig memory config) private {
        vm.prank(owner);
        poe.setFeeParameters(config);
    }

    function unauthorized() private view returns (bytes memory) {
        return abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger);
    }

    function haltChain() private {
        uint40 last = sequence(1);
        prove(last - 1, last);
        haltOver(last);
    }

    function priceNow() private view returns (uint256) {
        return BatchFee.price(poe.feeParameters(), poe.sequenced().logPrice);
    }

    /* VERSIONS */

    /// @custom:req R51
    function test_ActivateVersion_RevertWhen_TheCallerIsNotTheOwner() external {
        vm.prank(stranger);
        vm.expectRevert(unauthorized());
        poe.activateVersion(2);
    }

    /// @custom:req R49
    function test_ActivateVersion_RevertWhen_TheChainDoesNotRun() external {
        haltChain();
        refuseVersion(2, abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Halted));
    }

    function test_ActivateVersion_RevertWhen_TheVersionIsNotNewer() external {
        activateVersion(2);
        for (uint16 version = 0; version <= 2; ++version) {
            refuseVersion(version, abi.encodeWithSelector(IEmergency.VersionNotNewer.selector, version, 2));
        }
    }

    function test_ActivateVersion_RevertWhen_TheRouteIsNotUsable() external {
        refuseVersion(4, abi.encodeWithSelector(IVerifierRouter.UnknownRoute.selector, 4));
        uint16 young = addRoute();
        uint256 activeAt = block.timestamp + ROUTE_DELAY;
        refuseVersion(young, abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, young, activeAt));
        freezeRoute(2, 3);
        refuseVersion(2, abi.encodeWithSelector(IVerifierRouter.RouteIsFrozen.selector, 2, 3));
    }

    /// @custom:req R55
    function test_ActivateVersion_WhenTheRouteIsNewerAndUsable() external {
        MockVerifier wider = new MockVerifier(T + 1, M + 1, E);
        vm.prank(owner);
        uint16 version = router.addRoute(wider);
        skip(ROUTE_DELAY);
        sequence(1); // 2
        vm.expectEmit(address(poe));
        emit IEmergency.VersionActivated(version, 3);
        activateVersion(version);
        assertEq(poe.head().version, version);
        assertEq(poe.head().slotCapacity, T + 1);
        assertEq(poe.head().messageCapacity, M + 1);
        assertEq(poe.firstSequenceOf(version), 3);

        sequence(slots(1, T + 1), 1); // 3: the old circuit could not take it
        assertEq(sequences[2].version, 1);
        assertEq(sequences[3].version, version);
        bytes[] memory tooLong = slots(1, T + 2);
        ISequencing.Limits memory limits_ = limits();
        vm.prank(sequencer);
        vm.expectRevert(abi.encodeWithSelector(ISequencing.InvalidBatchLength.selector, 0, (T + 2) * 96, (T + 1) * 96));
        poe.sequenceBatches(tooLong, 1, limits_);
        prove(1, 2);
        prove(2, 3);
    }

    /// @dev Two activations between two sequences: the one in the middle is pinned to nothing.
    function test_ActivateVersion_AVersionMayStayEmpty() external {
        activateVersion(2);
        activateVersion(3);
        assertEq(poe.firstSequenceOf(2), 2);
        assertEq(poe.firstSequenceOf(3), 2);
        sequence(1);
        prove(1, 2);
        assertEq(checkpoints[2].sequence.version, 3);
    }

    /* FEE PARAMETERS */

    /// @custom:req R51
    function test_SetFeeParameters_RevertWhen_SomebodyElseCalls() external {
        vm.prank(stranger);
        vm.expectRevert(unauthorized());
        poe.setFeeParameters(_feeConfig());
    }

    /// @custom:req R49
    function test_SetFeeParameters_RevertWhen_TheChainIsNotRunning() external {
        haltChain();
        refuseFees(_feeConfig(), abi.encodeWithSelector(IEmergency.WrongStatus.selector, Status.Halted));
    }

    /// @dev Every field at both ends: `test/unit/BatchFee/FeeParameters.t.sol`. Here: the setter checks at all, and every field.
    /// @custom:req R35
    /// @custom:req R36
    /// @custom:req R50
    function test_SetFeeParameters_RevertWhen_AFieldIsOutOfRange() external {
        bytes4[7] memory errors = [
            FeeParametersLibrary.MinFeeGweiOutOfRange.selector,
            FeeParametersLibrary.MaxLogPriceOutOfRange.selector,
            FeeParametersLibrary.LateLogPriceOutOfRange.selector,
            FeeParametersLibrary.StepOutOfRange.selector,
            FeeParametersLibrary.DecayPerSecondOutOfRange.selector,
            FeeParametersLibrary.RisePerSecondOutOfRange.selector,
            FeeParametersLibrary.TargetSecondsOutOfRange.selector
        ];
        for (uint256 field = 0; field < 7; ++field) {
            FeeConfig memory config = _feeConfig();
            if (field == 0) config.minFeeGwei = 0;
            if (field == 1) config.maxLogPrice = 49e12 + 1;
            if (field == 2) config.lateLogPrice = config.maxLogPrice + 1;
            if (field == 3) config.step = 0;
            if (field == 4) config.decayPerSecond = 0;
            if (field == 5) config.risePerSecond = 1 << 32;
            if (field == 6) config.targetSeconds = 1 days + 1;
            vm.prank(owner);
            vm.expectPartialRevert(errors[field]);
            poe.setFeeParameters(config);
        }
    }

    /// @custom:req R35
    function test_SetFeeParameters_RevertWhen_TheHighestPriceExceedsTheCeiling() external {
        FeeConfig memory config = _feeConfig();
        config.minFeeGwei = 45_399_929; // times e^10 = 22,026.4657948... it is 999.99998 tokens
        setFees(config);
        config.minFeeGwei += 1;
        refuseFees(
            config,
            abi.encodeWithSelector(
                IEmergency.FeeCeilingExceeded.selector,
                BatchFee.maxFee(FeeParametersLibrary.pack(config)),
                poe.feeCeiling()
            )
        );
    }

    /// @custom:req R22
    /// @custom:req R35
    function test_SetFeeParameters_GivenTheNewBoundsHoldThePrice(uint256 batches, uint256 minFeeGwei) external {
        batches = bound(batches, 50, 200);
        sequenceInCalls(batches);
        uint256 before = priceNow();
        FeeConfig memory config = _feeConfig();
        // From the price itself down to a five-thousandth of it: e^10 of that is still above.
        config.minFeeGwei = bound(minFeeGwei, before / 5_000 gwei + 1, before / 1 gwei);
        setFees(config);
        assertApproxEqRel(priceNow(), before, 1e7, "kept, to 1e-11 of itself");
    }

    /// @custom:req R35
    function test_SetFeeParameters_GivenTheNewBoundsExcludeThePrice() external {
        sequenceInCalls(200);
        FeeConfig memory config = _feeConfig();
        config.minFeeGwei *= 2; // above the price of e^0.4 times the former minimum
        setFees(config);
        assertEq(poe.sequenced().logPrice, 0, "the lowest");
        assertEq(priceNow(), config.minFeeGwei * 1 gwei);

        config.minFeeGwei = 1;
        config.maxLogPrice = 1e12;
        config.lateLogPrice = 1e12;
        setFees(config);
        assertEq(poe.sequenced().logPrice, config.maxLogPrice, "the highest");
    }

    /// @custom:req R22
    function test_SetFeeParameters_GivenTimeHasPassed() external {
        sequenceInCalls(200);
        uint256 logPrice = poe.sequenced().logPrice;
        skip(1 minutes);
        FeeConfig memory config = _feeConfig();
        config.decayPerSecond *= 3;
        vm.expectEmit(address(poe));
        emit IEmergency.FeeParametersChanged(config);
        setFees(config);
        assertEq(poe.sequenced().logPrice, logPrice - 60 * _feeConfig().decayPerSecond, "the former rate until now");
        assertEq(poe.sequenced().updatedAt, block.timestamp);
        assertEq(FeeParameters.unwrap(poe.feeParameters()), FeeParameters.unwrap(FeeParametersLibrary.pack(config)));
    }

    /* OWNERSHIP */

    /// @custom:req R51
    function test_TheOwnerMovesInTwoSteps() external {
        Ownable2Step core = Ownable2Step(address(poe));
        vm.prank(stranger);
        vm.expectRevert(unauthorized());
        core.transferOwnership(stranger);

        vm.prank(owner);
        core.transferOwnership(user);
        assertEq(core.owner(), owner, "not yet");
        vm.prank(stranger);
        vm.expectRevert(unauthorized());
        core.acceptOwnership();
        vm.prank(user);
        core.acceptOwnership();
        assertEq(core.owner(), user);
        assertEq(core.pendingOwner(), address(0), "nothing pending");
        refuseVersion(2, abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, owner));
    }

    /// @custom:req R51
    function test_APendingOwnerCanBeReplaced() external {
        Ownable2Step core = Ownable2Step(address(poe));
        vm.startPrank(owner);
        core.transferOwnership(stranger);
        core.transferOwnership(user);
        vm.stopPrank();
        vm.prank(stranger);
        vm.expectRevert(unauthorized());
        core.acceptOwnership();
    }

    /// @dev A chain needs no owner to be sequenced, proven, left and, in the end, closed.
    /// @custom:req R51
    /// @custom:req R52
    function test_TheChainRunsWithoutAnOwner() external {
        IProofOfEfficiency.Configuration memory config = _configuration();
        config.owner = address(0);
        bytes memory code = abi.encodePacked(vm.getCode("ProofOfEfficiency.sol:ProofOfEfficiency"), abi.encode(config));
        address deployed;
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        assertEq(deployed, address(0), "no deployment with the null owner");

        vm.prank(owner);
        Ownable2Step(address(poe)).renounceOwnership();
        sequence(1);
        prove(1, 2);
        refuseVersion(2, abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, owner));
    }
}
