import type { Value, ValueObject } from "@/lib/kernel/value";

/** Why an upstream's question is not put to the person; null = it may be. */
export type ElicitationFault = "asks_for_secret" | "unsafe_url" | "foreign_host" | "unreadable";

export interface ElicitationRules {
  /** Hosts that URL elicitation may lead to, lower case; empty = any. */
  hosts: readonly string[];
}

const word = (text: string) => `(?:^|[^a-z])(?:${text})(?:[^a-z]|$)`;

/** What a field that wants a secret is called, in words cut at every change of case and every sign. */
const secretWords = new RegExp(
  [
    word("pass ?words?|pass ?phrases?|pass ?codes?|pwd|passwd|contrasena|kennwort|passwort"),
    word("secrets?|credentials?|otp|totp|mfa code|2fa code|one ?time (?:code|password)|pin(?: code)?|security code"),
    word("(?:api|auth|access|bearer|refresh|session|id|security|personal access|oauth|jwt|bot)? ?tokens?"),
    word("(?:api|access|secret|private|encryption|signing|ssh|auth|license|recovery|master) ?keys?|keys?"),
    word("(?:credit|debit|bank|payment)? ?card ?(?:numbers?|no|num|data|details)|cvv2?|cvc2?|pan|iban"),
    word("seed phrases?|mnemonics?|recovery (?:codes?|phrases?)|social security(?: number)?|ssn"),
  ].join("|"),
);
/** Words around `token` and `key` that make them something else than a secret. */
const harmless =
  /(?:max|min|num|number of|count|total|budget|prompt|completion|per) ?tokens?|primary key|sort key|key(?:words?|board)/g;

/**
 * Judges the `params` of an `elicitation/create` (MCP 2025-06-18, Elicitation: servers must not ask for sensitive information by
 * form; 2025-11-25: URL mode). A form that asks for a password, token, key or card number is a fault; so is a URL that is not
 * https, carries user info, or leads to a host that is not on a list that was given.
 */
export function judgeElicitation(params: ValueObject, rules: ElicitationRules): ElicitationFault | null {
  const mode = params.get("mode");
  if (mode !== undefined && mode !== "form" && mode !== "url") return "unreadable";
  if (mode === "url") return judgeUrl(params.get("url"), rules.hosts);
  const schema = params.get("requestedSchema");
  if (schema === undefined) return null;
  if (!isObject(schema)) return "unreadable";
  const properties = schema.get("properties");
  if (properties === undefined) return null;
  if (!isObject(properties)) return "unreadable";
  for (const [name, field] of properties) if (asksForSecret(name, field)) return "asks_for_secret";
  return null;
}

/** The host that a URL elicitation leads to, for the log; null when there is none. */
export function elicitedHost(params: ValueObject): string | null {
  const url = params.get("mode") === "url" ? params.get("url") : undefined;
  return typeof url === "string" ? (hostOf(url)?.host ?? null) : null;
}

function judgeUrl(url: Value | undefined, hosts: readonly string[]): ElicitationFault | null {
  const target = typeof url === "string" ? hostOf(url) : null;
  if (!target?.isSafe) return "unsafe_url";
  return hosts.length === 0 || hosts.includes(target.host) ? null : "foreign_host";
}

/** `https://host[:port]/…` without user info; the parser of a URL is not at hand in pure files, and less is safer here. */
function hostOf(url: string): { host: string; isSafe: boolean } | null {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\\]*)/i.exec(url);
  if (!match) return null;
  const [, scheme = "", authority = ""] = match;
  const host = authority.replace(/:\d{1,5}$/, "").toLowerCase();
  const isPlain = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(host);
  const isClean = !/[\x00-\x20\\\x7f-\u{10ffff}]/u.test(url);
  return { host, isSafe: scheme.toLowerCase() === "https" && isPlain && isClean };
}

function asksForSecret(name: string, field: Value): boolean {
  const texts = [name];
  if (isObject(field)) {
    if (field.get("format") === "password") return true;
    const type = field.get("type");
    if (type === "boolean") return false;
    for (const key of ["title", "description"]) {
      const text = field.get(key);
      if (typeof text === "string") texts.push(text);
    }
  }
  return texts.some((text) => secretWords.test(toWords(text).replace(harmless, " ")));
}

/** Lower-case words: `apiKey`, `API-Key` and `api_key` all read `api key`; marks and full-width forms are folded away. */
function toWords(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\p{Mn}\p{Cf}]/gu, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
}

function isObject(value: Value | undefined): value is ValueObject {
  return value instanceof Map;
}
