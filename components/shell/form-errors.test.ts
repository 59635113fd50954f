import { expect, test } from "vitest";
import { GrantInput } from "@/lib/grants/schema";
import { ServerInput } from "@/lib/servers/schema";
import { errorsByField, issuesOf } from "./form-errors";

function refused(result: { success: boolean; error?: { issues: { path: PropertyKey[]; message: string }[] } }) {
  return errorsByField(issuesOf(result.error ?? { issues: [] }));
}

test("what the schema library says is told in words for people, by field", () => {
  const server = { name: " ", url: "ftp://x", headers: [{ name: "Host", value: "" }] };
  expect(refused(ServerInput.safeParse(server))).toEqual({
    name: "Fill this in",
    url: "A URL that starts with https:// or http://",
    "headers.0.name": "This header is set by the gateway",
    "headers.0.value": "Fill this in",
  });
});

test("too long texts say how long they may be", () => {
  const grant = {
    label: "x".repeat(81),
    serverId: "00000000-0000-4000-8000-000000000000",
    policyId: null,
    tags: ["y".repeat(41)],
    expiresInDays: null,
  };
  expect(refused(GrantInput.safeParse(grant))).toEqual({
    label: "At most 80 characters",
    "tags.0": "At most 40 characters",
  });
});
