import { spawn } from "node:child_process";
import path from "node:path";

/** The product's gateway in a process of its own, to be killed. */
export interface StackProcess {
  publicUrl: string;
  /** SIGKILL: no handler runs, nothing is flushed. */
  kill: () => Promise<void>;
}

export async function startStackProcess(databaseUrl: string, dataDir: string): Promise<StackProcess> {
  const script = path.join(import.meta.dirname, "stack-process-run.ts");
  const child = spawn(process.execPath, ["--conditions=react-server", "--import", "tsx", script], {
    cwd: process.cwd(),
    env: { ...process.env, DATABASE_URL: databaseUrl, POLICYLAYER_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const publicUrl = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const found = /LISTENING (\S+)/.exec(text)?.[1];
      if (found) resolve(found);
    });
    void exited.then(() => reject(new Error("The gateway process did not start")));
  });
  return {
    publicUrl,
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
