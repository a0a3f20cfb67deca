#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# No tracked file names a folder of somebody's machine or the host of a package registry, or leaves work unfinished.
# check-house-rules.sh [FOLDER]: another git repository, for the test of this check.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "${1:-$ROOT}"

broken=0

# rule NAME PATTERN [PATHSPEC...]: no line of a tracked text file matches the extended regular expression.
rule() {
    local name="$1" pattern="$2"
    shift 2
    if git grep --untracked -nIE "$pattern" -- . ':!package-lock.json' ':!Cargo.lock' "$@" >&2; then
        printf '  ^ %s\n' "$name" >&2
        broken=$((broken + 1))
    fi
}

# A leading slash that follows a name, a dot, a tilde or a closing brace is inside a relative path.
rule "absolute path of one machine" '(^|[^A-Za-z0-9_.~})>/*-])/(work|root|home|Users|tmp|mnt)/[A-Za-z0-9_.]'
rule "host of a package registry" '(registry[.]npmjs|(static|index)[.]crates[.]io|pythonhosted[.]org|pypi[.]org|deb[.]debian)'
rule "unfinished work" '(^|[^A-Za-z0-9_])(TO''DO|FIX''ME|HA''CK|un''implemented!|to''do!)([^A-Za-z0-9_]|$)'
rule "test that does not run" '(#\[ignore|vm[.]skip[(]|(describe|it|test)[.]skip[(]|function x?skip_?test)' '*.rs' '*.sol' '*.mjs'

# The lock files are excluded above for their hashes, which may spell anything; hosts are looked for alone.
for lock in package-lock.json; do
    if [ -f "$lock" ] && grep -nE '"resolved"|https?://[^"]*npmjs' "$lock" >&2; then
        printf '  ^ %s names a registry; .npmrc keeps it out, run npm in this folder\n' "$lock" >&2
        broken=$((broken + 1))
    fi
done

[ "$broken" -eq 0 ] || die "$broken rules broken"
say "$(git ls-files --cached --others --exclude-standard | wc -l | tr -d ' ') files keep the rules"
