import { z } from "zod";
import { adminRoute } from "@/lib/http/route.server";
import { openEventStream } from "@/lib/notify/notify.server";
import { parseTopics } from "@/lib/notify/topics";

export const dynamic = "force-dynamic";

/** Server-sent events of the organisation's changes: topic and id only, pages read again with their own rights. */
export const GET = adminRoute({
  permission: "read",
  query: z.object({ topics: z.string().max(200) }),
  handle: ({ ctx, query }) =>
    new Response(openEventStream(ctx, parseTopics(query.topics)), {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-store, no-transform",
        "x-accel-buffering": "no",
      },
    }),
});
