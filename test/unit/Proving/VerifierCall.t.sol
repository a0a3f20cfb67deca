// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IProving} from "../../../contracts/interfaces/IProving.sol";
import {
    CostlyVerifier,
    GasReportingVerifier,
    ReadingVerifier,
    ReenteringVerifier,
    WritingVerifier
} from "../../mocks/HostileVerifiers.sol";
import {ProvingTest} from "../../utils/ProvingTest.sol";

/// @notice How the core calls a verifier: statically, with all gas there is, after every cheaper check and before every write.
contract VerifierCallTest is ProvingTest {
    /// @dev Ceiling of a late proof's execution, everything cold, beyond the transaction's own costs.
    uint256 private constant LATE_PROOF_GAS = 6_000;

    function setUp() public override {
        super.setUp();
        sequence(2);
        sequence(2);
    }

    function replaceVerifier(address code) private {
        vm.etch(address(verifier), code.code);
    }

    /* GAS */

    /// @custom:req R5
    function test_ALateProofIsCheap() external {
        prove(1, 3);
        IProving.Claim memory claim = claimOf(1, 3);
        bytes memory call = abi.encodeCall(IProving.verifyBatches, (1, 3, claim, proofOf(1, claim)));
        forbidVerifier();
        (bool ok, uint256 used) = _measure(call);
        assertFalse(ok);
        assertLe(used, LATE_PROOF_GAS);
        refuse(1, 3, claim, "", abi.encodeWithSelector(IProving.LateProof.selector, 3, 3));
    }

    /// @dev Calls the core from a buffer that is in memory already, with nothing of it warm.
    function _measure(bytes memory data) private returns (bool ok, uint256 used) {
        address core = address(poe);
        vm.cool(core);
        assembly ("memory-safe") {
            used := gas()
            ok := call(gas(), core, 0, add(data, 32), mload(data), 0, 0)
            used := sub(used, gas())
        }
    }

    /// @dev The length of the proof does not count: nothing of it is read.
    /// @custom:req R5
    function testFuzz_ALateProofIsCheapWhateverItHolds(uint16 length) external {
        prove(1, 3);
        IProving.Claim memory claim;
        bytes memory call = abi.encodeCall(IProving.verifyBatches, (1, 3, claim, new bytes(length)));
        (bool ok, uint256 used) = _measure(call);
        assertFalse(ok);
        assertLe(used, LATE_PROOF_GAS);
    }

    /// @dev However much gas comes in, the verifier gets all but a 64th and what the core has used before: no number in the core bounds it.
    /// @custom:req V25
    function testFuzz_TheVerifierGetsAllGasThereIs(uint256 supplied) external {
        supplied = bound(supplied, 500_000, 900_000_000);
        replaceVerifier(address(new GasReportingVerifier()));
        IProving.Claim memory claim = claimOf(1, 3);
        bytes memory proof = proofOf(1, claim);
        try poe.verifyBatches{gas: supplied}(1, 3, claim, proof) {
            fail();
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), GasReportingVerifier.GasGiven.selector);
            uint256 given;
            assembly ("memory-safe") {
                given := mload(add(reason, 36))
            }
            assertGe(given, (supplied - 100_000) * 63 / 64);
        }
    }

    /// @dev A verifier whose price rises to twenty million gas still verifies.
    /// @custom:req V25
    function test_ACostlyVerifierStillVerifies() external {
        replaceVerifier(address(new CostlyVerifier()));
        poe.verifyBatches(1, 3, claimOf(1, 3), "");
        assertEq(poe.head().lastVerified, 3);
    }

    /* RE-ENTRANCY */

    /// @custom:req R4
    function test_AVerifierCannotWrite() external {
        replaceVerifier(address(new WritingVerifier()));
        IProving.Claim memory claim = claimOf(1, 3);
        vm.expectRevert();
        poe.verifyBatches{gas: 5_000_000}(1, 3, claim, "");
        assertEq(poe.head().lastVerified, 1);
    }

    /// @dev Not even by a call of the very proof it is asked about, of another one, or of what moves money.
    /// @custom:req R4
    /// @custom:req R32
    function test_AVerifierCannotReenter() external {
        replaceVerifier(address(new ReenteringVerifier()));
        IProving.Claim memory inner = claimOf(1, 2);
        bytes[4] memory calls = [
            abi.encodeCall(poe.verifyBatches, (1, 2, inner, abi.encodeCall(poe.head, ()))),
            abi.encodeCall(poe.verifyBatches, (1, 3, claimOf(1, 3), abi.encodeCall(poe.head, ()))),
            abi.encodeCall(poe.depositFees, (stranger, 1)),
            abi.encodeCall(poe.announce, ("https://example.org"))
        ];
        IProving.Claim memory claim = claimOf(1, 3);
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert();
            poe.verifyBatches{gas: 50_000_000}(1, 3, claim, calls[i]);
        }
        // A call that writes nothing goes through: it is the static call that stops the others.
        poe.verifyBatches(1, 3, claim, abi.encodeCall(poe.head, ()));
        assertEq(poe.head().lastVerified, 3);
    }

    /// @dev What a verifier could read back from the core is the state before the proof.
    /// @custom:req R4
    function test_NothingIsWrittenBeforeTheVerifierHasReturned() external {
        replaceVerifier(address(new ReadingVerifier()));
        poe.verifyBatches(1, 3, claimOf(1, 3), "");
        assertEq(poe.head().lastVerified, 3);
    }
}
