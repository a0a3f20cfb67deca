#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The protocol on a private chain of this machine. What is not built yet is named, nothing is pretended.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

scratch="$(mktemp -d)"
chain=""
trap 'if [ -n "$chain" ]; then kill "$chain" 2>/dev/null || true; fi; rm -rf "$scratch"' EXIT

# Starts anvil on a free port that the system chooses and sets `rpc` to its address.
start_chain() {
    anvil --host 127.0.0.1 --port 0 --hardfork osaka >"$scratch/anvil.log" 2>&1 </dev/null &
    chain=$!
    rpc=""
    for _ in $(seq 100); do
        rpc="$(sed -n 's/^Listening on \(.*\)$/http:\/\/\1/p' "$scratch/anvil.log")"
        if [ -n "$rpc" ]; then return; fi
        kill -0 "$chain" 2>/dev/null || die "anvil did not start: $(cat "$scratch/anvil.log")"
        sleep 0.1
    done
    die "anvil opened no port within 10 seconds"
}

# Deploys with a verifier that checks nothing, which the deployment script allows only when told so.
deploy() {
    local sender
    sender="$(cast rpc --rpc-url "$rpc" eth_accounts | tr -d '[]"' | cut -d, -f1)"
    POE_ALLOW_MOCK_VERIFIER=true forge script script/Deploy.s.sol --rpc-url "$rpc" --broadcast --unlocked \
        --sender "$sender" >"$scratch/deploy.log" 2>&1 </dev/null || {
        cat "$scratch/deploy.log" >&2
        die "the deployment failed"
    }
}

cat <<'TEXT'
Proof of Efficiency, demonstration

  What it will be: one command that starts a private L1 chain, deploys the contracts, runs two sequencers and three
  aggregators against it, sends L2 transfers, proves them, and shows the batch fee, the race of the aggregators,
  their rewards and an exit back to L1.

  What is not there yet: the L2 node (sequencer, aggregator, wallet).
  What runs now: the contracts are built and deployed to a private chain. Real proofs: `make prove` makes them, and
  `forge test --match-path test/integration/Settlement.t.sol` settles batches with them.

TEXT

say "building the contracts"
forge build contracts script test/mocks
if [ ! -f script/Deploy.s.sol ]; then
    say "there is no deployment script yet, so nothing more to show"
    exit 0
fi
say "starting a private chain"
start_chain
say "deploying to $rpc, with a verifier that accepts every proof: for demonstration only"
deploy
say "deployed:"
cat deployments/31337.json
