// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import test from "node:test";
import { apply, mutantsOf, shuffled, tokenize } from "../mutants.mjs";
import { allowList, summarize, upheld } from "../campaign.mjs";
import { failingTest, unitTests } from "../mutate.mjs";
import { runIn, withRepository } from "./support.mjs";

/** A function whose body is `body`, and what its mutants put on that line. */
function mutated(body, operator, header = "external") {
  const source = `contract C {\n    function f(uint256 a, uint256 b, address c) ${header} {\n        ${body}\n    }\n}\n`;
  return mutantsOf("C.sol", source)
    .filter((mutant) => mutant.operator === operator)
    .map((mutant) => mutant.mutated);
}

/* OPERATORS */

test("comments are no tokens, and literals are one", () => {
  const texts = tokenize('a /* b > c */ >= 0xFF_00; // d\n"e > f" 1e18').map(({ text }) => text);
  assert.deepEqual(texts, ["a", ">=", "0xFF_00", ";", '"e > f"', "1e18"]);
});

for (const [operator, body, expected] of [
  ["relational", "x = a < b;", ["x = a <= b;"]],
  ["equality", "x = a == b;", ["x = a != b;"]],
  ["logical", "x = a && b;", ["x = a || b;"]],
  ["bitwise", "x = a << b;", ["x = a >> b;"]],
  ["bitwise", "x = ~a;", ["x = a;"]],
  ["arithmetic", "x = a + b;", ["x = a - b;"]],
  ["arithmetic", "x += a;", ["x -= a;", "x = a;"]],
  ["arithmetic", "x = -a;", []],
  ["constant", "x = 7;", ["x = 8;", "x = 6;"]],
  ["constant", "x = 0;", ["x = 1;"]],
  ["constant", "x = 1e6;", ["x = (1e6 + 1);", "x = (1e6 - 1);"]],
  ["constant", "x = 0x0f;", ["x = 0x10;", "x = 0x0e;"]],
  ["constant", "x = 0xff;", ["x = 0xfe;"]],
  ["constant", "uint256[5] memory x = y;", []],
  ["constant", "x = true;", ["x = false;"]],
  ["caller", "x = msg.sender;", ["x = tx.origin;"]],
  ["negated-condition", "if (a < b) x = y;", ["if (!(a < b)) x = y;"]],
  ["negated-condition", "if (a == b) x = y;", []],
  ["swapped-branches", "x = a < b ? y : z[0];", ["x = a < b ? z[0] : y;"]],
  ["swapped-arguments", "g(a, b);", ["g(b, a);"]],
  ["swapped-arguments", "g(a, c);", []],
  ["swapped-arguments", "g(h(a, b), c);", ["g(c, h(a, b));", "g(h(b, a), c);"]],
  ["operand", "if (a < 5) x = y;", ["if (b < 5) x = y;"]],
  ["operand", "if (s.one < 5) x = s.two;", ["if (s.two < 5) x = s.two;"]],
  ["deleted-revert", "if (a < b) revert E(a);", [""]],
  ["deleted-revert", "if (a < b) { revert E(a); }", [""]],
  ["deleted-revert", "if (a < b) revert E(a); else x = y;", []],
  ["deleted-exit", "if (a < b) continue;", [""]],
  ["deleted-check", "_requireOwner(a);", [""]],
  ["deleted-check", "router.requireUsable(a);", [""]],
  ["deleted-statement", "x = a;", [""]],
  ["deleted-statement", "delete x;", [""]],
  ["deleted-statement", "if (a < b) x = a;", ["if (a < b) {}"]],
  ["deleted-statement", "for (uint256 i = 0; i < 2; ++i) x = a;", ["for (uint256 i = 0; i < 2; ++i) {}"]],
  ["deleted-statement", "uint256 x = a;", []],
  ["deleted-statement", "(bool x,) = c.call{value: a}(g);", []],
  ["removed-event", "emit Happened(a);", [""]],
  ["unchecked", "x = a - b;", ["unchecked { x = a - b; }"]],
  ["unchecked", "if (a > b) x = a - b;", ["if (a > b) { unchecked { x = a - b; } }"]],
  ["unchecked", "unchecked { x = a - b; }", []],
  ["yul", "assembly { x := mulmod(a, b, P) }", ["assembly { x := addmod(a, b, P) }"]],
  ["deleted-statement", "assembly { mstore(a, b) x := y }", ["assembly { x := y }", "assembly { mstore(a, b) }"]],
]) {
  test(`${operator}: ${body}`, () => assert.deepEqual(mutated(body, operator), expected));
}

test("removed-modifier: each of a function, no keyword", () => {
  const lines = mutated("x = a;", "removed-modifier", "external view onlyOwner nonReentrant returns (uint256 r)");
  assert.deepEqual(
    lines.map((line) => line.replace("function f(uint256 a, uint256 b, address c) ", "")),
    ["external view nonReentrant returns (uint256 r) {", "external view onlyOwner returns (uint256 r) {"],
  );
});

test("what does not run is not mutated, save for constants", () => {
  const source =
    'pragma solidity 0.8.30;\nimport {A} from "./A.sol";\n// a < b\nstruct S { uint256[5] x; }\nuint256 constant N = 5;\n' +
    'bytes32 constant TAG = "PoE/1";\ninterface I { function f(uint256 a) external; }\n';
  assert.deepEqual(
    mutantsOf("A.sol", source).map((mutant) => mutant.mutated),
    ["uint256 constant N = 6;", "uint256 constant N = 4;", 'bytes32 constant TAG = "PoE/x";'],
  );
});

test("a mutant names its line, and applies to its source alone", () => {
  const source = "contract C {\n    function f() external {\n        x =\n            a < b;\n    }\n}\n";
  const [mutant] = mutantsOf("C.sol", source).filter(({ operator }) => operator === "relational");
  assert.deepEqual([mutant.line, mutant.original, mutant.mutated], [4, "a < b;", "a <= b;"]);
  assert.equal(apply(source, mutant), source.replace("<", "<="));
});

test("equal lines have mutants with different names, and the names do not depend on the line", () => {
  const twice = "contract C {\n    function f() external {\n        x = a < b;\n        x = a < b;\n    }\n}\n";
  const ids = mutantsOf("C.sol", twice).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(mutantsOf("C.sol", `\n\n${twice}`).map(({ id }) => id), ids);
});

test("a sample depends on the seed alone, and files take turns", () => {
  const of = (file) => Array.from({ length: 9 }, (_, i) => ({ file, operator: `o${i % 2}`, id: `${file}${i}` }));
  const mutants = [...of("a"), ...of("b"), ...of("c")];
  assert.deepEqual(shuffled(mutants, 1), shuffled(mutants, 1));
  assert.notDeepEqual(shuffled(mutants, 1), shuffled(mutants, 2));
  assert.equal(new Set(shuffled(mutants, 1).map(({ id }) => id)).size, 27);
  assert.deepEqual(shuffled(mutants, 1).slice(0, 3).map(({ file }) => file).sort(), ["a", "b", "c"]);
});

/* JUDGING */

test("the tests of a source are those of its name, else of its folder", () => {
  const tests = ["test/unit/Escape/close.t.sol", "test/unit/l2/EcGFp5.t.sol", "test/unit/l2/Goldilocks.t.sol"];
  assert.deepEqual(unitTests("contracts/core/Escape.sol", tests), tests.slice(0, 1));
  assert.deepEqual(unitTests("contracts/l2/EcGFp5.sol", tests), tests.slice(1, 2));
  assert.deepEqual(unitTests("contracts/l2/SparseMerkleTree.sol", tests), tests.slice(1));
  assert.deepEqual(unitTests("contracts/types/Slots.sol", tests), []);
});

test("a failing test is named, whatever its reason says", () => {
  assert.equal(failingTest("Suite\n[FAIL: E(15 [1.5e1])] test_A() (gas: 3)\n"), "test_A()");
  assert.equal(failingTest("[FAIL: x; counterexample: args=[[1]]] testFuzz_B((bytes32,uint16)) (runs: 0)\n"), "testFuzz_B((bytes32,uint16))");
  assert.equal(failingTest("[FAIL: E()] setUp() (gas: 0)\n"), "setUp()");
  assert.equal(failingTest("[PASS] test_A() (gas: 3)\n"), undefined);
});

test("the kill rate counts what was killed and what survived", () => {
  const results = ["killed", "killed", "survived", "equivalent", "stillborn", "timeout"].map((status) => ({ file: "a", status }));
  const [a, all] = summarize(results);
  assert.equal(a.rate.toFixed(1), "66.7");
  assert.deepEqual({ ...all, part: "a" }, a);
  assert.equal(summarize([{ file: "a", status: "stillborn" }])[0].rate, undefined);
});

test("a result holds while its sources stand, and a survivor meets new tests", () => {
  const result = (status, sources, tests) => ({ status, sources, tests });
  const all = [result("killed", 1, 1), result("survived", 1, 1), result("timeout", 1, 2), result("killed", 2, 2)];
  assert.deepEqual(upheld(all, { sources: 1, tests: 1 }), all.slice(0, 2));
  assert.deepEqual(upheld(all, { sources: 1, tests: 2 }), all.slice(0, 1));
});

test("an entry of the allow-list without a reason is refused", () => {
  const entry = { file: "a", original: "b", mutated: "", reason: "c" };
  assert.equal(allowList(JSON.stringify([entry]), "x.json").get("a\nb\n"), "c");
  assert.throws(() => allowList(JSON.stringify([{ ...entry, reason: "" }]), "x.json"), /x\.json: .*lacks a field/);
});

/* A CAMPAIGN, with a forge that compiles by copying: it knows what the tests of this project would find */

const FORGE = `#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu
source=contracts/core/C.sol
echo "$* $(find test -name '*.t.sol' | sort | tr '\\n' ' ')" >>../forge.log
if grep -q 'a > b' "$source"; then echo "Error: Compiler run failed" >&2; echo "Error (1): no such type" >&2; exit 1; fi
out=\${FOUNDRY_OUT:-out}
mkdir -p "$out/C.sol"
# Adding and subtracting nothing compile to the same, and with the optimizer multiplying and dividing by one.
same='s/a - 0/a + 0/; s/"/x/g'
if [ "$FOUNDRY_PROFILE" = default ]; then same="$same; s/a . 1;/a;/"; fi
printf '{"bytecode": {"object": "%s"}}' "$(tr -d '\\n' <"$source" | sed "$same")" >"$out/C.sol/C.json"
if [ "$1" = test ]; then
    if grep -q 'b == a' "$source"; then sleep 60; fi
    if ! grep -q 'x = a + b' "$source"; then echo "[FAIL: wrong] test_Sum() (gas: 1)"; exit 1; fi
    if grep -qs broken test/unit/C.t.sol; then echo "[FAIL: broken] test_All() (gas: 1)"; exit 1; fi
fi
`;
const BODY = { stillborn: "y = a >= b;", equivalent: "y = a + 0;", optimized: "v = a * 1;", killed: "x = a + b;", survived: "z = a * b;" };

function project(lines, more, body) {
  const source = `contract C {\n    function f(uint256 a) external {\n${lines.map((line) => `        ${line}\n`).join("")}    }\n}\n`;
  const files = {
    "bin/forge": FORGE,
    "contracts/core/C.sol": source,
    "contracts/interfaces/I.sol": source,
    "contracts/verifiers/V.sol": source,
    "test/unit/C.t.sol": "contract T {}\n",
    "test/unit/D.t.sol": "contract T {}\n",
    "test/gas/C.t.sol": "contract T {}\n",
    "test/Base.sol": "contract T {}\n",
    "script/S.sol": "contract S {}\n",
    "foundry.toml": "",
    "package-lock.json": "{}",
    ...more,
  };
  return withRepository(files, (folder) => {
    chmodSync(join(folder, "bin", "forge"), 0o755);
    const path = process.env.PATH;
    process.env.PATH = `${join(folder, "bin")}${delimiter}${path}`;
    try {
      return body((...args) => runIn(folder, "mutate.mjs", ...args), folder);
    } finally {
      process.env.PATH = path;
    }
  });
}

const resultsOf = (folder) => JSON.parse(readFileSync(join(folder, "target", "mutants.json"), "utf8"));
const logOf = (folder) => readFileSync(join(folder, "target", "mutants", "forge.log"), "utf8");

test("a campaign tells killed, surviving, equivalent and stillborn mutants apart, and leaves the contracts alone", () => {
  project(Object.values(BODY), {}, (mutate, folder) => {
    const before = readFileSync(join(folder, "contracts/core/C.sol"), "utf8");
    const { status, output } = mutate();
    assert.equal(status, 0, output);
    const outcome = (mutated) => resultsOf(folder).find((result) => result.mutated === mutated);
    assert.deepEqual([outcome("x = a - b;").status, outcome("x = a - b;").by], ["killed", "test_Sum()"]);
    assert.equal(outcome("y = a > b;").status, "stillborn");
    assert.equal(outcome("y = a - 0;").status, "equivalent");
    assert.equal(outcome("z = a / b;").status, "survived");
    assert.equal(outcome("v = a / 1;").status, "equivalent");
    assert.ok(resultsOf(folder).every(({ file }) => file === "contracts/core/C.sol"));
    assert.match(output, /contracts\/core\/C\.sol +2 /);
    assert.equal(readFileSync(join(folder, "contracts/core/C.sol"), "utf8"), before);
    // First the tests of the file alone, then all but those of gas; at last the optimized code of both.
    const both = "test/unit/C.t.sol test/unit/D.t.sol \n";
    assert.ok(logOf(folder).includes(`test --fail-fast test/unit/C.t.sol \ntest --fail-fast ${both}build contracts ${both}build contracts ${both}`));
    assert.ok(logOf(folder).startsWith(`test --fail-fast ${both}`), "unchanged");
  });
});

test("a campaign goes on where it stopped, and tests survivors again when there are new tests", () => {
  project(Object.values(BODY), {}, (mutate, folder) => {
    mutate("--sample", "2");
    const two = resultsOf(folder);
    assert.equal(two.length, 2);
    mutate();
    assert.deepEqual(resultsOf(folder).slice(0, 2), two);
    const before = logOf(folder);
    mutate();
    assert.equal(logOf(folder), before);
    mkdirSync(join(folder, "test", "new"));
    writeFileSync(join(folder, "test", "new", "N.t.sol"), "");
    mutate();
    const survivors = resultsOf(folder).filter(({ status }) => status === "survived").length;
    const again = logOf(folder).slice(before.length).match(/^build contracts /gm).length;
    assert.equal(again, 2 * survivors);
  });
});

test("a campaign fails below the kill rate asked for, and where nothing was judged", () => {
  project(Object.values(BODY), {}, (mutate) => {
    assert.equal(mutate("--at-least", "1").status, 0);
    assert.equal(mutate("--at-least", "99").status, 1);
  });
  project(["x = a + b;", "y = a >= b;"], {}, (mutate) => {
    const [relational] = mutate("--list").output.match(/^\w+(?= \S+ relational$)/m);
    assert.equal(mutate("--only", relational, "--at-least", "0").status, 1);
  });
});

test("a survivor with a reason counts as equivalent, and a reason without a mutant fails", () => {
  const entry = { file: "contracts/core/C.sol", original: "z = a * b;", mutated: "z = a / b;", reason: "nobody reads z" };
  project(Object.values(BODY), { "test/mutants.json": JSON.stringify([entry]) }, (mutate, folder) => {
    mutate();
    const { status, by } = resultsOf(folder).find(({ mutated }) => mutated === "z = a / b;");
    assert.deepEqual([status, by], ["equivalent", "nobody reads z"]);
  });
  project(["x = a + b;"], { "test/mutants.json": JSON.stringify([entry]) }, (mutate) => {
    const { status, output } = mutate();
    assert.equal(status, 2);
    assert.match(output, /no mutant any more/);
  });
});

test("a campaign judges nothing with tests that fail unchanged", () => {
  project(["x = a + b;"], { "test/unit/C.t.sol": "// broken\n" }, (mutate) => {
    const { status, output } = mutate();
    assert.equal(status, 2);
    assert.match(output, /fails without any change/);
  });
});

test("a mutant that runs beyond the limit is neither killed nor a survivor", () => {
  project(["x = a + b;", "y = b != a;"], {}, (mutate, folder) => {
    const [equality] = mutate("--list").output.match(/^\w+(?= \S+ equality$)/m);
    mutate("--only", equality, "--timeout", "1");
    assert.equal(resultsOf(folder)[0].status, "timeout");
  });
});
