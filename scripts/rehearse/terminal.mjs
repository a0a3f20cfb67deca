// SPDX-License-Identifier: MIT OR Apache-2.0
// A terminal in which commands are typed one after another, and services that go on until they are interrupted.
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

/** What a session ended with, and what it had printed: thrown where a command cannot go on. */
export class Failed extends Error {}

const tail = (text, lines = 40) => text.trimEnd().split("\n").slice(-lines).join("\n");
const within = (promise, seconds, late) => {
  let timer;
  const limit = new Promise((_, fail) => (timer = setTimeout(() => fail(new Failed(late())), seconds * 1000)));
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
};
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Sends a signal to a group of processes; it may be gone. */
function signal(group, name) {
  try {
    process.kill(-group, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** Waits until nobody listens on a port of this machine, so that a rehearsal never speaks to another one's chain. */
export async function portIsFree(port, seconds = 120) {
  const taken = () =>
    new Promise((done) => {
      const socket = connect(port, "127.0.0.1");
      const answer = (taken) => socket.destroy() && done(taken);
      socket.on("connect", () => answer(true)).on("error", () => answer(false));
    });
  for (const until = Date.now() + seconds * 1000; await taken(); await sleep(1000)) {
    if (Date.now() > until) throw new Failed(`port ${port} is taken: end what listens there (an anvil of yours?)`);
  }
}

/** One bash: variables, folder and path live on from command to command. */
export class Terminal {
  constructor(folder, logs, environment) {
    this.logs = logs;
    mkdirSync(logs, { recursive: true });
    const log = openSync(join(logs, "bash"), "a");
    // Reports come through descriptor 3, of which commands know nothing. In a group of its own, so that all of it can be ended.
    this.bash = spawn("bash", ["--noprofile", "--norc"], { cwd: folder, env: environment, detached: true, stdio: ["pipe", log, log, "pipe"] });
    this.bash.stdin.on("error", () => {});
    this.ended = new Promise((done) => this.bash.on("close", done));
    this.services = [];
    this.count = 0;
    this.reports = "";
    this.waiting = new Map();
    this.bash.stdio[3].setEncoding("utf8").on("data", (text) => this.hear(text));
  }

  hear(text) {
    const lines = (this.reports + text).split("\n");
    this.reports = lines.pop();
    for (const [name, value] of lines.map((line) => line.split(" "))) {
      this.waiting.get(name)?.(Number(value));
      this.waiting.delete(name);
    }
  }

  /** Writes the command and a line for bash that runs it; the value of its report `name`. */
  type(text, line) {
    const id = ++this.count;
    const file = join(this.logs, String(id));
    writeFileSync(`${file}.sh`, `${text}\n`);
    writeFileSync(`${file}.out`, "");
    const printed = () => readFileSync(`${file}.out`, "utf8");
    const report = (name) => new Promise((done) => this.waiting.set(`${id}-${name}`, done));
    const quoted = `'${file.replace(/'/g, "'\\''")}`;
    const answers = { code: report("code"), group: report("group") };
    this.bash.stdin.write(`${line(quoted, (name) => `${id}-${name}`)}\n`);
    return { printed, ...answers };
  }

  /** Runs a command to its end: `{code, output}`. */
  async run(text, seconds) {
    const { printed, code } = this.type(text, (file, name) => `. ${file}.sh' </dev/null >${file}.out' 2>&1 3>&-; echo "${name("code")} $?" >&3`);
    const gone = this.ended.then(() => {
      throw new Failed(`the terminal ended\n${tail(printed())}`);
    });
    gone.catch(() => {});
    const result = await within(Promise.race([code, gone]), seconds, () => `still running after ${seconds} s\n${tail(printed())}`);
    return { code: result, output: printed() };
  }

  /** Starts a service and waits until it has printed `ready`. */
  async start(text, { ready, stop }, seconds) {
    const { printed, code, group } = this.type(
      text,
      (file, name) =>
        `set -m; { trap : INT; ( . ${file}.sh' ) 3>&-; echo "${name("code")} $?" >&3; } </dev/null >${file}.out' 2>&1 & echo "${name("group")} $!" >&3; set +m`,
    );
    const service = { text, stop, printed, code, group: await group, running: true };
    code.then(() => (service.running = false));
    this.services.push(service);
    const pattern = new RegExp(ready);
    for (const until = Date.now() + seconds * 1000; !pattern.test(printed()); await sleep(100)) {
      if (!service.running) throw new Failed(`ended with ${await code} before it printed ${pattern}\n${tail(printed())}`);
      if (Date.now() > until) throw new Failed(`has not printed ${pattern} after ${seconds} s\n${tail(printed())}`);
    }
    return service;
  }

  /** Interrupts the services, as Ctrl-C does; each has to end in order and print its `stop`. The terminal goes with them. Returns what is wrong. */
  async close() {
    const errors = [];
    for (const service of this.services.reverse()) {
      if (!service.running) errors.push(`${service.text}: has ended by itself\n${tail(service.printed())}`);
      else {
        signal(service.group, "SIGINT");
        try {
          const code = await within(service.code, 30, () => "does not end when it is interrupted");
          if (code !== 0 && code !== 130) errors.push(`${service.text}: ended with ${code} when it was interrupted\n${tail(service.printed())}`);
          if (service.stop && !new RegExp(service.stop).test(service.printed())) {
            errors.push(`${service.text}: has not printed /${service.stop}/ in the end\n${tail(service.printed())}`);
          }
        } catch (error) {
          errors.push(`${service.text}: ${error.message}\n${tail(service.printed())}`);
        }
      }
    }
    this.kill();
    return errors;
  }

  /** Ends everything at once. */
  kill() {
    for (const { group } of this.services) signal(group, "SIGKILL");
    signal(this.bash.pid, "SIGKILL");
  }
}
