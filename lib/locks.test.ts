import path from "node:path";
import { Linter } from "eslint";
import { expect, test } from "vitest";

const linter = new Linter({ configType: "flat" });
const configFile = path.resolve(import.meta.dirname, "../eslint.config.mjs");
const { boundaries } = (await import(configFile)) as { boundaries: Linter.Config[] };

function complaints(file: string, source: string): string[] {
  return linter.verify(`import "${source}";`, boundaries, file).map((message) => message.message);
}

const breaches: [file: string, source: string, why: string][] = [
  ["lib/quota/window.ts", "@/lib/policy/types", "a room above its own"],
  ["lib/policy/evaluate.ts", "@/lib/db/db.server", "the database from the evaluator"],
  ["lib/policy/evaluate.ts", "node:fs", "Node in a pure file"],
  ["lib/audit/chain.ts", "server-only", "a pure file that calls itself a service"],
  ["lib/gateway/outcome.ts", "undici", "a transport in a pure file"],
  ["lib/gateway/outcome.ts", "react", "a framework in a pure file"],
  ["lib/gateway/outcome.ts", "@/lib/ledger/ledger.server", "a service from a pure file"],
  ["lib/gateway/pipeline.server.ts", "@/lib/ledger/writer.server", "another room past its door"],
  ["lib/gateway/pipeline.server.ts", "@/lib/db/db.server", "a room that the table does not give"],
  ["lib/ledger/ledger.server.ts", "../db/db.server", "another room by a relative path"],
  ["lib/servers/servers.server.ts", "@/components/ui/button", "the UI from lib"],
  ["components/ui/button.tsx", "@/lib/policy/types", "a domain word in a primitive"],
  ["components/overview/overview.tsx", "@/components/policy-editor/policy-editor", "one feature from another"],
  ["components/overview/overview.tsx", "@/lib/servers/servers.server", "a service from a component"],
  ["components/overview/overview.tsx", "@/app/page", "a page from a component"],
  ["app/api/servers/route.ts", "@/lib/db/db.server", "the database from a route"],
  ["app/api/servers/route.ts", "@/lib/servers/scan.server", "a room past its door from a route"],
];

test.each(breaches)("lint stops %s from importing %s: %s", (file, source) => {
  expect(complaints(file, source)).not.toEqual([]);
});

const allowed: [file: string, source: string][] = [
  ["lib/quota/window.ts", "@/lib/kernel/decimal"],
  ["lib/gateway/pipeline.server.ts", "@/lib/http/egress.server"],
  ["lib/gateway/pipeline.server.ts", "@/lib/policy/evaluate"],
  ["lib/ledger/ledger.server.ts", "./writer"],
  ["components/overview/overview.tsx", "@/components/ui/button"],
  ["app/api/servers/route.ts", "@/lib/servers/servers.server"],
];

test.each(allowed)("lint lets %s import %s", (file, source) => {
  expect(complaints(file, source)).toEqual([]);
});
