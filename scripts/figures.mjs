#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// figures.mjs [--list FILE]: measures every performance figure of scripts/figures.json now, prints a table against what
// it must be and what it aims at, and writes target/figures.json. Fails when a `must` is missed or a figure is not
// measured.
//
// An entry: id, what, unit, must, aim (optional), compare ("<=" or ">="), peer (optional), scale (optional factor from
// the measured number to the unit), and source, which decides the command:
//   {"snapshot": GROUP, "key": KEY}             a value that a test under test/gas/ records, gas isolated
//   {"size": CONTRACT}                          runtime bytes of a contract
//   {"criterion": ID, "bench": TARGET}          median of a criterion benchmark, in seconds; with "rate": true, what the
//                                               benchmark declares as its elements, per second; with "cores": N, on as many
//   {"json": FILE, "key": KEY, "command": CMD}  a number in the JSON file that a command of this repository writes
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
// Kept apart from snapshots/, so that a measurement never passes for a committed value.
const SNAPSHOTS = "target/figures";
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");

/** The command that measures a source; entries with equal commands share one run. */
export function commandOf(source) {
  if (source.snapshot) {
    return `FOUNDRY_SNAPSHOTS=${SNAPSHOTS} forge test --isolate --match-path 'test/gas/*' --gas-snapshot-emit true`;
  }
  if (source.size) return "FOUNDRY_CACHE_PATH=cache/contracts forge build --sizes --json contracts";
  if (source.criterion) {
    const cores = source.cores ? `RAYON_NUM_THREADS=${source.cores} ` : "";
    // Profile and features of the tests, so that no crate is built a second time. Own crates keep their overflow checks
    // there: a release is faster, never slower.
    const build = `--workspace --all-features --locked --profile dev --bench ${source.bench}`;
    return `${cores}cargo bench ${build} -- '${source.criterion}' --exact`;
  }
  if (source.json) return source.command;
  throw new Error(`unknown source ${JSON.stringify(source)}`);
}

/** The number of a source after its command ran with `output`; undefined where there is none. */
export function readValue(source, output, readJson) {
  if (source.snapshot) return readJson(join(SNAPSHOTS, `${source.snapshot}.json`))?.[source.key];
  if (source.size) return JSON.parse(output)[source.size]?.runtime_size;
  if (source.json) return readJson(source.json)?.[source.key];
  const estimates = readJson(join(criterionFolder(source), "estimates.json"));
  const seconds = estimates && estimates.median.point_estimate / 1e9;
  if (!source.rate) return seconds;
  return readJson(join(criterionFolder(source), "benchmark.json"))?.throughput?.Elements / seconds;
}

function criterionFolder(source) {
  return join(TARGET, "criterion", source.criterion, "new");
}

/** Removes what an earlier run measured: a benchmark that no longer exists must not pass by an old figure. */
export function forget(sources, remove) {
  remove(join(ROOT, SNAPSHOTS));
  for (const source of sources) if (source.criterion) remove(criterionFolder(source));
}

/** One entry judged: "ok" (and "ok, aim" where the aim is met), "MISSED" or "NOT MEASURED". */
export function judge(entry, value) {
  if (!Number.isFinite(value)) return "NOT MEASURED";
  const holds = (limit) => (entry.compare === ">=" ? value >= limit : value <= limit);
  if (!["<=", ">="].includes(entry.compare)) throw new Error(`${entry.id}: compare is ${entry.compare}`);
  if (!holds(entry.must)) return "MISSED";
  return entry.aim !== undefined && holds(entry.aim) ? "ok, aim" : "ok";
}

function run(command) {
  console.error(`figures: ${command}`);
  const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status !== 0) {
    process.stderr.write(`${stdout}${stderr}figures: the command failed with ${status}\n`);
    return undefined;
  }
  return stdout;
}

function readJson(file) {
  const path = join(ROOT, file);
  const absolute = existsSync(path) ? path : file;
  return existsSync(absolute) ? JSON.parse(readFileSync(absolute, "utf8")) : undefined;
}

function measure(entries) {
  forget(entries.map(({ source }) => source), (folder) => rmSync(folder, { recursive: true, force: true }));
  const outputs = new Map();
  return entries.map((entry) => {
    const command = commandOf(entry.source);
    if (!outputs.has(command)) outputs.set(command, run(command));
    const output = outputs.get(command);
    const raw = output === undefined ? undefined : readValue(entry.source, output, readJson);
    const value = raw === undefined ? undefined : Number((Number(raw) * (entry.scale ?? 1)).toPrecision(12));
    return { ...entry, command, value, verdict: judge(entry, value) };
  });
}

function table(rows) {
  const number = (value) => (value === undefined ? "-" : value.toLocaleString("en-US"));
  const limit = ({ compare }, value) => (value === undefined ? "" : `${compare} ${number(value)}`);
  const cells = [
    ["id", "what", "measured", "unit", "must", "aim", "verdict", "peer"],
    ...rows.map((row) => [
      row.id, row.what, number(row.value), row.unit, limit(row, row.must), limit(row, row.aim), row.verdict, row.peer ?? "",
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const right = new Set([2]);
  return cells
    .map((row) =>
      row.map((cell, i) => (right.has(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ").trimEnd(),
    )
    .join("\n");
}

function main() {
  const at = process.argv.indexOf("--list");
  const entries = JSON.parse(readFileSync(at < 0 ? join(ROOT, "scripts/figures.json") : process.argv[at + 1], "utf8"));
  const rows = measure(entries);
  console.log(table(rows));
  const figures = Object.fromEntries(
    rows.map(({ id, value = null, unit, must, aim = null, command }) => [id, { value, unit, must, aim, command }]),
  );
  mkdirSync(join(ROOT, "target"), { recursive: true });
  writeFileSync(join(ROOT, "target/figures.json"), `${JSON.stringify(figures, null, 2)}\n`);
  const failed = rows.filter(({ verdict }) => !verdict.startsWith("ok"));
  console.log(`figures: ${rows.length - failed.length} of ${rows.length} hold, written to target/figures.json`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
