import { expect, test } from "vitest";
import type { ConsentClient } from "@/lib/grants/connector-schema";
import { cautionWords, labelFor, placeWords, trustWords } from "./client-words";

const client = (goesTo: ConsentClient["goesTo"], confirmedBy: string | null = null): ConsentClient => ({
  name: "Desk",
  confirmedBy,
  goesTo,
});

test("a web page is named by its host, what listens on this computer by that", () => {
  expect(placeWords(client({ kind: "web", host: "claude.ai" }))).toBe("claude.ai");
  expect(placeWords(client({ kind: "loopback", host: "127.0.0.1:9" }))).toBe(
    "A program on this computer (127.0.0.1:9)",
  );
  expect(placeWords(client({ kind: "app", scheme: "cursor" }))).toContain("cursor: links");
  expect(cautionWords(client({ kind: "loopback", host: "localhost" }))).toContain("on this computer");
});

test("what a client says about itself is never called confirmed", () => {
  expect(trustWords(client({ kind: "web", host: "a.example" }))).toContain("Nobody has checked");
  expect(trustWords(client({ kind: "web", host: "a.example" }, "app.example"))).toContain("app.example");
});

test("a fresh grant is labelled with client and first name, within its length", () => {
  expect(labelFor("Claude Desktop", "Ada Lovelace")).toBe("Claude Desktop (Ada)");
  expect(labelFor("Desk", " ")).toBe("Desk");
  expect(labelFor("x".repeat(80), "Ada")).toHaveLength(80);
});
