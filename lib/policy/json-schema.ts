import { z } from "zod";
import { policyShape } from "./schema";

/**
 * The shape of a policy as JSON Schema (draft 7, which editors of YAML understand), with a description for every key. An
 * aid for completion and hovering: it knows keys and kinds of values, not what they mean together.
 */
export function policyJsonSchema(): object {
  return z.toJSONSchema(policyShape, { target: "draft-7" });
}
