import {
  findDocument,
  findMembers,
  findRootMembers,
  readString,
  readText,
  type Member,
  type Span,
} from "@/lib/http/json-span";
import { applyEdits, type Edit } from "@/lib/http/json-splice";

/**
 * In a bundle several servers ask one client at once, each with ids of its own choice. Towards the client such an id is the string
 * `<prefix>/<the id as JSON>`, so that an answer finds its way back to the one server that asked.
 */
export interface Addressed {
  prefix: string;
  bytes: Uint8Array;
}

/** A server's own request or notification as the client of a bundle gets it; the same bytes where no id of the server's stands in it. */
export function toOutside(bytes: Uint8Array, prefix: string): Uint8Array {
  const root = findRootMembers(bytes);
  const method = root && methodOf(bytes, root);
  if (!root || method === null) return bytes;
  const spans: Span[] = [];
  const id = root.find(({ key }) => key === "id");
  if (id) spans.push(id);
  const params = root.find(({ key }) => key === "params");
  if (params && id) spans.push(...below(bytes, params, ["_meta", "progressToken"]));
  // A server takes back what it asked.
  if (params && method === "notifications/cancelled") spans.push(...below(bytes, params, ["requestId"]));
  return applyEdits(
    bytes,
    spans.map(({ start, end }) => ({
      start,
      end,
      text: JSON.stringify(`${prefix}/${readText(bytes, { start, end }) ?? ""}`),
    })),
  );
}

/** A client's answer to a server's request, as that server gets it; null when its id names none. */
export function answerToInside(bytes: Uint8Array): Addressed | null {
  const id = findRootMembers(bytes)?.find(({ key }) => key === "id");
  return id ? restored(bytes, id) : null;
}

/** A client's progress on a server's request, as that server gets it; null when its token names none. */
export function progressToInside(bytes: Uint8Array): Addressed | null {
  const params = findRootMembers(bytes)?.find(({ key }) => key === "params");
  const [token] = params ? below(bytes, params, ["progressToken"]) : [];
  return token ? restored(bytes, token) : null;
}

/** The message with the string at `path` replaced, members by name from the root; the same bytes when nothing stands there. */
export function withString(bytes: Uint8Array, path: readonly string[], text: string): Uint8Array {
  const [first = "", ...rest] = path;
  const top = findRootMembers(bytes)?.find(({ key }) => key === first);
  const found = top && (rest.length === 0 ? top : below(bytes, top, rest)[0]);
  if (!found) return bytes;
  return applyEdits(bytes, [{ start: found.start, end: found.end, text: JSON.stringify(text) }]);
}

function restored(bytes: Uint8Array, span: Span): Addressed | null {
  const text = readString(bytes, span);
  const at = text?.indexOf("/") ?? -1;
  if (text === null || at < 1) return null;
  const own = text.slice(at + 1);
  if (!isId(own)) return null;
  const edit: Edit = { start: span.start, end: span.end, text: own };
  return { prefix: text.slice(0, at), bytes: applyEdits(bytes, [edit]) };
}

/** What this file wrote into an id: one JSON string or number. Anything else would become part of the message's syntax. */
function isId(text: string): boolean {
  return /^["\-0-9]/.test(text) && findDocument(new TextEncoder().encode(text)) !== null;
}

function below(bytes: Uint8Array, top: Span, path: readonly string[]): Span[] {
  let at: Span | undefined = top;
  for (const name of path) at = at && findMembers(bytes, at)?.find(({ key }) => key === name);
  return at ? [at] : [];
}

function methodOf(bytes: Uint8Array, root: readonly Member[]): string | null {
  const method = root.find(({ key }) => key === "method");
  return method ? readString(bytes, method) : null;
}
