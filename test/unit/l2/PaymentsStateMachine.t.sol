// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account as Leaf, IStateMachine} from "../../../contracts/interfaces/IStateMachine.sol";
import {EcGFp5} from "../../../contracts/l2/EcGFp5.sol";
import {Goldilocks} from "../../../contracts/l2/Goldilocks.sol";
import {PaymentsStateMachine} from "../../../contracts/l2/PaymentsStateMachine.sol";
import {Fixtures} from "./Fixtures.sol";
import {stdJson} from "forge-std/Test.sol";

contract PaymentsStateMachineTest is Fixtures {
    using stdJson for string;

    uint256 private constant KEYS = 20;
    uint256 private constant STATES = 3;
    uint256 private constant ACCOUNTS = 9;
    /// @dev The fixture's account at index 0x55555555, registered, with siblings that are all different.
    uint256 private constant SAMPLE = 5;

    IStateMachine private immutable MACHINE = new PaymentsStateMachine();

    bytes32 private accountsRoot = derivedJson.readBytes32(".state.accountsRoot");
    uint32 private index;
    Leaf private account;
    bytes32[32] private siblings;

    function setUp() public {
        (index, account, siblings) = readAccount(SAMPLE);
    }

    // --- genesisRoot --------------------------------------------------------------------------------------------------

    function test_GenesisRoot_CommitsToAnEmptyTreeAndNoMessage() public view {
        assertEq(MACHINE.genesisRoot(), derivedJson.readBytes32(".state.genesisRoot"));
        MACHINE.requireState(MACHINE.genesisRoot(), derivedJson.readBytes32(".state.emptyRoot"), 0);
        MACHINE.requireCanonicalRoot(MACHINE.genesisRoot());
    }

    // --- requireValidKey ----------------------------------------------------------------------------------------------

    function key(uint256 i) private view returns (bytes memory) {
        return derivedJson.readBytes(item(".keys", i, ".key"));
    }

    function test_RequireValidKey_RevertWhen_TheLengthIsNot80Bytes() public {
        bytes memory valid = key(0);
        bytes memory short = new bytes(79);
        for (uint256 i = 0; i < 79; ++i) {
            short[i] = valid[i];
        }
        bytes[3] memory keys = [bytes(""), short, bytes.concat(valid, hex"00")];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IStateMachine.InvalidKeyLength.selector, keys[i].length));
            MACHINE.requireValidKey(keys[i]);
        }
    }

    function test_RequireValidKey_RevertWhen_ALimbIsNotBelowP() public {
        uint64[3] memory values = [uint64(P), uint64(P + 1), type(uint64).max];
        for (uint256 i = 0; i < 10; ++i) {
            for (uint256 v = 0; v < 3; ++v) {
                vm.expectRevert(abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, i, values[v]));
                MACHINE.requireValidKey(withKeyLimb(key(1), i, values[v]));
            }
        }
    }

    /// @dev u of the generator is (c, 0, 0, 0, 0): writing p for a zero would be a second spelling of a valid key.
    function test_RequireValidKey_RevertWhen_AValidKeyIsSpeltWithPForZero() public {
        for (uint256 i = 6; i < 10; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, i, P));
            MACHINE.requireValidKey(withKeyLimb(key(0), i, uint64(P)));
        }
    }

    function withKeyLimb(bytes memory encoded, uint256 limb, uint64 value) private pure returns (bytes memory) {
        (uint256[5] memory x, uint256[5] memory u) = decodeKey(encoded);
        if (limb < 5) x[limb] = value;
        else u[limb - 5] = value;
        return encodeKey(x, u);
    }

    function test_RequireValidKey_RevertWhen_XOrUIsZero() public {
        (uint256[5] memory x, uint256[5] memory u) = decodeKey(key(1));
        uint256[5] memory zero;
        vm.expectRevert(EcGFp5.NeutralKey.selector);
        MACHINE.requireValidKey(new bytes(80));
        vm.expectRevert(EcGFp5.NeutralKey.selector);
        MACHINE.requireValidKey(encodeKey(x, zero));
        vm.expectRevert(EcGFp5.NeutralKey.selector);
        MACHINE.requireValidKey(encodeKey(zero, u));
    }

    function test_RequireValidKey_RevertWhen_TheCoordinatesDoNotSatisfyTheCurveEquation() public {
        (uint256[5] memory x, uint256[5] memory u) = decodeKey(key(1));
        vm.expectRevert(EcGFp5.NotOnCurve.selector);
        MACHINE.requireValidKey(encodeKey(u, x));
        (uint256[5] memory otherX,) = decodeKey(key(2));
        vm.expectRevert(EcGFp5.NotOnCurve.selector);
        MACHINE.requireValidKey(encodeKey(otherX, u));
    }

    /// @dev Every bit matters: no flipped bit of a valid key leaves it valid (u and -u differ in more than one).
    function testFuzz_RequireValidKey_RevertWhen_ABitIsFlipped(uint256 which, uint256 bit) public {
        bytes memory encoded = key(which % KEYS);
        bit = bound(bit, 0, 639);
        encoded[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectRevert();
        MACHINE.requireValidKey(encoded);
    }

    function test_RequireValidKey_RevertWhen_ThePointHasOrderN() public {
        for (uint256 i = 0; i < KEYS; ++i) {
            bytes memory outside = derivedJson.readBytes(item(".keys", i, ".outside"));
            vm.expectRevert(EcGFp5.NotInGroup.selector);
            MACHINE.requireValidKey(outside);
        }
    }

    /// @custom:req C6
    function test_RequireValidKey_WhenThePointIsANonNeutralElementOfTheGroup() public view {
        for (uint256 i = 0; i < KEYS; ++i) {
            MACHINE.requireValidKey(key(i));
        }
        (uint256[5] memory x, uint256[5] memory u) = decodeKey(key(1));
        MACHINE.requireValidKey(encodeKey(x, scale(u, P - 1)));
    }

    // --- requireCanonicalRoot -----------------------------------------------------------------------------------------

    /// @custom:req R8
    function test_RequireCanonicalRoot_RevertWhen_TheRootIsZero() public {
        vm.expectRevert(IStateMachine.ZeroRoot.selector);
        MACHINE.requireCanonicalRoot(0);
    }

    /// @custom:req R8
    function test_RequireCanonicalRoot_RevertWhen_ALimbIsNotBelowP() public {
        uint64[3] memory values = [uint64(P), uint64(P + 1), type(uint64).max];
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 v = 0; v < 3; ++v) {
                vm.expectRevert(abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, i, values[v]));
                MACHINE.requireCanonicalRoot(withLimb(accountsRoot, i, values[v]));
            }
        }
    }

    /// @custom:req R8
    function test_RequireCanonicalRoot_WhenEveryLimbIsBelowP() public view {
        MACHINE.requireCanonicalRoot(accountsRoot);
        for (uint256 i = 0; i < 4; ++i) {
            MACHINE.requireCanonicalRoot(withLimb(accountsRoot, i, uint64(P - 1)));
            MACHINE.requireCanonicalRoot(withLimb(0, i, 1));
        }
    }

    // --- requireState ---------------------------------------------------------------------------------------------------

    function state(uint256 i) private view returns (bytes32 stateRoot, bytes32 messageAcc) {
        stateRoot = derivedJson.readBytes32(item(".state.states", i, ".stateRoot"));
        messageAcc = derivedJson.readBytes32(item(".state.states", i, ".messageAcc"));
    }

    function expectStateMismatch() private {
        vm.expectPartialRevert(IStateMachine.StateMismatch.selector);
    }

    function test_RequireState_RevertWhen_ALimbOfTheAccountsRootIsNotBelowP() public {
        (bytes32 stateRoot, bytes32 messageAcc) = state(2);
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, i, P));
            MACHINE.requireState(stateRoot, withLimb(accountsRoot, i, uint64(P)), messageAcc);
        }
    }

    function test_RequireState_RevertWhen_TheAccountsRootIsAnother() public {
        (bytes32 stateRoot, bytes32 messageAcc) = state(2);
        for (uint256 i = 0; i < 4; ++i) {
            expectStateMismatch();
            MACHINE.requireState(stateRoot, withLimb(accountsRoot, i, 1), messageAcc);
        }
        expectStateMismatch();
        MACHINE.requireState(stateRoot, messageAcc & bytes32(uint256(0xFFFFFFFF)), messageAcc);
    }

    /// @dev Every bit of the accumulator is bound.
    function test_RequireState_RevertWhen_TheMessageAccumulatorIsAnother() public {
        (bytes32 stateRoot, bytes32 messageAcc) = state(2);
        for (uint256 bit = 0; bit < 256; ++bit) {
            expectStateMismatch();
            MACHINE.requireState(stateRoot, accountsRoot, messageAcc ^ bytes32(uint256(1) << bit));
        }
    }

    function test_RequireState_RevertWhen_TheStateRootIsAnother() public {
        (bytes32 computed, bytes32 messageAcc) = state(2);
        (bytes32 other,) = state(1);
        vm.expectRevert(abi.encodeWithSelector(IStateMachine.StateMismatch.selector, other, computed));
        MACHINE.requireState(other, accountsRoot, messageAcc);
    }

    function test_RequireState_WhenTheStateRootCommitsToBoth() public view {
        for (uint256 i = 0; i < STATES; ++i) {
            (bytes32 stateRoot, bytes32 messageAcc) = state(i);
            MACHINE.requireState(stateRoot, accountsRoot, messageAcc);
            MACHINE.requireCanonicalRoot(stateRoot);
        }
        (bytes32 root, bytes32 acc) = state(2);
        MACHINE.requireState(root, accountsRoot, acc);
    }

    // --- requireAccount -------------------------------------------------------------------------------------------------

    function expectAccountMismatch() private {
        vm.expectPartialRevert(IStateMachine.AccountMismatch.selector);
    }

    function test_RequireAccount_RevertWhen_TheBalanceIs2Pow62OrMore() public {
        uint64[4] memory balances = [uint64(1 << 62), uint64(P), account.balance + uint64(1 << 62), type(uint64).max];
        for (uint256 i = 0; i < 4; ++i) {
            account.balance = balances[i];
            vm.expectRevert(abi.encodeWithSelector(IStateMachine.BalanceOutOfRange.selector, balances[i]));
            MACHINE.requireAccount(accountsRoot, index, account, siblings);
        }
    }

    /// @dev A nonce of p would be a second spelling of nonce 0.
    function test_RequireAccount_RevertWhen_TheNonceIsAbove2Pow32() public {
        uint64[3] memory nonces = [uint64(2 ** 32 + 1), uint64(P), type(uint64).max];
        for (uint256 i = 0; i < 3; ++i) {
            account.nonce = nonces[i];
            vm.expectRevert(abi.encodeWithSelector(IStateMachine.NonceOutOfRange.selector, nonces[i]));
            MACHINE.requireAccount(accountsRoot, index, account, siblings);
        }
    }

    function test_RequireAccount_RevertWhen_TheKeyHasNot80Bytes() public {
        account.publicKey = bytes.concat(account.publicKey, hex"00");
        vm.expectRevert(abi.encodeWithSelector(IStateMachine.InvalidKeyLength.selector, 81));
        MACHINE.requireAccount(accountsRoot, index, account, siblings);
        account.publicKey = "";
        vm.expectRevert(abi.encodeWithSelector(IStateMachine.InvalidKeyLength.selector, 0));
        MACHINE.requireAccount(accountsRoot, index, account, siblings);
    }

    function test_RequireAccount_RevertWhen_ALimbOfTheKeyIsNotBelowP() public {
        bytes memory original = account.publicKey;
        for (uint256 i = 0; i < 10; ++i) {
            account.publicKey = withKeyLimb(original, i, uint64(P));
            vm.expectRevert(abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, i, P));
            MACHINE.requireAccount(accountsRoot, index, account, siblings);
        }
    }

    function test_RequireAccount_RevertWhen_ALimbOfASiblingIsNotBelowP() public {
        for (uint256 i = 0; i < 128; ++i) {
            bytes32 original = siblings[i / 4];
            siblings[i / 4] = withLimb(original, i % 4, type(uint64).max);
            vm.expectRevert(abi.encodeWithSelector(Goldilocks.NonCanonicalLimb.selector, i, type(uint64).max));
            MACHINE.requireAccount(accountsRoot, index, account, siblings);
            siblings[i / 4] = original;
        }
    }

    function test_RequireAccount_RevertWhen_AnyFieldOfTheAccountIsChanged() public {
        Leaf memory changed = account;
        for (uint256 i = 0; i < 10; ++i) {
            changed.publicKey = withKeyLimb(account.publicKey, i, uint64(i));
            expectAccountMismatch();
            MACHINE.requireAccount(accountsRoot, index, changed, siblings);
        }
        changed.publicKey = account.publicKey;
        for (uint256 bit = 0; bit < 160; bit += 8) {
            changed.l1Owner = address(uint160(account.l1Owner) ^ uint160(1 << bit));
            expectAccountMismatch();
            MACHINE.requireAccount(accountsRoot, index, changed, siblings);
        }
        changed.l1Owner = account.l1Owner;
        changed.balance = account.balance + 1;
        expectAccountMismatch();
        MACHINE.requireAccount(accountsRoot, index, changed, siblings);
        changed.balance = account.balance;
        changed.nonce = account.nonce + 1;
        expectAccountMismatch();
        MACHINE.requireAccount(accountsRoot, index, changed, siblings);
        changed.nonce = account.nonce;
        changed.registered = false;
        expectAccountMismatch();
        MACHINE.requireAccount(accountsRoot, index, changed, siblings);
        changed.registered = true;
        MACHINE.requireAccount(accountsRoot, index, changed, siblings);
    }

    function test_RequireAccount_RevertWhen_AnyBitOfTheIndexIsChanged() public {
        for (uint256 level = 0; level < 32; ++level) {
            expectAccountMismatch();
            MACHINE.requireAccount(accountsRoot, index ^ uint32(1 << level), account, siblings);
        }
    }

    function test_RequireAccount_RevertWhen_TheSiblingOfAnyLevelIsChanged() public {
        for (uint256 level = 0; level < 32; ++level) {
            bytes32 original = siblings[level];
            siblings[level] = withLimb(original, level % 4, uint64(level));
            expectAccountMismatch();
            MACHINE.requireAccount(accountsRoot, index, account, siblings);
            siblings[level] = original;
        }
        MACHINE.requireAccount(accountsRoot, index, account, siblings);
    }

    function test_RequireAccount_RevertWhen_TheAccountsRootIsAnother() public {
        bytes32 other = derivedJson.readBytes32(".state.emptyRoot");
        vm.expectRevert(abi.encodeWithSelector(IStateMachine.AccountMismatch.selector, index, other, accountsRoot));
        MACHINE.requireAccount(other, index, account, siblings);
    }

    /// @dev Nobody can present the balance of one leaf as another's: all pairs of leaves and paths but the true ones fail.
    function test_RequireAccount_RevertWhen_LeafAndPathBelongToDifferentAccounts() public {
        uint32[] memory positions = new uint32[](ACCOUNTS);
        Leaf[] memory leaves = new Leaf[](ACCOUNTS);
        bytes32[32][] memory paths = new bytes32[32][](ACCOUNTS);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            (positions[i], leaves[i], paths[i]) = readAccount(i);
        }
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            for (uint256 j = 0; j < ACCOUNTS; ++j) {
                // Two empty leaves are the same leaf.
                if (keccak256(abi.encode(leaves[i])) == keccak256(abi.encode(leaves[j]))) continue;
                expectAccountMismatch();
                MACHINE.requireAccount(accountsRoot, positions[j], leaves[i], paths[j]);
            }
        }
    }

    /// @dev Checks every account of the fixture with this registration and this property of its balance.
    function checkAccounts(bool registered, bool holdsMoney) private {
        uint256 checked;
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            (index, account, siblings) = readAccount(i);
            if (account.registered != registered || (account.balance > 0) != holdsMoney) continue;
            MACHINE.requireAccount(accountsRoot, index, account, siblings);
            ++checked;
        }
        assertGt(checked, 0, "the fixture has no such account");
    }

    function test_RequireAccount_GivenTheAccountIsRegistered() public {
        checkAccounts({registered: true, holdsMoney: true});
        checkAccounts({registered: true, holdsMoney: false});
    }

    function test_RequireAccount_GivenTheAccountIsNotRegisteredButHoldsFeeCredits() public {
        checkAccounts({registered: false, holdsMoney: true});
    }

    function test_RequireAccount_GivenTheLeafIsEmpty() public {
        checkAccounts({registered: false, holdsMoney: false});
    }

    /// @dev The runtime leaves room under EIP-170 for everything the constants table needs.
    function test_RuntimeCode_FitsIn16Kilobytes() public view {
        assertLe(address(MACHINE).code.length, 16_384);
    }
}
