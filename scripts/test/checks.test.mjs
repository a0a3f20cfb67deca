// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { run, withRepository } from "./support.mjs";

const LICENCE = "SPDX-License-Identifier: MIT OR Apache-2.0";

function outcome(script, files) {
  return withRepository(files, (folder) => run(script, folder));
}

test("the licence check accepts the line first, or after the interpreter", () => {
  const { status, output } = outcome("check-spdx.sh", {
    "a.sol": `// ${LICENCE}\n`,
    "b.sh": `#!/bin/sh\n# ${LICENCE}\n`,
    "tool": `#!/bin/sh\n# ${LICENCE}\n`,
    "readme.md": "no licence line needed\n",
  });
  assert.equal(status, 0, output);
  assert.match(output, /3 source files/);
});

for (const [what, file, text] of [
  ["lacks the line", "a.sol", "pragma solidity 0.8.30;\n"],
  ["has another licence", "a.rs", "// SPDX-License-Identifier: MIT\n"],
  ["has it too late", "a.toml", `[a]\n# ${LICENCE}\n`],
  ["is a script without a name that tells", "tool", "#!/bin/sh\nexit 0\n"],
  ["is empty", "empty.rs", ""],
]) {
  test(`the licence check fails on a file that ${what}`, () => {
    const { status, output } = outcome("check-spdx.sh", { "good.sol": `// ${LICENCE}\n`, [file]: text });
    assert.notEqual(status, 0);
    assert.match(output, new RegExp(`^${file}: the first line must be`, "m"));
  });
}

test("the licence check fails where it finds nothing to check", () => {
  assert.notEqual(outcome("check-spdx.sh", { "readme.md": "\n" }).status, 0);
});

test("the house rules accept relative paths, URLs and ordinary words", () => {
  const { status, output } = outcome("check-house-rules.sh", {
    "a.md": `./${"wo"}rk/x, target/tmp/y, ~/${"ho"}me/z, \${HOME}/${"wo"}rk/, https://example.org/${"ro"}ot/a, a todolist, crates.io\n`,
  });
  assert.equal(status, 0, output);
});

// Put together here, so that this file keeps the rules itself.
for (const [rule, text] of [
  ["absolute path of one machine", `see ${"/wo"}rk/main/a\n`],
  ["absolute path of one machine", `"${"/ro"}ot/.cargo"\n`],
  ["absolute path of one machine", `cd ${"/Us"}ers/me/poe\n`],
  ["host of a package registry", `https://registry.${"npm"}js.org/x\n`],
  ["host of a package registry", `index.${"crates"}.io\n`],
  ["unfinished work", `// ${"TO"}DO: later\n`],
  ["unfinished work", `fn f() { ${"to"}do!() }\n`],
]) {
  test(`the house rules refuse: ${rule}: ${text.trim()}`, () => {
    const { status, output } = outcome("check-house-rules.sh", { "a.txt": text });
    assert.notEqual(status, 0);
    assert.match(output, new RegExp(rule));
  });
}

test("the house rules refuse a test that does not run", () => {
  const { status, output } = outcome("check-house-rules.sh", { "a.rs": `#[${"ignore"}]\nfn f() {}\n` });
  assert.notEqual(status, 0);
  assert.match(output, /test that does not run/);
});

test("the house rules refuse a lock file that names a registry", () => {
  const { status } = outcome("check-house-rules.sh", { "package-lock.json": `{"resolved": "x"}\n` });
  assert.notEqual(status, 0);
});
