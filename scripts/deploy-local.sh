#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# deploy-local.sh [--mock]: everything on a private chain of id 31337, with the committed verifier over the development setup, whose
# secret everybody knows; or with the mock, which accepts every proof. The chain is at POE_RPC, by default http://127.0.0.1:8545.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

rpc="${POE_RPC:-http://127.0.0.1:8545}"
config="deployments/local/config.json"
for tool in forge cast node; do have "$tool" || die "$tool is not installed: run make deps"; done

id="$(cast chain-id --rpc-url "$rpc" 2>/dev/null)" || die "no chain answers at $rpc: start \`anvil --hardfork osaka\`, or name another by POE_RPC"
[ "$id" = 31337 ] || die "the chain at $rpc has id $id: this deploys to private chains of id 31337 only"
sender="$(cast rpc --rpc-url "$rpc" eth_accounts | node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8"))[0] ?? ""')"
[ -n "$sender" ] || die "the chain at $rpc has no account of its own to send from"

# Deploys the committed verifier and prints its address.
deploy_verifier() {
    forge_apart BatchVerifierInsecureDev.sol create contracts/verifiers/BatchVerifierInsecureDev.sol:BatchVerifierInsecureDev \
        --rpc-url "$rpc" --unlocked --from "$sender" --broadcast --json |
        node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).deployedTo'
}

# configure VERIFIER: the private chain's configuration with this verifier, and the delays that its prover needs.
configure() {
    mkdir -p "$(dirname "$config")"
    node -e '
        const { readFileSync, writeFileSync } = require("node:fs");
        const c = JSON.parse(readFileSync("script/config/31337.json", "utf8"));
        c.verifier = { address: process.argv[1] };
        c.delays = {
            about: "64 batches of 20 s, twice: exits wait 2,560 s; routes longer than a forced exit.",
            maxPendingBatches: c.delays.maxPendingBatches,
            batchProvingSeconds: 20,
            exitDelaySeconds: 2560,
            routeDelaySeconds: 100000,
            escapeDelaySeconds: 200000,
        };
        writeFileSync(process.argv[2], JSON.stringify(c, null, 2));
    ' "$1" "$config"
}

say "building the contracts"
forge build
unset POE_CONFIG POE_DEPLOYMENT
if [ "${1:-}" = --mock ]; then
    say "with the mock verifier, which accepts every proof"
    export POE_ALLOW_MOCK_VERIFIER=true
else
    verifier="$(deploy_verifier)"
    say "with the verifier at $verifier, over the development setup"
    configure "$verifier"
    export POE_ALLOW_INSECURE_SETUP=true POE_CONFIG="$config"
fi
forge_apart Deploy.s.sol script script/Deploy.s.sol --rpc-url "$rpc" --broadcast --slow --unlocked --sender "$sender"
say "done: the addresses are in deployments/31337.json"
