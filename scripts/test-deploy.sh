#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Deploys on private chains (anvil) that bear the ids of anvil, Sepolia and Ethereum mainnet, and asserts what the scripts do and what they refuse.
# The keys are the published ones of anvil's test mnemonic; they are used against 127.0.0.1 only. Everything it writes is under
# deployments/rehearsal/ and is removed in the end.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

DEPLOYER=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
KEY=0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80
STRANGER=0x70997970C51812dc3A010C7d01b50e0d17dc79C8
STRANGER_KEY=0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d
PORT="${POE_TEST_PORT:-18547}"
RPC="http://127.0.0.1:$PORT"
WORK=deployments/rehearsal
unset POE_CONFIG POE_DEPLOYMENT POE_ALLOW_MOCK_VERIFIER POE_ALLOW_INSECURE_SETUP POE_DEPLOY_TEST_TOKEN POE_OPERATION_SALT
for tool in forge cast anvil node; do have "$tool" || die "$tool is not installed: run make deps"; done

mkdir -p "$WORK"
log="$WORK/log"
anvil_pid=""
stop_chain() {
    [ -z "$anvil_pid" ] || kill "$anvil_pid" 2>/dev/null || true
    [ -z "$anvil_pid" ] || wait "$anvil_pid" 2>/dev/null || true
    anvil_pid=""
}
trap 'stop_chain; rm -rf "$WORK"' EXIT
passed=0

# start_chain ID: a fresh private chain.
start_chain() {
    stop_chain
    anvil --port "$PORT" --chain-id "$1" --hardfork osaka --silent &
    anvil_pid=$!
    for _ in $(seq 100); do
        if [ "$(cast chain-id --rpc-url "$RPC" 2>/dev/null)" = "$1" ]; then
            say "chain $1"
            return
        fi
        sleep 0.1
    done
    die "anvil does not answer on port $PORT (another port: POE_TEST_PORT)"
}

# run SCRIPT ARGUMENTS...: a script against the chain; its output is in the log.
run() { forge_apart "$(basename "${1%%:*}")" script "$@" --rpc-url "$RPC" >"$log" 2>&1 </dev/null; }

# accepts WHAT PATTERN COMMAND...: the command succeeds and says so.
accepts() {
    local what="$1" pattern="$2"
    shift 2
    "$@" || { tail -40 "$log" >&2; die "$what: failed"; }
    says "$what" "$pattern"
}

# refuses WHAT PATTERN COMMAND...: the command fails for this very reason.
refuses() {
    local what="$1" pattern="$2"
    shift 2
    if "$@"; then tail -40 "$log" >&2; die "$what: was not refused"; fi
    says "$what" "^Error: .*$pattern"
}

says() {
    grep -qE "$2" "$log" || { tail -40 "$log" >&2; die "$1: the output does not say '$2'"; }
    passed=$((passed + 1))
    say "ok: $1"
}

# configure NAME CHAIN JAVASCRIPT: a copy of the chain's configuration, changed. The script finds it by POE_CONFIG.
configure() {
    node -e '
        const { readFileSync, writeFileSync } = require("node:fs");
        const [from, to, change] = process.argv.slice(1);
        const c = JSON.parse(readFileSync(from, "utf8"));
        new Function("c", change)(c);
        writeFileSync(to, JSON.stringify(c, null, 2));
    ' "script/config/$2.json" "$WORK/$1.json" "$3"
    export POE_CONFIG="$WORK/$1.json"
}

# field NAME: a value of the addresses file.
field() { node -p 'process.argv[2].split(".").reduce((o, k) => o[k], JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")))' "$POE_DEPLOYMENT" "$1"; }

same() {
    [ "$2" = "$3" ] || die "$1: '$2' instead of '$3'"
    passed=$((passed + 1))
    say "ok: $1"
}

ask() { cast call --rpc-url "$RPC" "$@"; }
dry_run() { run script/Deploy.s.sol --sender "$DEPLOYER"; }
deploy() { run script/Deploy.s.sol --sender "$DEPLOYER" --private-key "$KEY" --broadcast --slow; }
self_check() { run script/SelfCheck.s.sol --sender "$DEPLOYER"; }

# manage CONTRACT SIGNATURE ARGUMENTS...: an owner operation, sent by the deployer.
manage() {
    local step="$1" signature="$2"
    shift 2
    run "script/Manage.s.sol:$step" --sig "$signature" "$@" --sender "$DEPLOYER" --private-key "$KEY" --broadcast
}
manage_as_stranger() {
    local step="$1" signature="$2"
    shift 2
    run "script/Manage.s.sol:$step" --sig "$signature" "$@" --sender "$STRANGER" --private-key "$STRANGER_KEY" --broadcast
}
pass_time() { cast rpc --rpc-url "$RPC" evm_increaseTime "$1" >/dev/null && cast rpc --rpc-url "$RPC" evm_mine >/dev/null; }

# create SOURCE ARGUMENTS...: deploys a contract for the tests and prints its address.
create() { forge_apart "$(basename "${1%%:*}")" create "$1" --rpc-url "$RPC" --private-key "$KEY" --broadcast --json ${2:+--constructor-args "${@:2}"} | node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).deployedTo'; }

##### A deployment from beginning to end

# whole_life: dry run, broadcast, addresses file, second run, self-check. The environment says which configuration.
whole_life() {
    accepts "a dry run deploys nothing" "DRY RUN: nothing was sent" dry_run
    [ ! -f "$POE_DEPLOYMENT" ] || die "a dry run wrote $POE_DEPLOYMENT"
    refuses "no addresses file, no self-check" "DeploymentFileMissing" self_check
    accepts "a broadcast deploys" "ONCHAIN EXECUTION COMPLETE" deploy
    accepts "the self-check passes" "All checks passed" self_check
    local core timelock
    core="$(field contracts.proofOfEfficiency)" timelock="$(field contracts.timelock)"
    same "the file has the chain id" "$(field chainId)" "$(cast chain-id --rpc-url "$RPC")"
    same "the file has the core's domain" "$(field domain)" "$(ask "$core" 'domain()(bytes32)')"
    same "the file has the genesis accumulator" "$(field genesisAcc)" "$(ask "$core" 'lastAcc()(bytes32)')"
    same "the core belongs to the timelock" "$(ask "$core" 'owner()(address)')" "$timelock"
    same "the vault belongs to the core" "$(ask "$(field contracts.exitVault)" 'core()(address)')" "$core"
    same "a code hash is the chain's" "$(field codeHashes.proofOfEfficiency)" "$(cast keccak "$(cast code --rpc-url "$RPC" "$core")")"
    local before nonce
    before="$(cat "$POE_DEPLOYMENT")" nonce="$(cast nonce --rpc-url "$RPC" "$DEPLOYER")"
    accepts "a second run finds everything in place" "Everything is in place: nothing to deploy" deploy
    same "a second run sends nothing" "$(cast nonce --rpc-url "$RPC" "$DEPLOYER")" "$nonce"
    same "a second run leaves the addresses file as it is" "$(cat "$POE_DEPLOYMENT")" "$before"
}

# spoil JAVASCRIPT: changes the addresses file; the good one is kept beside it.
spoil() {
    cp "$POE_DEPLOYMENT" "$WORK/good"
    node -e '
        const { readFileSync, writeFileSync } = require("node:fs");
        const d = JSON.parse(readFileSync(process.argv[1], "utf8"));
        new Function("d", process.argv[2])(d);
        writeFileSync(process.argv[1], JSON.stringify(d));
    ' "$POE_DEPLOYMENT" "$1"
}
mend() { mv "$WORK/good" "$POE_DEPLOYMENT"; }

forge build >"$log" 2>&1 || { cat "$log" >&2; die "the build fails"; }

##### anvil's own chain id

export POE_DEPLOYMENT="$WORK/31337.json"
start_chain 31337
refuses "a mock verifier without the flag" "MockVerifierRefused" dry_run
export POE_ALLOW_MOCK_VERIFIER=true
whole_life

say "what the self-check finds"
spoil 'd.contracts.router = d.contracts.lens'
refuses "another address in the file" 'CheckFailed."address in the file: router"' self_check
mend
spoil 'd.codeHashes.lens = d.codeHashes.router'
refuses "another code hash in the file" 'CheckFailed."code hash in the file: lens"' self_check
mend
code="$(cast code --rpc-url "$RPC" "$(field contracts.lens)")"
cast rpc --rpc-url "$RPC" anvil_setCode "$(field contracts.lens)" 0x >/dev/null
refuses "a contract that is not there" "NoCode" self_check
cast rpc --rpc-url "$RPC" anvil_setCode "$(field contracts.lens)" "$code" >/dev/null
configure other-config 31337 'c.messages.feeGwei += 1'
refuses "another configuration than the deployed one" "CheckFailed" self_check
unset POE_CONFIG
# The slot of _owner in OpenZeppelin's Ownable, the first of both contracts.
slot="$(cast storage --rpc-url "$RPC" "$(field contracts.router)" 0)"
cast rpc --rpc-url "$RPC" anvil_setStorageAt "$(field contracts.router)" 0x0 "$(cast to-uint256 "$DEPLOYER")" >/dev/null
refuses "a router that belongs to somebody else" 'CheckFailed."router.owner' self_check
cast rpc --rpc-url "$RPC" anvil_setStorageAt "$(field contracts.router)" 0x0 "$slot" >/dev/null
accepts "the mended deployment passes again" "All checks passed" self_check

say "interrupted runs"
cast rpc --rpc-url "$RPC" anvil_setCode "$(field contracts.lens)" 0x >/dev/null
cast rpc --rpc-url "$RPC" anvil_setNonce "$(field contracts.lens)" 0x0 >/dev/null
accepts "a run continues where another stopped" "deploying $(field contracts.lens) lens" deploy
grep -q "in place .* proofOfEfficiency" "$log" || die "the core was deployed a second time"
accepts "and is complete then" "All checks passed" self_check

say "a sender who holds the token"
cast send --rpc-url "$RPC" --private-key "$KEY" "$(field contracts.feeToken)" 'mint(address,uint256)' "$DEPLOYER" 1000 >/dev/null
accepts "the token is tried" "the fee token moves exactly" self_check
same "only in the simulation" "$(ask "$(field contracts.feeToken)" 'balanceOf(address)(uint256)' "$DEPLOYER")" 1000

say "owner operations"
next="$(create test/mocks/MockVerifier.sol:MockVerifier 94 4 8)"
router="$(field contracts.router)" core="$(field contracts.proofOfEfficiency)"
refuses "executing what was never proposed" "NotScheduled" manage Execute 'addRoute(address)' "$next"
refuses "a route to an address without code" "NoCode" manage Propose 'addRoute(address)' "$STRANGER"
refuses "a proposal by a stranger" "SenderLacksRole" manage_as_stranger Propose 'addRoute(address)' "$next"
accepts "a proposal" "ONCHAIN EXECUTION COMPLETE" manage Propose 'addRoute(address)' "$next"
accepts "a proposal is shown as waiting" "waiting until" manage Show 'addRoute(address)' "$next"
refuses "the same proposal again" "AlreadyScheduled" manage Propose 'addRoute(address)' "$next"
refuses "an execution before its time" "NotReady" manage Execute 'addRoute(address)' "$next"
refuses "a cancellation by a stranger" "SenderLacksRole" manage_as_stranger Cancel 'addRoute(address)' "$next"
pass_time 61
accepts "anyone executes what is ripe" "ONCHAIN EXECUTION COMPLETE" manage_as_stranger Execute 'addRoute(address)' "$next"
same "the route is there" "$(ask "$router" 'latestVersion()(uint16)')" 2
refuses "executing twice" "AlreadyExecuted" manage Execute 'addRoute(address)' "$next"
accepts "freezing, proposed before the successor is active, warns" "it would fail" manage Propose 'freezeRoute(uint16,uint16)' 1 2
accepts "an activation" "ONCHAIN EXECUTION COMPLETE" manage Propose 'activateVersion(uint16)' 2
pass_time 90000
accepts "version 2 activated" "ONCHAIN EXECUTION COMPLETE" manage Execute 'activateVersion(uint16)' 2
accepts "route 1 frozen" "ONCHAIN EXECUTION COMPLETE" manage Execute 'freezeRoute(uint16,uint16)' 1 2
same "proofs of version 1 go to the successor" "$(ask "$router" 'resolve(uint16)(address,uint16)' 1 | tail -1)" 2
accepts "a proposal to take back" "ONCHAIN EXECUTION COMPLETE" manage Propose 'cancelRoute(uint16)' 2
accepts "taken back" "ONCHAIN EXECUTION COMPLETE" manage Cancel 'cancelRoute(uint16)' 2
accepts "and shown so" "not proposed, or cancelled" manage Show 'cancelRoute(uint16)' 2
configure new-fee 31337 'c.batchFee.minFeeGwei *= 2'
before="$(ask "$core" 'feeParameters()(uint256)')"
accepts "new fee parameters" "ONCHAIN EXECUTION COMPLETE" manage Propose 'setFeeParameters()'
pass_time 61
accepts "are set" "ONCHAIN EXECUTION COMPLETE" manage Execute 'setFeeParameters()'
[ "$(ask "$core" 'feeParameters()(uint256)')" != "$before" ] || die "the fee parameters did not change"
unset POE_CONFIG
accepts "the self-check reports what the owner changed" "the owner has changed the fee parameters" self_check
accepts "resuming a running chain warns" "it would fail" manage Propose 'resume(uint16)' 2

##### Sepolia's chain id

unset POE_ALLOW_MOCK_VERIFIER
export POE_DEPLOYMENT="$WORK/11155111.json"
start_chain 11155111
refuses "the committed configuration names no proposer" 'AddressUnset.*timelock.proposers' dry_run
configure sepolia 11155111 "c.timelock.proposers = ['$DEPLOYER']"
refuses "a test token without the flag" "TestTokenRefused" dry_run
export POE_DEPLOY_TEST_TOKEN=true
refuses "a mock verifier without the flag" "MockVerifierRefused" dry_run
POE_ALLOW_INSECURE_SETUP=true refuses "a mock verifier with the wrong flag" "MockVerifierRefused" dry_run
export POE_ALLOW_MOCK_VERIFIER=true
whole_life
unset POE_ALLOW_MOCK_VERIFIER

mock="$(create test/mocks/MockVerifier.sol:MockVerifier 94 4 8)"
configure sepolia-mock 11155111 "c.timelock.proposers = ['$DEPLOYER']; c.verifier = {address: '$mock'}"
POE_ALLOW_INSECURE_SETUP=true refuses "a mock named by its address" "MockVerifierRefused" dry_run
insecure="$(create test/mocks/SetupVerifier.sol:SetupVerifier true)"
configure sepolia-insecure 11155111 "c.timelock.proposers = ['$DEPLOYER']; c.verifier = {address: '$insecure'}"
refuses "a development setup without the flag" "InsecureSetupRefused" dry_run
POE_ALLOW_INSECURE_SETUP=true accepts "a development setup with the flag" "DRY RUN" dry_run
configure wrong-chain 31337 ''
refuses "the configuration of another chain" "WrongChain" dry_run
configure typo 11155111 "c.timelock.proposers = ['$DEPLOYER']; c.delays.exitDelay = 1"
refuses "a key that means nothing" 'UnknownKey.*delays.exitDelay' dry_run
configure missing 11155111 "delete c.delays.exitDelaySeconds; c.timelock.proposers = ['$DEPLOYER']"
refuses "a missing key" 'KeyMissing.*delays.exitDelaySeconds' dry_run
configure bad-address 11155111 "c.timelock.proposers = ['${DEPLOYER/f39F/f39f}']"
refuses "an address that is not spelled as EIP-55 demands" 'BadValue.*EIP-55' dry_run
export POE_CONFIG="$WORK/none.json"
refuses "a configuration that is not there" "ConfigMissing" dry_run
configure constructor 11155111 "c.timelock.proposers = ['$DEPLOYER']; c.verifier = {address: '$insecure'}; c.delays.maxPendingBatches = 100000"
POE_ALLOW_INSECURE_SETUP=true refuses "what the core's constructor refuses, by its own error" "ExitDelayTooShort" dry_run
configure target 11155111 "c.timelock.proposers = ['$DEPLOYER']; c.verifier = {address: '$insecure'}; c.batchFee.targetSeconds = 1"
POE_ALLOW_INSECURE_SETUP=true refuses "a target shorter than proving takes" "TargetTooShort" dry_run
configure fee 11155111 "c.timelock.proposers = ['$DEPLOYER']; c.verifier = {address: '$insecure'}; c.batchFee.targetSeconds = 1e9"
POE_ALLOW_INSECURE_SETUP=true refuses "fee parameters out of range" "TargetSecondsOutOfRange" dry_run
cast rpc --rpc-url "$RPC" anvil_setCode 0x4e59b44847b379578588920cA78FbF26c0B4956C 0x >/dev/null
configure sepolia-bare 11155111 "c.timelock.proposers = ['$DEPLOYER']; c.verifier = {address: '$insecure'}"
POE_ALLOW_INSECURE_SETUP=true refuses "a chain without the CREATE2 deployer" "Create2DeployerMissing" dry_run
unset POE_CONFIG POE_DEPLOY_TEST_TOKEN

##### Ethereum mainnet's chain id

export POE_DEPLOYMENT="$WORK/1.json"
start_chain 1
export POE_ALLOW_MOCK_VERIFIER=true POE_ALLOW_INSECURE_SETUP=true POE_DEPLOY_TEST_TOKEN=true
refuses "the committed configuration names no verifier" 'AddressUnset.*verifier.address' dry_run
secure="$(create test/mocks/SetupVerifier.sol:SetupVerifier false)"
insecure="$(create test/mocks/SetupVerifier.sol:SetupVerifier true)"
mock="$(create test/mocks/MockVerifier.sol:MockVerifier 94 4 8)"
token="$(create test/utils/TestToken.sol:TestToken)"
# Any contract does for the multisig of this rehearsal.
ready="c.timelock.proposers = ['$secure']; c.verifier = {address: '$secure'}; c.feeToken.address = '$token';"
configure mainnet-proposer 1 "c.verifier = {address: '$secure'}"
refuses "no proposer" 'AddressUnset.*timelock.proposers' dry_run
configure mainnet-mock 1 "$ready c.verifier = {address: 'mock', mockSlots: 94, mockMessages: 4, mockExits: 8}"
refuses "a mock, whatever the flags" "MockVerifierRefused" dry_run
refuses "a mock, broadcast" "MockVerifierRefused" deploy
configure mainnet-mock-address 1 "$ready c.verifier = {address: '$mock'}"
refuses "a mock by its address, whatever the flags" "MockVerifierRefused" dry_run
configure mainnet-insecure 1 "$ready c.verifier = {address: '$insecure'}"
refuses "a development setup, whatever the flags" "InsecureSetupRefused" dry_run
configure mainnet-token 1 "$ready c.feeToken.address = 'test'"
refuses "a test token, whatever the flags" "TestTokenRefused" dry_run
configure mainnet-single-key 1 "$ready c.timelock.proposers = ['$DEPLOYER']"
refuses "a proposer that is a single key" 'RoleOfSingleKey."proposer' dry_run
configure mainnet-executor 1 "$ready c.timelock.executors = ['$DEPLOYER']"
refuses "an executor that is a single key" 'RoleOfSingleKey."executor' dry_run
configure mainnet-hasty 1 "$ready c.timelock.minDelaySeconds = 3600"
refuses "a timelock of an hour" "TimelockDelayTooShort" dry_run
configure mainnet-escape 1 "$ready c.delays.escapeDelaySeconds = 2400000"
refuses "closing before a new route could be installed" "EscapeBeforeNewRoute" dry_run
configure mainnet-no-token 1 "$ready c.feeToken.address = '$STRANGER'"
refuses "a token without code" 'NoCode."fee token"' dry_run
configure mainnet-decimals 1 "$ready c.feeToken.decimals = 6"
refuses "other decimals than configured" "WrongDecimals" dry_run
configure mainnet-no-verifier 1 "$ready c.verifier = {address: '$STRANGER'}"
refuses "a verifier without code" 'NoCode."verifier"' dry_run
configure mainnet-not-a-verifier 1 "$ready c.verifier = {address: '$token'}"
refuses "a contract that is no verifier" "BadAnswer" dry_run
configure mainnet 1 "$ready"
whole_life
refuses "a route to a development setup, whatever the flags" "InsecureSetupRefused" manage Propose 'addRoute(address)' "$insecure"
refuses "a proposal by a key where a contract has the role" 'SenderLacksRole.*multisig' manage Propose 'addRoute(address)' "$secure"

say "$passed assertions hold"
