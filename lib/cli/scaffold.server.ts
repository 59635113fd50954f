import "server-only";
import { z } from "zod";
import { nearest } from "@/lib/policy/nearest";
import { scaffoldPolicy } from "@/lib/policy/scaffold";
import { classifyTool } from "@/lib/servers/classify";
import type { Invocation } from "./commands";
import { CommandFailure, exits, type Exit } from "./exit-codes";
import { openGateway } from "./gateway.server";
import { writeResult } from "./read-files";
import { ServerList } from "./schema";
import { shownName, type Terminal } from "./terminal";
import { readToolsFile } from "./tools-file";

/** `policylayer scaffold`: a first policy for the tools of a file, or of a server that the gateway has scanned. */
export async function runScaffold(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const [tools, server] = [asked.value("tools"), asked.value("server")];
  if ((tools === null) === (server === null)) {
    throw new CommandFailure(
      exits.usage,
      "scaffold needs one of --tools and --server",
      "policylayer scaffold --help shows both.",
    );
  }
  const text =
    tools === null ? await fromGateway(server ?? "", asked, terminal) : await fromFile(tools, asked, terminal);
  const file = asked.value("output");
  await writeResult(terminal, { file, force: asked.has("force") }, text);
  if (file !== null) terminal.err(`Next: policylayer validate ${file}`);
  return exits.ok;
}

async function fromFile(file: string, asked: Invocation, terminal: Terminal): Promise<string> {
  const shapes = readToolsFile(shownName(file), await terminal.read(file));
  const tools = shapes.map((shape) => ({ ...shape, ...classifyTool(shape) }));
  return scaffoldPolicy(tools, { server: asked.value("name") ?? "", safe: asked.has("safe") });
}

async function fromGateway(name: string, asked: Invocation, terminal: Terminal): Promise<string> {
  const gateway = openGateway(asked, terminal);
  const servers = await gateway.call("GET", "/api/servers", ServerList);
  const server = servers.find((one) => one.name === name) ?? servers.find((one) => one.id === name);
  if (!server) {
    const names = servers.map((one) => one.name);
    const close = nearest(name, names);
    const hint = close ? `Did you mean ${close}?` : `It has: ${names.join(", ") || "none"}.`;
    throw new CommandFailure(exits.failed, `${gateway.origin} has no server ${name}`, hint);
  }
  const path = `/api/servers/${encodeURIComponent(server.id)}/scaffold?safe=${String(asked.has("safe"))}`;
  return (await gateway.call("GET", path, z.looseObject({ text: z.string() }))).text;
}
