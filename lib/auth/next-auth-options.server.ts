import "server-only";
import type { NextAuthOptions } from "next-auth";
import { decode } from "next-auth/jwt";
import { env } from "@/lib/env/env.server";
import { isAppError } from "@/lib/kernel/errors";
import { sessionCookieName, sessionCookieOptions, sessionSeconds } from "./session-cookie";
import { authSecret, isLive, readSessionToken, revokeSession } from "./sessions.server";
import { signIn } from "./sign-in.server";
import { visitorOf } from "./visitor";

type Provider = NextAuthOptions["providers"][number];

/** E-mail and password. Written out because the package's factory has a different shape in each of our two bundles. */
const credentials: Provider = {
  id: "credentials",
  name: "E-mail and password",
  type: "credentials",
  credentials: { email: {}, password: {} },
  authorize: async (input, request) => {
    try {
      const found = await signIn(input, visitorOf(request.headers ?? {}));
      return found && { id: found.userId, sid: found.sessionId };
    } catch (error) {
      // next-auth puts the message into the answer's `error`: a code, never an internal text.
      throw new Error(isAppError(error) ? error.code : "internal", { cause: error });
    }
  },
};

/** next-auth's settings: credentials, a JWT cookie that carries our session id, each use checked against the database. */
export function authOptions(): NextAuthOptions {
  const { publicUrl } = env();
  return {
    secret: authSecret(),
    providers: [credentials],
    pages: { signIn: "/login", error: "/login" },
    session: { strategy: "jwt", maxAge: sessionSeconds },
    useSecureCookies: publicUrl.startsWith("https:"),
    cookies: { sessionToken: { name: sessionCookieName(publicUrl), options: sessionCookieOptions(publicUrl) } },
    jwt: {
      maxAge: sessionSeconds,
      decode: async (params) => {
        const read = await readSessionToken(params.token ?? null);
        if (!read || !(await isLive(read.sid).catch(() => false))) return null;
        return decode(params).catch(() => null);
      },
    },
    callbacks: {
      jwt: ({ token, user }) => (hasSid(user) ? { sub: user.id, sid: user.sid } : token),
      session: ({ session }) => ({ expires: session.expires }),
      redirect: ({ url, baseUrl }) => sameOrigin(url, baseUrl),
    },
    events: {
      signOut: async ({ token }) => {
        const sid: unknown = (token as Record<string, unknown> | null)?.["sid"];
        if (typeof sid === "string") await revokeSession(sid);
      },
    },
    logger: { error: silent, warn: silent, debug: silent },
  };
}

function hasSid(user: unknown): user is { id: string; sid: string } {
  return typeof user === "object" && user !== null && "sid" in user && typeof user.sid === "string";
}

/** Where to go after signing in: never another origin. */
function sameOrigin(url: string, baseUrl: string): string {
  const target = URL.parse(url, baseUrl);
  return target?.origin === new URL(baseUrl).origin ? target.href : baseUrl;
}

function silent(): void {
  // The route's own log line says how a request ended.
}
