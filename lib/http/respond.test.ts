import { expect, test } from "vitest";
import { z } from "zod";
import { AppError, errorTable } from "@/lib/kernel/errors";
import { loggedPath, respond, respondError } from "./respond.server";

test("every row of the error table answers with its own status, text and advice, and nothing internal", async () => {
  for (const [code, row] of Object.entries(errorTable)) {
    const error = new AppError(code as keyof typeof errorTable, { detail: "canary", cause: new Error("canary") });
    const response = respondError(error, "r1");
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toEqual([
      row.status,
      { error: { code, title: row.say, detail: row.check, status: row.status, requestId: "r1" } },
    ]);
    expect(text).not.toContain("canary");
  }
});

test("an unknown thing thrown is our fault and says nothing of itself", async () => {
  for (const thrown of [new Error("canary at /srv/secret"), "canary", { canary: 1 }, null, undefined]) {
    const response = respondError(thrown, "r1");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/canary|secret/);
  }
});

test("zod's findings become issues by path, and a wait becomes Retry-After in seconds", async () => {
  const refused = z.object({ a: z.object({ b: z.string() }) }).safeParse({ a: {} });
  const body = (await respondError(refused.error, "r").json()) as { error: { issues: { path: string }[] } };
  expect(body.error.issues.map((issue) => issue.path)).toEqual(["a.b"]);
  expect(respondError(new AppError("too_many_requests", { retryAfterMs: 1200 }), "r").headers.get("retry-after")).toBe(
    "2",
  );
});

test("answers are never stored, and whole numbers of any size keep their digits", async () => {
  const response = respond({ seq: 9007199254740993n }, "r", 201);
  expect([response.status, await response.text()]).toEqual([201, '{"seq":"9007199254740993"}']);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(respond(undefined, "r").status).toBe(204);
});

test("A2 the log keeps neither query nor a token that stands in the path", () => {
  expect(loggedPath("http://localhost/api/policies?token=plt_abc")).toBe("/api/policies");
  expect(loggedPath("http://localhost/api/plt_a1B2/x/PLG_c3D4")).toBe("/api/plt_…/x/PLG_…");
});
