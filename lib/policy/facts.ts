import type { Value, ValueObject } from "@/lib/kernel/value";
import type { PolicyTest } from "./document";
import type { Facts } from "./types";

const nothing: ValueObject = new Map<string, Value>();

/** Everything beside tool and arguments, when nobody says otherwise: what tests in a file and samples start from. */
const ordinary: Omit<Facts, "tool" | "args"> = {
  grant: { id: "00000000-0000-4000-8000-000000000000", label: "test", tags: [] },
  server: { name: "test" },
  client: { name: null },
  toolFacts: { category: null, risk: null, annotations: nothing },
  meta: nothing,
  now: "2026-01-01T12:00:00Z",
};

/** The facts of a sample call: what is not given is ordinary, never guessed from the call. */
export function factsOf(
  call: { tool: string; args?: ValueObject },
  given: Partial<Omit<Facts, "tool" | "args">> = {},
): Facts {
  return { ...ordinary, ...given, tool: call.tool, args: call.args ?? nothing };
}

/** The facts of a test in a policy file. */
export function factsOfTest({ call, given }: PolicyTest): Facts {
  const { id, label, tags } = given.grant;
  return factsOf(call, {
    grant: { id: id ?? ordinary.grant.id, label: label ?? ordinary.grant.label, tags: tags ?? ordinary.grant.tags },
    server: { name: given.server ?? ordinary.server.name },
    client: { name: given.client },
    toolFacts: { category: given.category, risk: given.risk, annotations: given.annotations },
    meta: given.meta,
    now: given.now ?? ordinary.now,
  });
}
