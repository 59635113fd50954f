import { z } from "zod";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { HeaderInput } from "@/lib/servers/schema";
import { removeHeader, setHeader } from "@/lib/servers/servers.server";

const HeaderParams = IdParams.extend({ name: z.string().min(1).max(100) });

export const PUT = adminRoute({
  permission: "server.manage",
  params: HeaderParams,
  body: HeaderInput.pick({ value: true }),
  handle: ({ ctx, params, body }) => setHeader(ctx, params.id, { ...body, name: params.name.trim() }),
});

export const DELETE = adminRoute({
  permission: "server.manage",
  params: HeaderParams,
  handle: ({ ctx, params }) => removeHeader(ctx, params.id, params.name),
});
