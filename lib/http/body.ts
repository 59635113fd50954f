import { AppError } from "@/lib/kernel/errors";

/** A policy of 256 KiB still fits when JSON escapes most of it. */
export const bodyBytesMax = 1_048_576;

/**
 * The JSON body of a console request. Throws `content_type` for anything but plain application/json, `too_large` above 1 MiB
 * (counted while reading, so a missing or wrong Content-Length changes nothing), `syntax`.
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (type !== "application/json" || encoding !== "identity") throw new AppError("content_type");
  const text = await readText(request);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new AppError("syntax");
  }
}

/** Forms of protocols are short. */
const formBytesMax = 16_384;

/**
 * The fields of a form body. Throws `content_type` for anything but plain application/x-www-form-urlencoded, `too_large` above 16 KiB,
 * `invalid_input` when a field stands twice (RFC 6749, section 3.2); one without a value counts as left out.
 */
export async function readFormBody(request: Request): Promise<ReadonlyMap<string, string>> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (type !== "application/x-www-form-urlencoded" || encoding !== "identity") throw new AppError("content_type");
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await readText(request, formBytesMax))) {
    if (fields.has(name)) throw new AppError("invalid_input", { issues: [{ path: name, message: "stands twice" }] });
    fields.set(name, value);
  }
  for (const [name, value] of fields) if (value === "") fields.delete(name);
  return fields;
}

async function readText(request: Request, bytesMax = bodyBytesMax): Promise<string> {
  if (Number(request.headers.get("content-length")) > bytesMax) throw new AppError("too_large");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = request.body?.getReader();
  let text = "";
  let left = bytesMax;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    const bytes = part.value as Uint8Array;
    left -= bytes.length;
    if (left < 0) {
      await reader?.cancel();
      throw new AppError("too_large");
    }
    text += decode(() => decoder.decode(bytes, { stream: true }));
  }
  return text + decode(() => decoder.decode());
}

function decode(run: () => string): string {
  try {
    return run();
  } catch {
    throw new AppError("encoding");
  }
}
