// SPDX-License-Identifier: MIT OR Apache-2.0
// Subcommands and flags that documents name, held against what the programs' own help says.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const call = promisify(execFile);

/**
 * What a help text lists: `{commands: [[name, alias...]], flags: Map(name -> takes a value), inline: Map(command -> its flags), words}`; `words` says whether
 * something else than a subcommand may stand where one is expected.
 */
export function parseHelp(text) {
  const commands = [];
  const flags = new Map();
  const inline = new Map();
  const words = /^Usage:.*(\[COMMAND\]|\[(?!OPTIONS|COMMAND)[A-Z_]+\])/m.test(text);
  let heading = "";
  for (const line of text.split("\n")) {
    if (/^\S.*:$/.test(line)) heading = line;
    const flag = line.match(/^\s+(?:(-\w)(?:,\s+|\s+|$))?(?:(--[\w.-]+))?((?:\[?=|\s)?[<[][^>\]]+[>\]])?/);
    if (/^\s+-/.test(line) && flag && (flag[1] || flag[2])) {
      for (const name of [flag[1], flag[2]]) if (name) flags.set(name, flag[3] !== undefined && !flag[3].startsWith("["));
    }
    const command = line.match(/^ {2}([a-z][\w-]*)((?: --[a-z-]+)*)(?: {2,}|$)/);
    if (command && !/^(Options|Arguments)/.test(heading)) {
      if (!inline.has(command[1])) commands.push([command[1]]);
      inline.set(command[1], [...(inline.get(command[1]) ?? []), ...command[2].split(" ").filter(Boolean)]);
    }
    for (const [, names] of line.matchAll(/\[alias(?:es)?: ([^\]]+)\]/g)) {
      const aliases = names.split(/,\s*/);
      if (/^\s+-/.test(line) || !heading.startsWith("Commands")) for (const name of aliases) flags.set(name, true);
      else commands.at(-1)?.push(...aliases);
    }
  }
  return { commands, flags, inline, words };
}

/** Reads helps when they are asked for, each once. `flat` names programs whose subcommands have no help of their own. */
export class Manual {
  constructor(environment, flat = ["xtask"]) {
    this.environment = environment;
    this.flat = new Set(flat);
    this.pages = new Map();
  }

  page(words) {
    const key = words.join(" ");
    if (!this.pages.has(key)) this.pages.set(key, this.read(words));
    return this.pages.get(key);
  }

  async read([program, ...subcommands]) {
    if (this.flat.has(program) && subcommands.length > 0) {
      const { inline } = await this.page([program]);
      if (!inline.has(subcommands[0])) throw new Error(`${program} lists no ${subcommands[0]}`);
      return { commands: [], flags: new Map(inline.get(subcommands[0]).map((flag) => [flag, false])), inline: new Map(), words: false };
    }
    const { stdout } = await call(program, [...subcommands, "--help"], { env: this.environment, maxBuffer: 1 << 24 }).catch((error) => {
      throw new Error(`${[program, ...subcommands].join(" ")} --help fails (is it built and on the path?): ${error.message.split("\n")[0]}`);
    });
    return parseHelp(stdout);
  }

  /** Every flag of a program and its subcommands. */
  async allFlags(program, words = [program]) {
    const { commands, flags } = await this.page(words);
    const below = await Promise.all(
      commands.filter(([name]) => name !== "help").map(([name]) => this.allFlags(program, [...words, name])),
    );
    return new Set([...flags.keys(), ...below.flatMap((names) => [...names])]);
  }

  /** What is wrong with a command line `words`, of which the first is a program: a message, or undefined. */
  async complaint(words) {
    const path = [words[0]];
    const pages = [await this.page(path)];
    for (let index = 1; index < words.length; index++) {
      const word = words[index];
      if (isPlaceholder(word)) continue;
      if (word === "--") return undefined;
      if (word.startsWith("-") && word.length > 1) {
        const [, name, , attached] = word.match(/^(--?[^=]+?)(=(.*))?$/s).map((part) => part?.replace(/^-(\w)\1+$/, "-$1"));
        const page = pages.find(({ flags }) => flags.has(name));
        if (!page) return `${path.join(" ")} has no flag ${name}`;
        if (page.flags.get(name) && attached === undefined) index++;
        continue;
      }
      const { commands, words: others } = pages[0];
      if (commands.length === 0) continue;
      const names = commands.find((names) => names.includes(word)) ?? [word];
      // What a help hides still answers for itself.
      const page = await this.page([...path, names[0]]).catch(() => undefined);
      if (!page && others) continue;
      if (!page) return `${path.join(" ")} has no subcommand ${word}`;
      path.push(names[0]);
      pages.unshift(page);
    }
    return undefined;
  }
}

const isPlaceholder = (word) => /^(\.\.\.|…|<.*>|[A-Z][A-Z_]*|\$.*|\*)$/.test(word);

/** The words of a simple command: quotes joined, redirections and what follows a pipe or `&&` in lists of their own. */
export function simpleCommands(text) {
  const lists = [[]];
  for (const [token] of text.matchAll(/(?:"(?:\\.|\$\([^)]*\)|[^"\\])*"|'[^']*'|[^\s"';|&()<>]|<[a-zA-Z-]+>)+|&&|\|\|?|;|\d?>>?&?\d?|<|[()]/g)) {
    if (/^(&&|\|\|?|;|[()])$/.test(token)) lists.push([]);
    else lists.at(-1).push(token.replace(/^(["'])(.*)\1$/s, "$2"));
  }
  return lists
    .map((words) => {
      const start = words.findIndex((word) => !/^\w+=/.test(word));
      return start < 0 ? [] : words.slice(start).filter((word) => !/^\d?>|^<$/.test(word));
    })
    .filter((words) => words.length > 0);
}
