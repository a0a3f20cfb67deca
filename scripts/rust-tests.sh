#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Unit, integration and documentation tests of the Rust workspace.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

have cargo || die "cargo is not installed; README.md lists what a machine needs"

flags=(--workspace --all-features --locked)
if [ "${CI:-}" = true ]; then scripts/tools.sh cargo-nextest; fi
if have cargo-nextest; then
    cargo nextest run "${flags[@]}"
    cargo test "${flags[@]}" --doc
else
    # The same tests by the runner that comes with Rust.
    cargo test "${flags[@]}"
fi
