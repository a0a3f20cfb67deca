#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// coverage.mjs LCOV --root FOLDER --lines PERCENT --branches PERCENT
// Prints line and branch coverage of the sources under FOLDER; fails below either threshold, and when a source with code
// is missing in the report.
import { readFileSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

/** Reads an lcov tracefile into `[{file, lines: {hit, found}, branches: {hit, found}, missed: [line]}]`. */
export function parseLcov(text) {
  const files = [];
  let current;
  for (const line of text.split("\n")) {
    const [key, rest = ""] = [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)];
    if (key === "SF") {
      current = { file: rest, lines: { hit: 0, found: 0 }, branches: { hit: 0, found: 0 }, missed: new Set() };
      files.push(current);
    } else if (key === "DA") {
      const [number, count] = rest.split(",").map(Number);
      current.lines.found++;
      if (count > 0) current.lines.hit++;
      else current.missed.add(number);
    } else if (key === "BRDA") {
      const [number, , , count] = rest.split(",");
      current.branches.found++;
      if (count !== "-" && Number(count) > 0) current.branches.hit++;
      else current.missed.add(Number(number));
    }
  }
  return files.map((file) => ({ ...file, missed: [...file.missed].sort((a, b) => a - b) }));
}

/** Percent with nothing to cover counted as covered. */
export const percent = ({ hit, found }) => (found === 0 ? 100 : (100 * hit) / found);

export function total(files, kind) {
  return files.reduce((sum, file) => ({ hit: sum.hit + file[kind].hit, found: sum.found + file[kind].found }), {
    hit: 0,
    found: 0,
  });
}

/** Sources under `root` that hold functions with statements but are not in the report: left out of the build, not covered. */
export function unmeasured(files, root) {
  const measured = new Set(files.map(({ file }) => file));
  return readdirSync(root, { recursive: true })
    .map((name) => `${root}/${name}`)
    .filter((name) => name.endsWith(".sol") && !measured.has(name))
    .filter((name) => /\b(function|constructor|receive|modifier)\b[^;{}]*\{\s*[^}\s]/.test(withoutComments(readFileSync(name, "utf8"))))
    .sort();
}

const withoutComments = (text) => text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "");

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { root: { type: "string" }, lines: { type: "string" }, branches: { type: "string" } },
  });
  const files = parseLcov(readFileSync(positionals[0], "utf8")).filter(({ file }) => file.startsWith(`${values.root}/`));
  const shown = (ratio) => `${percent(ratio).toFixed(1)} % (${ratio.hit}/${ratio.found})`.padStart(20);
  for (const { file, lines, branches, missed } of files) {
    const rest = missed.length > 0 ? `  not covered: ${missed.join(", ")}` : "";
    console.log(`${file.padEnd(48)} lines${shown(lines)}  branches${shown(branches)}${rest}`);
  }
  const missing = unmeasured(files, values.root);
  for (const file of missing) console.log(`${file.padEnd(48)} NOT MEASURED`);
  let failed = missing.length > 0;
  for (const kind of ["lines", "branches"]) {
    const ratio = total(files, kind);
    // Nothing measured is a broken run, not a covered one.
    const enough = ratio.found > 0 && percent(ratio) >= Number(values[kind]);
    console.log(`coverage: ${kind}${shown(ratio)}, at least ${values[kind]} %: ${enough ? "ok" : "FAILED"}`);
    failed ||= !enough;
  }
  process.exitCode = failed ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
