import "server-only";
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { findCtxOf } from "@/lib/auth/auth.server";
import { visitorOf } from "@/lib/auth/visitor";
import { env } from "@/lib/env/env.server";
import { hasBearer } from "@/lib/kernel/bearer";
import { requirePermission, type Ctx, type Permission } from "@/lib/kernel/ctx";
import { AppError, toAppError } from "@/lib/kernel/errors";
import { readJsonBody } from "./body";
import { isOwnOrigin } from "./origin";
import { logRequest, respond, respondError } from "./respond.server";

export { respond } from "./respond.server";

type Schema = z.ZodType;
type Read<S> = S extends Schema ? z.output<S> : undefined;

export interface RouteInput<C, B, Q, P> {
  ctx: C;
  body: Read<B>;
  query: Read<Q>;
  params: Read<P>;
  request: Request;
  requestId: string;
}

interface Shape<C, B, Q, P> {
  /** JSON body; without a schema the body is not read. */
  body?: B;
  query?: Q;
  /** Path parameters; what does not fit does not exist (404). */
  params?: P;
  /** Status of a successful answer; 204 when `handle` answers undefined. */
  status?: number;
  handle: (input: RouteInput<C, B, Q, P>) => unknown;
}

export type RouteHandler = (request: Request, context?: { params?: Promise<unknown> }) => Promise<Response>;

/**
 * A route of the console's API. In this order: own origin for everything that changes state (CSRF), session or API token,
 * permission, parameters, query, body, then `handle`, which calls one service verb and throws what it likes. Every end is one
 * answer of the error table's form and one log line. With a Bearer header the origin is not asked for and no cookie is read:
 * a page of another site can neither send that header nor lean on it.
 */
export function adminRoute<
  B extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  P extends Schema | undefined = undefined,
>(route: Shape<Ctx, B, Q, P> & { permission: Permission }): RouteHandler {
  return answering((request, requestId, context) =>
    run(route, request, requestId, context, async () => {
      if (!hasBearer(request.headers.get("authorization"))) requireOwnOrigin(request);
      const ctx = await findCtxOf(request, requestId);
      if (!ctx) throw new AppError("unauthenticated");
      requirePermission(ctx, route.permission);
      return ctx;
    }),
  );
}

/** A route that anybody may call: the same wrapper without session and permission. */
export function publicRoute<
  B extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  P extends Schema | undefined = undefined,
>(route: Shape<null, B, Q, P>): RouteHandler {
  return answering((request, requestId, context) =>
    run(route, request, requestId, context, async () => {
      requireOwnOrigin(request);
      return null;
    }),
  );
}

interface ProtocolShape {
  /** Makes the whole answer. What it throws is answered by `refuse`. `address` is the caller's, as far as it is known. */
  answer: (request: Request, call: { requestId: string; address: string }) => Promise<Response>;
  refuse: (failure: AppError, requestId: string) => Response;
}

/**
 * A route of a protocol whose answers have a form of their own (OAuth). Programs call it: no session, no cookie and no Origin is asked
 * for, and none is read. One log line like every other route.
 */
export function protocolRoute({ answer, refuse }: ProtocolShape): RouteHandler {
  return answering(async (request, requestId) => {
    const { address } = visitorOf(Object.fromEntries(request.headers));
    return answer(request, { requestId, address });
  }, refuse);
}

/** Puts the own-origin check in front of a foreign handler, such as next-auth's, for everything that changes state. */
export function guardOrigin<C>(handler: (request: Request, context: C) => Promise<Response>) {
  return async (request: Request, context: C): Promise<Response> => {
    if (isForeign(request)) return respondError(new AppError("bad_origin"), randomUUID());
    return handler(request, context);
  };
}

function requireOwnOrigin(request: Request): void {
  if (isForeign(request)) throw new AppError("bad_origin");
}

function isForeign(request: Request): boolean {
  const changes = request.method !== "GET" && request.method !== "HEAD";
  return changes && !isOwnOrigin(request.headers, env());
}

type Context = Parameters<RouteHandler>[1];
type Answer = (request: Request, requestId: string, context: Context) => Promise<Response>;

function answering(answer: Answer, refuse: ProtocolShape["refuse"] = respondError): RouteHandler {
  return async (request, context) => {
    const requestId = randomUUID();
    const startedMs = performance.now();
    const finish = (response: Response, error?: unknown) => {
      const ms = Math.round(performance.now() - startedMs);
      logRequest(request, { requestId, status: response.status, ms, error });
      return response;
    };
    try {
      return finish(await answer(request, requestId, context));
    } catch (error) {
      return finish(refuse(toAppError(error), requestId), error);
    }
  };
}

async function run<C, B extends Schema | undefined, Q extends Schema | undefined, P extends Schema | undefined>(
  route: Shape<C, B, Q, P>,
  request: Request,
  requestId: string,
  context: Context,
  authorise: () => Promise<C>,
): Promise<Response> {
  const ctx = await authorise();
  const params = route.params?.safeParse((await context?.params) ?? {});
  if (params && !params.success) throw new AppError("not_found", { detail: "path parameter", cause: params.error });
  const query = route.query?.parse(Object.fromEntries(new URL(request.url).searchParams));
  const body = route.body?.parse(await readJsonBody(request));
  const input = { ctx, body, query, params: params?.data, request, requestId } as RouteInput<C, B, Q, P>;
  const result = await route.handle(input);
  return result instanceof Response ? result : respond(result, requestId, route.status);
}
