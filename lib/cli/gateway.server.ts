import "server-only";
import type { z } from "zod";
import type { Invocation } from "./commands";
import { CommandFailure, exits } from "./exit-codes";
import { readAddress, readToken } from "./gateway-address";
import { Refusal } from "./schema";
import type { Terminal } from "./terminal";

const answerMs = 30_000;

/** The API of a running gateway, with one token. */
export interface Gateway {
  readonly origin: string;
  /** Answers the data in its checked form. Throws `GatewayRefusal`, or `CommandFailure` (1) when no readable answer came. */
  call<S extends z.ZodType>(method: "GET" | "POST", path: string, schema: S, body?: unknown): Promise<z.output<S>>;
}

/** A refusal by the gateway, in the words of its error table. Recognise it by its `name`. */
export class GatewayRefusal extends Error {
  readonly status: number;
  readonly refusal: Refusal;

  constructor(status: number, refusal: Refusal) {
    super(refusal.title);
    this.name = "GatewayRefusal";
    this.status = status;
    this.refusal = refusal;
  }
}

export function isGatewayRefusal(value: unknown): value is GatewayRefusal {
  return value instanceof Error && value.name === "GatewayRefusal";
}

/** The gateway that the options or the environment name. Throws `CommandFailure` (64) when they do not, before anything is sent. */
export function openGateway(asked: Invocation, { env }: Terminal): Gateway {
  const origin = readAddress(asked.value("url") ?? env.url, asked.has("insecure"));
  const token = readToken(asked.value("token") ?? env.token);
  return {
    origin,
    async call(method, path, schema, body) {
      const { status, data } = await send(origin, token, method, path, body);
      if (status >= 200 && status < 300) {
        const read = schema.safeParse(data);
        if (read.success) return read.data;
      }
      const refusal = Refusal.safeParse(data);
      if (refusal.success) throw new GatewayRefusal(status, refusal.data.error);
      const hint = "Is this the console's own address, and of this version?";
      throw new CommandFailure(
        exits.failed,
        `${origin} gave an answer that is none of PolicyLayer's (${status})`,
        hint,
      );
    },
  };
}

/** A redirect is no answer: the token goes to the named origin only. */
async function send(origin: string, token: string, method: string, path: string, body: unknown) {
  try {
    const response = await fetch(new URL(path, origin), {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(answerMs),
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, data: parseLoosely(text) };
  } catch (error) {
    throw new CommandFailure(
      exits.failed,
      `${origin} does not answer: ${reasonOf(error)}`,
      "Is it running, and is this its address?",
    );
  }
}

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** The system's word for what went wrong on the way; it holds no header. */
function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : null;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  if (error instanceof Error && error.name === "TimeoutError") return `nothing within ${answerMs / 1000} s`;
  return code || "the connection failed";
}
