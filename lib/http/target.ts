export type Target = { ok: true; origin: string; hostname: string; port: number } | { ok: false; problem: string };

/**
 * Where an upstream URL leads, after the WHATWG parser made decimal, octal, hexadecimal and look-alike host forms plain.
 * Refuses other schemes than https (http needs the private-network switch), user info and fragments. `hostname` has no
 * brackets and no trailing dot.
 */
export function parseTarget(url: URL, allowPrivateNetwork: boolean): Target {
  if (url.protocol !== "https:" && !(url.protocol === "http:" && allowPrivateNetwork)) {
    return { ok: false, problem: `scheme ${url.protocol}` };
  }
  if (url.username || url.password) return { ok: false, problem: "user info in the URL" };
  if (url.hash) return { ok: false, problem: "fragment in the URL" };
  const hostname = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (!hostname) return { ok: false, problem: "no host" };
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { ok: true, origin: url.origin, hostname, port };
}
