import "server-only";
import type { Answer } from "./answer";
import { bytesOf, collectAnswer, drop, forEach, ignore, waitMsMax, within } from "./bundle-answer.server";
import type { BundleExchange, Member } from "./bundle-exchange.server";
import { withString } from "./bundle-ids";
import { learnOwners } from "./bundle-owners.server";
import { bundleLists, joinPages, parseCursor, readPage, type MemberPage } from "./bundle-page";
import { withoutSession } from "./bundle-start.server";
import type { RequestMessage } from "./exchange.server";
import { invalidParams } from "./messages";
import { jsonAnswer } from "./answer";
import { answerMessage } from "./post.server";
import type { ReadPost } from "./read-post.server";
import { upstreamFailure } from "./relay-rules";

type Asked = { page: MemberPage } | { answer: Answer | null };

/**
 * A list of a bundle: the page of every server in the bundle's order, each filtered by its own policy. The cursor says for each
 * server how its list goes on. A server that fails or whose policy denies the list is left out of the page; when all are, the client
 * gets the answer of the first.
 */
export async function listBundle(
  exchange: BundleExchange,
  read: ReadPost,
  message: RequestMessage,
  members: readonly Member[],
): Promise<Answer> {
  const list = bundleLists.get(message.method);
  const cursor = message.params.get("cursor");
  const cursors = cursor === undefined ? null : parseCursor(typeof cursor === "string" ? cursor : "");
  if (!list || (cursor !== undefined && !cursors)) return jsonAnswer(200, invalidParams(message.idText, "Bad cursor"));
  const wanted = members.filter(({ upstream }) => upstream.enabled && (!cursors || cursors.has(upstream.id)));
  const asked = await forEach(wanted, async (member): Promise<Asked> => {
    const at = cursors?.get(member.upstream.id);
    const answer = await within(
      answerMessage(member, at === undefined ? read : pageAt(read, message, at)),
      waitMsMax,
      drop,
    );
    const collected = answer && (await within(collectAnswer(answer, message.id), waitMsMax, ignore));
    const page = collected && readPage(collected.bytes, member.upstream.id, list, member.prefix);
    return page ? { page } : { answer };
  });
  const failures = asked.flatMap((one) => ("answer" in one && one.answer ? [one.answer] : []));
  const lost = failures.find(({ status }) => status === 404 && exchange.headers.session !== null);
  if (lost) return withoutSession(lost);
  const pages = asked.flatMap((one) => ("page" in one ? [one.page] : []));
  if (pages.length === 0 && asked.length > 0) {
    const first = failures.find((answer) => bytesOf(answer) !== null);
    return first ? withoutSession(first) : upstreamFailure(message.idText, "upstream_timeout", null);
  }
  learnOwners(exchange.bundle.id, pages);
  return { ...jsonAnswer(200, ""), body: joinPages(message.idText, list.key, pages, read.era) };
}

function pageAt(read: ReadPost, message: RequestMessage, cursor: string): ReadPost {
  const params = new Map(message.params).set("cursor", cursor);
  return {
    ...read,
    message: { ...message, params },
    bytes: withString(read.bytes, ["params", "cursor"], cursor),
  };
}
