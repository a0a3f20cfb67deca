// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Script} from "forge-std/Script.sol";

import {IVerifier} from "../contracts/interfaces/IVerifier.sol";
import {Chains} from "./lib/Chains.sol";
import {ConfigFile, DeployConfig} from "./lib/ConfigFile.sol";
import {DeploymentFile} from "./lib/DeploymentFile.sol";
import {IGeneratedVerifier} from "./lib/IGeneratedVerifier.sol";
import {Plan, PlanLibrary} from "./lib/Plan.sol";
import {Refusals} from "./lib/Refusals.sol";
import {TrustedSetups} from "./lib/TrustedSetups.sol";

/// @title Base
/// @notice What all scripts share: which configuration, which addresses file, and what is refused on which chain.
/// @dev The sender and its key come from forge's own flags (`--account`, `--sender`, `--private-key`); no script reads a key.
abstract contract Base is Script {
    /// @dev `circuitHash()` of the mock verifier of the tests.
    bytes32 private constant MOCK_CIRCUIT = keccak256("MockVerifier");

    /// @dev On a public mainnet the owner's operations are visible at least this long before they take effect.
    uint256 internal constant MIN_MAINNET_TIMELOCK_SECONDS = 2 days;

    /* FILES AND FLAGS */

    function _configPath() internal view virtual returns (string memory) {
        return vm.envOr("POE_CONFIG", string.concat("script/config/", vm.toString(block.chainid), ".json"));
    }

    function _deploymentPath() internal view virtual returns (string memory) {
        return vm.envOr("POE_DEPLOYMENT", string.concat("deployments/", vm.toString(block.chainid), ".json"));
    }

    function _flag(string memory name) internal view virtual returns (bool) {
        return vm.envOr(name, false);
    }

    /// @dev The configuration for the chain connected to, checked as far as it can be without that chain.
    function _loadConfig() internal view returns (DeployConfig memory c) {
        string memory path = _configPath();
        if (!DeploymentFile.exists(path)) {
            revert Refusals.ConfigMissing(
                block.chainid,
                path,
                "copy the file of a similar chain, or name one in POE_CONFIG (below script/config/ or deployments/)"
            );
        }
        c = ConfigFile.load(path);
        if (c.chainId != block.chainid) {
            revert Refusals.WrongChain(
                block.chainid,
                c.chainId,
                path,
                "connect to the configured chain (--rpc-url), or name another POE_CONFIG"
            );
        }
        _requireTimes(c);
    }

    function _requireTimes(DeployConfig memory c) private pure {
        if (Chains.isPublicMainnet(c.chainId) && c.timelockDelay < MIN_MAINNET_TIMELOCK_SECONDS) {
            revert Refusals.TimelockDelayTooShort(
                c.timelockDelay, MIN_MAINNET_TIMELOCK_SECONDS, "raise timelock.minDelaySeconds"
            );
        }
        // The constructor leaves room for a route and an exit; the proposal of the route takes its time too.
        uint256 installing = c.timelockDelay + c.routeDelay + c.exitDelay;
        if (c.escapeDelay <= installing) {
            revert Refusals.EscapeBeforeNewRoute(c.escapeDelay, installing + 1, "raise delays.escapeDelaySeconds");
        }
    }

    /* REFUSALS */

    /// @dev Refuses what must not be deployed on this chain.
    /// @return insecureSetup Whether the verifier rests on a development setup.
    function _requireAllowed(DeployConfig memory c) internal view returns (bool insecureSetup) {
        bool mainnet = Chains.isPublicMainnet(c.chainId);
        if (c.testToken) _requireTestTokenAllowed(c.chainId, mainnet);
        if (mainnet) _requireNoSingleKey(c);
        if (c.mockVerifier) {
            _requireMockAllowed(c.chainId, mainnet);
            return true;
        }
        return _requireVerifierAllowed(c.verifier, c.chainId, mainnet);
    }

    function _requireVerifierAllowed(address verifier, uint256 chainId, bool mainnet)
        internal
        view
        returns (bool insecureSetup)
    {
        if (verifier.code.length == 0) {
            revert Refusals.NoCode("verifier", verifier, "deploy it first, or correct verifier.address");
        }
        bytes32 circuitHash;
        string memory remedy = "this is no verifier of this project: IVerifier names what it must answer";
        try IVerifier(verifier).circuitHash() returns (bytes32 hash) {
            circuitHash = hash;
        } catch {
            revert Refusals.BadAnswer("verifier", verifier, "circuitHash()", remedy);
        }
        try IVerifier(verifier).insecureSetup() returns (bool insecure) {
            insecureSetup = insecure;
        } catch {
            revert Refusals.BadAnswer("verifier", verifier, "insecureSetup()", remedy);
        }
        if (circuitHash == MOCK_CIRCUIT) _requireMockAllowed(chainId, mainnet);
        else if (insecureSetup) _requireInsecureSetupAllowed(verifier, chainId, mainnet);
        else _requireKnownSetup(verifier, chainId, mainnet);
    }

    /// @dev A verifier that does not call its setup insecure says whose it is, and that can be looked up.
    function _requireKnownSetup(address verifier, uint256 chainId, bool mainnet) private view {
        try IGeneratedVerifier(verifier).srsTauG2() returns (uint256[4] memory tau) {
            if (TrustedSetups.isKnown(tau)) return;
            if (mainnet) {
                revert Refusals.UnknownSetupRefused(
                    chainId, verifier, tau, "no flag lifts this on a public mainnet: generate it over a known ceremony"
                );
            }
            if (!_flag("POE_ALLOW_UNKNOWN_SETUP")) {
                revert Refusals.UnknownSetupRefused(
                    chainId,
                    verifier,
                    tau,
                    "if that is what you want on a test network, set POE_ALLOW_UNKNOWN_SETUP=true"
                );
            }
        } catch {
            revert Refusals.BadAnswer(
                "verifier", verifier, "srsTauG2()", "only verifiers that verifier-gen writes are deployed with"
            );
        }
    }

    function _requireMockAllowed(uint256 chainId, bool mainnet) private view {
        if (mainnet) {
            revert Refusals.MockVerifierRefused(
                chainId, "no flag lifts this on a public mainnet: name the generated verifier in verifier.address"
            );
        }
        if (!_flag("POE_ALLOW_MOCK_VERIFIER")) {
            revert Refusals.MockVerifierRefused(
                chainId, "it accepts false statements; if that is what you want here, set POE_ALLOW_MOCK_VERIFIER=true"
            );
        }
    }

    function _requireInsecureSetupAllowed(address verifier, uint256 chainId, bool mainnet) private view {
        if (mainnet) {
            revert Refusals.InsecureSetupRefused(
                chainId, verifier, "no flag lifts this on a public mainnet: generate the verifier over a public setup"
            );
        }
        if (!_flag("POE_ALLOW_INSECURE_SETUP")) {
            revert Refusals.InsecureSetupRefused(
                chainId, verifier, "if that is what you want on a test network, set POE_ALLOW_INSECURE_SETUP=true"
            );
        }
    }

    function _requireTestTokenAllowed(uint256 chainId, bool mainnet) private view {
        if (mainnet) {
            revert Refusals.TestTokenRefused(
                chainId, "no flag lifts this on a public mainnet: name a token in feeToken.address"
            );
        }
        if (chainId != Chains.ANVIL && !_flag("POE_DEPLOY_TEST_TOKEN")) {
            revert Refusals.TestTokenRefused(
                chainId, "anybody can mint it; if that is what you want here, set POE_DEPLOY_TEST_TOKEN=true"
            );
        }
    }

    /// @dev On a public mainnet whoever holds a role of the timelock is a contract, so that no single key is a power.
    function _requireNoSingleKey(DeployConfig memory c) internal view {
        for (uint256 i = 0; i < c.proposers.length; ++i) {
            _requireContract("proposer and canceller", c.proposers[i]);
        }
        for (uint256 i = 0; i < c.executors.length; ++i) {
            if (c.executors[i] != address(0)) _requireContract("executor", c.executors[i]);
        }
    }

    function _requireContract(string memory role, address account) internal view {
        bytes memory code = account.code;
        // An account that delegates to code (EIP-7702, 0xef0100 and an address) still obeys its key.
        bool delegated = code.length == 23 && code[0] == 0xef && code[1] == 0x01 && code[2] == 0x00;
        if (code.length == 0 || delegated) {
            revert Refusals.RoleOfSingleKey(role, account, "name a multisig or another contract on this chain");
        }
    }

    /* PLAN */

    /// @dev Configuration and addresses for the chain connected to, after all refusals.
    function _prepare() internal view returns (DeployConfig memory c, Plan memory p) {
        c = _loadConfig();
        p = PlanLibrary.plan(c, _requireAllowed(c));
    }
}
