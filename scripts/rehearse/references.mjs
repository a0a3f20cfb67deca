// SPDX-License-Identifier: MIT OR Apache-2.0
// What documents refer to: links, anchors, make targets, files, settings, subcommands and flags. Nothing is run but `--help`.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { simpleCommands } from "./usage.mjs";

/** Links to files and anchors that are not there. `documents` maps a path to the parsed document. */
export function checkLinks(root, documents) {
  const errors = [];
  for (const [path, { links, anchors }] of documents) {
    for (const { line, target } of links) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
      const [file, anchor] = target.split("#");
      const to = file === "" ? path : normalize(join(dirname(path), decodeURIComponent(file)));
      const here = `${path}:${line}`;
      if (to.startsWith("..") || !existsSync(join(root, to))) errors.push(`${here}: the link ${target} leads nowhere`);
      else if (anchor === undefined) continue;
      else if (to !== path && !documents.has(to)) errors.push(`${here}: the link ${target} has an anchor in a file that is no document`);
      else if (!(to === path ? anchors : documents.get(to).anchors).has(anchor)) errors.push(`${here}: ${to} has no heading for #${anchor}`);
    }
  }
  return errors;
}

/** All code of a document, `{line, code}`: inline spans, and the lines of blocks that are commands or plain text. */
export function codeOf({ fences, spans }, commands) {
  const lines = fences
    .filter(({ info }) => info.split(/[\s,]/)[0] === "text")
    // In plain text a name stands before its explanation.
    .flatMap(({ line, lines }) => lines.map((code, index) => ({ line: line + 1 + index, code: code.trim().split(/\s{2,}/)[0] })));
  return [...spans, ...lines, ...commands.map(({ line, command }) => ({ line, code: command }))];
}

export function checkMakeTargets(path, code, targets) {
  const errors = [];
  for (const { line, code: text } of code) {
    for (const words of simpleCommands(text)) {
      if (words[0] !== "make") continue;
      for (const word of words.slice(1)) {
        if (/^(-|[A-Z]+=|\.\.\.$|<)/.test(word)) continue;
        if (!targets.has(word)) errors.push(`${path}:${line}: the Makefile has no target ${word}`);
      }
    }
  }
  return errors;
}

/** Settings (POE_...) that no source reads. */
export function checkSettings(path, text, sources) {
  const names = new Set(text.match(/\bPOE_[A-Z0-9_]*[A-Z0-9]\b/g) ?? []);
  return [...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(sources)).map((name) => `${path}: no source reads ${name}`);
}

/** Whether a path is one of those that a pattern with `*`, `**` and `{a,b}` stands for. */
export function matchesGlob(path, pattern) {
  const source = pattern.replace(/\*\*\/?|\*|\{([^{}]*)\}|[.+?^$()|[\]\\]/g, (token, choices) => {
    if (token.startsWith("**")) return ".*";
    if (token === "*") return "[^/]*";
    return choices === undefined ? `\\${token}` : `(${choices.split(",").join("|").replace(/\./g, "\\.").replace(/\*/g, "[^/]*")})`;
  });
  return new RegExp(`^${source}$`).test(path);
}

/** What looks like the path of a file of this repository: below one of its folders, or a source file by its name. */
const SOURCE = /\.(sol|rs|mjs|sh|py|tree|md)$/;

/**
 * Paths in code that name no file. `files` are the files of the repository; a path may begin at its root, at the document's folder or at `src` there, hold
 * `*`, `**`, `<placeholder>` and `{a,b}`; what git ignores need not exist, nor what `absent` lists. Returns the listed ones that were met, too.
 */
export function checkPaths(path, code, { files, folders, ignored, absent }) {
  const errors = [];
  const met = new Set();
  const here = dirname(path) === "." ? "" : `${dirname(path)}/`;
  const bases = [...new Set(["", here, `${here}src/`, `${here}../`])].map((base) => (base === "" ? "" : normalize(base)));
  const all = [...files, ...folders];
  const exists = (name) => {
    const glob = name.replace(/<[^<>]*>/g, "*").replace(/\/$/, "");
    const paths = bases.map((base) => normalize(base + glob));
    if (!/[*{]/.test(glob)) return paths.some((at) => files.has(at) || folders.has(at));
    return paths.some((at) => all.some((file) => matchesGlob(file, at)));
  };
  const top = new Set(bases.flatMap((base) => [...folders].filter((name) => name.startsWith(base)).map((name) => name.slice(base.length).split("/")[0])));
  for (const { line, code: text } of code) {
    for (const word of text.split(/[\s"'`=()]+|:(?=\w)|::/)) {
      const name = word.replace(/^\.\//, "").replace(/[,;:]+$/, "");
      if (/^[~$/]|\.\.\.|…|^[a-z]+:\/\//.test(name) || name === "") continue;
      const below = /^[\w.@<>{}*,-]+(\/[\w.@<>{}*,-]+)*\/?$/.test(name) && name.includes("/") && top.has(name.split("/")[0]);
      const source = /^[\w.*<>-]+$/.test(name) && SOURCE.test(name);
      if (!below && !(source && !name.startsWith("."))) continue;
      if (below ? exists(name) : [...files].some((file) => matchesGlob(file.split("/").at(-1), name.replace(/<[^<>]*>/g, "*")))) continue;
      if (absent.has(name)) met.add(name);
      else if (!ignored(name)) errors.push(`${path}:${line}: there is no ${name}`);
    }
  }
  return { errors, met };
}

/** Subcommands and flags that programs do not have. `programs` are those whose help is asked; scripts are read for their flags' names. */
export async function checkUsage(path, code, { root, manual, programs, flags }) {
  const errors = [];
  for (const { line, code: text } of code) {
    for (const words of simpleCommands(text.replace(/[[\]]/g, " "))) {
      const where = `${path}:${line}`;
      const [first] = words;
      if (programs.has(first)) {
        const complaint = await manual.complaint(words);
        if (complaint) errors.push(`${where}: ${complaint}: ${text}`);
        continue;
      }
      const script = first === "node" ? words[1] : first;
      const file = /^scripts\/[\w.-]+$/.test(script ?? "") && join(root, script);
      const named = file && existsSync(file) && statSync(file).isFile() ? readFileSync(file, "utf8") : undefined;
      for (const word of words) {
        const flag = word.match(/^(--[a-z][\w-]*)/)?.[1];
        if (!flag) continue;
        // scripts/xtask.sh hands its arguments on.
        if (named !== undefined && !/xtask\.sh$/.test(file)) {
          if (!new RegExp(`(${flag}|["'\\s]${flag.slice(2)}["']?: )`).test(named)) errors.push(`${where}: ${script} has no flag ${flag}`);
        } else if (first.startsWith("--") && !flags.has(flag)) errors.push(`${where}: no program has a flag ${flag}`);
      }
    }
  }
  return errors;
}
