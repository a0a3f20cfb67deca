#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# xtask.sh ARGUMENTS: what `cargo xtask ARGUMENTS` does, from the build that all checks share. (cargo run --package builds
# dependencies once more where the package alone asks for fewer of their features; so does a build without examples.)
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
cargo build --quiet --workspace --all-features --locked --bins --examples
exec "${CARGO_TARGET_DIR:-target}/debug/xtask" "$@"
