// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title TrustedSetups
/// @notice Ceremonies whose secret somebody is believed to have forgotten, by their [tau]_2. `verifier-gen srs` has the same list,
/// with its sources; test/fixtures/verifiers/setups.json holds both to it.
library TrustedSetups {
    /// @notice Whether [tau]_2, the parts of x and then those of y, the real part first, is that of a known ceremony.
    function isKnown(uint256[4] memory tau) internal pure returns (bool) {
        return _same(tau, hermez()) || _same(tau, challenge85());
    }

    /// @notice Perpetual Powers of Tau, 54 contributions and a beacon (powersOfTau28_hez_final).
    function hermez() internal pure returns (uint256[4] memory) {
        return [
            21831381940315734285607113342023901060522397560371972897001948545212302161822,
            17231025384763736816414546592865244497437017442647097510447326538965263639101,
            2388026358213174446665280700919698872609886601280537296205114254867301080648,
            11507326595632554467052522095592665270651932854513688777769618397986436103170
        ];
    }

    /// @notice Perpetual Powers of Tau, challenge 85.
    function challenge85() internal pure returns (uint256[4] memory) {
        return [
            19394299006376106554626551996044114846855237028623244664226757033024550999552,
            10478571113809844268398751534081669357808742555529167819607714577862447855483,
            9205262336805673656533560220225620941045451042642528799409071118332922267006,
            10552783866161062341197740743287753408530108186218052255509661543860392060676
        ];
    }

    function _same(uint256[4] memory a, uint256[4] memory b) private pure returns (bool) {
        return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
    }
}
