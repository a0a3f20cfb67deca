// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {StdStorage, Test, stdError, stdStorage} from "forge-std/Test.sol";

import {IVerifier} from "../../../contracts/interfaces/IVerifier.sol";
import {IVerifierRouter} from "../../../contracts/interfaces/IVerifierRouter.sol";
import {VerifierRouter} from "../../../contracts/router/VerifierRouter.sol";
import {MockVerifier} from "../../mocks/MockVerifier.sol";

contract VerifierRouterTest is Test {
    using stdStorage for StdStorage;

    uint16 private constant T = 94;
    uint8 private constant M = 4;
    uint8 private constant E = 8;
    uint40 private constant DELAY = 14 days;

    address private owner = makeAddr("owner");
    address private stranger = makeAddr("stranger");
    MockVerifier private first = new MockVerifier(T, M, E);
    VerifierRouter private router;

    function setUp() public {
        vm.warp(1_800_000_000);
        router = new VerifierRouter(owner, DELAY, first, true);
    }

    function add(IVerifier verifier) private returns (uint16) {
        vm.prank(owner);
        return router.addRoute(verifier);
    }

    /// @dev A route with the capacities of route 1.
    function addFitting() private returns (uint16) {
        return add(new MockVerifier(T, M, E));
    }

    function freeze(uint16 version, uint16 successor) private {
        vm.prank(owner);
        router.freezeRoute(version, successor);
    }

    function refuseFreeze(uint16 version, uint16 successor, bytes memory reason) private {
        vm.prank(owner);
        vm.expectRevert(reason);
        router.freezeRoute(version, successor);
    }

    function unauthorized() private view returns (bytes memory) {
        return abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger);
    }

    function unknown(uint16 version) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IVerifierRouter.UnknownRoute.selector, version);
    }

    /// @dev As a production verifier: over a setup nobody knows the secret of.
    function secure(IVerifier verifier) private returns (IVerifier) {
        vm.mockCall(address(verifier), abi.encodeCall(IVerifier.insecureSetup, ()), abi.encode(false));
        return verifier;
    }

    /* CONSTRUCTOR */

    /// @custom:req R51
    function test_Constructor_RevertWhen_TheOwnerIsNull() external {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new VerifierRouter(address(0), DELAY, first, true);
    }

    function test_Constructor_RevertGiven_TheRouterRefusesSuch() external {
        vm.expectRevert(abi.encodeWithSelector(IVerifierRouter.InsecureSetupRefused.selector, first));
        new VerifierRouter(owner, DELAY, first, false);
    }

    function test_Constructor_GivenTheRouterAllowsSuch() external {
        VerifierRouter lenient = new VerifierRouter(owner, DELAY, first, true);
        assertTrue(lenient.allowsInsecureSetup());
        assertEq(lenient.latestVersion(), 1);
    }

    function test_Constructor_WhenAllIsInOrder() external {
        IVerifier verifier = secure(new MockVerifier(T, M, E));
        vm.expectEmit();
        emit IVerifierRouter.RouteAdded(1, verifier, keccak256("MockVerifier"), uint40(block.timestamp));
        VerifierRouter strict = new VerifierRouter(owner, DELAY, verifier, false);
        assertFalse(strict.allowsInsecureSetup());
        assertEq(strict.delay(), DELAY);
        assertEq(strict.owner(), owner);
        assertEq(strict.latestVersion(), 1);
        IVerifierRouter.Route memory route = strict.requireUsable(1);
        assertEq(address(route.verifier), address(verifier));
        assertEq(route.activeAt, block.timestamp);
    }

    /* ADDING */

    /// @custom:req R51
    function test_AddRoute_RevertWhen_TheCallerIsNotTheOwner() external {
        vm.prank(stranger);
        vm.expectRevert(unauthorized());
        router.addRoute(first);
    }

    function test_AddRoute_RevertWhen_TheVerifierHasNoCode() external {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRouter.NotAContract.selector, stranger));
        router.addRoute(IVerifier(stranger));
    }

    function test_AddRoute_RevertWhen_TheVerifierIsInsecureAndTheRouterRefusesSuch() external {
        VerifierRouter strict = new VerifierRouter(owner, DELAY, secure(new MockVerifier(T, M, E)), false);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRouter.InsecureSetupRefused.selector, first));
        strict.addRoute(first);
        IVerifier good = secure(new MockVerifier(T, M, E));
        vm.prank(owner);
        assertEq(strict.addRoute(good), 2);
    }

    /// @dev Cut to its field, the time would lie in the past, and the route be usable at once.
    function test_AddRoute_RevertWhen_TheDelayReachesBeyondAllTime() external {
        VerifierRouter endless = new VerifierRouter(owner, type(uint40).max, first, true);
        vm.prank(owner);
        vm.expectRevert(stdError.arithmeticError);
        endless.addRoute(first);
    }

    function test_AddRoute_RevertWhen_ACapacityIsZero() external {
        uint16[3] memory slots = [uint16(0), T, T];
        uint8[3] memory messages = [M, 0, M];
        uint8[3] memory exits = [E, E, 0];
        for (uint256 i = 0; i < 3; ++i) {
            MockVerifier verifier = new MockVerifier(slots[i], messages[i], exits[i]);
            vm.prank(owner);
            vm.expectRevert(
                abi.encodeWithSelector(IVerifierRouter.UnusableCapacity.selector, slots[i], messages[i], exits[i])
            );
            router.addRoute(verifier);
        }
    }

    /// @dev Activated, such a route would end sequencing for good.
    /// @custom:req R38
    function test_AddRoute_RevertWhen_ABatchWouldBeTooLongToBeHashedInOneTransaction() external {
        uint16[2] memory slots = [uint16(4097), type(uint16).max];
        for (uint256 i = 0; i < 2; ++i) {
            MockVerifier verifier = new MockVerifier(slots[i], M, E);
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(IVerifierRouter.UnusableCapacity.selector, slots[i], M, E));
            router.addRoute(verifier);
        }
    }

    function test_AddRoute_WhenABatchIsAsLongAsCanBeHashedInOneTransaction() external {
        assertEq(router.routeOf(add(new MockVerifier(4096, M, E))).slotCapacity, 4096);
    }

    function test_AddRoute_RevertWhen_AllVersionsAreUsed() external {
        stdstore.enable_packed_slots().target(address(router)).sig("latestVersion()").checked_write(type(uint16).max);
        assertEq(router.latestVersion(), type(uint16).max);
        vm.prank(owner);
        vm.expectRevert(IVerifierRouter.TooManyRoutes.selector);
        router.addRoute(first);
    }

    function test_AddRoute_WhenTheVerifierIsAcceptable(uint16 t, uint8 m, uint8 e) external {
        t = uint16(bound(t, 1, 4096));
        vm.assume(m != 0 && e != 0);
        MockVerifier verifier = new MockVerifier(t, m, e);
        uint40 activeAt = uint40(block.timestamp) + DELAY;
        vm.expectEmit(address(router));
        emit IVerifierRouter.RouteAdded(2, verifier, verifier.circuitHash(), activeAt);
        assertEq(add(verifier), 2);
        assertEq(router.latestVersion(), 2);

        IVerifierRouter.Route memory route = router.routeOf(2);
        assertEq(address(route.verifier), address(verifier), "verifier");
        assertEq(route.slotCapacity, t, "T");
        assertEq(route.messageCapacity, m, "M");
        assertEq(route.exitCapacity, e, "E");
        assertEq(route.activeAt, activeAt, "active at");
        assertEq(route.successor, 0, "not frozen");

        vm.warp(activeAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, 2, activeAt));
        router.requireUsable(2);
        vm.warp(activeAt);
        router.requireUsable(2);
    }

    /* CANCELLING */

    /// @custom:req R51
    function test_CancelRoute_RevertWhen_TheCallerDoesNotOwnTheRouter() external {
        uint16 version = addFitting();
        vm.prank(stranger);
        vm.expectRevert(unauthorized());
        router.cancelRoute(version);
    }

    function test_CancelRoute_RevertWhen_ThereIsNoSuchRoute() external {
        vm.startPrank(owner);
        vm.expectRevert(unknown(0));
        router.cancelRoute(0);
        vm.expectRevert(unknown(2));
        router.cancelRoute(2);
    }

    /// @dev A route in use cannot vanish under the sequences that are pinned to it.
    function test_CancelRoute_RevertWhen_TheRouteIsActive() external {
        uint16 version = addFitting();
        uint256 activeAt = block.timestamp + DELAY;
        vm.warp(activeAt);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRouter.RouteAlreadyActive.selector, version, activeAt));
        router.cancelRoute(version);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRouter.RouteAlreadyActive.selector, 1, 1_800_000_000));
        router.cancelRoute(1);
    }

    function test_CancelRoute_WhenTheRouteIsNotActiveYet() external {
        uint16 version = addFitting();
        skip(DELAY - 1);
        vm.expectEmit(address(router));
        emit IVerifierRouter.RouteCancelled(version);
        vm.prank(owner);
        router.cancelRoute(version);
        skip(DELAY);
        vm.expectRevert(unknown(version));
        router.requireUsable(version);
        vm.prank(owner);
        vm.expectRevert(unknown(version));
        router.cancelRoute(version);
        assertEq(addFitting(), version + 1, "its number is not used again");
    }

    /* FREEZING */

    /// @custom:req R51
    function test_FreezeRoute_RevertWhen_SomebodyElseCalls() external {
        uint16 version = addFitting();
        skip(DELAY);
        vm.prank(stranger);
        vm.expectRevert(unauthorized());
        router.freezeRoute(1, version);
    }

    function test_FreezeRoute_RevertWhen_TheRouteDoesNotExist() external {
        refuseFreeze(0, 1, unknown(0));
        refuseFreeze(2, 1, unknown(2));
    }

    function test_FreezeRoute_RevertWhen_TheRouteIsFrozen() external {
        (uint16 second, uint16 third) = (addFitting(), addFitting());
        skip(DELAY);
        freeze(1, second);
        refuseFreeze(1, third, abi.encodeWithSelector(IVerifierRouter.RouteIsFrozen.selector, 1, second));
    }

    function test_FreezeRoute_RevertWhen_TheSuccessorIsTheRouteItself() external {
        refuseFreeze(1, 1, abi.encodeWithSelector(IVerifierRouter.RouteIsFrozen.selector, 1, 1));
        (, uint16 resolved) = router.resolve(1);
        assertEq(resolved, 1, "nothing stays behind");
    }

    function test_FreezeRoute_RevertWhen_TheSuccessorDoesNotExist() external {
        refuseFreeze(1, 0, unknown(0));
        refuseFreeze(1, 2, unknown(2));
        uint16 cancelled = addFitting();
        vm.prank(owner);
        router.cancelRoute(cancelled);
        refuseFreeze(1, cancelled, unknown(cancelled));
    }

    /// @dev Users get the delay to leave before a verifier they have not seen checks their batches.
    function test_FreezeRoute_RevertWhen_TheSuccessorIsNotActiveYet() external {
        uint16 version = addFitting();
        uint256 activeAt = block.timestamp + DELAY;
        skip(DELAY - 1);
        refuseFreeze(1, version, abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, version, activeAt));
        skip(1);
        freeze(1, version);
    }

    /// @dev And so no circle can close.
    function test_FreezeRoute_RevertWhen_TheSuccessorIsFrozen() external {
        (uint16 second, uint16 third) = (addFitting(), addFitting());
        skip(DELAY);
        freeze(1, second);
        refuseFreeze(second, 1, abi.encodeWithSelector(IVerifierRouter.RouteIsFrozen.selector, 1, second));
        freeze(second, third);
        refuseFreeze(third, 1, abi.encodeWithSelector(IVerifierRouter.RouteIsFrozen.selector, 1, second));
        refuseFreeze(third, second, abi.encodeWithSelector(IVerifierRouter.RouteIsFrozen.selector, second, third));
    }

    function test_FreezeRoute_RevertWhen_ACapacityDiffers() external {
        uint16[3] memory versions = [
            add(new MockVerifier(T + 1, M, E)), add(new MockVerifier(T, M + 1, E)), add(new MockVerifier(T, M, E - 1))
        ];
        skip(DELAY);
        for (uint256 i = 0; i < 3; ++i) {
            refuseFreeze(
                1, versions[i], abi.encodeWithSelector(IVerifierRouter.CapacityMismatch.selector, 1, versions[i])
            );
        }
    }

    function test_FreezeRoute_WhenTheSuccessorFits() external {
        uint16 version = addFitting();
        skip(DELAY);
        vm.expectEmit(address(router));
        emit IVerifierRouter.RouteFrozen(1, version);
        freeze(1, version);
        assertEq(router.routeOf(1).successor, version);
        assertEq(address(router.routeOf(1).verifier), address(first), "all else stays");
        vm.expectRevert(abi.encodeWithSelector(IVerifierRouter.RouteIsFrozen.selector, 1, version));
        router.requireUsable(1);
    }

    /* RESOLVING */

    function test_Resolve_RevertWhen_NothingHasThisNumber() external {
        vm.expectRevert(unknown(0));
        router.resolve(0);
        vm.expectRevert(unknown(2));
        router.resolve(2);
    }

    function test_Resolve_RevertWhen_ItWasCancelled() external {
        uint16 version = addFitting();
        router.resolve(version);
        vm.prank(owner);
        router.cancelRoute(version);
        vm.expectRevert(unknown(version));
        router.resolve(version);
    }

    function test_Resolve_WhenItIsNotFrozen() external view {
        (IVerifier verifier, uint16 version) = router.resolve(1);
        assertEq(address(verifier), address(first));
        assertEq(version, 1);
    }

    function test_Resolve_WhenItIsFrozen(uint256 length) external {
        length = bound(length, 1, 20);
        MockVerifier last;
        for (uint256 i = 0; i < length; ++i) {
            last = new MockVerifier(T, M, E);
            add(last);
        }
        skip(DELAY);
        for (uint16 version = 1; version <= length; ++version) {
            freeze(version, version + 1);
        }
        for (uint16 version = 1; version <= length + 1; ++version) {
            (IVerifier verifier, uint16 resolved) = router.resolve(version);
            assertEq(address(verifier), address(last));
            assertEq(resolved, length + 1);
        }
    }

    /* OWNERSHIP */

    /// @custom:req R51
    function test_TheOwnerMovesInTwoSteps() external {
        vm.prank(owner);
        router.transferOwnership(stranger);
        assertEq(router.owner(), owner, "not yet");
        vm.prank(stranger);
        router.acceptOwnership();
        assertEq(router.owner(), stranger);
        assertEq(router.pendingOwner(), address(0), "nothing pending");
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, owner));
        router.addRoute(first);
    }
}
