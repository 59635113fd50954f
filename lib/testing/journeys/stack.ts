import type { AddressInfo } from "node:net";
import { env, setRuntime } from "@/lib/env/env.server";
import { closeStreams, createGateway, flushRefusals, type GatewayOptions } from "@/lib/gateway/gateway.server";
import { flushTouchedGrants } from "@/lib/grants/grants.server";
import { closeEgress } from "@/lib/http/egress.server";
import { startLedger, stopLedger } from "@/lib/ledger/ledger.server";
import { Listener } from "@/lib/server/listener.server";
import { closeVault, openVault } from "@/lib/vault/vault.server";

/** Starts the product without its pages on the open database: vault, ledger, the product's own listener on a free port. */
export async function startStack(dataDir: string, options: GatewayOptions): Promise<() => Promise<void>> {
  await openVault({ keys: null, keysFile: null, generateIn: dataDir });
  await startLedger();
  const listener = new Listener({ handleMcp: createGateway(options), failing: async () => [], dev: false });
  await new Promise<void>((resolve) => listener.server.listen(0, "127.0.0.1", resolve));
  const { port } = listener.server.address() as AddressInfo;
  setRuntime({ port, publicUrl: `http://127.0.0.1:${String(port)}` });
  listener.serve({ request: async (_incoming, outgoing) => void outgoing.writeHead(404).end() }, env());
  return async () => {
    listener.refuse();
    closeStreams();
    const closed = new Promise((resolve) => listener.server.close(resolve));
    listener.server.closeAllConnections();
    await closed;
    await flushRefusals();
    await flushTouchedGrants();
    await stopLedger();
    await closeEgress();
    closeVault();
  };
}
