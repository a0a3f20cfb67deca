// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IExitVault} from "../../contracts/interfaces/IExitVault.sol";
import {CheckpointOpening} from "../../contracts/types/Commitments.sol";
import {SymbolicDeployment} from "./SymbolicDeployment.sol";

/// @notice The bookkeeping of claims in the exit vault, for all amounts (halmos). This contract is the core of the vault; every checkpoint is mature.
contract ExitVaultSymbolic is SymbolicDeployment {
    IExitVault private _vault;

    function setUp() public {
        _vault = IExitVault(deployArtifact("target/halmos/out/ExitVault.sol/ExitVault.json", ""));
    }

    function requireMatured(uint40, CheckpointOpening calldata) external pure {}

    /// @dev Two claims of a link of two records, for every pair of masks and all amounts: no record is paid twice, none
    /// that was not named, and a claim that names a paid one, or one that does not exist, does nothing at all.
    /// @custom:req R18
    function check_ARecordIsPaidOnce(uint64 first, uint64 second) external {
        for (uint256 mask = 0; mask <= 4; ++mask) {
            for (uint256 again = 0; again <= 4; ++again) {
                _claimTwice(address(uint160(0x1000 + 8 * mask + again)), first, second, mask, again);
            }
        }
    }

    function _claimTwice(address owner, uint64 first, uint64 second, uint256 mask, uint256 again) private {
        bytes memory records = abi.encodePacked(owner, uint32(1), first, owner, uint32(2), second);
        bytes32 exitAcc = _stepExits(records);

        bool claimed = _claim(exitAcc, records, mask);
        assert(claimed == (mask < 4));
        uint256 paid = claimed ? mask : 0;
        bool claimedAgain = _claim(exitAcc, records, again);
        assert(claimedAgain == (again < 4 && again & paid == 0));
        if (claimedAgain) paid |= again;

        (, uint256 state) = _vault.exitStateOf(exitAcc);
        assert(state == paid);
        uint256 due = (paid & 1 != 0 ? uint256(first) : 0) + (paid & 2 != 0 ? uint256(second) : 0);
        assert(_vault.etherBalanceOf(owner) == due * 1 gwei);
    }

    /// @dev Nobody but the owner of a balance moves it, and not more than there is.
    /// @custom:req R30
    function check_OnlyTheOwnerWithdraws(bool byOwner, uint64 amountGwei, uint256 amount) external {
        address owner = address(0xA11CE);
        address payable recipient = payable(address(0xB0B));
        bytes memory records = abi.encodePacked(owner, uint32(1), amountGwei);
        _claim(_stepExits(records), records, 1);
        vm.deal(address(_vault), type(uint128).max);
        uint256 balance = uint256(amountGwei) * 1 gwei;

        vm.prank(byOwner ? owner : recipient);
        (bool ok,) = address(_vault).call(abi.encodeCall(_vault.withdrawEther, (recipient, amount)));
        assert(ok == (byOwner && amount != 0 && amount <= balance));
        assert(_vault.etherBalanceOf(owner) == balance - (ok ? amount : 0));
        assert(recipient.balance == (ok ? amount : 0));
    }

    /// @dev One link from the empty chain, under the hash that stands in for SHA-256.
    function _stepExits(bytes memory records) private pure returns (bytes32) {
        return keccak256(bytes.concat(bytes32(0), records));
    }

    function _claim(bytes32 exitAcc, bytes memory records, uint256 mask) private returns (bool ok) {
        IExitVault.ExitLink[] memory walk = new IExitVault.ExitLink[](1);
        walk[0] = IExitVault.ExitLink(0, records, mask);
        CheckpointOpening memory opening = CheckpointOpening(0, 0, exitAcc, 0);
        (ok,) = address(_vault).call(abi.encodeCall(_vault.claimExits, (1, opening, walk)));
    }
}
