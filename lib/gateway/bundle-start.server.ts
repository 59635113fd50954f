import "server-only";
import { findElements, findMembers, readString, readText } from "@/lib/http/json-span";
import { newDecisionId } from "@/lib/ledger/ledger.server";
import { jsonAnswer, type Answer } from "./answer";
import { collectAnswer, drop, forEach, ignore, waitMsMax, within, type Collected } from "./bundle-answer.server";
import { uniteObjects } from "./bundle-capabilities";
import type { BundleExchange, Member } from "./bundle-exchange.server";
import { toSessionText, type MemberSession } from "./bundle-session";
import type { RequestMessage } from "./exchange.server";
import { factsFor } from "./log-facts.server";
import { answerMessage } from "./post.server";
import type { ReadPost } from "./read-post.server";
import { recordRefusal } from "./refusal-log.server";
import { upstreamFailure } from "./relay-rules";
import { isRevision, modernRevision, revisions, type Revision } from "./revision";
import { sealSession, serverSessionOf } from "./session-envelope.server";
import { answerSession } from "./session.server";
import { productVersion } from "./upstream-headers";

/** A server of the bundle that answered, as far as the joined answer needs it. */
interface Started {
  member: Member;
  versions: Revision[];
  capabilities: string;
  instructions: string | null;
  ttlMs: number;
  session: string | null;
}

/** What came of asking one server: it joins, it has no such method, or it is left out with the answer that says why. */
type Asked = Started | { member: Member; answer: Answer | null; isUnknownMethod: boolean };

/**
 * `initialize` and `server/discover` of a bundle: every server is asked at once, and those that answer in time make up the bundle for
 * this session. One that fails is left out and logged; when all fail, the client hears how the first one did. Capabilities are the
 * union; the version is the oldest that was agreed to, so that every server understands what the client will say.
 */
export async function startBundle(
  exchange: BundleExchange,
  read: ReadPost,
  message: RequestMessage,
  members: readonly Member[],
): Promise<Answer> {
  const asked = await forEach(members, (member) => ask(member, read, message));
  const started = asked.filter((one) => "capabilities" in one);
  const failed = asked.filter((one) => "isUnknownMethod" in one);
  const isDiscover = message.method === "server/discover";
  // A client that may fall back to the handshake must do so for all: half of a bundle would be missing otherwise.
  const old = isDiscover ? failed.find((one) => one.isUnknownMethod && one.answer) : undefined;
  if (old?.answer) return withoutSession(old.answer);
  await Promise.all(failed.map(({ member, answer }) => note(member, message.method, answer)));
  if (started.length === 0 && failed.length > 0) {
    const first = failed.find((one) => one.answer !== null)?.answer;
    return first ? withoutSession(first) : upstreamFailure(message.idText, "upstream_timeout", null);
  }
  return isDiscover ? discovered(exchange, message, started) : initialised(exchange, read, message, started);
}

async function ask(member: Member, read: ReadPost, message: RequestMessage): Promise<Asked> {
  const answer = await within(answerMessage(member, read), waitMsMax, (late) => {
    drop(late);
    // A session that nobody will use.
    const session = sessionOf(member, late);
    if (session !== null) end(member, { session, version: read.revision }).catch(ignore);
  });
  if (!answer) return { member, answer: null, isUnknownMethod: false };
  const collected = await within(collectAnswer(answer, message.id), waitMsMax, ignore);
  const isUnknownMethod = collected?.message.errorCode === -32601;
  const left = { member, answer: answer.body instanceof ReadableStream ? null : answer, isUnknownMethod };
  return (collected && toStarted(member, collected, sessionOf(member, answer))) ?? left;
}

function sessionOf({ grant, upstream }: Member, answer: Answer): string | null {
  const sealed = answer.headers?.["mcp-session-id"];
  return sealed === undefined ? null : serverSessionOf(grant.id, upstream.id, sealed);
}

function toStarted(member: Member, { bytes, message }: Collected, session: string | null): Started | null {
  const members = message.result && findMembers(bytes, message.result);
  if (!members) return null;
  const get = (name: string) => members.find(({ key }) => key === name);
  const [agreed, supported, capabilities] = [get("protocolVersion"), get("supportedVersions"), get("capabilities")];
  const listed = supported ? (findElements(bytes, supported) ?? []) : agreed ? [agreed] : [];
  const versions = listed.flatMap((span) => readString(bytes, span) ?? []).filter(isRevision);
  if (versions.length === 0 || !capabilities) return null;
  const [instructions, ttl] = [get("instructions"), get("ttlMs")];
  return {
    member,
    versions,
    capabilities: readText(bytes, capabilities) ?? "{}",
    instructions: instructions ? readString(bytes, instructions) : null,
    ttlMs: ttl ? Number(readText(bytes, ttl)) : 0,
    session,
  };
}

function initialised(
  exchange: BundleExchange,
  read: ReadPost,
  message: RequestMessage,
  started: readonly Started[],
): Answer {
  const oldest = revisions.find((revision) => started.some(({ versions }) => versions[0] === revision));
  const result = [
    `"protocolVersion":${JSON.stringify(oldest ?? read.revision)}`,
    `"capabilities":${capabilitiesOf(started)}`,
    `"serverInfo":${serverInfo(exchange)}`,
    ...instructionsOf(started),
  ];
  const entries = started.flatMap(({ member, versions: [version], session }) =>
    version === undefined ? [] : [[member.upstream.id, { session, version }] as const],
  );
  const sealed = sealSession(
    exchange.grant.id,
    exchange.bundle.id,
    toSessionText({ client: read.client, servers: new Map(entries) }),
  );
  return { ...answerOf(message, result), headers: { "mcp-session-id": sealed } };
}

function discovered(exchange: BundleExchange, message: RequestMessage, started: readonly Started[]): Answer {
  const common = revisions.filter((revision) => started.every(({ versions }) => versions.includes(revision)));
  const ttlMs = started.length === 0 ? 0 : Math.min(...started.map((one) => (one.ttlMs >= 0 ? one.ttlMs : 0)));
  return answerOf(message, [
    `"resultType":"complete"`,
    `"supportedVersions":${JSON.stringify(started.length === 0 ? [modernRevision] : common)}`,
    `"capabilities":${capabilitiesOf(started)}`,
    ...instructionsOf(started),
    `"ttlMs":${String(Math.floor(ttlMs))}`,
    `"cacheScope":"private"`,
    `"_meta":{"io.modelcontextprotocol/serverInfo":${serverInfo(exchange)}}`,
  ]);
}

function answerOf(message: RequestMessage, result: readonly string[]): Answer {
  return jsonAnswer(200, `{"jsonrpc":"2.0","id":${message.idText},"result":{${result.join(",")}}}`);
}

/** A bundle tells of changes in its tools itself, also when no server of it does. */
function capabilitiesOf(started: readonly Started[]): string {
  return uniteObjects([...started.map((one) => one.capabilities), '{"tools":{"listChanged":true}}']);
}

function serverInfo({ bundle }: BundleExchange): string {
  return JSON.stringify({ name: `PolicyLayer bundle ${bundle.name}`, version: productVersion });
}

/** What each server says of itself, under the prefix that its names have here. */
function instructionsOf(started: readonly Started[]): string[] {
  const said = started.flatMap(({ member, instructions }) =>
    instructions === null ? [] : [`Names that begin with ${member.prefix}__:\n${instructions}`],
  );
  return said.length === 0 ? [] : [`"instructions":${JSON.stringify(said.join("\n\n"))}`];
}

/** One row in the log of that server: it is missing in the bundle, and why. */
async function note(member: Member, method: string, answer: Answer | null): Promise<void> {
  const described = { decisionId: newDecisionId(), method, tool: null, args: null };
  const reason = answer ? `status ${String(answer.status)}` : "upstream_timeout";
  await recordRefusal(factsFor(member, described, null), "(left out)", reason);
}

/** Ends a server's part of a session. */
export async function end(member: Member, { session, version }: MemberSession): Promise<Answer> {
  const headers = { ...member.headers, session, sealedSession: session, version };
  return answerSession({ ...member, headers }, "DELETE");
}

/** Headers without a session id of one server, which means nothing at the bundle. */
export function withoutSession(answer: Answer): Answer {
  if (!answer.headers || !("mcp-session-id" in answer.headers)) return answer;
  const { "mcp-session-id": _, ...headers } = answer.headers;
  return { ...answer, headers };
}
