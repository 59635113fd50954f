import { expect, test } from "vitest";
import { judgeAddress, plainAddress } from "./address";
import { createEgress } from "./egress.server";

/** Names of the tests resolve here: nothing asks the network. */
const names: Record<string, string[]> = {
  "public.example": ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"],
  localhost: ["127.0.0.1", "::1"],
  "inside.example": ["10.1.2.3"],
  "mixed.example": ["93.184.216.34", "192.168.0.7"],
  "metadata.example": ["169.254.169.254"],
  "six.example": ["fd00::7"],
};
const egress = createEgress((hostname) =>
  Promise.resolve(
    (names[hostname.replace(/\.$/, "")] ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
  ),
);

/** Closed to everyone; the second group opens with a server's private-network switch. */
const never = [
  "https://169.254.169.254/latest/meta-data",
  "https://169.254.0.1/",
  "https://[fe80::1]/",
  "https://[febf::1]/",
  "https://0.0.0.0/",
  "https://0.1.2.3/",
  "https://[::]/",
  "https://[::ffff:169.254.169.254]/",
  "https://[64:ff9b::a9fe:a9fe]/",
  "https://[::ffff:0:169.254.169.254]/",
  "https://[::169.254.169.254]/",
  "https://224.0.0.1/",
  "https://255.255.255.255/",
  "https://240.0.0.1/",
  "https://192.0.2.1/",
  "https://198.18.0.1/",
  "https://[ff02::1]/",
  "https://[2001:db8::1]/",
  "https://[2002:7f00:1::]/",
  "https://[64:ff9b:1::7f00:1]/",
  "https://metadata.example/",
  "https://2852039166/",
  "https://0xA9.0xFE.0xA9.0xFE/",
  "https://user:pass@public.example/",
  "https://public.example/#fragment",
  "ftp://public.example/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "not a url",
];
const onlyWithSwitch = [
  "https://127.0.0.1/",
  "https://127.255.255.254/",
  "https://10.0.0.1/",
  "https://172.16.0.1/",
  "https://172.31.255.255/",
  "https://192.168.1.1/",
  "https://100.64.0.1/",
  "https://[::1]/",
  "https://[fc00::1]/",
  "https://[fd12:3456::1]/",
  "https://[::ffff:10.0.0.1]/",
  "https://[64:ff9b::a00:1]/",
  "https://localhost/",
  "https://localhost./",
  "https://127.0.0.1./",
  "https://2130706433/",
  "https://0177.0.0.1/",
  "https://0x7f.1/",
  "https://①②⑦.0.0.1/",
  "https://inside.example/",
  "https://mixed.example/",
  "https://six.example/",
  "http://public.example/",
];

const check = (url: string, allowPrivateNetwork: boolean) => egress.check(url, { allowPrivateNetwork });

test.each(never)("U1 %s is refused at save, with and without the switch", async (url) => {
  await expect(check(url, false)).rejects.toMatchObject({ code: "address_blocked" });
  await expect(check(url, true)).rejects.toMatchObject({ code: "address_blocked" });
});

test.each(onlyWithSwitch)("U1 %s is refused at save unless the switch is on", async (url) => {
  await expect(check(url, false)).rejects.toMatchObject({ code: "address_blocked" });
  await expect(check(url, true)).resolves.toBeUndefined();
});

/** Every URL once more at the moment of connecting: judged before any socket is made, so nothing leaves this process. */
test.each([...never, ...onlyWithSwitch])("U1 %s is refused when it is connected to", async (url) => {
  const request = { url, method: "GET", headers: {}, headersTimeoutMs: 500, bodyTimeoutMs: 500 } as const;
  await expect(egress.request({ ...request, allowPrivateNetwork: false })).rejects.toMatchObject({
    code: "address_blocked",
  });
});

test("U1 public addresses pass, and a name that does not resolve is left to the connection", async () => {
  for (const url of [
    "https://public.example/mcp",
    "https://93.184.216.34/",
    "https://[2606:2800:220:1::1]/",
    "https://nobody.example/",
  ]) {
    await expect(check(url, false)).resolves.toBeUndefined();
  }
});

test("addresses are judged after unwrapping", () => {
  expect(judgeAddress("::ffff:8.8.8.8")).toBe("public");
  expect(judgeAddress("64:ff9b::808:808")).toBe("public");
  expect(judgeAddress("4000::1")).toBe("never");
  expect(judgeAddress("no address")).toBe("never");
  expect(plainAddress("::ffff:127.0.0.1")).toBe("127.0.0.1");
  expect(plainAddress("no address")).toBeNull();
});
