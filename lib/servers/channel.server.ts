import "server-only";
import { onChange } from "@/lib/db/db.server";
import { singleton } from "@/lib/kernel/singleton";
import type { ChannelAnswer, ChannelRequest } from "./channel-answer.server";
import { ChannelTable } from "./channel-table.server";
import { loadUpstream, type Upstream } from "./lookup.server";

export type { ChannelAnswer, ChannelDeadlines, ChannelRequest } from "./channel-answer.server";

/**
 * Lets an upstream of transport `sse` or `stdio` answer one request like a streamable-HTTP server (MCP 2025-03-26 and later):
 * `initialize` opens a session and names it in `mcp-session-id`; a request is answered by JSON, or by an event stream when the
 * upstream says something else first; GET is the stream of what it says by itself; DELETE ends the session; an unknown session
 * is answered 404. Throws `upstream_unreachable` or `address_blocked` when nothing of the message was sent, and otherwise an
 * error as a broken connection gives it (undici's codes for deadlines) or an AppError that names what broke.
 */
export function openChannel(upstream: Upstream, request: ChannelRequest): Promise<ChannelAnswer> {
  return table().open(upstream, request);
}

/** Ends every session and process, and waits until the processes are gone. */
export function closeChannels(): Promise<void> {
  return table().close();
}

function table(): ChannelTable {
  return singleton("channels", () => {
    const made = new ChannelTable();
    onChange((change) => {
      if (change.topic === "servers" && change.id) void review(made, change.id);
    });
    return made;
  });
}

/** A server that was disabled, deleted or pointed elsewhere keeps no process and no stream. */
async function review(made: ChannelTable, serverId: string): Promise<void> {
  // Without the database nothing is known to have changed; what is asked for next is judged by what is then known.
  const upstream = await loadUpstream(serverId).catch(() => undefined);
  if (upstream !== undefined) made.review(serverId, upstream);
}
