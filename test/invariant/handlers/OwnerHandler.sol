// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmergency} from "../../../contracts/interfaces/IEmergency.sol";
import {IVerifierRouter} from "../../../contracts/interfaces/IVerifierRouter.sol";
import {FeeConfig} from "../../../contracts/types/FeeParameters.sol";
import {Status} from "../../../contracts/types/Slots.sol";
import {EmergencyHandler} from "./EmergencyHandler.sol";

/// @notice The owner's powers while nothing is wrong, and the passing of time.
abstract contract OwnerHandler is EmergencyHandler {
    uint256 private constant MAX_FEE_LOG_PRICE = 9e12;
    uint256 private constant SECONDS_TO_TRAVERSE = 30 days;

    /// @dev Any parameters within their ranges; now and then a highest price above the ceiling.
    function setFeeParameters(uint256 seed) external transition {
        FeeConfig memory config = _randomFeeConfig(seed);
        if (!_refusedUnlessRunning() && seed % 8 == 0) {
            (config.minFeeGwei, config.maxLogPrice, config.decayPerSecond) = (1e10, MAX_FEE_LOG_PRICE, 1e9);
            vm.expectPartialRevert(IEmergency.FeeCeilingExceeded.selector);
        }
        vm.prank(owner);
        poe.setFeeParameters(config);
    }

    function activateVersion(uint256 seed) external transition {
        uint16 version = usableVersion(seed);
        bool refused = _refusedUnlessRunning();
        if (!refused && version == 0) {
            refused = true;
            version = currentVersion;
            vm.expectPartialRevert(IEmergency.VersionNotNewer.selector);
        }
        vm.prank(owner);
        poe.activateVersion(version);
        if (!refused) currentVersion = version;
    }

    /// @dev A new route, and once in a while an old one handed over to a newer one though nothing is wrong.
    function changeRoutes(uint256 frozenSeed, uint256 successorSeed) external transition {
        newVersion();
        uint16 version = uint16(1 + frozenSeed % currentVersion);
        uint16 successor = usableVersion(successorSeed);
        if (successor == 0) successor = currentVersion;
        bool impossible =
            router.routeOf(version).successor != 0 || version == successor || router.routeOf(successor).successor != 0;
        if (impossible) vm.expectPartialRevert(IVerifierRouter.RouteIsFrozen.selector);
        vm.prank(owner);
        router.freezeRoute(version, successor);
    }

    /// @dev Within the target and beyond it.
    function passTime(uint256 time) external transition {
        _pass(_bound(time, 1, 2 hours));
    }

    /// @dev Past exit delays.
    function passLongTime(uint256 time) external transition {
        _pass(_bound(time, 1 days, 30 days));
    }

    function passEscapeDelay() external transition {
        _pass(ESCAPE_DELAY);
    }

    function passOneExitDelay() external transition {
        _pass(EXIT_DELAY);
    }

    function _pass(uint256 time) private {
        if (present + time > END_OF_TIME) return;
        if (status == Status.Running) _watch(present + time);
        present += time;
        vm.warp(present);
    }

    function _randomFeeConfig(uint256 seed) private pure returns (FeeConfig memory config) {
        config.minFeeGwei = _pick(seed, 1, 1e4, 1e8);
        config.maxLogPrice = _pick(seed, 2, 1e11, MAX_FEE_LOG_PRICE);
        config.lateLogPrice = _pick(seed, 3, 1, config.maxLogPrice);
        config.step = _pick(seed, 4, 1e6, 6e10);
        config.decayPerSecond = _pick(seed, 5, config.maxLogPrice / SECONDS_TO_TRAVERSE + 1, type(uint32).max);
        config.risePerSecond = _pick(seed, 6, config.lateLogPrice / SECONDS_TO_TRAVERSE + 1, type(uint32).max);
        config.targetSeconds = _pick(seed, 7, 5 minutes, 1 days);
    }

    function _pick(uint256 seed, uint256 salt, uint256 low, uint256 high) private pure returns (uint256) {
        return low + uint256(keccak256(abi.encode(seed, salt))) % (high - low + 1);
    }
}
