import { foldKey } from "@/lib/kernel/fold";
import { checkApprovals } from "./check-approvals";
import { checkContradictions } from "./check-bounds";
import { checkCounters } from "./check-counters";
import type { PlaceOf } from "./check-counters";
import { checkTests } from "./check-tests";
import type { PolicyDocument, Rule, ToolBlock } from "./document";
import { isGlob, matchesGlob } from "./glob";
import type { ProblemList } from "./problems";

/**
 * What the parts of a document mean together; the parts themselves were checked when they were read. Warnings about what
 * is missing wait until there are no errors: a broken part is left out of the document and would be missed here.
 */
export function checkDocument(document: PolicyDocument, problems: ProblemList, placeOf: PlaceOf): void {
  checkCounters(document, problems, placeOf);
  checkContradictions(document, problems, placeOf);
  checkTests(document, problems, placeOf);
  for (const block of document.tools) checkReach(block, document, problems, placeOf);
  if (!problems.hasErrors) checkApprovals(document, problems, placeOf);
  if (!problems.hasErrors) checkWhole(document, problems, placeOf);
  checkLookalikes(document, problems, placeOf);
}

/** A rule in shadow or off denies nothing. */
function isFlatDenial(rule: Rule): boolean {
  return rule.action === "deny" && rule.when === null && rule.mode === "enforce";
}

function checkReach(block: ToolBlock, document: PolicyDocument, problems: ProblemList, placeOf: PlaceOf): void {
  const denial = block.rules.findIndex(isFlatDenial);
  const name = block.rules[denial]?.name ?? "";
  for (const rule of denial < 0 ? [] : block.rules.slice(denial + 1)) {
    problems.warning(
      "unreachable",
      placeOf(rule.at),
      `The rule \`${name}\` above denies every call, so this changes nothing`,
    );
  }
  const hidden = document.hide.find(({ pattern }) => matchesGlob(pattern, block.name));
  if (hidden && block.name !== "*") {
    problems.warning(
      "hidden",
      placeOf(block.at),
      `\`hide\` removes this tool (\`${hidden.pattern}\`), so its rules change nothing`,
    );
  }
}

function checkWhole(document: PolicyDocument, problems: ProblemList, placeOf: PlaceOf): void {
  const everywhere = document.tools.find((block) => block.name === "*");
  const listed = document.tools.filter((block) => block.name !== "*");
  const flat = everywhere?.rules.find(isFlatDenial);
  if (flat) {
    const others = listed.length > 0 ? "; the other tools listed here are denied too" : "";
    problems.warning("denies_all", placeOf(flat.at), `This rule denies every call of every tool${others}`);
  } else if (listed.length === 0 && document.default === "deny") {
    const hint = 'List tools under `tools`; `"*"` adds rules, it lists nothing.';
    problems.warning("denies_all", placeOf("/tools"), "No tool is listed, so every call is denied", hint);
  } else if (everywhere && !document.defaultGiven) {
    const message = '`"*"` adds rules to every call but lists no tool: tools that are not named here are denied';
    problems.warning("default_omitted", placeOf(everywhere.at), message, "Write `default: deny` to say so.");
  }
}

/** Names are compared byte by byte, so a second spelling is another tool, which is seldom meant. */
function checkLookalikes(document: PolicyDocument, problems: ProblemList, placeOf: PlaceOf): void {
  const folds = new Map<string, string>();
  for (const block of document.tools) {
    const fold = foldKey(block.name);
    const other = folds.get(fold);
    if (other !== undefined && !isGlob(block.name)) {
      problems.warning(
        "lookalike",
        placeOf(block.at),
        `\`${block.name}\` and \`${other}\` differ only by case or form; they are two tools`,
      );
    }
    folds.set(fold, block.name);
  }
}
