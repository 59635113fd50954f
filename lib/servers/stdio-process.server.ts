import "server-only";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { AppError } from "@/lib/kernel/errors";
import { brokenLink, type Link, type LinkEvents } from "./channel-link.server";
import { readChannelMessage } from "./channel-message";
import { LineSplitter, toLine } from "./line-splitter";
import { guardGroup, releaseGroup } from "./stdio-guard.server";
import { lastWords, processEnvironment } from "./stdio-rules";

const lineBytesMax = 10 * 1024 * 1024;
/** Messages that the process has not read yet. */
const unsentBytesMax = 8 * 1024 * 1024;
/** Lines in a row that are no messages: a server may greet, but not only talk. */
const strayLinesMax = 1000;
/** More than the longest secret and the last words together, so that none is cut before it is taken out. */
const stderrKept = 16_384;
/** Between the end of its input and SIGTERM, and between SIGTERM and SIGKILL. */
const askMs = 300;
const termMs = 1500;
/** For what stands in its output when it is gone. */
const lastLinesMs = 300;

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Search path for the command. */
  readonly path: string;
  /** The server's own variables, secrets in plain. */
  readonly variables: Readonly<Record<string, string>>;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** How a process ended that was not told to: `message` says how, `words` what it wrote last to its error output. */
export interface ProcessEnd extends Error {
  readonly words: string;
}

/**
 * One MCP server as a process of this machine (MCP, "stdio"): an argument array, no shell, no inherited environment, an empty
 * folder as home, a process group of its own. What it starts and does not take out of the group ends with it.
 */
export class StdioProcess implements Link {
  readonly #child: Child;
  readonly #group: number;
  readonly #home: string;
  readonly #events: LinkEvents;
  readonly #secrets: readonly string[];
  readonly #gone: Promise<void>;
  #stderr = "";
  #strayLines = 0;
  #hasSpoken = false;
  #isOver = false;
  #isEnding = false;

  private constructor(child: Child, group: number, home: string, options: ProcessOptions, events: LinkEvents) {
    this.#child = child;
    this.#group = group;
    this.#home = home;
    this.#events = events;
    this.#secrets = Object.values(options.variables);
    this.#gone = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        // Its children lost their parent, not their group.
        killGroup(group, "SIGKILL");
        // What it wrote last is still in the pipe; a child that left the group may hold the pipe open for ever.
        const late = setTimeout(() => child.stdout.destroy(), lastLinesMs);
        const done = () => {
          clearTimeout(late);
          void this.#bury(code, signal).then(resolve);
        };
        if (child.stdout.closed) done();
        else child.stdout.once("close", done);
      });
    });
    this.#listen();
  }

  /** Starts it. Throws `upstream_unreachable` when there is no such program or it may not be run. */
  static async start(options: ProcessOptions, events: LinkEvents): Promise<StdioProcess> {
    const home = await mkdtemp(path.join(tmpdir(), "policylayer-stdio-"));
    const child = spawn(options.command, [...options.args], {
      cwd: home,
      env: processEnvironment(options.path, home, options.variables) as NodeJS.ProcessEnv,
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      shell: false,
    });
    const failure = await new Promise<Error | null>((resolve) => {
      child.once("spawn", () => resolve(null));
      child.once("error", resolve);
    });
    const group = child.pid;
    if (failure || group === undefined) {
      await rm(home, { recursive: true, force: true });
      throw new AppError("upstream_unreachable", { detail: "the process could not be started", cause: failure });
    }
    guardGroup(group);
    return new StdioProcess(child, group, home, options, events);
  }

  /** True once it wrote a message. */
  get hasSpoken(): boolean {
    return this.#hasSpoken;
  }

  async send(message: Uint8Array): Promise<null> {
    const { stdin } = this.#child;
    if (this.#isOver || this.#isEnding || !stdin.writable) throw unreachable("the process has ended");
    if (stdin.writableLength > unsentBytesMax) throw unreachable("the process does not read");
    // A failing write is seen as the end of the process, which breaks what waits for an answer.
    stdin.write(toLine(message));
    return Promise.resolve(null);
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.#child.stdout.pause();
    else this.#child.stdout.resume();
  }

  /** Ends its input, then asks it to stop, then kills the group; settles when the process is gone and its folder removed. */
  async close(): Promise<void> {
    if (!this.#isOver && !this.#isEnding) this.#stop();
    await this.#gone;
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#child;
    const splitter = new LineSplitter(lineBytesMax);
    stdin.on("error", () => undefined);
    stdout.on("error", () => undefined);
    stderr.on("error", () => undefined);
    stderr.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.subarray(-stderrKept).toString("latin1")).slice(-stderrKept);
    });
    stdout.on("data", (chunk: Uint8Array) => {
      if (this.#isEnding) return;
      const lines = splitter.push(chunk);
      if (!lines) this.#fail(new AppError("upstream_too_large", { detail: "one line" }));
      else for (const line of lines) this.#take(line);
    });
  }

  #take(line: Uint8Array): void {
    if (this.#isEnding) return;
    if (readChannelMessage(line)) {
      this.#strayLines = 0;
      this.#hasSpoken = true;
      this.#events.onMessage(line);
      return;
    }
    this.#strayLines += 1;
    if (this.#strayLines > strayLinesMax) {
      this.#fail(new AppError("upstream_malformed", { detail: "lines that are no messages" }));
    }
  }

  #fail(error: Error): void {
    this.#stop();
    this.#events.onEnd(error);
  }

  #stop(): void {
    this.#isEnding = true;
    this.#child.stdin.end();
    // A full pipe would keep it from ending.
    this.#child.stdout.resume();
    const term = setTimeout(() => killGroup(this.#group, "SIGTERM"), askMs);
    const kill = setTimeout(() => killGroup(this.#group, "SIGKILL"), askMs + termMs);
    void this.#gone.then(() => {
      clearTimeout(term);
      clearTimeout(kill);
    });
  }

  #endOf(code: number | null, signal: NodeJS.Signals | null): ProcessEnd {
    const text = Buffer.from(this.#stderr, "latin1").toString("utf8");
    return Object.assign(brokenLink(endText(code, signal)), { words: lastWords(text, this.#secrets) });
  }

  async #bury(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    this.#isOver = true;
    releaseGroup(this.#group);
    if (!this.#isEnding) this.#events.onEnd(this.#endOf(code, signal));
    await rm(this.#home, { recursive: true, force: true }).catch(() => undefined);
  }
}

function endText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `the process ended with code ${String(code)}` : `the process was ended by ${signal}`;
}

function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nothing is left of it.
  }
}

function unreachable(detail: string): AppError {
  return new AppError("upstream_unreachable", { detail });
}
