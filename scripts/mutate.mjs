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
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { apply, mutantsOf, shuffled } from "./mutants.mjs";

const RESULTS = join("target", "mutants.json");
const FOLDER = join("target", "mutants");
const ALLOWED = join("test", "mutants.json");
const LINKED = ["node_modules", "lib"];
const BUILT = ["out", "cache"];
const LEFT_OUT = new Set([...LINKED, ...BUILT, ".git", "target", "broadcast"]);
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

let running;

/** Runs forge in the copy: `{code, output}`; `code` is "timeout" where it took longer than `seconds`. */
function forge(args, seconds, profile = {}) {
  return new Promise((done) => {
    const env = { ...process.env, NO_COLOR: "1", FOUNDRY_PROFILE: "mutants", ...profile };
    // A group of its own, so that the compiler ends with forge.
    const child = spawn("forge", args, { cwd: join(FOLDER, "tree"), env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    running = child;
    let output = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop(child);
    }, Math.max(0, seconds) * 1000);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", (error) => done({ code: 127, output: String(error) }));
    child.on("close", (code) => {
      clearTimeout(timer);
      running = undefined;
      done({ code: late ? "timeout" : code, output });
    });
  });
}

function stop(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** What an output of `forge test` says: the first test that fails, or nothing. */
export const failingTest = (output) => output.match(/^\[FAIL.*\] (\w+\(.*?\))(?: \(|$)/m)?.[1];

/* THE COPY */

function copyTree() {
  const tree = join(FOLDER, "tree");
  mkdirSync(tree, { recursive: true });
  for (const name of readdirSync(tree)) if (![...BUILT, "optimized"].includes(name)) rmSync(join(tree, name), { recursive: true });
  for (const name of readdirSync(".")) if (!LEFT_OUT.has(name)) cpSync(name, join(tree, name), { recursive: true });
  for (const name of LINKED) symlinkSync(relative(tree, resolve(name)), join(tree, name));
}

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

const hashOf = (...texts) => texts.reduce((hash, text) => hash.update(text).update("\0"), createHash("sha256")).digest("hex");

/** Names all that the outcome of a mutant depends on, in the folders given. */
function digest(folders) {
  const names = folders.flatMap((folder) =>
    lstatSync(folder).isDirectory() ? readdirSync(folder, { recursive: true }).map((name) => join(folder, name)) : [folder],
  );
  const files = names.filter((name) => name !== ALLOWED && lstatSync(name).isFile()).sort();
  return hashOf(...files.flatMap((name) => [name, readFileSync(name)])).slice(0, 16);
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
  copyTree();
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

/* RESULTS */

/** Reasons of survivors that are equivalent, by what they change; fails on an entry without a reason. */
export function allowList(text) {
  const reasons = new Map();
  for (const { file, original, mutated, reason } of JSON.parse(text)) {
    if (!file || !original || mutated === undefined || !reason) throw new Error(`${ALLOWED}: an entry of ${file} lacks a field`);
    reasons.set([file, original, mutated].join("\n"), reason);
  }
  return reasons;
}

export const changeOf = ({ file, original, mutated }) => [file, original, mutated].join("\n");

/** Results that still hold. Tests only grow stronger: what they killed stays killed; who survived meets the new ones. */
export function upheld(results, { contracts, tests }) {
  return results.filter(
    (result) =>
      result.contracts === contracts &&
      (["killed", "equivalent", "stillborn"].includes(result.status) || (result.status === "survived" && result.tests === tests)),
  );
}

/** Counts by file, and of all: `{file, killed, survived, equivalent, stillborn, timeout, rate}`. */
export function summarize(results) {
  const files = [...new Set(results.map(({ file }) => file))].sort();
  const row = (file, of) => {
    const counts = { killed: 0, survived: 0, equivalent: 0, stillborn: 0, timeout: 0 };
    for (const { status } of of) counts[status]++;
    const judged = counts.killed + counts.survived;
    return { file, ...counts, rate: judged === 0 ? undefined : (100 * counts.killed) / judged };
  };
  return [...files.map((file) => row(file, results.filter((result) => result.file === file))), row("all", results)];
}

function report(results) {
  const columns = ["killed", "survived", "equivalent", "stillborn", "timeout"];
  console.log(`\n${"file".padEnd(44)}${columns.map((name) => name.padStart(11)).join("")}  kill rate`);
  for (const row of summarize(results)) {
    const rate = row.rate === undefined ? "-" : `${row.rate.toFixed(1)} %`;
    console.log(`${row.file.padEnd(44)}${columns.map((name) => String(row[name]).padStart(11)).join("")}  ${rate.padStart(9)}`);
  }
  for (const result of results.filter(({ status }) => status === "survived")) console.log(`\n${described(result)}`);
}

const described = ({ id, file, line, operator, original, mutated }) =>
  `${id} ${file}:${line} ${operator}\n  - ${original}\n  + ${mutated || "(nothing)"}`;

function save(results) {
  mkdirSync(dirname(RESULTS), { recursive: true });
  writeFileSync(`${RESULTS}.new`, `${JSON.stringify(results, null, 2)}\n`);
  renameSync(`${RESULTS}.new`, RESULTS);
}

const minutes = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

/* THE CAMPAIGN */

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      sample: { type: "string" },
      seed: { type: "string", default: "1" },
      "at-least": { type: "string" },
      minutes: { type: "string", default: "Infinity" },
      timeout: { type: "string", default: "900" },
      only: { type: "string" },
      list: { type: "boolean", default: false },
      verifier: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
    },
  });
  for (const name of ["sample", "seed", "at-least", "minutes", "timeout"]) {
    if (values[name] !== undefined && Number.isNaN(Number(values[name]))) throw new Error(`--${name} ${values[name]} is not a number`);
  }
  return { ...values, paths: positionals };
}

/** The mutants to test, in order, and the reasons of those that need no test. */
function chosen(given, target) {
  const every = target.sources.flatMap((file) => mutantsOf(file, readFileSync(file, "utf8")));
  const reasons = allowList(existsSync(ALLOWED) ? readFileSync(ALLOWED, "utf8") : "[]");
  if (!given.verifier) {
    const changes = new Set(every.map(changeOf));
    const stale = [...reasons.keys()].filter((change) => !changes.has(change) && !/verifiers\//.test(change.split("\n")[0]));
    if (stale.length > 0) throw new Error(`${ALLOWED} explains what is no mutant any more:\n${stale.join("\n\n")}`);
  }
  const inPath = ({ file }) => given.paths.length === 0 || given.paths.some((path) => file.startsWith(path));
  let mutants = shuffled(every.filter(inPath), Number(given.seed));
  if (given.only) mutants = mutants.filter(({ id }) => given.only.split(",").includes(id));
  if (given.sample) mutants = mutants.slice(0, Number(given.sample));
  if (mutants.length === 0) throw new Error("no mutant is left to test");
  return { mutants, reasons };
}

async function campaign(given) {
  const target = targets(given.verifier);
  const { mutants, reasons } = chosen(given, target);
  if (given.list) {
    for (const mutant of mutants) console.log(described(mutant));
    console.log(`mutants: ${mutants.length}`);
    return true;
  }

  const contracts = digest(["contracts", "foundry.toml", "package-lock.json"]);
  const tests = digest(["test", "script"]);
  let results = given.fresh || !existsSync(RESULTS) ? [] : upheld(JSON.parse(readFileSync(RESULTS, "utf8")), { contracts, tests });
  const codeBefore = await prepare(target, hashOf(contracts, tests).slice(0, 16));
  const began = Date.now();
  let ran = 0;
  for (const [i, mutant] of mutants.entries()) {
    const { start, end, text, ...named } = mutant;
    const known = results.find(({ id }) => id === mutant.id);
    const reason = reasons.get(changeOf(mutant));
    if (known && !reason) continue;
    if ((Date.now() - began) / 60_000 > Number(given.minutes)) {
      console.log(`mutants: time is up, ${mutants.length - i} not tested`);
      break;
    }
    const started = Date.now();
    const outcome = reason ? { status: "equivalent", by: reason } : await judge(mutant, target, codeBefore, Number(given.timeout));
    const seconds = Math.round((Date.now() - started) / 1000);
    if (!reason) ++ran;
    results = [...results.filter(({ id }) => id !== mutant.id), { ...named, ...outcome, seconds, contracts, tests }];
    save(results);
    const eta = ran === 0 ? "" : `, ${minutes(((Date.now() - began) / 1000 / ran) * (mutants.length - i - 1))} left`;
    console.log(
      `[${i + 1}/${mutants.length}] ${outcome.status.padEnd(10)} ${seconds} s${eta}  ${mutant.id} ${mutant.file}:${mutant.line} ` +
        `${mutant.operator}${outcome.by ? ` (${outcome.by})` : ""}`,
    );
  }

  const ids = new Set(mutants.map(({ id }) => id));
  const outcome = results.filter(({ id }) => ids.has(id));
  report(outcome);
  if (given["at-least"] === undefined) return true;
  const { rate } = summarize(outcome).at(-1);
  // Nothing judged is a broken run, not a strong suite.
  const enough = rate !== undefined && rate >= Number(given["at-least"]);
  console.log(`mutants: ${rate?.toFixed(1) ?? "none"} % killed, at least ${given["at-least"]} %: ${enough ? "ok" : "FAILED"}`);
  return enough;
}

function main() {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      if (running) stop(running);
      process.exit(130);
    });
  }
  Promise.resolve()
    .then(() => campaign(options()))
    .then((enough) => (process.exitCode = enough ? 0 : 1))
    .catch((error) => {
      console.error(`mutants: ${error.message}`);
      process.exitCode = 2;
    });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
