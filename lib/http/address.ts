import ipaddr from "ipaddr.js";

/** What the private-network switch of a server opens. Link-local, unspecified, multicast and reserved ranges never open. */
const openedBySwitch = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);

const nat64 = ipaddr.IPv6.parse("64:ff9b::");

export type AddressVerdict = "public" | "private" | "never";

/**
 * The class of an IP address after unwrapping IPv4-mapped (RFC 4291) and NAT64 (RFC 6052) forms. `public` is global unicast
 * only: for IPv6 that is 2000::/3, so that IPv4-compatible and unassigned space is never taken for public.
 */
export function judgeAddress(text: string): AddressVerdict {
  if (!ipaddr.isValid(text)) return "never";
  const address = unwrap(ipaddr.parse(text));
  const range: string = address.range();
  if (range === "unicast") return isGlobal(address) ? "public" : "never";
  return openedBySwitch.has(range) ? "private" : "never";
}

/** True when an address of this class may be connected to. */
export function isAllowed(verdict: AddressVerdict, allowPrivateNetwork: boolean): boolean {
  return verdict === "public" || (verdict === "private" && allowPrivateNetwork);
}

/** The address without its IPv4-mapped or NAT64 wrapping, as normalised text; null for text that is no address. */
export function plainAddress(text: string): string | null {
  return ipaddr.isValid(text) ? unwrap(ipaddr.parse(text)).toString() : null;
}

function unwrap(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (address.match(nat64, 96)) return new ipaddr.IPv4(address.toByteArray().slice(12));
  return address;
}

function isGlobal(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (!(address instanceof ipaddr.IPv6)) return true;
  return ((address.parts[0] ?? 0) & 0xe000) === 0x2000;
}
