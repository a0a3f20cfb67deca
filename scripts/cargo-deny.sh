#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Licences, sources and duplicates of the Rust dependencies; known vulnerabilities too where their database answers.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

scripts/tools.sh cargo-deny
PATH="$(cache_dir)/tools/bin:$PATH"
cargo deny --log-level error --all-features check bans licenses sources

if with_timeout 60 cargo deny fetch db >/dev/null 2>&1; then
    cargo deny --log-level error --all-features check advisories
else
    say "the advisory database does not answer: known vulnerabilities are not checked in this run"
fi
