// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice Measures what the code behind one call costs: no intrinsic gas, no calldata floor, no price of the call
/// itself.
/// @dev Run it in a transaction of its own (`forge test --isolate`), so that storage is cold.
contract GasMeter {
    /// @dev An address without code: calling it costs what every call of a warm address costs, and nothing else.
    address private constant NOBODY = address(0xDEAD);

    /// @notice Gas that `target` uses on `data`, whether it reverts or not.
    function measure(address target, bytes memory data) external returns (bool ok, uint256 used) {
        // Reading a balance warms the address: a transaction's recipient is warm from the start.
        require(NOBODY.balance == 0 && NOBODY.code.length == 0 && target.code.length != 0, "GasMeter: wrong target");
        (, uint256 overhead) = _call(NOBODY, data);
        (ok, used) = _call(target, data);
        used -= overhead;
    }

    function _call(address target, bytes memory data) private returns (bool ok, uint256 used) {
        assembly ("memory-safe") {
            let before := gas()
            ok := call(gas(), target, 0, add(data, 32), mload(data), 0, 0)
            used := sub(before, gas())
        }
    }
}
