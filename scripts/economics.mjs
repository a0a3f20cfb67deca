#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// economics.mjs [--check]: simulates the batch fee and its historical ancestor on the same traces and writes docs/economics/.
// With --check nothing is written: a file that differs fails. Deterministic; about a minute. What it models: docs/economics.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { render, runAll } from "./economics/report.mjs";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "docs", "economics");

function stale(files) {
  const committed = (name) => (existsSync(join(FOLDER, name)) ? readFileSync(join(FOLDER, name), "utf8") : undefined);
  return Object.keys(files).filter((name) => committed(name) !== files[name]);
}

function write(files) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(FOLDER, name), text);
}

const files = render(runAll((line) => console.error(line)));
if (process.argv.includes("--check")) {
  const names = stale(files);
  for (const name of names) console.error(`docs/economics/${name} is stale: run make economics`);
  if (names.length > 0) process.exit(1);
  console.log(`docs/economics: ${Object.keys(files).length} files are up to date`);
} else {
  write(files);
  console.log(`wrote ${Object.keys(files).length} files to docs/economics`);
}
