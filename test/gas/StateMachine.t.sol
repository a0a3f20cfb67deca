// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account as Leaf} from "../../contracts/interfaces/IStateMachine.sol";
import {PaymentsStateMachine} from "../../contracts/l2/PaymentsStateMachine.sol";
import {Fixtures} from "../unit/l2/Fixtures.sol";
import {stdJson} from "forge-std/Test.sol";

/// @notice What the L2's rules cost on L1, group "l2".
contract StateMachineGasTest is Fixtures {
    using stdJson for string;

    PaymentsStateMachine private immutable MACHINE = new PaymentsStateMachine();

    function test_Gas_RequireValidKey() public {
        MACHINE.requireValidKey(derivedJson.readBytes(".keys[1].key"));
        vm.snapshotGasLastCall("l2", "requireValidKey");
    }

    function test_Gas_RequireCanonicalRoot() public {
        MACHINE.requireCanonicalRoot(derivedJson.readBytes32(".state.accountsRoot"));
        vm.snapshotGasLastCall("l2", "requireCanonicalRoot");
    }

    function test_Gas_RequireState() public {
        MACHINE.requireState(
            derivedJson.readBytes32(".state.states[2].stateRoot"),
            derivedJson.readBytes32(".state.accountsRoot"),
            derivedJson.readBytes32(".state.states[2].messageAcc")
        );
        vm.snapshotGasLastCall("l2", "requireState");
    }

    function test_Gas_RequireAccount() public {
        bytes32 root = derivedJson.readBytes32(".state.accountsRoot");
        (uint32 index, Leaf memory account, bytes32[32] memory siblings) = readAccount(5);
        MACHINE.requireAccount(root, index, account, siblings);
        vm.snapshotGasLastCall("l2", "requireAccount, depth 32");
    }
}
