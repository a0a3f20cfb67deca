// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { tagsOf, validate } from "../requirements.mjs";
import { run, withRepository } from "./support.mjs";

const LIST = JSON.stringify([
  { id: "R1", text: "First.", status: "applies" },
  { id: "R2", text: "Second.", status: "waits", reason: "a later step" },
]);
const TEST = "contract T {\n    /// @custom:req R1\n    function test_A() public {}\n}\n";

function check(files) {
  return withRepository({ "docs/requirements.json": LIST, ...files }, (folder) => {
    run("requirements.mjs", "--root", folder);
    return run("requirements.mjs", "--check", "--root", folder);
  });
}

test("the map accepts a list whose applying requirements are all tested", () => {
  const { status, output } = check({ "test/T.t.sol": TEST });
  assert.equal(status, 0, output);
});

test("the map fails when a requirement that applies has no test", () => {
  const { status, output } = check({ "test/T.t.sol": TEST.replace("R1", "R2") });
  assert.equal(status, 1);
  assert.match(output, /R1 has no test/);
});

test("the map fails on an unknown id", () => {
  const { status, output } = check({ "test/T.t.sol": TEST.replace("R1", "R1, R99") });
  assert.equal(status, 1);
  assert.match(output, /R99, which .* does not list/);
});

test("the map fails when it is stale", () => {
  withRepository({ "docs/requirements.json": LIST, "docs/verification.md": "old\n", "test/T.t.sol": TEST }, (folder) => {
    const { status, output } = run("requirements.mjs", "--check", "--root", folder);
    assert.equal(status, 1);
    assert.match(output, /stale/);
  });
});

test("tags are found before tests, invariants, symbolic checks and Rust tests", () => {
  const solidity = [
    "/// @notice Text.", "/// @custom:req R6, R7", "/// more text", "function testFuzz_B(uint256 x) public {}",
    "/// @custom:req R8", "function invariant_C() public {}", "// @custom:req R9", "function check_D() public {}",
  ].join("\n");
  assert.deepEqual(tagsOf(solidity, ".sol"), {
    found: [
      { id: "R6", name: "testFuzz_B", kind: "fuzz" },
      { id: "R7", name: "testFuzz_B", kind: "fuzz" },
      { id: "R8", name: "invariant_C", kind: "invariant" },
      { id: "R9", name: "check_D", kind: "symbolic" },
    ],
    errors: [],
  });
  const rust = "proptest! {\n    // REQ C1\n    #[test]\n    fn same_root(x in any::<u8>()) {}\n}\n";
  assert.deepEqual(tagsOf(rust, ".rs"), { found: [{ id: "C1", name: "same_root", kind: "test" }], errors: [] });
});

test("a tag before a test contract stands for its tests", () => {
  const text = "/// @custom:req R1\ncontract A {\n  function test_X() {}\n  function test_Y() {}\n}\n/// @custom:req R2\ncontract B {\n}\n";
  const { found, errors } = tagsOf(text, ".sol");
  assert.deepEqual(found, [{ id: "R1", name: "A", kind: "2 tests" }]);
  assert.equal(errors.length, 1);
  assert.match(errors[0], /R2 tags B, which has no test of its own/);
});

test("a tag on what does not run as a test is an error", () => {
  assert.equal(tagsOf("/// @custom:req R1\nfunction helper() internal {}\n", ".sol").errors.length, 1);
  assert.equal(tagsOf("// REQ R1\nfn helper() {}\n", ".rs").errors.length, 1);
  assert.equal(tagsOf("/// @custom:req R1\ncontract T {\n", ".sol").errors.length, 1);
  assert.equal(tagsOf("/// @custom:req R1\n", ".sol").errors.length, 1);
});

test("the list itself is checked", () => {
  assert.deepEqual(validate([{ id: "R1", text: "x", status: "applies" }]), []);
  assert.equal(validate([{ id: "R1", text: "x", status: "applies" }, { id: "R1", text: "x", status: "applies" }]).length, 1);
  assert.equal(validate([{ id: "R1", text: "x", status: "waits" }]).length, 1);
  assert.equal(validate([{ id: "R1", text: "", status: "maybe" }]).length, 3);
});
