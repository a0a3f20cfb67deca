#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# tools.sh NAME...: installs cargo-built tools (bulloak, cargo-deny, cargo-mutants, cargo-nextest) at their pinned versions, into the
# cache folder so that every clone shares them. They take two to four minutes each on two cores, once.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

folder="$(cache_dir)/tools"
export PATH="$folder/bin:$PATH"

pinned() {
    case "$1" in
    bulloak) echo "$BULLOAK_VERSION" ;;
    cargo-deny) echo "$CARGO_DENY_VERSION" ;;
    cargo-mutants) echo "$CARGO_MUTANTS_VERSION" ;;
    cargo-nextest) echo "$NEXTEST_VERSION" ;;
    *) die "unknown tool $1" ;;
    esac
}

# A subcommand of cargo answers --version by its second word, the others by their own name.
installed() {
    case "$1" in
    cargo-mutants | cargo-nextest) "$1" "${1#cargo-}" --version ;;
    *) "$1" --version ;;
    esac 2>/dev/null | awk 'NR == 1 { print $2 }'
}

for tool in "$@"; do
    version="$(pinned "$tool")"
    if [ "$(installed "$tool")" = "$version" ]; then continue; fi
    have cargo || die "cargo is not installed; it is needed to build $tool"
    say "building $tool $version into $folder (minutes, once)"
    # `cd` below goes through it.
    mkdir -p "$folder"
    # The tools share one build folder, and none of the project's own build settings.
    (cd "$folder/.." && env -u RUSTFLAGS CARGO_TARGET_DIR="$folder/build" \
        cargo install --quiet --locked --root "$folder" "$tool@$version") || die "cannot build $tool $version"
    rm -rf "$folder/build"
done
