#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// mutate.mjs [PATH...] [--sample N] [--seed S] [--at-least PERCENT] [--minutes M] [--timeout SECONDS] [--only ID,ID]
//            [--list] [--verifier] [--fresh]
// Mutation testing of the contracts: makes one small change at a time in a copy of the tree, under target/mutants/, and
// runs the tests, those of the changed file first. A mutant that no test notices survives. PATH restricts the files to
// those that begin with one of them. docs/development.md tells how to read and answer the outcome.
//
// What a mutant costs is compilation. So everything is compiled without the optimizer (forge's profile `mutants`), which
// is some five times as fast, and tests are chosen by leaving the others out of the copy: a filter on forge's command
// line would compile all of them once more (get_sources_to_compile does not use a cache that dynamic linking has made).
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { campaign, copyTree, digest, hashOf, main, options, run } from "./campaign.mjs";
import { apply, mutantsOf } from "./mutants.mjs";

const FOLDER = join("target", "mutants");
const ALLOWED = join("test", "mutants.json");
const BUILT = ["out", "cache"];
const KEPT = [...BUILT, "optimized"];
/** Tests that say nothing without the optimizer, or do not run under `forge test`. */
const UNFIT = /^test\/(gas|halmos)\/|Gas[^/]*\.t\.sol$/;
const ASIDE = ".aside";

/* WHAT IS MUTATED */

const solidity = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".sol"))
    .map((name) => `${folder}/${name}`)
    .sort();

/** The sources to mutate, the unit tests among which each has its own, and which tests judge them all. */
export function targets(verifier) {
  if (verifier) {
    const sources = [...solidity("contracts/verifiers"), ...solidity("test/verifiers/generated")];
    return { sources, units: [], tests: (test) => test.startsWith("test/verifiers/") };
  }
  const sources = solidity("contracts").filter((file) => !/^contracts\/(interfaces|verifiers)\//.test(file));
  return { sources, units: solidity("test/unit"), tests: () => true };
}

/** The unit tests of a source: those in a folder or file of its name, else those of its folder's name; none if neither. */
export function unitTests(file, tests) {
  const name = basename(file, ".sol").toLowerCase();
  const named = (word) => tests.filter((test) => test.toLowerCase().split("/").some((part) => part === word || part === `${word}.t.sol`));
  const own = named(name);
  return own.length > 0 ? own : named(basename(dirname(file)).toLowerCase());
}

/* RUNNING FORGE */

/** Runs forge in the copy. */
const forge = (args, seconds, profile = {}) =>
  run("forge", args, { cwd: join(FOLDER, "tree"), env: { NO_COLOR: "1", FOUNDRY_PROFILE: "mutants", ...profile }, seconds });

/** What an output of `forge test` says: the first test that fails, or nothing. */
export const failingTest = (output) => output.match(/^\[FAIL.*\] (\w+\(.*?\))(?: \(|$)/m)?.[1];

/* THE COPY */

/** Leaves in the copy those tests that `wanted` names. */
function chooseTests(wanted) {
  const tree = join(FOLDER, "tree");
  for (const name of readdirSync(join(tree, "test"), { recursive: true })) {
    if (!name.endsWith(".t.sol") && !name.endsWith(ASIDE)) continue;
    const test = `test/${name.replace(ASIDE, "")}`;
    renameSync(join(tree, "test", name), join(tree, !UNFIT.test(test) && wanted(test) ? test : test + ASIDE));
  }
}

function replaceBuild(from, to) {
  for (const name of BUILT) {
    rmSync(join(to, name), { recursive: true, force: true });
    if (existsSync(join(from, name))) cpSync(join(from, name), join(to, name), { recursive: true, preserveTimestamps: true });
  }
}

/** The code of every contract declared in a file that bears the name of one of the sources. */
function bytecode(sources, out = join(FOLDER, "tree", "out")) {
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
  copyTree(join(FOLDER, "tree"), KEPT);
  chooseTests(target.tests);
  const base = join(FOLDER, "base");
  const stamp = join(base, `${state}${target.units.length > 0 ? "" : "-verifier"}`);
  if (!existsSync(stamp)) {
    console.log("mutants: building and testing the contracts as they are");
    const { code, output } = await forge(TEST, 3600);
    if (code !== 0) throw new Error(`forge test fails without any change:\n${output.slice(-4000)}`);
    rmSync(base, { recursive: true, force: true });
    mkdirSync(base, { recursive: true });
    replaceBuild(join(FOLDER, "tree"), base);
    writeFileSync(stamp, "");
  }
  replaceBuild(base, join(FOLDER, "tree"));
  return bytecode(target.sources);
}

const TEST = ["test", "--fail-fast"];
/** As it is deployed, in folders of its own. */
const OPTIMIZED = { FOUNDRY_PROFILE: "default", FOUNDRY_OUT: "optimized/out", FOUNDRY_CACHE_PATH: "optimized/cache" };

/** The optimized code of the sources; it costs as much as five mutants, so that survivors alone are compared by it. */
async function optimizedCode(target, folder, seconds) {
  const { code, output } = await forge(["build", folder], seconds, OPTIMIZED);
  if (code !== 0) throw new Error(`forge build ${folder} ended with ${code}:\n${output.slice(-2000)}`);
  return bytecode(target.sources, join(FOLDER, "tree", OPTIMIZED.FOUNDRY_OUT));
}

/* ONE MUTANT */

/** `{status, by}`: killed by a test, survived, equivalent, stillborn or timeout. */
async function judge(mutant, target, codeBefore, seconds) {
  const path = join(FOLDER, "tree", mutant.file);
  const until = Date.now() + seconds * 1000;
  const left = () => (until - Date.now()) / 1000;
  const own = unitTests(mutant.file, target.units);
  const stages = [...(own.length > 0 ? [(test) => own.includes(test)] : []), target.tests];
  const source = readFileSync(path, "utf8");
  const folder = mutant.file.startsWith("test/") ? dirname(mutant.file) : "contracts";
  try {
    for (const wanted of stages) {
      replaceBuild(join(FOLDER, "base"), join(FOLDER, "tree"));
      chooseTests(wanted);
      writeFileSync(path, apply(source, mutant));
      const { code, output } = await forge(TEST, left());
      if (code === "timeout") return { status: "timeout" };
      if (code !== 0 && failingTest(output)) return { status: "killed", by: failingTest(output) };
      if (code !== 0 && /Compiler run failed/.test(output)) return { status: "stillborn", by: output.match(/^Error \([^\n]*/m)?.[0] };
      if (code !== 0) throw new Error(`forge test ended with ${code}, and no test fails:\n${output.slice(-2000)}`);
      if (bytecode(target.sources) === codeBefore) return { status: "equivalent", by: "the same bytecode in every contract" };
    }
    const mutated = await optimizedCode(target, folder, 3600);
    writeFileSync(path, source);
    const same = mutated === (await optimizedCode(target, folder, 3600));
    return same ? { status: "equivalent", by: "the same optimized bytecode in every contract" } : { status: "survived" };
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
