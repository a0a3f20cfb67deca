// SPDX-License-Identifier: MIT OR Apache-2.0
// What the rehearsal reads in a Markdown document: fenced blocks, code spans, links, headings with their anchors.

/** The anchor that GitHub gives a heading, before a number is appended to one that occurs again. */
export function slug(heading) {
  return heading
    .replace(/`|\*|!?\[([^\]]*)\]\([^)]*\)/g, (_, label) => label ?? "")
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
    .replace(/ /g, "-");
}

/** The position in a text as the number of its line, from 1. */
const lineAt = (text, index) => text.slice(0, index).split("\n").length;

/** Splits a text into its fenced blocks `{line, info, lines}` and its prose, in which each line of a block is blank. */
function splitFences(text) {
  const fences = [];
  const prose = [];
  let fence;
  for (const [index, line] of text.split("\n").entries()) {
    const mark = line.match(/^(\s*)(`{3,}|~{3,})(.*)$/);
    if (!fence && mark) fence = { line: index + 1, indent: mark[1].length, mark: mark[2], info: mark[3].trim(), lines: [] };
    else if (fence && mark && mark[2].startsWith(fence.mark) && mark[3].trim() === "") {
      fences.push({ line: fence.line, info: fence.info, lines: fence.lines });
      fence = undefined;
    } else if (fence) fence.lines.push(line.replace(new RegExp(`^\\s{0,${fence.indent}}`), ""));
    else {
      prose.push(line);
      continue;
    }
    prose.push("");
  }
  const unclosed = fence?.line;
  return { fences, prose: prose.join("\n"), unclosed };
}

/**
 * A document as `{fences, spans, links, headings, anchors, indented, unclosed}`. Spans are the contents of inline code; `indented` are the lines of
 * blocks that four spaces make; `unclosed` is the line of a fence without an end.
 */
export function parseDocument(text) {
  const { fences, prose, unclosed } = splitFences(text);
  const spans = [];
  // A span may go over the end of a line, not over that of a paragraph.
  const withoutSpans = prose.replace(/(`+)((?:(?!\n\s*\n)[^])*?[^`])\1(?!`)/g, (whole, _, content, index) => {
    const code = content.replace(/\s*\n\s*/g, " ").replace(/\\\|/g, "|").trim();
    spans.push({ line: lineAt(prose, index), code });
    return whole.replace(/[^\n]/g, "x");
  });
  const links = [...withoutSpans.matchAll(/\]\(\s*<?([^()\s>]*(?:\([^()\s]*\)[^()\s>]*)?)>?(?:\s+"[^"]*")?\s*\)/g)].map((match) => ({
    line: lineAt(withoutSpans, match.index),
    target: match[1],
  }));
  const headings = [];
  const anchors = new Set([...withoutSpans.matchAll(/<a (?:id|name)="([^"]+)"/g)].map((match) => match[1]));
  for (const [index, line] of prose.split("\n").entries()) {
    const match = line.match(/^(#{1,6})\s+(.*?)\s*#*$/);
    if (!match) continue;
    headings.push({ line: index + 1, level: match[1].length, text: match[2] });
    const base = slug(match[2]);
    let anchor = base;
    for (let number = 1; anchors.has(anchor); number++) anchor = `${base}-${number}`;
    anchors.add(anchor);
  }
  return { fences, spans, links, headings, anchors, indented: indentedCode(prose), unclosed };
}

/** Lines that stand four spaces deeper than the paragraph or list item before them, after a blank line: `[{line, code}]`. */
function indentedCode(prose) {
  const found = [];
  let text = 0; // Where the text of the innermost list item begins.
  let afterBlank = true;
  for (const [index, line] of prose.split("\n").entries()) {
    if (line.trim() === "") {
      afterBlank = true;
      continue;
    }
    const indent = line.match(/^\s*/)[0].length;
    const item = line.match(/^(\s*)([-*+]|\d+[.)])\s+/);
    const deeper = indent >= text + 4;
    if (deeper && (afterBlank || found.at(-1)?.line === index)) {
      found.push({ line: index + 1, code: line.trim() });
      continue;
    }
    if (item) text = item[0].length;
    else if (afterBlank && indent < text) text = 0;
    afterBlank = false;
  }
  return found;
}

/** The heading of level 2 under which a line stands, or "" before the first. */
export function sectionOf(headings, line) {
  return headings.filter((heading) => heading.level === 2 && heading.line < line).at(-1)?.text ?? "";
}
