import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyChain, genesisHash, leafHash, linkHash, nextLink, verifyChain } from "./chain";
import type { ChainHead, ChainRecord, Digest } from "./chain";

const digest: Digest = (bytes) => createHash("sha256").update(bytes).digest();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

function chainOf(texts: readonly string[]): ChainRecord[] {
  let head: ChainHead = emptyChain;
  return texts.map((text) => {
    const link = nextLink(digest, head, text);
    head = link;
    return link;
  });
}

test("leaf and link are the hashes of RFC 6962, section 2.1, computed a second way", () => {
  const text = "é€😀 plain";
  const leaf = createHash("sha256")
    .update(Buffer.from([0]))
    .update(text, "utf8")
    .digest("hex");
  expect(hex(leafHash(digest, text))).toBe(leaf);
  const link = createHash("sha256")
    .update(Buffer.from(`01${genesisHash}${leaf}`, "hex"))
    .digest("hex");
  expect(linkHash(digest, genesisHash, text)).toBe(link);
  expect(hex(leafHash(digest, ""))).toBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
});

test("a record can never pass for a link: the prefixes differ", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(hex(leafHash(digest, text))).not.toBe(linkHash(digest, genesisHash, text));
    }),
  );
});

test("an untouched chain verifies, an empty one too", async () => {
  const chain = chainOf(["a", "b", "c"]);
  const head = { seq: 3n, hash: chain[2]?.hash ?? "" };
  expect(await verifyChain(chain, { digest, head })).toEqual({ ok: true, count: 3, head });
  expect(await verifyChain([], { digest, head: emptyChain })).toEqual({ ok: true, count: 0, head: emptyChain });
});

type Mutation = {
  name: string;
  apply: (chain: ChainRecord[], at: number) => ChainRecord[];
  found: (at: number) => number;
};

const flip = (text: string, at = 0) => text.slice(0, at) + (text[at] === "0" ? "1" : "0") + text.slice(at + 1);
const edit = (change: (record: ChainRecord) => Partial<ChainRecord>) => (chain: ChainRecord[], at: number) =>
  chain.map((record, index) => (index === at ? { ...record, ...change(record) } : record));

/** `found` gives the sequence number that must be named when the mutation hits index `at`. */
const mutations: Mutation[] = [
  { name: "edit a text", apply: edit((r) => ({ record: `${r.record}x` })), found: (at) => at + 1 },
  { name: "edit a hash", apply: edit((r) => ({ hash: flip(r.hash) })), found: (at) => at + 1 },
  { name: "edit a link", apply: edit((r) => ({ prevHash: flip(r.prevHash) })), found: (at) => at + 1 },
  { name: "renumber", apply: edit((r) => ({ seq: r.seq + 1n })), found: (at) => at + 1 },
  {
    name: "edit a text and rehash it alone",
    apply: edit((r) => ({ record: "forged", hash: linkHash(digest, r.prevHash, "forged") })),
    found: (at) => at + 2,
  },
  { name: "delete", apply: (chain, at) => chain.filter((_, index) => index !== at), found: (at) => at + 1 },
  {
    name: "insert a copy",
    apply: (chain, at) => chain.flatMap((record, index) => (index === at ? [record, record] : [record])),
    found: (at) => at + 2,
  },
  {
    name: "swap two texts",
    apply: (chain, at) =>
      chain.map((r, index) => {
        const other = index === at ? chain[at + 1] : index === at + 1 ? chain[at] : undefined;
        return other ? { ...r, record: other.record } : r;
      }),
    found: (at) => at + 1,
  },
  {
    name: "reorder rows",
    apply: (chain, at) => {
      const [a, b] = [chain[at], chain[at + 1]];
      return a && b ? [...chain.slice(0, at), b, a, ...chain.slice(at + 2)] : chain;
    },
    found: (at) => at + 1,
  },
  {
    name: "new genesis",
    apply: (chain, at) => chain.slice(at + 1),
    found: () => 1,
  },
];

test.each(mutations)("L2 $name: found at its position, for every position", async ({ apply, found }) => {
  const chain = chainOf(Array.from({ length: 60 }, (_, index) => `record ${index}`));
  const last = chain[59];
  const head = { seq: 60n, hash: last?.hash ?? "" };
  for (let at = 0; at < 58; at++) {
    const report = await verifyChain(apply(chain, at), { digest, head });
    expect(report).toMatchObject({ ok: false, seq: BigInt(found(at)) });
  }
});

test("L2 a cut tail is found by the stored head, and so is a head that was moved", async () => {
  const chain = chainOf(["a", "b", "c", "d"]);
  const head = { seq: 4n, hash: chain[3]?.hash ?? "" };
  expect(await verifyChain(chain.slice(0, 2), { digest, head })).toEqual({
    ok: false,
    count: 2,
    seq: 3n,
    reason: "head",
  });
  const moved = { seq: 3n, hash: chain[2]?.hash ?? "" };
  expect(await verifyChain(chain, { digest, head: moved })).toMatchObject({ ok: false, reason: "head" });
});

test("L2 a changed column beside an untouched text is found", async () => {
  const chain = chainOf(["a", "b"]).map((record) => ({ ...record, column: record.record }));
  const agrees = (record: { record: string; column: string }) => record.record === record.column;
  expect(await verifyChain(chain, { digest, agrees })).toMatchObject({ ok: true });
  const forged = chain.map((record) => (record.seq === 2n ? { ...record, column: "x" } : record));
  expect(await verifyChain(forged, { digest, agrees })).toEqual({ ok: false, count: 1, seq: 2n, reason: "content" });
});
