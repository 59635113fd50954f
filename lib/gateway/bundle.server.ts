import "server-only";
import type { Bundle } from "@/lib/bundles/bundles.server";
import type { GrantIdentity } from "@/lib/grants/grants.server";
import { jsonAnswer, type Answer } from "./answer";
import type { Settings } from "./exchange.server";
import type { RequestHeaders } from "./request-headers";

/** One HTTP request to a bundle whose grant is known. */
export interface BundleExchange {
  readonly token: string;
  readonly grant: GrantIdentity;
  readonly bundle: Bundle;
  readonly headers: RequestHeaders;
  readonly address: string | null;
  readonly settings: Settings;
  readonly startedAtMs: number;
}

/** Answers one HTTP request to a bundle. */
export async function answerBundle(request: Request, _exchange: BundleExchange): Promise<Answer> {
  await request.body?.cancel();
  return jsonAnswer(501, "{}");
}
