#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Every tracked source file starts with the licence line (the second line where the first names an interpreter).
# check-spdx.sh [FOLDER]: another git repository, for the test of this check.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "${1:-$ROOT}"

LICENCE='SPDX-License-Identifier: MIT OR Apache-2.0'
checked=0 missing=0
while IFS= read -r -d '' file; do
    [ -f "$file" ] || continue
    case "$file" in
    *.sol | *.rs | *.sh | *.mjs | *.js | *.py | *.toml | *.yml | *.yaml | Makefile | .ci/run | .npmrc) ;;
    *) [ "$(head -c 2 "$file" | tr -d '\0')" = "#!" ] || continue ;;
    esac
    checked=$((checked + 1))
    first="$(awk 'NR == 1 && /^#!/ { next } { print; exit }' "$file")"
    case "$first" in
    "// $LICENCE" | "# $LICENCE") ;;
    *)
        printf '%s: the first line must be "%s" in a comment, it is: %s\n' "$file" "$LICENCE" "$first" >&2
        missing=$((missing + 1))
        ;;
    esac
done < <(git ls-files -z --cached --others --exclude-standard)

[ "$checked" -gt 0 ] || die "no source file found"
[ "$missing" -eq 0 ] || die "$missing of $checked source files lack the licence line"
say "$checked source files carry the licence line"
