#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Every branching tree beside a test (X.tree) is implemented by that test (X.t.sol).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

trees=()
while IFS= read -r tree; do
    [ -f "${tree%.tree}.t.sol" ] || die "$tree has no test ${tree%.tree}.t.sol"
    trees+=("$tree")
done < <(find test -name '*.tree' | LC_ALL=C sort)
[ "${#trees[@]}" -gt 0 ] || die "no .tree file under test/"

scripts/tools.sh bulloak
PATH="$(cache_dir)/tools/bin:$PATH"
# Conditions may be set up in the test itself: a modifier for each would say less than the setup.
bulloak check --skip-modifiers "${trees[@]}" || die "see CONTRIBUTING.md, 'Tests'"
say "${#trees[@]} trees, each implemented by its test"
