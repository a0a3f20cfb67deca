#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// mutate-rust.mjs [PATH...] [--sample N] [--seed S] [--at-least PERCENT] [--minutes M] [--timeout SECONDS] [--only ID,ID]
//                 [--own] [--list] [--fresh]
// Mutation testing of the Rust core: what mutate.mjs is for the contracts. cargo-mutants finds the mutants; here they are
// drawn, made one at a time in a copy of the tree, and judged by the tests of their crate, the fast ones first, then by
// those of other crates that may notice, save with --own. The copy and its build are in the folder mutants-rust of cargo's target folder.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { campaign, copyTree, digest, hashOf, main, options, run } from "./campaign.mjs";
import { apply, described } from "./mutants.mjs";

const FOLDER = resolve(process.env.CARGO_TARGET_DIR ?? "target", "mutants-rust");
const TREE = join(FOLDER, "tree");
const ALLOWED = join("test", "mutants-rust.json");

/* WHAT IS MUTATED, AND WHAT JUDGES IT */

const test = (crate, ...more) => ["test", "--package", crate, ...more];

/**
 * The parts of the core: the files mutated, as cargo-mutants takes them, and the stages that judge them: each a command
 * of cargo. A mutant that survives a stage meets the next one.
 */
export const PARTS = [
  {
    part: "rollup",
    files: ["rollup/src/**/*.rs"],
    stages: [
      test("poe-rollup", "--lib"),
      test("poe-rollup", "--test", "fixtures"),
      test("poe-rollup", "--test", "*"),
      test("poe-prover", "--test", "differential", "--test", "leaf"),
    ],
  },
  {
    part: "verifier-gen",
    files: ["verifier-gen/src/solidity/*.rs", "verifier-gen/src/srs/*.rs", "verifier-gen/src/kzg/*.rs", "verifier-gen/src/wrap/file.rs"],
    stages: [
      test("poe-verifier-gen", "--lib", "--", "srs::", "solidity::", "kzg::", "wrap::file::"),
      // The contracts of small circuits, letter by letter.
      ["run", "--package", "poe-verifier-gen", "--example", "verifier_fixtures"],
      test("poe-verifier-gen", "--test", "generator", "--test", "proofs"),
      test("poe-verifier-gen", "--test", "evm"),
    ],
  },
  {
    part: "bindings",
    files: ["bindings/src/{batch_fee,formats,preimages,sequencing}.rs"],
    stages: [test("poe-bindings", "--lib"), test("poe-bindings", "--test", "*")],
  },
  { part: "prover", files: ["prover/src/format.rs"], stages: [test("poe-prover", "--lib", "--", "format::")] },
  {
    part: "node",
    files: ["node/src/l1/*.rs"],
    stages: [
      test("poe-node", "--lib", "--", "l1::"),
      test("poe-node", "--test", "node", "--", "l1"),
      test("poe-node", "--test", "node", "--", "campaign_provider", "wallet", "watcher::"),
    ],
  },
];

/** The position of a line and a column, both from 1, in a text. */
export function offset(source, { line, column }) {
  let start = 0;
  for (let i = 1; i < line; ++i) start = source.indexOf("\n", start) + 1;
  return start + column - 1;
}

/** What cargo-mutants lists, as `mutantsOf` gives it for Solidity. `read` gives the text of a file. */
export function mutantsFrom(list, read = (file) => readFileSync(file, "utf8")) {
  const files = [...new Set(list.map(({ file }) => file))];
  return files.flatMap((file) => {
    const source = read(file);
    const found = list
      .filter((mutant) => mutant.file === file)
      .map(({ genre, span, replacement }) => ({
        operator: genre.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase(),
        start: offset(source, span.start),
        end: offset(source, span.end),
        text: replacement,
      }));
    return described(file, source, found);
  });
}

function every() {
  const args = PARTS.flatMap(({ files }) => files.flatMap((file) => ["--file", file]));
  const list = execFileSync("cargo", ["mutants", "--list", "--json", "--colors", "never", ...args], { encoding: "utf8", maxBuffer: 2 ** 28 });
  return mutantsFrom(JSON.parse(list)).map((mutant) => ({ ...mutant, part: mutant.file.split("/")[0] }));
}

/* JUDGING */

/** What an output of cargo says: the first test that fails, the error a program ends with, or how it ended. */
export const failure = (output) =>
  [
    /^test (\S+)(?: - should panic)? \.\.\. FAILED$/m,
    /^Error: (.*)$/m,
    /^(?: {2}|error: )process didn't exit successfully: .*\((.*)\)$/m,
  ].map((pattern) => output.match(pattern)?.[1]).find((found) => found !== undefined);

// Linking is faster without debug information, and compiling where little has changed.
const env = { CARGO_TARGET_DIR: FOLDER, CARGO_INCREMENTAL: "1", CARGO_PROFILE_DEV_DEBUG: "0", CARGO_TERM_COLOR: "never" };
const cargo = ([command, ...more], seconds) => run("cargo", [command, "--locked", ...more], { cwd: TREE, env, seconds });

/** Stages whose tests pass in the copy as it is, by the state of the tree: what fails unchanged can judge nothing. */
async function requireSound(stage, state) {
  const stamp = join(FOLDER, "sound", hashOf(state, ...stage).slice(0, 16));
  if (existsSync(stamp)) return;
  const name = `cargo ${stage.join(" ")}`;
  console.log(`mutants: ${name}, as it is`);
  const { code, output } = await cargo(stage, Infinity);
  if (code !== 0) throw new Error(`${name} fails without any change:\n${output.slice(-4000)}`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, "");
}

/** The stages of a part; `own`: with the tests of its crate alone. */
export const stagesOf = (name, own) => {
  const { stages } = PARTS.find(({ part }) => part === name);
  return own ? stages.filter(([, , crate]) => crate === stages[0][2]) : stages;
};

/** `seconds` is the limit of each command. */
async function judge(mutant, stages, state, seconds) {
  const path = join(TREE, mutant.file);
  const source = readFileSync(path, "utf8");
  try {
    for (const stage of stages) {
      await requireSound(stage, state);
      writeFileSync(path, apply(source, mutant));
      const { code, output } = await cargo(stage, seconds);
      if (code === "timeout") return { status: "timeout" };
      if (/^error: could not compile/m.test(output)) return { status: "stillborn", by: output.match(/^error[^\n]*/m)[0] };
      if (code !== 0 && !failure(output)) throw new Error(`cargo ${stage.join(" ")} ended with ${code}, and nothing fails:\n${output.slice(-2000)}`);
      if (code !== 0) return { status: "killed", by: failure(output) };
      writeFileSync(path, source);
    }
    return { status: "survived" };
  } finally {
    writeFileSync(path, source);
  }
}

/* THE CAMPAIGN */

/** A source without its tests: the part that mutants are made from. */
export const withoutTests = (text) => text.replace(/^#\[cfg\(test\)\]\nmod \w+ \{\n[^]*?^\}\n/gm, "");

const CRATES = ["bindings", "node", "prover", "rollup", "verifier-gen", "xtask"];

/** `{sources, tests}`: the files that are compiled into the crates, and those that only tests read. */
function inputs() {
  const rust = CRATES.flatMap((crate) =>
    readdirSync(crate, { recursive: true })
      .map((name) => join(crate, name))
      .filter((name) => name.endsWith(".rs")),
  );
  const isTest = (name) => /\/(tests|examples|benches|fuzz)\/|tests\.rs$/.test(name);
  return { sources: [...rust.filter((name) => !isTest(name)), "Cargo.lock"], tests: [...rust, join("test", "fixtures")] };
}

async function core() {
  const given = options({ own: { type: "boolean", default: false } });
  const { sources, tests } = inputs();
  const digests = { sources: digest(sources, (name) => withoutTests(readFileSync(name, "utf8"))), tests: `${digest(tests)}${given.own ? "-own" : ""}` };
  return campaign(given, {
    every: every(),
    allowed: ALLOWED,
    explains: () => true,
    results: join("target", "mutants-rust.json"),
    part: ({ part }) => part,
    digests: () => digests,
    prepare: () => copyTree(TREE),
    judge: (mutant, seconds) => judge(mutant, stagesOf(mutant.part, given.own), hashOf(digests.sources, digests.tests), seconds),
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(core);
