// Child processes of `npm test`: in a group of their own, with a time limit, so that nothing is left running.
import { spawn } from "node:child_process";

const textMax = 200_000;
const running = new Set();
let isInterrupted = false;

/** How long what is told to end may clean up: databases of its own, temporary folders. */
const cleanUpMs = 5000;

function signalGroup(child, signal) {
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

function endGroup(child) {
  signalGroup(child, "SIGTERM");
  setTimeout(() => signalGroup(child, "SIGKILL"), cleanUpMs).unref();
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => {
    isInterrupted = true;
    for (const child of running) endGroup(child);
    setTimeout(() => process.exit(130), cleanUpMs + 500);
    if (running.size === 0) process.exit(130);
  });
}

/** Runs a command to its end or for `limitMs`; resolves to its exit code (124 = over the limit) and the end of its output. */
export function runLimited([command, ...args], { cwd, limitMs, env = {}, inherit = false }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: inherit ? "inherit" : ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    running.add(child);
    let text = "";
    let isLate = false;
    const keep = (chunk) => (text = (text + chunk).slice(-textMax));
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const timer = setTimeout(() => {
      isLate = true;
      endGroup(child);
    }, limitMs);
    const end = (code) => {
      clearTimeout(timer);
      running.delete(child);
      signalGroup(child, "SIGKILL");
      if (isInterrupted && running.size === 0) process.exit(130);
      const late = isLate ? `\nStopped after ${limitMs / 60_000} minutes.` : "";
      resolve({ code: isLate ? 124 : code, text: text + late });
    };
    child.once("error", (error) => {
      text += error.message;
      end(1);
    });
    child.once("close", (code) => end(code ?? 1));
  });
}
