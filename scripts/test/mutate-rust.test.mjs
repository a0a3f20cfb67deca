// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import test from "node:test";
import { apply } from "../mutants.mjs";
import { PARTS, failure, mutantsFrom, offset, stagesOf, withoutTests } from "../mutate-rust.mjs";
import { runIn, withRepository } from "./support.mjs";

const SOURCE = `fn sum(a: u8, b: u8) -> u8 {
    a + b
}

fn small(a: u8) -> bool {
    a < 9
}

#[cfg(test)]
mod tests {
    #[test]
    fn adds() {}
}
`;

/** What cargo-mutants says of a change from column `from` to before column `to` of a line. */
const found = (file, genre, line, from, to, replacement) => ({
  file,
  genre,
  replacement,
  span: { start: { line, column: from }, end: { line, column: to } },
});
const LIST = [
  found("rollup/src/a.rs", "FnValue", 2, 5, 10, "0"),
  found("rollup/src/a.rs", "BinaryOperator", 2, 7, 8, "-"),
  found("rollup/src/a.rs", "BinaryOperator", 6, 7, 8, "<="),
  found("rollup/src/a.rs", "BinaryOperator", 6, 7, 8, "=="),
];

test("lines and columns count from one", () => {
  assert.equal(offset("ab\ncd\n", { line: 1, column: 1 }), 0);
  assert.equal(offset("ab\ncd\n", { line: 2, column: 2 }), 4);
});

test("a mutant of cargo-mutants has what one of Solidity has", () => {
  const mutants = mutantsFrom(LIST, () => SOURCE);
  assert.deepEqual(
    mutants.map(({ operator, line, original, mutated }) => [operator, line, original, mutated]),
    [
      ["fn-value", 2, "a + b", "0"],
      ["binary-operator", 2, "a + b", "a - b"],
      ["binary-operator", 6, "a < 9", "a <= 9"],
      ["binary-operator", 6, "a < 9", "a == 9"],
    ],
  );
  assert.equal(apply(SOURCE, mutants[1]), SOURCE.replace("+", "-"));
  assert.equal(new Set(mutants.map(({ id }) => id)).size, 4);
});

test("a change of the tests leaves the source as it was", () => {
  assert.equal(withoutTests(SOURCE), withoutTests(SOURCE.replace("adds", "subtracts")));
  assert.notEqual(withoutTests(SOURCE), withoutTests(SOURCE.replace("a < 9", "a < 8")));
});

test("a failing test is named, and a program that dies says how", () => {
  assert.equal(failure("test a::b ... ok\ntest a::c ... FAILED\n\nfailures:\n"), "a::c");
  assert.equal(failure("test a::d - should panic ... FAILED\n"), "a::d");
  assert.equal(
    failure("error: test failed\n\nCaused by:\n  process didn't exit successfully: `/x/deps/y-1` (signal: 6, SIGABRT: process abort signal)\n"),
    "signal: 6, SIGABRT: process abort signal",
  );
  assert.equal(failure("Error: x.sol is not what the generator writes\nerror: process didn't exit successfully: `y` (exit status: 1)\n"), "x.sol is not what the generator writes");
  assert.equal(failure("test a::b ... ok\n"), undefined);
});

/* A CAMPAIGN, with a cargo that compiles nothing: it knows what the tests would find */

const CARGO = `#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu
if [ "$1" = mutants ]; then
    cat list.json
    exit
fi
source=rollup/src/a.rs
echo "$*" >>../cargo.log
if grep -q 'a == 9' $source; then printf 'error[E0308]: mismatched types\\nerror: could not compile x\\n' >&2; exit 101; fi
case "$*" in
*--lib*) if grep -q '^    0' $source; then echo "test tests::adds ... FAILED"; exit 101; fi ;;
*--package\\ poe-prover*) if grep -q 'a - b' $source; then echo "test circuits::agree ... FAILED"; exit 101; fi ;;
esac
if grep -q broken $source; then echo "test all ... FAILED"; exit 101; fi
`;

function project(more, body) {
  const files = {
    "bin/cargo": CARGO,
    "list.json": JSON.stringify(LIST),
    "rollup/src/a.rs": SOURCE,
    "Cargo.lock": "",
    "test/fixtures/x.json": "{}",
    ...Object.fromEntries(["bindings", "node", "prover", "verifier-gen", "xtask"].map((crate) => [`${crate}/src/lib.rs`, ""])),
    ...more,
  };
  return withRepository(files, (folder) => {
    chmodSync(join(folder, "bin", "cargo"), 0o755);
    const { PATH, CARGO_TARGET_DIR } = process.env;
    process.env.PATH = `${join(folder, "bin")}${delimiter}${PATH}`;
    delete process.env.CARGO_TARGET_DIR;
    try {
      return body((...args) => runIn(folder, "mutate-rust.mjs", "rollup", ...args), folder);
    } finally {
      process.env.PATH = PATH;
      if (CARGO_TARGET_DIR !== undefined) process.env.CARGO_TARGET_DIR = CARGO_TARGET_DIR;
    }
  });
}

const resultsOf = (folder) => JSON.parse(readFileSync(join(folder, "target", "mutants-rust.json"), "utf8"));

test("a campaign judges stage by stage, and leaves the sources alone", () => {
  project({}, (mutate, folder) => {
    const { status, output } = mutate();
    assert.equal(status, 0, output);
    const outcome = (mutated) => resultsOf(folder).find((result) => result.mutated === mutated);
    assert.deepEqual([outcome("0").status, outcome("0").by], ["killed", "tests::adds"]);
    assert.deepEqual([outcome("a - b").status, outcome("a - b").by], ["killed", "circuits::agree"]);
    assert.equal(outcome("a <= 9").status, "survived");
    assert.deepEqual([outcome("a == 9").status, outcome("a == 9").by], ["stillborn", "error[E0308]: mismatched types"]);
    assert.match(output, /^rollup +2 +1 +0 +1 +0 +66\.7 %$/m);
    assert.equal(readFileSync(join(folder, "rollup/src/a.rs"), "utf8"), SOURCE);
    assert.equal(readFileSync(join(folder, "target/mutants-rust/tree/rollup/src/a.rs"), "utf8"), SOURCE);
  });
});

test("what survives the tests of its own crate meets the others without --own", () => {
  project({}, (mutate, folder) => {
    const outcome = () => resultsOf(folder).find((result) => result.mutated === "a - b").status;
    mutate("--own");
    assert.equal(outcome(), "survived");
    mutate();
    assert.equal(outcome(), "killed");
  });
  assert.ok(stagesOf("rollup", true).length < stagesOf("rollup", false).length);
});

test("a campaign judges nothing with tests that fail unchanged", () => {
  project({ "rollup/src/a.rs": SOURCE.replace("adds", "broken") }, (mutate) => {
    const { status, output } = mutate();
    assert.equal(status, 2);
    assert.match(output, /fails without any change/);
  });
});

test("a survivor with a reason counts as equivalent, and a reason without a mutant fails", () => {
  const entry = { file: "rollup/src/a.rs", original: "a < 9", mutated: "a <= 9", reason: "nobody asks for nine" };
  project({ "test/mutants-rust.json": JSON.stringify([entry]) }, (mutate, folder) => {
    mutate();
    const { status, by } = resultsOf(folder).find(({ mutated }) => mutated === "a <= 9");
    assert.deepEqual([status, by], ["equivalent", "nobody asks for nine"]);
  });
  project({ "test/mutants-rust.json": JSON.stringify([{ ...entry, original: "a > 9" }]) }, (mutate) => {
    const { status, output } = mutate();
    assert.equal(status, 2);
    assert.match(output, /no mutant any more/);
  });
});

test("every part names files that are there, and its crate judges it first", () => {
  for (const { part, files, stages } of PARTS) {
    assert.ok(files.every((file) => file.startsWith(`${part}/src/`)));
    assert.deepEqual(stages[0].slice(0, 3), ["test", "--package", `poe-${part}`]);
  }
});
