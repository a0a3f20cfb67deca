#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Proves that what CI trusts can fail: the forge on the PATH fails on a failing test and on a failing invariant, and the
# snapshot check fails on a wrong, a missing and a stale value. Some launchers of forge exit 0 whatever happens.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/src" "$scratch/test/gas"
cat >"$scratch/foundry.toml" <<TOML
[profile.default]
solc = "$SOLC_VERSION"
gas_snapshot_emit = false
TOML

# write_test NAME BODY: a test contract without any library, so that nothing else can make it fail.
write_test() {
    cat >"$scratch/test/gas/$1.t.sol" <<SOLIDITY
// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity $SOLC_VERSION;

interface Vm {
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
}

contract $1 {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    $2
}
SOLIDITY
}

# expect pass|fail WHAT REASON COMMAND...: the command passes or fails, and says the reason, so that no failure of
# another kind is taken for the one that is meant.
expect() {
    local wanted="$1" what="$2" reason="$3" got=pass
    shift 3
    "$@" >"$scratch/log" 2>&1 </dev/null || got=fail
    if [ "$got" != "$wanted" ] || ! grep -qE "$reason" "$scratch/log"; then
        cat "$scratch/log" >&2
        die "$what: expected a $wanted that says '$reason', got a $got ($(command -v forge))"
    fi
    say "$what: $wanted, as it must"
}

say "forge is $(command -v forge)"
cd "$scratch"

write_test Teeth 'function test_Holds() external pure { assert(true); }'
expect pass "a test that holds" "1 tests passed, 0 failed" forge test
write_test Teeth 'function test_Fails() external pure { assert(false); }'
expect fail "a test that fails" "0 tests passed, 1 failed" forge test
write_test Teeth 'function testFuzz_Fails(uint256 x) external pure { assert(x != 0); }'
expect fail "a fuzz test that fails" "0 tests passed, 1 failed" forge test
write_test Teeth 'uint256 private n; function tick() external { ++n; } function invariant_Fails() external view { assert(n < 3); }'
expect fail "an invariant that fails" "0 tests passed, 1 failed" forge test
write_test Teeth 'function test_DoesNotCompile() external { return 1; }'
expect fail "a test that does not compile" "Compiler run failed" forge test

snapshots="$ROOT/scripts/snapshots.mjs"
write_test Teeth 'function test_Value() external { vm.snapshotValue("teeth", "value", 7); }'
expect pass "taking a snapshot" "teeth.json" node "$snapshots"
expect pass "an unchanged snapshot" "as committed" node "$snapshots" --check
write_test Teeth 'function test_Value() external { vm.snapshotValue("teeth", "value", 8); }'
expect fail "a snapshot of another value" "teeth: value: committed 7, measured 8" node "$snapshots" --check
write_test Teeth 'function test_Value() external { vm.snapshotValue("teeth", "value", 7); vm.snapshotValue("teeth", "other", 1); }'
expect fail "a value missing in the snapshot" "teeth: other: committed -, measured 1" node "$snapshots" --check
write_test Teeth 'function test_Value() external { vm.snapshotValue("teeth", "value", 7); }'
printf '{}\n' >snapshots/stale.json
expect fail "a snapshot nobody takes any more" "stale.json: committed present, measured -" node "$snapshots" --check
