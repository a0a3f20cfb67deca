#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Installs what the contracts need: npm packages, forge/cast/anvil, solc and forge-std, each at its pinned version.
# Needs Node with npm, git and the npm registry; GitHub and the native solc are used where they answer.
# Idempotent: a second run finds everything in place and ends in a fraction of a second.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
# A git hook or a worktree command may have exported these; they would redirect the git calls below.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

prerequisites() {
    local tool
    for tool in node npm git; do
        have "$tool" || die "$tool is not installed; README.md lists what a machine needs"
    done
    local major
    major="$(node -p 'process.versions.node.split(".")[0]')"
    [ "$major" -ge "$NODE_MAJOR" ] || die "Node $(node --version) is too old; version $NODE_MAJOR or newer is needed"
}

npm_packages() {
    if [ -L node_modules ]; then
        say "npm packages: node_modules is a symbolic link, used as it is"
        return
    fi
    local stamp=node_modules/.proof-of-efficiency wanted
    wanted="$(cat package.json package-lock.json .npmrc | sha256 | cut -c1-64)"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    say "npm packages: installing (about 40 MB download)"
    npm ci --no-audit --no-fund --loglevel=error >"$scratch/npm.log" 2>&1 || {
        cat "$scratch/npm.log" >&2
        die "npm ci failed; is the npm registry reachable?"
    }
    printf '%s\n' "$wanted" >"$stamp"
    say "npm packages: installed"
}

# is_foundry FOLDER: it holds native forge, cast and anvil of the pinned version. A script is refused: the launcher of
# the npm package @foundry-rs/forge exits 0 whatever forge says, which would make every test pass.
is_foundry() {
    local tool version
    for tool in forge cast anvil; do
        [ -x "$1/$tool" ] || return 1
        [ "$(head -c 2 "$1/$tool" | tr -d '\0')" != "#!" ] || return 1
        version="$("$1/$tool" --version 2>/dev/null | sed -n 's/^[a-z]* Version: //p')"
        case "$version" in
        "$FOUNDRY_VERSION" | "$FOUNDRY_VERSION-stable" | "$FOUNDRY_VERSION-v$FOUNDRY_VERSION") ;;
        *) return 1 ;;
        esac
    done
}

# Prints the folder of an installed foundry of the pinned version, the person's own first.
installed_foundry() {
    local folder
    local IFS=:
    for folder in $PATH "${FOUNDRY_DIR:-$HOME/.foundry}/bin"; do
        # Links of this clone, or of another one that may be gone tomorrow, are nobody's installation.
        case "$folder" in "" | "$ROOT"/* | */target/bin) continue ;; esac
        if is_foundry "$folder"; then
            echo "$folder"
            return
        fi
    done
    return 1
}

foundry() {
    if is_foundry target/bin; then return; fi
    mkdir -p target/bin
    local tool source
    if source="$(installed_foundry)"; then
        for tool in forge cast anvil; do ln -sf "$source/$tool" "target/bin/$tool"; done
    else
        for tool in forge cast anvil; do
            source="$ROOT/node_modules/@foundry-rs/$tool-linux-amd64/bin/$tool"
            [ -x "$source" ] || die "the npm registry has no foundry $FOUNDRY_VERSION for $(uname -sm);" \
                "install it with 'foundryup --install v$FOUNDRY_VERSION' and run this again"
            ln -sf "$source" "target/bin/$tool"
        done
        source="npm"
    fi
    is_foundry target/bin || die "the forge, cast and anvil taken from $source are not version $FOUNDRY_VERSION"
    say "foundry $FOUNDRY_VERSION: linked into target/bin from $source"
}

# Where forge looks for installed compilers: the rule of its version manager (crate svm-rs).
solc_folder() {
    local data="${XDG_DATA_HOME:-$HOME/.local/share}/svm"
    if [ "$(uname -s)" = Darwin ]; then data="$HOME/Library/Application Support/svm"; fi
    if [ ! -d "$HOME/.svm" ] && [ -d "$data" ]; then echo "$data/$SOLC_VERSION"; else echo "$HOME/.svm/$SOLC_VERSION"; fi
}

# Lets forge download the native compiler; true when it could.
native_solc() {
    mkdir -p "$scratch/probe/src"
    printf '[profile.default]\nsolc = "%s"\n' "$SOLC_VERSION" >"$scratch/probe/foundry.toml"
    printf 'pragma solidity %s;\ncontract Probe {}\n' "$SOLC_VERSION" >"$scratch/probe/src/Probe.sol"
    with_timeout 90 target/bin/forge build --root "$scratch/probe" >"$scratch/probe.log" 2>&1 </dev/null
}

# The compiler in WebAssembly, complete in that folder: it keeps working when this clone is gone.
wasm_solc() {
    local folder="$1" soljson=node_modules/solc/soljson.js
    [ "$(sha256 "$soljson" | cut -c1-64)" = "$SOLJSON_SHA256" ] ||
        die "$soljson is not the compiler that scripts/versions.sh pins; run 'rm -r node_modules' and try again"
    mkdir -p "$folder"
    # Renamed into place, since another clone may be compiling with the same folder.
    cp "$soljson" "$folder/.soljson.$$" && mv -f "$folder/.soljson.$$" "$folder/soljson-$SOLC_VERSION.js"
    cp scripts/solc-0.8.30 "$folder/.solc.$$" && chmod 755 "$folder/.solc.$$"
    mv -f "$folder/.solc.$$" "$folder/solc-$SOLC_VERSION"
}

solc() {
    local folder file
    folder="$(solc_folder)"
    file="$folder/solc-$SOLC_VERSION"
    if [ -e "$file" ]; then
        if "$file" --version 2>/dev/null | grep -q "^Version: $SOLC_VERSION+"; then return; fi
        [ "$(head -c 2 "$file" | tr -d '\0')" = "#!" ] || die "$file does not run; remove it and run this again"
        say "solc $SOLC_VERSION: the script at $file no longer works, replacing it"
        rm -f "$file"
    fi
    if native_solc; then
        say "solc $SOLC_VERSION: native compiler installed by forge"
    else
        wasm_solc "$(solc_folder)"
        native_solc || {
            cat "$scratch/probe.log" >&2
            die "forge cannot compile with $file"
        }
        say "solc $SOLC_VERSION: no download site answered, the npm compiler is installed in $folder"
    fi
}

# The folder's sources are exactly those of the pinned revision.
is_forge_std() {
    [ -d "$1/src" ] || return 1
    [ "$(find "$1/src" -name '*.sol' | wc -l)" -eq "$(wc -l <scripts/forge-std.sha256)" ] || return 1
    (cd "$1" && sha256 --status -c "$ROOT/scripts/forge-std.sha256") 2>/dev/null
}

forge_std() {
    local target=lib/forge-std copy="$scratch/forge-std" origin="git"
    # forge takes a library folder without a .git for a missing submodule and would try to clone it.
    if is_forge_std "$target"; then
        [ -e "$target/.git" ] || git init -q "$target"
        return
    fi
    git -c init.defaultBranch=main init -q "$copy"
    if ! { GIT_TERMINAL_PROMPT=0 with_timeout 30 \
        git -C "$copy" fetch -q --depth 1 "$FORGE_STD_REPOSITORY" "$FORGE_STD_REVISION" &&
        git -C "$copy" -c advice.detachedHead=false checkout -q FETCH_HEAD; } 2>/dev/null </dev/null; then
        mkdir -p "$copy/src"
        cp -R node_modules/@layerzerolabs/toolbox-foundry/lib/forge-std/. "$copy/src/"
        origin="npm"
    fi
    is_forge_std "$copy" || die "forge-std from $origin is not revision $FORGE_STD_REVISION" \
        "(scripts/forge-std.sha256 lists its files)"
    mkdir -p lib && rm -rf "$target" && cp -R "$copy" "$target"
    say "forge-std ${FORGE_STD_REVISION:0:12}: installed from $origin into $target"
}

prerequisites
npm_packages
foundry
solc
forge_std
say "ready: forge $FOUNDRY_VERSION, solc $SOLC_VERSION, forge-std ${FORGE_STD_REVISION:0:12}"
