#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The protocol from end to end on a private chain of this machine, with real proofs. Arguments go to `poe demo`.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

have cargo || die "cargo is not installed; README.md lists what a machine needs"
for tool in forge anvil; do have "$tool" || die "$tool is not installed: run make deps"; done

say "building the contracts"
forge_apart demo build contracts script
say "building poe (about ten minutes the first time, on two cores)"
# The flags of every other step, so that nothing is built twice.
cargo build --workspace --all-features --locked --bins --examples
exec "${CARGO_TARGET_DIR:-target}/debug/poe" demo "$@"
