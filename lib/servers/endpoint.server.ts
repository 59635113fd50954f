import "server-only";
import { env } from "@/lib/env/env.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError, isAppError, type Issue } from "@/lib/kernel/errors";
import { checkUpstream, type UpstreamTransport } from "./lookup.server";
import type { ServerInput, ServerPatch } from "./schema";
import { isAllowedCommand, stdioRefusal, stdioUrl } from "./stdio-rules";

/** Where a server is and how it is spoken to, as its row holds it. */
export interface Endpoint {
  readonly transport: UpstreamTransport;
  readonly url: string;
  readonly allowPrivateNetwork: boolean;
  readonly command: string | null;
  readonly args: string[];
}

/** Whether local processes may be servers here: why not, or the commands that may be started. Reading it needs `read`. */
export function findLocalChoice(ctx: Ctx): { refusal: string | null; commands: string[] } {
  requirePermission(ctx, "read");
  const { stdio } = env();
  return { refusal: stdioRefusal(stdio), commands: [...(stdio?.commands ?? [])] };
}

type Given = Partial<Pick<ServerPatch, "transport" | "url" | "allowPrivateNetwork" | "command" | "args">>;

/** The endpoint that an input asks for. Throws `invalid_input` for an address or a command that is not allowed. */
export async function requireEndpoint(input: ServerInput): Promise<Endpoint> {
  return requireChanged(null, input);
}

/**
 * The endpoint after a change; what the patch does not name stays. Throws `invalid_input` for an address or a command that is
 * not allowed, and when the transport needs what neither the patch nor the server has.
 */
export async function requireChanged(current: Endpoint | null, given: Given): Promise<Endpoint> {
  const transport = given.transport ?? current?.transport ?? "http";
  const allowPrivateNetwork = given.allowPrivateNetwork ?? current?.allowPrivateNetwork ?? false;
  if (transport === "stdio") {
    if (given.url !== undefined) throw refused({ path: "url", message: "A local process has no URL" });
    const command = given.command ?? current?.command ?? "";
    requireCommand(command);
    return { transport, url: stdioUrl(command), allowPrivateNetwork, command, args: given.args ?? current?.args ?? [] };
  }
  if (given.command !== undefined || given.args !== undefined) {
    throw refused({ path: "command", message: "Only a local process has a command" });
  }
  const url = given.url ?? (current?.transport === "stdio" ? undefined : current?.url);
  if (url === undefined) throw refused({ path: "url", message: "The URL is missing" });
  await requireAddress(url, allowPrivateNetwork);
  return { transport, url, allowPrivateNetwork, command: null, args: [] };
}

/** True when another server is meant, so that nothing learnt from the old one holds. */
export function isMoved(from: Endpoint, to: Endpoint): boolean {
  return from.transport !== to.transport || from.url !== to.url || !sameArgs(from, to);
}

/** True when the server's secrets would go to a host or a program that they were not entered for. */
export function isForeign(from: Endpoint, to: Endpoint): boolean {
  if (from.transport === "stdio" || to.transport === "stdio") return isMoved(from, to);
  return new URL(from.url).origin !== new URL(to.url).origin;
}

function sameArgs(from: Endpoint, to: Endpoint): boolean {
  return JSON.stringify(from.args) === JSON.stringify(to.args);
}

function requireCommand(command: string): void {
  const { stdio } = env();
  const off = stdioRefusal(stdio);
  if (off !== null) throw refused({ path: "command", code: "stdio_off", message: off });
  if (isAllowedCommand(stdio, command)) return;
  const fix = `Allowed: ${stdio?.commands.join(", ") ?? ""}`;
  throw refused({ path: "command", code: "command_not_allowed", message: "This command is not on the list", fix });
}

async function requireAddress(url: string, allowPrivateNetwork: boolean): Promise<void> {
  try {
    await checkUpstream(url, allowPrivateNetwork);
  } catch (error) {
    if (!isAppError(error) || error.code !== "address_blocked") throw error;
    const message = "This address is not allowed: https and a public address are needed";
    const fix = "For a server in your own network, switch on private networks for it";
    throw refused({ path: "url", code: "address_blocked", message, fix }, error);
  }
}

function refused(issue: Issue, cause?: unknown): AppError {
  return new AppError("invalid_input", { issues: [issue], cause });
}
