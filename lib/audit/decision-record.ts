import { z } from "zod";
import { chainVersion } from "./chain";
import { shadowWords } from "./schema";
import type { decisionWords, outcomeWords } from "./schema";

/** Name of the chain that holds decisions and outcomes. */
export const decisionChain = "decisions";

/** Where a record stands: its organisation's chain, its place in it, and the database time of its batch (ISO 8601, UTC). */
export interface RecordPlace {
  orgId: string;
  seq: bigint;
  at: string;
}

/** A counter that an allowed call moved, and in which window. Not by how much: an amount is an argument value. */
export interface CountedRecord {
  name: string;
  window: string;
  windowStart: string;
  /** This call was the first of the window to reach 80 % of the cap. */
  near: boolean;
}

/** What a rule or limit in shadow would have done to the call. */
export interface ShadowNote {
  rule: string;
  would: (typeof shadowWords)[number];
}

/** Columns of the log that search uses: copies of what the record says; null where its kind says nothing of it. */
export interface SearchColumns {
  grantId: string | null;
  serverId: string | null;
  policyId: string | null;
  policyVersion: number | null;
  method: string | null;
  tool: string | null;
  decision: string | null;
  rule: string | null;
  reason: string | null;
  outcome: string | null;
  shadow: readonly ShadowNote[] | null;
}

/** What a record of kind `decision` says. Argument keys and a keyed digest, never a value. */
export interface DecisionRecord {
  decisionId: string;
  decision: (typeof decisionWords)[number];
  rule: string;
  reason: string;
  grantId: string;
  /** Null for a request to a bundle that reached none of its servers. */
  serverId: string | null;
  policyId: string | null;
  policyVersion: number | null;
  policyHash: string | null;
  method: string;
  tool: string | null;
  argKeys: readonly string[];
  argDigest: string | null;
  client: { name: string | null; version: string | null; address: string | null };
  protocolVersion: string | null;
  counted: readonly CountedRecord[];
  /** Null when nothing in shadow spoke; never empty. */
  shadow: readonly ShadowNote[] | null;
}

/** What a record of kind `outcome` says. `end` is how the call ended, `state` what became of its reservation. */
export interface OutcomeRecord {
  decisionId: string;
  end: "success" | "failure" | "tool_error" | "unknown";
  state: (typeof outcomeWords)[number];
  reason: string | null;
  upstreamStatus: number | null;
  upstreamMs: number | null;
  totalMs: number | null;
}

/**
 * The chained text of a decision: what `canonical` gives for its members, written out in their order because every governed call waits
 * for it. `shadow` and a counter's `near` are left out where they say nothing, so that texts without them are as they always were.
 */
export function toDecisionText(place: RecordPlace, record: DecisionRecord): string {
  const { client, counted } = record;
  const who = `{"address":${quote(client.address)},"name":${quote(client.name)},"version":${quote(client.version)}}`;
  return (
    `{"argDigest":${quote(record.argDigest)},"argKeys":${quoteAll(record.argKeys)},${opening(place)},"client":${who}` +
    `,"counted":[${counted.map(countedText).join(",")}],"decision":${quote(record.decision)}` +
    `,"decisionId":${quote(record.decisionId)},"grantId":${quote(record.grantId)},"kind":"decision"` +
    `,"method":${quote(record.method)},"org":${quote(place.orgId)},"policyHash":${quote(record.policyHash)}` +
    `,"policyId":${quote(record.policyId)},"policyVersion":${number(record.policyVersion)}` +
    `,"protocolVersion":${quote(record.protocolVersion)},"reason":${quote(record.reason)},"rule":${quote(record.rule)}` +
    `,"seq":${String(place.seq)},"serverId":${quote(record.serverId)}${shadowMember(record.shadow)}` +
    `,"tool":${quote(record.tool)},"v":${version}}`
  );
}

/** The chained text of an outcome, in the same form. */
export function toOutcomeText(place: RecordPlace, record: OutcomeRecord): string {
  return (
    `{${opening(place)},"decisionId":${quote(record.decisionId)},"end":${quote(record.end)},"kind":"outcome"` +
    `,"org":${quote(place.orgId)},"reason":${quote(record.reason)},"seq":${String(place.seq)}` +
    `,"state":${quote(record.state)},"totalMs":${number(record.totalMs)},"upstreamMs":${number(record.upstreamMs)}` +
    `,"upstreamStatus":${number(record.upstreamStatus)},"v":${version}}`
  );
}

const version = String(chainVersion);

const opening = (place: RecordPlace) => `"at":${quote(place.at)},"chain":"${decisionChain}"`;

function countedText({ name, near, window, windowStart }: CountedRecord): string {
  const mark = near ? ',"near":true' : "";
  return `{"name":${quote(name)}${mark},"window":${quote(window)},"windowStart":${quote(windowStart)}}`;
}

function shadowMember(notes: readonly ShadowNote[] | null): string {
  return notes === null ? "" : `,"shadow":${toShadowText(notes)}`;
}

/** The notes as canonical JSON, for the record and for the column beside it. */
export function toShadowText(notes: readonly ShadowNote[]): string {
  return `[${notes.map(({ rule, would }) => `{"rule":${quote(rule)},"would":${quote(would)}}`).join(",")}]`;
}

function quote(value: string | null): string {
  return value === null ? "null" : JSON.stringify(value);
}

const quoteAll = (texts: readonly string[]) => JSON.stringify(texts);

const number = (value: number | null) => (value === null ? "null" : String(value));

const base = { chain: z.string(), org: z.string(), seq: z.number().int(), at: z.string(), decisionId: z.string() };
const text = z.string().nullable();

const CountedText = z
  .object({ name: z.string(), window: z.string(), windowStart: z.string(), near: z.literal(true).optional() })
  .transform((one): CountedRecord => ({ ...one, near: one.near === true }));

const DecisionText = z.object({
  ...base,
  kind: z.literal("decision"),
  decision: z.string(),
  rule: z.string(),
  reason: z.string(),
  grantId: z.string(),
  serverId: text,
  policyId: text,
  policyVersion: z.number().nullable(),
  policyHash: text,
  method: z.string(),
  tool: text,
  argKeys: z.array(z.string()),
  argDigest: text,
  client: z.object({ name: text, version: text, address: text }),
  protocolVersion: text,
  counted: z.array(CountedText).default([]),
  shadow: z
    .array(z.object({ rule: z.string(), would: z.enum(shadowWords) }))
    .nullable()
    .default(null),
});

const OutcomeText = z.object({
  ...base,
  kind: z.literal("outcome"),
  end: z.string(),
  state: z.string(),
  reason: text,
  upstreamStatus: z.number().nullable(),
  totalMs: z.number().nullable(),
});

const RecordText = z.discriminatedUnion("kind", [DecisionText, OutcomeText]);
export type DecisionText = z.infer<typeof DecisionText>;
export type OutcomeText = z.infer<typeof OutcomeText>;

/** Reads a stored record; null when the text is not one of ours. */
export function parseRecord(stored: string): DecisionText | OutcomeText | null {
  try {
    const parsed = RecordText.safeParse(JSON.parse(stored));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
