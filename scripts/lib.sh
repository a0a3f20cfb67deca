# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=bash
# Small functions shared by the shell scripts of this folder. Sourced, never run.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=scripts/versions.sh
. "$ROOT/scripts/versions.sh"

# One line of progress, prefixed with the name of the script that speaks.
say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*"; }

# An error a person can act on, then the end.
die() {
    printf '%s: error: %s\n' "$(basename "$0" .sh)" "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

sha256() { if have sha256sum; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

# with_timeout SECONDS COMMAND...: macOS has no timeout(1); there the command runs unbounded.
with_timeout() {
    local seconds="$1"
    shift
    if have timeout; then timeout "$seconds" "$@"; else "$@"; fi
}

# forge_apart NAME ARGUMENTS...: forge with a cache of its own. A run that compiles a part of the tree (a script, a folder) drops the rest from
# the cache, and the next whole build would compile everything again.
forge_apart() { FOUNDRY_CACHE_PATH="cache/$1" forge "${@:2}"; }

# Where compiled tools outlive a clone. Falls back to the clone when the home folder cannot be written.
cache_dir() {
    local base="${XDG_CACHE_HOME:-${HOME:-}/.cache}/proof-of-efficiency"
    if mkdir -p "$base" 2>/dev/null && [ -w "$base" ]; then echo "$base"; else echo "$ROOT/target/cache"; fi
}
