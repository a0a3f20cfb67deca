// SPDX-License-Identifier: MIT OR Apache-2.0
// A scratch git repository for the tests of the checks.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const SCRIPTS = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Calls `body` with a folder that holds `files` (path to text), as a git repository; removes it afterwards. */
export function withRepository(files, body) {
  const folder = mkdtempSync(join(tmpdir(), "poe-"));
  try {
    execFileSync("git", ["init", "-q", folder]);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a script of this repository: `{status, output}`. */
export function run(script, ...args) {
  return runIn(undefined, script, ...args);
}

/** The same, in a folder. */
export function runIn(folder, script, ...args) {
  const environment = { ...process.env };
  // A git hook exports these; they would point the script's git at another repository.
  for (const name of ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"]) delete environment[name];
  const { status, stdout, stderr } = spawnSync(join(SCRIPTS, script), args, { cwd: folder, encoding: "utf8", env: environment });
  return { status, output: stdout + stderr };
}
