// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title PolygonBatchFee
/// @notice Model of the batch fee and the aggregator reward that Polygon's zkEVM contracts had from February 2023 (v1) to the
/// RollupManager, for comparison in tests only. Written from the published behaviour, not from the code.
/// @dev The fee moves only when a proof is accepted: `late` counts the proven batches posted the target ago or longer,
/// `early` the others, and the fee is multiplied, or divided, by (multiplier / 1000)^min(|late - early|, 12), within
/// [1 gwei, 1000 tokens]. The reward is an equal share of the pool for each pending batch, whatever it paid.
contract PolygonBatchFee {
    uint256 public constant MIN_FEE = 1 gwei;
    uint256 public constant MAX_FEE = 1000 ether;
    uint256 public constant MAX_EXPONENT = 12;
    uint256 public constant TARGET_SECONDS = 30 minutes;

    struct Sequence {
        uint256 lastBatch;
        uint256 timestamp;
    }

    /// @notice Fee of the next batch, in wei.
    uint256 public batchFee = 0.1 ether;
    /// @notice Thousandths, 1000 to 1023.
    uint256 public immutable multiplier;
    /// @notice Deposits not paid out yet, in wei.
    uint256 public pool;
    uint256 public lastBatchSequenced;
    uint256 public lastBatchVerified;
    /// @notice Sequences the last proof walked over to find the late ones: its cost grows with this number.
    uint256 public walked;
    Sequence[] private _sequences;
    uint256 private _sequencesVerified;

    constructor(uint256 multiplier_) {
        multiplier = multiplier_;
    }

    function setBatchFee(uint256 fee) external {
        batchFee = fee;
    }

    function sequence(uint256 batches) external returns (uint256 paid) {
        paid = batches * batchFee;
        pool += paid;
        lastBatchSequenced += batches;
        _sequences.push(Sequence({lastBatch: lastBatchSequenced, timestamp: block.timestamp}));
    }

    /// @notice Accepts a proof of the next `count` sequences.
    function verify(uint256 count) external returns (uint256 reward) {
        uint256 end = _sequencesVerified + count;
        uint256 lastBatch = _sequences[end - 1].lastBatch;

        _updateFee(end);
        reward = pool / (lastBatchSequenced - lastBatchVerified) * (lastBatch - lastBatchVerified);
        pool -= reward;
        lastBatchVerified = lastBatch;
        _sequencesVerified = end;
    }

    /// @dev Walks from the newest proven sequence back to the first late one; everything older is late too.
    function _updateFee(uint256 end) private {
        uint256 newest = _sequences[end - 1].lastBatch;
        uint256 lastLateBatch = lastBatchVerified;
        walked = 0;
        for (uint256 i = end; i > _sequencesVerified; --i) {
            ++walked;
            if (block.timestamp - _sequences[i - 1].timestamp >= TARGET_SECONDS) {
                lastLateBatch = _sequences[i - 1].lastBatch;
                break;
            }
        }
        move(lastLateBatch - lastBatchVerified, newest - lastLateBatch);
    }

    /// @notice One fee update for `late` and `early` batches.
    function move(uint256 late, uint256 early) public {
        uint256 difference = late > early ? late - early : early - late;
        uint256 exponent = difference < MAX_EXPONENT ? difference : MAX_EXPONENT;
        uint256 up = multiplier ** exponent;
        uint256 base = 1000 ** exponent;

        uint256 fee = late > early ? batchFee * up / base : 1e18 * batchFee / (1e18 * up / base);
        batchFee = fee < MIN_FEE ? MIN_FEE : fee > MAX_FEE ? MAX_FEE : fee;
    }
}
