// SPDX-License-Identifier: MIT OR Apache-2.0
// The commands of a document's fenced blocks, and what becomes of each: run, run by another step of CI, or not run for a reason.
import { spawnSync } from "node:child_process";
import { sectionOf } from "./markdown.mjs";

const SHELLS = new Set(["sh", "bash", "shell", "console"]);

/** Whether bash can read a text as complete commands. */
export function isComplete(text) {
  return !/\\$/.test(text) && spawnSync("bash", ["-n", "-c", text]).status === 0;
}

/** A command on one line, without its comment: by this it is compared. */
export function normalized(command) {
  const joined = command.replace(/\\\n\s*/g, " ");
  const hashes = [...joined.matchAll(/\s+#(?=\s)/g)].map((match) => match.index);
  const end = hashes.find((index) => isComplete(joined.slice(0, index))) ?? joined.length;
  return joined.slice(0, end).trim().replace(/\s+/g, " ");
}

/** Cuts lines into commands `{text, offset}`, each as long as bash needs it; a rest that bash cannot read has `broken`. */
function cut(lines) {
  const commands = [];
  let text = "";
  let offset = 0;
  for (const [index, line] of lines.entries()) {
    if (text === "" && /^\s*(#.*)?$/.test(line)) continue;
    if (text === "") offset = index;
    text += (text === "" ? "" : "\n") + line;
    if (isComplete(text)) {
      commands.push({ text, offset });
      text = "";
    }
  }
  if (text !== "") commands.push({ text, offset, broken: true });
  return commands;
}

/** The commands of a block of kind `console`: lines after `$ `, each with the output that is shown below it. */
function cutConsole(lines) {
  const commands = [];
  for (const [index, line] of lines.entries()) {
    const last = commands.at(-1);
    if (line.startsWith("$ ")) commands.push({ text: line.slice(2), offset: index, shown: [] });
    else if (last && !last.unprompted && last.shown.length === 0 && !isComplete(last.text)) last.text += `\n${line.replace(/^> ?/, "")}`;
    else if (last) last.shown.push(line);
    else if (line.trim() !== "") commands.push({ text: line, offset: index, shown: [], unprompted: true });
  }
  for (const command of commands) {
    if (!command.unprompted && !isComplete(command.text)) command.broken = true;
    if (command.shown?.length === 0) delete command.shown;
  }
  return commands;
}

/**
 * Every command of a parsed document, in order: `{document, section, line, terminal, text, command, shown}`. A first line `# terminal N` says in which
 * terminal a block is typed, until the section ends or another is named; `# each terminal` that each begins with it (`terminal` is then "each").
 */
export function commandsOf(document, parsed) {
  const found = [];
  let section;
  let terminal = "1";
  for (const { line, info, lines } of parsed.fences) {
    const kind = info.split(/[\s,]/)[0];
    if (!SHELLS.has(kind)) continue;
    const here = sectionOf(parsed.headings, line);
    if (here !== section) terminal = "1";
    section = here;
    const named = lines[0]?.match(/^# (?:terminal (\d+)|each terminal)\b/);
    const each = named && named[1] === undefined;
    if (named?.[1]) terminal = named[1];
    for (const { offset, ...command } of kind === "console" ? cutConsole(lines) : cut(lines)) {
      found.push({
        document,
        section,
        line: line + 1 + offset,
        terminal: each ? "each" : terminal,
        ...command,
        command: normalized(command.text),
      });
    }
  }
  return found;
}

/** Whether printed text is what a document shows, where `...` stands for anything within a line, and alone for any lines. */
export function isShown(shown, printed) {
  const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const clean = (text) => text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "").trimEnd();
  const pattern = shown
    .map(clean)
    .map((line) => (line.trim() === "..." ? "(?:.*\n)*?" : `${line.split("...").map(literal).join(".*")}\n`))
    .join("");
  const lines = printed.replace(/\r/g, "").split("\n").map(clean).join("\n").replace(/\n+$/, "");
  return new RegExp(`^${pattern.replace(/(\\n|\n)+$/, "\n")}$`).test(`${lines}\n`);
}

/* WHAT CI RUNS ANYWAY */

/** The commands that other steps of CI run: `make` of each step, of what is made of steps alone, and the lines of their recipes. */
export function coveredCommands(steps, targets, recipeOf) {
  const covered = new Map();
  const isStep = new Set(steps);
  for (const step of steps) {
    covered.set(`make ${step}`, step);
    for (const line of recipeOf(step)) covered.set(normalized(line), step);
  }
  for (const [target, parts] of targets) {
    if (parts.length > 0 && parts.every((part) => isStep.has(part))) covered.set(`make ${target}`, target);
  }
  return covered;
}

/* THE PLAN */

/** The entries of a plan (scripts/rehearsal.json) that say something about a command. */
function entriesFor(entries = [], { document, command }) {
  return entries.filter((entry) => entry.document === document && (entry.commands ?? [entry.command]).includes(command));
}

/**
 * Decides about every command: adds `fate` (`covered` with `step`; `exempt` with `reason`; `service` with `ready`; `run`), and what is to be run instead.
 * `errors` are contradictions, entries of the plan that match nothing, and entries without a reason.
 */
export function decide(commands, plan, covered) {
  const errors = [];
  const used = new Set();
  const decided = commands.map((command) => {
    const where = `${command.document}:${command.line}`;
    const decision = { ...command, fate: "run" };
    if (command.broken) errors.push(`${where}: bash cannot read: ${command.text}`);
    if (command.unprompted) errors.push(`${where}: a console block shows commands behind "$ " (or is it sh?): ${command.text}`);
    const [service] = entriesFor(plan.services, command);
    const [exempt] = entriesFor(plan.notRun, command);
    const [instead] = entriesFor(plan.instead, command);
    for (const entry of [service, exempt, instead]) if (entry) used.add(`${entries(plan).indexOf(entry)} ${command.command}`);
    if ([service, exempt, instead].filter(Boolean).length > 1) errors.push(`${where}: two entries of the plan for: ${command.command}`);
    if (covered.has(command.command)) {
      if (exempt) errors.push(`${where}: need not be exempt, \`make ${covered.get(command.command)}\` runs it: ${command.command}`);
      return { ...decision, fate: "covered", step: covered.get(command.command) };
    }
    if (exempt) return { ...decision, fate: "exempt", reason: exempt.reason };
    if (service) return { ...decision, fate: "service", ...service, command: command.command };
    if (instead) return { ...decision, text: instead.instead, reason: instead.reason };
    return decision;
  });
  for (const [index, entry] of entries(plan).entries()) {
    for (const command of entry.commands ?? [entry.command]) {
      if (!used.has(`${index} ${command}`)) errors.push(`the plan names a command that ${entry.document} does not have: ${command}`);
    }
    if (!entry.ready && !entry.reason) errors.push(`the plan gives no reason for: ${(entry.commands ?? [entry.command])[0]}`);
  }
  for (const { document, section } of plan.sections ?? []) {
    if (!commands.some((command) => command.document === document && command.section === section)) {
      errors.push(`the plan names a section without commands: ${document}, "${section}"`);
    }
  }
  return { decided, errors };
}

const entries = (plan) => [...(plan.services ?? []), ...(plan.notRun ?? []), ...(plan.instead ?? [])];
