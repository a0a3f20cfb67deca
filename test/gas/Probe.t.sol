// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;
import {Test, console2} from "forge-std/Test.sol";
import {IProofOfEfficiency} from "../../contracts/interfaces/IProofOfEfficiency.sol";
import {IStateMachine} from "../../contracts/interfaces/IStateMachine.sol";
import {ISequencing} from "../../contracts/interfaces/ISequencing.sol";
import {IProving} from "../../contracts/interfaces/IProving.sol";
import {IVerifierRouter} from "../../contracts/interfaces/IVerifierRouter.sol";
import {VerifierRouter} from "../../contracts/router/VerifierRouter.sol";
import {MockVerifier} from "../mocks/MockVerifier.sol";
import {FeeConfig} from "../../contracts/types/FeeParameters.sol";
import {Checkpoint, CheckpointOpening, Sequence} from "../../contracts/types/Commitments.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {Statement} from "../../contracts/libraries/Statement.sol";
import {Head, Sequenced} from "../../contracts/types/Slots.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
contract T is ERC20("t","t") { constructor(){ _mint(msg.sender, 1e30);} }
contract SM is IStateMachine {
    function genesisRoot() external pure returns (bytes32){ return bytes32(uint256(7)<<128|uint256(9)); }
    function requireValidKey(bytes calldata publicKey) external pure{}
    function requireCanonicalRoot(bytes32 stateRoot) external pure{}
    function requireState(bytes32 stateRoot, bytes32 accountsRoot, bytes32 messageAcc) external pure{}
    function requireAccount(bytes32 accountsRoot, uint32 index, IStateMachine.Account calldata account, bytes32[32] calldata siblings) external pure{}
}
contract ProbeTest is Test {
    using Commitments for *;
    IProofOfEfficiency poe; T t; address alice = makeAddr("alice");
    function setUp() public {
        t = new T();
        IProofOfEfficiency.Configuration memory c;
        c.owner = address(this); c.feeToken = t; 
        c.router = new VerifierRouter(address(this), 30 days, new MockVerifier(90,4,8), true);
        c.stateMachine = new SM();
        c.maxPendingBatches = 256; c.batchProvingSeconds = 60; c.exitDelay = 7 days; c.escapeDelay = 90 days;
        c.messageFeeGwei = 1000; c.messageFeeDepth = 16; c.feeCeiling = 1e24;
        c.fee = FeeConfig(1e6, 20e12, 10e12, 2e9, 1e7, 1e8, 1800);
        poe = IProofOfEfficiency(deployCode("ProofOfEfficiency.sol:ProofOfEfficiency", abi.encode(c)));
        t.approve(address(poe), type(uint256).max);
        poe.depositFees(alice, 1e24);
        poe.register{value: 1 ether}(new bytes(80), alice, 1e6);
        vm.warp(block.timestamp + 100);
    }
    Sequence[] seqs; 
    function _seq(uint n) internal returns (uint40 k) {
        bytes[] memory b = new bytes[](n);
        for (uint i; i<n; i++) { b[i] = new bytes(96); for (uint j;j<96;j++) b[i][j]=0x11; }
        Sequenced memory h = poe.sequenced(); Sequenced memory m0 = h;
        ISequencing.Limits memory l;
        l.maxFee = 1e24; l.deadline = block.timestamp; l.anchor = h.lastSequence; l.anchorAcc = poe.lastAcc(); l.anchorRest = keccak256("x");
        vm.prank(alice, alice);
        k = poe.sequenceBatches(b, 1, l);
        Sequenced memory m = poe.sequenced(); h=m;
        seqs.push(Sequence(poe.lastAcc(), m.cumulativeFee, m.cumulativeFee-m0.cumulativeFee, h.cumulativeBatches, 1, alice));
    }
    function test_gas() external {
        uint40 k = _seq(1);
        vm.warp(block.timestamp+12);
        k = _seq(1);
        console2.log("seq1 exec", vm.lastCallGas().gasTotalUsed);
        vm.warp(block.timestamp+12);
        k = _seq(2);
        vm.warp(block.timestamp+12);
        k = _seq(1);
    }
}
// x
