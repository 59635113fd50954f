import "server-only";
import { spawn, type ChildProcess } from "node:child_process";
import { singleton } from "@/lib/kernel/singleton";

/**
 * Runs beside this process for as long as it has processes of upstreams: learns their groups line by line and, when its input
 * ends because this process is gone however it went, kills those that are left.
 */
const script = `
const groups = new Set();
let rest = "";
process.on("SIGINT", () => {}); process.on("SIGTERM", () => {}); process.on("SIGHUP", () => {});
process.stdin.setEncoding("latin1").on("data", (text) => {
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  for (const line of lines) line[0] === "+" ? groups.add(line.slice(1)) : groups.delete(line.slice(1));
}).on("end", () => {
  for (const group of groups) { try { process.kill(-Number(group), "SIGKILL"); } catch {} }
  process.exit(0);
});
`;

interface Guard {
  groups: Set<number>;
  child: ChildProcess | null;
}

function guard(): Guard {
  return singleton<Guard>("stdio-guard", () => {
    const made: Guard = { groups: new Set(), child: null };
    process.on("exit", () => {
      for (const group of made.groups) killNow(group);
    });
    return made;
  });
}

/** From now on this process group does not outlive this process, not even when it is killed. */
export function guardGroup(group: number): void {
  const state = guard();
  state.groups.add(group);
  state.child ??= start(state);
  state.child.stdin?.write(`+${String(group)}\n`);
}

/** The group is gone; its number may be another's soon. The last one lets the watcher end too. */
export function releaseGroup(group: number): void {
  const state = guard();
  state.groups.delete(group);
  state.child?.stdin?.write(`-${String(group)}\n`);
  if (state.groups.size > 0) return;
  state.child?.stdin?.end();
  state.child = null;
}

function start(state: Guard): ChildProcess {
  const child = spawn(process.execPath, ["-e", script], {
    env: {} as NodeJS.ProcessEnv,
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    shell: false,
  });
  // Should it be gone, a new one learns all groups with the next process.
  const forget = () => {
    if (state.child === child) state.child = null;
  };
  child.on("error", forget).on("exit", forget);
  child.stdin.on("error", () => undefined);
  child.unref();
  for (const group of state.groups) child.stdin.write(`+${String(group)}\n`);
  return child;
}

function killNow(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Gone already.
  }
}
