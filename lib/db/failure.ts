interface Coded {
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  meta?: { driverAdapterError?: unknown };
}

function* chain(error: unknown): Generator<Coded> {
  for (let at = error, depth = 0; typeof at === "object" && at !== null && depth < 5; depth += 1) {
    const coded: Coded = at;
    yield coded;
    at = coded.cause ?? coded.meta?.driverAdapterError;
  }
}

const codeOf = (error: Coded) => {
  const original = (error as { originalCode?: unknown }).originalCode;
  return typeof error.code === "string" ? error.code : typeof original === "string" ? original : "";
};

/** True for a broken UNIQUE constraint, from pg (SQLSTATE 23505) or from Prisma (P2002). */
export function isUniqueViolation(error: unknown): boolean {
  return [...chain(error)].some((part) => ["23505", "P2002"].includes(codeOf(part)));
}

/** SQLSTATE classes and codes (PostgreSQL manual, appendix A), Prisma codes and Node codes that mean "no database just now". */
const unavailable =
  /^(08...|53...|57014|57P0.|58030|25006|25P03|40001|40P01|55P03|P100[0128]|P1017|P2024|P2028|P2034|ECONN.*|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN)$/;

/** The texts of pg's and Prisma's own time-outs and lost connections, which carry no code. */
const lost =
  /timeout exceeded when trying to connect|query read timeout|connection terminated|connection timeout|client has encountered a connection error|cannot use a pool after calling end|server has closed the connection/i;

/**
 * True when the database could not do its work for a reason that may pass: unreachable, restarting, out of connections, disk or time,
 * read-only, deadlock, serialisation. Callers deny and tell the agent to try again later.
 */
export function isUnavailable(error: unknown): boolean {
  return [...chain(error)].some(
    (part) => unavailable.test(codeOf(part)) || (typeof part.message === "string" && lost.test(part.message)),
  );
}
