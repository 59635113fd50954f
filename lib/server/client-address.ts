import ipaddr from "ipaddr.js";

/**
 * The address of the client behind `hops` proxies of our own, each of which adds one entry to `X-Forwarded-For`: the entry that the
 * outermost of them wrote. Entries before it are the client's own claims. The socket's address when there are no proxies, fewer entries
 * than proxies, or no address in that place.
 */
export function clientAddress(
  forwardedFor: string | undefined,
  socketAddress: string | null,
  hops: number,
): string | null {
  if (hops === 0 || forwardedFor === undefined) return socketAddress;
  const entry = forwardedFor.split(",").at(-hops)?.trim() ?? "";
  // With a port, and IPv6 in brackets, as some proxies write it.
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry;
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : socketAddress;
}
