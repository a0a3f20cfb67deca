// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {CheckpointOpening} from "../types/Commitments.sol";
import {FeeConfig, FeeParameters} from "../types/FeeParameters.sol";
import {Halt, Head, Sequenced, Settlement} from "../types/Slots.sol";
import {IEmergency} from "./IEmergency.sol";
import {IEscape} from "./IEscape.sol";
import {IExitVault} from "./IExitVault.sol";
import {IFeeLedger} from "./IFeeLedger.sol";
import {IMessages} from "./IMessages.sol";
import {IProving} from "./IProving.sol";
import {ISequencing} from "./ISequencing.sol";
import {IStateMachine} from "./IStateMachine.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";

/// @title IProofOfEfficiency
/// @notice Proof of Efficiency: anyone sequences, anyone proves, the first valid proof wins.
/// @dev Normative text: docs/spec/l1.md. One interface for each concern; this one adds what all share.
interface IProofOfEfficiency is ISequencing, IProving, IFeeLedger, IMessages, IEmergency, IEscape {
    /// @notice What is fixed at deployment.
    /// @param owner Holder of the few powers of `IEmergency`: a timelock.
    /// @param feeToken Token of batch fees, 18 decimals expected, not rebasing.
    /// @param router Routes to verifiers; route 1 is used from the start.
    /// @param stateMachine The L2's own rules: keys, accounts, roots.
    /// @param maxPendingBatches Most batches that may wait for a proof.
    /// @param batchProvingSeconds Seconds the reference prover needs for one batch; the delays below are checked
    /// against it.
    /// @param exitDelay Seconds from a checkpoint to the payment of its exits.
    /// @param escapeDelay Seconds without progress after which anyone may close the chain.
    /// @param messageFeeGwei Fee of an L1 message when none is waiting, in gwei.
    /// @param messageFeeDepth Waiting messages at which that fee has doubled.
    /// @param feeCeiling Bound no parameter change may lift the highest batch price above, in token wei.
    /// @param fee Parameters of the batch fee.
    struct Configuration {
        address owner;
        IERC20 feeToken;
        IVerifierRouter router;
        IStateMachine stateMachine;
        uint24 maxPendingBatches;
        uint40 batchProvingSeconds;
        uint40 exitDelay;
        uint40 escapeDelay;
        uint64 messageFeeGwei;
        uint32 messageFeeDepth;
        uint256 feeCeiling;
        FeeConfig fee;
    }

    /// @notice The checkpoint matures at `maturesAt`; type(uint256).max while the chain is halted.
    error NotMatured(uint40 checkpoint, uint256 maturesAt);
    /// @notice At least one batch must be allowed to wait, and proving takes time.
    error InvalidBacklog(uint256 maxPendingBatches, uint256 batchProvingSeconds);
    /// @notice Exits must wait at least twice as long as the reference prover needs for a full backlog, so that a
    /// conflicting proof can be made in time.
    error ExitDelayTooShort(uint256 exitDelay, uint256 minimum);
    /// @notice A new route must wait longer than it takes to leave before it: a forced exit, its proof and its exit
    /// delay.
    error RouteDelayTooShort(uint256 routeDelay, uint256 minimum);
    /// @notice Closing the chain must leave time to install a new route first, and must not be out of reach.
    error EscapeDelayOutOfRange(uint256 escapeDelay, uint256 minimum, uint256 maximum);
    /// @notice If one batch takes longer to prove than the target allows, every proof is late.
    error TargetTooShort(uint256 targetSeconds, uint256 batchProvingSeconds);
    /// @notice A message must cost something, at most 1e8 gwei when none waits, and its fee must rise with the queue.
    error InvalidMessageFee(uint256 messageFeeGwei, uint256 messageFeeDepth);

    /// @notice Routes to verifiers.
    function router() external view returns (IVerifierRouter);

    /// @notice The L2's own rules.
    function stateMachine() external view returns (IStateMachine);

    /// @notice Holds all ether of the L2 and pays its exits.
    function exitVault() external view returns (IExitVault);

    /// @notice Separates this deployment from all others in statements and signatures (FMT-5).
    function domain() external view returns (bytes32);

    /// @notice Most batches that may wait for a proof.
    function maxPendingBatches() external view returns (uint24);

    /// @notice Seconds from a checkpoint to the payment of its exits.
    function exitDelay() external view returns (uint40);

    /// @notice Seconds without progress after which anyone may close the chain.
    function escapeDelay() external view returns (uint40);

    /// @notice Bound of the highest batch price under any parameters, in token wei.
    function feeCeiling() external view returns (uint256);

    /// @notice The far end of the queue: what has been sequenced, and the price.
    function sequenced() external view returns (Sequenced memory);

    /// @notice The near end of the queue: what has been verified, and what new sequences obey.
    function head() external view returns (Head memory);

    /// @notice What proving has settled.
    function settlement() external view returns (Settlement memory);

    /// @notice What halts have left behind.
    function halt() external view returns (Halt memory);

    /// @notice The parameters of the batch fee, packed.
    function feeParameters() external view returns (FeeParameters);

    /// @notice Accumulator of the newest sequence.
    function lastAcc() external view returns (bytes32);

    /// @notice The word of a sequence or checkpoint (FMT-16, FMT-17); zero if there is none, or its fee was refunded.
    /// @param sequence Number of the sequence, which a checkpoint shares with the last sequence it covers.
    function commitmentOf(uint40 sequence) external view returns (bytes32);

    /// @notice First sequence pinned to `version`; 0 if it was never activated.
    /// @param version Number of a route.
    function firstSequenceOf(uint16 version) external view returns (uint40);

    /// @notice Returns if `opening` opens `checkpoint` and nothing can undo it any more; reverts otherwise.
    /// @param checkpoint Number of the checkpoint.
    /// @param opening Its accumulator, roots and tail.
    function requireMatured(uint40 checkpoint, CheckpointOpening calldata opening) external view;
}
