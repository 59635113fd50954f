// Child processes of `npm test`: in a group of their own, with a time limit, so that nothing is left running.
import { spawn } from "node:child_process";

const textMax = 200_000;
const running = new Set();

function killGroup(child) {
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(130);
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
      killGroup(child);
    }, limitMs);
    const end = (code) => {
      clearTimeout(timer);
      running.delete(child);
      killGroup(child);
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
