import { z } from "zod";
import type { RedirectPlace } from "./redirect-uri";

/** What a person decided on the consent page. `request` is the query of the authorisation request, which is checked again. */
export const ApproveInput = z.strictObject({
  request: z.string().min(1).max(8_192),
  grant: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("existing"), grantId: z.uuid() }),
    z.strictObject({
      kind: z.literal("new"),
      label: z.string().trim().min(1).max(80),
      /** Null in a bundle, where each server has its own. */
      policyId: z.uuid().nullable(),
      /** Days until the grant ends; null = no end. */
      expiresInDays: z.int().min(1).max(3650).nullable(),
    }),
  ]),
});
export type ApproveInput = z.infer<typeof ApproveInput>;

/** Where the browser has to go with the answer. */
export interface Approved {
  redirectTo: string;
}

/** The client that asks, as far as it is known. */
export interface ConsentClient {
  name: string;
  /** Host whose document describes the client (CIMD); null = it registered itself, and nobody checked what it says. */
  confirmedBy: string | null;
  goesTo: RedirectPlace;
}

export type ConsentProblem =
  "off" | "request" | "client_unknown" | "client_unreadable" | "redirect_unknown" | "not_allowed" | "server_unknown";

export interface ConsentGrant {
  id: string;
  label: string;
  policy: { id: string; name: string } | null;
  expiresAt: string | null;
}

export type Consent =
  /** `client` and `returnTo` are null while it is not certain who asks: nothing is then sent anywhere. */
  | {
      kind: "refused";
      problem: ConsentProblem;
      description: string;
      client: ConsentClient | null;
      returnTo: string | null;
    }
  | {
      kind: "ask";
      client: ConsentClient;
      target: { kind: "server" | "bundle"; id: string; name: string };
      /** Active grants of the target, newest first. */
      grants: ConsentGrant[];
      /** Names of the organisation's admins, for people who may not approve themselves. */
      admins: string[];
      /** Tells the client that the person said no. */
      cancelTo: string;
    };

/** One authorisation that a client holds: it ends with its grant, by "Disconnect", or when nobody renews it. */
export interface ConnectorDto {
  id: string;
  client: { name: string; confirmedBy: string | null };
  /** Who approved it. */
  approvedBy: string | null;
  since: string;
  lastUsedAt: string | null;
}
