import { closeDatabase, openDatabase } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { seedDemo, startPaymentsServer } from "@/lib/sandbox/sandbox.server";
import { openVault } from "@/lib/vault/vault.server";

// The demo data without a running gateway. The payments server listens only while it is scanned, on the port that the demo gives it.
const { databaseUrl, dataDir, port, publicUrl, vaultKeys: keys, vaultKeysFile: keysFile } = env();
await openDatabase({ dataDir, databaseUrl });
await openVault({ keys, keysFile, generateIn: databaseUrl === null ? dataDir : null });
const payments = await startPaymentsServer({ host: "127.0.0.1", port: port + 1 });
const { serverId } = await seedDemo({ upstreamUrl: payments.url, publicUrl });
process.stdout.write(`Seeded: ${publicUrl}/mcp/${serverId}\n`);
await payments.close();
await closeDatabase();
