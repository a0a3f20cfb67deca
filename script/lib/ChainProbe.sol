// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {Refusals} from "./Refusals.sol";

/// @title ChainProbe
/// @notice Asks the chain itself, by `eth_call`, whether it has what the contracts use. A script runs in forge's own EVM, which has every precompile whatever the
/// chain has: a call from Solidity would prove nothing. Where no chain is connected (tests) the EVM at hand answers.
library ChainProbe {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Stores 1 transiently, loads it, copies it with MCOPY, returns it: EIP-1153, EIP-5656 and EIP-3855 in 16 bytes.
    bytes internal constant CANCUN_PROBE = hex"60015f5d5f5c5f5260205f5f5e60205ff3";

    /// @dev The generators of BN254 (EIP-197): P1 = (1, 2) and P2, imaginary parts first.
    bytes private constant P1 =
        hex"00000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000000000002";
    bytes private constant NEGATIVE_P1 =
        hex"000000000000000000000000000000000000000000000000000000000000000130644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45";
    bytes private constant P2 =
        hex"198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";
    /// @dev 2 P1, as in the tests of EIP-196.
    bytes private constant DOUBLE_P1 =
        hex"030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd315ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4";

    /// @notice Reverts unless the chain has SHA-256, MODEXP, the three BN254 precompiles and the instructions of Cancun.
    function requireComplete() internal {
        // FIPS 180-4, the example "abc".
        _require(
            "precompile 0x02, SHA-256: the example of FIPS 180-4",
            address(2),
            "abc",
            hex"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        // EIP-198, the first example: 3 ^ (p - 1) mod p with p = 2^256 - 2^32 - 977.
        _require(
            "precompile 0x05, MODEXP: the first example of EIP-198",
            address(5),
            abi.encodePacked(
                uint256(1),
                uint256(32),
                uint256(32),
                uint8(3),
                hex"fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e",
                hex"fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"
            ),
            abi.encode(1)
        );
        _require("precompile 0x06, BN254 addition: P1 + P1", address(6), abi.encodePacked(P1, P1), DOUBLE_P1);
        _require("precompile 0x07, BN254 multiplication: 2 P1", address(7), abi.encodePacked(P1, uint256(2)), DOUBLE_P1);
        _require(
            "precompile 0x08, BN254 pairing: e(P1, P2) e(-P1, P2) = 1",
            address(8),
            abi.encodePacked(P1, P2, NEGATIVE_P1, P2),
            abi.encode(1)
        );
        _require(
            "precompile 0x08, BN254 pairing: e(P1, P2) is not 1", address(8), abi.encodePacked(P1, P2), abi.encode(0)
        );
        bytes memory given = _create(CANCUN_PROBE);
        if (keccak256(given) != keccak256(abi.encode(1))) {
            revert Refusals.ChainLacks("Cancun: TSTORE, TLOAD, MCOPY, PUSH0", given, abi.encode(1));
        }
    }

    /// @notice Whether the script is connected to a chain.
    function connected() internal view returns (bool) {
        try VM.activeFork() returns (uint256) {
            return true;
        } catch {
            return false;
        }
    }

    /// @notice Whether the chain has code at `account`. In a script `account.code` is what forge's EVM has, and that has a CREATE2 deployer everywhere.
    function hasCode(address account) internal returns (bool) {
        if (!connected()) return account.code.length != 0;
        return VM.rpc("eth_getCode", string.concat("[\"", VM.toString(account), "\",\"latest\"]")).length != 0;
    }

    function _require(string memory what, address precompile, bytes memory input, bytes memory expected) private {
        bytes memory given = _call(precompile, input);
        if (keccak256(given) != keccak256(expected)) revert Refusals.ChainLacks(what, given, expected);
    }

    function _call(address to, bytes memory input) private returns (bytes memory output) {
        if (!connected()) {
            bool accepted;
            (accepted, output) = to.staticcall(input);
            return accepted ? output : bytes("");
        }
        return _rpc(string.concat("\"to\":\"", VM.toString(to), "\",\"data\":\"", VM.toString(input), "\""));
    }

    function _create(bytes memory initCode) private returns (bytes memory code) {
        if (connected()) return _rpc(string.concat("\"data\":\"", VM.toString(initCode), "\""));
        address made;
        assembly ("memory-safe") {
            made := create(0, add(initCode, 32), mload(initCode))
        }
        return made.code;
    }

    /// @dev A node that reports an error has no answer.
    function _rpc(string memory call) private returns (bytes memory) {
        try VM.rpc("eth_call", string.concat("[{", call, "},\"latest\"]")) returns (bytes memory output) {
            return output;
        } catch {
            return "";
        }
    }
}
