// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commandOf, forget, judge, readValue } from "../figures.mjs";
import { SCRIPTS } from "./support.mjs";

const entry = { id: "P0", must: 100, aim: 80, compare: "<=" };

test("a figure is judged against what it must be and what it aims at", () => {
  assert.equal(judge(entry, 80), "ok, aim");
  assert.equal(judge(entry, 81), "ok");
  assert.equal(judge(entry, 100), "ok");
  assert.equal(judge(entry, 100.5), "MISSED");
  assert.equal(judge({ ...entry, compare: ">=" }, 99), "MISSED");
});

test("a figure that was not measured does not pass", () => {
  assert.equal(judge(entry, undefined), "NOT MEASURED");
  assert.equal(judge(entry, NaN), "NOT MEASURED");
});

test("a figure compared in an unknown way is an error", () => {
  assert.throws(() => judge({ ...entry, compare: "<" }, 1), /compare is </);
});

test("values come from the source an entry names", () => {
  const files = { "target/figures/figures.json": { key: "7" }, "x.json": { n: 3 } };
  const readJson = (file) => files[file] ?? (file.endsWith("estimates.json") ? { median: { point_estimate: 2e9 } } : undefined);
  assert.equal(readValue({ snapshot: "figures", key: "key" }, "", readJson), "7");
  assert.equal(readValue({ snapshot: "figures", key: "other" }, "", readJson), undefined);
  assert.equal(readValue({ size: "A" }, '{"A": {"runtime_size": 5}}', readJson), 5);
  assert.equal(readValue({ size: "B" }, '{"A": {"runtime_size": 5}}', readJson), undefined);
  assert.equal(readValue({ json: "x.json", key: "n", command: "true" }, "", readJson), 3);
  assert.equal(readValue({ criterion: "group/name", bench: "b" }, "", readJson), 2);
});

test("a rate is what the benchmark declares as its elements, over the median", () => {
  const source = { criterion: "group/name", bench: "b", rate: true };
  const files = { "estimates.json": { median: { point_estimate: 5e8 } }, "benchmark.json": { throughput: { Elements: 48 } } };
  const reading = (known) => (file) => {
    assert.match(file, /criterion\/group\/name\/new\/[a-z]+\.json$/);
    return known[file.split("/").at(-1)];
  };
  assert.equal(readValue(source, "", reading(files)), 96);
  for (const missing of Object.keys(files)) {
    const value = readValue(source, "", reading({ ...files, [missing]: undefined }));
    assert.equal(judge({ ...entry, compare: ">=" }, value), "NOT MEASURED", missing);
  }
  const bytes = { ...files, "benchmark.json": { throughput: { Bytes: 48 } } };
  assert.equal(judge({ ...entry, compare: ">=" }, readValue(source, "", reading(bytes))), "NOT MEASURED");
});

test("a benchmark runs alone, on the cores the entry names", () => {
  const command = commandOf({ criterion: "group/name", bench: "b", cores: 1 });
  assert.match(command, /^RAYON_NUM_THREADS=1 cargo bench .*--locked.* --bench b -- 'group\/name' --exact$/);
  assert.match(commandOf({ criterion: "group/name", bench: "b" }), /^cargo bench /);
});

test("an old measurement is forgotten before the new one", () => {
  const removed = [];
  forget([{ size: "A" }, { criterion: "group/name", bench: "b" }], (folder) => removed.push(folder));
  assert.equal(removed.length, 2);
  assert.match(removed[0], /target\/figures$/);
  assert.match(removed[1], /criterion\/group\/name\/new$/);
});

test("every listed figure has an id of its own, a limit and a command", () => {
  const entries = JSON.parse(readFileSync(join(SCRIPTS, "figures.json"), "utf8"));
  assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length);
  for (const listed of entries) {
    assert.ok(Number.isFinite(listed.must) && listed.unit && listed.what, listed.id);
    assert.ok(commandOf(listed.source), listed.id);
    judge(listed, 0);
  }
});
