// SPDX-License-Identifier: MIT OR Apache-2.0
// The mutants of a Solidity source: small changes, one at a time, each of which some test ought to notice. Works on
// tokens, without types; a change that does not compile is stillborn, which costs a compilation and nothing else.
//
// A removed `unchecked` is no operator: where nothing overflows, it changes gas alone.
import { createHash } from "node:crypto";

/* TOKENS */

const TOKEN = new RegExp(
  [
    String.raw`(?<skip>\s+|//[^\n]*|/\*[^]*?\*/)`,
    String.raw`(?<string>(?:hex|unicode)?"(?:[^"\\]|\\.)*")`,
    String.raw`(?<number>0x[0-9a-fA-F_]+|\d[\d_]*(?:e\d+)?)`,
    String.raw`(?<name>[A-Za-z_$][\w$]*)`,
    String.raw`(?<symbol>>>=|<<=|>>=|\+\+|--|&&|\|\||==|!=|<=|>=|<<|>>|\+=|-=|\*=|/=|%=|\|=|&=|\^=|:=|=>|->|\*\*|[^\s])`,
  ].join("|"),
  "y",
);

/** `[{kind: string|number|name|symbol, text, start, end}]`, comments left out. */
export function tokenize(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  for (let match; TOKEN.lastIndex < text.length && (match = TOKEN.exec(text)); ) {
    const [kind] = Object.entries(match.groups).find(([, value]) => value !== undefined);
    if (kind !== "skip") tokens.push({ kind, text: match[0], start: match.index, end: TOKEN.lastIndex });
  }
  return tokens;
}

/** For each opening bracket the index of its closing one, and the other way round. */
function pairs(tokens) {
  const partner = [];
  const open = [];
  tokens.forEach(({ kind, text }, i) => {
    if (kind !== "symbol") return;
    if ("([{".includes(text)) open.push(i);
    else if (")]}".includes(text)) {
      const start = open.pop();
      [partner[start], partner[i]] = [i, start];
    }
  });
  return partner;
}

/* THE PARTS OF A SOURCE THAT RUN */

const CALLABLES = new Set(["function", "constructor", "modifier", "receive", "fallback"]);

/**
 * The callables with a body and the initializers of constants: `{name, from, open, close}` of callables, indices of
 * tokens, and `{from, to}` of initializers.
 */
function parts(tokens, partner) {
  const callables = [];
  const constants = [];
  for (let i = 0; i < tokens.length; ++i) {
    const { kind, text } = tokens[i];
    if (kind !== "name") continue;
    if (CALLABLES.has(text)) {
      const from = i;
      while (!"{;".includes(tokens[i].text)) i = tokens[i].text === "(" ? partner[i] + 1 : i + 1;
      if (tokens[i].text === "{") callables.push({ name: text, from, open: i, close: partner[i] });
      i = partner[i] ?? i;
    } else if (text === "constant") {
      let from = i;
      while (tokens[from].text !== "=") ++from;
      let to = from;
      while (tokens[to].text !== ";") ++to;
      constants.push({ from: from + 1, to });
      i = to;
    }
  }
  return { callables, constants };
}

/* OPERATORS */

const RELATIONAL = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };
const EQUALITY = { "==": "!=", "!=": "==" };
const LOGICAL = { "&&": "||", "||": "&&" };
const ARITHMETIC = { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "++": "--", "--": "++" };
const COMPOUND = { "+=": ["-=", "="], "-=": ["+=", "="], "*=": ["="], "|=": ["&=", "="], "&=": ["|=", "="] };
const BITWISE = { "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<", "~": "" };
const BOOLEAN = { true: "false", false: "true" };
const YUL = {
  add: "sub", sub: "add", mul: "add", div: "mul", mod: "div", addmod: "mulmod", mulmod: "addmod",
  and: "or", or: "and", xor: "or", not: "iszero", shl: "shr", shr: "shl",
  lt: "gt", gt: "lt", slt: "sgt", sgt: "slt", eq: "lt", iszero: "not",
};
const COMMUTATIVE = new Set(["add", "mul", "and", "or", "xor", "eq", "addmod", "mulmod"]);
const YUL_EFFECTS = new Set(["mstore", "mstore8", "sstore", "calldatacopy", "codecopy", "revert", "return", "pop"]);
const NOT_CALLS = new Set(["if", "for", "while", "switch", "case", "returns", "return", "catch", "mapping", "function", "assembly"]);
const BLOCK_WORDS = new Set(["else", "unchecked", "do", "catch"]);
const NOT_SIMPLE = new Set(["if", "for", "while", "do", "try", "catch", "else", "unchecked", "assembly", "return", "_"]);
const HEADER_WORDS = new Set(["external", "public", "internal", "private", "view", "pure", "payable", "virtual", "override"]);
const LOCATIONS = new Set(["memory", "calldata", "storage", "payable"]);
const ELEMENTARY = /^(u?int\d*|bytes\d*|address|bool|string)$/;

/**
 * The mutants of a source: `[{id, file, line, operator, original, mutated, start, end, text}]`. `original` and `mutated`
 * are the lines the change touches, on one line; the change puts `text` in place of what stands from `start` to `end`.
 */
export function mutantsOf(file, source) {
  const tokens = tokenize(source);
  const partner = pairs(tokens);
  const { callables, constants } = parts(tokens, partner);
  const found = [];
  const add = (operator, first, last, text) => {
    found.push({ operator, start: tokens[first].start, end: tokens[last].end, text });
  };
  const slice = (first, last) => source.slice(tokens[first].start, tokens[last].end);
  const context = { source, tokens, partner, add, slice };

  for (const { from, to } of constants) {
    for (let i = from; i < to; ++i) {
      replacements(context, i, false);
      // A tag that separates hashes: another one must show.
      if (tokens[i].kind === "string" && tokens[i].text.startsWith('"') && tokens[i].text.length > 2) {
        add("constant", i, i, `${tokens[i].text.slice(0, -2)}${tokens[i].text.at(-2) === "x" ? "y" : "x"}"`);
      }
    }
  }
  for (const callable of callables) {
    const assembly = assemblyOf(context, callable);
    for (let i = callable.open + 1; i < callable.close; ++i) {
      const inAssembly = assembly.some(([open, close]) => open < i && i < close);
      replacements(context, i, inAssembly);
      if (inAssembly) yul(context, i);
    }
    const types = declared(context, callable);
    comparisons(context, callable, assembly);
    calls(context, callable, assembly, types);
    operands(context, callable, assembly);
    statements(context, callable);
    if (callable.name === "function") modifiers(context, callable);
  }
  return described(file, source, found);
}

const assemblyOf = ({ tokens, partner }, { open, close }) => {
  const blocks = [];
  for (let i = open; i < close; ++i) {
    if (tokens[i].text !== "assembly") continue;
    while (tokens[i].text !== "{") ++i;
    blocks.push([i, partner[i]]);
  }
  return blocks;
};

const within = (blocks, i) => blocks.some(([open, close]) => open < i && i < close);

/** What one token alone becomes. */
function replacements({ tokens, add }, i, inAssembly) {
  const { kind, text } = tokens[i];
  const before = tokens[i - 1];
  if (kind === "number") {
    const inType = before.text === "[" && ELEMENTARY.test(tokens[i - 2].text);
    if (!inType) for (const other of neighbours(text, inAssembly)) add("constant", i, i, other);
  } else if (inAssembly) {
    if (kind === "name" && YUL[text] && tokens[i + 1].text === "(") add("yul", i, i, YUL[text]);
  } else if (kind === "symbol") {
    const unary = before.kind === "symbol" && !")]".includes(before.text);
    if (RELATIONAL[text]) add("relational", i, i, RELATIONAL[text]);
    if (EQUALITY[text]) add("equality", i, i, EQUALITY[text]);
    if (LOGICAL[text]) add("logical", i, i, LOGICAL[text]);
    if (ARITHMETIC[text] && !(unary && text === "-")) add("arithmetic", i, i, ARITHMETIC[text]);
    for (const other of COMPOUND[text] ?? []) add("arithmetic", i, i, other);
    if (BITWISE[text] !== undefined) add("bitwise", i, i, BITWISE[text]);
  } else if (BOOLEAN[text]) {
    add("constant", i, i, BOOLEAN[text]);
  } else if (text === "msg" && tokens[i + 2].text === "sender") {
    add("caller", i, i + 2, "tx.origin");
  }
}

/** A literal's neighbours, as wide as itself. No address: its checksum would not compile. */
function neighbours(text, inAssembly) {
  const plain = text.replaceAll("_", "");
  if (/e/i.test(plain) && !plain.startsWith("0x")) return inAssembly ? [] : [`(${text} + 1)`, `(${text} - 1)`];
  if (!plain.startsWith("0x")) return plain === "0" ? ["1"] : [String(BigInt(plain) + 1n), String(BigInt(plain) - 1n)];
  if (plain.length === 42) return [];
  const digits = plain.length - 2;
  return [BigInt(plain) + 1n, BigInt(plain) - 1n]
    .filter((value) => value >= 0n && value.toString(16).length <= digits)
    .map((value) => `0x${value.toString(16).padStart(digits, "0")}`);
}

/** Statements of Yul that have an effect, or assign: gone. */
function yul({ tokens, partner, add }, i) {
  const { kind, text } = tokens[i];
  if (kind !== "name" || [",", "(", ":=", "let", "->"].includes(tokens[i - 1].text)) return;
  if (YUL_EFFECTS.has(text) && tokens[i + 1].text === "(") add("deleted-statement", i, partner[i + 1], "");
  if (tokens[i + 1].text !== ":=") return;
  const last = tokens[i + 3].text === "(" ? partner[i + 3] : i + 2;
  add("deleted-statement", i, last, "");
}

/** Conditions turned round, branches exchanged. */
function comparisons({ tokens, partner, add, slice }, { open, close }, assembly) {
  for (let i = open; i < close; ++i) {
    const { text } = tokens[i];
    if (within(assembly, i)) continue;
    if ((text === "if" || text === "while") && tokens[i + 1].text === "(") {
      const inside = tokens.slice(i + 2, partner[i + 1]).map(({ text: symbol }) => symbol);
      // Of a single equality that is what its own operator does.
      if (inside.some((symbol) => EQUALITY[symbol]) && !inside.some((symbol) => LOGICAL[symbol])) continue;
      add("negated-condition", i + 1, partner[i + 1], `(!${slice(i + 1, partner[i + 1])})`);
    } else if (text === "?") {
      let colon = i + 1;
      while (tokens[colon].text !== ":") colon = (partner[colon] ?? colon) + 1;
      let end = colon + 1;
      while (![";", ")", ",", "]"].includes(tokens[end].text)) end = (partner[end] ?? end) + 1;
      add("swapped-branches", i + 1, end - 1, `${slice(colon + 1, end - 1)} : ${slice(i + 1, colon - 1)}`);
    }
  }
}

/** Neighbouring arguments exchanged, unless both are variables of different types. */
function calls({ tokens, partner, add, slice }, { open, close }, assembly, types) {
  for (let i = open; i < close; ++i) {
    const { kind, text } = tokens[i];
    if (kind !== "name" || NOT_CALLS.has(text) || tokens[i + 1].text !== "(" || tokens[i + 2].text === "{") continue;
    if (tokens[i - 1].text === "function") continue;
    const given = argumentsOf(tokens, partner, i + 1);
    for (let k = 0; k + 1 < given.length; ++k) {
      const [one, two] = [slice(...given[k]), slice(...given[k + 1])];
      if (one === two || (types[one] && types[two] && types[one] !== types[two])) continue;
      if (k === 0 && COMMUTATIVE.has(text) && within(assembly, i)) continue;
      add("swapped-arguments", given[k][0], given[k + 1][1], `${two}, ${one}`);
    }
  }
}

/** First and last token of each argument of a call that opens at `open`. */
function argumentsOf(tokens, partner, open) {
  const given = [];
  let first = open + 1;
  for (let i = first; i <= partner[open]; i = (i < partner[i] ? partner[i] : i) + 1) {
    if (tokens[i].text !== "," && i !== partner[open]) continue;
    if (i > first) given.push([first, i - 1]);
    first = i + 1;
  }
  return given;
}

/** Types of the parameters and variables of a callable. */
function declared({ tokens }, { from, close }) {
  const types = {};
  for (let i = from; i < close; ++i) {
    if (tokens[i].kind !== "name" || !(ELEMENTARY.test(tokens[i].text) || /^[A-Z]/.test(tokens[i].text))) continue;
    const at = LOCATIONS.has(tokens[i + 1].text) ? i + 2 : i + 1;
    if (tokens[at].kind === "name" && [",", ")", "=", ";"].includes(tokens[at + 1].text)) {
      types[tokens[at].text] = tokens[i].text;
    }
  }
  return types;
}

/** An operand of a comparison becomes another variable of its type, or another member of its struct. */
function operands({ tokens, add }, { from, open, close }, assembly) {
  for (let i = open; i < close; ++i) {
    if (!(RELATIONAL[tokens[i].text] || EQUALITY[tokens[i].text]) || within(assembly, i)) continue;
    const types = declared({ tokens }, { from, close: i });
    for (const [first, last] of [chainBefore(tokens, i - 1), chainAfter(tokens, i + 1)]) {
      const other = first === undefined ? undefined : replacement(tokens, first, last, types);
      if (other !== undefined) add("operand", last, last, other);
    }
  }
}

const isName = (token) => token.kind === "name";

function chainBefore(tokens, last) {
  if (!isName(tokens[last])) return [];
  let first = last;
  while (tokens[first - 1].text === "." && isName(tokens[first - 2])) first -= 2;
  return tokens[first - 1].text === "." ? [] : [first, last];
}

function chainAfter(tokens, first) {
  if (!isName(tokens[first])) return [];
  let last = first;
  while (tokens[last + 1].text === "." && isName(tokens[last + 2])) last += 2;
  return ["(", "[", ".", "{"].includes(tokens[last + 1].text) ? [] : [first, last];
}

function replacement(tokens, first, last, types) {
  const name = tokens[last].text;
  let others = [];
  if (first === last) others = Object.keys(types).filter((other) => types[other] === types[name]);
  else if (last - first === 2) others = membersOf(tokens, tokens[first].text);
  others = [...new Set([...others, name])].sort();
  const other = others[(others.indexOf(name) + 1) % others.length];
  return other === name ? undefined : other;
}

const membersOf = (tokens, base) =>
  tokens.flatMap(({ text }, i) => {
    const isMember = text === base && tokens[i - 1]?.text !== "." && tokens[i + 1]?.text === "." && tokens[i + 3]?.text !== "(";
    return isMember ? [tokens[i + 2].text] : [];
  });

/** Statements gone: events, checks, exits, all else; and arithmetic without its checks. */
function statements({ tokens, partner, add, slice }, { open, close }) {
  let uncheckedUntil = 0;
  let startsHere = true;
  for (let i = open + 1; i < close; ++i) {
    const { text } = tokens[i];
    if (!startsHere) {
      startsHere = true;
      continue;
    }
    if (text === "assembly") {
      while (tokens[i].text !== "{") ++i;
      i = partner[i];
    } else if (text === "unchecked") {
      uncheckedUntil = partner[i + 1];
    } else if (text === "if") {
      const bodyAt = partner[i + 1] + 1;
      exits({ tokens, partner, add }, i, bodyAt);
      i = bodyAt - 1;
    } else if (text === "for" || text === "while") {
      i = partner[i + 1];
    } else if (text === "try") {
      while (tokens[i + 1].text !== "{") i = partner[i + 1] ?? i + 1;
    } else if (text !== "{" && text !== "}" && !BLOCK_WORDS.has(text)) {
      const end = endOf(tokens, partner, i);
      const isBranch = [")", "else"].includes(tokens[i - 1].text);
      const bare = isBranch ? "{}" : "";
      const isDeclaration = declares(tokens, partner, i, end);
      if (text === "emit") add("removed-event", i, end, bare);
      else if (!isDeclaration && !NOT_SIMPLE.has(text) && text !== "revert") {
        add(/(^|\.)_?require[A-Z]/.test(slice(i, end).split("(")[0]) ? "deleted-check" : "deleted-statement", i, end, bare);
      }
      const computes = tokens.slice(i, end).some(({ text: symbol }) => /^(\+|-|\*|\+\+|--|\+=|-=|\*=)$/.test(symbol));
      if (computes && !isDeclaration && text !== "revert" && text !== "emit" && i > uncheckedUntil) {
        const block = `unchecked { ${slice(i, end)} }`;
        add("unchecked", i, end, isBranch ? `{ ${block} }` : block);
      }
      i = end;
    }
  }
}

/** `if (..) revert ..;`, or return, break, continue, with or without braces: gone whole. */
function exits({ tokens, partner, add }, at, bodyAt) {
  const braced = tokens[bodyAt].text === "{";
  const word = tokens[braced ? bodyAt + 1 : bodyAt].text;
  if (!["revert", "return", "break", "continue"].includes(word)) return;
  const end = braced ? partner[bodyAt] : endOf(tokens, partner, bodyAt);
  if (tokens[end + 1].text === "else") return;
  if (braced && endOf(tokens, partner, bodyAt + 1) + 1 !== end) return;
  const bare = [")", "else"].includes(tokens[at - 1].text) ? "{}" : "";
  add(word === "revert" ? "deleted-revert" : "deleted-exit", at, end, bare);
}

function endOf(tokens, partner, i) {
  while (tokens[i].text !== ";") i = (i < partner[i] ? partner[i] : i) + 1;
  return i;
}

/** Whether a statement declares variables: two names in a row before the first `=`. */
function declares(tokens, partner, first, end) {
  for (let i = first; i < end && tokens[i].text !== "="; ++i) {
    const bothNames = isName(tokens[i]) && isName(tokens[i + 1]);
    const ofArray = tokens[i].text === "]" && isName(tokens[i + 1]);
    if ((bothNames && !["delete", "emit", "revert", "return", "new"].includes(tokens[i].text)) || ofArray) return true;
  }
  return false;
}

/** Modifiers of a function gone, one at a time. */
function modifiers({ tokens, partner, add }, { from, open }) {
  for (let i = partner[from + 2] + 1; i < open; ++i) {
    if (tokens[i].text === "returns") i = partner[i + 1];
    else if (isName(tokens[i]) && !HEADER_WORDS.has(tokens[i].text)) {
      const last = tokens[i + 1].text === "(" ? partner[i + 1] : i;
      add("removed-modifier", i, last, "");
      i = last;
    } else if (tokens[i].text === "(") i = partner[i];
  }
}

/** Adds what a reader and a result file need: lines, and a name that stands while the lines stand. */
export function described(file, source, found) {
  const seen = new Map();
  return found
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map((mutant) => {
      const { operator, start, end, text } = mutant;
      const first = source.lastIndexOf("\n", start - 1) + 1;
      const next = source.indexOf("\n", end);
      const last = next < 0 ? source.length : next;
      const original = oneLine(source.slice(first, last));
      const mutated = oneLine(source.slice(first, start) + text + source.slice(end, last));
      const key = [file, operator, original, mutated].join("\n");
      seen.set(key, (seen.get(key) ?? 0) + 1);
      const id = createHash("sha256").update(`${key}\n${seen.get(key)}`).digest("hex").slice(0, 8);
      const line = source.slice(0, start).split("\n").length;
      return { id, file, line, operator, original, mutated, start, end, text };
    });
}

export const oneLine = (text) => text.replace(/\s+/g, " ").trim();

export const apply = (source, { start, end, text }) => source.slice(0, start) + text + source.slice(end);

/* SAMPLES */

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All mutants in an order that depends on the seed alone: files take turns, and so do the operators of a file. */
export function shuffled(mutants, seed) {
  const draw = random(seed);
  const queues = group(mutants, ({ file }) => file).map((ofFile) =>
    inTurn(shuffle(group(ofFile, ({ operator }) => operator), draw).map((ofOperator) => shuffle(ofOperator, draw))),
  );
  return inTurn(shuffle(queues, draw));
}

function group(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups.values()];
}

function shuffle(items, draw) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; --i) {
    const k = Math.floor(draw() * (i + 1));
    [order[i], order[k]] = [order[k], order[i]];
  }
  return order;
}

function inTurn(queues) {
  const longest = Math.max(0, ...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => queues.flatMap((queue) => (i < queue.length ? [queue[i]] : []))).flat();
}
