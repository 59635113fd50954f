// Processes that misbehave, by name; run by tests of the stdio transport.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";

const [how, diary] = process.argv.slice(2);
const note = (text) => appendFileSync(diary, `${text}\n`);
note(`start ${process.pid}`);

const stay = () => setInterval(() => {}, 1_000);
/** Calls `run` with the id of every request that arrives. */
const onRequest = (run) => {
  let rest = "";
  process.stdin.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const message = JSON.parse(line);
      if (message.id !== undefined) run(message);
    }
  });
};
const greet = ({ id, method }) => {
  const initialised = {
    protocolVersion: "2024-11-05",
    capabilities: { tools: {} },
    serverInfo: { name: "x", version: "1" },
  };
  const result = method === "initialize" ? initialised : { content: [] };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
};

const ways = {
  "endless line": () => {
    stay();
    const piece = "x".repeat(1024 * 1024);
    const go = () => process.stdout.write(piece, go);
    go();
  },
  crash: () => {
    process.stderr.write(`cannot start with key ${process.env.API_KEY ?? ""}\n`);
    process.exit(3);
  },
  silence: stay,
  "no SIGTERM": () => {
    process.on("SIGTERM", () => note("SIGTERM"));
    stay();
    onRequest(greet);
  },
  forks: () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    note(`child ${child.pid}`);
    stay();
    onRequest(greet);
  },
  chatter: () => {
    process.stdout.write("Welcome to the server!\n\n{not json}\n[1,2]\n");
    onRequest(greet);
  },
  babble: () => {
    stay();
    const go = () => process.stdout.write("nonsense\n".repeat(1_000), go);
    go();
  },
  "stderr flood": () => {
    const piece = "e".repeat(65_536);
    let left = 512;
    const go = () => void (left-- > 0 && process.stderr.write(piece, go));
    go();
    onRequest(greet);
  },
  "dies in a call": () => {
    onRequest((message) => (message.method === "initialize" ? greet(message) : process.exit(1)));
  },
};

ways[how]();
