import { StdioProcess } from "@/lib/servers/stdio-process.server";

// Run as a process of its own by the test that kills it: starts the program of its arguments, and stays.
const [command = "", ...args] = process.argv.slice(2);
const options = { command, args, path: process.env["PATH"] ?? "", variables: {} };
await StdioProcess.start(options, { onMessage: () => undefined, onEnd: () => undefined });
process.stdout.write("started\n");
setInterval(() => undefined, 1_000);
