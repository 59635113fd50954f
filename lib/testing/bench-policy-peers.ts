import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { Environment } from "@marcbachmann/cel-js";
import { newEnforcer, newModelFromString, type Enforcer } from "casbin";
import { Engine, type TopLevelCondition } from "json-rules-engine";
import {
  benchFacts,
  benchText,
  compileBench,
  isAllowed,
  type BenchCall,
  type BenchCheck,
  type BenchPolicy,
} from "@/lib/policy/policy.bench";
import { prepared, preparedSlow, type BenchEngine } from "./bench-policy-engine";

// Every peer gets the form of the rules in which it is fastest: one expression for all checks of a tool, and one prepared policy
// per tool that the host finds by name. `docs/bench.md` says what else was tried.

const quote = (text: string) => JSON.stringify(text);

/** One prepared policy per tool. */
async function byTool<T>(
  policy: BenchPolicy,
  prepare: (checks: readonly BenchCheck[], tool: string) => T | Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  for (const [tool, checks] of policy) found.set(tool, await prepare(checks, tool));
  return found;
}

export const own: BenchEngine = {
  name: "policylayer",
  prepare: async (policy) => {
    const compiled = compileBench(benchText(policy));
    return prepared({ ready: benchFacts, judge: (facts) => isAllowed(compiled, facts) });
  },
};

let cedarSets = 0;

/** Policy sets are parsed once and kept inside the engine. An attribute that is missing is an error there, which permits nothing. */
const cedarWasm: BenchEngine = {
  name: "@cedar-policy/cedar-wasm",
  prepare: async (policy) => {
    const sets = await byTool(policy, (checks, tool) => {
      const id = `bench ${String(cedarSets++)}`;
      const text = `permit(principal, action == Action::${quote(tool)}, resource)${checks.map(cedarClause).join("")};`;
      const parsed = cedar.preparsePolicySet(id, { staticPolicies: text });
      if (parsed.type === "failure") throw new Error(parsed.errors[0]?.message);
      return id;
    });
    return prepared({
      ready: ({ tool, args }): cedar.StatefulAuthorizationCall | null => {
        const preparsedPolicySetId = sets.get(tool);
        if (preparsedPolicySetId === undefined) return null;
        return {
          principal: { type: "Grant", id: "g" },
          action: { type: "Action", id: tool },
          resource: { type: "Server", id: "payments" },
          context: { ...args },
          preparsedPolicySetId,
          entities: [],
        };
      },
      judge: (call) => {
        if (call === null) return false;
        const answer = cedar.statefulIsAuthorized(call);
        return answer.type === "success" && answer.response.decision === "allow";
      },
    });
  },
};

function cedarClause(check: BenchCheck): string {
  switch (check.op) {
    case "lte":
      return ` when { context.amount <= ${String(check.max)} }`;
    case "in":
      return ` when { [${check.list.map(quote).join(", ")}].contains(context.currency) }`;
    case "starts_with":
      return ` when { context.customer like ${quote(`${check.prefix}*`)} }`;
    case "exists":
      return ` when { context.metadata has ${check.key} }`;
  }
}

/** An absent variable throws, which is a denial. */
const celJs: BenchEngine = {
  name: "@marcbachmann/cel-js",
  prepare: async (policy) => {
    const expressions = await byTool(policy, (checks) => {
      const environment = new Environment({ limits: { maxAstNodes: 10_000, maxDepth: 1_000 } })
        .registerVariable("amount", "double")
        .registerVariable("currency", "string")
        .registerVariable("customer", "string")
        .registerVariable("metadata", "map<string, string>");
      const terms = checks.map((check, index) => celTerm(check, environment, `list${String(index)}`));
      return environment.parse(terms.join(" && "));
    });
    return prepared({
      ready: ({ tool, args }: BenchCall) => ({ tool, args }),
      judge: ({ tool, args }) => {
        const expression = expressions.get(tool);
        if (!expression) return false;
        try {
          return expression(args) === true;
        } catch {
          return false;
        }
      },
    });
  },
};

/** Long lists become the keys of a constant map, which this engine looks up at once; short ones are faster as they stand. */
function celTerm(check: BenchCheck, environment: Environment, name: string): string {
  switch (check.op) {
    case "lte":
      return `amount <= ${String(check.max)}.0`;
    case "in":
      if (check.list.length < 10) return `currency in [${check.list.map(quote).join(", ")}]`;
      environment.registerConstant(name, "map<string, bool>", new Map(check.list.map((entry) => [entry, true])));
      return `currency in ${name}`;
    case "starts_with":
      return `customer.startsWith(${quote(check.prefix)})`;
    case "exists":
      return `has(metadata.${check.key})`;
  }
}

const startsWith = (text: unknown, prefix: unknown) => typeof text === "string" && text.startsWith(String(prefix));
const hasKey = (object: unknown, key: unknown) =>
  typeof object === "object" && object !== null && Object.hasOwn(object, String(key));

const casbin: BenchEngine = {
  name: "casbin",
  prepare: async (policy) => {
    const enforcers = await byTool(policy, async (checks): Promise<Enforcer> => {
      const enforcer = await newEnforcer(
        newModelFromString(`[request_definition]
r = amount, currency, customer, metadata
[policy_definition]
p = none
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = ${checks.map(casbinTerm).join("&&")}
`),
      );
      await enforcer.addFunction("startsWith", startsWith);
      await enforcer.addFunction("hasKey", hasKey);
      return enforcer;
    });
    return prepared({
      ready: ({ tool, args }: BenchCall) => ({ tool, args }),
      judge: ({ tool, args }) =>
        enforcers.get(tool)?.enforceSync(args.amount, args.currency, args.customer, args.metadata) ?? false,
    });
  },
};

/** Without a space before the bracket, which this engine would take for the beginning of a list. */
function casbinTerm(check: BenchCheck): string {
  switch (check.op) {
    case "lte":
      return `r.amount<=${String(check.max)}`;
    case "in":
      return `(r.currency in [${check.list.map(quote).join(",")}])`;
    case "starts_with":
      return `startsWith(r.customer,${quote(check.prefix)})`;
    case "exists":
      return `hasKey(r.metadata,${quote(check.key)})`;
  }
}

/** Answers with promises only. */
const jsonRulesEngine: BenchEngine = {
  name: "json-rules-engine",
  prepare: async (policy) => {
    const engines = await byTool(policy, (checks) => {
      const rule = { conditions: { all: checks.map(jsonCondition) }, event: { type: "allow" } };
      const engine = new Engine([rule], { allowUndefinedFacts: true });
      engine.addOperator("startsWith", startsWith);
      engine.addOperator("hasKey", hasKey);
      return engine;
    });
    return preparedSlow({
      ready: ({ tool, args }: BenchCall) => ({ tool, args }),
      judge: async ({ tool, args }) => {
        const result = await engines.get(tool)?.run(args);
        return result !== undefined && result.events.length > 0;
      },
    });
  },
};

type JsonCondition = Extract<TopLevelCondition, { all: unknown }>["all"][number];

function jsonCondition(check: BenchCheck): JsonCondition {
  switch (check.op) {
    case "lte":
      return { fact: "amount", operator: "lessThanInclusive", value: check.max };
    case "in":
      return { fact: "currency", operator: "in", value: check.list };
    case "starts_with":
      return { fact: "customer", operator: "startsWith", value: check.prefix };
    case "exists":
      return { fact: "metadata", operator: "hasKey", value: check.key };
  }
}

/** The published engines, in the order of the table. */
export const peers: readonly BenchEngine[] = [cedarWasm, celJs, casbin, jsonRulesEngine];
