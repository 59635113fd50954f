import { deleteBundle, getBundle, updateBundle } from "@/lib/bundles/bundles.server";
import { BundlePatch } from "@/lib/bundles/schema";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";

export const GET = adminRoute({
  permission: "read",
  params: IdParams,
  handle: ({ ctx, params }) => getBundle(ctx, params.id),
});

export const PATCH = adminRoute({
  permission: "server.manage",
  params: IdParams,
  body: BundlePatch,
  handle: ({ ctx, params, body }) => updateBundle(ctx, params.id, body),
});

export const DELETE = adminRoute({
  permission: "server.manage",
  params: IdParams,
  handle: ({ ctx, params }) => deleteBundle(ctx, params.id),
});
