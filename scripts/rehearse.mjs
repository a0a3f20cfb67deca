#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// rehearse.mjs [--root FOLDER] [--bin FOLDER] [--look] [--only DOCUMENT] [--timeout SECONDS]
// Does what the documents tell, as somebody would on a fresh machine: every command of every fenced block (sh, bash, console) of README.md,
// CONTRIBUTING.md, SECURITY.md, docs/ and the READMEs is typed, in order, into terminals in a copy of the tree with a home folder of its own; it has to
// succeed and to print what a console block shows. A command that another step of CI runs is left to that; what cannot run here is listed with its reason in
// scripts/rehearsal.json. Besides, everything that documents refer to has to be there: links, anchors, make targets, files, settings, subcommands, flags.
// --bin is where poe, verifier-gen, xtask and the examples are built; --look runs no command; --only rehearses one document.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { commandsOf, coveredCommands, decide, isShown } from "./rehearse/commands.mjs";
import { parseDocument } from "./rehearse/markdown.mjs";
import { checkLinks, checkMakeTargets, checkPaths, checkSettings, checkUsage, codeOf } from "./rehearse/references.mjs";
import { Failed, Terminal, portIsFree } from "./rehearse/terminal.mjs";
import { Manual } from "./rehearse/usage.mjs";

const PLAN = "scripts/rehearsal.json";
const OWN_PROGRAMS = ["poe", "verifier-gen", "xtask"];
const EXAMPLES = ["prove_range", "wrap", "settlement", "verifier_fixtures"];
const FOUNDRY = ["forge", "cast", "anvil"];
/** Of forge's many commands those whose flags documents name alone. */
const FOUNDRY_PAGES = [["forge", "script"], ["forge", "test"], ["forge", "verify-contract"], ["anvil"], ["cast", "wallet", "import"]];
const INFOS = /^(sh|bash|shell|console|text|mermaid|json|toml|solidity|rust|no_run)?([,\s].*)?$/;

/* WHAT THERE IS */

/** The environment without what steers the programs from outside: their settings, make's, git's, forge's. */
function plainEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(POE|FOUNDRY|ETH|XDG|GIT|MAKE|MFLAGS|CARGO_TARGET|ANVIL)/.test(name)),
  );
}

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

/* THE COPY */

/** What a clone holds, with the packages and builds that are there already: they are the same, and take minutes. */
function copyTree(root, { files }, to, bin) {
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(root, file), join(to, file), { preserveTimestamps: true });
  }
  for (const name of ["node_modules", "lib"]) if (existsSync(join(root, name))) symlinkSync(realpathSync(join(root, name)), join(to, name));
  for (const name of ["out", "cache"]) if (existsSync(join(root, name))) cpSync(join(root, name), join(to, name), { recursive: true, preserveTimestamps: true });
  if (!bin) return;
  for (const folder of ["", "examples"]) {
    mkdirSync(join(to, "target/debug", folder), { recursive: true });
    for (const name of existsSync(join(bin, folder)) ? readdirSync(join(bin, folder)) : []) {
      const program = statSync(join(bin, folder, name));
      if (program.isFile() && program.mode & 0o100 && !/-[0-9a-f]{16}|\./.test(name)) symlinkSync(join(bin, folder, name), join(to, "target/debug", folder, name));
    }
  }
}

/** A home folder that holds the compilers and the cache, and nothing else of whoever runs this. */
function makeHome(folder) {
  mkdirSync(join(folder, ".cache"), { recursive: true });
  const home = homedir();
  const cache = join(process.env.XDG_CACHE_HOME ?? join(home, ".cache"), "proof-of-efficiency");
  if (existsSync(cache)) symlinkSync(cache, join(folder, ".cache/proof-of-efficiency"));
  const compilers = [join(home, ".svm"), join(process.env.XDG_DATA_HOME ?? join(home, ".local/share"), "svm"), join(home, "Library/Application Support/svm")];
  const installed = compilers.find((path) => existsSync(path));
  if (installed) symlinkSync(installed, join(folder, ".svm"));
  const rust = { CARGO_HOME: process.env.CARGO_HOME ?? join(home, ".cargo"), RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(home, ".rustup") };
  return { HOME: folder, ...Object.fromEntries(Object.entries(rust).filter(([, path]) => existsSync(path))) };
}

/* RUNNING */

const closed = { open: new Map() };

/** The session under way, to be ended with this program. */
let session;

/** What is typed from a fresh clone on: terminals by name, and the block that each of them begins with. */
class Session {
  constructor(tree, logs, environment, seconds) {
    Object.assign(this, { tree, logs, environment, seconds, each: [], terminals: new Map(), last: undefined, errors: [] });
  }

  async terminal(name) {
    if (!this.terminals.has(name)) {
      this.terminals.set(name, new Terminal(this.tree, join(this.logs, `terminal-${name}`), this.environment));
      for (const command of this.each) await this.type(name, command);
    }
    return this.terminals.get(name);
  }

  async type(name, command) {
    this.last = command;
    const terminal = await this.terminal(name);
    this.last = command;
    const begun = Date.now();
    if (command.ready) {
      if (command.port) await portIsFree(command.port);
      await terminal.start(command.text, command, this.seconds);
    } else {
      const { code, output } = await terminal.run(command.text, this.seconds);
      if (code !== 0) throw new Failed(`ended with ${code}\n${output.trimEnd().split("\n").slice(-40).join("\n")}`);
      if (command.shown && !isShown(command.shown, output)) {
        this.errors.push(`${command.document}:${command.line}: the document shows\n${command.shown.join("\n")}\nbut it printed\n${output.trimEnd()}`);
      }
    }
    console.log(`  ${command.document}:${command.line}  ${command.command.slice(0, 100)}  ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  }

  /** Types commands, until one fails: whether none did. What is wrong is in `errors`. */
  async rehearse(commands) {
    try {
      for (const command of commands) {
        if (command.terminal === "each") this.each.push(command);
        else await this.type(command.terminal, command);
      }
      // A block for each terminal is tried even where no terminal has a command of its own.
      if (this.terminals.size === 0) await this.terminal("1");
      return true;
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      this.errors.push(`${this.last.document}:${this.last.line}: ${this.last.command}\n${error.message}`);
      return false;
    }
  }

  /** Interrupts the services, which have to end in order. */
  async close() {
    for (const terminal of [...this.terminals.values()].reverse()) {
      this.errors.push(...(await terminal.close()).map((message) => `${this.last.document}: ${message}`));
    }
  }

  kill() {
    for (const terminal of this.terminals.values()) terminal.kill();
  }
}

/** Runs what is to be run, each section from a clone of its own unless the plan says that it goes on with the one before. */
async function rehearseAll(toRun, { root, bin, tree, plan, seconds }) {
  const scratch = mkdtempSync(join(tmpdir(), "poe-rehearsal-"));
  process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const home = makeHome(join(scratch, "home"));
  const path = process.env.PATH.split(":").filter((folder) => !resolve(folder).startsWith(root) && !/proof-of-efficiency\/tools/.test(folder));
  const errors = [];
  const end = async () => {
    if (!session) return;
    await session.close();
    errors.push(...session.errors);
    rmSync(dirname(session.tree), { recursive: true, force: true });
    session = undefined;
  };
  for (const part of new Set(toRun.map(({ document, section }) => `${document}\n${section}`))) {
    const [document, section] = part.split("\n");
    const entry = plan.sections?.find((entry) => entry.document === document && entry.section === section) ?? {};
    if (entry.continues && !session) continue;
    if (!entry.continues) await end();
    console.log(`${document}${section && `: ${section}`}`);
    if (!session) {
      const folder = mkdtempSync(join(scratch, "part-"));
      copyTree(root, tree, join(folder, "tree"), bin);
      const environment = { ...plainEnvironment(), ...home, PATH: path.join(":"), ...entry.set };
      session = new Session(join(folder, "tree"), join(folder, "logs"), environment, seconds);
    }
    const given = (entry.given ?? []).map((command) => ({ document: PLAN, line: section, terminal: "1", text: command.command, ...command }));
    const here = toRun.filter((command) => command.document === document && command.section === section);
    if (await session.rehearse([...given, ...here])) continue;
    session.kill();
    errors.push(...session.errors);
    session = undefined;
  }
  await end();
  return errors;
}

for (const name of ["SIGINT", "SIGTERM"]) {
  process.on(name, () => {
    session?.kill();
    process.exit(130);
  });
}

/* ALL OF IT */

async function references({ root, bin }, tree, parsed, commands, plan, targets) {
  const path = [bin && bin, bin && join(bin, "examples"), process.env.PATH].filter(Boolean).join(":");
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
    errors.push(...(await rehearseAll(toRun, { root, bin, tree, plan, seconds: Number(values.timeout ?? 180) })));
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
