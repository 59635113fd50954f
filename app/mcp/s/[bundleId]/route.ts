import { handleMcp } from "@/lib/gateway/gateway.server";

export const runtime = "nodejs";
export const dynamic = "force-dynamic";

/** The gateway for hosts that run Next without our listener: raw header lines and the socket's address are not known there. */
async function answer(request: Request): Promise<Response> {
  return handleMcp(request, { rawHeaders: null, address: null });
}

export {
  answer as DELETE,
  answer as GET,
  answer as HEAD,
  answer as OPTIONS,
  answer as PATCH,
  answer as POST,
  answer as PUT,
};
