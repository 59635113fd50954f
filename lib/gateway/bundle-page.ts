import { fitsBehind, separator } from "@/lib/bundles/member-name";
import { joinBytes } from "@/lib/http/byte-join";
import { findElements, findMembers, findRootMembers, readString, readText, type Span } from "@/lib/http/json-span";

/** The lists that a bundle joins: the member of the result that holds the entries, and whether their names get the prefix. */
export const bundleLists: ReadonlyMap<string, { key: string; isNamed: boolean }> = new Map([
  ["tools/list", { key: "tools", isNamed: true }],
  ["prompts/list", { key: "prompts", isNamed: true }],
  ["resources/list", { key: "resources", isNamed: false }],
  ["resources/templates/list", { key: "resourceTemplates", isNamed: false }],
  ["tasks/list", { key: "tasks", isNamed: false }],
]);

/** One server's page of a list, read as far as it must be known. */
export interface MemberPage {
  serverId: string;
  /** As the bundle shows them: every byte as it came but for the prefix before the name. */
  entries: Uint8Array[];
  /** URIs of resources, for knowing later whose they are. */
  uris: string[];
  nextCursor: string | null;
  /** 2026-07-28; null where the answer does not say. */
  ttlMs: number | null;
}

/**
 * Reads a server's answer to a list request. Entries whose name leaves no room for the prefix are left out. Null when the list cannot
 * be read.
 */
export function readPage(
  bytes: Uint8Array,
  serverId: string,
  list: { key: string; isNamed: boolean },
  prefix: string,
): MemberPage | null {
  const result = findRootMembers(bytes)?.find(({ key }) => key === "result");
  const members = result && findMembers(bytes, result);
  const array = members?.find(({ key }) => key === list.key);
  const elements = array && findElements(bytes, array);
  if (!members || !elements) return null;
  const page: MemberPage = { serverId, entries: [], uris: [], nextCursor: null, ttlMs: null };
  for (const element of elements) {
    if (!addEntry(page, bytes, element, list.isNamed ? prefix : null)) return null;
  }
  const cursor = members.find(({ key }) => key === "nextCursor");
  page.nextCursor = cursor ? readString(bytes, cursor) : null;
  const ttl = members.find(({ key }) => key === "ttlMs");
  const ttlMs = ttl ? Number(readText(bytes, ttl)) : NaN;
  if (ttlMs >= 0) page.ttlMs = ttlMs;
  return page;
}

function addEntry(page: MemberPage, bytes: Uint8Array, element: Span, prefix: string | null): boolean {
  const whole = bytes.subarray(element.start, element.end);
  const members = findMembers(bytes, element);
  if (!members) return false;
  if (prefix === null) {
    const at = members.find(({ key }) => key === "uri");
    const uri = at ? readString(bytes, at) : null;
    if (uri !== null) page.uris.push(uri);
    page.entries.push(whole);
    return true;
  }
  const at = members.find(({ key }) => key === "name");
  const name = at ? readString(bytes, at) : null;
  if (!at || name === null) return false;
  if (!fitsBehind(prefix, name)) return true;
  // Behind the quotation mark that opens the name.
  const cut = at.start - element.start + 1;
  page.entries.push(joinBytes([whole.subarray(0, cut), encoder.encode(prefix + separator), whole.subarray(cut)]));
  return true;
}

/** The answer of a bundle: the pages in a row, and one cursor for all that goes on. */
export function joinPages(
  idText: string,
  key: string,
  pages: readonly MemberPage[],
  era: "legacy" | "modern",
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const modern = era === "modern" ? `"resultType":"complete",${cacheMembers(pages)},` : "";
  parts.push(encoder.encode(`{"jsonrpc":"2.0","id":${idText},"result":{${modern}${JSON.stringify(key)}:[`));
  pages
    .flatMap((page) => page.entries)
    .forEach((entry, index) => {
      if (index > 0) parts.push(comma);
      parts.push(entry);
    });
  const cursor = cursorOf(pages);
  parts.push(encoder.encode(cursor === null ? "]}}" : `],"nextCursor":${JSON.stringify(cursor)}}}`));
  return joinBytes(parts) as Uint8Array<ArrayBuffer>;
}

/** Grants differ in what they may read, and the joined list is as fresh as its stalest part. */
function cacheMembers(pages: readonly MemberPage[]): string {
  const ttlMs = Math.min(...pages.map((page) => page.ttlMs ?? 0), pages.length === 0 ? 0 : Infinity);
  return `"cacheScope":"private","ttlMs":${String(Math.floor(ttlMs))}`;
}

const cursorMark = "b1.";
const serversMax = 100;

function cursorOf(pages: readonly MemberPage[]): string | null {
  const open = pages.flatMap(({ serverId, nextCursor }) => (nextCursor === null ? [] : [[serverId, nextCursor]]));
  return open.length === 0 ? null : cursorMark + toBase64(JSON.stringify(open));
}

/** Where each server's list goes on, by its id; null when it is no cursor that a bundle gave out. */
export function parseCursor(cursor: string): ReadonlyMap<string, string> | null {
  if (!cursor.startsWith(cursorMark)) return null;
  try {
    const value: unknown = JSON.parse(fromBase64(cursor.slice(cursorMark.length)));
    if (!Array.isArray(value) || value.length === 0 || value.length > serversMax || !value.every(isPair)) return null;
    return new Map(value);
  } catch {
    return null;
  }
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string");
}

const encoder = new TextEncoder();
const comma = encoder.encode(",");

/** Text as base64url of its UTF-8. */
export function toBase64(text: string): string {
  const binary = Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The text behind `toBase64`; throws on anything else. */
export function fromBase64(text: string): string {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}
