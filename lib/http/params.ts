import { z } from "zod";

/** `[id]` of a path. */
export const IdParams = z.strictObject({ id: z.uuid() });
