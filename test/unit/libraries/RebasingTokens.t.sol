// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

import {IFeeLedger} from "../../../contracts/interfaces/IFeeLedger.sol";
import {RebasingTokens} from "../../../contracts/libraries/RebasingTokens.sol";
import {TestToken} from "../../utils/TestToken.sol";
import {NoReturnToken} from "../../utils/weird-tokens/NoReturnToken.sol";
import {RebasingMarkerToken} from "../../utils/weird-tokens/RebasingMarkerToken.sol";

/// @custom:req R32
contract RebasingTokensTest is Test {
    function refuse(address token) external view {
        RebasingTokens.refuse(token);
    }

    /// @dev The selectors as the tokens' own interfaces have them: stETH, aTokens (two views), AMPL forks and sOHM,
    /// OUSD.
    function test_Refuse_RevertWhen_TheTokenShowsAMarker() external {
        bytes4[5] memory markers =
            [bytes4(0xf5eb42dc), bytes4(0x1da24f3e), bytes4(0xb1bf962d), bytes4(0x1bd39674), bytes4(0xf9854bfc)];
        for (uint256 i = 0; i < markers.length; ++i) {
            address token = address(new RebasingMarkerToken(markers[i], 32));
            vm.expectRevert(abi.encodeWithSelector(IFeeLedger.RebasingToken.selector, token, markers[i]));
            this.refuse(token);
        }
    }

    function testFuzz_Refuse_AcceptsAnyOtherView(bytes4 selector) external {
        bytes4[5] memory markers =
            [bytes4(0xf5eb42dc), bytes4(0x1da24f3e), bytes4(0xb1bf962d), bytes4(0x1bd39674), bytes4(0xf9854bfc)];
        for (uint256 i = 0; i < markers.length; ++i) {
            vm.assume(selector != markers[i]);
        }
        this.refuse(address(new RebasingMarkerToken(selector, 32)));
    }

    function test_Refuse_AcceptsPlainTokens() external {
        this.refuse(address(new TestToken()));
        this.refuse(address(new NoReturnToken()));
    }
}
