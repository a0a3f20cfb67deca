#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// snapshots.mjs [--check]: measures isolated gas (test/gas/, one snapshots/<group>.json a group) and code size
// (snapshots/sizes.json) in the project of the current folder. With --check the committed files must be equal: a value
// that changed, is missing or is no longer measured fails.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const COMMITTED = "snapshots";
const FRESH = join("cache", "snapshots");

function forge(args, env = {}) {
  return execFileSync("forge", args, { env: { ...process.env, ...env }, encoding: "utf8", maxBuffer: 1 << 28 });
}

function measureGas(folder) {
  try {
    const args = ["test", "--isolate", "--match-path", "test/gas/*", "--gas-snapshot-emit", "true"];
    forge(args, { FOUNDRY_SNAPSHOTS: folder, FOUNDRY_PROFILE: "default" });
  } catch (error) {
    process.stdout.write(error.stdout ?? "");
    console.error("snapshots: the tests under test/gas/ fail");
    process.exit(1);
  }
}

/** Names of the contracts and libraries declared under a folder: imported packages are not ours to watch. */
function declaredContracts(folder) {
  if (!existsSync(folder)) return new Set();
  const sources = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".sol"));
  const text = sources.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  return new Set([...text.matchAll(/^(?:contract|library) (\w+)/gm)].map((match) => match[1]));
}

function measureSizes(folder) {
  const output = forge(["build", "--sizes", "--json", ...(existsSync("contracts") ? ["contracts"] : [])]);
  const declared = declaredContracts("contracts");
  // Libraries of internal functions only are inlined into their users: what is left of them is a stub.
  const own = Object.entries(JSON.parse(output)).filter(([name, size]) => declared.has(name) && size.runtime_size > 100);
  const sizes = {};
  for (const [name, { runtime_size, init_size }] of own.sort(([a], [b]) => (a < b ? -1 : 1))) {
    sizes[name] = { runtime: runtime_size, init: init_size };
  }
  writeFileSync(join(folder, "sizes.json"), `${JSON.stringify(sizes, null, 2)}\n`);
}

const files = (folder) => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")).sort() : []);

/** `{"group: key": value}` of every snapshot in a folder. */
function values(folder) {
  const flat = {};
  for (const name of files(folder)) {
    for (const [key, value] of Object.entries(JSON.parse(readFileSync(join(folder, name), "utf8")))) {
      flat[`${name.replace(/\.json$/, "")}: ${key}`] = typeof value === "object" ? JSON.stringify(value) : String(value);
    }
    flat[name] = "present";
  }
  return flat;
}

function compare() {
  const committed = values(COMMITTED);
  const fresh = values(FRESH);
  const changed = [...new Set([...Object.keys(committed), ...Object.keys(fresh)])]
    .filter((key) => committed[key] !== fresh[key])
    .sort();
  for (const key of changed) console.error(`  ${key}: committed ${committed[key] ?? "-"}, measured ${fresh[key] ?? "-"}`);
  return changed.length;
}

rmSync(FRESH, { recursive: true, force: true });
mkdirSync(FRESH, { recursive: true });
measureGas(FRESH);
measureSizes(FRESH);

if (process.argv.includes("--check")) {
  const changed = compare();
  if (changed > 0) {
    console.error(`snapshots: ${changed} values differ; if that is meant, run 'make snapshots' and commit the result`);
    process.exit(1);
  }
  console.log(`snapshots: ${Object.keys(values(FRESH)).length} values as committed`);
} else {
  for (const name of files(COMMITTED)) rmSync(join(COMMITTED, name));
  cpSync(FRESH, COMMITTED, { recursive: true });
  console.log(`snapshots: ${files(COMMITTED).map((name) => join(COMMITTED, name)).join(", ")} written`);
}
