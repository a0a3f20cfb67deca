// SPDX-License-Identifier: MIT OR Apache-2.0
// The rehearsal of the documents is seen to fail on each thing it is there to find, and to pass without it.
import assert from "node:assert/strict";
import test from "node:test";
import { commandsOf, isShown, normalized } from "../rehearse/commands.mjs";
import { parseDocument, slug } from "../rehearse/markdown.mjs";
import { matchesGlob } from "../rehearse/references.mjs";
import { parseHelp, simpleCommands } from "../rehearse/usage.mjs";
import { run, withRepository } from "./support.mjs";

const fence = (kind, ...lines) => ["```" + kind, ...lines, "```", ""].join("\n");

/** Rehearses a repository with these files; `readme` is its README.md, `plan` its plan. */
function rehearsed(readme, { plan, files = {}, args = [] } = {}) {
  const all = { "README.md": readme, ...(plan ? { "scripts/rehearsal.json": JSON.stringify(plan) } : {}), ...files };
  return withRepository(all, (folder) => run("rehearse.mjs", "--root", folder, ...args));
}

function passes(...repository) {
  const { status, output } = rehearsed(...repository);
  assert.equal(status, 0, output);
  return output;
}

function fails(pattern, ...repository) {
  const { status, output } = rehearsed(...repository);
  assert.match(output, pattern);
  assert.notEqual(status, 0, output);
}

/* RUNNING */

test("commands run in order, in a copy, and share their terminal's variables", () => {
  const output = passes(fence("sh", "export SEEN=1   # for below", "echo one > made", "", "# a comment", 'test "$SEEN" = 1 && \\', "  test -f made"), {
    files: { "kept.txt": "" },
  });
  assert.match(output, /3 commands in 1 documents: 3 run/);
});

test("a command that is not there fails", () => fails(/README\.md:2: no-such-command --now\nended with 127/, fence("sh", "no-such-command --now")));
test("a command that ends with an error fails", () => fails(/README\.md:3: false\nended with 1/, fence("sh", "true", "false")));
test("a command that does not end fails", () => fails(/still running after 1 s/, fence("sh", "sleep 60"), { args: ["--timeout", "1"] }));
test("what bash cannot read fails", () => fails(/bash cannot read: echo 'open/, fence("sh", "echo 'open")));
test("--look runs nothing", () => passes(fence("sh", "false"), { args: ["--look"] }));

test("a variable that a document does not export is not seen by programs", () =>
  fails(/ended with 1/, fence("sh", "SEEN=1", "sh -c 'test \"$SEEN\" = 1'")));

test("the settings of whoever runs it are not there", () => {
  process.env.POE_REHEARSED = "1";
  try {
    passes(fence("sh", 'test -z "$POE_REHEARSED" && test ! -e ~/.config'), { files: { "reads.sh": "POE_REHEARSED\n" } });
  } finally {
    delete process.env.POE_REHEARSED;
  }
});

test("each section begins with a clone and terminals of its own, unless the plan lets it go on", () => {
  const readme = `## A\n\n${fence("sh", "export A=1", "touch made")}\n## B\n\n${fence("sh", 'test -z "$A" && test ! -e made')}`;
  passes(readme);
  fails(/README\.md:\d+: test -z/, readme, { plan: { sections: [{ document: "README.md", section: "B", continues: true }] } });
});

test("what a plan gives a section is there before its first command", () => {
  const sections = [{ document: "README.md", section: "", set: { WHO: "me" }, given: [{ command: "touch given" }] }];
  passes(fence("sh", 'test -f given && test "$WHO" = me'), { plan: { sections } });
});

test("a section of the plan that no document has fails", () => {
  fails(/names a section without commands: README.md, "B"/, fence("sh", "true"), { plan: { sections: [{ document: "README.md", section: "B" }] } });
});

test("terminals are apart, and begin with what is typed in each", () => {
  const blocks = [
    fence("sh", "# each terminal", "export BOTH=1"),
    fence("sh", "# terminal 1: first", "export OWN=1"),
    fence("sh", "# terminal 2: second", 'test "$BOTH" = 1', 'test -z "$OWN"'),
    fence("sh", "# terminal 1 again", 'test "$OWN" = 1'),
  ];
  passes(blocks.join("\n"));
});

/* OUTPUT */

const shown = (...lines) => fence("console", "$ printf 'block 7\\nhash 0xab\\nend\\n'", ...lines);

test("output is what a document shows, dots standing for what differs", () => {
  passes(shown("block 7", "hash 0x...", "end"));
  passes(shown("block ...", "...", "end"));
  passes(shown("..."));
});
test("output that a document shows otherwise fails", () => {
  fails(/the document shows\nblock 8/, shown("block 8", "...", "end"));
  fails(/the document shows/, shown("block 7"));
  fails(/the document shows/, shown("block 7", "hash 0x...", "end", "more"));
});
test("a console block without prompts fails", () => fails(/a console block shows commands behind/, fence("console", "true")));

/* SERVICES */

const SERVICE = "#!/bin/sh\ntrap 'echo served 3; exit 0' INT\necho listening\nwhile :; do sleep 0.1; done\n";
const service = (entry) => ({ plan: { services: [{ document: "README.md", command: "./serve", ...entry }] }, files: { serve: SERVICE, brief: "#!/bin/sh\necho listening\n" } });

test("a service runs beside what follows, and is interrupted in the end", () => {
  passes(fence("sh", "./serve", "true"), service({ ready: "listening", stop: "served \\d" }));
});
test("a service that never gets ready fails", () => fails(/has not printed/, fence("sh", "./serve"), { ...service({ ready: "nothing" }), args: ["--timeout", "1"] }));
test("a service that says something else in the end fails", () => fails(/in the end/, fence("sh", "./serve"), service({ ready: "listening", stop: "served 4" })));
test("a service that ends by itself fails", () => {
  fails(/has ended by itself/, fence("sh", "./brief", "sleep 0.5"), service({ command: "./brief", ready: "listening" }));
});

/* WHO RUNS WHAT */

const MAKEFILE = {
  "Makefile": "help:\n\tfalse\nlist-checks:\n\t@echo slow\nslow:\n\tcargo wait --for 'ever'\n\tfalse\nother:\n\ttrue\nboth: slow test\ntest:\n\tfalse\n",
  ".ci/run": "#!/bin/sh\nstep test\nfor part in $(make -s list-checks); do step \"$part\"; done\n",
};

test("what another step of CI runs is left to it: its target, its recipe, and what is made of steps alone", () => {
  const output = passes(fence("sh", "make slow", "cargo wait --for 'ever'", "make both   # all", "make other"), { files: MAKEFILE });
  assert.match(output, /4 commands in 1 documents: 1 run, 3 by other steps/);
});
test("what no step runs is run", () => fails(/README\.md:2: make help\nended with 2/, fence("sh", "make help"), { files: MAKEFILE }));

const exempt = (entry) => ({ plan: { notRun: [{ document: "README.md", reason: "hours", ...entry }] } });

test("an exemption with its reason holds", () => assert.match(passes(fence("sh", "false"), exempt({ commands: ["false"] })), /1 not here for a reason/));
test("an exemption of another document does not", () => fails(/ended with 1/, fence("sh", "false"), exempt({ document: "docs/a.md", commands: ["false"] })));
test("an exemption that matches nothing fails", () => fails(/the plan names a command that README.md does not have: false/, fence("sh", "true"), exempt({ commands: ["false"] })));
test("an exemption without a reason fails", () => fails(/no reason for: false/, fence("sh", "false"), exempt({ reason: "", commands: ["false"] })));
test("an exemption of what another step runs fails", () => {
  fails(/need not be exempt, `make slow` runs it/, fence("sh", "make slow"), { ...exempt({ commands: ["make slow"] }), files: MAKEFILE });
});
test("a service that no document has fails", () => fails(/does not have: .\/serve/, "", service({ ready: "listening" })));
test("what a plan runs instead is run", () => {
  const instead = [{ document: "README.md", command: "false", instead: "touch a && true", reason: "no terminal" }];
  passes(fence("sh", "false", "test -f a"), { plan: { instead } });
});

/* WHAT DOCUMENTS REFER TO */

const files = { "docs/a.md": "# A\n\n## Two words, `code`\n\n## Same\n\n## Same\n", "src/x/y.rs": "POE_KNOWN\n" };

test("references that lead somewhere pass", () => {
  passes(
    "[a](docs/a.md) [b](docs/a.md#two-words-code) [c](docs/a.md#same-1) [d](src/) [e](https://example.org/x#y) `src/x/y.rs`, `y.rs`, `src/**/<name>.rs`, `POE_KNOWN`\n",
    { files },
  );
});
for (const [what, text, pattern] of [
  ["a link to no file", "[a](docs/b.md)", /the link docs\/b.md leads nowhere/],
  ["a link out of the tree", "[a](../b.md)", /leads nowhere/],
  ["a link to no heading", "[a](docs/a.md#three)", /docs\/a.md has no heading for #three/],
  ["a link to no heading here", "[a](#three)", /README.md has no heading for #three/],
  ["a path of no file", "see `src/x/z.rs`", /there is no src\/x\/z.rs/],
  ["a pattern of no file", "see `src/**/*.sol`", /there is no src\/\*\*\/\*.sol/],
  ["a name of no source", "see `z.rs`", /there is no z.rs/],
  ["a setting that nothing reads", "set `POE_UNKNOWN`", /no source reads POE_UNKNOWN/],
  ["a target of no Makefile", "run `make nothing`", /the Makefile has no target nothing/],
  ["a block without an end", "```sh\ntrue", /the block does not end/],
  ["a block of no known kind", fence("shel", "true"), /no block is of kind shel/],
  ["a block that four spaces make", "so:\n\n    true\n", /README.md:3: code belongs into a fenced block/],
]) {
  test(`${what} fails`, () => fails(pattern, `${text}\n`, { files }));
}
test("a path that git ignores, or that the plan excuses, need not be there", () => {
  const plan = { absentPaths: [{ paths: ["src/made.rs"], reason: "somebody makes it" }] };
  passes("`src/out/x.rs` `src/made.rs`\n", { plan, files: { ...files, ".gitignore": "/src/out/\n" } });
  fails(/no document needs the exception for src\/made.rs/, "\n", { plan, files });
});

const HELP = `#!/bin/sh
case "$*" in
"--help") printf 'Usage: poe [OPTIONS] <COMMAND>\\n\\nCommands:\\n  go  Goes  [aliases: walk]\\n\\nOptions:\\n  -v, --verbose...  More\\n      --rpc <URL>  Where\\n' ;;
"go --help") printf 'Usage: poe go [OPTIONS]\\n\\nOptions:\\n      --far <METRES>  How far\\n' ;;
"hidden --help") printf 'Usage: poe hidden\\n' ;;
*) exit 2 ;;
esac
`;
test("subcommands and flags are those of the programs' help", () => {
  const inside = (text) => withRepository({ "README.md": `Use \`${text}\`.\n`, "bin/poe": HELP }, (folder) => run("rehearse.mjs", "--root", folder, "--bin", `${folder}/bin`, "--look"));
  for (const text of ["poe -vv --rpc go go --far 3", "poe walk --rpc=x", "poe <command>", "poe hidden"]) {
    const { status, output } = inside(text);
    assert.equal(status, 0, output);
  }
  for (const [text, pattern] of [
    ["poe run", /poe has no subcommand run/],
    ["poe go --near", /poe go has no flag --near/],
    ["poe --far 3 go", /poe has no flag --far/],
  ]) {
    const { status, output } = inside(text);
    assert.match(output, pattern);
    assert.notEqual(status, 0);
  }
  fails(/poe (--help fails|has no subcommand go)/, "Use `poe go`.\n", { args: ["--bin", "none", "--look"] });
});

/* PARTS */

test("a command is compared without its comment, on one line", () => {
  assert.equal(normalized("a \\\n    --b 'x  # y' # why"), "a --b 'x # y'");
  assert.equal(normalized("echo '#'"), "echo '#'");
});
test("a document's commands know their line, section and terminal", () => {
  const text = `## S\n\n1. so\n\n   ${fence("sh", "# terminal 3", "   a |", "     b", "   ```").split("\n").slice(0, 5).join("\n")}\n`;
  assert.deepEqual(
    commandsOf("d.md", parseDocument(text)).map(({ section, line, terminal, command }) => [section, line, terminal, command]),
    [["S", 7, "3", "a | b"]],
  );
});
test("dots stand for a line's part, or for lines", () => {
  assert.ok(isShown(["a ... c", "..."], "a b c\nd\ne\n"));
  assert.ok(!isShown(["a ... c"], "a b\nc\n"));
  assert.ok(isShown(["a (b)*"], "\x1b[1ma (b)*\x1b[0m  \n\n"));
});
test("anchors are GitHub's", () => {
  assert.equal(slug("`make x`: A, *b* [c](d.md) – e_f"), "make-x-a-b-c--e_f");
});
test("patterns of paths", () => {
  assert.ok(matchesGlob("a/b/c.t.sol", "a/**/*.t.sol") && matchesGlob("a/c.t.sol", "a/**/*.t.sol") && matchesGlob("a/b", "a/{b,c}"));
  assert.ok(!matchesGlob("a/b/c", "a/*") && !matchesGlob("a/bxc", "a/b.c"));
});
test("a line is cut into simple commands", () => {
  assert.deepEqual(simpleCommands(`A=1 poe "x y" > f && make -s z | cat; B=2`), [["poe", "x y", "f"], ["make", "-s", "z"], ["cat"]]);
});
test("a help that lists flags behind commands", () => {
  const { inline, commands } = parseHelp("usage: x <command>\n\n  a          does\n  a --check  checks\n");
  assert.deepEqual([...inline], [["a", ["--check"]]]);
  assert.deepEqual(commands, [["a"]]);
});
