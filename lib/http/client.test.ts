import { afterEach, expect, test, vi } from "vitest";
import { callApi } from "./client";

afterEach(() => {
  vi.unstubAllGlobals();
});

function answer(make: () => Response | Promise<Response>) {
  const fetch = vi.fn<(path: string, init: RequestInit) => Promise<Response>>(async () => make());
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

test("an answer is its data, 204 is nothing, and a body goes out as JSON on the same origin", async () => {
  const fetch = answer(() => Response.json([1]));
  expect(await callApi("POST", "/api/x", { a: 1 })).toEqual([1]);
  expect(fetch.mock.calls[0]).toEqual([
    "/api/x",
    {
      method: "POST",
      credentials: "same-origin",
      redirect: "error",
      body: '{"a":1}',
      headers: { "content-type": "application/json" },
    },
  ]);
  answer(() => new Response(null, { status: 204 }));
  expect(await callApi("DELETE", "/api/x")).toBeUndefined();
});

test("a refusal keeps code, request id and issues", async () => {
  const error = {
    code: "conflict",
    title: "T",
    detail: "D",
    status: 409,
    requestId: "r",
    issues: [{ path: "a", message: "m" }],
  };
  answer(() => Response.json({ error }, { status: 409 }));
  await expect(callApi("GET", "/api/x")).rejects.toMatchObject({ name: "ApiError", message: "T", ...error });
});

test("no answer, a page instead of JSON, and a truncated answer are the same plain failure", async () => {
  answer(() => Promise.reject(new TypeError("network")));
  await expect(callApi("GET", "/api/x")).rejects.toMatchObject({ code: "unreachable", status: 0 });
  answer(() => new Response("<html>", { status: 502 }));
  await expect(callApi("GET", "/api/x")).rejects.toMatchObject({ code: "unreachable", status: 502, issues: [] });
  answer(() => new Response('{"a":', { status: 200 }));
  await expect(callApi("GET", "/api/x")).rejects.toMatchObject({ code: "unreachable" });
});

test("an abort by the caller stays an abort", async () => {
  const abort = new AbortController();
  abort.abort();
  answer(() => Promise.reject(new DOMException("gone", "AbortError")));
  await expect(callApi("GET", "/api/x", undefined, abort.signal)).rejects.toMatchObject({ name: "AbortError" });
});
