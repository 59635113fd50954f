import { openDatabase } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { startStack } from "./stack";

// Run by startStackProcess: DATABASE_URL and POLICYLAYER_DATA_DIR are set; says where it listens, then serves until it is killed.
const { databaseUrl, dataDir } = env();
await openDatabase({ dataDir, databaseUrl, durable: false });
await startStack(dataDir, {});
process.stdout.write(`LISTENING ${env().publicUrl}\n`);
