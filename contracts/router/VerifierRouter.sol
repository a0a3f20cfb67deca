// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IVerifier} from "../interfaces/IVerifier.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";

/// @title VerifierRouter
/// @notice See `IVerifierRouter`.
contract VerifierRouter is IVerifierRouter, Ownable2Step {
    /// @dev Hashing a batch of so many slots takes about 0.7 million gas, memory included. Much larger ones could not be
    /// sequenced within the gas of a transaction.
    uint16 private constant MAX_SLOT_CAPACITY = 4096;

    /// @inheritdoc IVerifierRouter
    uint40 public immutable delay;
    /// @notice Whether verifiers over a development setup may be added. Never on a public mainnet.
    bool public immutable allowsInsecureSetup;

    /// @inheritdoc IVerifierRouter
    uint16 public latestVersion;
    mapping(uint16 version => Route route) private _routes;

    /// @notice Starts with one route.
    /// @param owner_ Who may add and freeze routes: a timelock.
    /// @param delay_ Seconds between adding a route and its first use.
    /// @param genesisVerifier Verifier of route 1, usable at once.
    /// @param allowsInsecureSetup_ Whether development setups are acceptable.
    constructor(address owner_, uint40 delay_, IVerifier genesisVerifier, bool allowsInsecureSetup_) Ownable(owner_) {
        delay = delay_;
        allowsInsecureSetup = allowsInsecureSetup_;
        _add(genesisVerifier, uint40(block.timestamp));
    }

    /// @inheritdoc IVerifierRouter
    function addRoute(IVerifier verifier) external onlyOwner returns (uint16 version) {
        return _add(verifier, uint40(block.timestamp) + delay);
    }

    /// @inheritdoc IVerifierRouter
    function cancelRoute(uint16 version) external onlyOwner {
        Route memory route = routeOf(version);
        if (block.timestamp >= route.activeAt) revert RouteAlreadyActive(version, route.activeAt);
        delete _routes[version];
        emit RouteCancelled(version);
    }

    /// @inheritdoc IVerifierRouter
    function freezeRoute(uint16 version, uint16 successor) external onlyOwner {
        Route memory route = _requireNotFrozen(version);
        // Frozen first, so that a route cannot succeed itself. No cycle can close: a successor is never frozen when it
        // is named.
        _routes[version].successor = successor;
        Route memory next = requireUsable(successor);
        bool fits = route.slotCapacity == next.slotCapacity && route.messageCapacity == next.messageCapacity
            && route.exitCapacity == next.exitCapacity;
        if (!fits) revert CapacityMismatch(version, successor);
        emit RouteFrozen(version, successor);
    }

    /// @inheritdoc IVerifierRouter
    function resolve(uint16 version) external view returns (IVerifier verifier, uint16 resolvedVersion) {
        Route storage route = _routes[version];
        while (route.successor != 0) {
            version = route.successor;
            route = _routes[version];
        }
        if (address(route.verifier) == address(0)) revert UnknownRoute(version);
        return (route.verifier, version);
    }

    /// @inheritdoc IVerifierRouter
    function routeOf(uint16 version) public view returns (Route memory route) {
        route = _routes[version];
        if (address(route.verifier) == address(0)) revert UnknownRoute(version);
    }

    /// @inheritdoc IVerifierRouter
    function requireUsable(uint16 version) public view returns (Route memory route) {
        route = _requireNotFrozen(version);
        if (block.timestamp < route.activeAt) revert RouteNotActive(version, route.activeAt);
    }

    function _requireNotFrozen(uint16 version) private view returns (Route memory route) {
        route = routeOf(version);
        if (route.successor != 0) revert RouteIsFrozen(version, route.successor);
    }

    function _add(IVerifier verifier, uint40 activeAt) private returns (uint16 version) {
        if (address(verifier).code.length == 0) revert NotAContract(address(verifier));
        if (latestVersion == type(uint16).max) revert TooManyRoutes();
        if (verifier.insecureSetup() && !allowsInsecureSetup) revert InsecureSetupRefused(address(verifier));

        Route memory route = Route({
            verifier: verifier,
            slotCapacity: verifier.slotCapacity(),
            messageCapacity: verifier.messageCapacity(),
            exitCapacity: verifier.exitCapacity(),
            activeAt: activeAt,
            successor: 0
        });
        bool usable = route.slotCapacity != 0 && route.slotCapacity <= MAX_SLOT_CAPACITY && route.messageCapacity != 0
            && route.exitCapacity != 0;
        if (!usable) revert UnusableCapacity(route.slotCapacity, route.messageCapacity, route.exitCapacity);

        version = ++latestVersion;
        _routes[version] = route;
        emit RouteAdded(version, verifier, verifier.circuitHash(), activeAt);
    }
}
