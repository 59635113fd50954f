import { expect, test } from "vitest";
import { clientAddress } from "./client-address";

const socket = "192.0.2.1";

test.each([
  ["no proxies: whatever is claimed, the socket counts", "203.0.113.9", 0, socket],
  ["one proxy, nothing claimed", "203.0.113.9", 1, "203.0.113.9"],
  ["one proxy, a claim before it", "198.51.100.7, 203.0.113.9", 1, "203.0.113.9"],
  ["two proxies", "198.51.100.7, 203.0.113.9, 192.0.2.50", 2, "203.0.113.9"],
  ["fewer entries than proxies", "203.0.113.9", 2, socket],
  ["no header", undefined, 1, socket],
  ["no address in its place", "203.0.113.9, unknown", 1, socket],
  ["an empty entry", "203.0.113.9,", 1, socket],
  ["with a port", "203.0.113.9:4711", 1, "203.0.113.9"],
  ["IPv6 in brackets with a port", "[2001:db8::1]:4711", 1, "2001:db8::1"],
  ["IPv6, long form", "2001:0db8:0:0::1", 1, "2001:db8::1"],
  ["IPv4 in IPv6", "::ffff:203.0.113.9", 1, "203.0.113.9"],
])("H10 the client's address: %s", (_, header, hops, expected) => {
  expect(clientAddress(header, socket, hops)).toBe(expected);
});
