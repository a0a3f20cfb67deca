// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { parseLcov, percent, total } from "../coverage.mjs";
import { runIn, withRepository } from "./support.mjs";

const LCOV = [
  "SF:contracts/A.sol", "DA:1,3", "DA:2,0", "BRDA:1,0,0,1", "BRDA:1,0,1,-", "end_of_record",
  "SF:contracts/B.sol", "DA:7,1", "end_of_record",
  "SF:test/T.sol", "DA:1,0", "end_of_record", "",
].join("\n");

function cover(lcov, lines, branches, sources = {}) {
  return withRepository({ "lcov.info": lcov, "contracts/I.sol": "interface I { function f() external; }\n", ...sources }, (folder) =>
    runIn(folder, "coverage.mjs", "lcov.info", "--root", "contracts", "--lines", lines, "--branches", branches),
  );
}

test("coverage counts lines and branches, and names what is missed", () => {
  const files = parseLcov(LCOV);
  assert.deepEqual(files[0], {
    file: "contracts/A.sol",
    lines: { hit: 1, found: 2 },
    branches: { hit: 1, found: 2 },
    missed: [1, 2],
  });
  assert.equal(percent(total(files.slice(0, 2), "lines")).toFixed(1), "66.7");
});

test("coverage passes at the thresholds and leaves out other folders", () => {
  assert.equal(cover(LCOV, "66.6", "50").status, 0);
});

test("coverage fails below the line threshold", () => {
  assert.equal(cover(LCOV, "66.7", "50").status, 1);
});

test("coverage fails below the branch threshold", () => {
  assert.equal(cover(LCOV, "50", "50.1").status, 1);
});

test("coverage fails where nothing was measured", () => {
  assert.equal(cover("SF:test/T.sol\nDA:1,1\nend_of_record\n", "0", "0").status, 1);
});

test("coverage fails where a source with code is not in the report", () => {
  const { status, output } = cover(LCOV, "0", "0", { "contracts/core/C.sol": "contract C { function f() external { g(); } }\n" });
  assert.equal(status, 1);
  assert.match(output, /contracts\/core\/C\.sol +NOT MEASURED/);
});
