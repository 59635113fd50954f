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

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get("content-length")) > bodyBytesMax) throw new AppError("too_large");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = request.body?.getReader();
  let text = "";
  let left = bodyBytesMax;
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
