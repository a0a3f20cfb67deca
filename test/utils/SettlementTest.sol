// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {stdJson} from "forge-std/StdJson.sol";

import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {IProving} from "../../contracts/interfaces/IProving.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {PaymentsStateMachine} from "../../contracts/l2/PaymentsStateMachine.sol";
import {VerifierRouter} from "../../contracts/router/VerifierRouter.sol";
import {TestToken} from "./TestToken.sol";
import {TransactionTest} from "./TransactionTest.sol";

/// @notice A deployment with nothing mocked: the generated verifier, and the calls that lead to the state its fixture proves.
/// Three empty batches register twelve accounts (sequence 1), a full one with four deposits follows (sequence 2).
/// @dev A proof holds for one chain and one address, so the core is put where the fixture says. `cargo run --package
/// poe-verifier-gen --example settlement` writes the fixture.
abstract contract SettlementTest is TransactionTest {
    using stdJson for string;

    uint40 internal constant LAST = 2;

    string internal json;
    IVerifier internal batchVerifier;

    function setUp() public override {
        vm.warp(1_800_000_000);
        json = vm.readFile("test/fixtures/verifiers/settlement.json");
        vm.chainId(json.readUint(".chainId"));
        token = new TestToken();
        batchVerifier = IVerifier(deployCode("BatchVerifierInsecureDev.sol:BatchVerifierInsecureDev"));
        router = new VerifierRouter(owner, ROUTE_DELAY, batchVerifier, true);
        stateMachine = new PaymentsStateMachine();
        address core = json.readAddress(".contract");
        deployCodeTo("ProofOfEfficiency.sol:ProofOfEfficiency", abi.encode(_configuration()), core);
        poe = IProofOfEfficiency(core);
        vault = poe.exitVault();
        checkpoints[0].sequence.acc = poe.lastAcc();
        checkpoints[0].stateRoot = stateMachine.genesisRoot();
        _fund(sequencer, 1_000_000 ether);
        _replay();
        _setUpMeter();
    }

    function _replay() private {
        bytes[] memory batches = json.readBytesArray(".batches");
        uint32 feeRecipient = uint32(json.readUint(".feeRecipient"));
        uint256[] memory counts = json.readUintArray(".messageCounts");
        uint256 sent;
        uint256 empty = batches.length - 1;
        for (uint256 i = 0; i < empty; ++i) {
            sent += counts[i];
        }
        for (uint256 i = 0; i < sent; ++i) {
            _message(i);
        }
        bytes[] memory registering = new bytes[](empty);
        for (uint256 i = 0; i < empty; ++i) {
            registering[i] = batches[i];
        }
        sequence(registering, feeRecipient);
        for (uint256 i = sent; i < sent + counts[empty]; ++i) {
            _message(i);
        }
        bytes[] memory full = new bytes[](1);
        full[0] = batches[empty];
        sequence(full, feeRecipient);
        assertEq(poe.lastAcc(), json.readBytes32(".newAcc"), "the fixture's calls lead to what it proves");
    }

    function _message(uint256 number) private {
        string memory at = string.concat(".messages[", vm.toString(number), "]");
        uint256 value = json.readUint(string.concat(at, ".valueGwei")) * 1 gwei;
        uint32 index = uint32(json.readUint(string.concat(at, ".index")));
        vm.deal(user, value);
        if (json.readBool(string.concat(at, ".register"))) {
            bytes memory key = json.readBytes(string.concat(at, ".key"));
            address l1Owner = json.readAddress(string.concat(at, ".owner"));
            vm.prank(user);
            assertEq(poe.register{value: value}(key, l1Owner, MAX_MESSAGE_FEE), index, "the next index");
            return;
        }
        bytes32 identity = poe.identityOf(index);
        vm.prank(user);
        poe.deposit{value: value}(index, identity, MAX_MESSAGE_FEE);
    }

    /// @dev The claim of one of the fixture's two beneficiaries, and its proof.
    function settlement(uint256 which) internal view returns (IProving.Claim memory claim, bytes memory proof) {
        string memory at = string.concat(".claims[", vm.toString(which), "]");
        claim = claimFor(
            0,
            LAST,
            json.readAddress(string.concat(at, ".beneficiary")),
            json.readBytes32(".newStateRoot"),
            json.readBytes32(".newExitAcc")
        );
        proof = json.readBytes(string.concat(at, ".proof"));
    }
}
