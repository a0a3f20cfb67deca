// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Vm.sol";

import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {IStateMachine} from "../../contracts/interfaces/IStateMachine.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {VerifierRouter} from "../../contracts/router/VerifierRouter.sol";
import {FeeConfig} from "../../contracts/types/FeeParameters.sol";
import {ListedStateMachine} from "../invariant/stores/ListedStateMachine.sol";
import {TestToken} from "../utils/TestToken.sol";

/// @notice Takes every proof: what a statement says is not the matter of symbolic tests.
contract CredulousVerifier is IVerifier {
    uint16 public constant slotCapacity = 2;
    uint8 public constant messageCapacity = 2;
    uint8 public constant exitCapacity = 2;
    bytes32 public constant circuitHash = keccak256("CredulousVerifier");
    bool public constant insecureSetup = true;

    function verify(uint256[2] calldata, bytes calldata) external pure {}
}

/// @notice The contracts themselves, not copies of their formulas, deployed from the artifacts of the symbolic build.
abstract contract SymbolicDeployment {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint40 internal constant EXIT_DELAY = 7 days;
    uint256 internal constant START = 1_800_000_000;

    /// @dev Storage of the core (`forge inspect ProofOfEfficiency storage-layout`); the tests that use it read it
    /// back through the views.
    bytes32 internal constant SEQUENCED_SLOT = bytes32(uint256(2));
    bytes32 internal constant HEAD_SLOT = bytes32(uint256(3));
    bytes32 internal constant SETTLEMENT_SLOT = bytes32(uint256(4));
    bytes32 internal constant HALT_SLOT = bytes32(uint256(9));

    /// @dev Where the stand-in for SHA-256 lives: an address that, like that of the precompile, one byte can push.
    address internal constant HASH = address(0x77);

    /// @dev Halmos does not model SHA-256. Nothing here depends on which collision-resistant hash it is, so the code
    /// deployed calls a contract that answers with
    /// Keccak-256 instead.
    function deployArtifact(string memory path, bytes memory arguments) internal returns (address deployed) {
        // CALLDATASIZE 0 0 CALLDATACOPY, KECCAK256(0, CALLDATASIZE), MSTORE at 0, RETURN 32 bytes.
        vm.etch(HASH, hex"365f5f37365f205f5260205ff3");
        bytes memory code = bytes.concat(vm.getCode(path), arguments);
        uint256 replaced;
        assembly ("memory-safe") {
            let end := sub(add(add(code, 32), mload(code)), 4)
            for { let at := add(code, 32) } lt(at, end) { at := add(at, 1) } {
                // PUSH1 2, GAS, STATICCALL
                if eq(shr(224, mload(at)), 0x60025afa) {
                    mstore8(add(at, 1), 0x77)
                    replaced := add(replaced, 1)
                }
            }
            deployed := create(0, add(code, 32), mload(code))
        }
        require(replaced != 0 && deployed != address(0), "deployment failed");
    }

    function deployCore(TestToken token) internal returns (IProofOfEfficiency) {
        vm.warp(START);
        CredulousVerifier verifier = new CredulousVerifier();
        IProofOfEfficiency.Configuration memory config = IProofOfEfficiency.Configuration({
            owner: address(this),
            feeToken: IERC20(address(token)),
            router: new VerifierRouter(address(this), 14 days, verifier, true),
            stateMachine: IStateMachine(address(new ListedStateMachine())),
            maxPendingBatches: 256,
            batchProvingSeconds: 60,
            exitDelay: EXIT_DELAY,
            escapeDelay: 90 days,
            messageFeeGwei: 10_000,
            messageFeeDepth: 16,
            feeCeiling: 1_000 ether,
            fee: FeeConfig(1e7, 10e12, 8e12, 2e9, 666_666_667, 200_000_000, 30 minutes)
        });
        return IProofOfEfficiency(
            deployArtifact("target/halmos/out/ProofOfEfficiency.sol/ProofOfEfficiency.json", abi.encode(config))
        );
    }
}
