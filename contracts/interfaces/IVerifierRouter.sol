// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IVerifier} from "./IVerifier.sol";

/// @title IVerifierRouter
/// @notice Numbered routes to verifiers. A route never changes after it is added; it can only be frozen, which names
/// the route that takes over.
interface IVerifierRouter {
    /// @notice A verifier and the capacities of its circuit, as the verifier itself states them.
    /// @param verifier The verifier.
    /// @param slotCapacity T, slots of a batch.
    /// @param messageCapacity M, messages of a batch.
    /// @param exitCapacity E, exits of a batch.
    /// @param activeAt Block time from which the route may be used.
    /// @param successor Route that verifies in place of this one since it was frozen; 0 = not frozen.
    struct Route {
        IVerifier verifier;
        uint16 slotCapacity;
        uint8 messageCapacity;
        uint8 exitCapacity;
        uint40 activeAt;
        uint16 successor;
    }

    /// @notice Route `version` was added and may be used from `activeAt` on.
    /// @param version Number of the route.
    /// @param verifier Its verifier.
    /// @param circuitHash Hash of the lock entry of its circuits, as the verifier states it.
    /// @param activeAt Block time, in seconds, from which it may be used.
    event RouteAdded(uint16 indexed version, IVerifier indexed verifier, bytes32 circuitHash, uint40 activeAt);
    /// @notice Route `version`, not yet active, was withdrawn.
    /// @param version Number of the route; it is not given again.
    event RouteCancelled(uint16 indexed version);
    /// @notice Proofs of batches pinned to `version` are checked by `successor` from now on.
    /// @param version Number of the frozen route.
    /// @param successor Number of the route that verifies in its place.
    event RouteFrozen(uint16 indexed version, uint16 indexed successor);

    /// @notice No route has this number, or it was cancelled.
    error UnknownRoute(uint16 version);
    /// @notice The route may be used from `activeAt` on only.
    error RouteNotActive(uint16 version, uint40 activeAt);
    /// @notice The route is active: users may rely on it, so it can be frozen but not cancelled.
    error RouteAlreadyActive(uint16 version, uint40 activeAt);
    /// @notice The route is frozen in favour of `successor`.
    error RouteIsFrozen(uint16 version, uint16 successor);
    /// @notice A successor must have the capacities of the route it replaces, or batches pinned to that could not be
    /// proven.
    error CapacityMismatch(uint16 version, uint16 successor);
    /// @notice A circuit must have room for 1 to 4096 slots, and for at least one message and one exit.
    error UnusableCapacity(uint16 slotCapacity, uint8 messageCapacity, uint8 exitCapacity);
    /// @notice The address holds no code.
    error NotAContract(address verifier);
    /// @notice The verifier rests on a development setup, which this router was deployed to refuse.
    error InsecureSetupRefused(address verifier);
    /// @notice All version numbers are used up.
    error TooManyRoutes();

    /// @notice Adds a route, usable after `delay()`. Only the owner.
    /// @param verifier A contract; its own views state the capacities of the route.
    /// @return version Number of the new route.
    function addRoute(IVerifier verifier) external returns (uint16 version);

    /// @notice Withdraws a route that is not active yet. Only the owner.
    /// @param version Number of the route.
    function cancelRoute(uint16 version) external;

    /// @notice Hands the batches pinned to `version` over to `successor`, for good. Only the owner.
    /// @dev The successor has itself waited `delay()`, so freezing needs no delay of its own: nobody meets a verifier
    /// they had no time to leave.
    /// @param version Number of the route to freeze.
    /// @param successor Number of an active route that is not frozen and has the same capacities.
    function freezeRoute(uint16 version, uint16 successor) external;

    /// @notice Seconds between adding a route and its first use.
    function delay() external view returns (uint40);

    /// @notice Number of the newest route; the first is 1.
    function latestVersion() external view returns (uint16);

    /// @notice The route with this number.
    /// @param version Number of the route.
    function routeOf(uint16 version) external view returns (Route memory);

    /// @notice The verifier that checks proofs of batches pinned to `version`: its own, or that of the last successor.
    /// @param version Route the batches are pinned to.
    /// @return verifier The verifier.
    /// @return resolvedVersion Number of its route, which the statement names.
    function resolve(uint16 version) external view returns (IVerifier verifier, uint16 resolvedVersion);

    /// @notice The route, if new batches may be pinned to it; reverts if it is unknown, not active yet, or frozen.
    /// @param version Number of the route.
    function requireUsable(uint16 version) external view returns (Route memory);
}
