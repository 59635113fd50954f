import "server-only";
import { parseArgs } from "node:util";
import { demoKey, startPaymentsServer } from "./payments-server.server";

const { values } = parseArgs({
  options: { host: { type: "string", default: "127.0.0.1" }, port: { type: "string", default: "4200" } },
});
const server = await startPaymentsServer({ host: values.host, port: Number(values.port) });
process.stdout.write(
  `Demo payments server: ${server.url}\nIt demands the header ${demoKey.name}: ${demoKey.value}\nLedger: GET ${server.url.replace("/mcp", "/ledger")}\n`,
);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
