import { filterToolList, type ListFilter } from "./list-filter";
import type { RpcMessage } from "@/lib/http/rpc-message";

/**
 * An upstream's answer as this grant may see it: a tool list, on whichever stream and to whichever request it comes, without its
 * hidden and new tools and with accepted definitions only; the very same bytes for everything else. Null when a list cannot be read.
 */
export function screenMessage(bytes: Uint8Array, message: RpcMessage, filter: ListFilter): Uint8Array | null {
  if (!message.result || !message.listsTools) return bytes;
  return filterToolList(bytes, filter, message.result)?.bytes ?? null;
}
