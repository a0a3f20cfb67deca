// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IProofOfEfficiency} from "../../../contracts/interfaces/IProofOfEfficiency.sol";
import {IVerifierRouter} from "../../../contracts/interfaces/IVerifierRouter.sol";
import {Accumulators} from "../../../contracts/libraries/Accumulators.sol";
import {BatchFee} from "../../../contracts/libraries/BatchFee.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Checkpoint} from "../../../contracts/types/Commitments.sol";
import {FeeParameters, FeeParametersLibrary} from "../../../contracts/types/FeeParameters.sol";
import {Head, Sequenced, Settlement, Status} from "../../../contracts/types/Slots.sol";
import {LifecycleTest} from "../../utils/LifecycleTest.sol";

/// @notice What a deployment is checked for, once and for all: there is no initializer and no setter for any of it.
/// @custom:req R50
contract ConstructorTest is LifecycleTest {
    using Commitments for *;

    IProofOfEfficiency.Configuration private config;

    function setUp() public override {
        super.setUp();
        config = _configuration();
    }

    /// @custom:req R51
    function test_RevertWhen_TheOwnerIsNull() external {
        config.owner = address(0);
        _expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
    }

    /* DELAYS */

    function test_RevertWhen_NoBatchMayWait() external {
        config.maxPendingBatches = 0;
        _expectRevert(abi.encodeWithSelector(IProofOfEfficiency.InvalidBacklog.selector, 0, 60));
    }

    function test_RevertWhen_ProvingTakesNoTime() external {
        config.batchProvingSeconds = 0;
        _expectRevert(abi.encodeWithSelector(IProofOfEfficiency.InvalidBacklog.selector, MAX_PENDING, 0));
    }

    function test_RevertWhen_TheExitDelayIsShorterThanTwiceTheBacklog() external {
        uint256 minimum = 2 * uint256(MAX_PENDING) * 60;
        config.exitDelay = uint40(minimum - 1);
        _expectRevert(abi.encodeWithSelector(IProofOfEfficiency.ExitDelayTooShort.selector, minimum - 1, minimum));
    }

    function test_WhenTheExitDelayIsTwiceTheBacklog() external {
        config.exitDelay = uint40(2 * uint256(MAX_PENDING) * 60);
        assertEq(this.deployCore(config).exitDelay(), config.exitDelay);
    }

    /// @dev Exit delay, a day of lateness at most, and a full backlog, in front of a route delay of fourteen days.
    function test_RevertWhen_TheRouteDelayDoesNotExceedAForcedExit() external {
        config.exitDelay = _longestExitDelay() + 1;
        _expectRevert(
            abi.encodeWithSelector(IProofOfEfficiency.RouteDelayTooShort.selector, ROUTE_DELAY, ROUTE_DELAY + 1)
        );
    }

    function test_WhenTheRouteDelayJustExceedsAForcedExit() external {
        config.exitDelay = _longestExitDelay();
        assertEq(this.deployCore(config).exitDelay(), config.exitDelay);
    }

    function _longestExitDelay() private pure returns (uint40) {
        return ROUTE_DELAY - 1 days - 60 * uint40(MAX_PENDING) - 1;
    }

    function test_RevertWhen_TheEscapeDelayLeavesNoTimeForANewRoute() external {
        config.escapeDelay = ROUTE_DELAY + EXIT_DELAY;
        _expectRevert(
            abi.encodeWithSelector(
                IProofOfEfficiency.EscapeDelayOutOfRange.selector, config.escapeDelay, config.escapeDelay + 1, 365 days
            )
        );
    }

    function test_WhenTheEscapeDelayJustLeavesTimeForANewRoute() external {
        config.escapeDelay = ROUTE_DELAY + EXIT_DELAY + 1;
        assertEq(this.deployCore(config).escapeDelay(), config.escapeDelay);
    }

    /// @dev An escape later than that would be none.
    function test_RevertWhen_TheEscapeDelayIsLongerThanAYear() external {
        config.escapeDelay = 365 days + 1;
        _expectRevert(
            abi.encodeWithSelector(
                IProofOfEfficiency.EscapeDelayOutOfRange.selector, 365 days + 1, ROUTE_DELAY + EXIT_DELAY + 1, 365 days
            )
        );
    }

    function test_WhenTheEscapeDelayIsAYear() external {
        config.escapeDelay = 365 days;
        assertEq(this.deployCore(config).escapeDelay(), 365 days);
    }

    /// @custom:req R36
    function test_RevertWhen_TheTargetDoesNotExceedTheProvingTimeOfABatch() external {
        config.fee.targetSeconds = 5 minutes;
        config.batchProvingSeconds = 5 minutes;
        _expectRevert(abi.encodeWithSelector(IProofOfEfficiency.TargetTooShort.selector, 5 minutes, 5 minutes));
        config.batchProvingSeconds = 6 minutes;
        _expectRevert(abi.encodeWithSelector(IProofOfEfficiency.TargetTooShort.selector, 5 minutes, 6 minutes));
    }

    /// @custom:req R36
    function test_WhenTheTargetJustExceedsTheProvingTimeOfABatch() external {
        config.fee.targetSeconds = 5 minutes + 1;
        config.batchProvingSeconds = 5 minutes;
        assertEq(this.deployCore(config).feeParameters().targetSeconds(), 5 minutes + 1);
    }

    /* FEES */

    /// @custom:req R38, R42
    function test_RevertWhen_MessagesCostNothing() external {
        config.messageFeeGwei = 0;
        _expectRevert(abi.encodeWithSelector(IProofOfEfficiency.InvalidMessageFee.selector, 0, MESSAGE_FEE_DEPTH));
    }

    /// @custom:req R42
    function test_RevertWhen_TheMessageFeeDoesNotRise() external {
        config.messageFeeDepth = 0;
        _expectRevert(abi.encodeWithSelector(IProofOfEfficiency.InvalidMessageFee.selector, MESSAGE_FEE_GWEI, 0));
    }

    /// @custom:req R42
    function test_RevertWhen_TheMessageFeeKeepsUsersOut() external {
        config.messageFeeGwei = 1e8 + 1;
        _expectRevert(abi.encodeWithSelector(IProofOfEfficiency.InvalidMessageFee.selector, 1e8 + 1, MESSAGE_FEE_DEPTH));
    }

    /// @custom:req R42
    function test_WhenTheMessageFeeIsTheHighestAllowed() external {
        config.messageFeeGwei = 1e8;
        assertEq(this.deployCore(config).messageFeeGwei(), 1e8);
    }

    /// @custom:req R35
    function test_RevertWhen_TheHighestPriceExceedsTheCeiling() external {
        uint256 highest = BatchFee.maxFee(FeeParametersLibrary.pack(config.fee));
        config.feeCeiling = highest - 1;
        _expectRevert(abi.encodeWithSelector(IEmergency.FeeCeilingExceeded.selector, highest, highest - 1));
    }

    /// @custom:req R35
    function test_WhenTheHighestPriceEqualsTheCeiling() external {
        config.feeCeiling = BatchFee.maxFee(FeeParametersLibrary.pack(config.fee));
        assertEq(this.deployCore(config).feeCeiling(), config.feeCeiling);
    }

    /// @dev That each range is checked at each end is shown where the parameters are packed; here, that the constructor
    /// packs them.
    /// @custom:req R35
    function test_RevertWhen_AFeeParameterIsOutOfRange() external {
        config.fee.minFeeGwei = 0;
        _expectRevert(
            abi.encodeWithSelector(FeeParametersLibrary.MinFeeGweiOutOfRange.selector, 0, 1, type(uint40).max)
        );
        config.fee = _feeConfig();
        config.fee.step = FeeParametersLibrary.MAX_STEP + 1;
        _expectRevert(
            abi.encodeWithSelector(
                FeeParametersLibrary.StepOutOfRange.selector,
                config.fee.step,
                FeeParametersLibrary.MIN_STEP,
                FeeParametersLibrary.MAX_STEP
            )
        );
    }

    /// @custom:req R36
    function test_RevertWhen_EveryProofWouldCountAsLate() external {
        config.fee.targetSeconds = 5 minutes - 1;
        _expectRevert(
            abi.encodeWithSelector(
                FeeParametersLibrary.TargetSecondsOutOfRange.selector, 5 minutes - 1, 5 minutes, 1 days
            )
        );
    }

    function test_RevertWhen_TheFirstRouteIsNotActive() external {
        bytes memory reason = abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, 1, block.timestamp + 1);
        vm.mockCallRevert(address(router), abi.encodeCall(IVerifierRouter.requireUsable, (1)), reason);
        _expectRevert(reason);
    }

    /* GENESIS */

    /// @custom:req R52
    function test_WhenAllIsInOrder() external {
        vm.warp(block.timestamp + 1 days);
        IProofOfEfficiency fresh = this.deployCore(config);

        // It should start at genesis.
        bytes32 root = stateMachine.genesisRoot();
        Checkpoint memory genesis;
        genesis.sequence.acc = Accumulators.genesis(block.chainid, address(fresh), root);
        genesis.stateRoot = root;
        assertEq(fresh.lastAcc(), genesis.sequence.acc);
        assertEq(fresh.commitmentOf(0), genesis.word(block.timestamp));
        assertEq(fresh.domain(), Accumulators.domain(block.chainid, address(fresh)));
        assertEq(
            keccak256(abi.encode(fresh.head())), keccak256(abi.encode(Head(0, 0, 0, 0, 0, 1, T, M, 1, Status.Running)))
        );
        assertEq(
            keccak256(abi.encode(fresh.sequenced())),
            keccak256(abi.encode(Sequenced(0, 0, 0, 0, uint40(block.timestamp))))
        );
        assertEq(
            keccak256(abi.encode(fresh.settlement())),
            keccak256(
                abi.encode(Settlement(0, uint40(block.timestamp), 0, uint88(uint256(genesis.sequence.acc) >> 172)))
            )
        );
        assertEq(fresh.firstSequenceOf(1), 1);
        assertEq(fresh.halt().maturedBefore, 0);

        // It should keep what it was configured with.
        assertEq(address(fresh.feeToken()), address(token));
        assertEq(address(fresh.router()), address(router));
        assertEq(address(fresh.stateMachine()), address(stateMachine));
        assertEq(fresh.maxPendingBatches(), MAX_PENDING);
        assertEq(fresh.exitDelay(), EXIT_DELAY);
        assertEq(fresh.escapeDelay(), ESCAPE_DELAY);
        assertEq(fresh.feeCeiling(), config.feeCeiling);
        assertEq(fresh.messageFeeGwei(), MESSAGE_FEE_GWEI);
        assertEq(
            FeeParameters.unwrap(fresh.feeParameters()), FeeParameters.unwrap(FeeParametersLibrary.pack(_feeConfig()))
        );
        assertEq(Ownable2Step(address(fresh)).owner(), owner);
        assertEq(Ownable2Step(address(fresh)).pendingOwner(), address(0));

        // It should leave nothing to initialise.
        (bool ok,) = address(fresh).call(abi.encodeWithSignature("initialize()"));
        assertFalse(ok);
        assertNotEq(address(fresh.exitVault()), address(vault), "each core has a vault of its own");
    }

    /// @dev Deployed by anybody, the powers are the configured owner's alone, from the first block on.
    /// @custom:req R52
    function testFuzz_TheDeployerHasNoPower(address deployer) external {
        vm.assume(deployer != owner);
        vm.prank(deployer);
        IProofOfEfficiency fresh = this.deployCore(config);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, deployer));
        vm.prank(deployer);
        fresh.setFeeParameters(_feeConfig());
    }

    function _expectRevert(bytes memory reason) private {
        vm.expectRevert(reason);
        this.deployCore(config);
    }
}
