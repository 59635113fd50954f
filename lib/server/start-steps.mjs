// Progress as steps with times, and child processes that belong to a step. Node built-ins only.
import { spawn } from "node:child_process";

const stillEveryMs = 15_000;
const linesKept = 200;
const children = new Set();

/** The text of a duration: `0.4 s`, `73 s`. */
export function seconds(ms) {
  return `${ms < 9950 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
}

/**
 * Runs `work` as a named step: one line when it is done, a sign of life while it takes long. `work` may call the `note` that
 * it is given to say why it was quick. A failure is marked and thrown on.
 */
export async function step(name, work) {
  const started = Date.now();
  const isTerminal = process.stdout.isTTY === true;
  let remark = "";
  const say = (mark, text) => `  ${mark} ${name.padEnd(22)} ${text}`;
  if (isTerminal) process.stdout.write(say("…", ""));
  const still = setInterval(
    () => {
      const text = say("…", seconds(Date.now() - started));
      process.stdout.write(isTerminal ? `\r${text}` : `${text}\n`);
    },
    isTerminal ? 1000 : stillEveryMs,
  );
  const end = (mark) => {
    clearInterval(still);
    const text = say(mark, `${seconds(Date.now() - started).padStart(6)}${remark ? `  ${remark}` : ""}`);
    process.stdout.write(`${isTerminal ? "\r" : ""}${text}\n`);
  };
  try {
    const result = await work((text) => (remark = text));
    end("✓");
    return result;
  } catch (error) {
    end("✗");
    throw error;
  }
}

/** Runs a command to its end, quietly; rejects with the last lines of what it wrote when it fails. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    const lines = [];
    const keep = (chunk) => {
      lines.push(...chunk.toString().split("\n"));
      if (lines.length > linesKept * 2) lines.splice(0, lines.length - linesKept);
    };
    children.add(child);
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.once("error", (error) => {
      children.delete(child);
      reject(new Error(`${command} could not be started: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      children.delete(child);
      const text = lines.slice(-linesKept).join("\n").trim();
      if (code === 0) resolve(text);
      else reject(new Error(`${[command, ...args].join(" ")} ended with ${signal ?? `exit code ${code}`}\n${text}`));
    });
  });
}

/** Until the returned function is called, SIGINT and SIGTERM end the running children and this process; `out` hears of it. */
export function stopOnSignals(out = process.stdout) {
  const stop = (signal) => {
    for (const child of children) child.kill("SIGTERM");
    out.write(`\nStopped by ${signal}.\n`);
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return () => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
}
