#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// requirements.mjs [--check] [--root FOLDER]: writes docs/verification.md, the map from every requirement of
// docs/requirements.json to the tests, invariants and symbolic checks that are tagged with it. With --check nothing is
// written: a stale map, a requirement that applies but has no test, an unknown id, or a tag on something that does not
// run as a test fails.
//
// A tag stands in the comment before a test, or before a test contract for all its tests:
// `/// @custom:req R6, R7` in Solidity, `// REQ R6` in Rust and JavaScript.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const SKIPPED = new Set(["target", "node_modules", "out", "cache", "lib", ".git"]);
const LANGUAGES = {
  ".sol": {
    tag: /@custom:req\s+(.*)$/,
    declaration: /^\s*function\s+(\w+)/,
    // A tag before a test contract stands for all its tests.
    group: /^\s*contract\s+(\w+)/,
    runs: (name) => /^(test|invariant|check|statefulFuzz)/.test(name),
    kinds: [[/^invariant/, "invariant"], [/^check/, "symbolic"], [/^testFuzz/, "fuzz"], [/^test/, "test"]],
  },
  ".rs": {
    tag: /^\s*\/\/+!?\s*REQ\s+(.*)$/,
    declaration: /^\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)/,
    runs: (_, attributes) => attributes.some((line) => /#\[(\w+::)*test\b|#\[test_case|#\[rstest/.test(line)),
    kinds: [[/./, "test"]],
  },
  ".mjs": {
    tag: /^\s*\/\/\s*REQ\s+(.*)$/,
    declaration: /^\s*(?:test|it)\(\s*["'`]([^"'`]+)/,
    runs: () => true,
    kinds: [[/./, "test"]],
  },
};

/** The tagged tests of one source text: `[{id, name, kind}]`, and what is wrong with its tags: `[message]`. */
export function tagsOf(text, extension) {
  const language = LANGUAGES[extension];
  const found = [];
  const errors = [];
  let pending = [];
  let attributes = [];
  let group; // The contract whose tests are being read, with the ids that it is tagged with.
  const closeGroup = () => {
    for (const { id, at } of group?.ids ?? []) {
      if (group.tests > 0) found.push({ id, name: group.name, kind: `${group.tests} tests` });
      else errors.push(`line ${at}: ${id} tags ${group.name}, which has no test of its own`);
    }
  };
  text.split("\n").forEach((line, index) => {
    const at = index + 1;
    const tag = line.match(language.tag);
    const declaration = line.match(language.declaration);
    if (tag) {
      for (const id of tag[1].replace(/\*\/.*$/, "").split(/[\s,]+/).filter(Boolean)) pending.push({ id, at });
    } else if (declaration) {
      const name = declaration[1];
      if (group && language.runs(name, attributes)) group.tests++;
      const kind = language.kinds.find(([pattern]) => pattern.test(name))?.[1];
      for (const { id, at: line } of pending) {
        if (language.runs(name, attributes)) found.push({ id, name, kind });
        else errors.push(`line ${line}: ${id} tags ${name}, which is not a test`);
      }
      pending = [];
      attributes = [];
    } else if (language.group?.test(line)) {
      closeGroup();
      group = { name: line.match(language.group)[1], ids: pending, tests: 0 };
      pending = [];
    } else if (/^\s*(\/\/|\/\*|\*|#\[|\)\]|proptest! \{|$)/.test(line)) {
      if (/^\s*#\[/.test(line)) attributes.push(line);
    } else {
      for (const { id, at: line } of pending) errors.push(`line ${line}: ${id} does not stand before a test`);
      pending = [];
      attributes = [];
    }
  });
  closeGroup();
  for (const { id, at } of pending) errors.push(`line ${at}: ${id} does not stand before a test`);
  return { found, errors };
}

function sources(root, folder = "") {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (SKIPPED.has(entry.name)) return [];
    if (entry.isDirectory()) return sources(root, path);
    return entry.isFile() && /\.(sol|rs|mjs)$/.test(entry.name) ? [path] : [];
  });
}

/** Every tagged test of a repository by requirement id, sorted, and every error. */
export function scan(root, requirements) {
  const tests = new Map(requirements.map(({ id }) => [id, []]));
  const errors = [];
  for (const file of sources(root).sort()) {
    // This file and its test speak of tags without being tests of the protocol.
    if (/^scripts\/(requirements\.mjs|test\/requirements\.test\.mjs)$/.test(file)) continue;
    const extension = file.slice(file.lastIndexOf("."));
    const { found, errors: wrong } = tagsOf(readFileSync(join(root, file), "utf8"), extension);
    errors.push(...wrong.map((message) => `${file}: ${message}`));
    for (const { id, name, kind } of found) {
      if (tests.has(id)) tests.get(id).push({ name, kind, file });
      else errors.push(`${file}: ${name} is tagged ${id}, which docs/requirements.json does not list`);
    }
  }
  for (const { id, text, status } of requirements) {
    if (status === "applies" && tests.get(id).length === 0) errors.push(`${id} has no test: ${text}`);
  }
  return { tests, errors };
}

const GROUPS = { R: "Contracts, fees, sequencing, emergency", V: "Verifier", C: "Circuits and formats" };

export function render(requirements, tests) {
  const lines = [
    "# Verification",
    "",
    "Which tests show which requirement. Generated by `make requirements` from `docs/requirements.json` and the tags in the",
    "tests (`@custom:req R6` in Solidity, `REQ R6` in Rust); CI fails when it is stale, or when a requirement that applies",
    "has no test. *Waits* names what a requirement waits for, *answered* why no test is needed.",
  ];
  for (const [letter, title] of Object.entries(GROUPS)) {
    const group = requirements.filter(({ id }) => id.startsWith(letter));
    if (group.length === 0) continue;
    const shown = group.filter(({ id }) => tests.get(id).length > 0).length;
    lines.push("", `## ${title}`, "", `${shown} of ${group.length} have tests.`, "", "| id | requirement | shown by |", "|---|---|---|");
    for (const { id, text, status, reason } of group) {
      const shownBy = tests.get(id).map(({ name, kind, file }) => `\`${name}\` (${kind}, [${file}](../${file}))`);
      if (status !== "applies") shownBy.unshift(`*${status}*: ${reason}`);
      lines.push(`| ${id} | ${text} | ${shownBy.join("<br>") || "**nothing yet**"} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** What is wrong with the list itself. */
export function validate(requirements) {
  const seen = new Set();
  return requirements.flatMap(({ id, text, status, reason }) => {
    const errors = [];
    if (seen.has(id)) errors.push(`${id} is listed twice`);
    seen.add(id);
    if (!text) errors.push(`${id} has no text`);
    if (!["applies", "waits", "answered"].includes(status)) errors.push(`${id} has status ${status}`);
    if (status !== "applies" && !reason) errors.push(`${id} ${status} without a reason`);
    return errors;
  });
}

function main() {
  const { values } = parseArgs({ options: { check: { type: "boolean" }, root: { type: "string" } } });
  const root = values.root ?? join(dirname(fileURLToPath(import.meta.url)), "..");
  const requirements = JSON.parse(readFileSync(join(root, "docs/requirements.json"), "utf8"));
  const { tests, errors } = scan(root, requirements);
  errors.unshift(...validate(requirements));
  const map = render(requirements, tests);
  const file = join(root, "docs/verification.md");
  if (!values.check) writeFileSync(file, map);
  else if (!existsSync(file) || readFileSync(file, "utf8") !== map) {
    errors.unshift("docs/verification.md is stale: run 'make requirements' and commit it");
  }
  for (const error of errors) console.error(`requirements: ${error}`);
  const applying = requirements.filter(({ status }) => status === "applies");
  const covered = applying.filter(({ id }) => tests.get(id).length > 0);
  console.log(`requirements: ${covered.length} of ${applying.length} that apply have tests, ${errors.length} errors`);
  process.exitCode = values.check && errors.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
