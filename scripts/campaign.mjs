// SPDX-License-Identifier: MIT OR Apache-2.0
// What campaigns of mutation testing have in common, whatever the language: which mutants are drawn and which need no
// test, going on where one stopped, and the report. Used by mutate.mjs and mutate-rust.mjs.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { shuffled } from "./mutants.mjs";

/* RUNNING */

let running;

/** Runs a program: `{code, output}`; `code` is "timeout" where it took longer than `seconds`. */
export function run(program, args, { cwd, env, seconds }) {
  return new Promise((done) => {
    // A group of its own, so that what it starts ends with it.
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    running = child;
    let output = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop(child);
    }, Math.min(Math.max(0, seconds) * 1000, 2 ** 31 - 1));
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", (error) => done({ code: 127, output: String(error) }));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      running = undefined;
      done({ code: late ? "timeout" : (code ?? signal), output });
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

/* THE COPY */

const LINKED = ["node_modules", "lib"];
const NOT_COPIED = new Set([...LINKED, "out", "cache", ".git", "target", "broadcast"]);

/** Copies the sources of the project to `tree`, save what stands in `kept` there. Every file is new to a build tool. */
export function copyTree(tree, kept = []) {
  mkdirSync(tree, { recursive: true });
  for (const name of readdirSync(tree)) if (!kept.includes(name)) rmSync(join(tree, name), { recursive: true });
  for (const name of readdirSync(".")) if (!NOT_COPIED.has(name)) cpSync(name, join(tree, name), { recursive: true });
  for (const name of LINKED) if (existsSync(name)) symlinkSync(relative(tree, resolve(name)), join(tree, name));
}

export const hashOf = (...texts) => texts.reduce((hash, text) => hash.update(text).update("\0"), createHash("sha256")).digest("hex");

/** Names what the files hold that are, or lie in, `paths`. `read` may leave out the part of a file that does not matter. */
export function digest(paths, read = (name) => readFileSync(name)) {
  const names = paths.flatMap((path) =>
    lstatSync(path).isDirectory() ? readdirSync(path, { recursive: true }).map((name) => join(path, name)) : [path],
  );
  const files = names.filter((name) => lstatSync(name).isFile()).sort();
  return hashOf(...files.flatMap((name) => [name, read(name)])).slice(0, 16);
}

/* RESULTS */

/** Reasons of survivors that are equivalent, by what they change; fails on an entry without a reason. */
export function allowList(text, name) {
  const reasons = new Map();
  for (const { file, original, mutated, reason } of JSON.parse(text)) {
    if (!file || !original || mutated === undefined || !reason) throw new Error(`${name}: an entry of ${file} lacks a field`);
    reasons.set([file, original, mutated].join("\n"), reason);
  }
  return reasons;
}

export const changeOf = ({ file, original, mutated }) => [file, original, mutated].join("\n");

/** Results that still hold. Tests only grow stronger: what they killed stays killed; who survived meets the new ones. */
export function upheld(results, { sources, tests }) {
  return results.filter(
    (result) =>
      result.sources === sources &&
      (["killed", "equivalent", "stillborn"].includes(result.status) || (result.status === "survived" && result.tests === tests)),
  );
}

/** Counts by what `part` says of a result, and of all: `{part, killed, survived, equivalent, stillborn, timeout, rate}`. */
export function summarize(results, part = ({ file }) => file) {
  const parts = [...new Set(results.map(part))].sort();
  const row = (name, of) => {
    const counts = { killed: 0, survived: 0, equivalent: 0, stillborn: 0, timeout: 0 };
    for (const { status } of of) counts[status]++;
    const judged = counts.killed + counts.survived;
    return { part: name, ...counts, rate: judged === 0 ? undefined : (100 * counts.killed) / judged };
  };
  return [...parts.map((name) => row(name, results.filter((result) => part(result) === name))), row("all", results)];
}

function report(results, part) {
  const columns = ["killed", "survived", "equivalent", "stillborn", "timeout"];
  console.log(`\n${"".padEnd(44)}${columns.map((name) => name.padStart(11)).join("")}  kill rate`);
  for (const row of summarize(results, part)) {
    const rate = row.rate === undefined ? "-" : `${row.rate.toFixed(1)} %`;
    console.log(`${row.part.padEnd(44)}${columns.map((name) => String(row[name]).padStart(11)).join("")}  ${rate.padStart(9)}`);
  }
  for (const result of results.filter(({ status }) => status === "survived")) console.log(`\n${described(result)}`);
}

const described = ({ id, file, line, operator, original, mutated }) =>
  `${id} ${file}:${line} ${operator}\n  - ${original}\n  + ${mutated || "(nothing)"}`;

function save(results, name) {
  mkdirSync(dirname(name), { recursive: true });
  writeFileSync(`${name}.new`, `${JSON.stringify(results, null, 2)}\n`);
  renameSync(`${name}.new`, name);
}

const minutes = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

/* THE CAMPAIGN */

/** The options of the command line that every campaign takes, and `more`. */
export function options(more = {}) {
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
      fresh: { type: "boolean", default: false },
      ...more,
    },
  });
  for (const name of ["sample", "seed", "at-least", "minutes", "timeout"]) {
    if (values[name] !== undefined && Number.isNaN(Number(values[name]))) throw new Error(`--${name} ${values[name]} is not a number`);
  }
  return { ...values, paths: positionals };
}

/** The mutants to test, in order. */
function chosen(given, every) {
  const inPath = ({ file }) => given.paths.length === 0 || given.paths.some((path) => file.startsWith(path));
  let mutants = shuffled(every.filter(inPath), Number(given.seed));
  if (given.only) mutants = mutants.filter(({ id }) => given.only.split(",").includes(id));
  if (given.sample) mutants = mutants.slice(0, Number(given.sample));
  if (mutants.length === 0) throw new Error("no mutant is left to test");
  return mutants;
}

/** Reasons of those that need no test; fails where one explains what is no mutant any more. */
function explained(every, { allowed, explains }) {
  const reasons = allowList(existsSync(allowed) ? readFileSync(allowed, "utf8") : "[]", allowed);
  const changes = new Set(every.map(changeOf));
  const stale = [...reasons.keys()].filter((change) => !changes.has(change) && explains(change.split("\n")[0]));
  if (stale.length > 0) throw new Error(`${allowed} explains what is no mutant any more:\n${stale.join("\n\n")}`);
  return reasons;
}

/**
 * Tests mutants until all are judged or time is up; whether enough were killed. `subject` has
 * - `every`: all mutants there are, as `mutantsOf` gives them;
 * - `allowed`: the file with reasons of survivors; `explains(file)`: whether that file has to know this source here;
 * - `results`: where the outcome goes; `part(result)`: the row of the report a result belongs to;
 * - `digests()`: `{sources, tests}`, what an outcome depends on;
 * - `prepare(digests, mutants)`: makes the copy ready, once;
 * - `judge(mutant, seconds)`: `{status, by}`: killed by a test, survived, equivalent, stillborn or timeout.
 */
export async function campaign(given, subject) {
  const reasons = explained(subject.every, subject);
  const mutants = chosen(given, subject.every);
  if (given.list) {
    for (const mutant of mutants) console.log(described(mutant));
    console.log(`mutants: ${mutants.length}`);
    return true;
  }

  const digests = subject.digests();
  const known = given.fresh || !existsSync(subject.results) ? [] : JSON.parse(readFileSync(subject.results, "utf8"));
  let results = upheld(known, digests);
  await subject.prepare(digests);
  const began = Date.now();
  let ran = 0;
  for (const [i, mutant] of mutants.entries()) {
    const { start, end, text, ...named } = mutant;
    const reason = reasons.get(changeOf(mutant));
    if (!reason && results.some(({ id }) => id === mutant.id)) continue;
    if ((Date.now() - began) / 60_000 > Number(given.minutes)) {
      console.log(`mutants: time is up, ${mutants.length - i} not tested`);
      break;
    }
    const started = Date.now();
    const outcome = reason ? { status: "equivalent", by: reason } : await subject.judge(mutant, Number(given.timeout));
    const seconds = Math.round((Date.now() - started) / 1000);
    if (!reason) ++ran;
    results = [...results.filter(({ id }) => id !== mutant.id), { ...named, ...outcome, seconds, ...digests }];
    save(results, subject.results);
    const eta = ran === 0 ? "" : `, ${minutes(((Date.now() - began) / 1000 / ran) * (mutants.length - i - 1))} left`;
    console.log(
      `[${i + 1}/${mutants.length}] ${outcome.status.padEnd(10)} ${seconds} s${eta}  ${mutant.id} ${mutant.file}:${mutant.line} ` +
        `${mutant.operator}${outcome.by ? ` (${outcome.by})` : ""}`,
    );
  }

  const ids = new Set(mutants.map(({ id }) => id));
  const outcome = results.filter(({ id }) => ids.has(id));
  report(outcome, subject.part);
  if (given["at-least"] === undefined) return true;
  const { rate } = summarize(outcome).at(-1);
  // Nothing judged is a broken run, not a strong suite.
  const enough = rate !== undefined && rate >= Number(given["at-least"]);
  console.log(`mutants: ${rate?.toFixed(1) ?? "none"} % killed, at least ${given["at-least"]} %: ${enough ? "ok" : "FAILED"}`);
  return enough;
}

/** Runs `body` as the program: it ends with 1 where `body` gives false, with 2 on an error. */
export function main(body) {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      if (running) stop(running);
      process.exit(130);
    });
  }
  Promise.resolve()
    .then(body)
    .then((enough) => (process.exitCode = enough ? 0 : 1))
    .catch((error) => {
      console.error(`mutants: ${error.message}`);
      process.exitCode = 2;
    });
}
