import type { Decimal } from "./decimal";

/** A JSON value as the strict reader gives it: numbers are exact decimals, objects are Maps (own keys only, `__proto__` is a plain name). */
export type Value = null | boolean | string | Decimal | readonly Value[] | ValueObject;
export type ValueObject = ReadonlyMap<string, Value>;
