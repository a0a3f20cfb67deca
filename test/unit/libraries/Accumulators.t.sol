// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Accumulators} from "../../../contracts/libraries/Accumulators.sol";
import {FormatVectors} from "./FormatVectors.sol";

/// @custom:req R15, R46
contract AccumulatorsTest is FormatVectors {
    uint256 private constant SLOT = 96;
    address private constant SHA256_PRECOMPILE = address(2);

    /// @dev External, so that the batch is calldata; the last argument is what follows it.
    function dataHash(bytes calldata batch, uint256 capacity, bytes calldata) external view returns (bytes32) {
        return Accumulators.dataHash(batch, Accumulators.newDataBuffer(capacity));
    }

    function dataHashes(bytes calldata first, bytes calldata second, uint256 capacity)
        external
        view
        returns (bytes32, bytes32)
    {
        bytes memory buffer = Accumulators.newDataBuffer(capacity);
        return (Accumulators.dataHash(first, buffer), Accumulators.dataHash(second, buffer));
    }

    /// @dev The hash, and what lies behind the buffer in memory afterwards.
    function dataHashBefore(bytes calldata batch, uint256 capacity, bytes memory what)
        external
        view
        returns (bytes32 hash, bytes memory behind)
    {
        bytes memory buffer = Accumulators.newDataBuffer(capacity);
        behind = bytes.concat(what);
        hash = Accumulators.dataHash(batch, buffer);
    }

    function _padded(bytes memory batch, uint256 capacity) private pure returns (bytes32) {
        return sha256(bytes.concat(batch, new bytes(capacity * SLOT - batch.length)));
    }

    function _filled(uint256 slotCount, bytes1 value) private pure returns (bytes memory batch) {
        batch = new bytes(slotCount * SLOT);
        for (uint256 i = 0; i < batch.length; ++i) {
            batch[i] = value;
        }
    }

    /* DATA */

    function testFuzz_DataHash_WhenTheBatchIsShorterThanTheCapacity(uint256 capacity, uint256 slotCount, bytes1 value)
        external
        view
    {
        capacity = bound(capacity, 1, 20);
        bytes memory batch = _filled(bound(slotCount, 0, capacity - 1), value);
        assertEq(this.dataHash(batch, capacity, ""), _padded(batch, capacity));
    }

    function test_DataHash_WhenTheBatchIsShorterThanTheCapacity() external view {
        assertEq(this.dataHash("", 3, ""), sha256(new bytes(3 * SLOT)));
        assertEq(this.dataHash(_filled(2, 0xff), 3, ""), _padded(_filled(2, 0xff), 3));
    }

    function test_DataHash_WhenTheBatchFillsTheCapacity() external view {
        assertEq(this.dataHash(_filled(3, 0xff), 3, ""), sha256(_filled(3, 0xff)));
        assertEq(this.dataHash("", 0, ""), sha256(""));
    }

    function testFuzz_DataHash_WritesNothingBehindItsBuffer(uint256 capacity, uint256 slotCount) external view {
        capacity = bound(capacity, 0, 8);
        bytes memory batch = _filled(bound(slotCount, 0, capacity), 0xab);
        bytes memory what = _filled(20, 0xcd);
        (bytes32 hash, bytes memory behind) = this.dataHashBefore(batch, capacity, what);
        assertEq(hash, _padded(batch, capacity));
        assertEq(behind, what);
    }

    function testFuzz_DataHash_WhenTheBufferHoldsAnEarlierBatch(uint256 first, uint256 second) external view {
        bytes memory earlier = _filled(bound(first, 0, 8), 0xab);
        bytes memory later = _filled(bound(second, 0, 8), 0xcd);
        (bytes32 a, bytes32 b) = this.dataHashes(earlier, later, 8);
        assertEq(a, _padded(earlier, 8));
        assertEq(b, _padded(later, 8));
    }

    function test_DataHash_WhenTheBufferHoldsAnEarlierBatch() external view {
        (, bytes32 hash) = this.dataHashes(_filled(8, 0xff), "", 8);
        assertEq(hash, sha256(new bytes(8 * SLOT)));
    }

    function test_DataHash_RevertWhen_TheHashPrecompileIsMissing() external {
        vm.mockCallRevert(SHA256_PRECOMPILE, bytes(""), "");
        vm.expectRevert(Accumulators.Sha256Unavailable.selector);
        this.dataHash("", 1, "");
    }

    /// @dev An address without code succeeds and returns nothing: what stood in memory must not pass for a hash.
    function test_DataHash_RevertWhen_TheHashPrecompileAnswersWithLessThanAWord() external {
        vm.mockCall(SHA256_PRECOMPILE, bytes(""), "");
        vm.expectRevert(Accumulators.Sha256Unavailable.selector);
        this.dataHash("", 1, "");
        vm.mockCall(SHA256_PRECOMPILE, bytes(""), new bytes(31));
        vm.expectRevert(Accumulators.Sha256Unavailable.selector);
        this.dataHash("", 1, "");
    }

    function testFuzz_DataHash_WhenTheBatchIsFollowedByOtherCalldata(bytes calldata tail) external view {
        assertEq(this.dataHash(_filled(1, 0x11), 2, tail), _padded(_filled(1, 0x11), 2));
    }

    function test_DataHash_WhenTheBatchIsFollowedByOtherCalldata() external view {
        assertEq(this.dataHash(_filled(1, 0x11), 2, _filled(4, 0xff)), _padded(_filled(1, 0x11), 2));
    }

    function test_DataHash_WhenTheSharedVectorsAreHashed() external view {
        string memory json = vectors("batches");
        for (uint256 i = 0; i < casesOf(json); ++i) {
            bytes32 hash = this.dataHash(bytesOf(json, i, "data"), uintOf(json, i, "capacity"), "");
            assertEq(hash, bytes32Of(json, i, "dataHash"));
        }
    }

    /* STEP */

    function test_Step_WhenTheSharedVectorsAreStepped() external view {
        string memory json = vectors("accs");
        for (uint256 i = 0; i < casesOf(json); ++i) {
            bytes32 acc = Accumulators.step(
                bytes32Of(json, i, "acc"),
                uint32(uintOf(json, i, "version")),
                bytes32Of(json, i, "dataHash"),
                bytes32Of(json, i, "messages"),
                uint32(uintOf(json, i, "feeRecipient"))
            );
            // The kinds kept free for later never lead to the accumulator of full slots.
            if (uintOf(json, i, "kind") == Accumulators.KIND_SLOTS) assertEq(acc, bytes32Of(json, i, "newAcc"));
            else assertNotEq(acc, bytes32Of(json, i, "newAcc"));
        }
    }

    function testFuzz_Step_WhenAnyFieldDiffers(
        bytes32 acc,
        uint32 version,
        bytes32 data,
        bytes32 messages,
        uint32 recipient,
        uint256 which,
        uint256 bit
    ) external pure {
        bytes32 hash = Accumulators.step(acc, version, data, messages, recipient);
        which = bound(which, 0, 4);
        bit = bound(bit, 0, 255);
        bytes32 flip = bytes32(1 << bit);
        uint32 smallFlip = uint32(1 << (bit % 32));
        if (which == 0) acc ^= flip;
        else if (which == 1) version ^= smallFlip;
        else if (which == 2) data ^= flip;
        else if (which == 3) messages ^= flip;
        else recipient ^= smallFlip;
        assertNotEq(Accumulators.step(acc, version, data, messages, recipient), hash);
    }

    function test_Step_WhenAnyFieldDiffers() external pure {
        // Neighbouring fields do not run into each other.
        assertNotEq(Accumulators.step(0, 1, 0, 0, 0), Accumulators.step(0, 0, bytes32(uint256(1) << 255), 0, 0));
        assertNotEq(Accumulators.step(0, 0, 0, bytes32(uint256(1)), 0), Accumulators.step(0, 0, 0, 0, 1));
    }

    function test_Step_WhenAFieldIsAtItsMaximum() external pure {
        bytes memory preimage = bytes.concat(
            bytes32(type(uint256).max),
            hex"00000001",
            hex"ffffffff",
            bytes32(type(uint256).max),
            bytes32(type(uint256).max),
            hex"ffffffff"
        );
        assertEq(preimage.length, 108);
        bytes32 max = bytes32(type(uint256).max);
        assertEq(Accumulators.step(max, type(uint32).max, max, max, type(uint32).max), sha256(preimage));
    }

    /* DOMAIN AND GENESIS */

    /// @custom:req R3
    function test_Domain_WhenTheSharedVectorsAreHashed() external view {
        string memory json = vectors("domains");
        for (uint256 i = 0; i < casesOf(json); ++i) {
            uint256 chainId = uintOf(json, i, "chainId");
            address deployment = addressOf(json, i, "contract");
            assertEq(Accumulators.domain(chainId, deployment), bytes32Of(json, i, "domain"));
            assertEq(
                Accumulators.genesis(chainId, deployment, bytes32Of(json, i, "genesisRoot")),
                bytes32Of(json, i, "genesisAcc")
            );
        }
    }

    /* EXITS */

    function test_StepExits_WhenTheSharedVectorsAreStepped() external view {
        string memory json = vectors("exits");
        uint256 stepped = 0;
        for (uint256 i = 0; i < casesOf(json); ++i) {
            bytes memory records = bytesOf(json, i, "records");
            // A batch without exits leaves the accumulator.
            if (records.length == 0) continue;
            records = bytes.concat(records, new bytes(uintOf(json, i, "capacity") * 32 - records.length));
            assertEq(Accumulators.stepExits(bytes32Of(json, i, "exitAcc"), records), bytes32Of(json, i, "newExitAcc"));
            ++stepped;
        }
        assertGt(stepped, 0);
    }
}
