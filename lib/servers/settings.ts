import { z } from "zod";

/** Milliseconds. The longest whole call is also what the ledger waits for before it gives up a call (`overdueMs`, a minute more). */
export const timeoutBounds = {
  connectMs: { min: 100, max: 30_000 },
  firstByteMs: { min: 100, max: 600_000 },
  idleMs: { min: 100, max: 600_000 },
  totalMs: { min: 100, max: 600_000 },
} as const;
export type TimeoutName = keyof typeof timeoutBounds;

const timeout = (name: TimeoutName) => {
  const { min, max } = timeoutBounds[name];
  const message = `${String(min / 1000)} to ${String(max / 1000)} seconds`;
  return z.int({ error: message }).min(min, message).max(max, message).nullable().optional();
};

/** Milliseconds, null = back to the gateway's default, absent = as it is. */
export const TimeoutsPatch = z.strictObject({
  connectMs: timeout("connectMs"),
  firstByteMs: timeout("firstByteMs"),
  idleMs: timeout("idleMs"),
  totalMs: timeout("totalMs"),
});

const neverForwarded = new RegExp(
  `^(?:${[
    // Who the client is, and what it holds towards us.
    "authorization|cookie|proxy-.*",
    // Written by the gateway itself.
    "host|content-.*|accept|accept-encoding|user-agent|origin|referer|mcp-.*|last-event-id|traceparent|tracestate",
    // Hop by hop (RFC 9110, section 7.6.1).
    "connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect",
    // Claims about the way here, which nobody has checked.
    "forwarded|x-forwarded(?:-.*)?|x-real-ip|via",
    // Inner lines of the console's framework.
    "x-middleware-.*|x-nextjs-.*",
  ].join("|")})$`,
);

/** True when a client's header of this name, in lower case, may be passed on to an upstream (gateway contract, section 4). */
export function isForwardable(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/.test(name) && !neverForwarded.test(name);
}

export const forwardHeadersMax = 20;
const forwardHeader = z
  .string()
  .trim()
  .toLowerCase()
  .refine(isForwardable, { error: (issue) => `${String(issue.input)} can never be passed on` });

/** A host name or IPv4 address as it stands in a URL, in lower case, without a port. */
const host = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, {
    error: (issue) => `${String(issue.input)} is not a host name`,
  });

const unique = (list: string[]) => [...new Set(list)];

const pem = z
  .string()
  .trim()
  .max(65_536, "At most 64 KiB")
  .refine((text) => !text.includes("PRIVATE KEY"), { message: "This holds a private key. Paste certificates only." })
  .refine((text) => text.includes("-----BEGIN CERTIFICATE-----"), { message: "Paste certificates in PEM form" });

export const driftModes = ["enforce", "hold", "warn", "off"] as const;
export type DriftMode = (typeof driftModes)[number];

/** What an admin may set of an existing server beside its name, address and state. */
export const settingsPatch = {
  timeouts: TimeoutsPatch.optional(),
  forwardHeaders: z.array(forwardHeader).max(forwardHeadersMax, "At most 20 headers").transform(unique).optional(),
  caPem: pem.nullable().optional(),
  drift: z.enum(driftModes).optional(),
  elicitationGuard: z.boolean().optional(),
  elicitationHosts: z.array(host).max(50, "At most 50 hosts").transform(unique).optional(),
};

/** One certificate authority that a server's certificate may come from. */
export interface AuthorityDto {
  name: string;
  /** ISO 8601. */
  validTo: string;
}

/** The settings of one server as pages see them. */
export interface ServerSettingsDto {
  timeouts: Record<TimeoutName, number | null>;
  forwardHeaders: string[];
  /** Empty = the public authorities. */
  authorities: AuthorityDto[];
  drift: DriftMode;
  elicitationGuard: boolean;
  elicitationHosts: string[];
}
