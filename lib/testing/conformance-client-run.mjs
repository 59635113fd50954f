// The client under test as the suite starts it: `node conformance-client-run.mjs <control URL> <server URL>`. It hands the scenario to the
// gateway that is running already, and ends with 0 when the gateway got through.
const [, , control, url] = process.argv;
const {
  MCP_CONFORMANCE_SCENARIO: scenario,
  MCP_CONFORMANCE_PROTOCOL_VERSION: version,
  MCP_CONFORMANCE_CONTEXT: context,
} = process.env;
const body = JSON.stringify({
  url,
  scenario,
  version: version ?? "2025-11-25",
  context: JSON.parse(context ?? "null"),
});
const answer = await fetch(control, { method: "POST", body });
const text = await answer.text();
process.stdout.write(`${text}\n`);
process.exitCode = answer.ok ? 0 : 1;
