#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// mutate.mjs [PATH...] [--sample N] [--seed S] [--at-least PERCENT] [--minutes M] [--timeout SECONDS] [--only ID,ID]
//            [--list] [--verifier] [--fresh]
// Mutation testing of the contracts: makes one small change at a time in a copy of the tree, under target/mutants/, and
// runs the tests, those of the changed file first. A mutant that no test notices survives. PATH restricts the files to
// those that begin with one of them. docs/development.md tells how to read and answer the outcome.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { campaign, copyTree, digest, hashOf, main, options, run } from "./campaign.mjs";
import { apply, mutantsOf } from "./mutants.mjs";

const FOLDER = join("target", "mutants");
const ALLOWED = join("test", "mutants.json");
const BUILT = ["out", "cache"];

/* WHAT IS MUTATED */

const solidity = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".sol"))
    .map((name) => `${folder}/${name}`)
    .sort();

/** The sources to mutate, the unit tests among which each has its own, and the tests that judge all; undefined: every one. */
export function targets(verifier) {
  if (verifier) {
    const sources = [...solidity("contracts/verifiers"), ...solidity("test/verifiers/generated")];
    return { sources, units: [], tests: "test/verifiers/**" };
  }
  const sources = solidity("contracts").filter((file) => !/^contracts\/(interfaces|verifiers)\//.test(file));
  return { sources, units: solidity("test/unit"), tests: undefined };
}

/** The unit tests of a source: those in a folder or file of its name, else those of its folder's name; none if neither. */
export function unitTests(file, tests) {
  const name = basename(file, ".sol").toLowerCase();
  const named = (word) => tests.filter((test) => test.toLowerCase().split("/").some((part) => part === word || part === `${word}.t.sol`));
  const own = named(name);
  return own.length > 0 ? own : named(basename(dirname(file)).toLowerCase());
}

/* RUNNING FORGE */

const forge = (args, seconds) => run("forge", args, { cwd: join(FOLDER, "tree"), env: { NO_COLOR: "1", FOUNDRY_PROFILE: "default" }, seconds });

/** What an output of `forge test` says: the first test that fails, or nothing. */
export const failingTest = (output) => output.match(/^\[FAIL.*\] (\w+\(.*?\))(?: \(|$)/m)?.[1];

/* THE COPY */

function replaceBuild(from, to) {
  for (const name of BUILT) {
    rmSync(join(to, name), { recursive: true, force: true });
    if (existsSync(join(from, name))) cpSync(join(from, name), join(to, name), { recursive: true, preserveTimestamps: true });
  }
}

/** The code of every contract declared in a file that bears the name of one of the sources. */
function bytecode(sources) {
  const out = join(FOLDER, "tree", "out");
  const folders = sources.map((file) => join(out, basename(file))).filter((folder) => existsSync(folder));
  const artifacts = folders.flatMap((folder) => readdirSync(folder).sort().map((name) => join(folder, name)));
  return hashOf(
    ...artifacts.flatMap((file) => {
      const { bytecode: creation, deployedBytecode: runtime } = JSON.parse(readFileSync(file, "utf8"));
      return [file, creation?.object ?? "", runtime?.object ?? ""];
    }),
  );
}

/** Builds and tests the copy as it is: what fails unchanged can judge nothing. Leaves the build for every mutant. */
async function prepare(target, state) {
  copyTree(join(FOLDER, "tree"), BUILT);
  const base = join(FOLDER, "base");
  const stamp = join(base, `${state}${target.tests ? "-verifier" : ""}`);
  if (!existsSync(stamp)) {
    if (!existsSync(join(FOLDER, "tree", "out"))) replaceBuild(".", join(FOLDER, "tree"));
    console.log("mutants: building and testing the contracts as they are");
    for (const args of [["build"], testArguments(target.tests)]) {
      const { code, output } = await forge(args, 3600);
      if (code !== 0) throw new Error(`forge ${args[0]} fails without any change:\n${output.slice(-4000)}`);
    }
    rmSync(base, { recursive: true, force: true });
    mkdirSync(base, { recursive: true });
    replaceBuild(join(FOLDER, "tree"), base);
    writeFileSync(stamp, "");
  }
  replaceBuild(base, join(FOLDER, "tree"));
  return bytecode(target.sources);
}

const testArguments = (paths) => ["test", "--fail-fast", ...(paths ? ["--match-path", paths] : [])];

/* ONE MUTANT */

/** `{status, by}`: killed by a test, survived, equivalent, stillborn or timeout. */
async function judge(mutant, target, codeBefore, seconds) {
  const path = join(FOLDER, "tree", mutant.file);
  const until = Date.now() + seconds * 1000;
  const left = () => (until - Date.now()) / 1000;
  replaceBuild(join(FOLDER, "base"), join(FOLDER, "tree"));
  const source = readFileSync(path, "utf8");
  writeFileSync(path, apply(source, mutant));
  try {
    const build = await forge(["build", dirname(mutant.file).split("/")[0] === "test" ? dirname(mutant.file) : "contracts"], left());
    if (build.code === "timeout") return { status: "timeout" };
    if (build.code !== 0) return { status: "stillborn", by: build.output.match(/^Error \([^\n]*/m)?.[0] };
    if (bytecode(target.sources) === codeBefore) return { status: "equivalent", by: "the same bytecode in every contract" };

    const unit = unitTests(mutant.file, target.units);
    const stages = [...(unit.length > 0 ? [`{${unit.join(",")}}`] : []), target.tests];
    for (const paths of stages) {
      const { code, output } = await forge(testArguments(paths), left());
      if (code === 0) continue;
      if (code === "timeout") return { status: "timeout" };
      if (failingTest(output)) return { status: "killed", by: failingTest(output) };
      if (/Compiler run failed/.test(output)) return { status: "stillborn", by: "the tests do not compile" };
      throw new Error(`forge test ended with ${code}, and no test fails:\n${output.slice(-2000)}`);
    }
    return { status: "survived" };
  } finally {
    writeFileSync(path, source);
  }
}

/* THE CAMPAIGN */

async function contracts() {
  const given = options({ verifier: { type: "boolean", default: false } });
  const target = targets(given.verifier);
  let codeBefore;
  return campaign(given, {
    every: target.sources.flatMap((file) => mutantsOf(file, readFileSync(file, "utf8"))),
    allowed: ALLOWED,
    // Of the contracts a verifier's run mutates it knows nothing.
    explains: (file) => !given.verifier && !/verifiers\//.test(file),
    results: join("target", "mutants.json"),
    digests: () => ({
      sources: digest(["contracts", "foundry.toml", "package-lock.json"]),
      tests: digest(["test", "script"], (name) => (name === ALLOWED ? "" : readFileSync(name))),
    }),
    prepare: async ({ sources, tests }) => (codeBefore = await prepare(target, hashOf(sources, tests).slice(0, 16))),
    judge: (mutant, seconds) => judge(mutant, target, codeBefore, seconds),
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(contracts);
