import { publicRoute } from "@/lib/http/route.server";
import { clientDocument } from "@/lib/servers/servers.server";

export const dynamic = "force-dynamic";

/** Who we are, for authorisation servers of upstreams (OAuth Client ID Metadata Document). */
export const GET = publicRoute({ handle: () => clientDocument() });
