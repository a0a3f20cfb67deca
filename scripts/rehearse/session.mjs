// SPDX-License-Identifier: MIT OR Apache-2.0
// Types what documents tell into terminals, in copies of the tree and with a home folder of their own.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { isShown } from "./commands.mjs";
import { Failed, Terminal, portIsFree } from "./terminal.mjs";

/** The environment without what steers the programs from outside: their settings, make's, git's, forge's. */
export function plainEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(POE|FOUNDRY|ETH|XDG|GIT|MAKE|MFLAGS|CARGO_TARGET|ANVIL)/.test(name)),
  );
}

/* A FRESH MACHINE */

const BUILDS = ["out", "cache"];

/** What a clone holds, with the packages that are there already, and the builds of `builds`: they are the same, and take minutes. */
function copyTree(root, { files }, to, bin, builds) {
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(root, file), join(to, file), { preserveTimestamps: true });
  }
  for (const name of ["node_modules", "lib"]) if (existsSync(join(root, name))) symlinkSync(realpathSync(join(root, name)), join(to, name));
  for (const name of BUILDS.filter((name) => existsSync(join(builds, name)))) {
    if (builds === root) cpSync(join(root, name), join(to, name), { recursive: true, preserveTimestamps: true });
    else renameSync(join(builds, name), join(to, name));
  }
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

/* TYPING */

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
export async function rehearseAll(toRun, { root, bin, tree, plan, seconds }) {
  const scratch = mkdtempSync(join(tmpdir(), "poe-rehearsal-"));
  process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const home = makeHome(join(scratch, "home"));
  const path = process.env.PATH.split(":").filter((folder) => !resolve(folder).startsWith(root) && !/proof-of-efficiency\/tools/.test(folder));
  const errors = [];
  // What one session had compiled goes on to the next.
  let builds = root;
  const end = async () => {
    if (!session) return;
    await session.close();
    errors.push(...session.errors);
    builds = session.tree;
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
      copyTree(root, tree, join(folder, "tree"), bin, builds);
      const environment = { ...plainEnvironment(), ...home, PATH: path.join(":"), ...entry.set };
      session = new Session(join(folder, "tree"), join(folder, "logs"), environment, seconds);
    }
    const given = (entry.given ?? []).map((command) => ({ document: "scripts/rehearsal.json", line: section || 1, terminal: "1", text: command.command, ...command }));
    const here = toRun.filter((command) => command.document === document && command.section === section);
    if (await session.rehearse([...given, ...here])) continue;
    session.kill();
    errors.push(...session.errors);
    session = undefined;
    builds = root;
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
