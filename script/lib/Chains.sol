// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Chains
/// @notice Which chains carry money of strangers. Ids as registered in ethereum-lists/chains.
library Chains {
    /// @notice Anvil's own chain id: a private chain.
    uint256 internal constant ANVIL = 31337;

    /// @notice Whether `chainId` is a public network whose assets have value. There a deployment by this project's scripts is held to rules that no flag lifts.
    function isPublicMainnet(uint256 chainId) internal pure returns (bool) {
        uint256[48] memory ids = _mainnets();
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] == chainId) return true;
        }
        return false;
    }

    function _mainnets() private pure returns (uint256[48] memory) {
        return [
            uint256(1), // Ethereum
            10, // OP Mainnet
            14, // Flare
            25, // Cronos
            30, // Rootstock
            40, // Telos
            50, // XDC
            56, // BNB Smart Chain
            61, // Ethereum Classic
            88, // Viction
            100, // Gnosis
            122, // Fuse
            130, // Unichain
            137, // Polygon PoS
            146, // Sonic
            169, // Manta Pacific
            196, // X Layer
            204, // opBNB
            250, // Fantom
            252, // Fraxtal
            288, // Boba
            324, // ZKsync Era
            369, // PulseChain
            480, // World Chain
            1030, // Conflux eSpace
            1088, // Metis
            1101, // Polygon zkEVM
            1116, // Core
            1135, // Lisk
            1284, // Moonbeam
            1285, // Moonriver
            1329, // Sei
            1868, // Soneium
            2222, // Kava
            5000, // Mantle
            7777777, // Zora
            8217, // Kaia
            8453, // Base
            34443, // Mode
            42161, // Arbitrum One
            42170, // Arbitrum Nova
            42220, // Celo
            43114, // Avalanche C-Chain
            57073, // Ink
            59144, // Linea
            80094, // Berachain
            81457, // Blast
            534352 // Scroll
        ];
    }
}
