const lengthMax = 24;

/** A prefix that a server's name suggests; "" when nothing of the name may stand in one. */
export function prefixFrom(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  return plain.slice(0, lengthMax).replace(/^-+|-+$/g, "");
}
