import { z } from "zod";

const issuer = z.string().min(1).max(2048);
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/);

/** How the gateway proves itself to a server: its static headers (none is fine), or a token that it gets by OAuth. */
export const AuthModeInput = z.strictObject({ mode: z.enum(["static", "oauth"]) });
export type AuthModeInput = z.infer<typeof AuthModeInput>;

/** What a person confirmed before they were sent away. */
export const SignInStart = z.strictObject({ issuer, scopes: z.array(scope).max(200) });
export type SignInStart = z.infer<typeof SignInStart>;

/** The query string that the authorisation server sent the person back with. */
export const SignInReturn = z.strictObject({ query: z.string().max(16_384) });
export type SignInReturn = z.infer<typeof SignInReturn>;

const printable = /^[\x20-\x7e]+$/;

/** A client that an admin registered at the issuer. */
export const SignInClient = z.strictObject({
  issuer,
  clientId: z.string().trim().min(1, "Enter the client id").max(2048).regex(printable, "Printable ASCII only"),
  clientSecret: z.string().min(1).max(8192).regex(printable, "Printable ASCII only").nullable().default(null),
});
export type SignInClient = z.infer<typeof SignInClient>;

/** How the gateway stands with a server's authorisation server; no token, no secret. Dates are ISO 8601. */
export interface ServerAuthDto {
  mode: "static" | "oauth";
  state: "none" | "connected" | "reconnect";
  /** A key of `oauthReasons`; null unless the state is `reconnect`. */
  reason: string | null;
  issuer: string | null;
  scopes: string[];
  connectedAt: string | null;
  /** Name of the person; null when nobody did or they are gone. */
  connectedBy: string | null;
  /** When the access ends unless it is renewed before; null = no end is set. */
  expiresAt: string | null;
  /** True when it is renewed without a person. */
  renews: boolean;
  /** The client that an admin entered; null = none. */
  client: { issuer: string; clientId: string; hasSecret: boolean } | null;
  /** What authorisation servers must allow for this installation. */
  redirectUri: string;
  /** False for a server that is a process of this machine. */
  canSignIn: boolean;
}

/** What a sign-in would do, shown before anybody is sent anywhere. */
export interface SignInPlan {
  serverId: string;
  serverName: string;
  upstream: string;
  resource: string;
  issuer: string;
  /** Host that the browser is sent to. */
  opens: string;
  scopes: string[];
  redirectUri: string;
  /** How this gateway introduces itself; `needed` = an admin has to enter a client first. */
  client: { source: "preregistered" | "cimd" | "dcr" | "needed"; clientId: string | null };
}
