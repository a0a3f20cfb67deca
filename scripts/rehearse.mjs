#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// rehearse.mjs [--root FOLDER] [--bin FOLDER] [--look] [--only DOCUMENT] [--timeout SECONDS]
// Does what the documents tell, as somebody would on a fresh machine: every command of every fenced block (sh, bash, console) of README.md,
// CONTRIBUTING.md, SECURITY.md, docs/ and the READMEs is typed, in order, into terminals in a copy of the tree with a home folder of its own; it has to
// succeed and to print what a console block shows. A command that another step of CI runs is left to that; what cannot run here is listed with its reason in
// scripts/rehearsal.json. Besides, everything that documents refer to has to be there: links, anchors, make targets, files, settings, subcommands, flags.
// --bin is where poe, verifier-gen, xtask and the examples are built; --look runs no command; --only rehearses one document.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { commandsOf, coveredCommands, decide } from "./rehearse/commands.mjs";
import { parseDocument } from "./rehearse/markdown.mjs";
import { checkLinks, checkMakeTargets, checkPaths, checkSettings, checkUsage, codeOf } from "./rehearse/references.mjs";
import { plainEnvironment, rehearseAll } from "./rehearse/session.mjs";
import { Manual } from "./rehearse/usage.mjs";

const PLAN = "scripts/rehearsal.json";
const OWN_PROGRAMS = ["poe", "verifier-gen", "xtask"];
const EXAMPLES = ["prove_range", "wrap", "settlement", "verifier_fixtures"];
const FOUNDRY = ["forge", "cast", "anvil"];
/** Of forge's many commands those whose flags documents name alone. */
const FOUNDRY_PAGES = [["forge", "script"], ["forge", "test"], ["forge", "verify-contract"], ["anvil"], ["cast", "wallet", "import"]];
const INFOS = /^(sh|bash|shell|console|text|mermaid|json|toml|solidity|rust|no_run)?([,\s].*)?$/;

/* WHAT THERE IS */

function repository(root) {
  const git = (...args) => execFileSync("git", args, { cwd: root, env: plainEnvironment(), encoding: "utf8", maxBuffer: 1 << 28 }).split("\0");
  const listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").filter((file) => file && existsSync(join(root, file)));
  const files = new Set(listed.filter((file) => !lstatSync(join(root, file)).isSymbolicLink()));
  const folders = new Set([...files].flatMap((file) => file.split("/").slice(0, -1).map((_, index, parts) => parts.slice(0, index + 1).join("/"))));
  const isDocument = (file) => /^(README|CONTRIBUTING|SECURITY|CHANGELOG)\.md$|^docs\/.*\.md$|(^|\/)README\.md$/.test(file);
  const ignored = (file) => spawnSync("git", ["check-ignore", "-q", file], { cwd: root, env: plainEnvironment() }).status === 0;
  return { files, folders, ignored, documents: [...files].filter(isDocument).sort() };
}

/** Targets with their prerequisites out of the Makefile, the steps of CI, and the lines of a target's recipe. */
function makefile(root) {
  const make = (...args) =>
    spawnSync("make", args, { cwd: root, env: plainEnvironment(), encoding: "utf8", maxBuffer: 1 << 26 }).stdout.replace(/\\\n\s*/g, " ").split("\n");
  if (!existsSync(join(root, "Makefile"))) return { targets: new Map(), steps: [], recipeOf: () => [] };
  const rules = make("-pRrn", "help").map((line) => line.match(/^([a-z][a-z-]*):(?!=)\s*(.*)$/)).filter(Boolean);
  const targets = new Map(rules.map(([, target, parts]) => [target, parts.split(/\s+/).filter(Boolean)]));
  const ci = existsSync(join(root, ".ci/run")) ? readFileSync(join(root, ".ci/run"), "utf8") : "";
  const lists = [...ci.matchAll(/make -s (list-[a-z-]+)/g)].flatMap(([, list]) => make("-s", list).join(" ").split(/\s+/).filter(Boolean));
  // What every step needs is rehearsed: nothing else would run in the copy.
  const steps = [...[...ci.matchAll(/^step ([a-z-]+)$/gm)].map(([, step]) => step).filter((step) => step !== "deps"), ...lists];
  return { targets, steps, recipeOf: (target) => make("-n", "--no-print-directory", target) };
}

/* ALL OF IT */

async function references({ root, bin }, tree, parsed, commands, plan, targets) {
  const path = [...(bin ? [bin, join(bin, "examples")] : []), process.env.PATH].join(":");
  const manual = new Manual({ ...plainEnvironment(), PATH: path });
  const code = new Map([...parsed].map(([name, document]) => [name, codeOf(document, commands.filter((command) => command.document === name))]));
  const errors = checkLinks(root, parsed);
  const sources = [...tree.files].filter((file) => !/\.md$|^scripts\/rehearsal\.json$/.test(file)).map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  const absent = new Set((plan.absentPaths ?? []).flatMap(({ paths }) => paths));
  const met = new Set();
  const spoken = [...code.values()].flat().map(({ code: text }) => text).join("\n");
  const programs = new Set([...OWN_PROGRAMS, ...EXAMPLES, ...FOUNDRY].filter((name) => new RegExp(`(^|[\\s;&|(])${name}\\s`, "m").test(spoken)));
  const flags = new Set();
  if (/^--/m.test(spoken)) {
    for (const name of [...OWN_PROGRAMS, ...EXAMPLES]) for (const flag of await manual.allFlags(name)) flags.add(flag);
    for (const page of FOUNDRY_PAGES) for (const flag of (await manual.page(page)).flags.keys()) flags.add(flag);
  }
  for (const [name, document] of parsed) {
    const wrong = document.fences.filter(({ info }) => !INFOS.test(info)).map(({ line, info }) => `${name}:${line}: no block is of kind ${info}`);
    const indented = document.indented.map(({ line, code: text }) => `${name}:${line}: code belongs into a fenced block that names its language: ${text}`);
    if (document.unclosed) wrong.push(`${name}:${document.unclosed}: the block does not end`);
    const paths = checkPaths(name, code.get(name), { ...tree, absent });
    for (const path of paths.met) met.add(path);
    errors.push(...wrong, ...indented, ...paths.errors, ...checkMakeTargets(name, code.get(name), targets));
    errors.push(...checkSettings(name, readFileSync(join(root, name), "utf8"), sources));
    errors.push(...(await checkUsage(name, code.get(name), { root, manual, programs, flags })));
  }
  for (const path of absent) if (!met.has(path)) errors.push(`${PLAN}: no document needs the exception for ${path}`);
  return errors;
}

async function main() {
  const { values } = parseArgs({
    options: { root: { type: "string" }, bin: { type: "string" }, look: { type: "boolean" }, only: { type: "string" }, timeout: { type: "string" } },
  });
  const root = resolve(values.root ?? join(dirname(fileURLToPath(import.meta.url)), ".."));
  const bin = values.bin && resolve(values.bin);
  const plan = existsSync(join(root, PLAN)) ? JSON.parse(readFileSync(join(root, PLAN), "utf8")) : {};
  const tree = repository(root);
  const parsed = new Map(tree.documents.map((name) => [name, parseDocument(readFileSync(join(root, name), "utf8"))]));
  const { targets, steps, recipeOf } = makefile(root);
  const commands = [...parsed].flatMap(([name, document]) => commandsOf(name, document));
  const { decided, errors } = decide(commands, plan, coveredCommands(steps, targets, recipeOf));
  errors.push(...(await references({ root, bin }, tree, parsed, commands, plan, targets)));

  const count = (fate) => decided.filter((command) => command.fate === fate).length;
  const toRun = decided.filter(({ fate, document }) => (fate === "run" || fate === "service") && (values.only ?? document) === document);
  if (!values.look) {
    errors.push(...(await rehearseAll(toRun, { root, bin, tree, plan, seconds: Number(values.timeout ?? 420) })));
  }
  for (const error of errors) console.error(`rehearse: ${error}`);
  const run = values.look ? "to run" : "run";
  console.log(
    `rehearse: ${commands.length} commands in ${tree.documents.length} documents: ${count("run") + count("service")} ${run}, ` +
      `${count("covered")} by other steps, ${count("exempt")} not here for a reason; ${errors.length} errors`,
  );
  process.exitCode = errors.length > 0 ? 1 : 0;
}

await main().catch((error) => {
  console.error(`rehearse: error: ${error.message}`);
  process.exitCode = 1;
});
