#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The protocol from end to end on a private chain of this machine, with real proofs. Arguments go to `poe demo`.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

have cargo || die "cargo is not installed; README.md lists what a machine needs"
for tool in forge anvil; do have "$tool" || die "$tool is not installed: run make deps"; done

# The same profile and features as the tests: nothing is built twice.
say "building contracts and poe"
forge build contracts script
cargo build --workspace --all-features --locked --bins --examples
"${CARGO_TARGET_DIR:-target}/debug/poe" demo "$@"
