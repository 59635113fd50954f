import type { Condition, Leaf, PolicyDocument, Rule, ToolBlock } from "./document";
import type { PlaceOf } from "./check-counters";
import { isGlob } from "./glob";
import { nearest } from "./nearest";
import type { ProblemList } from "./problems";

/** A tool as its server publishes it; no parameters means that nothing is known about them. */
export interface KnownTool {
  readonly name: string;
  readonly parameters?: readonly { readonly name: string }[];
}

/** Tools that the server does not have, and arguments that a tool's schema does not have: warnings, because servers change. */
export function checkTools(
  document: PolicyDocument,
  tools: readonly KnownTool[],
  problems: ProblemList,
  placeOf: PlaceOf,
): void {
  const names = tools.map((tool) => tool.name);
  for (const { at, pattern } of document.hide) {
    if (!isGlob(pattern)) checkName(pattern, at, names, problems, placeOf);
  }
  for (const block of document.tools) {
    if (isGlob(block.name)) continue;
    const tool = tools.find((known) => known.name === block.name);
    if (!tool) checkName(block.name, block.at, names, problems, placeOf);
    else if (tool.parameters && tool.parameters.length > 0) {
      checkArguments(
        block,
        tool.parameters.map((parameter) => parameter.name),
        problems,
        placeOf,
      );
    }
  }
}

function checkName(name: string, at: string, names: readonly string[], problems: ProblemList, placeOf: PlaceOf): void {
  if (names.includes(name)) return;
  const close = problems.isLong ? null : nearest(name, names);
  const hint = close ? `Did you mean \`${close}\`?` : undefined;
  problems.warning("unknown_tool", placeOf(at), `The server has no tool \`${name}\``, hint);
}

function checkArguments(block: ToolBlock, known: readonly string[], problems: ProblemList, placeOf: PlaceOf): void {
  for (const { at, name } of block.rules.flatMap(argumentsOf)) {
    if (known.includes(name)) continue;
    const close = problems.isLong ? null : nearest(name, known);
    const hint = close ? `Did you mean \`args.${close}\`?` : `Arguments: ${known.join(", ")}.`;
    problems.warning("unknown_argument", placeOf(at), `\`${block.name}\` has no argument \`${name}\``, hint);
  }
}

function argumentsOf(rule: Rule): { at: string; name: string }[] {
  const leaves = [rule.when, rule.conditions].flatMap((part) => (part ? leavesOf(part) : []));
  const paths = leaves.map((leaf) => ({ at: leaf.at, path: leaf.path }));
  const { counting } = rule;
  const counted = counting ? [counting.incrementFrom, ...counting.by].filter((path) => path !== null) : [];
  if (counting) paths.push(...counted.map((path) => ({ at: counting.at, path })));
  return paths.flatMap(({ at, path }) => {
    const [first] = path.steps;
    return path.root === "args" && first?.kind === "key" ? [{ at, name: first.key }] : [];
  });
}

function leavesOf(condition: Condition): readonly Leaf[] {
  if (condition.kind === "leaf") return [condition];
  return condition.kind === "not" ? leavesOf(condition.item) : condition.items.flatMap(leavesOf);
}
