/** Types of the import table. */
export const rooms: Readonly<Record<string, readonly string[]>>;
export const doors: Readonly<Record<string, readonly string[]>>;
