import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isAppError } from "@/lib/kernel/errors";
import { openWith, sealWith, versionOf, type SealedFor } from "./envelope.server";
import { parseKeyRing } from "./key-ring";

const key = randomBytes(32);
const row: SealedFor = { table: "server_header", id: "a", purpose: "static-header" };

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return isAppError(error) ? error.code : "other";
  }
  return "none";
}

describe("sealed records", () => {
  test("a record opens for its own row and key, and carries its key version in front", () => {
    const sealed = sealWith(key, 7, row, "s3cret ✓");
    expect(versionOf(sealed)).toBe(7);
    expect(sealed).toMatch(/^v7\.[A-Za-z0-9_-]+$/);
    expect(openWith(key, row, sealed)).toBe("s3cret ✓");
  });

  test("V1 each flipped byte of a record fails loudly and says nothing of the content", () => {
    const sealed = sealWith(key, 1, row, "s3cret");
    const body = Buffer.from(sealed.slice(3), "base64url");
    for (let at = 0; at < body.length; at += 1) {
      const broken = Buffer.from(body);
      broken[at] = (broken[at] ?? 0) ^ 1;
      expect(codeOf(() => openWith(key, row, `v1.${broken.toString("base64url")}`))).toBe("vault_record");
    }
  });

  test("V1 a record moved to another row, table, purpose or key version does not open", () => {
    const sealed = sealWith(key, 1, row, "s3cret");
    const others: SealedFor[] = [
      { ...row, id: "b" },
      { ...row, table: "grant" },
      { ...row, purpose: "grant-token" },
    ];
    for (const other of others) expect(codeOf(() => openWith(key, other, sealed))).toBe("vault_record");
    expect(codeOf(() => openWith(key, row, sealed.replace("v1.", "v2.")))).toBe("vault_record");
    expect(codeOf(() => openWith(randomBytes(32), row, sealed))).toBe("vault_record");
  });

  test("a row name that could be confused with another is refused", () => {
    expect(codeOf(() => sealWith(key, 1, { ...row, id: "a|b" }, "x"))).toBe("vault_record");
  });

  test.each(["", "v1.", "v0.abcd", "v1.abcd", "plain", "v1.====", "v99999999999.AAAA"])(
    "malformed record %j is refused",
    (text) => {
      expect(codeOf(() => openWith(key, row, text))).toBe("vault_record");
    },
  );
});

describe("V4 the key ring", () => {
  const good = randomBytes(32).toString("base64");

  test("the first key writes, older ones follow", () => {
    const parsed = parseKeyRing(`2:${good},1:${randomBytes(32).toString("base64")}`);
    expect(parsed.ok && parsed.keys.map((one) => one.version)).toEqual([2, 1]);
  });

  test.each([
    ["empty", ""],
    ["short", "1:AAAA"],
    ["zero", `1:${Buffer.alloc(32).toString("base64")}`],
    ["example", `1:${Buffer.alloc(32, "ab").toString("base64")}`],
    ["without version", good],
    ["version twice", `1:${good},1:${randomBytes(32).toString("base64")}`],
  ])("a ring that is %s is refused, and the text holds no key", (_name, text) => {
    const parsed = parseKeyRing(text);
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.problem.includes(good)).toBe(false);
  });
});
