#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Fuzz tests and invariants under the deep profile, with a new seed that is printed so that a finding can be repeated:
# FOUNDRY_FUZZ_SEED=0x... make deep
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

export FOUNDRY_FUZZ_SEED="${FOUNDRY_FUZZ_SEED:-0x$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')}"
say "seed $FOUNDRY_FUZZ_SEED"
forge test --match-test '^(testFuzz|invariant)' "$@"
