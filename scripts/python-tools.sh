#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# python-tools.sh slither|halmos|reference: runs an analysis tool that comes from the Python package index, in a virtual
# environment under target/, or the model of the specification beside the format vectors, which needs no package.
# CI must run it; a person without Python is told that the step was left out.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

tool="${1:?slither, halmos or reference}"
venv=target/venv

# True when a python with working virtual environments is there, installing one in CI if need be.
python_ready() {
    local attempt
    for attempt in first second; do
        if have python3 && python3 -c 'import ensurepip, venv, sys; assert sys.version_info >= (3, 11)' 2>/dev/null; then
            return
        fi
        if [ "${CI:-}" != true ] || [ "$attempt" = second ] || ! have apt-get; then return 1; fi
        say "installing python3 with venv"
        { apt-get update && apt-get install -y python3 python3-venv; } >/dev/null 2>&1 </dev/null || return 1
    done
}

environment() {
    local stamp="$venv/.requirements"
    if cmp -s scripts/python-requirements.txt "$stamp"; then return; fi
    say "installing slither and halmos into $venv (about a minute, once)"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/python-requirements.txt
    cp scripts/python-requirements.txt "$stamp"
}

# slither drives forge: its own folders keep the build information out of the project's build.
# Why slither.config.json leaves detectors out; all else is answered beside the code:
#   incorrect-equality
#       is for balances anyone can nudge, but takes for one whatever may derive from the block's time, and a word that
#       holds a time taints all its fields: it reports comparisons of status, sequence number and hash. The one
#       comparison of a balance is that with zero in FeeLedger.depositFees.
#   timestamp
#       reports every deadline and delay: they are hours, and the block's time is right to seconds.
#   assembly, low-level-calls, too-many-digits, uninitialized-local
#       report what is meant: hashing without copies, paying ether, constants of a field, structs that start at zero.
#   cyclomatic-complexity, naming-convention, pragma, similar-names, solc-version
#       are style, which solhint and forge lint check, or the compiler, which foundry.toml pins.
run_slither() {
    FOUNDRY_PROFILE=slither "$venv/bin/slither" . --config-file slither.config.json --fail-pedantic \
        --foundry-out-directory target/slither/out
}

# A halmos run that finds no test, or times out on one, exits non-zero.
run_halmos() {
    [ -d test/halmos ] || die "there is no symbolic test under test/halmos/"
    FOUNDRY_PROFILE=halmos "$venv/bin/halmos" --forge-build-out target/halmos/out --function check_ \
        --solver-timeout-assertion 300000 --loop 4 --no-status
}

# The state transition once more, from the specification alone, held to the chain that the Rust and Solidity tests walk.
run_reference() { python3 test/fixtures/formats/reference.py; }

if ! python_ready; then
    if [ "${CI:-}" = true ]; then die "$tool needs Python 3.11 or newer with venv, and it could not be installed"; fi
    say "LEFT OUT: $tool needs Python 3.11 or newer with venv. CI runs this step."
    exit 0
fi
if [ "$tool" != reference ]; then environment; fi
export PATH="$ROOT/$venv/bin:$PATH"
"run_$tool"
